//! What a model is fitted on: checked, and with the classes that the training rows lack left out.

use ndarray::{Array2, ArrayView2, Axis, concatenate};

use super::ModelError;
use crate::config::train::{ModelKind, ModelSpec};

/// Rows to fit a model on. Features are normalized already.
#[derive(Debug, Clone, Copy)]
pub struct Problem<'a> {
    /// Training rows: `rows x features`, and the class of each row as an index into `classes`.
    pub train: (ArrayView2<'a, f32>, &'a [usize]),
    /// Dev rows: held out by models that stop early on them, trained on by the others.
    pub dev: Option<(ArrayView2<'a, f32>, &'a [usize])>,
    /// Class names, sorted, each once.
    pub classes: &'a [String],
    /// Feature names, one a column.
    pub features: &'a [String],
    /// Seed of everything random.
    pub seed: u64,
}

/// Labelled rows, contiguous.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    /// `rows x features`.
    pub x: Array2<f32>,
    /// Class of each row.
    pub y: Vec<usize>,
}

/// A problem as the algorithms see it: classes are numbered without gaps, each has at least one training row.
#[derive(Debug)]
pub(super) struct Task {
    /// Rows to fit on.
    pub train: Rows,
    /// Rows held out for early stopping.
    pub dev: Option<Rows>,
    /// Number of classes.
    pub classes: usize,
    /// Their names, for messages.
    pub names: Vec<String>,
    /// Seed of everything random.
    pub seed: u64,
}

/// A task, and the way back to the problem's classes.
#[derive(Debug)]
pub(super) struct Prepared {
    pub task: Task,
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

    /// The training features in double precision: `rows x features`.
    pub fn train_f64(&self) -> Array2<f64> {
        self.train.x.mapv(f64::from)
    }
}

/// Checks a problem and brings it into the form that the algorithms take.
pub(super) fn prepare(spec: &ModelSpec, problem: &Problem) -> Result<Prepared, ModelError> {
    check(problem)?;
    let mut notes = Vec::new();
    let (train, dev) = divide(spec, problem, &mut notes);
    let present = present_classes(&train.y, problem.classes.len());
    if present.len() < 2 && spec.kind() != ModelKind::Majority {
        let class = problem.classes[present[0]].clone();
        return Err(ModelError::OneClass { model: spec.kind(), rows: train.y.len(), class });
    }
    let absent: Vec<_> = (0..problem.classes.len()).filter(|class| !present.contains(class)).collect();
    if !absent.is_empty() {
        let names: Vec<_> = absent.iter().map(|&class| problem.classes[class].as_str()).collect();
        notes.push(format!("no training row is of class {}: it is never predicted", names.join(", ")));
    }
    let dev = dev.and_then(|rows| known_rows(rows, &present, &mut notes));
    let train = renumber(train, &present);
    let names: Vec<_> = present.iter().map(|&class| problem.classes[class].clone()).collect();
    Ok(Prepared { task: Task { train, dev, classes: present.len(), names, seed: problem.seed }, present, notes })
}

fn check(problem: &Problem) -> Result<(), ModelError> {
    let features = problem.features.len();
    if problem.train.0.nrows() == 0 || features == 0 {
        return Err(ModelError::Empty { rows: problem.train.0.nrows(), features });
    }
    if let Some(pair) = problem.classes.windows(2).find(|pair| pair[0] >= pair[1]) {
        return Err(ModelError::Classes { first: pair[0].clone(), second: pair[1].clone() });
    }
    check_rows("train", problem.train, problem)?;
    problem.dev.map_or(Ok(()), |dev| check_rows("dev", dev, problem))
}

fn check_rows(part: &'static str, rows: (ArrayView2<f32>, &[usize]), problem: &Problem) -> Result<(), ModelError> {
    let ((x, y), features, classes) = (rows, problem.features, problem.classes.len());
    if x.ncols() != features.len() {
        return Err(ModelError::Shape { part, unit: "columns", got: x.ncols(), want: features.len() });
    }
    if x.nrows() != y.len() {
        return Err(ModelError::Shape { part, unit: "labels", got: y.len(), want: x.nrows() });
    }
    if let Some((row, &label)) = y.iter().enumerate().find(|&(_, &label)| label >= classes) {
        return Err(ModelError::Label { part, row, label, classes });
    }
    match x.indexed_iter().find(|(_, value)| !value.is_finite()) {
        None => Ok(()),
        Some(((row, column), &value)) => {
            Err(ModelError::NotFinite { part, row, feature: features[column].clone(), value })
        }
    }
}

/// The rows to fit on, and those held out.
fn divide(spec: &ModelSpec, problem: &Problem, notes: &mut Vec<String>) -> (Rows, Option<Rows>) {
    let train = Rows { x: problem.train.0.as_standard_layout().into_owned(), y: problem.train.1.to_vec() };
    let dev = problem.dev.filter(|dev| dev.0.nrows() > 0);
    match dev {
        None => {
            if spec.uses_dev() {
                notes.push("there are no dev rows to stop early on: all epochs were trained".to_owned());
            }
            (train, None)
        }
        Some((x, y)) if spec.uses_dev() => {
            (train, Some(Rows { x: x.as_standard_layout().into_owned(), y: y.to_vec() }))
        }
        Some((x, y)) => {
            let both =
                concatenate(Axis(0), &[problem.train.0, x]).expect("check() saw that both have the same columns");
            (Rows { x: both.as_standard_layout().into_owned(), y: [train.y.as_slice(), y].concat() }, None)
        }
    }
}

fn present_classes(y: &[usize], classes: usize) -> Vec<usize> {
    let mut seen = vec![false; classes];
    y.iter().for_each(|&class| seen[class] = true);
    (0..classes).filter(|&class| seen[class]).collect()
}

/// Dev rows of classes that the training rows have; none left is the same as no dev rows.
fn known_rows(rows: Rows, present: &[usize], notes: &mut Vec<String>) -> Option<Rows> {
    let known: Vec<_> = (0..rows.y.len()).filter(|&row| present.contains(&rows.y[row])).collect();
    let dropped = rows.y.len() - known.len();
    if dropped > 0 {
        notes.push(format!("{dropped} dev rows are of classes without training rows: early stopping leaves them out"));
    }
    if known.is_empty() {
        notes.push("there are no dev rows to stop early on: all epochs were trained".to_owned());
        return None;
    }
    let x = rows.x.select(Axis(0), &known);
    let y = known.into_iter().map(|row| rows.y[row]).collect();
    Some(renumber(Rows { x, y }, present))
}

fn renumber(rows: Rows, present: &[usize]) -> Rows {
    let y = rows.y.iter().map(|class| present.partition_point(|other| other < class)).collect();
    Rows { x: rows.x, y }
}
