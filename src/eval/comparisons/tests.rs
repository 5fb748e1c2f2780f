use super::*;
use crate::eval::Outcome;
use crate::eval::fixture::{Shape, add_fit, outcome, outcomes};

const RESAMPLING: Resampling = Resampling { resamples: 300, seed: 7 };

#[test]
fn the_headline_meets_each_other_model_on_each_measure() {
    let shape = Shape { speakers: 10, rows: 12 };
    let rows = outcomes(&["mlp", "tree", "svm"], shape).comparisons(&["mlp"], RESAMPLING).unwrap();
    let keys: Vec<_> = rows.iter().map(|row| (&*row.model_b, &*row.metric, &*row.test)).collect();
    let mut want = Vec::new();
    for model in ["svm", "tree"] {
        for metric in ["accuracy", "macro_f1", "uar", "weighted_f1"] {
            want.extend(["permutation", "wilcoxon"].map(|test| (model, metric, test)));
        }
    }
    assert_eq!(keys, want);
    for row in &rows {
        let (low, high, p, adjusted) =
            (row.low.unwrap(), row.high.unwrap(), row.p_value.unwrap(), row.p_adjusted.unwrap());
        assert!(low <= row.delta && row.delta <= high && 0.0 <= p && p <= adjusted && adjusted <= 1.0, "{row:?}");
        assert_eq!((row.model_a.as_str(), row.clusters, row.track.as_str()), ("mlp", 10, "inductive"));
        // The interval is about 3.92 standard errors wide, the detectable difference is 2.80.
        let ratio = row.detectable.unwrap() / (high - low);
        assert!((ratio - 2.80 / 3.92).abs() < 0.1, "{row:?}");
    }
}

#[test]
fn p_values_are_corrected_for_the_pairs_of_a_metric_and_test() {
    let shape = Shape { speakers: 10, rows: 12 };
    let rows = outcomes(&["mlp", "tree", "svm"], shape).comparisons(&["mlp"], RESAMPLING).unwrap();
    for test in ["permutation", "wilcoxon"] {
        let family: Vec<_> = rows.iter().filter(|row| row.metric == "uar" && row.test == test).collect();
        let p_values: Vec<f64> = family.iter().map(|row| row.p_value.unwrap()).collect();
        let adjusted: Vec<f64> = family.iter().map(|row| row.p_adjusted.unwrap()).collect();
        assert_eq!(adjusted, holm(&p_values));
        assert_eq!(p_values.len(), 2);
    }
}

#[test]
fn a_pair_is_compared_once() {
    let shape = Shape { speakers: 10, rows: 12 };
    let rows = outcomes(&["mlp", "tree", "svm"], shape).comparisons(&["mlp", "svm"], RESAMPLING).unwrap();
    let mut pairs: Vec<_> = rows.iter().map(|row| (row.model_a.as_str(), row.model_b.as_str())).collect();
    pairs.dedup();
    assert_eq!(pairs, [("mlp", "svm"), ("mlp", "tree"), ("svm", "tree")]);
}

#[test]
fn the_same_predictions_are_nothing_to_test_and_nothing_to_correct_for() {
    let shape = Shape { speakers: 10, rows: 12 };
    let mut models = outcomes(&["mlp", "tree", "svm"], shape);
    let without = models.comparisons(&["mlp"], RESAMPLING).unwrap();
    add_fit(&mut models, "selected", 0, 0, shape);
    let (same, rest): (Vec<_>, Vec<_>) =
        models.comparisons(&["mlp"], RESAMPLING).unwrap().into_iter().partition(|row| row.model_b == "selected");
    assert_eq!(rest, without, "p values as without the double");
    assert_eq!(same.len(), 8);
    for row in same {
        assert_eq!((row.delta, row.low, row.p_value, row.p_adjusted, row.detectable), (0.0, None, None, None, None));
        assert_eq!(row.note, SAME_PREDICTIONS);
    }
}

#[test]
fn too_few_speakers_give_a_difference_and_no_test() {
    let rows = outcomes(&["mlp", "tree"], Shape { speakers: 7, rows: 12 }).comparisons(&["mlp"], RESAMPLING).unwrap();
    assert_eq!(rows.len(), 8);
    for row in rows {
        assert_eq!((row.low, row.high, row.detectable, row.clusters), (None, None, None, 7));
        assert_eq!((row.p_value, row.p_adjusted), (None, None));
        assert_eq!(row.note, "none: 7 speakers, at least 8 needed");
    }
}

#[test]
fn differences_are_those_of_the_metrics_table() {
    let outcomes = outcomes(&["mlp", "tree"], Shape { speakers: 9, rows: 20 });
    let figure = |model: &str| outcomes.confusion(model).class_counts().uar().unwrap();
    let rows = outcomes.comparisons(&["mlp"], RESAMPLING).unwrap();
    let uar = rows.iter().find(|row| row.metric == "uar").unwrap();
    assert_eq!(uar.delta, figure("mlp") - figure("tree"));
}

#[test]
fn an_unknown_headline_and_other_rows_are_refused() {
    let mut outcomes = outcomes(&["mlp", "tree"], Shape { speakers: 8, rows: 4 });
    let message = outcomes.comparisons(&["lstm"], RESAMPLING).unwrap_err().to_string();
    assert_eq!(message, "no test predictions of model `lstm`; there are some of mlp, tree");
    let extra = Outcome { model: "tree", speaker: Some("c/00"), ..outcome("c/extra", "anger", "anger") };
    outcomes.add(&extra).unwrap();
    let message = outcomes.comparisons(&["mlp"], RESAMPLING).unwrap_err().to_string();
    assert!(message.contains("different test rows, first in fold 0, corpus `c`, speaker `c/00`"), "{message}");
}

#[test]
fn holms_values_match_a_worked_example() {
    // statsmodels and R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") = 0.03 0.06 0.06 0.02
    let close = |got: Vec<f64>, want: &[f64]| {
        assert!(got.len() == want.len() && got.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-12), "{got:?}");
    };
    close(holm(&[0.01, 0.04, 0.03, 0.005]), &[0.03, 0.06, 0.06, 0.02]);
    close(holm(&[0.6, 0.5]), &[1.0, 1.0]);
    close(holm(&[0.04]), &[0.04]);
    close(holm(&[]), &[]);
}
