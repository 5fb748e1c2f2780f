use std::collections::BTreeMap;

use super::{ClassCounts, Outcome, Outcomes};
use crate::schema::ConfusedPair;

/// Counts of true class x predicted class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    classes: usize,
    /// Row-major, [classes x classes]: row = truth, column = predicted.
    counts: Vec<u64>,
}

impl Confusion {
    /// An empty matrix.
    pub fn new(classes: usize) -> Self {
        Self { classes, counts: vec![0; classes * classes] }
    }

    /// The matrix of pairs (truth, predicted); every class is below `classes`.
    pub fn from_pairs(classes: usize, pairs: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut confusion = Self::new(classes);
        pairs.into_iter().for_each(|(truth, predicted)| confusion.add(truth, predicted));
        confusion
    }

    /// Counts one row; both classes are below [`Confusion::classes`].
    pub fn add(&mut self, truth: usize, predicted: usize) {
        self.counts[truth * self.classes + predicted] += 1;
    }

    /// Adds the counts of `other`, which has as many classes.
    pub fn merge(&mut self, other: &Self) {
        for (sum, count) in self.counts.iter_mut().zip(&other.counts) {
            *sum += count;
        }
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Rows of class `truth` that were taken for class `predicted`.
    pub fn count(&self, truth: usize, predicted: usize) -> u64 {
        self.counts[truth * self.classes + predicted]
    }

    /// Rows whose truth is `class`.
    pub fn support(&self, class: usize) -> u64 {
        (0..self.classes).map(|predicted| self.count(class, predicted)).sum()
    }

    /// Rows that were taken for `class`.
    pub fn predicted(&self, class: usize) -> u64 {
        (0..self.classes).map(|truth| self.count(truth, class)).sum()
    }

    /// What every figure is computed from.
    pub fn class_counts(&self) -> ClassCounts {
        ClassCounts::of(self)
    }
}

/// Examples that are kept of a pair.
const EXAMPLES: usize = 5;

/// What a model took for what, as (truth, predicted), with the most probable mistakes.
#[derive(Debug, Clone, Default)]
pub(super) struct Mistakes(BTreeMap<(usize, usize), Vec<Example>>);

/// A mistake and the probability that the model gave to it.
#[derive(Debug, Clone)]
struct Example {
    utterance_id: String,
    probability: f32,
}

impl Mistakes {
    /// Remembers the row where it is a mistake; no more than [`EXAMPLES`] a pair, whatever the number of rows.
    pub fn add(&mut self, outcome: &Outcome<'_>, truth: usize, predicted: usize) {
        if truth == predicted {
            return;
        }
        let probability = outcome.probabilities[predicted];
        let examples = self.0.entry((truth, predicted)).or_default();
        let place = examples.partition_point(|kept| {
            let order =
                probability.total_cmp(&kept.probability).then_with(|| (*kept.utterance_id).cmp(outcome.utterance_id));
            order.is_lt()
        });
        if place < EXAMPLES {
            examples.insert(place, Example { utterance_id: outcome.utterance_id.to_owned(), probability });
            examples.truncate(EXAMPLES);
        }
    }
}

impl Outcomes {
    /// Every pair of classes that a model confused, with the most probable mistakes (equal ones by id); sorted by
    /// model, truth and prediction.
    pub fn confusions(&self) -> Vec<ConfusedPair> {
        let mut rows = Vec::new();
        for (name, model) in self.all_models() {
            let confusion = self.confusion(name);
            for (&(truth, predicted), examples) in &model.mistakes.0 {
                let n = confusion.count(truth, predicted);
                let ids: Vec<&str> = examples.iter().map(|example| example.utterance_id.as_str()).collect();
                rows.push(ConfusedPair {
                    model: name.to_owned(),
                    truth: self.classes()[truth].clone(),
                    predicted: self.classes()[predicted].clone(),
                    n: n as i64,
                    share: n as f64 / confusion.support(truth) as f64,
                    examples: ids.join(" "),
                    track: self.track().to_string(),
                });
            }
        }
        rows.sort_by(|a, b| (&a.model, &a.truth, &a.predicted).cmp(&(&b.model, &b.truth, &b.predicted)));
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::fixture::{Shape, classes, outcome, outcomes};
    use crate::schema::Track;

    #[test]
    fn the_surest_mistakes_are_kept_whatever_the_order() {
        let sure: [f32; 7] = [0.5, 0.9, 0.7, 0.7, 0.6, 0.8, 0.4];
        let rows: Vec<(String, [f32; 3])> =
            sure.iter().enumerate().map(|(row, top)| (format!("c/{row}"), [*top, 1.0 - top, 0.0])).collect();
        let pairs = |rows: &mut dyn Iterator<Item = &(String, [f32; 3])>| {
            let mut outcomes = Outcomes::new(&classes(), Track::Transductive);
            for (id, probabilities) in rows {
                outcomes.add(&Outcome { probabilities, ..outcome(id, "fear", "anger") }).unwrap();
            }
            outcomes.add(&outcome("c/8", "fear", "fear")).unwrap();
            outcomes.confusions()
        };
        let forwards = pairs(&mut rows.iter());
        assert_eq!(forwards, pairs(&mut rows.iter().rev()));
        let [row] = forwards.as_slice() else { panic!("one pair, not {forwards:?}") };
        assert_eq!((row.truth.as_str(), row.predicted.as_str(), row.n, row.share), ("fear", "anger", 7, 0.875));
        assert_eq!((row.examples.as_str(), row.track.as_str()), ("c/1 c/5 c/2 c/3 c/4", "transductive"));
    }

    #[test]
    fn counts_are_those_of_the_matrix_off_its_diagonal() {
        let outcomes = outcomes(&["mlp", "tree"], Shape { speakers: 9, rows: 12 });
        let rows = outcomes.confusions();
        let keys: Vec<_> = rows.iter().map(|row| (&row.model, &row.truth, &row.predicted)).collect();
        assert!(keys.is_sorted() && rows.iter().all(|row| row.truth != row.predicted));
        let matrix = outcomes.confusion("tree");
        let wrong: u64 = (0..3).map(|class| matrix.support(class) - matrix.count(class, class)).sum();
        let counted: i64 = rows.iter().filter(|row| row.model == "tree").map(|row| row.n).sum();
        assert_eq!(counted, wrong as i64);
    }
}
