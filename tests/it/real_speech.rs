//! The whole job on real speech, where it is found.

use std::fs;
use std::path::Path;

use ser_etl::schema::{FeatureKeys, Leakage, Metric};
use ser_etl::table;
use tempfile::TempDir;

use crate::util::{corpora, ser, stdout};

fn pipeline(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines").join(name).display().to_string()
}

fn run(folder: &TempDir, file: &str, flags: &[String]) -> String {
    let source = corpora().expect("the caller has looked").join("ravdess").display().to_string();
    let mut arguments = vec!["run".to_owned(), pipeline(file), "--out".to_owned(), "out".to_owned()];
    arguments.extend(["--set".to_owned(), format!("corpus.0.source={source}")]);
    arguments.extend(flags.iter().flat_map(|flag| ["--set".to_owned(), flag.clone()]));
    stdout(&ser(folder.path(), &arguments.iter().map(String::as_str).collect::<Vec<_>>()))
}

fn read<R: ser_etl::schema::Row>(folder: &TempDir, name: &str) -> Vec<R> {
    let file = fs::read(folder.path().join("out").join(name)).expect("the table is there");
    table::read::<R>(file.into()).expect("a sound table").0.rows
}

#[test]
fn a_random_split_of_ravdess_is_scored_and_warned_about() {
    if corpora().is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = run(&folder, "ravdess-seed.toml", &["train.models=['logistic', 'majority']".to_owned()]);
    assert!(text.contains("1440 rows of 28 features, 0 rejects"), "{text}");
    let leakage = read::<Leakage>(&folder, "leakage.parquet");
    let shared = |check: &str| {
        let row = leakage.iter().find(|row| row.check == check && row.between == "train-test");
        row.and_then(|row| row.shared).expect("the check was made")
    };
    assert_eq!((shared("speaker"), shared("text"), shared("audio")), (24, 2, 0));
    let metrics = read::<Metric>(&folder, "metrics.parquet");
    let uar = |model: &str| {
        let row = metrics.iter().find(|row| row.model == model && row.slice == "overall" && row.metric == "uar");
        row.and_then(|row| row.value).expect("a figure")
    };
    assert!(uar("logistic") > 0.35 && (uar("majority") - 0.125).abs() < 1e-9, "{}", uar("logistic"));
    let report = fs::read_to_string(folder.path().join("out/report.md")).expect("a report");
    assert!(report.contains("The split is not speaker-disjoint"), "the report warns");
}

#[test]
fn segments_of_a_manifest_are_rows_of_their_own() {
    let Some(corpora) = corpora() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut manifest = "file,start,end,label,who\n".to_owned();
    for actor in 1..=4 {
        for emotion in ["03", "05"] {
            let file = format!("Actor_{actor:02}/03-01-{emotion}-01-01-01-{actor:02}.flac");
            let label = if emotion == "03" { "happiness" } else { "anger" };
            manifest += &format!("{file},0,0 days 00:00:01,{label},{actor}\n{file},1.0,2.5,{label},{actor}\n");
        }
    }
    manifest += "Actor_01/03-01-05-01-01-01-01.flac,90,95,anger,1\n";
    fs::write(folder.path().join("segments.csv"), manifest).expect("written");
    let text = format!(
        "name = 'segments'\nout = 'out'\n[[corpus]]\nname = 'r'\nsource = '{}'\nmanifest = 'segments.csv'\n\
         [corpus.columns]\npath = 'file'\nemotion = 'label'\nspeaker = 'who'\n[features]\nset = 'mfcc-energy'\n\
         [extract]\nmax_reject_rate = 0.1\n[split]\ntest = 0.3\ndev = 0\n[train]\nmodels = ['naive-bayes']\n",
        corpora.join("ravdess").display()
    );
    fs::write(folder.path().join("segments.toml"), text).expect("written");
    let text = stdout(&ser(folder.path(), &["run", "segments.toml"]));
    assert!(text.contains("16 rows of 28 features, 1 reject"), "{text}");
    let part = fs::read_dir(folder.path().join("out/features")).expect("a folder").next().expect("a part");
    let file = fs::read(part.expect("readable").path()).expect("readable");
    let rows = table::read::<FeatureKeys>(file.into()).expect("a sound part").0.rows;
    assert!(rows.iter().any(|row| row.utterance_id.ends_with("#1.000-2.500") && (row.duration_s - 1.5).abs() < 1e-6));
    let report = fs::read_to_string(folder.path().join("out/report.md")).expect("a report");
    assert!(report.contains("segment_out_of_range"), "the reject is counted");
}
