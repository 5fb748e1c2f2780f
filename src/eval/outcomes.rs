use std::collections::BTreeMap;

use super::confusion::Mistakes;
use super::{Confusion, EvalError, Losses, Sums};
use crate::schema::Track;

/// Probabilities of a row may add up to this much less or more than 1: float32 rounds them.
const SUM_TOLERANCE: f32 = 1e-3;

/// One test row under one model.
#[derive(Debug, Clone, Copy)]
pub struct Outcome<'a> {
    /// The utterance.
    pub utterance_id: &'a str,
    /// The model.
    pub model: &'a str,
    /// Fold, from 0.
    pub fold: i64,
    /// The fit: 0 is the one that figures come from, others repeat it.
    pub seed: i64,
    /// The labelled class.
    pub truth: &'a str,
    /// The class that the model gave.
    pub predicted: &'a str,
    /// The probability of each class, in the order of the outcomes' classes.
    pub probabilities: &'a [f32],
    /// Corpus of the utterance.
    pub corpus: &'a str,
    /// Speaker, where known.
    pub speaker: Option<&'a str>,
    /// Gender of the speaker, where known.
    pub gender: Option<&'a str>,
    /// Its group in each slice that the outcomes have beside the usual ones, where known.
    pub groups: &'a [Option<&'a str>],
}

/// Counts of test rows by model, fold, corpus, gender and speaker: all that figures need, and no larger than the
/// number of speakers, whatever the number of rows. The order of the rows moves at most the last digits of losses.
#[derive(Debug, Clone)]
pub struct Outcomes {
    classes: Vec<String>,
    track: Track,
    /// Slices beside the usual ones.
    slices: Vec<String>,
    models: BTreeMap<String, Model>,
}

/// The test rows of a model.
#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    /// Those of seed 0.
    pub cells: Cells,
    /// Those of each other seed, together.
    pub repeats: BTreeMap<i64, Count>,
    /// Those of seed 0 that were not recognized.
    pub mistakes: Mistakes,
}

pub(super) type Cells = BTreeMap<Cell, Count>;

/// What the rows counted together have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cell {
    pub fold: i64,
    pub corpus: String,
    pub gender: Option<String>,
    pub speaker: Option<String>,
    pub groups: Vec<Option<String>>,
}

#[derive(Debug, Clone)]
pub(super) struct Count {
    pub confusion: Confusion,
    pub losses: Losses,
    /// Wrapping sum of hashes of utterance and truth: equal for two models that were scored on the same rows.
    rows: u64,
    /// The same of utterance and prediction: equal for two models that say the same of each row.
    predictions: u64,
}

impl Outcomes {
    /// No outcomes yet, of one track; `classes` in the order that reports use.
    pub fn new(classes: &[String], track: Track) -> Self {
        Self { classes: classes.to_vec(), track, slices: Vec::new(), models: BTreeMap::new() }
    }

    /// The same, with slices beside the usual ones: each outcome has a group for each of them.
    pub fn with_slices(self, slices: &[String]) -> Self {
        Self { slices: slices.to_vec(), ..self }
    }

    /// Slices beside the usual ones.
    pub(super) fn slices(&self) -> &[String] {
        &self.slices
    }

    /// Counts one row.
    ///
    /// # Errors
    /// Its truth or prediction is not one of the classes, or its probabilities are not one a class that add up to 1.
    pub fn add(&mut self, outcome: &Outcome<'_>) -> Result<(), EvalError> {
        let truth = self.class(outcome, outcome.truth)?;
        let predicted = self.class(outcome, outcome.predicted)?;
        check_probabilities(outcome, self.classes.len())?;
        let classes = self.classes.len();
        let model = self.models.entry(outcome.model.to_owned()).or_default();
        if outcome.seed == 0 {
            let cell = model.cells.entry(Cell::of(outcome)).or_insert_with(|| Count::new(classes));
            cell.add(outcome, truth, predicted);
            model.mistakes.add(outcome, truth, predicted);
        } else {
            let repeat = model.repeats.entry(outcome.seed).or_insert_with(|| Count::new(classes));
            repeat.add(outcome, truth, predicted);
        }
        Ok(())
    }

    /// The classes, in the order of every matrix.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The track of every figure.
    pub fn track(&self) -> Track {
        self.track
    }

    /// Models with rows, sorted.
    pub fn models(&self) -> impl Iterator<Item = &str> {
        self.models.keys().map(String::as_str)
    }

    /// All test rows of a model in one matrix, pooled over folds; empty for a model without rows.
    pub fn confusion(&self, model: &str) -> Confusion {
        let mut sum = Confusion::new(self.classes.len());
        for count in self.models.get(model).into_iter().flat_map(|model| model.cells.values()) {
            sum.merge(&count.confusion);
        }
        sum
    }

    pub(super) fn cells(&self, model: &str) -> Result<&Cells, EvalError> {
        let found = self.models.get(model).map(|model| &model.cells);
        found.ok_or_else(|| EvalError::UnknownModel {
            model: model.to_owned(),
            legal: self.models().collect::<Vec<_>>().join(", "),
        })
    }

