//! Classifiers: one trait, one `fit`, and saved models. The perceptron is ours; the baselines come from linfa and
//! smartcore.
//!
//! Features are normalized before they come here. A fit depends on the specification, the rows and the seed, never on
//! the number of threads: whatever runs in parallel is collected in a fixed order.

/// Calls a macro with every model: its type, its section and its word in pipeline files and tables. A new model is a file
/// that implements [`registry::Algorithm`] for its options, and its lines here.
macro_rules! for_every_model {
    ($then:ident) => {
        $then! {
            /// The multilayer perceptron.
            Mlp mlp "mlp"
            /// Multinomial logistic regression.
            Logistic logistic "logistic"
            /// The support vector machine.
            Svm svm "svm"
            /// Kernel ridge regression.
            KernelRidge kernel_ridge "kernel-ridge"
            /// Linear discriminant analysis.
            Lda lda "lda"
            /// k nearest neighbours.
            Knn knn "knn"
            /// Gaussian naive Bayes.
            NaiveBayes naive_bayes "naive-bayes"
            /// The decision tree.
            Tree tree "tree"
            /// The random forest.
            Forest forest "forest"
            /// The most frequent class of the training rows, whatever the features say.
            Majority majority "majority"
        }
    };
}

mod bounds;
mod calibration;
mod error;
mod fitted_inputs;
mod fusion;
mod inputs;
mod kernel;
mod kernel_ridge;
mod knn;
mod lda;
mod linear;
mod logistic;
mod majority;
mod mlp;
mod naive_bayes;
mod pca;
mod problem;
mod registry;
mod regression;
mod saved;
mod section;
mod shared;
mod svm;
mod tensors;
mod trees;
mod tune;

use std::panic::{AssertUnwindSafe, catch_unwind};

use ndarray::{Array2, ArrayView2, ArrayViewMut1};
use serde::{Deserialize, Serialize};

pub use bounds::UNLIKE;
pub use calibration::{temperature, tempered};
pub use error::ModelError;
use fitted_inputs::FittedInputs;
pub use fusion::{FusionMethod, FusionParams, FusionSection};
pub use inputs::{Inputs, InputsMethod, Shape};
pub use kernel_ridge::KernelRidge;
pub use knn::{Knn, Votes};
pub use lda::{Lda, Priors};
pub use logistic::Logistic;
pub use majority::Majority;
pub use mlp::{Activation, ClassWeights, Mlp, Monitor, Optimizer, Schedule};
pub use naive_bayes::NaiveBayes;
pub use problem::Problem;
use problem::prepare;
use registry::Algorithm;
pub use registry::{ModelKind, ModelSpec};
pub use regression::{
    Regression, RegressionLoss, RegressionMlp, RegressionModel, RegressionRidge, RegressionSection, Regressor,
    RegressorSpec,
};
pub use saved::{FILES, FORMAT, ModelPart, SavedModel, load, save};
pub use section::{Calibration, TrainSection};
pub use shared::Shared;
pub use svm::{Svm, SvmKernel};
use tensors::Tensors;
pub use trees::{Criterion, Forest, Tree};
pub use tune::{Candidate, Search, TuneMetric, TuneParams, TuneSection, View};

use crate::matrix::{Matrix, MatrixError};

/// Something that gives class probabilities to normalized rows.
pub trait Classifier: Send + Sync {
    /// Probabilities `rows x classes` of rows `rows x features`; each row sums to 1. The features must be those, in
    /// number and order, that the model was fitted on.
    fn probabilities(&self, x: ArrayView2<f32>) -> Array2<f32>;
}

/// A fitted model over all classes of its problem: a class without training rows has probability 0.
pub struct Model {
    kind: ModelKind,
    /// For each class that the algorithm knows, its index among all classes.
    present: Vec<usize>,
    classes: usize,
    features: usize,
    /// From features to what the algorithm is given.
    inputs: FittedInputs,
    inner: Box<dyn Stored>,
    temperature: Option<f64>,
}

impl Model {
    /// Which model this is.
    pub fn kind(&self) -> ModelKind {
        self.kind
    }

    /// Number of features that a row must have.
    pub fn features(&self) -> usize {
        self.features
    }

