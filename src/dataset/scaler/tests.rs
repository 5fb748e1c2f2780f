use super::super::testing::{Utterances, features, fold_of, split_rows};
use super::*;
use crate::dataset::{SplitSection, assign};
use crate::matrix::Memory;
use crate::schema::{FeatureKeys, SplitRow, Table};
use proptest::prelude::*;

fn params(method: Method, scope: Scope) -> NormalizeParams {
    NormalizeParams { method, scope }
}

/// RAVDESS' table and its speaker-disjoint fold.
fn world() -> (Table<FeatureKeys>, Vec<SplitRow>) {
    let data = Utterances::ravdess();
    let split = SplitSection::default().check().expect("legal");
    let keys = data.keys();
    (data.table(), split_rows(&keys, &assign(&keys, &split, 1).expect("a split").folds))
}

fn fit(features: &Features, rows: &[SplitRow], params: NormalizeParams) -> Result<Scaler, DatasetError> {
    Scaler::fit(features, &fold_of(features.keys(), rows), params)
}

/// Feature values of the rows of `table` that `wanted` picks, in the order of utterance ids.
fn column(table: &Table<FeatureKeys>, feature: usize, wanted: impl Fn(&FeatureKeys) -> bool) -> Vec<f64> {
    let mut rows: Vec<usize> = (0..table.rows.len()).filter(|row| wanted(&table.rows[*row])).collect();
    rows.sort_by_key(|row| &table.rows[*row].utterance_id);
    let values = rows.iter().map(|row| f64::from(table.float.row(*row)[feature]));
    values.filter(|value| !value.is_nan()).collect()
}

fn side_of(rows: &[SplitRow], id: &str) -> String {
    rows.iter().find(|row| row.utterance_id == id).expect("a split row").split.clone()
}

/// The textbook way: sort, and interpolate.
fn naive(method: Method, values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let quantile = |share: f64| {
        let at = (n - 1.0) * share;
        let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
        low + (high - low) * at.fract()
    };
    let mean = values.iter().sum::<f64>() / n;
    match method {
        Method::ZScore => (mean, (values.iter().map(|v| v * v).sum::<f64>() / n - mean * mean).sqrt()),
        Method::MinMax => (sorted[0], sorted[sorted.len() - 1] - sorted[0]),
        Method::Robust => (quantile(0.5), quantile(0.75) - quantile(0.25)),
        Method::None => (0.0, 1.0),
    }
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * (1.0 + a.abs())
}

#[test]
fn statistics_are_the_formulas_on_train_rows() {
    let (mut table, rows) = world();
    table.float.values.iter_mut().step_by(37).for_each(|value| *value = f32::NAN);
    let features = features(&table);
    for method in [Method::ZScore, Method::MinMax, Method::Robust, Method::None] {
        let found = fit(&features, &rows, params(method, Scope::Corpus)).expect("statistics");
        let scaling = found.scaling("whoever").expect("corpus-wide");
        for feature in 0..features.names().len() {
            let train = column(&table, feature, |row| side_of(&rows, &row.utterance_id) == "train");
            let (center, scale) = naive(method, &train);
            assert!(close(scaling.center[feature], center), "{method:?} {feature}");
            assert!(close(scaling.scale[feature], scale), "{method:?} {feature}");
            assert_eq!(scaling.rows[feature], train.len() as i64);
        }
        assert!(!found.is_transductive());
    }
}

#[test]
fn test_and_dev_rows_move_nothing() {
    let (mut table, rows) = world();
    for method in [Method::ZScore, Method::MinMax, Method::Robust] {
        let before = fit(&features(&table), &rows, params(method, Scope::Corpus)).expect("statistics");
        let width = table.float.names.len();
        for (at, row) in table.rows.iter().enumerate() {
            if side_of(&rows, &row.utterance_id) != "train" {
                table.float.values[at * width..(at + 1) * width].iter_mut().for_each(|value| *value += 1e6);
            }
        }
        let after = fit(&features(&table), &rows, params(method, Scope::Corpus)).expect("statistics");
        assert_eq!(before, after, "{method:?}");
    }
}

