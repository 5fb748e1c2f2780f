//! How far from the training rows a value may lie.

use ndarray::{Array1, ArrayView1, ArrayView2, ArrayViewMut2};

use super::ModelError;
use super::tensors::{Tensors, corrupt};
use crate::matrix::{Matrix, MatrixError};

/// Share of clipped values beyond which rows are unlike those that a model was fitted on. On RAVDESS and EMO-DB speakers
/// who were never heard, but recorded alike, have 0.1 to 1.8 %, those of the other corpus 2.2 to 8.7 %.
pub const UNLIKE: f64 = 0.02;

/// The least and the largest value of each feature that a model takes: `features`. What lies beyond is brought back.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bounds {
    low: Array1<f32>,
    high: Array1<f32>,
}

impl Bounds {
    /// Of each column of `rows x features`, its mean and `deviations` standard deviations to both sides.
    pub fn of(x: &Matrix, deviations: f64) -> Result<Self, MatrixError> {
        let rows = x.nrows() as f64;
        let mean = x.means()?;
        let mut squares = Array1::<f64>::zeros(x.ncols());
        x.each_row(|_, row| {
            let deviations = row.iter().zip(&mean).map(|(&value, mean)| f64::from(value) - mean);
            squares.iter_mut().zip(deviations).for_each(|(sum, deviation)| *sum += deviation * deviation);
        })?;
        let reach = squares.mapv(|sum| deviations * (sum / rows).sqrt());
        Ok(Self { low: (&mean - &reach).mapv(|bound| bound as f32), high: (&mean + &reach).mapv(|bound| bound as f32) })
    }

    /// Brings every value of rows `rows x features` within the bounds.
    pub fn clip(&self, mut x: ArrayViewMut2<f32>) {
        for mut row in x.rows_mut() {
            let bounds = self.low.iter().zip(&self.high);
            row.iter_mut().zip(bounds).for_each(|(value, (low, high))| *value = value.max(*low).min(*high));
        }
    }

    /// How many values of rows `rows x features` lie beyond the bounds.
    pub fn beyond(&self, x: ArrayView2<f32>) -> usize {
        x.rows().into_iter().map(|row| self.beyond_in(row)).sum()
    }

    /// How many values of a row lie beyond the bounds.
    pub fn beyond_in(&self, row: ArrayView1<f32>) -> usize {
        let bounds = self.low.iter().zip(&self.high);
        row.iter().zip(bounds).filter(|(value, (low, high))| *value < low || *value > high).count()
    }

    /// Adds the bounds.
    pub fn store(&self, tensors: &mut Tensors) {
        tensors.put("inputs.low", self.low.shape(), self.low.iter().copied());
        tensors.put("inputs.high", self.high.shape(), self.high.iter().copied());
    }

    /// Reads the bounds of `features` columns back.
    pub fn load(tensors: &Tensors, features: usize) -> Result<Self, ModelError> {
        let low = Array1::from(tensors.get::<f32>("inputs.low", &[features])?);
        let high = Array1::from(tensors.get::<f32>("inputs.high", &[features])?);
        match low.iter().zip(&high).position(|(low, high)| low > high) {
            None => Ok(Self { low, high }),
            Some(column) => Err(corrupt(format!("no value of column {column} lies within the bounds"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    /// Means 2 and 7, standard deviations 1 and 0.
    #[test]
    fn values_are_brought_back_to_the_bounds() {
        let bounds = Bounds::of(&array![[1.0_f32, 7.0], [3.0, 7.0]].into(), 2.0).expect("held");
        assert_eq!(bounds, Bounds { low: array![0.0, 7.0], high: array![4.0, 7.0] });
        let mut x = array![[-1.0_f32, 6.0], [4.0, 7.0], [9.0, 7.0]];
        assert_eq!(bounds.beyond(x.view()), 3);
        bounds.clip(x.view_mut());
        assert_eq!(x, array![[0.0_f32, 7.0], [4.0, 7.0], [4.0, 7.0]]);
    }
}
