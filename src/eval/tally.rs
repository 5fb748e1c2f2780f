use std::collections::BTreeMap;

use super::Confusion;

/// What is wrong with a set of outcomes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    /// A row names a class outside the label set.
    #[error(
        "utterance `{utterance_id}`, model `{model}`: class `{class}` is none of {legal}: train and evaluate the \
         same labels"
    )]
    UnknownClass {
        /// The row.
        utterance_id: String,
        /// Its model.
        model: String,
        /// The class it names.
        class: String,
        /// The label set.
        legal: String,
    },
    /// The headline model has no rows.
    #[error("no test predictions of model `{model}`; there are some of {legal}")]
    UnknownModel {
        /// The model asked for.
        model: String,
        /// Models that have rows.
        legal: String,
    },
    /// Two models were not scored on the same rows, so they cannot be compared.
    #[error(
        "models `{model_a}` and `{model_b}` were scored on different test rows, first in {place}: run the train \
         stage again for both"
    )]
    Unpaired {
        /// One model.
        model_a: String,
        /// The other.
        model_b: String,
        /// First fold, corpus and speaker where they differ.
        place: String,
    },
}

/// One test row under one model.
#[derive(Debug, Clone, Copy)]
pub struct Outcome<'a> {
    /// The utterance.
    pub utterance_id: &'a str,
    /// The model.
    pub model: &'a str,
    /// Fold, from 0.
    pub fold: i64,
    /// The labelled class.
    pub truth: &'a str,
    /// The class that the model gave.
    pub predicted: &'a str,
    /// Corpus of the utterance.
    pub corpus: &'a str,
    /// Speaker, where known.
    pub speaker: Option<&'a str>,
    /// Gender of the speaker, where known.
    pub gender: Option<&'a str>,
}

/// Counts of test rows by model, fold, corpus, gender and speaker: all that figures need, and no larger than the
/// number of speakers, whatever the number of rows. The order of the rows does not matter.
#[derive(Debug, Clone)]
pub struct Tally {
    classes: Vec<String>,
    models: BTreeMap<String, Cells>,
}

pub(super) type Cells = BTreeMap<Cell, Count>;

/// What the rows counted together have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cell {
    pub fold: i64,
    pub corpus: String,
    pub gender: Option<String>,
    pub speaker: Option<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Count {
    pub confusion: Confusion,
    /// Wrapping sum of hashes of utterance and truth: equal for two models that were scored on the same rows.
    rows: u64,
}

impl Tally {
    /// An empty tally; `classes` in the order that reports use.
    pub fn new(classes: &[String]) -> Self {
        Self { classes: classes.to_vec(), models: BTreeMap::new() }
    }

    /// Counts one row.
    ///
    /// # Errors
    /// Its truth or prediction is not one of the classes.
    pub fn add(&mut self, outcome: &Outcome<'_>) -> Result<(), EvalError> {
        let truth = self.class(outcome, outcome.truth)?;
        let predicted = self.class(outcome, outcome.predicted)?;
        let classes = self.classes.len();
        let cells = self.models.entry(outcome.model.to_owned()).or_default();
        let count =
            cells.entry(Cell::of(outcome)).or_insert_with(|| Count { confusion: Confusion::new(classes), rows: 0 });
        count.confusion.add(truth, predicted);
        count.rows = count.rows.wrapping_add(row_hash(outcome));
        Ok(())
    }

    /// The classes, in the order of every matrix.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Models with rows, sorted.
    pub fn models(&self) -> impl Iterator<Item = &str> {
        self.models.keys().map(String::as_str)
    }

    /// All test rows of a model in one matrix, pooled over folds; empty for a model without rows.
    pub fn confusion(&self, model: &str) -> Confusion {
        let mut sum = Confusion::new(self.classes.len());
        for count in self.models.get(model).into_iter().flat_map(Cells::values) {
            sum.merge(&count.confusion);
        }
        sum
    }

    pub(super) fn cells(&self, model: &str) -> Result<&Cells, EvalError> {
        self.models.get(model).ok_or_else(|| EvalError::UnknownModel {
            model: model.to_owned(),
            legal: self.models().collect::<Vec<_>>().join(", "),
        })
    }

    pub(super) fn all_cells(&self) -> impl Iterator<Item = (&str, &Cells)> {
        self.models.iter().map(|(model, cells)| (model.as_str(), cells))
    }

