//! `train.keep_fold_models`, through the program.

use std::fs;
use std::path::Path;

use ser_etl::schema::{Fit, Importance, Prediction, Row};
use ser_etl::table;

use crate::predict::read;
use crate::util::job::{assert_same, run, workplace};

const FLAGS: [&str; 8] = [
    "--set",
    "split={scheme='group-k-fold', folds=3, dev=0.0}",
    "--set",
    "train={models=['mlp','logistic'], deploy=true, mlp={hidden=[8], epochs=5}}",
    "--set",
    "evaluate={bootstrap=0, importance=2}",
    "--set",
    "fusion.method='average'",
];

fn run_into(folder: &Path, out: &str, keep: bool) -> String {
    let keep = format!("train.keep_fold_models={keep}");
    run(folder, &[&FLAGS[..], &["--set", keep.as_str(), "--out", out]].concat())
}

/// The folders of a model's fits that hold it.
fn folders(out: &Path, model: &str) -> Vec<String> {
    let entries = fs::read_dir(out.join("models").join(model)).expect("readable");
    let paths = entries.map(|entry| entry.expect("readable").path());
    let full = paths.filter(|path| fs::read_dir(path).expect("a folder").count() > 0);
    let mut names: Vec<_> = full.map(|path| path.file_name().expect("a name").to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The hash of a table's rows.
fn content<R: Row>(out: &Path) -> String {
    let path = out.join(format!("{}.parquet", R::table().name));
    table::read::<R>(fs::read(path).expect("the table is there").into()).expect("a table").1.content_hash
}

#[test]
fn models_of_folds_go_and_all_that_they_said_stays() {
    let folder = workplace();
    let (kept, bare) = (folder.path().join("kept"), folder.path().join("bare"));
    run_into(folder.path(), "kept", true);
    run_into(folder.path(), "bare", false);
    for model in ["mlp", "logistic", "fusion"] {
        assert_eq!(folders(&kept, model), ["all", "fold-0", "fold-1", "fold-2"]);
        assert_eq!(folders(&bare, model), ["all"]);
    }
    assert_eq!(content::<Prediction>(&kept), content::<Prediction>(&bare));
    assert_eq!(content::<Fit>(&kept), content::<Fit>(&bare));
    assert_eq!(content::<Importance>(&kept), content::<Importance>(&bare));
    assert!(read::<Importance>(&bare.join("importance.parquet")).rows.len() > 1, "models were there to ask");
}

#[test]
fn a_finished_run_without_them_is_up_to_date_and_fits_again_what_is_asked_for() {
    let folder = workplace();
    run_into(folder.path(), "out", false);
    let again = run_into(folder.path(), "out", false);
    assert_eq!(again.lines().filter(|line| line.contains("up to date")).count(), 6, "{again}");
    run_into(folder.path(), "fresh", true);
    let asked = run_into(folder.path(), "out", true);
    assert!(
        asked.contains("8 fits, 6 of them new"),
        "three folds of two models; those on all utterances are there: {asked}"
    );
    assert_same(&folder.path().join("fresh"), &folder.path().join("out"));
}
