//! Kernel ridge regression on class indicators: Saunders, Gammerman & Vovk, Ridge regression learning algorithm in dual
//! variables, 1998; Rifkin, Yeo & Poggio, Regularized least-squares classification, 2003. One Cholesky factorization
//! serves all classes; faer computes it on one thread.

use std::collections::BTreeSet;
use std::sync::Arc;

use faer::Mat;
use ndarray::{Array2, ArrayView2, Axis};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::kernel::{Kernel, Pairs, are_in_range};
use super::linear;
use super::problem::Task;
use super::tensors::{Tensors, corrupt};
use super::{Algorithm, Classifier, Inputs, Learned, ModelError, ModelKind, Stored, softmax};
use crate::options::{ConfigError, between, positive};

/// `[train.kernel-ridge]`: ridge regression on class indicators, also known as least-squares support vector machine.
/// Its kernel is the mean of RBF kernels, one for each family of features (`family` in the feature dictionary:
/// cepstrum, pitch, ...). All classes have the same weight, however many rows they have, and so have all families,
/// however many features they have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct KernelRidge {
    /// Width of the kernels exp(-gamma |x - y|^2 / m), where m is the median of |x - y|^2 over all pairs of training
    /// rows in the features of a family; above 0, default 0.5. Smaller is smoother.
    pub gamma: f64,
    /// L2 penalty, above 0, default 0.3: alpha times the squared norm of the function is added to the weighted sum of
    /// squared errors, in which rows weigh 1 on average.
    pub alpha: f64,
    /// Largest number of training rows, 2 to 20000; default 8000. With more, the model is fitted on a seeded sample
    /// that keeps the shares of the classes, and a note says so. A fit takes at most 16 x rows^2 bytes per thread, and
    /// its time grows with the third power of the rows.
    pub max_rows: usize,
    /// How the columns become inputs of the model; default: all columns as they are. A saved model holds every training
    /// row, 4 bytes per input. Principal components count as one family, so they have a single kernel.
    pub inputs: Inputs,
}

impl Default for KernelRidge {
    fn default() -> Self {
        Self { gamma: 0.5, alpha: 0.3, max_rows: 8000, inputs: Inputs::default() }
    }
}

impl Algorithm for KernelRidge {
    fn check(&self) -> Result<(), ConfigError> {
        self.inputs.check("train.kernel-ridge")?;
        positive("train.kernel-ridge.gamma", self.gamma)?;
        positive("train.kernel-ridge.alpha", self.alpha)?;
        between("train.kernel-ridge.max_rows", self.max_rows, 2, 20_000)
    }

    fn title(&self) -> String {
        format!("kernel ridge regression, gamma {}, alpha {}", self.gamma, self.alpha)
    }

    fn inputs(&self) -> Inputs {
        self.inputs
    }

    fn set_inputs(&mut self, inputs: Inputs) {
        self.inputs = inputs;
    }

    fn fit(&self, task: &Task) -> Result<Learned, ModelError> {
        fit(self, task)
    }

    fn load(&self, tensors: &Tensors, inputs: usize, classes: usize) -> Result<Box<dyn Stored>, ModelError> {
        load(tensors, inputs, classes)
    }
}

/// What scores are multiplied by to be logits. Scores are about 0 to 1 apart: as logits they would say next to nothing.
const SHARPNESS: f64 = 10.0;

/// Rows that are judged at a time: their kernel values are in memory.
const BATCH: usize = 1024;

/// `score[row, class] = sum over training rows (kernel(row, training row) dual[training row, class])`, and the
/// probabilities `softmax(10 score)`.
struct Dual {
    kernel: Kernel,
    /// `training rows x classes`.
    dual: Array2<f64>,
}