    fn class(&self, outcome: &Outcome<'_>, name: &str) -> Result<usize, EvalError> {
        self.classes.iter().position(|class| class == name).ok_or_else(|| EvalError::UnknownClass {
            utterance_id: outcome.utterance_id.to_owned(),
            model: outcome.model.to_owned(),
            class: name.to_owned(),
            legal: self.classes.join(", "),
        })
    }
}

impl Cell {
    fn of(outcome: &Outcome<'_>) -> Self {
        Self {
            fold: outcome.fold,
            corpus: outcome.corpus.to_owned(),
            gender: outcome.gender.map(str::to_owned),
            speaker: outcome.speaker.map(str::to_owned),
        }
    }

    fn place(&self) -> String {
        let speaker = self.speaker.as_deref().unwrap_or("unknown");
        format!("fold {}, corpus `{}`, speaker `{speaker}`", self.fold, self.corpus)
    }
}

/// The first cell in which two models have different rows; none where they are paired.
pub(super) fn first_difference(a: &Cells, b: &Cells) -> Option<String> {
    let differs = |cell: &&Cell| a.get(*cell).map(|count| count.rows) != b.get(*cell).map(|count| count.rows);
    a.keys().chain(b.keys()).filter(differs).min().map(Cell::place)
}

fn row_hash(outcome: &Outcome<'_>) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(outcome.utterance_id.as_bytes()).update(&[0]).update(outcome.truth.as_bytes());
    let mut first = [0; 8];
    hasher.finalize_xof().fill(&mut first);
    u64::from_le_bytes(first)
}

/// A small seeded experiment for the tests of this room.
#[cfg(test)]
pub(super) mod fixture {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// How many speakers, and rows of each.
    #[derive(Debug, Clone, Copy)]
    pub struct Shape {
        pub speakers: usize,
        pub rows: usize,
    }

    pub const CLASSES: [&str; 3] = ["anger", "fear", "neutral"];

    pub fn classes() -> Vec<String> {
        CLASSES.map(str::to_owned).to_vec()
    }

    /// Models of falling skill on the same rows; speakers of two genders, three folds.
    pub fn tally(models: &[&str], shape: Shape) -> Tally {
        let mut tally = Tally::new(&classes());
        for (rank, model) in models.iter().enumerate() {
            let mut random = ChaCha8Rng::seed_from_u64(rank as u64);
            for row in 0..shape.speakers * shape.rows {
                let skill = 0.8 - 0.2 * rank as f64;
                let truth = CLASSES[row % 3];
                let predicted = if random.r#gen::<f64>() < skill { truth } else { CLASSES[random.gen_range(0..3)] };
                let speaker = row / shape.rows;
                let outcome = Outcome {
                    utterance_id: &format!("c/{row:04}"),
                    model,
                    fold: (speaker % 3) as i64,
                    truth,
                    predicted,
                    corpus: "c",
                    speaker: Some(&format!("c/{speaker:02}")),
                    gender: Some(["female", "male"][speaker % 2]),
                };
                tally.add(&outcome).expect("the fixture's classes are its own");
            }
        }
        tally
    }
}

#[cfg(test)]
mod tests {
    use super::fixture::{Shape, classes, tally};
    use super::*;

    #[test]
    fn a_class_outside_the_set_is_refused_with_its_utterance() {
        let outcome = Outcome {
            utterance_id: "c/1",
            model: "mlp",
            fold: 0,
            truth: "joy",
            predicted: "fear",
            corpus: "c",
            speaker: None,
            gender: None,
        };
        let message = Tally::new(&classes()).add(&outcome).unwrap_err().to_string();
        assert!(message.starts_with("utterance `c/1`, model `mlp`: class `joy` is none of anger, fear, neutral"));
    }

    #[test]
    fn matrices_pool_every_row_of_a_model() {
        let tally = tally(&["mlp", "tree"], Shape { speakers: 5, rows: 6 });
        assert_eq!(tally.models().collect::<Vec<_>>(), ["mlp", "tree"]);
        let total = |model: &str| tally.confusion(model).margins().total();
        assert_eq!((total("mlp"), total("svm")), (30, 0));
    }

    #[test]
    fn the_same_rows_are_no_difference_whatever_the_predictions() {
        let tally = tally(&["mlp", "tree"], Shape { speakers: 5, rows: 6 });
        let (a, b) = (tally.cells("mlp").unwrap(), tally.cells("tree").unwrap());
        assert_eq!(first_difference(a, b), None);
    }
}
