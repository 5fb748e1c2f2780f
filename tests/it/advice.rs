//! Whoever does what an error or a summary advises gets on.

use std::fs;
use std::path::Path;

use regex::Regex;

use crate::misuse::manifest;
use crate::util::job::{run, workplace};
use crate::util::{failure, ser, stdout};

const QUICK: [&str; 2] = ["--set", "train.models=['majority']"];

fn sets<'a>(sets: &[&'a str]) -> Vec<&'a str> {
    sets.iter().flat_map(|set| ["--set", set]).collect()
}

#[test]
fn run_this_stage_first_leads_to_the_stage_that_was_wanted() {
    let folder = workplace();
    let advice = Regex::new("run `ser ([a-z]+)` first").expect("legal");
    let wanted = |set: &str| {
        for tried in 0..30 {
            let mut stage = "evaluate".to_owned();
            loop {
                let arguments = [&[stage.as_str(), "pipeline.toml", "--set", set], &QUICK[..]].concat();
                let output = ser(folder.path(), &arguments);
                if output.status.success() {
                    break;
                }
                let (code, error) = failure(&output);
                assert_eq!(code, 3, "{error}");
                stage = advice.captures(&error).unwrap_or_else(|| panic!("no advice: {error}"))[1].to_owned();
            }
            if stage == "evaluate" {
                return tried;
            }
        }
        panic!("it leads in circles")
    };
    assert_eq!(wanted("seed=1"), 5, "a stage after the other");
    assert_eq!(wanted("split.test=0.4"), 3, "from split on");
    // Half of a run is no finished run, and compare says what is missing.
    run(folder.path(), &[&QUICK[..], &["--out", "whole"]].concat());
    for stage in ["ingest", "extract", "split", "normalize", "train"] {
        stdout(&ser(folder.path(), &[&[stage, "pipeline.toml", "--out", "half"], &QUICK[..]].concat()));
    }
    let (code, error) = failure(&ser(folder.path(), &["compare", "whole", "half"]));
    assert_eq!(code, 3, "{error}");
    let stage = &advice.captures(&error).unwrap_or_else(|| panic!("no advice: {error}"))[1];
    stdout(&ser(folder.path(), &[&[stage, "pipeline.toml", "--out", "half"], &QUICK[..]].concat()));
    stdout(&ser(folder.path(), &["compare", "whole", "half"]));
}

#[test]
fn figures_of_former_predictions_are_none_of_a_finished_run() {
    let folder = workplace();
    let other = ["--set", "seed=2", "--set", "train.models=['mlp']"];
    run(folder.path(), &[&QUICK[..], &["--out", "whole"]].concat());
    run(folder.path(), &[&QUICK[..], &["--out", "half"]].concat());
    for stage in ["split", "normalize", "train"] {
        stdout(&ser(folder.path(), &[&[stage, "pipeline.toml", "--out", "half"], &other[..]].concat()));
    }
    let (code, error) = failure(&ser(folder.path(), &["compare", "whole", "half"]));
    assert!(code == 3 && error.contains("run `half`") && error.contains("run `ser evaluate` first"), "{code} {error}");
}

/// A pipeline with these settings fails with these words, and does what it should with the others besides.
fn follow(folder: &Path, wrong: &[&str], words: &str, advised: &[&str]) {
    let with = [&["run", "pipeline.toml"], &QUICK[..], &sets(wrong)].concat();
    let (_, error) = failure(&ser(folder, &with));
    assert!(error.contains(words), "{wrong:?} should say {words}: {error}");
    stdout(&ser(folder, &[with, sets(advised)].concat()));
}

#[test]
fn a_key_that_an_error_names_helps() {
    let folder = workplace();
    fs::write(folder.path().join("corpus/spk01_male/odd name.wav"), b"junk").expect("written");
    fs::write(folder.path().join("corpus/spk01_male/odd name 2.wav"), b"junk").expect("written");
    follow(folder.path(), &[], "raise `max_unmatched_rate`", &["corpus.0.max_unmatched_rate=0.1"]);
    let folder = workplace();
    let cases: [(&[&str], &str, &[&str]); 8] = [
        (&["split.scheme='speaker-disjont'"], "did you mean `speaker-disjoint`", &["split.scheme='speaker-disjoint'"]),
        (&["train.calibration='temperature'", "split.dev=0.0"], "set split.dev above 0", &["split.dev=0.2"]),
        (
            &["train.models=['mlp']", "train.mlp.patience=2", "split.dev=0.0"],
            "set split.dev above 0",
            &["split.dev=0.2"],
        ),
        (
            &["train.models=['mlp']", "train.mlp.patience=2", "split.dev=0.0"],
            "leave patience at 0",
            &["train.mlp.patience=0"],
        ),
        (&["evaluate.compare='logistic'"], "add it to `train.models`", &["train.models=['majority', 'logistic']"]),
        (&["split={scheme='group-k-fold', folds=20}"], "set split.folds = 9 or less", &["split.folds=9"]),
        (&["split={scheme='speaker-disjoint', folds=3}"], "remove `folds`", &["split={scheme='speaker-disjoint'}"]),
        (
            &["audio.max_duration_s=0.2"],
            "extract.max_reject_rate = 0.5",
            &["extract.max_reject_rate=1.0", "audio.max_duration_s=60.0"],
        ),
    ];
    for (wrong, words, advised) in cases {
        follow(folder.path(), wrong, words, advised);
    }
}

#[test]
fn a_manifest_without_speakers_gets_on_as_advised() {
    let folder = manifest("", |_, path, label, _| format!("{path},{label},\n"));
    let stratified = "split={scheme='stratified'}";
    let wrong = ["normalize.scope='speaker'", stratified];
    follow(folder.path(), &wrong, "set normalize.scope = \"corpus\"", &["normalize.scope='corpus'"]);
    follow(folder.path(), &["split={scheme='speaker-disjoint'}"], "hint: ", &[stratified]);
}

#[test]
fn an_output_of_another_kind_is_advised_against_and_another_one_works() {
    let folder = workplace();
    run(folder.path(), &QUICK);
    let predict = ["predict", "out/models/majority/fold-0", "corpus", "--out"];
    let (code, error) = failure(&ser(folder.path(), &[&predict[..], &["out"]].concat()));
    assert!(code == 2 && error.contains("choose another folder"), "{code} {error}");
    stdout(&ser(folder.path(), &[&predict[..], &["another"]].concat()));
}
