//! Multinomial logistic regression: linfa's L-BFGS, in double precision.

use linfa::DatasetBase;
use linfa::traits::Fit;
use linfa_logistic::MultiLogisticRegression;
use ndarray::{Array1, Array2, ArrayView2, Axis};

use super::problem::{MAX_ROWS, Sample, Task, check_max_rows};
use super::tensors::Tensors;
use super::{Algorithm, Classifier, Inputs, Learned, ModelError, ModelKind, Shape, Stored, percent, softmax};
use crate::options::{ConfigError, between, positive};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `[train.logistic]`: multinomial logistic regression by L-BFGS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Logistic {
    /// L2 penalty, above 0: alpha/2 times the sum of the squared weights is added to the summed loss of all rows (the C
    /// of other libraries is 1/alpha). Default: the summed variance of the inputs divided by 25; for z-scores, the
    /// number of inputs divided by 25. As a prior, this gives logits a standard deviation of 5, however many inputs
    /// there are. The more rows there are, the less it weighs. If the solver fails, alpha is raised tenfold, at most 3
    /// times, with a note.
    pub alpha: Option<f64>,
    /// Most iterations of the solver, 1 to 100000; default 200.
    pub max_iterations: u64,
    /// Most rows that the model is fitted on, 2 to 100,000,000; default 50,000. The solver needs all rows in memory in
    /// double precision, so of more rows a seeded sample is taken, in proportion to the classes, with a note.
    pub max_rows: usize,
    /// How the columns become inputs of the model. Default: up to 1,000 columns as they are; of more columns, the first
    /// 1,000 principal components (fewer if there are fewer rows), which are fitted many times faster with nearly the
    /// same result.
    pub inputs: Inputs,
}

impl Default for Logistic {
    fn default() -> Self {
        Self { alpha: None, max_iterations: 200, max_rows: MAX_ROWS, inputs: Inputs::default() }
    }
}

impl Logistic {
    /// The penalty, by the rule where none is set.
    pub fn alpha(&self, shape: &Shape) -> f64 {
        let spread = if shape.variance > 0.0 { shape.variance } else { 1.0 };
        self.alpha.unwrap_or_else(|| Shape::rounded(spread / Self::LOGIT_VARIANCE))
    }

    /// Variance of a logit before any row is seen.
    const LOGIT_VARIANCE: f64 = 25.0;
}

impl Algorithm for Logistic {
    fn check(&self) -> Result<(), ConfigError> {
        self.inputs.check("train.logistic")?;
        self.alpha.map_or(Ok(()), |alpha| positive("train.logistic.alpha", alpha))?;
        check_max_rows("train.logistic.max_rows", self.max_rows)?;
        between("train.logistic.max_iterations", self.max_iterations, 1, 100_000)
    }

    fn title(&self) -> String {
        match self.alpha {
            Some(alpha) => format!("multinomial logistic regression, alpha {alpha}"),
            None => "multinomial logistic regression".to_owned(),
        }
    }

    fn inputs(&self) -> Inputs {
        self.inputs
    }

    fn set_inputs(&mut self, inputs: Inputs) {
        self.inputs = inputs;
    }

    fn made_of(&self, rows: usize, columns: usize) -> Inputs {
        self.inputs.of_wide(rows, columns, Inputs::WIDE)
    }

    fn settle(&mut self, shape: &Shape) -> Option<String> {
        let set = self.alpha.is_none();
        let alpha = *self.alpha.insert(self.alpha(shape));
        set.then(|| format!("alpha {alpha}"))
    }

    fn fit(&self, task: &Task) -> Result<Learned, ModelError> {
        fit(self, task)
    }

    fn load(&self, tensors: &Tensors, inputs: usize, classes: usize) -> Result<Box<dyn Stored>, ModelError> {
        load(tensors, inputs, classes)
    }
}

/// Weights `features x classes` and biases `classes`.
struct Weights {
    weights: Array2<f64>,
    biases: Array1<f64>,
}

/// What the norm of the gradient must have fallen to, as a share of what it is where every weight is 0, for the solution
/// to count as found. The solver itself does not say why it stopped.
const CONVERGED: f64 = 1e-3;

