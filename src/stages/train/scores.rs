//! Class probabilities of rows whose class is known: what searching, fusing and explaining work with.

use std::ops::Range;

use ndarray::ArrayView2;

use crate::dataset::{Examples, Keys};
use crate::eval::{Confusion, SMALLEST_PROBABILITY};
use crate::model::{self, Model, TuneMetric};
use crate::schema::{Columns, PROBABILITY_PREFIX, Prediction, Side, Table};
use crate::stages::StageError;

/// Rows with their class and the probabilities that a model gives them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scores {
    pub ids: Vec<String>,
    /// Class of each row.
    pub truth: Vec<usize>,
    /// Rows x classes, row after row.
    pub probabilities: Vec<f32>,
}

/// Whose rows they are, for the predictions table.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    pub model: &'a str,
    pub fold: i64,
    pub seed: i64,
    pub split: Side,
}

impl Scores {
    /// What a model says of a side.
    ///
    /// # Errors
    /// The rows cannot be read.
    pub fn new(model: &Model, side: &Examples, keys: &Keys) -> Result<Self, StageError> {
        let probabilities = model.probabilities_of(&side.rows.x)?.into_iter().collect();
        let ids = keys.ids()?;
        let ids = side.at.iter().map(|row| ids[*row].to_owned()).collect();
        Ok(Self { ids, truth: side.rows.y.to_vec(), probabilities })
    }

    /// [`model::mix`] of what several models say of the same rows.
    pub fn mix(parts: &[&Self], weights: &[f64]) -> Self {
        let rows: Vec<&[f32]> = parts.iter().map(|part| part.probabilities.as_slice()).collect();
        let probabilities = model::mix(&rows, weights);
        Self { ids: parts[0].ids.clone(), truth: parts[0].truth.clone(), probabilities }
    }

    /// Adds rows.
    pub fn append(&mut self, other: &Self) {
        self.ids.extend_from_slice(&other.ids);
        self.truth.extend_from_slice(&other.truth);
        self.probabilities.extend_from_slice(&other.probabilities);
    }

    /// The rows of a range, or all others.
    pub fn divide(&self, range: Range<usize>) -> (Self, Self) {
        let (mut inside, mut outside) = (Self::default(), Self::default());
        for (at, row) in self.rows().enumerate() {
            let part = if range.contains(&at) { &mut inside } else { &mut outside };
            part.ids.push(self.ids[at].clone());
            part.truth.push(self.truth[at]);
            part.probabilities.extend_from_slice(row);
        }
        (inside, outside)
    }

    /// The rows under the temperature that others of the same model ask for.
    pub fn calibrated_on(&self, others: &Self) -> Self {
        let probabilities = model::tempered(self.matrix(), others.temperature());
        Self { probabilities: probabilities.into_iter().collect(), ..self.clone() }
    }

    /// What confidence in these rows is to be divided by.
    pub fn temperature(&self) -> f64 {
        model::temperature(self.matrix(), &self.truth)
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.probabilities.len() / self.truth.len().max(1)
    }

