//! Kernels between rows: the mean over families of inputs of `exp(-gamma |a - b|^2 / m)`, where `m` is the family's
//! median of `|a - b|^2` over all pairs of training rows. A mean of kernels is a kernel; each family counts the same,
//! however many inputs it has (uniform multiple kernel learning: Gönen & Alpaydın, Multiple kernel learning algorithms,
//! JMLR 2011).
//!
//! Each family's values are in single precision, their mean in double, all on one thread.

use faer::Mat;
use ndarray::{Array1, Array2, ArrayView2, Axis};
use pulp::Arch;

use super::linear::products;

/// Training rows, and how far the kernel of each family reaches around them. There is at least one family.
#[derive(Debug)]
pub(super) struct Kernel {
    /// `gamma / m` of each family.
    pub widths: Vec<f64>,
    blocks: Vec<Block>,
}

/// What a family says of the training rows.
#[derive(Debug)]
struct Block {
    /// The inputs that are of the family.
    columns: Vec<usize>,
    /// `rows x columns`.
    rows: Array2<f32>,
    /// Squared lengths: `rows`.
    squares: Array1<f32>,
}

/// Kernel values of all pairs of training rows: 4 x rows^2 bytes.
#[derive(Debug)]
pub(super) struct Pairs {
    /// `gamma / m` of each family.
    pub widths: Vec<f64>,
    rows: usize,
    /// The half below the diagonal, column after column: `rows (rows - 1) / 2`.
    below: Vec<f64>,
}

impl Pairs {
    /// Of the rows `rows x inputs`, whose squared lengths [`are_in_range`]; `families` as in [`Kernel`].
    pub fn new(x: ArrayView2<f32>, families: &[usize], gamma: f64) -> Self {
        let rows = x.nrows();
        let mut pairs = Self { widths: Vec::new(), rows, below: vec![0.0; rows * rows.saturating_sub(1) / 2] };
        let blocks = blocks(x, families);
        let share = 1.0 / blocks.len() as f64;
        for block in blocks {
            let distances = block.distances();
            let width = gamma / median(&distances);
            pairs.widths.push(width);
            add_rbf(&mut pairs.below, &distances, width, share);
        }
        pairs
    }

    /// `rows x rows`, the lower half and the diagonal.
    pub fn matrix(&self) -> Mat<f64> {
        let mut matrix = Mat::zeros(self.rows, self.rows);
        let mut rest = self.below.as_slice();
        for column in 0..self.rows {
            let values = &mut matrix.col_as_slice_mut(column)[column..];
            let (below, others) = rest.split_at(values.len() - 1);
            values[0] = 1.0;
            values[1..].copy_from_slice(below);
            rest = others;
        }
        matrix
    }
}

impl Kernel {
    /// Around the rows `rows x inputs`; `families` has for each input its index in `widths`, and each at least once.
    pub fn new(rows: ArrayView2<f32>, families: &[usize], widths: Vec<f64>) -> Self {
        Self { widths, blocks: blocks(rows, families) }
    }

    /// For each input the index of its family.
    pub fn families(&self) -> Vec<usize> {
        let mut families = vec![0; self.blocks.iter().map(|block| block.columns.len()).sum()];
        for (family, block) in self.blocks.iter().enumerate() {
            block.columns.iter().for_each(|&column| families[column] = family);
        }
        families
    }

    /// The training rows: `rows x inputs`.
    pub fn rows(&self) -> Array2<f32> {
        let columns = self.blocks.iter().map(|block| block.columns.len()).sum();
        let mut rows = Array2::zeros((self.blocks[0].rows.nrows(), columns));
        for block in &self.blocks {
            let own = block.rows.columns().into_iter();
            block.columns.iter().zip(own).for_each(|(&column, values)| rows.column_mut(column).assign(&values));
        }
        rows
    }

    /// Of rows `n x inputs` with the training rows: `n x rows`. Rows that are too far out for single precision have 0.
    pub fn values(&self, x: ArrayView2<f32>) -> Array2<f64> {
        let mut values = Array2::zeros((x.nrows(), self.blocks[0].rows.nrows()));
        let share = 1.0 / self.blocks.len() as f64;
        for (block, &width) in self.blocks.iter().zip(&self.widths) {
            let x = x.select(Axis(1), &block.columns);
            let (squares, mut products) = (squares(x.view()), x.dot(&block.rows.t()));
            for (mut row, &square) in products.rows_mut().into_iter().zip(&squares) {
                row.zip_mut_with(&block.squares, |product, &other| *product = squared(square, other, *product));
            }
            let (values, distances) = (values.as_slice_mut(), products.as_slice());
            add_rbf(values.expect("made here"), distances.expect("a product is in rows"), width, share);
        }
        values
    }
}

/// The families one after the other; none is without inputs.
fn blocks(x: ArrayView2<f32>, families: &[usize]) -> Vec<Block> {
    let count = families.iter().max().map_or(0, |last| last + 1);
    let block = |family| {
        let columns: Vec<_> = (0..families.len()).filter(|&column| families[column] == family).collect();
        let rows = x.select(Axis(1), &columns);
        Block { squares: squares(rows.view()), columns, rows }
    };
    (0..count).map(block).collect()
}