#[test]
fn a_speaker_has_his_own_statistics() {
    let (table, rows) = world();
    let found = fit(&features(&table), &rows, params(Method::ZScore, Scope::Speaker)).expect("statistics");
    assert_eq!(found.groups.len(), 24);
    for (speaker, scaling) in &found.groups {
        let own = column(&table, 1, |row| row.speaker.as_ref() == Some(speaker));
        let (center, scale) = naive(Method::ZScore, &own);
        assert!(close(scaling.center[1], center) && close(scaling.scale[1], scale), "{speaker}");
        let first = table.rows.iter().find(|row| row.speaker.as_ref() == Some(speaker)).expect("has rows");
        assert_eq!(scaling.transductive, side_of(&rows, &first.utterance_id) == "test", "{speaker}");
    }
    assert!(found.is_transductive());
}

#[test]
fn speakers_must_have_names() {
    let (mut table, rows) = world();
    table.rows[5].speaker = None;
    let error =
        fit(&features(&table), &rows, params(Method::ZScore, Scope::Speaker)).expect_err("nameless").to_string();
    assert!(error.contains(&table.rows[5].utterance_id) && error.contains("normalize.scope"), "{error}");
    assert!(fit(&features(&table), &rows, params(Method::ZScore, Scope::Corpus)).is_ok());
}

#[test]
fn constant_and_empty_columns_become_zero() {
    let (mut table, rows) = world();
    for row in table.float.values.chunks_mut(4) {
        row[0] = 0.1;
        row[1] = f32::NAN;
    }
    let features = features(&table);
    for method in [Method::ZScore, Method::MinMax, Method::Robust] {
        for scope in [Scope::Corpus, Scope::Speaker] {
            let found = fit(&features, &rows, params(method, scope)).expect("statistics");
            for scaling in found.groups.values() {
                assert_eq!(scaling.scale[..2], [CONSTANT; 2], "{method:?}");
                assert_eq!((scaling.center[1], scaling.rows[1]), (0.0, 0), "{method:?}");
                for value in [0.1, 0.2, -1e30, f32::MAX, f32::MIN, f32::NAN] {
                    let bits = [scaling.apply(0, value).to_bits(), scaling.apply(1, value).to_bits()];
                    assert_eq!(bits, [0; 2], "{method:?}: {value} says nothing");
                }
                assert_eq!(scaling.apply(2, f32::NAN), 0.0, "a missing value is the center");
            }
        }
    }
}

/// 9 of 10 values are the same but for noise.
#[test]
fn rounding_noise_is_no_scale() {
    let values = |noise: f64, last: f64| -> Vec<f64> {
        let value = |at: usize| if at == 9 { last } else { 1000.0 * (1.0 + noise * (at % 3) as f64) };
        (0..10).map(value).collect()
    };
    for method in [Method::ZScore, Method::MinMax, Method::Robust] {
        let scale = |mut values: Vec<f64>| center_and_scale(method, &mut values).1;
        assert_eq!(scale(values(f64::from(f32::EPSILON), 1000.0)), CONSTANT, "{method:?}: the last bit flickers");
        assert_eq!(scale(values(1e-6, 1000.0)), CONSTANT, "{method:?}: so do the last few");
        assert!((0.05..3.0).contains(&scale(values(1e-3, 1000.0))), "{method:?}: a thousandth is a difference");
        let tiny = values(1e-3, 1000.0).iter().map(|value| value * 1e-30).collect();
        assert!((5e-32..3e-30).contains(&scale(tiny)), "{method:?}: small numbers may differ too");
        let scale = scale(values(f64::from(f32::EPSILON), 2000.0));
        assert!((299.0..=1001.0).contains(&scale), "{method:?}: one row is different, by more than noise: {scale}");
    }
}