    pub(super) fn all_models(&self) -> impl Iterator<Item = (&str, &Model)> {
        self.models.iter().map(|(name, model)| (name.as_str(), model))
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

impl Count {
    fn new(classes: usize) -> Self {
        Self { confusion: Confusion::new(classes), losses: Losses::new(classes), rows: 0, predictions: 0 }
    }

    fn add(&mut self, outcome: &Outcome<'_>, truth: usize, predicted: usize) {
        self.confusion.add(truth, predicted);
        self.losses.add(truth, predicted, outcome.probabilities);
        self.rows = self.rows.wrapping_add(row_hash(outcome.utterance_id, outcome.truth));
        self.predictions = self.predictions.wrapping_add(row_hash(outcome.utterance_id, outcome.predicted));
    }

    /// What figures are computed from.
    pub fn sums(&self) -> Sums {
        Sums { counts: self.confusion.class_counts(), losses: self.losses.clone() }
    }
}

impl Cell {
    fn of(outcome: &Outcome<'_>) -> Self {
        Self {
            fold: outcome.fold,
            corpus: outcome.corpus.to_owned(),
            gender: outcome.gender.map(str::to_owned),
            speaker: outcome.speaker.map(str::to_owned),
            groups: outcome.groups.iter().map(|group| group.map(str::to_owned)).collect(),
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

/// Whether two models that were scored on the same rows predict the same of each.
pub(super) fn same_predictions(a: &Cells, b: &Cells) -> bool {
    a.iter().all(|(cell, count)| b.get(cell).is_some_and(|other| other.predictions == count.predictions))
}

fn check_probabilities(outcome: &Outcome<'_>, classes: usize) -> Result<(), EvalError> {
    let given = outcome.probabilities;
    let sum: f32 = given.iter().sum();
    // A comparison with NaN is false, so a missing value is refused as well.
    let legal = given.len() == classes && given.iter().all(|p| *p >= 0.0) && (sum - 1.0).abs() <= SUM_TOLERANCE;
    if legal {
        return Ok(());
    }
    Err(EvalError::NoProbabilities {
        utterance_id: outcome.utterance_id.to_owned(),
        model: outcome.model.to_owned(),
        classes,
        got: given.iter().map(f32::to_string).collect::<Vec<_>>().join(", "),
    })
}

fn row_hash(utterance_id: &str, class: &str) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(utterance_id.as_bytes()).update(&[0]).update(class.as_bytes());
    let mut first = [0; 8];
    hasher.finalize_xof().fill(&mut first);
    u64::from_le_bytes(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::fixture::{Shape, classes, outcome, outcomes};

    #[test]
    fn a_class_outside_the_set_is_refused_with_its_utterance() {
        let outcome = Outcome { truth: "joy", ..outcome("c/1", "fear", "fear") };
        let message = Outcomes::new(&classes(), Track::Inductive).add(&outcome).unwrap_err().to_string();
        assert!(message.starts_with("utterance `c/1`, model `mlp`: class `joy` is not one of anger, fear, neutral"));
    }

    #[test]
    fn probabilities_are_one_a_class_and_add_up_to_one() {
        let cases: [&[f32]; 5] =
            [&[0.5, 0.5], &[0.5, 0.5, 0.5], &[1.5, -0.5, 0.0], &[f32::NAN, 0.5, 0.5], &[f32::INFINITY, 0.0, 0.0]];
        for probabilities in cases {
            let outcome = Outcome { probabilities, ..outcome("c/1", "fear", "fear") };
            let message = Outcomes::new(&classes(), Track::Inductive).add(&outcome).unwrap_err().to_string();
            assert!(message.contains("utterance `c/1`, model `mlp`: wanted 3 probabilities"), "{message}");
        }
    }

    #[test]
    fn repeats_of_a_fit_take_no_part_in_its_figures() {
        let mut outcomes = outcomes(&["mlp"], Shape { speakers: 5, rows: 6 });
        let before = outcomes.confusion("mlp");
        outcomes.add(&Outcome { seed: 1, ..outcome("c/1", "fear", "neutral") }).unwrap();
        assert_eq!(outcomes.confusion("mlp"), before);
    }

    #[test]
    fn matrices_pool_every_row_of_a_model() {
        let outcomes = outcomes(&["mlp", "tree"], Shape { speakers: 5, rows: 6 });
        assert_eq!(outcomes.models().collect::<Vec<_>>(), ["mlp", "tree"]);
        let total = |model: &str| outcomes.confusion(model).class_counts().total();
        assert_eq!((total("mlp"), total("svm")), (30, 0));
    }

    #[test]
    fn the_same_rows_are_no_difference_whatever_the_predictions() {
        let outcomes = outcomes(&["mlp", "tree"], Shape { speakers: 5, rows: 6 });
        let (a, b) = (outcomes.cells("mlp").unwrap(), outcomes.cells("tree").unwrap());
        assert_eq!(first_difference(a, b), None);
    }
}