    /// Probabilities `rows x classes`.
    pub fn matrix(&self) -> ArrayView2<'_, f32> {
        let shape = (self.truth.len(), self.classes());
        ArrayView2::from_shape(shape, &self.probabilities).expect("every row has all its classes")
    }

    /// The probabilities of each row.
    pub fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.probabilities.chunks_exact(self.classes().max(1))
    }

    /// True against predicted classes.
    pub fn confusion(&self) -> Confusion {
        let predicted = self.rows().map(model::top);
        Confusion::from_pairs(self.classes(), self.truth.iter().copied().zip(predicted))
    }

    /// The metric over all rows, the higher the better: log loss is negative. Minus infinity without rows.
    pub fn score(&self, metric: TuneMetric) -> f64 {
        let value = match metric {
            TuneMetric::Uar => self.confusion().class_counts().uar(),
            TuneMetric::Accuracy => self.confusion().class_counts().accuracy(),
            TuneMetric::LogLoss => self.log_likelihood(),
        };
        value.unwrap_or(f64::NEG_INFINITY)
    }

    fn log_likelihood(&self) -> Option<f64> {
        let of_truth =
            self.rows().zip(&self.truth).map(|(row, &class)| f64::from(row[class]).max(SMALLEST_PROBABILITY).ln());
        (!self.truth.is_empty()).then(|| of_truth.sum::<f64>() / self.truth.len() as f64)
    }

    /// The rows as a table of predictions.
    pub fn table(&self, about: About, classes: &[String]) -> Table<Prediction> {
        let row = |((id, truth), probabilities): ((&String, &usize), &[f32])| Prediction {
            utterance_id: id.clone(),
            model: about.model.to_owned(),
            fold: about.fold,
            seed: about.seed,
            split: about.split.to_string(),
            truth: classes[*truth].clone(),
            predicted: classes[model::top(probabilities)].clone(),
        };
        let rows = self.ids.iter().zip(&self.truth).zip(self.rows()).map(row).collect();
        let names = classes.iter().map(|class| format!("{PROBABILITY_PREFIX}{class}")).collect();
        Table { rows, float: Columns { names, values: self.probabilities.clone() }, ..Table::default() }
    }

    /// The rows back from a table, those that `wanted` takes.
    ///
    /// # Errors
    /// A class that is none of `classes`: the table is of another run.
    pub fn from_table(
        table: &Table<Prediction>,
        classes: &[String],
        wanted: impl Fn(&Prediction) -> bool,
    ) -> Result<Self, StageError> {
        let mut scored = Self::default();
        for (at, row) in table.rows.iter().enumerate().filter(|(_, row)| wanted(row)) {
            let class = classes
                .binary_search(&row.truth)
                .map_err(|_| StageError::MissingTable { table: "predictions".to_owned(), stage: "train" })?;
            scored.ids.push(row.utterance_id.clone());
            scored.truth.push(class);
            scored.probabilities.extend_from_slice(table.float.row(at));
        }
        Ok(scored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(truth: &[usize], probabilities: &[f32]) -> Scores {
        let ids = (0..truth.len()).map(|row| format!("c/{row}")).collect();
        Scores { ids, truth: truth.to_vec(), probabilities: probabilities.to_vec() }
    }

    #[test]
    fn scores_rise_with_what_is_right() {
        let half = scored(&[0, 0, 1], &[0.9, 0.1, 0.2, 0.8, 0.3, 0.7]);
        assert_eq!(half.score(TuneMetric::Uar), 0.75);
        assert_eq!(half.score(TuneMetric::Accuracy), 2.0 / 3.0);
        let want = (f64::from(0.9_f32).ln() + f64::from(0.2_f32).ln() + f64::from(0.7_f32).ln()) / 3.0;
        assert!((half.score(TuneMetric::LogLoss) - want).abs() < 1e-12);
        assert_eq!(Scores::default().score(TuneMetric::Uar), f64::NEG_INFINITY);
        let sure = scored(&[0], &[0.0, 1.0]);
        assert_eq!(sure.score(TuneMetric::LogLoss), SMALLEST_PROBABILITY.ln(), "as in the metrics table");
    }

    #[test]
    fn mixing_weights_probabilities() {
        let (a, b) = (scored(&[0], &[1.0, 0.0]), scored(&[0], &[0.0, 1.0]));
        assert_eq!(Scores::mix(&[&a, &b], &[0.25, 0.75]).probabilities, [0.25, 0.75]);
    }

    #[test]
    fn a_range_is_taken_apart() {
        let rows = scored(&[0, 1, 0], &[1.0, 0.0, 0.2, 0.8, 0.6, 0.4]);
        let (inside, outside) = rows.divide(1..2);
        assert_eq!((inside.truth, inside.probabilities), (vec![1], vec![0.2, 0.8]));
        assert_eq!((outside.ids.len(), outside.probabilities), (2, vec![1.0, 0.0, 0.6, 0.4]));
    }

    #[test]
    fn rows_survive_a_table() {
        let classes = ["anger", "fear"].map(str::to_owned);
        let rows = scored(&[0, 1], &[0.6, 0.4, 0.3, 0.7]);
        let about = About { model: "mlp", fold: 2, seed: 0, split: Side::Test };
        let table = rows.table(about, &classes);
        assert_eq!(table.rows[1].predicted, "fear");
        assert_eq!(Scores::from_table(&table, &classes, |row| row.fold == 2).expect("known classes"), rows);
        assert!(Scores::from_table(&table, &classes[1..], |_| true).is_err());
    }
}
