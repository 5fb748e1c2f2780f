//! `ser compare`, through the program: paired figures, gates, and what cannot be compared.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::predict;
use crate::util::job::{run, workplace};
use crate::util::s3_server::Server;
use crate::util::{failure, ser, stdout};

const QUICK: [&str; 4] = ["--set", "train.models=['logistic', 'majority']", "--set", "split.scheme=loso"];

/// A workplace with a run by leaving one speaker out in `a`, and another in `b` that was given `flags`.
fn runs(flags: &[&str]) -> TempDir {
    let folder = workplace();
    run_both(folder.path(), flags);
    folder
}

fn run_both(folder: &Path, flags: &[&str]) {
    run(folder, &[&QUICK[..], &["--out", "a"]].concat());
    run(folder, &[&QUICK[..], &["--out", "b"], flags].concat());
}

fn compare(folder: &Path, flags: &[&str]) -> std::process::Output {
    ser(folder, &[&["compare"], flags].concat())
}

#[test]
fn a_run_does_not_differ_from_itself() {
    let folder = runs(&["--set", "name=other"]);
    let flags = ["a", "b", "--max-drop", "uar=0", "--max-drop", "accuracy=0.01", "--out", "drift/report.md"];
    let printed = stdout(&compare(folder.path(), &flags));
    assert_eq!(fs::read_to_string(folder.path().join("drift/report.md")).expect("written"), printed);
    assert_eq!(printed.matches("+0.000 [+0.000, +0.000] | 1.000").count(), 4, "{printed}");
    assert_eq!(printed.matches("- **passed**").count(), 3, "{printed}");
    assert!(printed.contains("both runs tested 27 of 27 utterances (100 %)"), "{printed}");
    assert!(printed.contains("the 27 utterances of 9 known speakers") && printed.contains("`logistic`"), "{printed}");
    assert_eq!(stdout(&compare(folder.path(), &flags)), printed, "the same bytes");
    let without = stdout(&compare(folder.path(), &["a", "b", "--bootstrap", "0"]));
    assert!(without.contains("No interval and no p value") && !without.contains("## Gate"), "{without}");
}

#[test]
fn every_pair_of_finished_runs_is_compared() {
    let folder = workplace();
    let kinds: [(&str, &[&str]); 5] = [
        ("plain", &[]),
        ("bare", &["train.keep_fold_models=false"]),
        ("deployed", &["train.keep_fold_models=false", "train.deploy=true"]),
        ("fused", &["train.keep_fold_models=false", "fusion={method='average', models=['logistic', 'majority']}"]),
        ("untold", &["evaluate.bootstrap=0", "split.scheme='k-fold'"]),
    ];
    for (out, sets) in kinds {
        let sets = sets.iter().flat_map(|set| ["--set", set]);
        run(folder.path(), &QUICK.into_iter().chain(sets).chain(["--out", out]).collect::<Vec<_>>());
    }
    for (a, _) in kinds {
        for (b, _) in kinds {
            let printed = stdout(&compare(folder.path(), &[a, b, "--bootstrap", "0"]));
            assert!(printed.contains("inductive"), "{a} {b}: {printed}");
        }
    }
    // Whoever keeps the figures alone has a finished run.
    fs::remove_dir_all(folder.path().join("plain/models")).expect("removed");
    stdout(&compare(folder.path(), &["plain", "bare"]));
}

#[test]
fn a_worse_run_fails_the_gate_after_it_was_printed() {
    let folder = runs(&["--set", "train.models=['majority']"]);
    let flags = ["a", "b", "--max-drop", "uar=0.02", "--max-drop", "macro_f1=1"];
    let output = compare(folder.path(), &flags);
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let (code, error) = failure(&output);
    assert_eq!(code, 5, "{error}");
    assert!(error.contains("uar fell by") && error.contains("more than the 0.02 allowed"), "{error}");
    assert!(error.contains("more than chance: the 95 % interval") && !error.contains("macro_f1"), "{error}");
    assert!(
        printed.contains("- **failed**: on 27 of 27 utterances uar")
            && printed.contains("- **passed**: on 27 of 27 utterances macro_f1"),
        "{printed}"
    );
    // The other way round nothing fell.
    stdout(&compare(folder.path(), &["b", "a", "--max-drop", "uar=0"]));
    // Both have the model that always gives the same answer.
    let same = stdout(&compare(folder.path(), &["a", "b", "--model", "majority", "--max-drop", "uar=0"]));
    assert!(same.contains("| A | `a` | `majority`"), "{same}");
}

#[test]
fn utterances_of_one_run_only_are_counted_and_said() {
    let folder = runs(&["--set", "corpus.0.exclude={speaker=['spk01']}"]);
    let printed = stdout(&compare(folder.path(), &["a", "b"]));
    assert!(printed.contains("the 24 utterances of 8 known speakers"), "{printed}");
    assert!(printed.contains("3 utterances tested by one run only were left out"), "{printed}");
    assert!(printed.contains("| inductive | 27 | 3 |") && printed.contains("| inductive | 24 | 0 |"), "{printed}");
}

