use super::bootstrap::{Interval, paired_intervals};
use super::metrics::Pool;
use super::permutation::{Permutation, permutation};
use super::tally::first_difference;
use super::{EvalError, Margins, Measure, Resampling, Tally};
use crate::schema::Comparison;

impl Tally {
    /// The `headline` model against each other model on the same test rows: difference, 95 % interval from the paired
    /// bootstrap over speakers, and two-sided p value of the paired permutation test over speakers; sorted by
    /// model and metric. Nothing is corrected for the number of comparisons.
    ///
    /// Interval and p value are null, with the reason in `test`, where [`Tally::metrics`] would give no interval.
    ///
    /// # Errors
    /// The headline model has no rows, or another model was scored on other rows.
    pub fn comparisons(&self, headline: &str, resampling: Resampling) -> Result<Vec<Comparison>, EvalError> {
        self.cells(headline)?;
        let mut rows = Vec::new();
        for other in self.models().filter(|model| *model != headline) {
            rows.extend(self.compare(headline, other, resampling)?);
        }
        rows.sort_by(|a, b| (&a.model_b, &a.metric).cmp(&(&b.model_b, &b.metric)));
        Ok(rows)
    }

    fn compare(&self, model_a: &str, model_b: &str, resampling: Resampling) -> Result<Vec<Comparison>, EvalError> {
        let (cells_a, cells_b) = (self.cells(model_a)?, self.cells(model_b)?);
        if let Some(place) = first_difference(cells_a, cells_b) {
            return Err(EvalError::Unpaired { model_a: model_a.to_owned(), model_b: model_b.to_owned(), place });
        }
        let classes = self.classes().len();
        let (a, b) = (Pool::of(cells_a, classes), Pool::of(cells_b, classes));
        let tests = tests(&a, &b, resampling);
        let rows = Measure::SUMMARY.iter().zip(tests).filter_map(|(measure, test)| {
            Some(Comparison {
                model_a: model_a.to_owned(),
                model_b: model_b.to_owned(),
                metric: measure.as_str().to_owned(),
                delta: measure.of(&a.total)? - measure.of(&b.total)?,
                low: test.low,
                high: test.high,
                p_value: test.p_value,
                test: test.name,
                clusters: a.speakers.len() as i64,
            })
        });
        Ok(rows.collect())
    }
}

struct Test {
    low: Option<f64>,
    high: Option<f64>,
    p_value: Option<f64>,
    name: String,
}

/// The test of each summary measure.
fn tests(a: &Pool, b: &Pool, resampling: Resampling) -> Vec<Test> {
    if let Some(reason) = a.obstacle(a.speakers.len(), resampling) {
        let none = || Test { low: None, high: None, p_value: None, name: format!("none: {reason}") };
        return Measure::SUMMARY.iter().map(|_| none()).collect();
    }
    let a: Vec<Margins> = a.speakers.values().cloned().collect();
    let b: Vec<Margins> = b.speakers.values().cloned().collect();
    let Permutation { p_values, name } = permutation(&a, &b, &Measure::SUMMARY, resampling);
    let intervals = paired_intervals(&a, &b, &Measure::SUMMARY, resampling);
    let test = |(p_value, interval): (_, Option<Interval>)| Test {
        low: interval.map(|interval| interval.low),
        high: interval.map(|interval| interval.high),
        p_value,
        name: name.clone(),
    };
    p_values.into_iter().zip(intervals).map(test).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::tally::fixture::{Shape, tally};

    const RESAMPLING: Resampling = Resampling { resamples: 300, seed: 7 };

    #[test]
    fn the_headline_meets_each_other_model_on_each_measure() {
        let rows =
            tally(&["mlp", "tree", "svm"], Shape { speakers: 10, rows: 12 }).comparisons("mlp", RESAMPLING).unwrap();
        let pairs: Vec<_> = rows.iter().map(|row| (row.model_b.as_str(), row.metric.as_str())).collect();
        let metrics = ["accuracy", "macro_f1", "uar", "weighted_f1"];
        let want: Vec<_> = ["svm", "tree"].iter().flat_map(|model| metrics.map(|metric| (*model, metric))).collect();
        assert_eq!(pairs, want);
        for row in rows {
            let (low, high, p) = (row.low.unwrap(), row.high.unwrap(), row.p_value.unwrap());
            assert!(low <= row.delta && row.delta <= high && (0.0..=1.0).contains(&p), "{row:?}");
            assert_eq!((row.model_a.as_str(), row.clusters), ("mlp", 10));
        }
    }

    #[test]
    fn too_few_speakers_give_a_difference_and_no_test() {
        let rows = tally(&["mlp", "tree"], Shape { speakers: 7, rows: 12 }).comparisons("mlp", RESAMPLING).unwrap();
        assert_eq!(rows.len(), 4);
        for row in rows {
            assert_eq!((row.low, row.high, row.p_value, row.clusters), (None, None, None, 7));
            assert_eq!(row.test, "none: 7 speakers, at least 8 needed");
        }
    }

    #[test]
    fn differences_are_those_of_the_metrics_table() {
        let tally = tally(&["mlp", "tree"], Shape { speakers: 9, rows: 20 });
        let figure = |model: &str| tally.confusion(model).margins().uar().unwrap();
        let rows = tally.comparisons("mlp", RESAMPLING).unwrap();
        let uar = rows.iter().find(|row| row.metric == "uar").unwrap();
        assert_eq!(uar.delta, figure("mlp") - figure("tree"));
    }

    #[test]
    fn an_unknown_headline_and_other_rows_are_refused() {
        let mut tally = tally(&["mlp", "tree"], Shape { speakers: 8, rows: 4 });
        let message = tally.comparisons("lstm", RESAMPLING).unwrap_err().to_string();
        assert_eq!(message, "no test predictions of model `lstm`; there are some of mlp, tree");
        let extra = crate::eval::Outcome {
            utterance_id: "c/extra",
            model: "tree",
            fold: 0,
            truth: "anger",
            predicted: "anger",
            corpus: "c",
            speaker: Some("c/00"),
            gender: None,
        };
        tally.add(&extra).unwrap();
        let message = tally.comparisons("mlp", RESAMPLING).unwrap_err().to_string();
        assert!(message.contains("different test rows, first in fold 0, corpus `c`, speaker `c/00`"), "{message}");
    }
}