/// Speakers with 8 utterances have statistics of their own; others share those of the train side.
#[test]
fn few_utterances_make_no_statistics_of_a_speaker() {
    let (mut table, mut rows) = world();
    let speaker = |row: &FeatureKeys| row.speaker.clone().expect("everybody has a name");
    let side = |row: &FeatureKeys| side_of(&rows, &row.utterance_id);
    let few = ["train", "test"].map(|wanted| {
        let row = table.rows.iter().find(|row| side(row) == wanted).expect("a row");
        speaker(row)
    });
    for (at, who) in few.iter().enumerate() {
        let own: Vec<_> = table.rows.iter().filter(|row| speaker(row) == *who).collect();
        let gone: Vec<_> = own[MIN_UTTERANCES - at..].iter().map(|row| row.utterance_id.clone()).collect();
        rows.retain(|row| !gone.contains(&row.utterance_id));
    }
    let all = |table: &Table<FeatureKeys>| {
        let found = fit(&features(table), &rows, params(Method::ZScore, Scope::Speaker)).expect("statistics");
        let keys = features(table).keys().clone();
        assert_eq!(found.lacking(&keys, &fold_of(&keys, &rows)).expect("names"), [few[1].clone()].into());
        assert!(found.groups.contains_key(&few[0]), "eight are enough");
        found.scaling(&few[1]).expect("those of the train side").clone()
    };
    let scaling = all(&table);
    let corpus = fit(&features(&table), &rows, params(Method::ZScore, Scope::Corpus)).expect("statistics");
    assert_eq!(&scaling, corpus.scaling("").expect("corpus-wide"));
    let width = table.float.names.len();
    let ids: Vec<_> = rows.iter().filter(|row| row.split == "test").map(|row| row.utterance_id.clone()).collect();
    for at in (0..table.rows.len()).filter(|at| ids.contains(&table.rows[*at].utterance_id)) {
        table.float.values[at * width..(at + 1) * width].iter_mut().for_each(|value| *value += 1e6);
    }
    assert_eq!(all(&table), scaling, "test rows move nothing");
    let first: Vec<_> = rows.iter().take(5).cloned().collect();
    let error = fit(&features(&table), &first, params(Method::ZScore, Scope::Speaker)).expect_err("5 rows").to_string();
    assert!(error.contains("no speaker has the 8 utterances") && error.contains("normalize.scope"), "{error}");
}

#[test]
fn coinciding_quartiles_fall_back_on_the_deviation() {
    let mut values = vec![2.0; 9];
    values.push(12.0);
    assert_eq!(center_and_scale(Method::Robust, &mut values), (2.0, 3.0));
}

#[test]
fn no_method_leaves_values_alone() {
    let (table, rows) = world();
    let found = fit(&features(&table), &rows, params(Method::None, Scope::Corpus)).expect("statistics");
    let scaling = found.scaling("").expect("corpus-wide");
    assert_eq!(scaling.apply(0, -3.75), -3.75);
    assert_eq!(scaling.apply(0, f32::NAN), 0.0);
}

#[test]
fn a_small_scale_gives_finite_values() {
    let scaling = Scaling { center: vec![0.0], scale: vec![1e-45], rows: vec![2], transductive: false };
    assert_eq!(scaling.apply(0, 1e30), f32::MAX);
}

#[test]
fn statistics_survive_their_table() {
    let (table, rows) = world();
    let features = features(&table);
    for scope in [Scope::Corpus, Scope::Speaker] {
        let found = fit(&features, &rows, params(Method::ZScore, scope)).expect("statistics");
        let table = found.rows(0);
        assert!(table.is_sorted_by_key(|row| (row.fold, row.group.clone(), row.feature.clone())));
        assert_eq!(Scaler::from_rows(&table, features.names()).expect("the same features"), found);
        let error = Scaler::from_rows(&table, &features.names()[1..]).expect_err("one less").to_string();
        assert!(error.contains(&features.names()[0]), "{error}");
        let mut more = features.names().to_vec();
        more.push("jitter_mean".to_owned());
        let error = Scaler::from_rows(&table, &more).expect_err("one more").to_string();
        assert!(error.contains("jitter_mean"), "{error}");
        assert!(found.check_features(&more).is_err());
    }
}

