//! Dates: a folder of the features for each, new files of a day that change no other, and runs on some days.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ser_etl::storage::{LOCK, LocalStore, Store};
use serde_json::Value as Json;
use tempfile::TempDir;

use crate::util::job::{all_files, assert_same, run};
use crate::util::{failure, ser, stdout};

const PIPELINE: &str = r#"
name = "nights"
out = "out"
partition = "date"

[[corpus]]
name = "calls"
source = "corpus"
pattern = '^(?P<date>[^/]+)/(?P<speaker>spk\d+)_(?P<gender>female|male)_(?P<emotion>[a-z]+)_(?P<text_id>s\d+)_r\d+\.wav$'

[features]
set = "mfcc-energy"

[extract]
part_rows = 1000
frames = true

[split]
scheme = "k-fold"
folds = 2
dev = 0

[train]
models = ["naive-bayes"]

[evaluate]
bootstrap = 0
"#;

const DAYS: [&str; 3] = ["2026-11-01", "20261102", "2026-11-03"];

/// Recordings of one emotion and of one repetition each day, whose ids lie between those of other days.
fn workplace() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let flags = ["--speakers", "4", "--sentences", "1", "--repetitions", "3", "--emotions", "anger,neutral,sadness"];
    stdout(&ser(folder.path(), &[&["synth", "all"], &flags[..]].concat()));
    for (path, content) in all_files(&folder.path().join("all")) {
        let Some((stem, number)) = path.strip_suffix(".wav").and_then(|stem| stem.rsplit_once("_r")) else { continue };
        let day = DAYS[number.parse::<usize>().expect("a number") - 1];
        let to = folder.path().join("corpus").join(day).join(format!("{}_r{number}.wav", stem.replace('/', "_")));
        fs::create_dir_all(to.parent().expect("a folder")).expect("made");
        fs::write(to, content).expect("written");
    }
    fs::write(folder.path().join("pipeline.toml"), PIPELINE).expect("written");
    folder
}

fn record(out: &Path, stage: &str) -> Json {
    let text = fs::read_to_string(out.join(format!("run/{stage}.json"))).expect("a record");
    serde_json::from_str(&text).expect("JSON")
}

/// Names and bytes of the files of a day below features/ and frames/.
fn of_day(out: &Path, day: &str) -> BTreeMap<String, Vec<u8>> {
    let mut files = all_files(out);
    files.retain(|path, _| {
        path.starts_with(&format!("features/date={day}/")) || path.starts_with(&format!("frames/date={day}/"))
    });
    files
}

/// Hides the recordings of a day, and brings them back.
fn hide(folder: &Path, day: &str) {
    fs::rename(folder.join("corpus").join(day), folder.join(day)).expect("moved");
}

fn show(folder: &Path, day: &str) {
    fs::rename(folder.join(day), folder.join("corpus").join(day)).expect("moved");
}

#[test]
fn each_day_has_a_folder_and_new_days_change_no_other() {
    let folder = workplace();
    let at = folder.path();
    hide(at, DAYS[2]);
    run(at, &[]);
    let (first, second) = (of_day(&at.join("out"), "2026-11-01"), of_day(&at.join("out"), "2026-11-02"));
    assert_eq!((first.len(), second.len()), (2, 2), "{:?}", first.keys());
    assert!(of_day(&at.join("out"), "2026-11-03").is_empty());
    show(at, DAYS[2]);
    let said = run(at, &[]);
    assert!(said.contains("36 rows of 28 features, 0 rejects, 12 of them new"), "{said}");
    assert_eq!(of_day(&at.join("out"), "2026-11-01"), first);
    assert_eq!(of_day(&at.join("out"), "2026-11-02"), second);
    let inodes = |path: &str| fs::metadata(at.join("out").join(path)).expect("there").modified().expect("a time");
    let before = first.keys().map(|path| inodes(path)).collect::<Vec<_>>();
    run(at, &["--out", "once"]);
    assert_same(&at.join("out"), &at.join("once"));
    assert_eq!(first.keys().map(|path| inodes(path)).collect::<Vec<_>>(), before);
    assert_eq!(run(at, &[]).matches("up to date").count(), 6);
    // Without dates, the same rows.
    run(at, &["--out", "flat", "--set", "corpus.0.language=en"]);
    let rows = |out: &str| record(&at.join(out), "extract")["contents"]["features"].clone();
    assert_eq!(rows("out"), rows("once"));
}

