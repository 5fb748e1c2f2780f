//! Kernel ridge regression on class indicators: Saunders, Gammerman & Vovk, Ridge regression learning algorithm in dual
//! variables, 1998; Rifkin, Yeo & Poggio, Regularized least-squares classification, 2003. One Cholesky factorization serves
//! all classes; faer computes it on one thread.

use std::sync::Arc;

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt;
use faer::{Mat, Par};
use ndarray::{Array1, Array2, ArrayView2, Axis};

use super::distances::{Distances, rbf, squared, squares};
use super::pca::from_faer;
use super::problem::Task;
use super::tensors::{Tensors, corrupt};
use super::{Classifier, Learned, ModelError, Stored, softmax};
use crate::config::train::{KernelRidge as Spec, ModelKind};

/// What scores are multiplied by to be logits. Scores are about 0 to 1 apart: as logits they would say next to nothing.
const SHARPNESS: f64 = 10.0;

/// Rows that are judged at a time: their kernel values are in memory.
const BATCH: usize = 1024;

/// `score[row, class] = sum over training rows (exp(-gamma |row - training row|^2) dual[training row, class])`, and the
/// probabilities `softmax(10 score)`.
struct KernelRidge {
    gamma: f64,
    /// Training rows: `training rows x inputs`.
    rows: Array2<f32>,
    /// Their squared lengths: `training rows`.
    squares: Array1<f32>,
    /// `training rows x classes`.
    dual: Array2<f64>,
}

/// Minimizes `sum over rows (weight (score - indicator)^2) + alpha |score|^2` for each class. The weight of a row is `rows /
/// (classes x rows of its class)`, the indicator is less its weighted mean, `1 / classes`.
pub(super) fn fit(spec: &Spec, task: &Task) -> Result<Learned, ModelError> {
    let (rows, notes) = task.sample(ModelKind::KernelRidge, spec.max_rows);
    let distances = if rows.y.len() == task.train.y.len() { Arc::clone(&task.distances) } else { Arc::default() };
    let distances = distances.get_or_init(|| Distances::new(rows.x.view()));
    if !distances.are_finite() {
        return Err(failed(
            "the squared distances between rows exceed single precision; normalize or clip the features",
        ));
    }
    let gamma = spec.gamma / distances.scale();
    let mut kernel = distances.kernel(gamma);
    penalize(&mut kernel, spec.alpha, &rows.y, task.classes);
    let dual = solve(kernel, &rows.y, task.classes)?;
    Ok(Learned::new(KernelRidge::new(gamma, rows.x.into_owned(), dual), notes))
}

/// Reads the fit back.
pub(super) fn load(tensors: &Tensors, inputs: usize, classes: usize) -> Result<Box<dyn Stored>, ModelError> {
    let count = tensors.len::<f64>("kernel-ridge.dual")?;
    let dual = tensors.matrix("kernel-ridge.dual", count, classes)?;
    let rows = tensors.matrix("kernel-ridge.row", count, inputs)?;
    let gamma: f64 = tensors.get("kernel-ridge.gamma", &[1])?[0];
    if gamma <= 0.0 {
        return Err(corrupt(format!("gamma is {gamma}, not above 0")));
    }
    Ok(Box::new(KernelRidge::new(gamma, rows, dual)))
}

/// Adds `alpha / weight` of each row to the diagonal.
fn penalize(kernel: &mut Mat<f64>, alpha: f64, y: &[usize], classes: usize) {
    let mut counts = vec![0_usize; classes];
    y.iter().for_each(|&class| counts[class] += 1);
    for (row, &class) in y.iter().enumerate() {
        kernel[(row, row)] += alpha * (classes * counts[class]) as f64 / y.len() as f64;
    }
}

/// The solution of `kernel dual = indicators - 1 / classes`: `rows x classes`. The kernel is given by its lower half.
fn solve(mut kernel: Mat<f64>, y: &[usize], classes: usize) -> Result<Array2<f64>, ModelError> {
    let indicator = |row: usize, class: usize| f64::from(u8::from(y[row] == class)) - 1.0 / classes as f64;
    let mut dual = Mat::from_fn(y.len(), classes, indicator);
    let need = llt::factor::cholesky_in_place_scratch::<f64>(y.len(), Par::Seq, Default::default());
    let mut memory = MemBuffer::new(need.or(llt::solve::solve_in_place_scratch::<f64>(y.len(), classes, Par::Seq)));
    let stack = MemStack::new(&mut memory);
    llt::factor::cholesky_in_place(kernel.as_mut(), Default::default(), Par::Seq, stack, Default::default())
        .map_err(|_| failed("rows are too alike for so small a penalty; raise train.kernel-ridge.alpha"))?;
    llt::solve::solve_in_place(kernel.as_ref(), dual.as_mut(), Par::Seq, stack);
    let dual = from_faer(dual.as_ref());
    if dual.iter().all(|value| value.is_finite()) { Ok(dual) } else { Err(failed("the solution is not finite")) }
}

fn failed(reason: &str) -> ModelError {
    ModelError::Fit { model: ModelKind::KernelRidge, reason: reason.to_owned() }
}

impl KernelRidge {
    fn new(gamma: f64, rows: Array2<f32>, dual: Array2<f64>) -> Self {
        Self { gamma, squares: squares(rows.view()), rows, dual }
    }

    /// `rows x classes`.
    fn scores(&self, x: ArrayView2<f32>) -> Array2<f64> {
        let (squares, products) = (squares(x), x.dot(&self.rows.t()));
        let value = |(row, other): (usize, usize)| {
            rbf(self.gamma, squared(squares[row], self.squares[other], products[[row, other]]))
        };
        Array2::from_shape_fn(products.dim(), value).dot(&self.dual)
    }
}

impl Classifier for KernelRidge {
    fn probabilities(&self, x: ArrayView2<f32>) -> Array2<f32> {
        let mut probabilities = Array2::zeros((x.nrows(), self.dual.ncols()));
        let batches = probabilities.axis_chunks_iter_mut(Axis(0), BATCH);
        for (x, mut batch) in x.axis_chunks_iter(Axis(0), BATCH).zip(batches) {
            let mut logits = self.scores(x) * SHARPNESS;
            logits.rows_mut().into_iter().for_each(softmax);
            batch.assign(&logits.mapv(|p| p as f32));
        }
        probabilities
    }
}

impl Stored for KernelRidge {
    fn store(&self, tensors: &mut Tensors) {
        tensors.put("kernel-ridge.gamma", &[1], [self.gamma]);
        tensors.put_matrix("kernel-ridge.row", self.rows.view());
        tensors.put_matrix("kernel-ridge.dual", self.dual.view());
    }
}
