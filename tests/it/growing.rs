//! A corpus that grows: accepted runs, frozen splits, and checks of the data.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;
use tempfile::TempDir;

use crate::util::job::{PIPELINE, all_files, run};
use crate::util::s3_server::Server;
use crate::util::{failure, ser, stdout};

const QUICK: [&str; 6] =
    ["--set", "train.models=['naive-bayes']", "--set", "split.scheme=group-k-fold", "--set", "split.folds=3"];

/// A corpus of six speakers, and three more in `later`.
fn workplace() -> TempDir {
    let folder = crate::util::job::workplace();
    let at = folder.path();
    fs::create_dir(at.join("later")).expect("made");
    for speaker in speakers(at).split_off(6) {
        fs::rename(at.join("corpus").join(&speaker), at.join("later").join(&speaker)).expect("moved");
    }
    folder
}

fn speakers(at: &Path) -> Vec<String> {
    let names = fs::read_dir(at.join("corpus")).expect("read").map(|entry| entry.expect("an entry").file_name());
    let mut names =
        names.map(|name| name.into_string().expect("text")).filter(|name| name.starts_with("spk")).collect::<Vec<_>>();
    names.sort();
    names
}

fn grow(at: &Path) {
    for entry in fs::read_dir(at.join("later")).expect("read") {
        let entry = entry.expect("an entry");
        fs::rename(entry.path(), at.join("corpus").join(entry.file_name())).expect("moved");
    }
}

fn quick(at: &Path, flags: &[&str]) -> String {
    run(at, &[&QUICK, flags].concat())
}

fn refused(at: &Path, flags: &[&str]) -> (i32, String) {
    failure(&ser(at, &[&["run", "pipeline.toml"], &QUICK[..], flags].concat()))
}

fn accept(at: &Path, flags: &[&str]) -> String {
    stdout(&ser(at, &[&["accept"], flags].concat()))
}

#[test]
fn an_accepted_run_stays_what_it_was_when_the_output_is_written_over() {
    let folder = workplace();
    let at = folder.path();
    quick(at, &[]);
    let said = accept(at, &["out"]);
    assert!(said.contains("of pipeline `contract`") && said.contains("accepted.json"), "{said}");
    let pointer: Json = serde_json::from_slice(&fs::read(at.join("accepted.json")).expect("read")).expect("JSON");
    let kept = at.join(pointer["run"].as_str().expect("a folder"));
    assert_eq!(stdout(&ser(at, &["verify", &kept.to_string_lossy()])).matches("none is missing").count(), 1);
    let same = stdout(&ser(at, &["compare", "accepted.json", "out", "--max-drop", "uar=0", "--bootstrap", "0"]));
    assert!(same.contains("both runs tested 18 of 18 utterances"), "{same}");
    let before = all_files(&kept);
    assert_eq!(accept(at, &["out"]), said, "the same again");
    assert_eq!(all_files(&kept), before);
    // The next run writes over the output; the accepted one is what it was.
    quick(at, &["--set", "train.models=['majority']"]);
    let (code, text) = failure(&ser(at, &["compare", "accepted.json", "out", "--max-drop", "uar=0.02"]));
    assert!(code == 5 && text.contains("uar fell by"), "{text}");
    accept(at, &["out"]);
    let second: Json = serde_json::from_slice(&fs::read(at.join("accepted.json")).expect("read")).expect("JSON");
    assert_eq!((&second["previous"], all_files(&kept)), (&pointer["run"], before));
    quick(at, &["--set", "train.models=['tree']"]);
    accept(at, &["out"]);
    assert!(!kept.exists() || all_files(&kept).is_empty(), "only the last two are kept");
    let folders = fs::read_dir(at.join("accepted"))
        .expect("read")
        .filter(|folder| !all_files(&folder.as_ref().expect("one").path()).is_empty());
    assert_eq!(folders.count(), 2);
}

