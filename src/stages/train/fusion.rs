//! Late fusion: one opinion from several.

use std::ops::Range;

use super::scores::Scores;
use crate::model::FusionMethod;

/// Most rounds of the fit of weights; they end by themselves when nothing moves.
const MAX_ROUNDS: usize = 1000;
/// Change of a weight that counts as none.
const STILL: f64 = 1e-9;

/// The weight of each model, with sum 1; `held_out` are out-of-fold rows of each, the same for all. Models that a
/// temperature `calibrates` are weighed as it leaves them.
pub fn weights(method: FusionMethod, held_out: &[&Scores], calibrates: bool) -> Vec<f64> {
    let rows: Vec<Scores> = held_out.iter().map(|rows| as_used(rows, rows, calibrates)).collect();
    of_rows(method, &rows.iter().collect::<Vec<_>>())
}

/// Rows of a model under the temperature that `others` of it ask for.
fn as_used(rows: &Scores, others: &Scores, calibrates: bool) -> Scores {
    if calibrates { rows.calibrated_on(others) } else { rows.clone() }
}

fn of_rows(method: FusionMethod, held_out: &[&Scores]) -> Vec<f64> {
    match method {
        FusionMethod::Average => equal(held_out.len()),
        FusionMethod::Stack => most_likely(held_out),
    }
}

/// The same weight for each.
pub fn equal(models: usize) -> Vec<f64> {
    vec![1.0 / models as f64; models]
}

/// What the fusion says of the rows of all inner folds, which end at `ends`; weights and temperatures for the rows of
/// one come from those of the others.
pub fn fused(method: FusionMethod, held_out: &[&Scores], ends: &[usize], calibrates: bool) -> Scores {
    let mut fused = Scores::default();
    let mut start = 0;
    for &end in ends {
        let (inside, others): (Vec<Scores>, Vec<Scores>) =
            held_out.iter().map(|rows| apart(rows, start..end, calibrates)).unzip();
        let weights = of_rows(method, &others.iter().collect::<Vec<_>>());
        fused.append(&Scores::mix(&inside.iter().collect::<Vec<_>>(), &weights));
        start = end;
    }
    fused
}

/// The rows of an inner fold and those of the others, both under the temperature that the others ask for.
fn apart(rows: &Scores, fold: Range<usize>, calibrates: bool) -> (Scores, Scores) {
    let (inside, others) = rows.divide(fold);
    // Where halving has seen one inner fold only, its rows speak for themselves.
    let others = if others.truth.is_empty() { inside.clone() } else { others };
    (as_used(&inside, &others, calibrates), as_used(&others, &others, calibrates))
}