/// Minimizes `sum over rows (weight (score - indicator)^2) + alpha |score|^2` for each class. The weight of a row is
/// `rows / (classes x rows of its class)`, the indicator is less its weighted mean, `1 / classes`.
fn fit(spec: &KernelRidge, task: &Task) -> Result<Learned, ModelError> {
    let rows = task.sample(ModelKind::KernelRidge, spec.max_rows)?;
    if !are_in_range(rows.x.view()) {
        return Err(failed(
            "the squared distances between rows exceed single precision; normalize or clip the features",
        ));
    }
    let kernels = if rows.y.len() == task.train.y.len() { Arc::clone(&task.kernels) } else { Arc::default() };
    let pairs = kernels.get(spec.gamma.to_bits(), || Ok(Pairs::new(rows.x.view(), &task.families, spec.gamma)))?;
    let mut matrix = pairs.matrix();
    penalize(&mut matrix, spec.alpha, &rows.y, task.classes);
    let dual = solve(matrix, &rows.y, task.classes)?;
    let kernel = Kernel::new(rows.x.view(), &task.families, pairs.widths.clone());
    Ok(Learned::new(Dual { kernel, dual }, rows.notes))
}

/// Reads the fit back.
fn load(tensors: &Tensors, inputs: usize, classes: usize) -> Result<Box<dyn Stored>, ModelError> {
    let count = tensors.len::<f64>("kernel-ridge.dual")?;
    let dual = tensors.matrix("kernel-ridge.dual", count, classes)?;
    let rows = tensors.matrix::<f32>("kernel-ridge.row", count, inputs)?;
    let families: Vec<u32> = tensors.get("kernel-ridge.family", &[inputs])?;
    let families: Vec<_> = families.into_iter().map(|family| family as usize).collect();
    let widths: Vec<f64> = tensors.get("kernel-ridge.width", &[tensors.len::<f64>("kernel-ridge.width")?])?;
    if let Some(width) = widths.iter().find(|width| **width <= 0.0) {
        return Err(corrupt(format!("a kernel has width {width}, not above 0")));
    }
    let numbers: BTreeSet<_> = families.iter().copied().collect();
    if widths.is_empty() || !numbers.into_iter().eq(0..widths.len()) {
        return Err(corrupt(format!("the families of the inputs are not those of {} widths", widths.len())));
    }
    Ok(Box::new(Dual { kernel: Kernel::new(rows.view(), &families, widths), dual }))
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
    let dual = Mat::from_fn(y.len(), classes, indicator);
    let alike = || failed("rows are too alike for so small a penalty; raise train.kernel-ridge.alpha");
    let dual = linear::solve(&mut kernel, dual).ok_or_else(alike)?;
    if dual.iter().all(|value| value.is_finite()) { Ok(dual) } else { Err(failed("the solution is not finite")) }
}

fn failed(reason: &str) -> ModelError {
    ModelError::Fit { model: ModelKind::KernelRidge, reason: reason.to_owned() }
}

impl Classifier for Dual {
    fn probabilities(&self, x: ArrayView2<f32>) -> Array2<f32> {
        let mut probabilities = Array2::zeros((x.nrows(), self.dual.ncols()));
        let batches = probabilities.axis_chunks_iter_mut(Axis(0), BATCH);
        for (x, mut batch) in x.axis_chunks_iter(Axis(0), BATCH).zip(batches) {
            let mut logits = self.kernel.values(x).dot(&self.dual) * SHARPNESS;
            logits.rows_mut().into_iter().for_each(softmax);
            batch.assign(&logits.mapv(|p| p as f32));
        }
        probabilities
    }
}

impl Stored for Dual {
    fn store(&self, tensors: &mut Tensors) {
        let families = self.kernel.families();
        tensors.put("kernel-ridge.family", &[families.len()], families.iter().map(|&family| family as u32));
        tensors.put("kernel-ridge.width", &[self.kernel.widths.len()], self.kernel.widths.iter().copied());
        tensors.put_matrix("kernel-ridge.row", self.kernel.rows().view());
        tensors.put_matrix("kernel-ridge.dual", self.dual.view());
    }
}
