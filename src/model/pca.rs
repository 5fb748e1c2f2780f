//! Principal components: faer's eigenvalues of the smaller of the two matrices of inner products, on one thread.

use ndarray::{Array1, Array2, ArrayView2, Axis};

use super::linear::{eigen, multiply, products};
use crate::matrix::{Matrix, MatrixError};

/// Most rows that components are computed of, where there are more columns than that too: the time grows with the third
/// power of the smaller number, and is about 1 s for 1400.
const MAX_ROWS: usize = 1500;
/// Most rows that components are computed of in any case: memory holds them in double precision.
const MOST_ROWS: usize = 50_000;

/// Variance of a component, as a share of the first one's, below which there is nothing but rounding.
const LEAST_VARIANCE: f64 = 1e-10;

/// Principal components of a matrix, as long as any needs them.
pub(super) struct Decomposition {
    /// Mean of each column: `features`.
    center: Array1<f64>,
    /// Variance of the rows in each component, largest first; only those that are more than rounding.
    variances: Vec<f64>,
    basis: Basis,
    /// Rows that the components were computed of.
    pub rows: usize,
}

/// Eigenvectors, a column each, in the order of the variances.
enum Basis {
    /// Of the inner products of columns: the components themselves, `features x components`.
    Columns(Array2<f64>),
    /// Of the inner products of rows, `rows x components`: the components are their combinations of the centered rows,
    /// which cost less time than the others only where few are wanted.
    Rows(Array2<f64>),
}

/// The first components, and the rows that they were computed of.
pub(super) struct Projection {
    /// `features`.
    pub center: Array1<f32>,
    /// `features x components`, each of length 1, its largest loading positive.
    pub components: Array2<f32>,
    /// Variance of the rows in each component.
    pub variances: Vec<f64>,
    /// `rows x components`.
    pub scores: Matrix,
}

impl Decomposition {
    /// Of the rows `rows x features`; of more than [`MAX_ROWS`] of them and of features, or of more than [`MOST_ROWS`],
    /// rows at even distances.
    pub fn new(x: &Matrix) -> Result<Self, MatrixError> {
        let (x, center) = centered(x)?;
        let by_rows = x.nrows() <= x.ncols();
        let products = if by_rows { products(x.view()) } else { products(x.t()) };
        let (values, vectors) = eigen(&products);
        let least = LEAST_VARIANCE * values.first().copied().unwrap_or(0.0);
        let degrees = x.nrows().max(2) as f64 - 1.0;
        let variances: Vec<f64> =
            values.into_iter().take(x.nrows() - 1).take_while(|&value| value > least).map(|v| v / degrees).collect();
        let basis = if by_rows { Basis::Rows(vectors) } else { Basis::Columns(vectors) };
        Ok(Self { center, variances, basis, rows: x.nrows() })
    }

    /// Components that are more than rounding.
    pub fn count(&self) -> usize {
        self.variances.len()
    }

    /// The first `count` components of the rows that this was made of, at most as many as there are; a matrix of equal
    /// rows has one that is zero.
    pub fn projection(&self, x: &Matrix, count: usize) -> Result<Projection, MatrixError> {
        let components = self.components(x, count.min(self.count()))?;
        let center = self.center.mapv(|value| value as f32);
        let scores =
            x.map(components.ncols(), |rows, mut scores| scores.assign(&project(rows, &center, &components)))?;
        let mut variances = self.variances[..count.min(self.count())].to_vec();
        variances.resize(components.ncols(), 0.0);
        Ok(Projection { center, components, variances, scores })
    }

    fn components(&self, x: &Matrix, count: usize) -> Result<Array2<f32>, MatrixError> {
        if count == 0 {
            return Ok(Array2::zeros((x.ncols(), 1)));
        }
        let mut components = match &self.basis {
            Basis::Columns(vectors) => vectors.slice_axis(Axis(1), (..count).into()).to_owned(),
            Basis::Rows(vectors) => {
                let vectors = vectors.slice_axis(Axis(1), (..count).into()).to_owned();
                multiply(centered(x)?.0.t(), vectors.view())
            }
        };
        components.columns_mut().into_iter().for_each(|mut column| {
            let largest = column.fold(0.0_f64, |top, &value| if value.abs() > top.abs() { value } else { top });
            let length = column.dot(&column).sqrt();
            column.mapv_inplace(|value| value / length.copysign(largest));
        });
        Ok(components.mapv(|value| value as f32))
    }
}

/// `(x - center) components`: `rows x components`.
pub(super) fn project(x: ArrayView2<f32>, center: &Array1<f32>, components: &Array2<f32>) -> Array2<f32> {
    (&x - center).dot(components)
}