/// Several folds in one pass give what each gives alone, and a file of numbers what memory gives.
#[test]
fn statistics_do_not_depend_on_the_folds_beside_them_nor_on_where_numbers_lie() {
    let (mut table, _) = world();
    table.float.values.iter_mut().step_by(37).for_each(|value| *value = f32::NAN);
    let split = toml::from_str::<SplitSection>("scheme = 'k-fold'").expect("well-formed").check().expect("legal");
    let held = features(&table);
    let folds = assign(held.keys(), &split, 1).expect("folds").folds;
    let mut filed = crate::dataset::FeaturesBuilder::new(&Memory::new(0), table.rows.len());
    filed.push(table).expect("a file");
    let filed = filed.finish().expect("legal features");
    assert!(!filed.values().is_held());
    for (method, scope) in [(Method::ZScore, Scope::Corpus), (Method::Robust, Scope::Speaker)] {
        let together = Scaler::fit_each(&filed, &folds, params(method, scope)).expect("statistics");
        for (fold, found) in folds.iter().zip(together) {
            assert_eq!(Scaler::fit(&held, fold, params(method, scope)).expect("statistics"), found);
        }
    }
}

#[test]
fn the_order_of_split_rows_does_not_matter() {
    let (table, mut rows) = world();
    let features = features(&table);
    let before = fit(&features, &rows, params(Method::ZScore, Scope::Speaker)).expect("statistics");
    rows.reverse();
    assert_eq!(fit(&features, &rows, params(Method::ZScore, Scope::Speaker)).expect("statistics"), before);
}

proptest! {
    #[test]
    fn quantiles_are_the_interpolated_order_statistics(
        values in prop::collection::vec(-1e3f64..1e3, 1..60),
        share in 0.0f64..=1.0,
    ) {
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        let at = (values.len() - 1) as f64 * share;
        let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
        prop_assert!(close(quantile(&mut values.clone(), share), low + (high - low) * at.fract()));
    }
}

#[test]
fn each_corpus_is_scaled_by_its_train_rows_or_by_itself() {
    let mut data = Utterances::of("a", &(0..40).map(|at| (at / 4, at % 2)).collect::<Vec<_>>());
    data.rows.extend(Utterances::of("b", &(0..40).map(|at| (at / 4, at % 2)).collect::<Vec<_>>()).rows);
    let (table, keys) = (data.table(), data.keys());
    let fitted = |split: &str| {
        let split = toml::from_str::<SplitSection>(split).expect("well-formed").check().expect("legal");
        let folds = assign(&keys, &split, 1).expect("folds").folds;
        let rows = split_rows(&keys, &folds[..1]);
        (fit(&features(&table), &rows, params(Method::ZScore, Scope::EachCorpus)).expect("statistics"), rows)
    };
    let (within, rows) = fitted("scheme = 'k-fold'\ndev = 0");
    for corpus in ["a", "b"] {
        let of_train = |row: &FeatureKeys| row.corpus == corpus && side_of(&rows, &row.utterance_id) == "train";
        let (center, scale) = naive(Method::ZScore, &column(&table, 0, of_train));
        let scaling = within.scaling(corpus).expect("its own");
        assert!(close(scaling.center[0], center) && close(scaling.scale[0], scale), "{corpus}");
    }
    assert!(!within.is_transductive(), "no test row is looked at");
    let (across, _) = fitted("scheme = 'loco'\ndev = 0");
    let (center, _) = naive(Method::ZScore, &column(&table, 0, |row| row.corpus == "a"));
    assert!(close(across.scaling("a").expect("the tested corpus").center[0], center));
    assert!(across.groups["a"].transductive && !across.groups["b"].transductive);
    let table_rows = across.rows(0);
    assert_eq!(Scaler::from_rows(&table_rows, &across.features).expect("it reads back"), across);
}
