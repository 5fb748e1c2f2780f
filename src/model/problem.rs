//! What a model is fitted on: checked, and with the classes that the training rows lack left out.

use std::borrow::Cow;
use std::sync::Arc;

use ndarray::{Array2, ArrayView1, CowArray, Ix2};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::fitted_inputs::{self, FittedInputs};
use super::shared::Kernels;
use super::{Calibration, ModelError, ModelKind, ModelSpec, Shape, Shared};
use crate::dataset::Rows;
use crate::matrix::{Matrix, MatrixError};
use crate::options::{ConfigError, between};

/// Rows to fit a model on. Features are normalized already.
#[derive(Debug, Clone, Copy)]
pub struct Problem<'a> {
    /// Training rows: `rows x features`, and the class of each row as an index into `classes`.
    pub train: &'a Rows,
    /// Dev rows: held out by models that stop early on them or are calibrated on them, trained on by the others.
    pub dev: Option<&'a Rows>,
    /// Class names, sorted, each once.
    pub classes: &'a [String],
    /// Feature names, one a column.
    pub features: &'a [String],
    /// What each feature is about, one word a column: features of a word are a family.
    pub families: &'a [String],
    /// Seed of everything random.
    pub seed: u64,
    /// How probabilities are put right on the dev rows.
    pub calibration: Calibration,
    /// Work shared with other fits on the same rows; the fit is the same without.
    pub shared: Option<&'a Shared>,
}

impl Problem<'_> {
    /// Whether a model leaves the dev rows out of its fit.
    fn holds_dev_out(&self, spec: &ModelSpec) -> bool {
        spec.uses_dev() || self.calibration == Calibration::Temperature
    }
}

/// A problem as the algorithms see it: classes are numbered without gaps, each has at least one training row.
#[derive(Debug)]
pub(super) struct Task {
    /// Rows to fit on.
    pub train: Rows,
    /// Their shape.
    pub shape: Shape,
    /// Rows held out for early stopping.
    pub dev: Option<Rows>,
    /// Number of classes.
    pub classes: usize,
    /// Their names, for messages.
    pub names: Vec<String>,
    /// Seed of everything random.
    pub seed: u64,
    /// Family of each input, numbered from 0 without gaps; principal components are one.
    pub families: Vec<usize>,
    /// Kernels between the training rows, for a model that needs them; fits with the same inputs may share them.
    pub kernels: Arc<Kernels>,
}

/// Training rows that memory holds.
pub(super) struct Sample<'a> {
    /// `rows x inputs`
    pub x: CowArray<'a, f32, Ix2>,
    /// Class of each row.
    pub y: Cow<'a, [usize]>,
    /// What a reader should know of it.
    pub notes: Vec<String>,
}

impl Sample<'_> {
    /// The rows in double precision.
    pub fn x_f64(&self) -> Array2<f64> {
        self.x.mapv(f64::from)
    }
}

/// Most rows, by default, of a model that needs all its training rows in memory, in double precision.
pub(super) const MAX_ROWS: usize = 50_000;

/// Refuses a `max_rows` that is too small to learn from.
pub(super) fn check_max_rows(key: &str, max_rows: usize) -> Result<(), ConfigError> {
    between(key, max_rows, 2, 100_000_000)
}

/// A task, and the way back to the problem's classes.
#[derive(Debug)]
pub(super) struct Prepared {
    /// The specification with every number that the fit goes by.
    pub spec: ModelSpec,
    pub task: Task,
    /// What made the task's inputs of the problem's features.
    pub inputs: FittedInputs,
    /// The share of the training values that were clipped.
    pub clipped: Option<f64>,
    /// For each class of the task, its index among the problem's classes.
    pub present: Vec<usize>,
    pub notes: Vec<String>,
}