/// The line search of the solver fails on some data: a stronger penalty is then tried, three times at most.
fn fit(spec: &Logistic, task: &Task) -> Result<Learned, ModelError> {
    let wanted = spec.alpha(&task.shape);
    let sample = task.sample(ModelKind::Logistic, spec.max_rows)?;
    let data = DatasetBase::new(sample.x_f64(), Array1::from(sample.y.to_vec()));
    let Sample { notes: mut sampled, .. } = sample;
    let mut reason = String::new();
    for (attempt, factor) in [1.0, 10.0, 100.0, 1000.0].into_iter().enumerate() {
        let alpha = wanted * factor;
        match fit_once(&data, alpha, spec.max_iterations) {
            Ok(model) => {
                let note = format!("the solver failed with alpha {wanted} ({reason}): alpha {alpha} was used instead");
                let failed = (attempt > 0).then_some(note);
                sampled.extend(failed.into_iter().chain(model.unfinished(&data, alpha)));
                return Ok(Learned::new(model, sampled));
            }
            Err(error) => reason = error,
        }
    }
    let reason = format!("{reason}, with alpha {wanted} and up to 1000 times it; raise train.logistic.alpha");
    Err(ModelError::Fit { model: ModelKind::Logistic, reason })
}

fn load(tensors: &Tensors, features: usize, classes: usize) -> Result<Box<dyn Stored>, ModelError> {
    let weights = tensors.matrix("logistic.weight", features, classes)?;
    let biases = Array1::from(tensors.get("logistic.bias", &[classes])?);
    Ok(Box::new(Weights { weights, biases }))
}

fn fit_once(data: &DatasetBase<Array2<f64>, Array1<usize>>, alpha: f64, iterations: u64) -> Result<Weights, String> {
    let solver = MultiLogisticRegression::default().alpha(alpha).max_iterations(iterations);
    let fitted = solver.fit(data).map_err(|error| error.to_string())?;
    let (weights, biases) = (fitted.params().clone(), fitted.intercept().clone());
    if weights.iter().chain(&biases).all(|value| value.is_finite()) {
        Ok(Weights { weights, biases })
    } else {
        Err("the weights are not finite".to_owned())
    }
}

impl Weights {
    /// Says so where the solver stopped before it was done.
    fn unfinished(&self, data: &DatasetBase<Array2<f64>, Array1<usize>>, alpha: f64) -> Option<String> {
        let start = Self { weights: Array2::zeros(self.weights.dim()), biases: Array1::zeros(self.biases.len()) };
        let left = self.slope(data, alpha) / start.slope(data, alpha);
        (left > CONVERGED).then(|| {
            format!(
                "the solver did not converge: the gradient is still {} of what it was at the start (raise \
                 train.logistic.max_iterations)",
                percent(left)
            )
        })
    }

    /// Norm of the gradient of the penalized loss.
    fn slope(&self, data: &DatasetBase<Array2<f64>, Array1<usize>>, alpha: f64) -> f64 {
        let mut errors = self.probabilities_of(data.records().view());
        for (mut row, &class) in errors.rows_mut().into_iter().zip(&data.targets) {
            row[class] -= 1.0;
        }
        let weights = data.records().t().dot(&errors) + alpha * &self.weights;
        let squares = |values: &mut dyn Iterator<Item = &f64>| values.map(|value| value * value).sum::<f64>();
        (squares(&mut weights.iter()) + squares(&mut errors.sum_axis(Axis(0)).iter())).sqrt()
    }

    fn probabilities_of(&self, x: ArrayView2<f64>) -> Array2<f64> {
        let mut logits = x.dot(&self.weights) + &self.biases;
        logits.rows_mut().into_iter().for_each(softmax);
        logits
    }
}

impl Classifier for Weights {
    fn probabilities(&self, x: ArrayView2<f32>) -> Array2<f32> {
        self.probabilities_of(x.mapv(f64::from).view()).mapv(|p| p as f32)
    }
}

impl Stored for Weights {
    fn store(&self, tensors: &mut Tensors) {
        tensors.put_matrix("logistic.weight", self.weights.view());
        tensors.put("logistic.bias", self.biases.shape(), self.biases.iter().copied());
    }
}
