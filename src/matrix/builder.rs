//! Matrices row by row.

use std::sync::Arc;

use ndarray::Array2;

use super::memory::Lease;
use super::{Matrix, MatrixError, Memory, NUMBER, Numbers, Scratch};

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
    store: Store,
}

#[derive(Debug)]
enum Store {
    Memory(Vec<f32>, Lease),
    File(Scratch),
}

impl MatrixBuilder {
    /// An empty matrix that will have `rows x columns`.
    pub fn new(memory: &Memory, rows: usize, columns: usize) -> Self {
        let numbers = rows.saturating_mul(columns);
        let store = match memory.lease(numbers.saturating_mul(NUMBER) as u64) {
            Some(lease) => Store::Memory(Vec::with_capacity(numbers), lease),
            None => Store::File(Scratch::with_memory(0)),
        };
        Self { memory: memory.clone(), columns, count: 0, store }
    }

    /// Puts rows behind those that are there.
    ///
    /// # Errors
    /// The temporary file cannot be written.
    pub fn push(&mut self, rows: &[f32]) -> Result<(), MatrixError> {
        match &mut self.store {
            Store::Memory(values, _) => values.extend_from_slice(rows),
            Store::File(file) => file.append(rows)?,
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
