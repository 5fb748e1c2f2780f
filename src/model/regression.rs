//! Regressors: models of a number instead of a class. Features are normalized before they come here. A fit depends on its
//! settings, the rows and the seed, never on the number of threads.

mod loss;
mod network;
mod options;
mod ridge;

use ndarray::ArrayView2;

pub use loss::RegressionLoss;
pub use options::{Regression, RegressionMlp, RegressionModel, RegressionRidge, RegressionSection};

use super::ModelError;
use crate::matrix::Matrix;

/// A regressor with its settings.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct RegressorSpec {
    /// Which model.
    pub model: RegressionModel,
    /// L2 penalty, where the model has one.
    pub alpha: f64,
    /// Share of hidden units silenced, where the model has any.
    pub dropout: f64,
}

impl RegressorSpec {
    /// The settings that may be chosen, in words: `alpha 100`; empty where there are none.
    pub fn words(&self) -> String {
        match self.model {
            RegressionModel::Ridge => format!("regression.ridge.alpha = {}", self.alpha),
            RegressionModel::Mlp => {
                format!("regression.mlp.dropout = {}, regression.mlp.l2 = {}", self.dropout, self.alpha)
            }
            RegressionModel::Mean => String::new(),
        }
    }
}

/// A fitted regressor.
#[derive(Debug, Clone, PartialEq)]
pub enum Regressor {
    /// Weights and intercept.
    Linear(ridge::Linear),
    /// Networks whose outputs are averaged.
    Networks(network::Networks),
    /// The same number for all.
    Constant(f64),
}

impl Regressor {
    /// Fits a regressor on rows `rows x features` with a target each.
    ///
    /// # Errors
    /// No rows, targets that are not one a row or not finite, weights that grow beyond all bounds, a system that cannot be
    /// solved, numbers that cannot be read.
    pub fn fit(
        spec: &RegressorSpec,
        section: &Regression,
        x: &Matrix,
        targets: &[f64],
        seed: u64,
    ) -> Result<Self, ModelError> {
        let (rows, features) = x.dim();
        if rows == 0 || features == 0 {
            return Err(ModelError::Empty { rows, features });
        }
        if targets.len() != rows || targets.iter().any(|target| !target.is_finite()) {
            return Err(ModelError::Shape { part: "train", unit: "targets", got: targets.len(), want: rows });
        }
        Ok(match spec.model {
            RegressionModel::Ridge => Self::Linear(ridge::fit(x, targets, spec.alpha)?),
            RegressionModel::Mlp => Self::Networks(network::fit(spec, section, x, targets, seed)?),
            RegressionModel::Mean => Self::Constant(targets.iter().sum::<f64>() / rows as f64),
        })
    }

    /// The number that it gives each of some rows `rows x features`.
    pub fn predict(&self, x: ArrayView2<f32>) -> Vec<f64> {
        match self {
            Self::Linear(linear) => linear.predict(x),
            Self::Networks(networks) => networks.predict(x),
            Self::Constant(value) => vec![*value; x.nrows()],
        }
    }

    /// The same of a matrix, block after block.
    ///
    /// # Errors
    /// Its numbers cannot be read.
    pub fn predict_all(&self, x: &Matrix) -> Result<Vec<f64>, ModelError> {
        let mut all = Vec::with_capacity(x.nrows());
        for rows in x.blocks() {
            all.extend(self.predict(x.block(rows)?.view()));
        }
        Ok(all)
    }
}

/// Mean and standard deviation, dividing by n; the deviation of equal numbers is 1.
fn standard(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n;
    (mean, if variance > 0.0 { variance.sqrt() } else { 1.0 })
}

#[cfg(test)]
mod tests;