impl Task {
    /// Rows of each class: `classes`.
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes];
        self.train.y.iter().for_each(|&class| counts[class] += 1);
        counts
    }

    /// All training rows or, above `max_rows`, a seeded sample of them in proportion to the classes, and a note of it.
    pub fn sample(&self, model: ModelKind, max_rows: usize) -> Result<Sample<'_>, MatrixError> {
        let Rows { x, y, .. } = &self.train;
        if y.len() <= max_rows {
            return Ok(Sample { x: x.whole()?, y: Cow::Borrowed(&y[..]), notes: Vec::new() });
        }
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let mut kept = Vec::new();
        for class in 0..self.classes {
            let mut members: Vec<_> = (0..y.len()).filter(|&row| y[row] == class).collect();
            let share = (members.len() * max_rows / y.len()).max(1);
            members.shuffle(&mut rng);
            kept.extend(&members[..share]);
        }
        kept.sort_unstable();
        let note = format!("fitted on a seeded sample of {} of {} rows (train.{model}.max_rows)", kept.len(), y.len());
        let classes = kept.iter().map(|&row| y[row]).collect();
        Ok(Sample { x: x.select(&kept)?.into(), y: Cow::Owned(classes), notes: vec![note] })
    }
}

/// Checks a problem and brings it into the form that the algorithms take.
pub(super) fn prepare(spec: &ModelSpec, problem: &Problem) -> Result<Prepared, ModelError> {
    check(problem)?;
    let own = Shared::new(problem);
    let shared = problem.shared.unwrap_or(&own);
    if !shared.is_of(problem) {
        return Err(ModelError::Shared);
    }
    let with_dev = !problem.holds_dev_out(spec);
    let unclipped = shared.part(with_dev, None)?;
    let chosen = spec.inputs(unclipped.rows.y.len(), problem.features.len());
    let part = shared.part(with_dev, chosen.clip())?;
    let (y, mut notes) = (&part.rows.y, Vec::new());
    let present = present_classes(y, problem.classes.len());
    if present.len() < 2 && !spec.options().fits_one_class() {
        let class = problem.classes[present[0]].clone();
        return Err(ModelError::OneClass { model: spec.kind(), rows: y.len(), class });
    }
    let absent: Vec<_> = (0..problem.classes.len()).filter(|class| !present.contains(class)).collect();
    if !absent.is_empty() {
        let names: Vec<_> = absent.iter().map(|&class| problem.classes[class].as_str()).collect();
        notes.push(format!("no training row is of class {}: it is never predicted", names.join(", ")));
    }
    let (inputs, x, more) = fitted_inputs::fit(&chosen, &part)?;
    let shape = shape(&x)?;
    let (settled, set) = spec.settled(chosen, &shape);
    notes.extend(set);
    notes.extend(more);
    let dev = if spec.uses_dev() { known_dev_rows(problem, &present, &inputs, &mut notes)? } else { None };
    let votes = part.rows.votes.as_ref().map(|votes| votes_of(votes, y, &present, problem.classes.len()));
    let train = Rows { x, y: if absent.is_empty() { Arc::clone(y) } else { renumbered(y, &present) }, votes };
    let names: Vec<_> = present.iter().map(|&class| problem.classes[class].clone()).collect();
    let (families, kernels) = (numbered(&inputs.families(problem.families)), part.kernels(&chosen)?);
    let task = Task { train, shape, dev, classes: present.len(), names, seed: problem.seed, families, kernels };
    let clipped = inputs.clipped_of(&unclipped.rows.x)?;
    Ok(Prepared { spec: settled, task, inputs, clipped, present, notes })
}

/// The votes for the classes that are there; where there are none left, all are for the row's own class.
fn votes_of(votes: &[f32], y: &[usize], present: &[usize], classes: usize) -> Arc<[f32]> {
    let mut kept = Vec::with_capacity(y.len() * present.len());
    for (row, own) in votes.chunks(classes).zip(y) {
        let sum: f32 = present.iter().map(|class| row[*class]).sum();
        let share = |class: &usize| if sum > 0.0 { row[*class] / sum } else { f32::from(class == own) };
        kept.extend(present.iter().map(share));
    }
    kept.into()
}

/// What defaults follow from.
fn shape(x: &Matrix) -> Result<Shape, MatrixError> {
    let (rows, columns) = x.dim();
    let mean = x.means()?;
    let squares = |row: ArrayView1<f32>| -> f64 {
        row.iter().zip(&mean).map(|(&value, mean)| (f64::from(value) - mean).powi(2)).sum()
    };
    let mut sum = 0.0;
    x.each_row(|_, row| sum += squares(row))?;
    Ok(Shape { rows, columns, variance: sum / rows as f64 })
}

