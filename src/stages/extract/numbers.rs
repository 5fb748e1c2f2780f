//! The numbers of a table of others: most are on disk where they are many.

use std::ops::Range;

use crate::matrix::{MatrixError, Scratch};
use crate::table::Piece;

/// Numbers by row and column, which come piece by piece.
#[derive(Default)]
pub(super) struct NumbersOfOthers {
    numbers: Scratch,
    /// Those of the same rows follow each other.
    blocks: Vec<Block>,
}

/// Rows of some columns that stand one behind the other.
struct Block {
    rows: Range<usize>,
    columns: Range<usize>,
    /// Where the first of its numbers stands.
    start: usize,
}

impl NumbersOfOthers {
    /// Puts a piece behind the others.
    ///
    /// # Errors
    /// The disk takes no more.
    pub fn put(&mut self, piece: &Piece) -> Result<(), MatrixError> {
        let (first, columns) = (piece.first, piece.columns.clone());
        let rows = first..first + piece.values.len() / columns.len();
        match self.blocks.last_mut().filter(|last| last.columns == columns && last.rows.end == rows.start) {
            Some(last) => last.rows.end = rows.end,
            None => self.blocks.push(Block { rows, columns, start: self.numbers.len() }),
        }
        self.numbers.append(piece.values)
    }

    /// Reads a row, as wide as the matrix is.
    ///
    /// # Errors
    /// The disk fails.
    pub fn read(&self, row: usize, values: &mut [f32]) -> Result<(), MatrixError> {
        let first = self.blocks.partition_point(|block| block.rows.end <= row);
        for block in self.blocks[first..].iter().take_while(|block| block.rows.contains(&row)) {
            let start = block.start + (row - block.rows.start) * block.columns.len();
            self.numbers.read(start, &mut values[block.columns.clone()])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_put_together_of_their_pieces() {
        let mut matrix = NumbersOfOthers::default();
        let number = |row: usize, column: usize| (10 * row + column) as f32;
        let pieces = [
            (0..2, 0..2),
            (2..3, 0..2),
            (0..2, 2..3),
            (2..3, 2..3),
            (3..4, 0..3),
            (4..6, 0..3),
            (6..7, 0..1),
            (6..7, 1..3),
        ];
        for (rows, columns) in pieces {
            let values = rows.clone().flat_map(|row| columns.clone().map(move |column| number(row, column)));
            let values = &values.collect::<Vec<_>>();
            matrix.put(&Piece { first: rows.start, columns, values }).expect("in memory");
        }
        assert_eq!(matrix.blocks.len(), 5);
        for row in 0..7 {
            let mut values = [-1.0; 3];
            matrix.read(row, &mut values).expect("in memory");
            assert_eq!(values, [0, 1, 2].map(|column| number(row, column)), "row {row}");
        }
    }
}
