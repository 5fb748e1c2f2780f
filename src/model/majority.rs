//! The floor under every other model: the class shares of the training rows, whatever the features say.

use ndarray::{Array2, ArrayView2};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problem::Task;
use super::tensors::Tensors;
use super::{Algorithm, Classifier, Learned, ModelError, Stored};
use crate::options::ConfigError;

/// `[train.majority]`: the most frequent class. It has no options.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Majority {}

impl Algorithm for Majority {
    fn check(&self) -> Result<(), ConfigError> {
        Ok(())
    }

    fn title(&self) -> String {
        "most frequent class of the training rows".to_owned()
    }

    fn is_of_library(&self) -> bool {
        false
    }

    fn fits_one_class(&self) -> bool {
        true
    }

    fn fit(&self, task: &Task) -> Result<Learned, ModelError> {
        Ok(fit(task))
    }

    fn load(&self, tensors: &Tensors, _: usize, classes: usize) -> Result<Box<dyn Stored>, ModelError> {
        load(tensors, classes)
    }
}

/// Class shares of the training rows: `classes`.
struct Shares {
    shares: Vec<f32>,
}

fn fit(task: &Task) -> Learned {
    let rows = task.train.y.len() as f64;
    let shares = task.counts().into_iter().map(|count| (count as f64 / rows) as f32).collect();
    Learned::new(Shares { shares }, Vec::new())
}

fn load(tensors: &Tensors, classes: usize) -> Result<Box<dyn Stored>, ModelError> {
    Ok(Box::new(Shares { shares: tensors.get("majority.share", &[classes])? }))
}

impl Classifier for Shares {
    fn probabilities(&self, x: ArrayView2<f32>) -> Array2<f32> {
        Array2::from_shape_fn((x.nrows(), self.shares.len()), |(_, class)| self.shares[class])
    }
}

impl Stored for Shares {
    fn store(&self, tensors: &mut Tensors) {
        tensors.put("majority.share", &[self.shares.len()], self.shares.iter().copied());
    }
}
