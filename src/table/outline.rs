use std::ops::Range;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::RowGroupMetaData;

use super::fetched::{Fetched, leaves, span};
use super::footer::read_metadata;
use super::manifest::text_cells;
use super::thrift::check_groups;
use super::{Footer, TableError, guarded};

/// What errors call the table.
const TABLE: &str = "outline";
/// Bytes of a file that are read for its first rows, at most: columns beyond them are left out.
const MOST_BYTES: u64 = 32 << 20;

/// Any Parquet file, ours or not, of which nothing but the footer is read yet.
#[derive(Debug)]
pub struct Outline {
    /// Number of rows.
    pub rows: u64,
    /// Its columns, in order.
    pub columns: Vec<OutlineColumn>,
    /// What a table of ser-etl says of itself; `None` for a file of others.
    pub footer: Option<Footer>,
    metadata: ArrowReaderMetadata,
    bytes: u64,
}

/// A column of any Parquet file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutlineColumn {
    /// Its name.
    pub name: String,
    /// Its type in a word, such as `utf8` or `float32`.
    pub kind: String,
    /// Number of nulls, where the footer tells.
    pub nulls: Option<u64>,
}

impl Outline {
    /// Reads the footer of a file of `bytes` bytes, of which `range` gives some.
    ///
    /// # Errors
    /// Fails where `range` does, or where the file is no Parquet.
    pub fn open<E: From<TableError>>(bytes: u64, range: impl Fn(Range<u64>) -> Result<Bytes, E>) -> Result<Self, E> {
        guarded(TABLE, || {
            let metadata = read_metadata(TABLE, bytes, range)?;
            let footer = Footer::of_any(metadata.file_metadata(), TABLE)?;
            let metadata = ArrowReaderMetadata::try_new(Arc::new(metadata), ArrowReaderOptions::new());
            let metadata = metadata.map_err(unreadable)?;
            let groups = metadata.metadata().row_groups();
            let rows = groups.iter().map(|group| group.num_rows().unsigned_abs()).fold(0, u64::saturating_add);
            let schema = metadata.parquet_schema();
            let mut leaves = vec![Vec::new(); metadata.schema().fields().len()];
            for leaf in 0..schema.num_columns() {
                leaves.get_mut(schema.get_column_root_idx(leaf)).into_iter().for_each(|leaves| leaves.push(leaf));
            }
            let columns = metadata.schema().fields().iter().zip(&leaves).map(|(field, leaves)| OutlineColumn {
                name: field.name().clone(),
                kind: word(field.data_type()),
                nulls: nulls(groups, leaves),
            });
            Ok(Self { rows, columns: columns.collect(), footer, bytes, metadata })
        })
    }

    /// Up to `rows` first rows as text, of up to `columns` first columns; fewer columns where they take too many bytes.
    /// A null is `None`. `range` gives some bytes of the file.
    ///
    /// # Errors
    /// Fails where `range` does, or where the file is damaged.
    pub fn first_rows<E: From<TableError>>(
        &self,
        rows: usize,
        columns: usize,
        range: impl Fn(Range<u64>) -> Result<Bytes, E>,
    ) -> Result<Vec<Vec<Option<String>>>, E> {
        guarded(TABLE, || {
            let groups = self.first_groups(rows);
            let columns = self.affordable(&groups, columns);
            if columns.is_empty() || groups.is_empty() {
                return Ok(Vec::new());
            }
            let schema = self.metadata.parquet_schema();
            let of_group = |group: &usize| self.metadata.metadata().row_group(*group);
            let leaves = leaves(schema, &columns);
            let spans = groups.iter().map(|group| span(of_group(group), &leaves)).collect::<Vec<_>>();
            if spans.iter().any(|span| span.end > self.bytes) {
                return Err(unreadable("its columns lie beyond its end").into());
            }
            let file = Fetched::new(self.bytes, spans.into_iter(), range)?;
            check_groups(&file, groups.iter().map(of_group), leaves.iter().copied()).map_err(unreadable)?;
            let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
            let mask = ProjectionMask::roots(schema, columns);
            let builder = builder.with_row_groups(groups).with_projection(mask).with_limit(rows).with_batch_size(rows);
            Ok(text_rows(builder.build().map_err(unreadable)?)?)
        })
    }

    /// The row groups that hold the first rows.
    fn first_groups(&self, rows: usize) -> Vec<usize> {
        let (mut before, mut groups) = (0, Vec::new());
        for (number, group) in self.metadata.metadata().row_groups().iter().enumerate() {
            if before >= rows as u64 {
                break;
            }
            before = before.saturating_add(group.num_rows().unsigned_abs());
            groups.push(number);
        }
        groups
    }

    /// As many of the first columns as can be read without many bytes.
    fn affordable(&self, groups: &[usize], columns: usize) -> Vec<usize> {
        let metadata = self.metadata.metadata();
        let bytes = |columns: &[usize]| {
            let leaves = leaves(self.metadata.parquet_schema(), columns);
            let of_group = |group: &usize| span(metadata.row_group(*group), &leaves);
            groups.iter().map(of_group).map(|span| span.end - span.start).fold(0, u64::saturating_add)
        };
        let mut chosen = Vec::from_iter(0..columns.min(self.columns.len()));
        while !chosen.is_empty() && bytes(&chosen) > MOST_BYTES {
            chosen.pop();
        }
        chosen
    }
}

/// The word for a type, as in the published schemas.
fn word(kind: &DataType) -> String {
    kind.to_string().to_lowercase()
}

/// The nulls of a column, where every row group tells; a nested one has none of its own that could be counted.
fn nulls(groups: &[RowGroupMetaData], leaves: &[usize]) -> Option<u64> {
    let &[leaf] = leaves else { return None };
    groups.iter().map(|group| group.column(leaf).statistics()?.null_count_opt()).sum()
}

fn text_rows(
    batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
) -> Result<Vec<Vec<Option<String>>>, TableError> {
    let mut rows = Vec::new();
    for batch in batches {
        let batch = batch.map_err(unreadable)?;
        // What has no form as text, such as binary data, is a null with its reason.
        let cells = |column: &arrow::array::ArrayRef| {
            text_cells(column.as_ref()).unwrap_or_else(|why| vec![Some(format!("({why})")); column.len()])
        };
        let columns = batch.columns().iter().map(cells).collect::<Vec<_>>();
        rows.extend((0..batch.num_rows()).map(|row| columns.iter().map(|cells| cells[row].clone()).collect()));
    }
    Ok(rows)
}

fn unreadable(reason: impl std::fmt::Display) -> TableError {
    TableError::Unreadable { table: TABLE.to_owned(), reason: reason.to_string() }
}