    /// What the logits are divided by, where the model is calibrated.
    pub fn temperature(&self) -> Option<f64> {
        self.temperature
    }

    /// The share of the values of rows `rows x features` that are clipped before the model sees them: they lie beyond
    /// what it was fitted on. None where the model clips nothing, or without rows.
    pub fn clipped(&self, x: ArrayView2<f32>) -> Option<f64> {
        self.inputs.clipped(x)
    }

    /// The same of a matrix.
    ///
    /// # Errors
    /// Its numbers cannot be read.
    pub fn clipped_of(&self, x: &Matrix) -> Result<Option<f64>, MatrixError> {
        self.inputs.clipped_of(x)
    }

    /// Probabilities `rows x classes` of a matrix `rows x features`, block after block.
    ///
    /// # Errors
    /// Its numbers cannot be read.
    pub fn probabilities_of(&self, x: &Matrix) -> Result<Array2<f32>, MatrixError> {
        x.to_array(self.classes, |rows| self.probabilities(rows))
    }

    /// The same model with the temperature that [`temperature`] found on other rows than it was fitted on.
    pub fn calibrated(self, temperature: f64) -> Self {
        Self { temperature: Some(temperature), ..self }
    }
}

impl Classifier for Model {
    fn probabilities(&self, x: ArrayView2<f32>) -> Array2<f32> {
        let mut known = self.inner.probabilities(self.inputs.apply(x).view());
        if let Some(temperature) = self.temperature {
            calibration::temper(known.view_mut(), temperature);
        }
        among_all(known.view(), &self.present, self.classes)
    }
}

/// Probabilities of some classes, `rows x present`, as those of all: `rows x classes`, 0 for the others.
fn among_all(known: ArrayView2<f32>, present: &[usize], classes: usize) -> Array2<f32> {
    let mut all = Array2::zeros((known.nrows(), classes));
    for (column, &class) in present.iter().enumerate() {
        all.column_mut(class).assign(&known.column(column));
    }
    all
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Model({}, {} features, {} classes)", self.kind, self.features, self.classes)
    }
}

/// The outcome of a fit.
#[derive(Debug)]
pub struct Fitted {
    /// What was fitted: the specification with every number that it left to a rule.
    pub spec: ModelSpec,
    /// The model.
    pub model: Model,
    /// Loss and scores by epoch; empty for models without epochs.
    pub curve: Vec<Epoch>,
    /// What a reader of the results should know: fallbacks, samples, early stops.
    pub notes: Vec<String>,
    /// Rows that the model was fitted on.
    pub rows: usize,
    /// Dev rows that were held out to stop early or to calibrate on; 0 where dev was trained on or absent.
    pub held_out: usize,
    /// The share of the training values that were clipped; none where the model clips nothing.
    pub clipped: Option<f64>,
}

/// One epoch of a training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// From 1.
    pub epoch: usize,
    /// Step size.
    pub learning_rate: f64,
    /// Mean loss over the training rows as they were passed: dropout, weights and smoothing included.
    pub train_loss: f64,
    /// Mean cross-entropy of the held-out dev rows after the epoch.
    pub dev_loss: Option<f64>,
    /// Accuracy on them.
    pub dev_accuracy: Option<f64>,
    /// Unweighted average recall on them.
    pub dev_uar: Option<f64>,
}

impl Epoch {
    fn new(epoch: usize, learning_rate: f64, train_loss: f64, dev: Option<&mlp::DevScore>) -> Self {
        let (dev_loss, dev_accuracy, dev_uar) = (dev.map(|d| d.loss), dev.map(|d| d.accuracy), dev.map(|d| d.uar));
        Self { epoch, learning_rate, train_loss, dev_loss, dev_accuracy, dev_uar }
    }
}

