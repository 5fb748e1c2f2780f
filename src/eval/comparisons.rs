use std::collections::BTreeMap;

use super::bootstrap::{Interval, paired_intervals};
use super::outcomes::{first_difference, same_predictions};
use super::permutation::permutation;
use super::pool::Pool;
use super::wilcoxon::wilcoxon;
use super::{EvalError, Measure, Outcomes, Resampling, Sums};
use crate::schema::Comparison;

/// Standard errors that a true difference must be away from zero to be found with a chance of 80 % by a two-sided
/// test at 5 %: the normal quantiles of 0.975 and 0.8 (Bloom 1995, Minimum detectable effects).
const DETECTABLE: f64 = 1.959_964 + 0.841_621;
/// The note of a pair that says the same of every row: there is nothing to test.
pub const SAME_PREDICTIONS: &str = "none: the same predictions";

impl Outcomes {
    /// Each of `models` against each other model on the same test rows, a pair once: difference, 95 % interval from
    /// the paired bootstrap over speakers, two tests (paired permutation over speakers, Wilcoxon's signed ranks of the
    /// speakers' figures) with two-sided p values, corrected by Holm's method for the pairs of the same metric and
    /// test; sorted by models, metric and test.
    ///
    /// Interval and p value are null, with the reason in `note`, where [`Outcomes::metrics`] would give no interval, and
    /// where both models predict the same of each row; such a pair is none of those that are corrected for.
    ///
    /// # Errors
    /// One of `models` has no rows, or another model was scored on other rows.
    pub fn comparisons(&self, models: &[&str], resampling: Resampling) -> Result<Vec<Comparison>, EvalError> {
        let mut rows = Vec::new();
        for (index, model) in models.iter().enumerate() {
            self.cells(model)?;
            let is_new = |other: &&str| other != model && !models[..index].contains(other);
            for other in self.models().filter(is_new) {
                let mut pair = self.comparison(model, other, resampling)?;
                if same_predictions(self.cells(model)?, self.cells(other)?) {
                    pair.iter_mut().for_each(untest);
                }
                rows.extend(pair);
            }
        }
        correct(&mut rows);
        rows.sort_by(|a, b| {
            (&a.model_a, &a.model_b, &a.metric, &a.test).cmp(&(&b.model_a, &b.model_b, &b.metric, &b.test))
        });
        Ok(rows)
    }

    /// One pair as in [`Outcomes::comparisons`], corrected for no other and tested even where both predict the same: then
    /// the difference is 0 in every resample.
    ///
    /// # Errors
    /// One of the models has no rows, or they were scored on different ones.
    pub fn comparison(
        &self,
        model_a: &str,
        model_b: &str,
        resampling: Resampling,
    ) -> Result<Vec<Comparison>, EvalError> {
        let (cells_a, cells_b) = (self.cells(model_a)?, self.cells(model_b)?);
        if let Some(place) = first_difference(cells_a, cells_b) {
            return Err(EvalError::Unpaired { model_a: model_a.to_owned(), model_b: model_b.to_owned(), place });
        }
        let classes = self.classes().len();
        let (a, b) = (Pool::of(cells_a, classes), Pool::of(cells_b, classes));
        let mut rows = Vec::new();
        for (measure, tests) in Measure::SUMMARY.iter().zip(tests(&a, &b, resampling)) {
            let Some(delta) = measure.of(&a.total).zip(measure.of(&b.total)).map(|(a, b)| a - b) else { continue };
            rows.extend(tests.into_iter().map(|test| Comparison {
                model_a: model_a.to_owned(),
                model_b: model_b.to_owned(),
                metric: measure.as_str().to_owned(),
                test: test.name.to_owned(),
                delta,
                low: test.interval.map(|interval| interval.low),
                high: test.interval.map(|interval| interval.high),
                p_value: test.p_value,
                p_adjusted: None,
                detectable: test.interval.map(|interval| DETECTABLE * interval.error),
                clusters: a.speakers.len() as i64,
                track: self.track().to_string(),
                note: test.note,
            }));
        }
        Ok(rows)
    }
}

struct Test {
    name: &'static str,
    interval: Option<Interval>,
    p_value: Option<f64>,
    note: String,
}

/// Both tests of each summary measure.
fn tests(a: &Pool, b: &Pool, resampling: Resampling) -> Vec<[Test; 2]> {
    if let Some(reason) = a.obstacle(a.speakers.len(), resampling) {
        let none = |name| Test { name, interval: None, p_value: None, note: format!("none: {reason}") };
        return Measure::SUMMARY.iter().map(|_| [none("permutation"), none("wilcoxon")]).collect();
    }
    let a: Vec<Sums> = a.speakers.values().cloned().collect();
    let b: Vec<Sums> = b.speakers.values().cloned().collect();
    let permuted = permutation(&a, &b, &Measure::SUMMARY, resampling);
    let intervals = paired_intervals(&a, &b, &Measure::SUMMARY, resampling);
    let mut tests = Vec::new();
    for ((measure, p_value), interval) in Measure::SUMMARY.iter().zip(permuted.p_values).zip(intervals) {
        let ranked = wilcoxon(&differences(&a, &b, *measure));
        tests.push([
            Test { name: "permutation", interval, p_value, note: permuted.note.clone() },
            Test { name: "wilcoxon", interval, p_value: Some(ranked.p_value), note: ranked.note },
        ]);
    }
    tests
}

/// Takes the test away of two models that predict the same.
fn untest(row: &mut Comparison) {
    (row.low, row.high, row.p_value, row.detectable) = (None, None, None, None);
    SAME_PREDICTIONS.clone_into(&mut row.note);
}

/// The difference of each speaker's figures.
fn differences(a: &[Sums], b: &[Sums], measure: Measure) -> Vec<f64> {
    a.iter().zip(b).filter_map(|(a, b)| Some(measure.of(a)? - measure.of(b)?)).collect()
}

/// Fills in the corrected p values, for the pairs of each metric and test.
fn correct(rows: &mut [Comparison]) {
    let mut families: BTreeMap<(String, String), Vec<&mut Comparison>> = BTreeMap::new();
    for row in rows.iter_mut().filter(|row| row.p_value.is_some()) {
        families.entry((row.metric.clone(), row.test.clone())).or_default().push(row);
    }
    for family in families.into_values() {
        let p_values: Vec<f64> = family.iter().filter_map(|row| row.p_value).collect();
        for (row, p_adjusted) in family.into_iter().zip(holm(&p_values)) {
            row.p_adjusted = Some(p_adjusted);
        }
    }
}

/// P values corrected for their number by Holm's step-down method (Holm 1979, A simple sequentially rejective multiple
/// test procedure): the chance of any false alarm among them stays below the level. As R's `p.adjust(p, "holm")`.
fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut largest = 0.0_f64;
    for (rank, &index) in order.iter().enumerate() {
        let remaining = (p_values.len() - rank) as f64;
        largest = largest.max(remaining * p_values[index]).min(1.0);
        adjusted[index] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests;
