//! Ridge regression (Hoerl and Kennard 1970): |y - x w - b|^2 + alpha |w|^2 at its least, the intercept without penalty, as
//! scikit-learn's `Ridge`.

use ndarray::{Array1, Array2, ArrayView2, Axis};

use crate::matrix::Matrix;
use crate::model::{ModelError, linear};

/// Weights `[features]`, and what a row of zeros gets.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear {
    pub(super) weights: Array1<f64>,
    pub(super) intercept: f64,
}

/// Solves for the weights by Cholesky: of features x features, or of rows x rows where there are fewer rows.
pub(super) fn fit(x: &Matrix, targets: &[f64], alpha: f64) -> Result<Linear, ModelError> {
    let mut x = x.whole()?.mapv(f64::from);
    let (rows, features) = x.dim();
    let center = x.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(features));
    x -= &center;
    let mean = targets.iter().sum::<f64>() / rows as f64;
    let right = Array2::from_shape_fn((rows, 1), |(row, _)| targets[row] - mean);
    let is_dual = rows < features;
    let mut system = linear::products(if is_dual { x.view() } else { x.t() });
    (0..system.nrows()).for_each(|at| system[(at, at)] += alpha);
    let right = if is_dual { right } else { linear::multiply(x.t(), right.view()) };
    let solution =
        linear::solve(&mut system, linear::as_faer(right.view()).to_owned()).ok_or(ModelError::Unsolvable)?;
    let weights = if is_dual { linear::multiply(x.t(), solution.view()) } else { solution };
    let weights = weights.column(0).to_owned();
    let intercept = mean - center.iter().zip(&weights).map(|(center, weight)| center * weight).sum::<f64>();
    Ok(Linear { weights, intercept })
}

impl Linear {
    pub(super) fn predict(&self, x: ArrayView2<f32>) -> Vec<f64> {
        let one = |row: ndarray::ArrayView1<f32>| -> f64 {
            row.iter().zip(&self.weights).map(|(value, weight)| f64::from(*value) * weight).sum::<f64>()
                + self.intercept
        };
        x.rows().into_iter().map(one).collect()
    }
}
