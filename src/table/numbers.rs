//! Parquet tables of others, of which a column of ids and columns of numbers are read.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{AsArray, Float32Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};

use super::fetched::{Fetched, leaves, span};
use super::footer::read_metadata;
use super::thrift::{MOST_ROWS_PER_BYTE, check_groups};
use super::{TableError, convert, guarded};
use crate::schema::Texts;

/// What errors call the table.
const TABLE: &str = "features of others";
/// Bytes of columns that are fetched and decoded at a time: memory holds them beside what was read.
const FETCHED: u64 = 64 << 20;

/// A Parquet file of numbers, of which nothing but the footer is read yet.
#[derive(Debug)]
pub struct NumbersFile {
    metadata: ArrowReaderMetadata,
    bytes: u64,
}

/// Numbers of some neighbouring rows, in some neighbouring ones of the columns that are read.
#[derive(Debug)]
pub struct Piece<'a> {
    /// The first row of the table that it holds.
    pub first: usize,
    /// The columns, by their places among those that are read.
    pub columns: Range<usize>,
    /// The numbers, row after row; a null is NaN, and so is what is not finite in float32.
    pub values: &'a [f32],
}

impl NumbersFile {
    /// Reads the footer of a file of `bytes` bytes, of which `range` gives some.
    ///
    /// # Errors
    /// Fails where `range` does, or where the file is no Parquet.
    pub fn open<E: From<TableError>>(bytes: u64, range: impl Fn(Range<u64>) -> Result<Bytes, E>) -> Result<Self, E> {
        guarded(TABLE, || {
            let metadata = read_metadata(TABLE, bytes, range)?;
            let rows = metadata.row_groups().iter().map(|group| group.num_rows().unsigned_abs());
            if rows.fold(0, u64::saturating_add) > MOST_ROWS_PER_BYTE * bytes {
                return Err(unreadable("it claims more rows than it can hold").into());
            }
            let metadata = ArrowReaderMetadata::try_new(Arc::new(metadata), ArrowReaderOptions::new());
            let metadata = metadata.map_err(unreadable)?;
            Ok(Self { metadata, bytes })
        })
    }

    /// Name of each column, and whether it holds numbers.
    pub fn columns(&self) -> Vec<(String, bool)> {
        let is_numeric = |kind: &DataType| kind.is_numeric();
        self.metadata
            .schema()
            .fields()
            .iter()
            .map(|field| (field.name().clone(), is_numeric(field.data_type())))
            .collect()
    }

    /// Reads the column `id` and the columns of numbers `chosen`, ascending; the id of each row, empty where there is
    /// none. `put` is given the numbers piece by piece; each piece follows the one before it, or is of other columns.
    /// Memory holds the ids and one piece of the file.
    ///
    /// # Errors
    /// Fails where `range` or `put` does, or where the file is damaged.
    pub fn read<E: From<TableError>>(
        &self,
        id: usize,
        chosen: &[usize],
        range: impl Fn(Range<u64>) -> Result<Bytes, E>,
        mut put: impl FnMut(Piece) -> Result<(), E>,
    ) -> Result<Texts, E> {
        guarded(TABLE, || {
            let (mut ids, mut values) = (Texts::default(), Vec::new());
            for group in 0..self.metadata.metadata().row_groups().len() {
                let first = ids.len();
                for batch in self.batches(group, &[id], &range)? {
                    push_texts(&mut ids, &batch.map_err(unreadable)?)?;
                }
                let mut column = 0;
                for piece in self.pieces(group, chosen) {
                    let columns = column..column + piece.len();
                    let mut first = first;
                    for batch in self.batches(group, piece, &range)? {
                        let batch = batch.map_err(unreadable)?;
                        fill(&mut values, &batch)?;
                        put(Piece { first, columns: columns.clone(), values: &values })?;
                        first += batch.num_rows();
                    }
                    if first != ids.len() {
                        return Err(unreadable("its columns do not have as many rows each").into());
                    }
                    column = columns.end;
                }
            }
            let rows = self.metadata.metadata().row_groups().iter().map(|group| group.num_rows().unsigned_abs());
            if ids.len() as u64 != rows.fold(0, u64::saturating_add) {
                return Err(unreadable("it lacks rows").into());
            }
            Ok(ids)
        })
    }

    /// Columns that are best fetched together: neighbours, up to [`FETCHED`] bytes.
    fn pieces<'a>(&self, group: usize, chosen: &'a [usize]) -> Vec<&'a [usize]> {
        let group = self.metadata.metadata().row_group(group);
        let (mut pieces, mut start) = (Vec::new(), 0);
        for end in 1..=chosen.len() {
            if end == chosen.len() || length(&span(group, &self.leaves(&chosen[start..=end]))) > FETCHED {
                pieces.push(&chosen[start..end]);
                start = end;
            }
        }
        pieces
    }

    /// The leaves of some columns.
    fn leaves(&self, columns: &[usize]) -> Vec<usize> {
        leaves(self.metadata.parquet_schema(), columns)
    }

    /// Some columns of a row group, some rows at a time.
    fn batches<E: From<TableError>>(
        &self,
        group: usize,
        columns: &[usize],
        range: impl Fn(Range<u64>) -> Result<Bytes, E>,
    ) -> Result<ParquetRecordBatchReader, E> {
        let metadata = self.metadata.metadata().row_group(group);
        let span = span(metadata, &self.leaves(columns));
        if span.end > self.bytes {
            return Err(unreadable("its columns lie beyond its end").into());
        }
        let file = Fetched::new(self.bytes, std::iter::once(span), range)?;
        check_groups(&file, std::iter::once(metadata), self.leaves(columns).into_iter()).map_err(unreadable)?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
        let mask = ProjectionMask::roots(builder.parquet_schema(), columns.iter().copied());
        Ok(builder.with_row_groups(vec![group]).with_projection(mask).build().map_err(unreadable)?)
    }
}

/// Puts the numbers of a batch into `values`, row after row.
fn fill(values: &mut Vec<f32>, batch: &RecordBatch) -> Result<(), TableError> {
    let columns = batch.columns().iter().map(|column| cast(column, &DataType::Float32));
    let columns = columns.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    let columns: Vec<&Float32Array> = columns.iter().map(|column| column.as_primitive::<Float32Type>()).collect();
    values.clear();
    convert::extend_rows(values, &columns, batch.num_rows());
    values.iter_mut().filter(|value| !value.is_finite()).for_each(|value| *value = f32::NAN);
    Ok(())
}

/// Puts the ids of a batch behind the others.
fn push_texts(ids: &mut Texts, batch: &RecordBatch) -> Result<(), TableError> {
    let column = cast(batch.column(0), &DataType::Utf8).map_err(unreadable)?;
    ids.extend(column.as_string::<i32>().iter().map(|cell| Some(cell.unwrap_or_default())));
    Ok(())
}

fn length(range: &Range<u64>) -> u64 {
    range.end - range.start
}

fn unreadable(reason: impl std::fmt::Display) -> TableError {
    TableError::Unreadable { table: TABLE.to_owned(), reason: reason.to_string() }
}