fn check(problem: &Problem) -> Result<(), ModelError> {
    let features = problem.features.len();
    if problem.train.x.nrows() == 0 || features == 0 {
        return Err(ModelError::Empty { rows: problem.train.x.nrows(), features });
    }
    if let Some(pair) = problem.classes.windows(2).find(|pair| pair[0] >= pair[1]) {
        return Err(ModelError::Classes { first: pair[0].clone(), second: pair[1].clone() });
    }
    if problem.families.len() != features {
        let got = problem.families.len();
        return Err(ModelError::Shape { part: "features", unit: "families", got, want: features });
    }
    check_rows("train", problem.train, problem)?;
    problem.dev.map_or(Ok(()), |dev| check_rows("dev", dev, problem))
}

fn check_rows(part: &'static str, rows: &Rows, problem: &Problem) -> Result<(), ModelError> {
    let (Rows { x, y, .. }, features, classes) = (rows, problem.features, problem.classes.len());
    if x.ncols() != features.len() {
        return Err(ModelError::Shape { part, unit: "columns", got: x.ncols(), want: features.len() });
    }
    if x.nrows() != y.len() {
        return Err(ModelError::Shape { part, unit: "labels", got: y.len(), want: x.nrows() });
    }
    if let Some((row, &label)) = y.iter().enumerate().find(|&(_, &label)| label >= classes) {
        return Err(ModelError::Label { part, row, label, classes });
    }
    let mut wrong = None;
    x.each_row(|row, values| {
        if wrong.is_none() && values.iter().any(|value| !value.is_finite()) {
            let at = values.iter().position(|value| !value.is_finite()).unwrap_or_default();
            wrong = Some(ModelError::NotFinite { part, row, feature: features[at].clone(), value: values[at] });
        }
    })?;
    wrong.map_or(Ok(()), Err)
}

fn present_classes(y: &[usize], classes: usize) -> Vec<usize> {
    let mut seen = vec![false; classes];
    y.iter().for_each(|&class| seen[class] = true);
    (0..classes).filter(|&class| seen[class]).collect()
}

/// Dev rows of classes that the training rows have, to stop early on; none left is the same as no dev rows.
fn known_dev_rows(
    problem: &Problem,
    present: &[usize],
    inputs: &FittedInputs,
    notes: &mut Vec<String>,
) -> Result<Option<Rows>, MatrixError> {
    let empty = Rows { x: Array2::zeros((0, 0)).into(), y: Arc::from([]), votes: None };
    let Rows { x, y, .. } = problem.dev.unwrap_or(&empty);
    let known: Vec<_> = (0..y.len()).filter(|&row| present.contains(&y[row])).collect();
    let dropped = y.len() - known.len();
    if dropped > 0 {
        notes.push(format!("{dropped} dev rows are of classes without training rows: early stopping leaves them out"));
    }
    if known.is_empty() {
        notes.push("there are no dev rows to stop early on: all epochs were trained".to_owned());
        return Ok(None);
    }
    let y: Vec<_> = known.iter().map(|&row| y[row]).collect();
    let shape = (known.len(), inputs.count(x.ncols()));
    let x = Matrix::build(x.memory(), shape, |rows, mut block| {
        block.assign(&inputs.apply(x.select(&known[rows])?.view()));
        Ok::<_, MatrixError>(())
    })?;
    Ok(Some(Rows { x, y: renumbered(&y, present), votes: None }))
}

/// Words as numbers from 0, in the order of the words.
fn numbered(words: &[&str]) -> Vec<usize> {
    let mut known = words.to_vec();
    known.sort_unstable();
    known.dedup();
    words.iter().map(|word| known.partition_point(|other| other < word)).collect()
}

/// Classes as indices into those that are present.
fn renumbered(y: &[usize], present: &[usize]) -> Arc<[usize]> {
    y.iter().map(|class| present.partition_point(|other| other < class)).collect()
}
