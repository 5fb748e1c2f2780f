//! Multinomial logistic regression: linfa's L-BFGS, in double precision.

use linfa::DatasetBase;
use linfa::traits::Fit;
use linfa_logistic::MultiLogisticRegression;
use ndarray::{Array1, Array2, ArrayView2, Axis};

use super::problem::Task;
use super::tensors::Tensors;
use super::{Classifier, Learned, ModelError, Stored, percent, softmax};
use crate::config::train::{Logistic as Spec, ModelKind};

/// Weights `features x classes` and biases `classes`.
struct Logistic {
    weights: Array2<f64>,
    biases: Array1<f64>,
}

/// What the norm of the gradient must have fallen to, as a share of what it is where every weight is 0, for the solution
/// to count as found. The solver itself does not say why it stopped.
const CONVERGED: f64 = 1e-3;

/// The line search of the solver fails on some data: a stronger penalty is then tried, three times at most.
pub(super) fn fit(spec: &Spec, task: &Task) -> Result<Learned, ModelError> {
    let wanted = spec.alpha(&task.shape);
    let data = DatasetBase::new(task.train_f64(), Array1::from(task.train.y.clone()));
    let mut reason = String::new();
    for (attempt, factor) in [1.0, 10.0, 100.0, 1000.0].into_iter().enumerate() {
        let alpha = wanted * factor;
        match fit_once(&data, alpha, spec.max_iterations) {
            Ok(model) => {
                let note = format!("the solver failed with alpha {wanted} ({reason}): alpha {alpha} was used instead");
                let failed = (attempt > 0).then_some(note);
                let notes = failed.into_iter().chain(model.unfinished(&data, alpha)).collect();
                return Ok(Learned::new(model, notes));
            }
            Err(error) => reason = error,
        }
    }
    let reason = format!("{reason}, with alpha {wanted} and up to 1000 times it; raise train.logistic.alpha");
    Err(ModelError::Fit { model: ModelKind::Logistic, reason })
}

pub(super) fn load(tensors: &Tensors, features: usize, classes: usize) -> Result<Box<dyn Stored>, ModelError> {
    let weights = tensors.matrix("logistic.weight", features, classes)?;
    let biases = Array1::from(tensors.get("logistic.bias", &[classes])?);
    Ok(Box::new(Logistic { weights, biases }))
}

fn fit_once(data: &DatasetBase<Array2<f64>, Array1<usize>>, alpha: f64, iterations: u64) -> Result<Logistic, String> {
    let solver = MultiLogisticRegression::default().alpha(alpha).max_iterations(iterations);
    let fitted = solver.fit(data).map_err(|error| error.to_string())?;
    let (weights, biases) = (fitted.params().clone(), fitted.intercept().clone());
    if weights.iter().chain(&biases).all(|value| value.is_finite()) {
        Ok(Logistic { weights, biases })
    } else {
        Err("the weights are not finite".to_owned())
    }
}

impl Logistic {
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

impl Classifier for Logistic {
    fn probabilities(&self, x: ArrayView2<f32>) -> Array2<f32> {
        self.probabilities_of(x.mapv(f64::from).view()).mapv(|p| p as f32)
    }
}

impl Stored for Logistic {
    fn store(&self, tensors: &mut Tensors) {
        tensors.put_matrix("logistic.weight", self.weights.view());
        tensors.put("logistic.bias", self.biases.shape(), self.biases.iter().copied());
    }
}
