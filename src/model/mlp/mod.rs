//! The multilayer perceptron, in single precision. A network is trained on one thread; the members of an ensemble are
//! trained beside each other, like fits.

mod activation;
mod layers;
mod network;
mod optimizer;
mod options;
mod progress;
mod train;
mod window;

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

use super::problem::Task;
use super::tensors::{Tensors, corrupt};
use super::{Classifier, Learned, ModelError, ModelKind, Stored};
use crate::matrix::MatrixError;
pub(super) use network::{Network, Noise, Pass, generator};
pub(super) use optimizer::Optimizer as Steps;
pub use options::{Activation, ClassWeights, Mlp, Monitor, Optimizer, Schedule};
pub(super) use train::DevScore;

/// Trained perceptrons whose probabilities are averaged.
#[derive(Debug, Clone, PartialEq)]
struct Perceptrons {
    members: Vec<Network<f32>>,
}

/// Trains the members beside each other; the curve is that of the first one.
fn fit(spec: &Mlp, task: &Task) -> Result<Learned, ModelError> {
    let mut trained: Vec<_> = (0..spec.members)
        .into_par_iter()
        .map(|member| train::train(spec, task, member))
        .collect::<Result<_, MatrixError>>()?;
    if trained.iter().flat_map(|trained| &trained.network.parameters).any(|parameter| !parameter.is_finite()) {
        let reason =
            format!("the weights grew beyond all bounds; lower train.mlp.learning_rate ({})", spec.learning_rate);
        return Err(ModelError::Fit { model: ModelKind::Mlp, reason });
    }
    let notes = progress::notes(spec, &trained, task);
    let curve = std::mem::take(&mut trained[0].curve);
    let members = trained.into_iter().map(|trained| trained.network).collect();
    Ok(Learned { model: Box::new(Perceptrons { members }), curve, notes })
}

/// Reads perceptrons back.
fn load(spec: &Mlp, tensors: &Tensors, inputs: usize, classes: usize) -> Result<Box<dyn Stored>, ModelError> {
    let widths = [&[inputs], spec.hidden.as_slice(), &[classes]].concat();
    let member = |member: usize| {
        let mut parameters = Vec::new();
        for (layer, pair) in widths.windows(2).enumerate() {
            parameters.extend(tensors.get::<f32>(&weight_name(member, layer), pair)?);
            parameters.extend(tensors.get::<f32>(&bias_name(member, layer), &pair[1..])?);
        }
        Ok::<_, ModelError>(Network { widths: widths.clone(), activation: spec.activation, parameters })
    };
    match spec.members {
        0 => Err(corrupt("a perceptron has no member".to_owned())),
        members => Ok(Box::new(Perceptrons { members: (0..members).map(member).collect::<Result<_, _>>()? })),
    }
}

impl Classifier for Perceptrons {
    fn probabilities(&self, x: ArrayView2<f32>) -> Array2<f32> {
        let mut sum = self.members[0].probabilities(x);
        self.members[1..].iter().for_each(|member| sum += &member.probabilities(x));
        sum / self.members.len() as f32
    }
}

impl Stored for Perceptrons {
    fn store(&self, tensors: &mut Tensors) {
        for (member, network) in self.members.iter().enumerate() {
            for layer in 0..network.layers() {
                let biases = network.biases(layer);
                tensors.put_matrix(weight_name(member, layer), network.weights(layer));
                tensors.put(bias_name(member, layer), biases.shape(), biases.iter().copied());
            }
        }
    }
}

fn weight_name(member: usize, layer: usize) -> String {
    format!("mlp.{member}.{layer}.weight")
}

fn bias_name(member: usize, layer: usize) -> String {
    format!("mlp.{member}.{layer}.bias")
}