impl Block {
    /// `|a - b|^2` of every pair: the half below the diagonal, column after column.
    fn distances(&self) -> Vec<f32> {
        let (rows, products) = (self.rows.nrows(), products(self.rows.view()));
        let mut below = Vec::with_capacity(rows * rows.saturating_sub(1) / 2);
        for column in 0..rows {
            let pairs = products.col_as_slice(column).iter().zip(&self.squares).skip(column + 1);
            below.extend(pairs.map(|(&product, &square)| squared(self.squares[column], square, product)));
        }
        below
    }
}

/// Whether the distances between rows are finite in single precision.
pub(super) fn are_in_range(x: ArrayView2<f32>) -> bool {
    squares(x).iter().all(|square| (4.0 * square).is_finite())
}

/// `|a|^2` of each row.
fn squares(x: ArrayView2<f32>) -> Array1<f32> {
    x.map_axis(Axis(1), |row| row.dot(&row))
}

/// `|a|^2 + |b|^2 - 2 a b`; what rounding brings below 0 is 0.
fn squared(a: f32, b: f32, product: f32) -> f32 {
    let distance = a + b - 2.0 * product;
    if distance < 0.0 { 0.0 } else { distance }
}

/// Adds `share exp(-width distance)` to each value: nothing where single precision ran over.
///
/// The loop is compiled for the same vector unit as the products before it: exponentials called from older code take
/// ten times as long after them.
fn add_rbf(values: &mut [f64], distances: &[f32], width: f64, share: f64) {
    let slope = -width as f32;
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for (value, &distance) in values.iter_mut().zip(distances) {
                let near = if distance.is_nan() { 0.0 } else { (slope * distance).exp() };
                *value += share * f64::from(near);
            }
        },
    );
}

/// The exact median, the upper one of two in the middle; 1 of none, and where it is 0, as between equal rows.
fn median(values: &[f32]) -> f64 {
    let mut values = values.to_vec();
    let middle = values.len() / 2;
    let median = if values.is_empty() { 0.0 } else { *values.select_nth_unstable_by(middle, f32::total_cmp).1 };
    if median > 0.0 { f64::from(median) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    /// By hand: distances 9, 16, 25 of a right-angled triangle, and its corner once more: 0, 9, 16.
    #[test]
    fn values_of_one_family_are_those_of_a_triangle() {
        let x = array![[0.0_f32, 0.0], [3.0, 0.0], [0.0, 4.0], [0.0, 0.0]];
        let pairs = Pairs::new(x.view(), &[0, 0], 1.6);
        assert_eq!(pairs.widths, [1.6 / 16.0], "0 9 9 16 16 25");
        let value = |distance: f32| f64::from((-0.1 * distance).exp());
        assert_eq!(pairs.below, [9.0, 16.0, 0.0, 25.0, 9.0, 16.0].map(value));
        let matrix = pairs.matrix();
        assert_eq!((matrix[(2, 1)], matrix[(3, 0)], matrix[(3, 3)]), (value(25.0), 1.0, 1.0));
    }

    /// The same triangle, a family a column: distances 9, 0, 0, 9, 9, 0 and 0, 16, 0, 16, 0, 16.
    #[test]
    fn families_count_the_same_each_by_its_own_median() {
        let x = array![[0.0_f32, 0.0], [3.0, 0.0], [0.0, 4.0], [0.0, 0.0]];
        let pairs = Pairs::new(x.view(), &[1, 0], 0.5);
        assert_eq!(pairs.widths, [0.5 / 16.0, 0.5 / 9.0]);
        let half = (-0.5_f64).exp();
        for (at, want) in [(0, 0.5 + 0.5 * half), (3, half)] {
            assert!((pairs.below[at] - want).abs() < 1e-7, "{}", pairs.below[at]);
        }
    }

    #[test]
    fn training_rows_have_the_values_of_their_pairs() {
        let x = Array2::from_shape_fn((9, 5), |(row, column)| ((row * 7 + column * 3) % 8) as f32);
        let families = [1, 0, 1, 2, 0];
        let pairs = Pairs::new(x.view(), &families, 0.7);
        let kernel = Kernel::new(x.view(), &families, pairs.widths.clone());
        assert_eq!((kernel.families(), kernel.rows()), (families.to_vec(), x.clone()));
        let (values, matrix) = (kernel.values(x.view()), pairs.matrix());
        for column in 0..9 {
            for row in column..9 {
                let (got, want) = (values[[row, column]], matrix[(row, column)]);
                assert!((got - want).abs() < 1e-7, "{row} {column}: {got} {want}");
            }
        }
    }

    #[test]
    fn equal_rows_have_scale_one_and_far_ones_are_seen() {
        let equal = ArrayView2::from(&[[2.5_f32; 3]; 4]);
        assert_eq!(Pairs::new(equal, &[0, 0, 0], 0.5).widths, [0.5]);
        assert!(are_in_range(equal) && !are_in_range(array![[0.0_f32], [1e19]].view()));
        assert_eq!(Pairs::new(array![[1.0_f32]].view(), &[0], 0.5).widths, [0.5]);
    }
}
