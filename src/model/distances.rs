//! Squared distances between rows, in single precision and on one thread: what RBF kernels of any width are made of.

use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, Mat, Par};
use ndarray::{Array1, ArrayView2, Axis};

use super::pca::as_faer;

/// `|a - b|^2` of every pair of rows: 2 x rows^2 bytes.
#[derive(Debug)]
pub(super) struct Distances {
    rows: usize,
    /// The half below the diagonal, column after column: `rows (rows - 1) / 2`.
    below: Vec<f32>,
    median: f32,
}

impl Distances {
    /// Between the rows of `rows x inputs`.
    pub fn new(x: ArrayView2<f32>) -> Self {
        let (rows, squares) = (x.nrows(), squares(x));
        let products = products(x);
        let mut below = Vec::with_capacity(rows * rows.saturating_sub(1) / 2);
        for column in 0..rows {
            let pairs = products.col_as_slice(column).iter().zip(&squares).skip(column + 1);
            below.extend(pairs.map(|(&product, &square)| squared(squares[column], square, product)));
        }
        drop(products);
        let median = median(below.clone());
        Self { rows, below, median }
    }

    /// Whether no row lies so far out that single precision ran over.
    pub fn are_finite(&self) -> bool {
        self.below.iter().all(|distance| distance.is_finite())
    }

    /// The exact median over all pairs of different rows, the upper one of two in the middle; 1 where it is 0, as between
    /// equal rows.
    pub fn scale(&self) -> f64 {
        if self.median > 0.0 { f64::from(self.median) } else { 1.0 }
    }

    /// `exp(-gamma |a - b|^2)`, the lower half and the diagonal: `rows x rows`.
    pub fn kernel(&self, gamma: f64) -> Mat<f64> {
        let mut kernel = Mat::zeros(self.rows, self.rows);
        let mut rest = self.below.iter();
        for column in 0..self.rows {
            let values = &mut kernel.col_as_slice_mut(column)[column..];
            values[0] = 1.0;
            values[1..].iter_mut().zip(&mut rest).for_each(|(value, &distance)| *value = rbf(gamma, distance));
        }
        kernel
    }
}

/// `|a|^2` of each row.
pub(super) fn squares(x: ArrayView2<f32>) -> Array1<f32> {
    x.map_axis(Axis(1), |row| row.dot(&row))
}

/// `|a|^2 + |b|^2 - 2 a b`; what rounding brings below 0 is 0.
pub(super) fn squared(a: f32, b: f32, product: f32) -> f32 {
    let distance = a + b - 2.0 * product;
    if distance < 0.0 { 0.0 } else { distance }
}

/// `exp(-gamma distance)`; 0 where single precision ran over.
pub(super) fn rbf(gamma: f64, distance: f32) -> f64 {
    if distance.is_nan() { 0.0 } else { (-gamma * f64::from(distance)).exp() }
}

/// `x x'`, its lower half.
fn products(x: ArrayView2<f32>) -> Mat<f32> {
    let mut products = Mat::zeros(x.nrows(), x.nrows());
    let (whole, half) = (BlockStructure::Rectangular, BlockStructure::TriangularLower);
    let x = as_faer(x);
    triangular::matmul(products.as_mut(), half, Accum::Replace, x, whole, x.transpose(), whole, 1.0, Par::Seq);
    products
}

/// The value that half of them are not above; 0 of none.
fn median(mut values: Vec<f32>) -> f32 {
    let middle = values.len() / 2;
    if values.is_empty() { 0.0 } else { *values.select_nth_unstable_by(middle, f32::total_cmp).1 }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    /// By hand: distances 9, 16, 25 of a right-angled triangle, and its corner once more: 0, 9, 16.
    #[test]
    fn distances_and_their_median_are_those_of_a_triangle() {
        let x = array![[0.0_f32, 0.0], [3.0, 0.0], [0.0, 4.0], [0.0, 0.0]];
        let distances = Distances::new(x.view());
        assert_eq!(distances.below, [9.0, 16.0, 0.0, 25.0, 9.0, 16.0]);
        assert_eq!(distances.scale(), 16.0, "0 9 9 16 16 25");
        let kernel = distances.kernel(0.1);
        assert_eq!((kernel[(2, 1)], kernel[(3, 0)], kernel[(3, 3)]), ((-2.5_f64).exp(), 1.0, 1.0));
    }

    #[test]
    fn equal_rows_have_scale_one_and_far_ones_are_seen() {
        let equal = Distances::new(ArrayView2::from(&[[2.5_f32; 3]; 4]));
        assert_eq!((equal.scale(), equal.are_finite()), (1.0, true));
        assert!(!Distances::new(array![[0.0_f32], [1e30]].view()).are_finite());
        assert_eq!(Distances::new(array![[1.0_f32]].view()).scale(), 1.0);
    }
}
