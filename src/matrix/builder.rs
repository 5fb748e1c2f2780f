//! Matrices row by row.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use ndarray::Array2;

use super::memory::Lease;
use super::{Matrix, MatrixError, Memory, NUMBER, Numbers};

/// Numbers in memory.
#[derive(Debug)]
pub(super) struct Held {
    pub values: Array2<f32>,
    _lease: Option<Lease>,
}

/// A matrix that grows by rows. Where it lies is decided at its beginning.
#[derive(Debug)]
pub struct MatrixBuilder {
    memory: Memory,
    columns: usize,
    /// Numbers that are there.
    count: usize,
    /// Bytes of all numbers.
    bytes: u64,
    store: Store,
}

#[derive(Debug)]
enum Store {
    Memory(Vec<f32>, Lease),
    File(File),
}

impl MatrixBuilder {
    /// An empty matrix that will have `rows x columns`.
    ///
    /// # Errors
    /// Memory has no room for it, and no temporary file can be made.
    pub fn new(memory: &Memory, rows: usize, columns: usize) -> Result<Self, MatrixError> {
        let numbers = rows.saturating_mul(columns);
        let bytes = numbers.saturating_mul(NUMBER) as u64;
        let store = match memory.lease(bytes) {
            Some(lease) => Store::Memory(Vec::with_capacity(numbers), lease),
            None => Store::File(tempfile::tempfile().map_err(|error| unwritten(bytes, &error))?),
        };
        Ok(Self { memory: memory.clone(), columns, count: 0, bytes, store })
    }

    /// Puts rows behind those that are there.
    ///
    /// # Errors
    /// The temporary file cannot be written.
    pub fn push(&mut self, rows: &[f32]) -> Result<(), MatrixError> {
        const NUMBERS: usize = 1 << 16;
        match &mut self.store {
            Store::Memory(values, _) => values.extend_from_slice(rows),
            Store::File(file) => {
                for piece in rows.chunks(NUMBERS) {
                    let bytes: Vec<u8> = piece.iter().flat_map(|number| number.to_le_bytes()).collect();
                    file.write_all(&bytes).map_err(|error| unwritten(self.bytes, &error))?;
                }
            }
        }
        self.count += rows.len();
        Ok(())
    }

    /// The matrix of the rows that were put in.
    pub fn finish(self) -> Matrix {
        let rows = self.count.checked_div(self.columns).unwrap_or(0);
        let numbers = match self.store {
            Store::Memory(values, lease) => {
                let values = Array2::from_shape_vec((rows, self.columns), values).expect("whole rows were put in");
                Numbers::Held(Arc::new(Held { values, _lease: Some(lease) }))
            }
            Store::File(file) => Numbers::Filed(Arc::new(file)),
        };
        Matrix { rows, columns: self.columns, numbers, memory: self.memory }
    }
}

/// An array as a matrix, whatever its size.
pub(super) fn held(values: Array2<f32>) -> Matrix {
    let values = if values.is_standard_layout() { values } else { values.as_standard_layout().into_owned() };
    let (rows, columns) = values.dim();
    let numbers = Numbers::Held(Arc::new(Held { values, _lease: None }));
    Matrix { rows, columns, numbers, memory: Memory::unlimited() }
}

fn unwritten(bytes: u64, error: &std::io::Error) -> MatrixError {
    MatrixError::Write { bytes, reason: error.to_string() }
}
