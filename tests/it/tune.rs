//! Nested selection, fusion, seeds and importance through the program.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use ndarray::Array2;
use ser_etl::model;
use ser_etl::schema::{Comparison, Fit, Importance, Metric, Prediction, Row, SplitRow, Table, Tuning};
use ser_etl::table;

use crate::misuse::manifest;
use crate::util::job::{assert_same, results, run, workplace};
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

/// What makes folds select different models.
const MIXED: [&str; 6] = ["--set", "seed=3", "--set", "train.mlp.epochs=40", "--set", "train.mlp.hidden=[32]"];

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

/// The rows of a candidate in an inner fold of fold 0: probabilities by utterance, and the true classes.
fn held_out(out: &Path, inner: usize, candidate: i64) -> (Array2<f32>, Vec<usize>) {
    let path = out.join(format!("run/train/search/fold-0/inner-{inner}-0.parquet"));
    let table = table::read::<Prediction>(fs::read(path).expect("kept").into()).expect("a table").0;
    let classes: Vec<&str> = table.float.names.iter().map(|name| &name["p_".len()..]).collect();
    let is_of = |row: &&(usize, &Prediction)| row.1.model == format!("{candidate:05}");
    let rows: Vec<(usize, &Prediction)> = table.rows.iter().enumerate().collect();
    let rows: Vec<_> = rows.iter().filter(is_of).collect();
    let class = |row: &Prediction| classes.iter().position(|class| *class == row.truth).expect("a class");
    let values = rows.iter().flat_map(|(at, _)| table.float.row(*at).to_vec()).collect();
    let probabilities = Array2::from_shape_vec((rows.len(), classes.len()), values).expect("a row a prediction");
    (probabilities, rows.iter().map(|(_, row)| class(row)).collect())
}

