//! Gaussian naive Bayes: linfa fits the means and variances. The posterior is ours, in logarithms throughout: linfa's
//! leaves the logarithm before it normalizes, and hundreds of columns underflow there.

use std::collections::BTreeMap;

use linfa::DatasetBase;
use linfa::traits::Fit;
use linfa_bayes::GaussianNb;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problem::{MAX_ROWS, Task, check_max_rows};
use super::tensors::{Tensors, corrupt};
use super::{Algorithm, Classifier, Inputs, Learned, ModelError, ModelKind, Stored, softmax};
use crate::options::{ConfigError, positive};

/// `[train.naive-bayes]`: Gaussian naive Bayes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NaiveBayes {
    /// Share of the largest column variance added to every variance, above 0; default 1e-9.
    pub variance_smoothing: f64,
    /// Most rows that the model is fitted on, 2 to 100,000,000; default 50,000. The fit needs all rows in memory in
    /// double precision, so of more rows a seeded sample is taken, in proportion to the classes, with a note.
    pub max_rows: usize,
    /// What the columns become before the fit; default all as they are.
    pub inputs: Inputs,
}

impl Default for NaiveBayes {
    fn default() -> Self {
        Self { variance_smoothing: 1e-9, max_rows: MAX_ROWS, inputs: Inputs::default() }
    }
}

impl Algorithm for NaiveBayes {
    fn check(&self) -> Result<(), ConfigError> {
        self.inputs.check("train.naive-bayes")?;
        check_max_rows("train.naive-bayes.max_rows", self.max_rows)?;
        positive("train.naive-bayes.variance_smoothing", self.variance_smoothing)
    }

    fn title(&self) -> String {
        "Gaussian naive Bayes".to_owned()
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

/// Variance below which a column counts as constant. Features are normalized, so it is far below any real one.
const LEAST_VARIANCE: f64 = 1e-12;

/// Prior share, mean and variance of each class: `classes`, and twice `classes x features`.
struct Gaussians {
    priors: Array1<f64>,
    means: Array2<f64>,
    variances: Array2<f64>,
}

fn fit(spec: &NaiveBayes, task: &Task) -> Result<Learned, ModelError> {
    let failed = |reason: String| ModelError::Fit { model: ModelKind::NaiveBayes, reason };
    let sample = task.sample(ModelKind::NaiveBayes, spec.max_rows)?;
    let data = DatasetBase::new(sample.x_f64(), Array1::from(sample.y.to_vec()));
    let params = GaussianNb::<f64, usize>::params().var_smoothing(spec.variance_smoothing);
    let fitted = params.fit(&data).map_err(|error| failed(error.to_string()))?;
    let summary = serde_json::to_value(&fitted).and_then(serde_json::from_value::<Summary>);
    let summary = summary.map_err(|error| failed(error.to_string()))?;
    Ok(Learned::new(Gaussians::new(&summary, task), sample.notes))
}

fn load(tensors: &Tensors, features: usize, classes: usize) -> Result<Box<dyn Stored>, ModelError> {
    let priors: Vec<f64> = tensors.get("naive-bayes.prior", &[classes])?;
    let means = tensors.matrix("naive-bayes.mean", classes, features)?;
    let variances = tensors.matrix::<f64>("naive-bayes.variance", classes, features)?;
    if priors.iter().chain(&variances).any(|&value| value <= 0.0) {
        return Err(corrupt("a prior or variance is not above 0".to_owned()));
    }
    Ok(Box::new(Gaussians { priors: Array1::from(priors), means, variances }))
}

/// linfa's fitted model, whose fields are private, as it serialises itself.
#[derive(Deserialize)]
struct Summary {
    class_info: BTreeMap<String, ClassSummary>,
}

#[derive(Deserialize)]
struct ClassSummary {
    prior: f64,
    theta: Array1<f64>,
    sigma: Array1<f64>,
}

impl Gaussians {
    fn new(summary: &Summary, task: &Task) -> Self {
        let shape = (task.classes, task.train.x.ncols());
        let mut model =
            Self { priors: Array1::zeros(task.classes), means: Array2::zeros(shape), variances: Array2::zeros(shape) };
        for class in 0..task.classes {
            let info = &summary.class_info[&class.to_string()];
            model.priors[class] = info.prior;
            model.means.row_mut(class).assign(&info.theta);
            model.variances.row_mut(class).assign(&info.sigma.mapv(|variance| variance.max(LEAST_VARIANCE)));
        }
        model
    }

    /// `ln prior - 1/2 sum(ln(2 pi variance) + (x - mean)^2 / variance)` of one class.
    fn log_joint(&self, class: usize, x: ArrayView1<f32>) -> f64 {
        let moments = self.means.row(class).into_iter().zip(self.variances.row(class));
        let terms = x.iter().zip(moments).map(|(&x, (mean, variance))| {
            let distance = f64::from(x) - mean;
            (std::f64::consts::TAU * variance).ln() + distance * distance / variance
        });
        self.priors[class].ln() - 0.5 * terms.sum::<f64>()
    }
}

impl Classifier for Gaussians {
    fn probabilities(&self, x: ArrayView2<f32>) -> Array2<f32> {
        let shape = (x.nrows(), self.priors.len());
        let mut logs = Array2::from_shape_fn(shape, |(row, class)| self.log_joint(class, x.row(row)));
        logs.rows_mut().into_iter().for_each(softmax);
        logs.mapv(|p| p as f32)
    }
}

impl Stored for Gaussians {
    fn store(&self, tensors: &mut Tensors) {
        tensors.put("naive-bayes.prior", self.priors.shape(), self.priors.iter().copied());
        tensors.put_matrix("naive-bayes.mean", self.means.view());
        tensors.put_matrix("naive-bayes.variance", self.variances.view());
    }
}