#[test]
fn a_gate_fails_where_the_runs_share_too_little_to_tell() {
    let folder = runs(&["--set", "corpus.0.filter={speaker=['spk01', 'spk02', 'spk03']}"]);
    for (runs, flags) in [(["a", "b"], &[][..]), (["b", "a"], &["--min-shared", "0.34"])] {
        let gate = ["--max-drop", "uar=1"];
        let output = compare(folder.path(), &[&runs[..], &gate, flags].concat());
        let (code, error) = failure(&output);
        assert_eq!(code, 5, "{error}");
        assert!(error.contains("both runs tested 9 of 27 utterances (33 %), less than the"), "{error}");
        assert!(error.contains("--min-shared"), "{error}");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            printed.contains("- **failed**: both runs") && printed.contains("- **passed**: on 9 of 27"),
            "{printed}"
        );
    }
    stdout(&compare(folder.path(), &["a", "b", "--max-drop", "uar=1", "--min-shared", "0.33"]));
    // Nobody asked for a gate.
    stdout(&compare(folder.path(), &["a", "b"]));
}

#[test]
fn what_cannot_be_compared_is_refused_in_words() {
    // Nine utterances a speaker: enough for statistics of their own.
    let folder = predict::workplace();
    run_both(folder.path(), &["--set", "normalize.scope=speaker"]);
    let labels = "corpus.0.labels={anger='neutral', neutral='anger'}";
    run(folder.path(), &[&QUICK[..], &["--out", "swapped", "--set", labels]].concat());
    let labels = "corpus.0.labels={anger='disgust'}";
    run(folder.path(), &[&QUICK[..], &["--out", "renamed", "--set", labels]].concat());
    let speakers = "corpus.0.filter={speaker=['spk01', 'spk02', 'spk03']}";
    run(folder.path(), &[&QUICK[..], &["--out", "first", "--set", speakers]].concat());
    let speakers = "corpus.0.filter={speaker=['spk04', 'spk05', 'spk06']}";
    run(folder.path(), &[&QUICK[..], &["--out", "last", "--set", speakers]].concat());
    fs::write(folder.path().join("first/predictions.parquet"), b"no table").expect("written");
    let cases: [(&[&str], i32, &str); 16] = [
        (&["a"], 2, "RUN_B"),
        (&["a", "b", "--max-drops", "uar=1"], 2, "--max-drop"),
        (&["a", "a", "--max-drop", "recall=0.1"], 2, "uar, accuracy, macro_f1, weighted_f1"),
        (&["a", "a", "--max-drop", "uar=-1"], 2, "X from 0 to 1"),
        (&["a", "a", "--max-drop", "uar"], 2, "METRIC=X"),
        (&["a", "a", "--min-shared", "0.5"], 2, "--max-drop"),
        (&["a", "a", "--max-drop", "uar=0", "--min-shared", "2"], 2, "legal are 0 to 1"),
        (&["a", "a", "--bootstrap", "7"], 2, "`--bootstrap` is 7"),
        (&["a", "a", "--model", "lstm"], 2, "it has logistic, majority"),
        (&["a", "b"], 2, "run A is inductive"),
        (&["a", "a", "--out", "drift/"], 2, "the name of a file"),
        (&["a", "nowhere"], 3, "run `nowhere`: table `predictions` is missing"),
        (&["a", "swapped"], 3, "different labels"),
        (&["a", "renamed"], 3, "renamed tells disgust, neutral, sadness apart"),
        (&["first", "a"], 3, "first/predictions.parquet` has changed since `ser train` wrote it"),
        (&["s3://", "a"], 3, "no such bucket"),
    ];
    for (arguments, want, word) in cases {
        let (code, error) = failure(&compare(folder.path(), arguments));
        assert_eq!(code, want, "{arguments:?}: {error}");
        assert!(error.contains(word), "{arguments:?} should say {word}: {error}");
    }
    run(
        folder.path(),
        &[&QUICK[..], &["--out", "first", "--force", "--set", "corpus.0.filter={speaker=['spk01', 'spk02', 'spk03']}"]]
            .concat(),
    );
    let (code, error) = failure(&compare(folder.path(), &["first", "last"]));
    assert!(code == 3 && error.contains("no utterance in common"), "{code} {error}");
}

#[test]
fn runs_in_a_bucket_are_compared_as_on_disk() {
    let folder = runs(&["--set", "train.logistic.alpha=100.0"]);
    let server = Server::start();
    server.upload(&folder.path().join("a"), "a");
    let printed = stdout(&compare(folder.path(), &["a", "b"]));
    let flags = ["compare", "s3://bucket/a", "b", "--out", "s3://bucket/reports/drift.md"];
    assert_eq!(stdout(&server.ser(folder.path(), &flags)), printed);
    assert_eq!(fs::read_to_string(server.objects().join("reports/drift.md")).expect("written"), printed);
}
