//! Nested selection, fusion, seeds and importance through the program.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use ser_etl::schema::{Fit, Importance, Prediction, Row, SplitRow, Table, Tuning};
use ser_etl::table;

use crate::contract::{assert_same, results, run, workplace};
use crate::misuse::manifest;
use crate::util::{failure, ser};

/// Three folds of three speakers; two inner folds each.
const TUNED: [&str; 10] = [
    "--set",
    "split={scheme='group-k-fold', folds=3, dev=0.0}",
    "--set",
    "train={models=['mlp','logistic','majority'], seeds=2, mlp={hidden=[8], epochs=5}}",
    "--set",
    "evaluate={bootstrap=0, importance=2}",
    "--set",
    "fusion.method='stack'",
    "--set",
    "tune={folds=2, space={train.mlp.l2=[0.1,1.0], train.logistic.alpha=[1,100], normalize.method=['z-score','min-max']}}",
];

fn read<R: Row>(out: &Path) -> Table<R> {
    let path = out.join(format!("{}.parquet", R::table().name));
    table::read(fs::read(path).expect("the table is there").into()).expect("a table").0
}

/// Predictions of a model with a seed by fold and utterance: the predicted class and the probabilities.
fn predictions(out: &Path, model: &str, seed: i64) -> BTreeMap<(i64, String), (String, Vec<f32>)> {
    let table = read::<Prediction>(out);
    let rows = table.rows.iter().enumerate().filter(|(_, row)| row.model == model && row.seed == seed);
    rows.map(|(at, row)| ((row.fold, row.utterance_id.clone()), (row.predicted.clone(), table.float.row(at).to_vec())))
        .collect()
}

#[test]
fn every_candidate_is_a_row_and_the_choice_is_a_model() {
    let folder = workplace();
    run(folder.path(), &[&["--out", "out"][..], &TUNED].concat());
    let out = folder.path().join("out");
    let tuning = read::<Tuning>(&out).rows;
    for fold in 0..3 {
        let rows: Vec<&Tuning> = tuning.iter().filter(|row| row.fold == fold).collect();
        let of = |model: &str| rows.iter().filter(|row| row.model == model).count();
        assert_eq!((of("mlp"), of("logistic"), of("majority"), of("fusion")), (4, 4, 2, 1));
        let best = rows.iter().filter_map(|row| row.score).fold(0.0, f64::max);
        let selected: BTreeSet<&str> = rows.iter().filter(|row| row.selected).map(|row| row.model.as_str()).collect();
        assert_eq!(selected.len(), 1);
        let model = *selected.first().expect("one");
        assert!(rows.iter().any(|row| row.selected && row.score == Some(best)), "{rows:?}");
        let taken =
            |seed| predictions(&out, model, seed).into_iter().filter(|((of, _), _)| *of == fold).collect::<Vec<_>>();
        let of_choice = predictions(&out, "selected", 0).into_iter().filter(|((of, _), _)| *of == fold);
        assert_eq!(of_choice.collect::<Vec<_>>(), taken(0), "selected predicts what {model} predicts");
        for row in rows.iter().filter(|row| row.model != "fusion") {
            let chosen = rows.iter().filter(|other| other.model == row.model && other.chosen).collect::<Vec<_>>();
            assert_eq!(chosen.len(), 1);
            assert!(chosen[0].score >= row.score, "{row:?}");
            assert_eq!((row.inner_folds, row.n), (2, 18), "both inner folds of six speakers");
        }
    }
    let report = fs::read_to_string(out.join("report.md")).expect("a report");
    assert!(report.contains("## Selection on inner folds") && report.contains("`selected` reaches a UAR"), "{report}");
}