/// Fits a model. Errors: rows, labels or names that do not fit each other, values that are not finite, fewer than two
/// classes (but for majority), or an algorithm that gave up.
pub fn fit(spec: &ModelSpec, problem: &Problem) -> Result<Fitted, ModelError> {
    let mut prepared = prepare(spec, problem)?;
    let (spec, task) = (prepared.spec, &prepared.task);
    let learned = match spec.options().is_of_library() {
        true => guarded(spec.kind(), || spec.options().fit(task)),
        false => spec.options().fit(task),
    }?;
    let (rows, mut held_out) = (task.train.y.len(), task.dev.as_ref().map_or(0, |dev| dev.y.len()));
    prepared.notes.extend(learned.notes);
    let mut model = Model {
        kind: spec.kind(),
        present: prepared.present,
        classes: problem.classes.len(),
        features: problem.features.len(),
        inputs: prepared.inputs,
        inner: learned.model,
        temperature: None,
    };
    if problem.calibration == Calibration::Temperature {
        (model, held_out) = calibrated(model, problem, &mut prepared.notes)?;
    }
    let (curve, notes, clipped) = (learned.curve, prepared.notes, prepared.clipped);
    Ok(Fitted { spec, model, curve, notes, rows, held_out, clipped })
}

/// Fits the temperature on the dev rows; returns their number.
fn calibrated(model: Model, problem: &Problem, notes: &mut Vec<String>) -> Result<(Model, usize), MatrixError> {
    match problem.dev.filter(|dev| !dev.y.is_empty()) {
        None => {
            notes.push("there are no dev rows to calibrate on: probabilities are as fitted".to_owned());
            Ok((model, 0))
        }
        Some(dev) => {
            let temperature = temperature(model.probabilities_of(&dev.x)?.view(), &dev.y);
            notes.push(format!("calibrated on {} dev rows: temperature {temperature}", dev.y.len()));
            Ok((model.calibrated(temperature), dev.y.len()))
        }
    }
}

/// The most probable class of each row; the first by name where several are.
pub fn predicted(probabilities: ArrayView2<f32>) -> Vec<usize> {
    probabilities.rows().into_iter().map(|row| top(&row.to_vec())).collect()
}

/// The most probable class of a row of probabilities; the first by name where several are.
pub fn top(row: &[f32]) -> usize {
    row.iter().enumerate().fold(0, |best, (class, &p)| if p > row[best] { class } else { best })
}

/// Weighted mean of the probabilities that several models, one or more, give the same rows, summed in their order;
/// `weights` sum to 1.
pub fn mix(parts: &[&[f32]], weights: &[f64]) -> Vec<f32> {
    let cell = |at: usize| {
        let sum: f64 = parts.iter().zip(weights).map(|(part, weight)| weight * f64::from(part[at])).sum();
        sum as f32
    };
    (0..parts[0].len()).map(cell).collect()
}

/// What an algorithm hands back.
struct Learned {
    model: Box<dyn Stored>,
    curve: Vec<Epoch>,
    notes: Vec<String>,
}

impl Learned {
    fn new(model: impl Stored + 'static, notes: Vec<String>) -> Self {
        Self { model: Box::new(model), curve: Vec::new(), notes }
    }
}

/// A classifier that can be written down.
trait Stored: Classifier {
    /// Adds every number that predictions depend on.
    fn store(&self, tensors: &mut Tensors);
}

/// Runs a library's fit: a panic inside it is an error about this model, not the end of the run.
fn guarded(model: ModelKind, fit: impl FnOnce() -> Result<Learned, ModelError>) -> Result<Learned, ModelError> {
    catch_unwind(AssertUnwindSafe(fit)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        let reason = format!("the library gave up ({})", text.unwrap_or("no message"));
        Err(ModelError::Fit { model, reason })
    })
}

/// A share as a note says it.
fn percent(share: f64) -> String {
    format!("{:.*} %", if share < 0.1 { 1 } else { 0 }, 100.0 * share)
}

/// Logits to probabilities, in place.
fn softmax(mut row: ArrayViewMut1<f64>) {
    let top = row.fold(f64::NEG_INFINITY, |top, &z| top.max(z));
    row.mapv_inplace(|z| (z - top).exp());
    scale_to_one(row);
}

/// Scales a row of non-negative numbers to the sum 1; all zero becomes all equal.
fn scale_to_one(mut row: ArrayViewMut1<f64>) {
    let (sum, count) = (row.sum(), row.len() as f64);
    row.mapv_inplace(|p| if sum > 0.0 { p / sum } else { 1.0 / count });
}

#[cfg(test)]
mod tests;