#[test]
fn days_taken_in_one_after_the_other_make_what_one_run_makes() {
    let folder = workplace();
    let at = folder.path();
    run(at, &["--out", "whole"]);
    for day in ["2026-11-02", "2026-11-01"] {
        run(at, &["--from", day, "--to", day]);
    }
    assert_eq!(record(&at.join("out"), "extract")["counts"]["rows"], 24);
    let later = String::from_utf8_lossy(&ser(at, &["ingest", "pipeline.toml", "--to", "2026-11-01", "--force"]).stderr)
        .into_owned();
    assert!(later.contains("12 utterances of other dates than ..2026-11-01 are not taken in"), "{later}");
    assert_eq!(run(at, &["--to", "2026-11-01"]).matches("up to date").count(), 6);
    // The recordings of a day that is not worked on may be out of reach.
    hide(at, DAYS[0]);
    run(at, &["--from", "2026-11-03"]);
    assert_eq!(record(&at.join("out"), "extract")["counts"]["rows"], 36);
    assert_same(&at.join("out"), &at.join("whole"));
    // A run without dates takes what there is.
    run(at, &[]);
    assert_eq!(record(&at.join("out"), "extract")["counts"]["rows"], 24);
    show(at, DAYS[0]);
    run(at, &[]);
    assert_same(&at.join("out"), &at.join("whole"));
}

#[test]
fn workers_compute_days_side_by_side() {
    let folder = workplace();
    let at = folder.path();
    run(at, &["--out", "whole"]);
    stdout(&ser(at, &["ingest", "pipeline.toml"]));
    let plan = stdout(&ser(at, &["plan", "pipeline.toml", "--format", "json", "--from", "2026-11-02"]));
    let plan = serde_json::from_str::<Json>(&plan).expect("JSON");
    assert_eq!((&plan["parts"]["all"], plan["parts"]["pending"].as_array().map(Vec::len)), (&3.into(), Some(2)));
    let store = LocalStore::new(at.join("out"));
    let lock = store.share(LOCK).expect("shared, as another backfill does");
    let said = stdout(&ser(at, &["extract", "pipeline.toml", "--from", "2026-11-02", "--to", "2026-11-02"]));
    assert!(said.contains("staged     1 parts, 1 of them new; 12 utterances, 0 rejects"), "{said}");
    let said = stdout(&ser(at, &["extract", "pipeline.toml", "--to", "20261102", "--shard", "1/1"]));
    assert!(said.contains("staged     2 parts, 1 of them new"), "{said}");
    let (code, text) = failure(&ser(at, &["extract", "pipeline.toml", "--require-parts"]));
    assert_eq!(code, 4, "publishing waits for the workers: {text}");
    drop(lock);
    let (code, text) = failure(&ser(at, &["extract", "pipeline.toml", "--require-parts"]));
    assert!(code == 3 && text.contains("1 of 3 parts are missing: date=2026-11-03/"), "{text}");
    stdout(&ser(at, &["extract", "pipeline.toml", "--from", "2026-11-03"]));
    stdout(&ser(at, &["extract", "pipeline.toml", "--require-parts"]));
    run(at, &[]);
    assert_same(&at.join("out"), &at.join("whole"));
}

#[test]
fn what_has_no_date_is_refused_by_name() {
    let folder = workplace();
    let at = folder.path();
    fs::rename(at.join("corpus/20261102"), at.join("corpus/2026-11-31")).expect("moved");
    let (code, text) = failure(&ser(at, &["run", "pipeline.toml"]));
    assert!(code == 3 && text.contains("12 of 36 utterances were refused") && text.contains("bad_date"), "{text}");
    for (flags, words) in [
        (&["run", "pipeline.toml", "--set", "partition=speaker"][..], "`partition` is \"speaker\""),
        (&["run", "pipeline.toml", "--set", "partition=day"], "corpus `calls` has no such column"),
        (&["run", "pipeline.toml", "--from", "tomorrow"], "`--from` is \"tomorrow\""),
        (&["ingest", "pipeline.toml", "--from", "2026-11-03", "--to", "2026-11-01"], "`--to` is 2026-11-01"),
        (&["extract", "pipeline.toml", "--from", "2026-11-03", "--dry-run"], "`--from or --to`"),
    ] {
        let (code, text) = failure(&ser(at, flags));
        assert!(code == 2 && text.contains(words), "{flags:?}: {text}");
    }
    fs::rename(at.join("corpus/2026-11-31"), at.join("corpus/2026-11-30")).expect("moved");
    run(at, &[]);
    let text = fs::read_to_string(at.join("pipeline.toml")).expect("read").replace("partition = \"date\"\n", "");
    fs::write(at.join("flat.toml"), text).expect("written");
    let (code, text) = failure(&ser(at, &["run", "flat.toml", "--to", "2026-11-01"]));
    assert!(code == 2 && text.contains("set `partition`"), "{text}");
    // What was read by other rules does not stay.
    let (code, text) =
        failure(&ser(at, &["run", "pipeline.toml", "--to", "2026-11-01", "--set", "corpus.0.language=en"]));
    assert!(code == 2 && text.contains("run once without --from and --to"), "{text}");
}