#[test]
fn a_fusion_is_the_weighted_mean_of_its_models() {
    let folder = workplace();
    run(folder.path(), &[&["--out", "out"][..], &TUNED, &["--set", "fusion.models=['mlp','logistic']"]].concat());
    let out = folder.path().join("out");
    let weights: BTreeMap<i64, Vec<f64>> = read::<Tuning>(&out)
        .rows
        .iter()
        .filter(|row| row.model == "fusion")
        .map(|row| {
            (row.fold, row.settings.split(' ').filter_map(|word| word.trim_end_matches(',').parse().ok()).collect())
        })
        .collect();
    let (mlp, logistic) = (predictions(&out, "mlp", 0), predictions(&out, "logistic", 0));
    for (place, (_, fused)) in predictions(&out, "fusion", 0) {
        let [a, b] = weights[&place.0][..] else { panic!("two weights: {weights:?}") };
        for (class, fused) in fused.iter().enumerate() {
            let want = a * f64::from(mlp[&place].1[class]) + b * f64::from(logistic[&place].1[class]);
            // The weights are shown with three decimals.
            assert!((f64::from(*fused) - want).abs() < 1e-3, "{place:?}: {fused} {want}");
        }
    }
}

#[test]
fn seeds_repeat_what_draws_random_numbers_and_leave_the_rest() {
    let folder = workplace();
    run(folder.path(), &[&["--out", "out"][..], &TUNED].concat());
    let out = folder.path().join("out");
    assert_ne!(predictions(&out, "mlp", 0), predictions(&out, "mlp", 1));
    assert!(!predictions(&out, "mlp", 1).is_empty());
    assert!(predictions(&out, "logistic", 1).is_empty());
    let fits = read::<Fit>(&out).rows;
    let count = |model: &str| fits.iter().filter(|fit| fit.model == model).count();
    assert_eq!((count("mlp"), count("logistic"), count("fusion")), (6, 3, 6));
}

#[test]
fn neither_threads_nor_a_resumed_search_move_a_byte() {
    let folder = workplace();
    run(folder.path(), &[&["--out", "one", "--threads", "1"][..], &TUNED].concat());
    run(folder.path(), &[&["--out", "two", "--threads", "2"][..], &TUNED].concat());
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    assert_same(&one, &two);
    // As if killed after some inner folds and fits.
    fs::remove_file(two.join("run/train.json")).expect("a record");
    fs::remove_file(two.join("run/train/search/fold-1/inner-1-0.parquet")).expect("an inner fold");
    fs::remove_file(two.join("run/train/mlp/fold-2/seed-0.predictions.parquet")).expect("a fit");
    let text = run(folder.path(), &[&["--out", "two"][..], &TUNED].concat());
    assert!(text.contains("12 fits, 1 of them new"), "{text}");
    assert_same(&one, &two);
}

#[test]
fn test_rows_do_not_move_the_choice() {
    let folder = workplace();
    run(folder.path(), &[&["--out", "out"][..], &TUNED].concat());
    let out = folder.path().join("out");
    let tested: BTreeSet<String> = read::<SplitRow>(&out)
        .rows
        .iter()
        .filter(|row| row.fold == 0 && row.split == "test")
        .map(|row| row.utterance_id.clone())
        .collect();
    for inner in 0..2 {
        let path = out.join(format!("run/train/search/fold-0/inner-{inner}-0.parquet"));
        let rows = table::read::<Prediction>(fs::read(path).expect("kept").into()).expect("a table").0.rows;
        assert!(!rows.is_empty() && rows.iter().all(|row| !tested.contains(&row.utterance_id)));
    }
}

#[test]
fn inner_folds_of_fixed_sides_hold_speakers_apart_as_the_sides_do() {
    let side = |who: &str| if who < "spk04" { "test" } else { "train" };
    let folder = manifest(",part", |_, path, label, who| format!("{path},{label},{who},{}\n", side(who)));
    let fixed =
        ["--set", "split={scheme='predefined', column='part'}", "--set", "train.models=['logistic','majority']"];
    let search = ["--set", "tune={folds=3, space={train.logistic.alpha=[1,100]}}"];
    run(folder.path(), &[&fixed[..], &search].concat());
    let out = folder.path().join("out");
    let mut tested: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for inner in 0..3 {
        let path = out.join(format!("run/train/search/fold-0/inner-{inner}-0.parquet"));
        for row in table::read::<Prediction>(fs::read(path).expect("kept").into()).expect("a table").0.rows {
            let speaker = row.utterance_id.split('/').nth(1).expect("a folder a speaker").to_owned();
            tested.entry(speaker).or_default().insert(inner);
        }
    }
    assert_eq!(tested.len(), 6);
    assert!(tested.values().all(|folds| folds.len() == 1), "a speaker is in one inner fold: {tested:?}");
    let report = fs::read_to_string(out.join("report.md")).expect("a report");
    assert!(report.contains("held apart as the outer folds are"), "{report}");
}

