//! How far from the training rows a value may lie.

use ndarray::{ArcArray2, Array1, ArrayView2, Axis};

use super::ModelError;
use super::tensors::{Tensors, corrupt};

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
    pub fn of(x: ArrayView2<f32>, deviations: f64) -> Self {
        let rows = x.nrows() as f64;
        let mut mean = Array1::<f64>::zeros(x.ncols());
        x.rows().into_iter().for_each(|row| mean.zip_mut_with(&row, |sum, &value| *sum += f64::from(value)));
        mean /= rows;
        let mut squares = Array1::<f64>::zeros(x.ncols());
        for row in x.rows() {
            let deviations = row.iter().zip(&mean).map(|(&value, mean)| f64::from(value) - mean);
            squares.iter_mut().zip(deviations).for_each(|(sum, deviation)| *sum += deviation * deviation);
        }
        let reach = squares.mapv(|sum| deviations * (sum / rows).sqrt());
        Self { low: (&mean - &reach).mapv(|bound| bound as f32), high: (&mean + &reach).mapv(|bound| bound as f32) }
    }

    /// Rows with every value within the bounds.
    pub fn clip(&self, mut x: ArcArray2<f32>) -> ArcArray2<f32> {
        for mut row in x.rows_mut() {
            let bounds = self.low.iter().zip(&self.high);
            row.iter_mut().zip(bounds).for_each(|(value, (low, high))| *value = value.max(*low).min(*high));
        }
        x
    }

    /// How many values of rows `rows x features` lie beyond the bounds.
    pub fn beyond(&self, x: ArrayView2<f32>) -> usize {
        let of_row = |row: ndarray::ArrayView1<f32>| {
            let bounds = self.low.iter().zip(&self.high);
            row.iter().zip(bounds).filter(|(value, (low, high))| *value < low || *value > high).count()
        };
        x.axis_iter(Axis(0)).map(of_row).sum()
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
        let bounds = Bounds::of(array![[1.0_f32, 7.0], [3.0, 7.0]].view(), 2.0);
        assert_eq!(bounds, Bounds { low: array![0.0, 7.0], high: array![4.0, 7.0] });
        let x = array![[-1.0_f32, 6.0], [4.0, 7.0], [9.0, 7.0]];
        assert_eq!(bounds.beyond(x.view()), 3);
        assert_eq!(bounds.clip(x.into_shared()), array![[0.0_f32, 7.0], [4.0, 7.0], [4.0, 7.0]]);
    }
}
