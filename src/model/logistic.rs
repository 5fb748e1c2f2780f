//! Multinomial logistic regression: linfa's L-BFGS, in double precision.

use linfa::DatasetBase;
use linfa::traits::Fit;
use linfa_logistic::MultiLogisticRegression;
use ndarray::{Array1, Array2, ArrayView2};

use super::problem::Task;
use super::tensors::Tensors;
use super::{Classifier, Learned, ModelError, Stored, softmax};
use crate::config::train::{Logistic as Spec, ModelKind};

/// Weights `features x classes` and biases `classes`.
struct Logistic {
    weights: Array2<f64>,
    biases: Array1<f64>,
}

/// The line search of the solver fails on some data: a stronger penalty is then tried, three times at most.
pub(super) fn fit(spec: &Spec, task: &Task) -> Result<Learned, ModelError> {
    let data = DatasetBase::new(task.train_f64(), Array1::from(task.train.y.clone()));
    let mut reason = String::new();
    for (attempt, factor) in [1.0, 10.0, 100.0, 1000.0].into_iter().enumerate() {
        let alpha = spec.alpha * factor;
        match fit_once(&data, alpha, spec.max_iterations) {
            Ok(model) => {
                let note =
                    format!("the solver failed with alpha {} ({reason}): alpha {alpha} was used instead", spec.alpha);
                return Ok(Learned::new(model, if attempt > 0 { vec![note] } else { Vec::new() }));
            }
            Err(error) => reason = error,
        }
    }
    let reason = format!("{reason}, with alpha {} and up to 1000 times it; raise train.logistic.alpha", spec.alpha);
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

impl Classifier for Logistic {
    fn probabilities(&self, x: ArrayView2<f32>) -> Array2<f32> {
        let mut logits = x.mapv(f64::from).dot(&self.weights) + &self.biases;
        logits.rows_mut().into_iter().for_each(softmax);
        logits.mapv(|p| p as f32)
    }
}

impl Stored for Logistic {
    fn store(&self, tensors: &mut Tensors) {
        tensors.put_matrix("logistic.weight", self.weights.view());
        tensors.put("logistic.bias", self.biases.shape(), self.biases.iter().copied());
    }
}