#[test]
fn families_of_features_have_an_importance() {
    let folder = workplace();
    run(folder.path(), &[&["--out", "out"][..], &TUNED].concat());
    let rows = read::<Importance>(&folder.path().join("out")).rows;
    let families: Vec<&str> = rows.iter().map(|row| row.family.as_str()).collect();
    assert_eq!(families, ["cepstrum", "energy"]);
    assert!(rows.iter().all(|row| row.model == "selected" && row.repeats == 2 && row.n == 27 && row.drop.abs() <= 1.0));
    let files = results(&folder.path().join("out"));
    assert!(files.contains_key("importance.parquet"));
}

#[test]
fn halving_tries_less_and_a_wrong_key_is_refused() {
    let folder = workplace();
    let halving = ["--set", "tune.search='halving'"];
    run(folder.path(), &[&["--out", "out"][..], &TUNED, &halving].concat());
    let rows = read::<Tuning>(&folder.path().join("out")).rows;
    let tried =
        |folds| rows.iter().filter(|row| row.fold == 0 && row.model == "mlp" && row.inner_folds == folds).count();
    assert_eq!((tried(1), tried(2)), (2, 2), "the better half went on");
    let wrong = ["--set", "tune.space.train.mlp.l3=[1]"];
    let (code, error) = failure(&ser(folder.path(), &[&["run", "pipeline.toml"][..], &TUNED, &wrong].concat()));
    assert_eq!(code, 2, "{error}");
    assert!(error.contains("tune.space.train.mlp") && error.contains("l3"), "{error}");
}

#[test]
fn two_corpora_are_carried_over_both_ways_in_one_run() {
    let folder = workplace();
    let flags = ["synth", "other", "--speakers", "4", "--sentences", "1", "--repetitions", "1", "--seed", "9"];
    crate::util::stdout(&ser(folder.path(), &[&flags[..], &["--emotions", "anger,neutral,fear"]].concat()));
    let pattern = r"(?P<speaker>spk\d+)_(?P<gender>female|male)/(?P<emotion>[a-z]+)_(?P<text_id>s\d+)_r\d+\.wav$";
    let corpus = |name: &str, source: &str| format!("{{name='{name}', source='{source}', pattern='{pattern}'}}");
    let corpora = format!("corpus=[{}, {}]", corpus("first", "corpus"), corpus("second", "other"));
    let split = ["--set", "split={scheme='cross-corpus', dev=0.0}", "--set", "train.models=['logistic','majority']"];
    run(folder.path(), &[&["--out", "out", "--set", &corpora][..], &split].concat());
    let out = folder.path().join("out");
    let folds: BTreeSet<(i64, String)> = read::<SplitRow>(&out)
        .rows
        .iter()
        .filter(|row| row.split == "test")
        .map(|row| (row.fold, row.utterance_id.split('/').next().unwrap_or_default().to_owned()))
        .collect();
    assert_eq!(folds, BTreeSet::from([(0, "second".to_owned()), (1, "first".to_owned())]));
    assert!(predictions(&out, "logistic", 0).values().all(|(class, _)| ["anger", "neutral"].contains(&class.as_str())));
    let report = fs::read_to_string(out.join("report.md")).expect("a report");
    // The other corpus has fear and no sadness: 4 and 9 utterances that no fold can use.
    let used = "in 26 synthetic utterances of 13 speakers (`first` and `second`)";
    assert!(report.contains(used) && report.contains("13 of 39 utterances stand in no fold"), "{report}");
    assert!(report.contains("13 of 39 utterances are left out"), "{report}");
    let table = report.split("## From corpus to corpus").nth(1).expect("a section");
    assert!(table.contains("| `first` | `second` |") && table.contains("| `second` | `first` |"), "{table}");
}
