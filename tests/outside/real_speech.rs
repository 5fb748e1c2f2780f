//! The whole job on real speech.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use ser_etl::schema::{FeatureKeys, Leakage, Metric};
use ser_etl::table;
use tempfile::TempDir;

use crate::need::Corpora;
use crate::util::job::assert_same;
use crate::util::s3_server::Server;
use crate::util::{ser, stdout};

fn pipeline(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines").join(name).display().to_string()
}

fn run(corpora: &Corpora, folder: &TempDir, file: &str, flags: &[String]) -> String {
    let source = corpora.0.join("ravdess").display().to_string();
    let mut arguments = vec!["run".to_owned(), pipeline(file), "--out".to_owned(), "out".to_owned()];
    arguments.extend(["--set".to_owned(), format!("corpus.0.source={source}")]);
    arguments.extend(flags.iter().flat_map(|flag| ["--set".to_owned(), flag.clone()]));
    stdout(&ser(folder.path(), &arguments.iter().map(String::as_str).collect::<Vec<_>>()))
}

fn read<R: ser_etl::schema::Row>(folder: &TempDir, name: &str) -> Vec<R> {
    let file = fs::read(folder.path().join("out").join(name)).expect("the table is there");
    table::read::<R>(file.into()).expect("a sound table").0.rows
}

pub fn a_random_split_of_ravdess_is_scored_and_warned_about(corpora: &Corpora) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = run(corpora, &folder, "ravdess-seed.toml", &["train.models=['logistic', 'majority']".to_owned()]);
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

pub fn segments_of_a_manifest_are_rows_of_their_own(corpora: &Corpora) {
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
        corpora.0.join("ravdess").display()
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

/// Prints the seconds and the peak memory of both runs; `SER_S3_PIPELINE` names another pipeline.
pub fn real_speech_from_a_bucket_is_real_speech_from_disk(corpora: &Corpora) {
    let pipeline = env::var("SER_S3_PIPELINE").unwrap_or_else(|_| "ravdess-seed".to_owned());
    let pipeline = format!("{}/pipelines/{pipeline}.toml", env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = Server::start();
    server.upload(&corpora.0.join("ravdess"), "corpus");
    let source = format!("corpus.0.source={}", corpora.0.join("ravdess").display());
    let local = ["run", &pipeline, "--quiet", "--out", "out", "--set", &source];
    let remote =
        ["run", &pipeline, "--quiet", "--set", "corpus.0.source=s3://bucket/corpus", "--out", "s3://bucket/out"];
    measured("disk", server.command(folder.path(), &local));
    measured("bucket", server.command(folder.path(), &remote));
    assert_same(&folder.path().join("out"), &server.objects().join("out"));
}

fn measured(name: &str, mut command: Command) {
    let start = Instant::now();
    let mut child = command.spawn().expect("ser starts");
    let mut peak = String::new();
    while child.try_wait().expect("asked").is_none() {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        if let Some(line) = status.lines().find(|line| line.starts_with("VmHWM")) {
            peak = line.split_once(':').map_or("", |(_, peak)| peak.trim()).to_owned();
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(child.wait().expect("waited for").success());
    println!("{name}: {:.2} s, peak {peak}", start.elapsed().as_secs_f64());
}