#[test]
fn what_is_not_finished_is_not_accepted() {
    let folder = workplace();
    let at = folder.path();
    let refuse = |flags: &[&str]| failure(&ser(at, &[&["accept"], flags].concat()));
    let (code, text) = refuse(&["out"]);
    assert!(code == 3 && text.contains("run `out`") && text.contains("has not finished"), "{text}");
    assert!(!at.join("out").exists(), "nothing is made");
    quick(at, &[]);
    stdout(&ser(at, &[&["train", "pipeline.toml"], &QUICK[..], &["--set", "train.models=['majority']"]].concat()));
    let (code, text) = refuse(&["out"]);
    assert!(code == 3 && text.contains("`predictions` is another by now"), "{text}");
    quick(at, &[]);
    fs::write(at.join("out/metrics.parquet"), "other").expect("written");
    let (code, text) = refuse(&["out"]);
    assert!(code == 3 && text.contains("has changed since `ser evaluate` wrote it"), "{text}");
    let (code, text) = refuse(&["out", "--as", "accepted"]);
    assert!(code == 2 && text.contains("ends in .json"), "{text}");
    for (pointer, content) in
        [("foreign.json", "{}"), ("outside.json", r#"{"run": "../x", "pipeline": "p", "contents": {}}"#)]
    {
        fs::write(at.join(pointer), content).expect("written");
        let (code, text) = failure(&ser(at, &["compare", pointer, "out"]));
        assert!(code == 2 && text.contains(pointer), "{text}");
    }
    let (code, text) = failure(&ser(at, &["compare", "nowhere.json", "out"]));
    assert!(code == 2 && text.contains("there is no such file"), "{text}");
}

#[test]
fn a_frozen_split_keeps_its_test_sides_while_speakers_join_train() {
    let folder = workplace();
    let at = folder.path();
    quick(at, &["--set", "split.frozen=\"\""]);
    accept(at, &["out"]);
    let tests = |out: &str| {
        let file = fs::read(at.join(out).join("predictions.parquet")).expect("read");
        let rows = ser_etl::table::read::<ser_etl::schema::Prediction>(file.into()).expect("a table").0.rows;
        rows.into_iter().map(|row| (row.fold, row.utterance_id)).collect::<Vec<_>>()
    };
    let first = tests("out");
    grow(at);
    let frozen = ["--set", "split.frozen=accepted.json"];
    quick(at, &frozen);
    assert_eq!(tests("out"), first);
    let report = fs::read_to_string(at.join("out/report.md")).expect("a report");
    assert!(report.contains("the utterances of an earlier run keep their sides"), "{report}");
    let compared = stdout(&ser(at, &["compare", "accepted.json", "out", "--max-drop", "uar=1", "--min-shared", "1"]));
    assert!(compared.contains("both runs tested 18 of 18 utterances"), "{compared}");
    assert_eq!(quick(at, &frozen).matches("up to date").count(), 6);
    // By the run itself and by its table as well; what is accepted later says the same of old utterances.
    accept(at, &["out", "--as", "grown.json"]);
    for place in ["grown.json", "out", "out/splits.parquet"] {
        quick(at, &["--out", "other", "--set", &format!("split.frozen={place}")]);
        assert_eq!(tests("other"), first, "{place}");
    }
    let (code, text) = refused(at, &["--set", "split.frozen=nowhere"]);
    assert!(code == 2 && text.contains("`split.frozen`") && text.contains("for a first run"), "{text}");
    let (code, text) = refused(at, &["--set", "split.frozen=out", "--set", "split.scheme=k-fold"]);
    assert!(code == 2 && text.contains("that split is of scheme `group-k-fold`"), "{text}");
}

#[test]
fn data_beyond_their_limits_end_the_run_before_it_trains() {
    let folder = workplace();
    let at = folder.path();
    quick(at, &[]);
    let cases = [
        (
            "checks.max_class_share=0.3",
            "share of the utterances with the emotion `anger` is 0.333, above checks.max_class_share = 0.3 (6 of 18)",
        ),
        ("checks.min_class_share=0.4", "`anger` is 0.333, below checks.min_class_share = 0.4"),
        (
            "checks.duration_s=[5.0, 9.0]",
            "too short or too long is 1.000, above checks.max_outside_duration = 0 (18 of 18)",
        ),
        ("checks.max_silent=0", ""),
        ("checks.max_rejects=0", ""),
        ("checks.max_missing=1", ""),
    ];
    for (check, words) in cases {
        if words.is_empty() {
            quick(at, &["--set", check]);
            continue;
        }
        for _ in 0..2 {
            let (code, text) = refused(at, &["--set", check]);
            assert!(code == 5 && text.contains("the data checks failed") && text.contains(words), "{check}: {text}");
        }
    }
    fs::write(at.join("corpus").join(&speakers(at)[0]).join("anger_s01_r9.wav"), "none").expect("written");
    let (code, text) = refused(at, &["--set", "checks.max_rejects=0.05"]);
    assert!(
        code == 5 && text.contains("refused files and utterances is 0.053, above checks.max_rejects = 0.05 (1 of 19)"),
        "{text}"
    );
    let kept: Json = serde_json::from_slice(&fs::read(at.join("out/run/checks.json")).expect("kept")).expect("JSON");
    assert!(kept["figures"].as_array().is_some_and(|figures| figures.len() >= 7), "{kept}");
    for (set, words) in [
        ("checks.max_drift=0.2", "set checks.against"),
        ("checks.max_silent=2", "`checks.max_silent` is 2"),
        ("checks.duration_s=[2.0, 1.0]", "wanted [SHORTEST, LONGEST]"),
        ("checks.max_outside_duration=0.5", "checks.duration_s, which is not set"),
    ] {
        let (code, text) = refused(at, &["--set", set]);
        assert!(code == 2 && text.contains(words), "{set}: {text}");
    }
}

#[test]
fn new_recordings_unlike_the_accepted_ones_are_drift() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let synth = |out: &str, seed: &str, rate: &str| {
        let flags =
            ["--speakers", "4", "--sentences", "2", "--repetitions", "4", "--emotions", "anger,neutral,sadness"];
        stdout(&ser(at, &[&["synth", out, "--seed", seed, "--sample-rate", rate], &flags[..]].concat()));
    };
    synth("corpus/a", "1", "16000");
    let pipeline = PIPELINE.replace("pattern = '(?P<speaker>", "pattern = '(?P<speaker>\\w/");
    fs::write(at.join("pipeline.toml"), pipeline).expect("written");
    let drift = ["--set", "checks.against=accepted.json", "--set", "checks.max_drift=0.3"];
    quick(at, &["--set", "checks.against=\"\"", "--set", "checks.max_drift=0.3"]);
    accept(at, &["out"]);
    quick(at, &drift);
    let kept = || fs::read_to_string(at.join("out/run/checks.json")).expect("kept");
    assert!(kept().contains("drift is not measured: 0 new utterances"), "{}", kept());
    // The same recordings once more, and then other people on a telephone.
    synth("corpus/b", "1", "16000");
    quick(at, &drift);
    synth("corpus/c", "2", "8000");
    let (code, text) = refused(at, &drift);
    assert!(code == 5 && text.contains("population stability index") && text.contains("farthest is"), "{text}");
}

#[test]
fn runs_in_a_bucket_are_accepted_there() {
    let folder = workplace();
    let at = folder.path();
    let server = Server::start();
    let s3 = |flags: &[&str]| stdout(&server.ser(at, flags));
    s3(&[&["run", "pipeline.toml", "--out", "s3://bucket/runs/calls"], &QUICK[..]].concat());
    let said = s3(&["accept", "s3://bucket/runs/calls"]);
    assert!(said.contains("s3://bucket/runs/accepted.json"), "{said}");
    let compared = s3(&["compare", "s3://bucket/runs/accepted.json", "s3://bucket/runs/calls", "--bootstrap", "0"]);
    assert!(compared.contains("inductive"), "{compared}");
    let frozen = ["--set", "split.frozen=s3://bucket/runs/accepted.json"];
    let again = s3(&[&["run", "pipeline.toml", "--out", "s3://bucket/runs/calls"], &QUICK[..], &frozen].concat());
    assert_eq!(again.matches("up to date").count(), 5, "the split is the same: {again}");
}