/// Weights of a linear opinion pool that make the true classes most likely, by expectation maximization for the
/// proportions of a mixture (Dempster, Laird and Rubin, 1977, section 4.3).
fn most_likely(held_out: &[&Scores]) -> Vec<f64> {
    let of_truth = |rows: &&Scores| -> Vec<f64> {
        rows.rows().zip(&rows.truth).map(|(row, &class)| f64::from(row[class].max(f32::MIN_POSITIVE))).collect()
    };
    let likelihoods: Vec<Vec<f64>> = held_out.iter().map(of_truth).collect();
    let rows = likelihoods[0].len();
    let mut weights = equal(held_out.len());
    for _ in 0..MAX_ROUNDS {
        let mut shares = vec![0.0; weights.len()];
        for row in 0..rows {
            let parts = || likelihoods.iter().zip(&weights).map(|(likelihood, weight)| likelihood[row] * weight);
            let sum: f64 = parts().sum();
            shares.iter_mut().zip(parts()).for_each(|(share, part)| *share += part / sum / rows as f64);
        }
        let moved = weights.iter().zip(&shares).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        weights = shares;
        if moved < STILL {
            break;
        }
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TuneMetric;

    fn scored(probabilities: &[f32]) -> Scores {
        let rows = probabilities.len() / 2;
        let truth = (0..rows).map(|row| row % 2).collect();
        Scores { ids: (0..rows).map(|row| row.to_string()).collect(), truth, probabilities: probabilities.to_vec() }
    }

    #[test]
    fn the_average_weighs_all_alike() {
        let rows = scored(&[0.5, 0.5]);
        assert_eq!(weights(FusionMethod::Average, &[&rows, &rows, &rows, &rows], false), [0.25; 4]);
    }

    #[test]
    fn stacking_leans_on_who_is_right() {
        let right = scored(&[0.9, 0.1, 0.1, 0.9, 0.9, 0.1, 0.1, 0.9]);
        let wrong = scored(&[0.2, 0.8, 0.8, 0.2, 0.2, 0.8, 0.8, 0.2]);
        let weights = weights(FusionMethod::Stack, &[&wrong, &right], false);
        assert!(weights[1] > 0.999, "{weights:?}");
        let sum: f64 = weights.iter().sum();
        assert!((sum - 1.0).abs() < 1e-12);
    }

    #[test]
    fn stacking_matches_the_most_likely_weights_found_by_trying_them_all() {
        let a = scored(&[0.9, 0.1, 0.6, 0.4, 0.9, 0.1, 0.1, 0.9]);
        let b = scored(&[0.4, 0.6, 0.1, 0.9, 0.6, 0.4, 0.3, 0.7]);
        let found = weights(FusionMethod::Stack, &[&a, &b], false)[0];
        let likelihood = |w: f64| Scores::mix(&[&a, &b], &[w, 1.0 - w]).score(TuneMetric::LogLoss);
        let best = (0..=1000).map(|w| f64::from(w) / 1000.0).max_by(|x, y| likelihood(*x).total_cmp(&likelihood(*y)));
        assert!((found - best.unwrap()).abs() < 2e-3, "{found} {best:?}");
    }

    #[test]
    fn a_fusion_is_scored_on_rows_that_its_weights_have_not_seen() {
        let a = scored(&[0.9, 0.1, 0.6, 0.4, 0.9, 0.1, 0.1, 0.9]);
        let b = scored(&[0.4, 0.6, 0.1, 0.9, 0.6, 0.4, 0.3, 0.7]);
        let average = Scores::mix(&[&a, &b], &[0.5, 0.5]).score(TuneMetric::Accuracy);
        let score = |method, metric| fused(method, &[&a, &b], &[2, 4], false).score(metric);
        assert_eq!(score(FusionMethod::Average, TuneMetric::Accuracy), average);
        let stacked = score(FusionMethod::Stack, TuneMetric::LogLoss);
        let seen = Scores::mix(&[&a, &b], &weights(FusionMethod::Stack, &[&a, &b], false)).score(TuneMetric::LogLoss);
        assert!(stacked < seen, "{stacked} {seen}");
    }

    #[test]
    fn calibrated_models_are_weighed_and_mixed_as_calibrated() {
        // Both are right in six rows of eight. One is far too sure of itself, and has nothing else against it.
        let rows = |sure: f32, wrong: [usize; 2]| {
            let row = |at: usize| {
                if wrong.contains(&at) == at.is_multiple_of(2) { [1.0 - sure, sure] } else { [sure, 1.0 - sure] }
            };
            scored(&(0..8).flat_map(row).collect::<Vec<_>>())
        };
        let (bold, fair) = (rows(0.9999, [0, 5]), rows(0.75, [1, 4]));
        let of_bold = |calibrates| weights(FusionMethod::Stack, &[&bold, &fair], calibrates)[0];
        assert!(of_bold(false) < 0.48, "{}", of_bold(false));
        assert!((of_bold(true) - 0.5).abs() < 1e-3, "{}", of_bold(true));
        // Each half has one mistake in four rows, so that the other asks for the temperature that it wants itself.
        let log_loss =
            |calibrates| -fused(FusionMethod::Average, &[&bold], &[4, 8], calibrates).score(TuneMetric::LogLoss);
        assert!(log_loss(false) > 2.0);
        let want = -(0.75 * 0.75_f64.ln() + 0.25 * 0.25_f64.ln());
        assert!((log_loss(true) - want).abs() < 1e-3, "{} {want}", log_loss(true));
    }
}
