//! What the cells of a manifest say: one rule for all columns and all forms of manifests.

use super::super::seconds::is_digits;
use super::ManifestTable;
use crate::corpus::Corpus;

/// The cells of a manifest: blanks around them do not count, some words say that a cell holds nothing, and where every
/// number of a column is whole, `3.0` is 3. That is how a table with gaps writes the 3 of another.
pub(super) struct Cells<'a> {
    config: &'a Corpus,
    table: &'a ManifestTable,
    emotion: Option<usize>,
    /// Whether a column holds whole numbers, some of them written as `3.0`.
    whole: Vec<bool>,
}

impl<'a> Cells<'a> {
    pub fn new(config: &'a Corpus, table: &'a ManifestTable, emotion: Option<usize>) -> Self {
        let mut cells = Self { config, table, emotion, whole: Vec::new() };
        cells.whole = (0..table.columns.len()).map(|column| cells.is_whole(column)).collect();
        cells
    }

    /// A cell; none where there is no column, or nothing in it.
    pub fn get(&self, row: usize, column: Option<usize>) -> Option<&'a str> {
        let column = column?;
        let cell = self.present(row, column)?;
        let is_label = self.emotion == Some(column) && self.config.labels.contains_key(cell);
        let whole = cell.split_once('.').map(|(whole, _)| whole).filter(|_| self.whole[column] && !is_label);
        Some(whole.unwrap_or(cell))
    }

    /// The cells of a column, row by row.
    pub fn column(&self, column: usize) -> impl Iterator<Item = Option<&'a str>> {
        (0..self.table.len()).map(move |row| self.get(row, Some(column)))
    }

    fn present(&self, row: usize, column: usize) -> Option<&'a str> {
        let cell = self.table.cells[column].get(row)?.trim();
        let is_label = self.emotion == Some(column) && self.config.labels.contains_key(cell);
        Some(cell).filter(|cell| is_label || !self.config.is_missing(cell))
    }

    fn is_whole(&self, column: usize) -> bool {
        let mut found = false;
        let mut cells = (0..self.table.len()).filter_map(|row| self.present(row, column));
        let whole = cells.all(|cell| {
            let (whole, fraction) = cell.split_once('.').unwrap_or((cell, "0"));
            found |= cell.contains('.');
            is_digits(whole.strip_prefix('-').unwrap_or(whole))
                && is_digits(fraction)
                && fraction.bytes().all(|b| b == b'0')
        });
        whole && found
    }
}