#[test]
fn a_fusion_of_calibrated_models_is_scored_on_calibrated_probabilities() {
    let folder = workplace();
    let calibrated = ["--set", "train.calibration='temperature'", "--set", "tune.metric='log_loss'"];
    let fusion = ["--set", "fusion={models=['mlp','logistic']}"];
    run(folder.path(), &[&["--out", "out"][..], &TUNED, &calibrated, &fusion].concat());
    let out = folder.path().join("out");
    let rows: Vec<Tuning> = read::<Tuning>(&out).rows.into_iter().filter(|row| row.fold == 0 && row.chosen).collect();
    let of = |model: &str| rows.iter().find(|row| row.model == model).expect("a chosen row");
    let members = ["mlp", "logistic"].map(|model| of(model).trial);
    let log_loss = |calibrates: bool| {
        let mut losses = Vec::new();
        for inner in 0..2 {
            let parts = members.map(|member| {
                let (own, (others, truth)) = (held_out(&out, inner, member), held_out(&out, 1 - inner, member));
                let temperature = if calibrates { model::temperature(others.view(), &truth) } else { 1.0 };
                (model::tempered(own.0.view(), temperature), own.1)
            });
            let [(a, truth), (b, _)] = parts;
            losses.extend(
                truth
                    .iter()
                    .enumerate()
                    .map(|(row, class)| -f64::from((a[[row, *class]] + b[[row, *class]]) / 2.0).ln()),
            );
        }
        losses.iter().sum::<f64>() / losses.len() as f64
    };
    let score = of("fusion").score.expect("a score");
    assert!((score - log_loss(true)).abs() < 1e-6, "{score} {}", log_loss(true));
    assert!((score - log_loss(false)).abs() > 1e-3, "temperatures matter here: {score} {}", log_loss(false));
    let report = fs::read_to_string(out.join("report.md")).expect("a report");
    assert!(report.contains("`fusion` averages the calibrated probabilities"), "{report}");
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
fn every_seed_of_a_made_model_has_every_fold() {
    let folder = workplace();
    run(folder.path(), &[&["--out", "out"][..], &TUNED, &MIXED].concat());
    let out = folder.path().join("out");
    let selected: BTreeSet<String> =
        read::<Tuning>(&out).rows.into_iter().filter(|row| row.selected).map(|row| row.model).collect();
    assert!(selected.contains("mlp") && selected.contains("logistic"), "both kinds of models: {selected:?}");
    let metrics = read::<Metric>(&out).rows;
    for model in ["mlp", "fusion", "selected"] {
        let of_seed = |row: &&Metric| (&*row.model, &*row.slice, &*row.metric) == (model, "seed", "uar");
        let rows: Vec<(&str, i64)> = metrics.iter().filter(of_seed).map(|row| (&*row.group, row.n)).collect();
        assert_eq!(rows, [("0", 27), ("1", 27)], "{model}: the test rows of three folds");
    }
    assert_ne!(predictions(&out, "selected", 0), predictions(&out, "selected", 1));
    for ((fold, id), row) in predictions(&out, "selected", 1) {
        let seed = i64::from(selected_in(&out, fold) == "mlp");
        assert_eq!(predictions(&out, &selected_in(&out, fold), seed)[&(fold, id)], row);
    }
    let report = fs::read_to_string(out.join("report.md")).expect("a report");
    let spread = report.split("## Spread over seeds").nth(1).expect("a section");
    for model in ["`mlp`", "`fusion`", "`selected`"] {
        assert!(spread.contains(&format!("| {model} | 2 |")), "{spread}");
    }
}

/// The model that an outer fold selected.
fn selected_in(out: &Path, fold: i64) -> String {
    let row = read::<Tuning>(out).rows.into_iter().find(|row| row.fold == fold && row.selected);
    row.expect("one is selected").model
}

#[test]
fn a_budget_of_seconds_outlives_candidates_that_cannot_be_fitted() {
    let folder = workplace();
    let tune = |rates: &str| {
        let space = format!("space={{train.mlp.learning_rate={rates}}}");
        format!("tune={{search='random', seconds=60, folds=2, {space}}}")
    };
    let train = "train={models=['mlp','logistic'], mlp={hidden=[8], epochs=5}}";
    let with = |rates: &str| {
        let mut flags = TUNED.map(str::to_owned).to_vec();
        flags.splice(..0, ["run", "pipeline.toml", "--out", "out"].map(str::to_owned));
        flags.extend(["--set".to_owned(), train.to_owned(), "--set".to_owned(), tune(rates)]);
        ser(folder.path(), &flags.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let out = folder.path().join("out");
    let hopeful = || with("[1e30, 0.002, 1e31, 1e32, 1e33]");
    let check = || {
        for row in read::<Tuning>(&out).rows.iter().filter(|row| row.model == "mlp") {
            let fits = row.settings.ends_with("= 0.002");
            assert_eq!((row.score.is_some(), row.chosen), (fits, fits), "{row:?}");
        }
    };
    crate::util::stdout(&hopeful());
    check();
    let report = fs::read_to_string(out.join("report.md")).expect("a report");
    assert!(report.contains("All of them were tried in the 60 seconds allowed."), "{report}");
    assert!(!report.contains("need not come out"), "{report}");
    // Again, from what the search kept.
    fs::remove_file(out.join("run/train.json")).expect("a record");
    crate::util::stdout(&hopeful());
    check();
    let (code, error) = failure(&with("[1e30, 1e31]"));
    assert!(code == 3 && error.contains("cannot fit mlp"), "{code} {error}");
}

#[test]
fn a_model_selected_everywhere_is_not_compared_with_itself() {
    let folder = workplace();
    let sets = ["--set", "evaluate={bootstrap=100}", "--set", "fusion={models=['logistic','majority']}"];
    let train = ["--set", "train.models=['logistic','majority']"];
    let tune = ["--set", "tune.space={train.logistic.alpha=[1,100]}"];
    run(folder.path(), &[&["--out", "out"][..], &TUNED, &train, &sets, &tune].concat());
    let out = folder.path().join("out");
    assert!((0..3).all(|fold| selected_in(&out, fold) == "logistic"), "logistic is the best in every fold");
    let rows = read::<Comparison>(&out).rows;
    // A fusion with what always says the same is no other model either.
    let (same, rest): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.model_b != "majority");
    assert!(same.iter().all(|row| row.p_value.is_none() && row.note == "none: the same predictions"), "{same:?}");
    assert!(rest.iter().all(|row| row.p_value == row.p_adjusted && row.p_value.is_some()), "{rest:?}");
    assert_eq!((same.len(), rest.len()), (16, 8));
    let report = fs::read_to_string(out.join("report.md")).expect("a report");
    assert!(report.contains("| `logistic` | the same predictions |"), "{report}");
    assert!(report.contains("corrected for 1 comparison ("), "{report}");
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
    let text = run(folder.path(), &[&["--out", "two"][..], &TUNED].concat());
    assert!(text.contains("12 fits") && !text.contains("new"), "{text}");
    let text = run(folder.path(), &[&["--out", "two", "--dry-run"][..], &TUNED].concat());
    assert!(text.contains("12 fits") && !text.contains("new"), "{text}");
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
    assert!(report.contains("grouped like the outer folds"), "{report}");
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
    let used = "26 synthetic utterances of 13 speakers";
    assert!(report.contains(used) && report.contains("13 of 39 utterances stand in no fold"), "{report}");
    assert!(report.contains("13 of 39 utterances are left out"), "{report}");
    let table = report.split("## From corpus to corpus").nth(1).expect("a section");
    assert!(table.contains("| `first` | `second` |") && table.contains("| `second` | `first` |"), "{table}");
}
