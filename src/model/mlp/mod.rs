//! The multilayer perceptron, in single precision on one thread: fits run beside each other, not inside.

mod activation;
mod layers;
mod network;
mod optimizer;
mod train;

use ndarray::{Array2, ArrayView2};

use super::problem::Task;
use super::tensors::Tensors;
use super::{Classifier, Learned, ModelError, Stored};
use crate::config::train::{Mlp as Spec, ModelKind};
use network::Network;
pub(super) use train::DevScore;

/// A trained perceptron.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mlp {
    network: Network<f32>,
}

/// Trains a perceptron.
pub(super) fn fit(spec: &Spec, task: &Task) -> Result<Learned, ModelError> {
    let trained = train::train(spec, task);
    if trained.network.parameters.iter().any(|parameter| !parameter.is_finite()) {
        let reason =
            format!("the weights grew beyond all bounds; lower train.mlp.learning_rate ({})", spec.learning_rate);
        return Err(ModelError::Fit { model: ModelKind::Mlp, reason });
    }
    let mut notes = Vec::new();
    if task.dev.is_some() {
        let (best, last) = (trained.best, trained.curve.len());
        notes.push(format!("stopped early on dev: epoch {best} of {last} trained (at most {}) was kept", spec.epochs));
    }
    Ok(Learned { model: Box::new(Mlp { network: trained.network }), curve: trained.curve, notes })
}

/// Reads a perceptron back.
pub(super) fn load(
    spec: &Spec,
    tensors: &Tensors,
    features: usize,
    classes: usize,
) -> Result<Box<dyn Stored>, ModelError> {
    let widths = [&[features], spec.hidden.as_slice(), &[classes]].concat();
    let mut parameters = Vec::new();
    for (layer, pair) in widths.windows(2).enumerate() {
        parameters.extend(tensors.get::<f32>(&weight_name(layer), pair)?);
        parameters.extend(tensors.get::<f32>(&bias_name(layer), &pair[1..])?);
    }
    Ok(Box::new(Mlp { network: Network { widths, activation: spec.activation, parameters } }))
}

impl Classifier for Mlp {
    fn probabilities(&self, x: ArrayView2<f32>) -> Array2<f32> {
        self.network.probabilities(x)
    }
}

impl Stored for Mlp {
    fn store(&self, tensors: &mut Tensors) {
        for layer in 0..self.network.layers() {
            let biases = self.network.biases(layer);
            tensors.put_matrix(weight_name(layer), self.network.weights(layer));
            tensors.put(bias_name(layer), biases.shape(), biases.iter().copied());
        }
    }
}

fn weight_name(layer: usize) -> String {
    format!("mlp.{layer}.weight")
}

fn bias_name(layer: usize) -> String {
    format!("mlp.{layer}.bias")
}
