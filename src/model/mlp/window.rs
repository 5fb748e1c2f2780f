//! The order in which training rows are passed.
//!
//! Up to so many rows as memory easily holds are shuffled as one. Of more, runs of neighbouring rows are shuffled, and the
//! rows of so many runs as memory easily holds are shuffled among each other: a window. So a file of rows is read in
//! long pieces, and the order is the same wherever the rows lie.

use ndarray::{Array2, ArrayView1, Axis, CowArray, Ix2};
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::matrix::{Matrix, MatrixError};

/// Bytes of a window.
const BYTES: usize = 64 << 20;
/// Neighbouring rows that stay in one window.
const RUN: usize = 64;

/// Passes over the rows of a matrix, each in a new order.
pub(super) struct Passes<'a> {
    x: &'a Matrix,
    /// Rows of a window.
    window: usize,
    /// Rows as one window, or numbers of runs.
    order: Vec<usize>,
    /// Room for the rows of a window that are read from a file.
    room: Array2<f32>,
}

/// Rows that are shuffled among each other.
pub(super) struct Window<'a> {
    /// Numbers of the rows, in the order in which they are passed.
    pub rows: Vec<usize>,
    /// The whole matrix where memory holds it; else the rows as they were read.
    x: CowArray<'a, f32, Ix2>,
    /// Where each of `rows` stands among those that were read.
    places: Option<Vec<usize>>,
}

impl<'a> Passes<'a> {
    pub fn new(x: &'a Matrix) -> Self {
        Self::with_window(x, (BYTES / size_of::<f32>() / x.ncols().max(1)).max(RUN))
    }

    fn with_window(x: &'a Matrix, window: usize) -> Self {
        let count = if x.nrows() <= window { x.nrows() } else { x.nrows().div_ceil(RUN) };
        Self { x, window, order: (0..count).collect(), room: Array2::zeros((0, x.ncols())) }
    }

    /// The windows of the next pass: which rows each has.
    pub fn next(&mut self, rng: &mut ChaCha8Rng) -> Vec<Vec<usize>> {
        self.order.shuffle(rng);
        let rows = self.x.nrows();
        if rows <= self.window {
            return vec![self.order.clone()];
        }
        let run = |run: &usize| run * RUN..rows.min((run + 1) * RUN);
        self.order.chunks(self.window / RUN).map(|runs| runs.iter().flat_map(run).collect()).collect()
    }

    /// Brings the rows of a window together, in a new order; a single window has one already.
    pub fn open(&mut self, mut rows: Vec<usize>, rng: &mut ChaCha8Rng) -> Result<Window<'a>, MatrixError> {
        if self.x.nrows() > self.window {
            rows.shuffle(rng);
        }
        if self.x.is_held() {
            return Ok(Window { rows, x: self.x.whole()?, places: None });
        }
        // Read in the order of the file.
        let mut stored = rows.clone();
        stored.sort_unstable();
        let mut read = std::mem::take(&mut self.room);
        if read.nrows() < stored.len() {
            read = Array2::zeros((stored.len(), self.x.ncols()));
        }
        self.x.gather(&stored, read.slice_axis_mut(Axis(0), (..stored.len()).into()))?;
        let places = rows.iter().map(|row| stored.partition_point(|other| other < row)).collect();
        Ok(Window { rows, x: read.into(), places: Some(places) })
    }

    /// Takes the room of a window back.
    pub fn close(&mut self, window: Window) {
        if window.x.is_owned() {
            self.room = window.x.into_owned();
        }
    }
}

impl Window<'_> {
    /// The row that is passed as number `at`.
    pub fn row(&self, at: usize) -> ArrayView1<'_, f32> {
        self.x.row(self.places.as_ref().map_or(self.rows[at], |places| places[at]))
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::matrix::Memory;

    fn numbers(memory: &Memory, rows: usize) -> Matrix {
        Matrix::build(memory, (rows, 2), |range, mut block| {
            range.zip(block.rows_mut()).for_each(|(row, mut cells)| cells.fill(row as f32));
            Ok::<_, MatrixError>(())
        })
        .expect("a matrix")
    }

    /// What a pass sees, window after window.
    fn seen(x: &Matrix, window: usize, passes: usize) -> Vec<Vec<f32>> {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let mut order = Passes::with_window(x, window);
        let mut windows = Vec::new();
        for _ in 0..passes {
            windows = order.next(&mut rng);
        }
        let open = |rows: Vec<usize>| {
            let window = order.open(rows, &mut rng).expect("rows");
            let seen = (0..window.rows.len()).map(|at| window.row(at)[1]).collect();
            order.close(window);
            seen
        };
        windows.into_iter().map(open).collect()
    }

    #[test]
    fn every_row_is_passed_once_in_the_same_order_wherever_it_lies() {
        for (rows, window) in [(1, 64), (200, 1000), (1000, 128), (1001, 300)] {
            let [held, filed] = [Memory::unlimited(), Memory::new(0)].map(|memory| numbers(&memory, rows));
            let (a, b) = (seen(&held, window, 3), seen(&filed, window, 3));
            assert_eq!(a, b, "{rows} {window}");
            let mut all = a.concat();
            assert!(rows < 2 || !all.is_sorted());
            all.sort_by(f32::total_cmp);
            assert_eq!(all, (0..rows).map(|row| row as f32).collect::<Vec<_>>());
            assert!(a.iter().all(|rows| rows.len() <= window));
        }
    }

    #[test]
    fn a_window_mixes_rows_from_everywhere() {
        let x = numbers(&Memory::unlimited(), 64 * 100);
        let (first, second) = (seen(&x, 64 * 20, 1), seen(&x, 64 * 20, 2));
        assert_eq!(first.len(), 5);
        assert_ne!(first, second);
        let mean = |rows: &[f32]| rows.iter().sum::<f32>() / rows.len() as f32;
        assert!(first.iter().all(|window| (mean(window) - 3200.0).abs() < 1200.0), "{first:?}");
        let neighbours = first.concat().windows(2).filter(|pair| (pair[0] - pair[1]).abs() < 2.0).count();
        assert!(neighbours < 64, "{neighbours} neighbours follow each other");
    }
}
