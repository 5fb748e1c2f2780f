//! Parquet tables of others, of which a column of ids and columns of numbers are read.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{AsArray, Float32Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

use super::fetched::Fetched;
use super::footer::read_metadata;
use super::thrift::{MOST_ROWS_PER_BYTE, check_groups};
use super::{TableError, convert, guarded};

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

/// Some columns of a file of numbers.
#[derive(Debug, Default, PartialEq)]
pub struct Numbers {
    /// The id of each row; empty where there is none.
    pub ids: Vec<String>,
    /// The numbers, row after row; a null is NaN, and so is what is not finite in float32.
    pub values: Vec<f32>,
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

    /// Reads the column `id` and the columns of numbers `chosen`, ascending. Memory holds what is returned and one piece
    /// of the file.
    ///
    /// # Errors
    /// Fails where `range` does, or where the file is damaged.
    pub fn read<E: From<TableError>>(
        &self,
        id: usize,
        chosen: &[usize],
        range: impl Fn(Range<u64>) -> Result<Bytes, E>,
    ) -> Result<Numbers, E> {
        guarded(TABLE, || {
            let groups = self.metadata.metadata().row_groups();
            let rows = groups.iter().map(|group| usize::try_from(group.num_rows()).unwrap_or(0)).sum::<usize>();
            let mut numbers = Numbers::default();
            let cells = rows.saturating_mul(chosen.len());
            let too_large = |_| unreadable(format!("memory does not hold {rows} rows of {} columns", chosen.len()));
            numbers.values.try_reserve_exact(cells).map_err(too_large)?;
            numbers.values.resize(cells, f32::NAN);
            let mut first = 0;
            for group in 0..groups.len() {
                let ids = self.batches(group, &[id], &range)?;
                for batch in &ids {
                    numbers.ids.extend(texts(batch)?);
                }
                let mut column = 0;
                for piece in self.pieces(group, chosen) {
                    let place = Place { first, column, width: chosen.len() };
                    place.fill(&mut numbers.values, &self.batches(group, piece, &range)?)?;
                    column += piece.len();
                }
                first = numbers.ids.len();
            }
            if numbers.ids.len() != rows {
                return Err(unreadable("it lacks rows").into());
            }
            numbers.values.iter_mut().filter(|value| !value.is_finite()).for_each(|value| *value = f32::NAN);
            Ok(numbers)
        })
    }

    /// Columns that are best fetched together: neighbours, up to [`FETCHED`] bytes.
    fn pieces<'a>(&self, group: usize, chosen: &'a [usize]) -> Vec<&'a [usize]> {
        let group = self.metadata.metadata().row_group(group);
        let (mut pieces, mut start) = (Vec::new(), 0);
        for end in 1..=chosen.len() {
            if end == chosen.len() || length(&self.span_of(group, &chosen[start..=end])) > FETCHED {
                pieces.push(&chosen[start..end]);
                start = end;
            }
        }
        pieces
    }

    /// The bytes from the first to the last of some columns, all of their leaves included.
    fn span_of(&self, group: &parquet::file::metadata::RowGroupMetaData, columns: &[usize]) -> Range<u64> {
        let ranges = self.leaves(columns).into_iter().map(|leaf| group.column(leaf).byte_range());
        let (start, end) =
            ranges.fold((u64::MAX, 0), |(start, end), (at, len)| (start.min(at), end.max(at.saturating_add(len))));
        start.min(end)..end
    }

    /// The leaves of some columns: one each, but of nested ones.
    fn leaves(&self, columns: &[usize]) -> Vec<usize> {
        let schema = self.metadata.parquet_schema();
        (0..schema.num_columns()).filter(|leaf| columns.contains(&schema.get_column_root_idx(*leaf))).collect()
    }

    /// Some columns of a row group.
    fn batches<E: From<TableError>>(
        &self,
        group: usize,
        columns: &[usize],
        range: impl Fn(Range<u64>) -> Result<Bytes, E>,
    ) -> Result<Vec<RecordBatch>, E> {
        let metadata = self.metadata.metadata().row_group(group);
        let span = self.span_of(metadata, columns);
        if span.end > self.bytes {
            return Err(unreadable("its columns lie beyond its end").into());
        }
        let file = Fetched::new(self.bytes, std::iter::once(span), range)?;
        check_groups(&file, std::iter::once(metadata), self.leaves(columns).into_iter()).map_err(unreadable)?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
        let mask = ProjectionMask::roots(builder.parquet_schema(), columns.iter().copied());
        let reader = builder.with_row_groups(vec![group]).with_projection(mask).build().map_err(unreadable)?;
        Ok(reader.collect::<Result<_, _>>().map_err(unreadable)?)
    }
}

/// Where the columns of a piece stand among all cells.
struct Place {
    first: usize,
    column: usize,
    width: usize,
}

impl Place {
    /// Puts the cells of a piece where they belong.
    fn fill(&self, values: &mut [f32], batches: &[RecordBatch]) -> Result<(), TableError> {
        let mut first = self.first;
        for batch in batches {
            let columns = batch.columns().iter().map(|column| cast(column, &DataType::Float32));
            let columns = columns.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
            let columns: Vec<&Float32Array> =
                columns.iter().map(|column| column.as_primitive::<Float32Type>()).collect();
            let rows = values.get_mut(first * self.width..(first + batch.num_rows()) * self.width);
            let rows = rows.ok_or_else(|| unreadable("it has more rows than it says"))?;
            convert::fill_rows(rows, self.width, self.column, &columns);
            first += batch.num_rows();
        }
        Ok(())
    }
}

/// The ids of a batch.
fn texts(batch: &RecordBatch) -> Result<Vec<String>, TableError> {
    let column = cast(batch.column(0), &DataType::Utf8).map_err(unreadable)?;
    Ok(column.as_string::<i32>().iter().map(|cell| cell.unwrap_or_default().to_owned()).collect())
}

fn length(range: &Range<u64>) -> u64 {
    range.end - range.start
}

fn unreadable(reason: impl std::fmt::Display) -> TableError {
    TableError::Unreadable { table: TABLE.to_owned(), reason: reason.to_string() }
}
