//! Rows of numbers that memory need not hold: beyond a limit they lie in a temporary file, which has no name and ends with
//! the process. Either way they are the same bits, and everything that is computed of them has one order.

mod builder;
mod error;
mod memory;
mod scratch;

use std::ops::Range;
use std::sync::Arc;

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis, CowArray, Ix2, ShapeBuilder};

pub use builder::MatrixBuilder;
pub use error::MatrixError;
pub use memory::Memory;
pub use scratch::Scratch;

/// Bytes of rows that are worked on at a time.
const BLOCK: usize = 16 << 20;
/// Bytes of columns that are worked on at a time.
const STRIP: usize = 128 << 20;
/// A matrix has no more strips than this, however many rows it has.
const MOST_STRIPS: usize = 32;
/// Bytes of a number.
const NUMBER: usize = size_of::<f32>();

/// Rows x columns, row after row. Clones share the numbers.
#[derive(Debug, Clone)]
pub struct Matrix {
    rows: usize,
    columns: usize,
    numbers: Numbers,
    memory: Memory,
}

#[derive(Debug, Clone)]
enum Numbers {
    Held(Arc<builder::Held>),
    Filed(Arc<Scratch>),
}

impl Matrix {
    /// A matrix of `rows x columns`, which `fill` writes block after block: it is given the rows of the block and their
    /// cells.
    ///
    /// # Errors
    /// Those of `fill`, or of the temporary file.
    pub fn build<E: From<MatrixError>>(
        memory: &Memory,
        (rows, columns): (usize, usize),
        mut fill: impl FnMut(Range<usize>, ArrayViewMut2<f32>) -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut matrix = MatrixBuilder::new(memory, rows, columns);
        let mut block = Array2::zeros((0, columns));
        for range in blocks(rows, columns) {
            if block.nrows() != range.len() {
                block = Array2::zeros((range.len(), columns));
            }
            fill(range, block.view_mut())?;
            matrix.push(block.as_slice().expect("a new array is row after row"))?;
        }
        Ok(matrix.finish())
    }

    /// Number of rows.
    pub fn nrows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn ncols(&self) -> usize {
        self.columns
    }

    /// Rows and columns.
    pub fn dim(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }

    /// Whether there is no number.
    pub fn is_empty(&self) -> bool {
        self.rows == 0 || self.columns == 0
    }

    /// The memory that it counts against, for what is made of it.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Whether memory holds the numbers.
    pub fn is_held(&self) -> bool {
        matches!(self.numbers, Numbers::Held(_))
    }

