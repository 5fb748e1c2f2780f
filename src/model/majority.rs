//! The floor under every other model: the class shares of the training rows, whatever the features say.

use ndarray::{Array2, ArrayView2};

use super::problem::Task;
use super::tensors::Tensors;
use super::{Classifier, Learned, ModelError, Stored};

/// Class shares of the training rows: `classes`.
struct Majority {
    shares: Vec<f32>,
}

pub(super) fn fit(task: &Task) -> Learned {
    let rows = task.train.y.len() as f64;
    let shares = task.counts().into_iter().map(|count| (count as f64 / rows) as f32).collect();
    Learned::new(Majority { shares }, Vec::new())
}

pub(super) fn load(tensors: &Tensors, classes: usize) -> Result<Box<dyn Stored>, ModelError> {
    Ok(Box::new(Majority { shares: tensors.get("majority.share", &[classes])? }))
}

impl Classifier for Majority {
    fn probabilities(&self, x: ArrayView2<f32>) -> Array2<f32> {
        Array2::from_shape_fn((x.nrows(), self.shares.len()), |(_, class)| self.shares[class])
    }
}

impl Stored for Majority {
    fn store(&self, tensors: &mut Tensors) {
        tensors.put("majority.share", &[self.shares.len()], self.shares.iter().copied());
    }
}