/// The rows that components are computed of, less their mean, and that mean.
fn centered(x: &Matrix) -> Result<(Array2<f64>, Array1<f64>), MatrixError> {
    let rows = x.nrows();
    let most = if x.ncols() > MAX_ROWS { MAX_ROWS } else { MOST_ROWS };
    let x = if rows > most {
        let kept: Vec<_> = (0..most).map(|row| row * rows / most).collect();
        x.select(&kept)?.mapv(f64::from)
    } else {
        x.whole()?.mapv(f64::from)
    };
    let mut center = Array1::zeros(x.ncols());
    x.rows().into_iter().for_each(|row| center += &row);
    center /= x.nrows() as f64;
    Ok((x - &center, center))
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// Uniform values, each column narrower than the one before.
    fn rows(rows: usize, columns: usize) -> Array2<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        Array2::from_shape_fn((rows, columns), |(_, column)| {
            0.5 + rng.gen_range(-1.0_f32..1.0) / (1.0 + column as f32).sqrt()
        })
    }

    #[test]
    fn components_are_orthonormal_and_carry_their_variance() {
        for (count, columns) in [(30, 8), (8, 30), (12, 12)] {
            let x = rows(count, columns);
            let x = Matrix::from(x);
            let decomposition = Decomposition::new(&x).expect("held");
            assert_eq!(decomposition.count(), columns.min(count - 1));
            let Projection { components, variances, scores, .. } = decomposition.projection(&x, 5).expect("held");
            let scores = scores.whole().expect("held");
            assert_eq!((components.dim(), scores.dim()), ((columns, 5), (count, 5)));
            let inner = components.t().dot(&components);
            assert!(inner.indexed_iter().all(|((i, j), v)| (v - f32::from(i == j)).abs() < 1e-5), "{inner}");
            for (column, variance) in scores.columns().into_iter().zip(&variances) {
                assert!(column.mean().unwrap().abs() < 1e-5);
                assert!((f64::from(column.var(1.0)) - variance).abs() < 1e-4 * variance, "{variances:?}");
            }
            assert!(variances.windows(2).all(|pair| pair[0] >= pair[1]));
            for component in components.columns() {
                let largest = component.fold(0.0_f32, |top, &v| if v.abs() > top.abs() { v } else { top });
                assert!(largest > 0.0, "{component}");
            }
        }
    }

    #[test]
    fn all_components_together_keep_distances() {
        let x = rows(6, 20);
        let x = Matrix::from(x);
        let scores = Decomposition::new(&x).and_then(|all| all.projection(&x, 5)).expect("held").scores;
        let distance = |x: &Matrix| {
            let x = x.whole().expect("held");
            (&x.row(1) - &x.row(4)).mapv(|d| d * d).sum()
        };
        assert!((distance(&x) - distance(&scores)).abs() < 1e-4);
    }

    #[test]
    fn equal_rows_have_a_component_of_zeros() {
        let x = Matrix::from(Array2::from_elem((5, 3), 2.5));
        let projection = Decomposition::new(&x).and_then(|all| all.projection(&x, 2)).expect("held");
        assert_eq!((projection.components, projection.scores), (Array2::zeros((3, 1)), Array2::zeros((5, 1)).into()));
    }

    #[test]
    fn of_too_many_rows_those_at_even_distances_are_taken() {
        let once = rows(MAX_ROWS, MAX_ROWS + 1);
        let twice = Array2::from_shape_fn((2 * MAX_ROWS, once.ncols()), |(row, column)| once[[row / 2, column]]);
        let [once, twice] = [once, twice].map(Matrix::from);
        let [all, sampled] = [&once, &twice].map(|x| Decomposition::new(x).expect("held"));
        assert_eq!((all.rows, sampled.rows), (MAX_ROWS, MAX_ROWS));
        assert!(all.center == sampled.center && all.variances == sampled.variances);
        let [all, sampled] = [(all, once), (sampled, twice)].map(|(of, x)| of.projection(&x, 5).expect("held"));
        assert_eq!(all.components, sampled.components);
        assert_eq!(sampled.scores.nrows(), 2 * MAX_ROWS, "every row has its scores");
        let [of_all, of_sampled] = [&all.scores, &sampled.scores].map(|scores| scores.whole().expect("held"));
        for (row, scores) in of_sampled.rows().into_iter().enumerate() {
            assert!((&scores - &of_all.row(row / 2)).iter().all(|difference| difference.abs() < 1e-4), "row {row}");
        }
    }
}