    /// Whether both are the very same numbers, not only equal ones.
    pub fn is_same(&self, other: &Self) -> bool {
        match (&self.numbers, &other.numbers) {
            (Numbers::Held(a), Numbers::Held(b)) => Arc::ptr_eq(a, b),
            (Numbers::Filed(a), Numbers::Filed(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }

    /// Neighbouring rows that are worked on at a time, in order.
    pub fn blocks(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        blocks(self.rows, self.columns)
    }

    /// Neighbouring columns that are worked on at a time, in order. There are few: each of them reads all rows of a file.
    pub fn strips(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let columns = STRIP / NUMBER / self.rows.max(1);
        pieces(self.columns, columns.max(self.columns.div_ceil(MOST_STRIPS)))
    }

    /// Some neighbouring rows.
    ///
    /// # Errors
    /// The temporary file cannot be read.
    pub fn block(&self, rows: Range<usize>) -> Result<CowArray<'_, f32, Ix2>, MatrixError> {
        match &self.numbers {
            Numbers::Held(held) => Ok(held.values.slice_axis(Axis(0), rows.into()).into()),
            Numbers::Filed(file) => {
                let mut block = Array2::zeros((rows.len(), self.columns));
                file.read(rows.start * self.columns, block.as_slice_mut().expect("a new array is row after row"))?;
                Ok(block.into())
            }
        }
    }

    /// Calls `see` with each row and its number, in order.
    ///
    /// # Errors
    /// The temporary file cannot be read.
    pub fn each_row(&self, mut see: impl FnMut(usize, ArrayView1<f32>)) -> Result<(), MatrixError> {
        for rows in self.blocks() {
            rows.clone().zip(self.block(rows)?.rows()).for_each(|(at, row)| see(at, row));
        }
        Ok(())
    }

    /// The mean of each column, summed in the order of the rows.
    ///
    /// # Errors
    /// The temporary file cannot be read.
    pub fn means(&self) -> Result<Array1<f64>, MatrixError> {
        let mut means = Array1::<f64>::zeros(self.columns);
        self.each_row(|_, row| means.zip_mut_with(&row, |sum, &value| *sum += f64::from(value)))?;
        means /= self.rows as f64;
        Ok(means)
    }

    /// All rows.
    ///
    /// # Errors
    /// The temporary file cannot be read.
    pub fn whole(&self) -> Result<CowArray<'_, f32, Ix2>, MatrixError> {
        self.block(0..self.rows)
    }

    /// Rows by their numbers, into an array of as many rows.
    ///
    /// # Errors
    /// The temporary file cannot be read.
    pub fn gather(&self, rows: &[usize], mut into: ArrayViewMut2<f32>) -> Result<(), MatrixError> {
        let mut start = 0;
        for run in rows.chunk_by(|a, b| a + 1 == *b) {
            let mut target = into.slice_axis_mut(Axis(0), (start..start + run.len()).into());
            start += run.len();
            match (&self.numbers, target.as_slice_mut()) {
                (Numbers::Filed(file), Some(target)) => file.read(run[0] * self.columns, target)?,
                _ => target.assign(&self.block(run[0]..run[0] + run.len())?),
            }
        }
        Ok(())
    }

    /// Rows by their numbers.
    ///
    /// # Errors
    /// The temporary file cannot be read.
    pub fn select(&self, rows: &[usize]) -> Result<Array2<f32>, MatrixError> {
        let mut selected = Array2::zeros((rows.len(), self.columns));
        self.gather(rows, selected.view_mut())?;
        Ok(selected)
    }

    /// Some neighbouring columns of all rows, a column after the other in memory.
    ///
    /// # Errors
    /// The temporary file cannot be read.
    pub fn strip(&self, columns: Range<usize>) -> Result<Array2<f32>, MatrixError> {
        let mut strip = Array2::zeros((self.rows, columns.len()).f());
        for rows in self.blocks() {
            let block = self.block(rows.clone())?;
            let wanted = block.slice_axis(Axis(1), columns.clone().into());
            strip.slice_axis_mut(Axis(0), rows.into()).assign(&wanted);
        }
        Ok(strip)
    }

    /// The matrix of as many rows that `change` makes of this one's, block after block.
    ///
    /// # Errors
    /// The temporary file of either.
    pub fn map(
        &self,
        columns: usize,
        mut change: impl FnMut(ArrayView2<f32>, ArrayViewMut2<f32>),
    ) -> Result<Self, MatrixError> {
        Self::build(&self.memory, (self.rows, columns), |rows, target| {
            change(self.block(rows)?.view(), target);
            Ok(())
        })
    }

    /// An array of as many rows, which `change` makes of this matrix block after block.
    ///
    /// # Errors
    /// The temporary file cannot be read.
    pub fn to_array(
        &self,
        columns: usize,
        mut change: impl FnMut(ArrayView2<f32>) -> Array2<f32>,
    ) -> Result<Array2<f32>, MatrixError> {
        let mut all = Array2::zeros((self.rows, columns));
        for rows in self.blocks() {
            let changed = change(self.block(rows.clone())?.view());
            all.slice_axis_mut(Axis(0), rows.into()).assign(&changed);
        }
        Ok(all)
    }

    /// The rows with some of the columns.
    ///
    /// # Errors
    /// The temporary file of either.
    pub fn pick(&self, columns: &[usize]) -> Result<Self, MatrixError> {
        self.map(columns.len(), |rows, mut target| target.assign(&rows.select(Axis(1), columns)))
    }

    /// These rows, and those of another matrix of as many columns behind them.
    ///
    /// # Errors
    /// The temporary file of any.
    pub fn followed_by(&self, other: &Self) -> Result<Self, MatrixError> {
        let mut both = MatrixBuilder::new(&self.memory, self.rows + other.rows, self.columns);
        for part in [self, other] {
            for rows in part.blocks() {
                both.push(part.block(rows)?.as_standard_layout().as_slice().expect("in the standard layout"))?;
            }
        }
        Ok(both.finish())
    }
}

/// Held, whatever its size.
impl From<Array2<f32>> for Matrix {
    fn from(values: Array2<f32>) -> Self {
        builder::held(values)
    }
}

/// Equal numbers in equal places; a matrix that cannot be read is equal to none.
impl PartialEq for Matrix {
    fn eq(&self, other: &Self) -> bool {
        let same = |rows: Range<usize>| match (self.block(rows.clone()), other.block(rows)) {
            (Ok(a), Ok(b)) => a == b,
            _ => false,
        };
        self.dim() == other.dim() && self.blocks().all(same)
    }
}

/// Rows by blocks: at least 1,024, so that most tables are one.
fn blocks(rows: usize, columns: usize) -> impl Iterator<Item = Range<usize>> {
    pieces(rows, (BLOCK / NUMBER / columns.max(1)).max(1024))
}

fn pieces(all: usize, size: usize) -> impl Iterator<Item = Range<usize>> {
    let size = size.max(1);
    (0..all).step_by(size).map(move |start| start..all.min(start + size))
}

#[cfg(test)]
mod tests;
