//! Linear algebra that faer does, on one thread, so that sums have one order.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::traits::ComplexField;
use faer::traits::math_utils::one;
use faer::{Accum, Mat, MatRef, Par, Side};
use ndarray::{Array2, ArrayView2};

/// `x x'`, its lower half.
pub(super) fn products<T: ComplexField>(x: ArrayView2<T>) -> Mat<T> {
    let mut products = Mat::zeros(x.nrows(), x.nrows());
    let (whole, half) = (BlockStructure::Rectangular, BlockStructure::TriangularLower);
    let x = as_faer(x);
    triangular::matmul(products.as_mut(), half, Accum::Replace, x, whole, x.transpose(), whole, one(), Par::Seq);
    products
}

/// `a b`.
pub(super) fn multiply(a: ArrayView2<f64>, b: ArrayView2<f64>) -> Array2<f64> {
    let mut product = Mat::zeros(a.nrows(), b.ncols());
    faer::linalg::matmul::matmul(product.as_mut(), Accum::Replace, as_faer(a), as_faer(b), 1.0, Par::Seq);
    from_faer(product.as_ref())
}

/// Eigenvalues, largest first, and eigenvectors, a column each, of a symmetric matrix given by its lower half.
pub(super) fn eigen(matrix: &Mat<f64>) -> (Vec<f64>, Array2<f64>) {
    faer::set_global_parallelism(Par::Seq);
    let eigen = matrix.self_adjoint_eigen(Side::Lower).expect("the solver converges on finite symmetric matrices");
    let values = eigen.S().column_vector().iter().rev().copied().collect();
    (values, from_faer(eigen.U().reverse_cols()))
}

/// The solution of `matrix solution = right` for a positive definite matrix, which is given by its lower half and becomes
/// its Cholesky factor. None where it is not positive definite.
pub(super) fn solve(matrix: &mut Mat<f64>, mut right: Mat<f64>) -> Option<Array2<f64>> {
    let (rows, columns) = (right.nrows(), right.ncols());
    let need = llt::factor::cholesky_in_place_scratch::<f64>(rows, Par::Seq, Default::default());
    let mut memory = MemBuffer::new(need.or(llt::solve::solve_in_place_scratch::<f64>(rows, columns, Par::Seq)));
    let stack = MemStack::new(&mut memory);
    llt::factor::cholesky_in_place(matrix.as_mut(), Default::default(), Par::Seq, stack, Default::default()).ok()?;
    llt::solve::solve_in_place(matrix.as_ref(), right.as_mut(), Par::Seq, stack);
    Some(from_faer(right.as_ref()))
}

/// A view of rows or columns that lie next to each other.
pub(super) fn as_faer<T>(x: ArrayView2<T>) -> MatRef<T> {
    match x.to_slice() {
        Some(values) => MatRef::from_row_major_slice(values, x.nrows(), x.ncols()),
        None => as_faer(x.reversed_axes()).transpose(),
    }
}

/// The matrix, row-major.
pub(super) fn from_faer(matrix: MatRef<f64>) -> Array2<f64> {
    Array2::from_shape_fn((matrix.nrows(), matrix.ncols()), |(row, column)| matrix[(row, column)])
}
