use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Float32Type, Schema};
use arrow::error::ArrowError;
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::ChunkReader;

use crate::schema::{Columns, Row, Table, TableDef};

use super::fetched::{Fetched, span};
use super::footer::read_metadata;
use super::thrift::{check_footer, check_groups, check_pages};
use super::{Footer, TableError, convert, guarded};

/// Rows of a batch, where a table is read some rows at a time.
const BATCH_ROWS: usize = 8192;

/// A table and its footer from the bytes of its Parquet file.
///
/// # Errors
/// Refuses a file that is no Parquet, another table, another version, or has columns of other names or types.
pub fn read<R: Row>(file: Bytes) -> Result<(Table<R>, Footer), TableError> {
    guarded(R::table().name, || {
        let builder = open(file).map_err(unreadable::<R>)?;
        let (fields, footer) = checked::<R>(builder.metadata(), builder.schema())?;
        Ok((collect(&fields, builder)?, footer))
    })
}

/// The rows of a table, some at a time, from the bytes of its Parquet file.
pub struct Batches<R> {
    fields: Vec<Field>,
    reader: ParquetRecordBatchReader,
    row: PhantomData<fn() -> R>,
}

impl<R: Row> Batches<R> {
    /// Reads what the file says of its columns.
    ///
    /// # Errors
    /// As [`read`].
    pub fn open(file: Bytes) -> Result<Self, TableError> {
        guarded(R::table().name, || {
            let builder = open(file).map_err(unreadable::<R>)?.with_batch_size(BATCH_ROWS);
            let (fields, _) = checked::<R>(builder.metadata(), builder.schema())?;
            Ok(Self { fields, reader: builder.build().map_err(unreadable::<R>)?, row: PhantomData })
        })
    }

    /// Names of the float columns.
    pub fn float_names(&self) -> Vec<String> {
        open_names(&R::table(), &self.fields, &DataType::Float32)
    }
}

impl<R: Row> Iterator for Batches<R> {
    type Item = Result<Table<R>, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = guarded(R::table().name, || self.reader.next().transpose().map_err(unreadable::<R>));
        batch.and_then(|batch| batch.map(|batch| of_batches(&self.fields, [Ok(batch)])).transpose()).transpose()
    }
}

/// A reader of all columns of a Parquet file.
pub(super) fn open(file: Bytes) -> Result<ParquetRecordBatchReaderBuilder<Bytes>, ParquetError> {
    check_footer(&file)?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file.clone())?;
    let columns = builder.metadata().file_metadata().schema_descr().num_columns();
    check_pages(&file, builder.metadata(), 0..columns)?;
    Ok(builder)
}

/// Typed and text columns only, which leaves the float columns of a wide table where they are. The file has `bytes`
/// bytes, of which `range` gives some.
///
/// # Errors
/// Fails where `range` does; else as [`read`].
pub fn read_keys<R: Row, E: From<TableError>>(
    bytes: u64,
    range: impl Fn(Range<u64>) -> Result<Bytes, E>,
) -> Result<Table<R>, E> {
    guarded(R::table().name, || read_positions(bytes, range))
}

fn read_positions<R: Row, E: From<TableError>>(
    bytes: u64,
    range: impl Fn(Range<u64>) -> Result<Bytes, E>,
) -> Result<Table<R>, E> {
    let RowsFile { metadata, fields, .. } = RowsFile::<R>::open(bytes, &range)?;
    let float = |field: &Field| *field.data_type() == DataType::Float32;
    let typed = R::table().columns.len();
    let (positions, fields): (Vec<_>, Vec<_>) =
        fields.into_iter().enumerate().filter(|(position, field)| *position < typed || !float(field)).unzip();
    let spans = metadata.metadata().row_groups().iter().map(|group| span(group, &positions));
    let file = Fetched::new(bytes, spans, range)?;
    check_pages(&file, metadata.metadata(), positions.iter().copied()).map_err(unreadable::<R>)?;
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
    let mask = ProjectionMask::roots(builder.parquet_schema(), positions);
    Ok(collect(&fields, builder.with_projection(mask))?)
}

/// The file of a table, of which some rows are read at a time.
#[derive(Debug)]
pub struct RowsFile<R> {
    metadata: ArrowReaderMetadata,
    fields: Vec<Field>,
    bytes: u64,
    row: PhantomData<fn() -> R>,
}

impl<R: Row> RowsFile<R> {
    /// Reads what a file of `bytes` bytes says of its columns and row groups; `range` gives some of its bytes.
    ///
    /// # Errors
    /// Fails where `range` does; else as [`read`].
    pub fn open<E: From<TableError>>(bytes: u64, range: impl Fn(Range<u64>) -> Result<Bytes, E>) -> Result<Self, E> {
        guarded(R::table().name, || {
            let metadata = read_metadata(R::table().name, bytes, range)?;
            let metadata = ArrowReaderMetadata::try_new(Arc::new(metadata), ArrowReaderOptions::new());
            let metadata = metadata.map_err(unreadable::<R>)?;
            let (fields, _) = checked::<R>(metadata.metadata(), metadata.schema())?;
            Ok(Self { metadata, fields, bytes, row: PhantomData })
        })
    }

    /// Names of the open text columns.
    pub fn text_names(&self) -> Vec<String> {
        open_names(&R::table(), &self.fields, &DataType::Utf8)
    }

    /// The rows of each row group: those that are best read together.
    pub fn groups(&self) -> Vec<Range<usize>> {
        let mut end = 0;
        let group = |group: &RowGroupMetaData| {
            let start = end;
            end += usize::try_from(group.num_rows()).unwrap_or(0);
            start..end
        };
        self.metadata.metadata().row_groups().iter().map(group).collect()
    }

    /// Some rows, with all their columns: ascending ranges, one after the other; `range` gives some bytes of the file.
    ///
    /// # Errors
    /// Fails where `range` does, or where the file is damaged.
    pub fn read<E: From<TableError>>(
        &self,
        rows: &[Range<usize>],
        range: impl Fn(Range<u64>) -> Result<Bytes, E>,
    ) -> Result<Table<R>, E> {
        guarded(R::table().name, || {
            let touched =
                |group: &Range<usize>| rows.iter().any(|rows| group.start < rows.end && group.end > rows.start);
            let groups = self.groups();
            let chosen: Vec<usize> = (0..groups.len()).filter(|group| touched(&groups[*group])).collect();
            let selection = selection(chosen.iter().map(|group| &groups[*group]), rows);
            let columns: Vec<usize> = (0..self.fields.len()).collect();
            let metadata = self.metadata.metadata();
            let spans = chosen.iter().map(|group| span(metadata.row_group(*group), &columns));
            let file = Fetched::new(self.bytes, spans, range)?;
            let of_groups = chosen.iter().map(|group| metadata.row_group(*group));
            check_groups(&file, of_groups, columns.iter().copied()).map_err(unreadable::<R>)?;
            let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
            let builder = builder.with_row_groups(chosen).with_row_selection(selection);
            Ok(collect(&self.fields, builder)?)
        })
    }
}

/// Which rows of these groups, counted through, are wanted.
fn selection<'a>(groups: impl Iterator<Item = &'a Range<usize>>, wanted: &[Range<usize>]) -> RowSelection {
    let (mut before, mut ranges) = (0, Vec::new());
    for group in groups {
        let inside = wanted.iter().map(|rows| rows.start.max(group.start)..rows.end.min(group.end));
        let inside = inside.filter(|rows| !rows.is_empty());
        ranges.extend(inside.map(|rows| before + rows.start - group.start..before + rows.end - group.start));
        before += group.len();
    }
    RowSelection::from_consecutive_ranges(ranges.into_iter(), before)
}

/// Puts the rows of a part behind those of the parts before it.
///
/// # Errors
/// The part has other columns.
pub fn append<R: Row>(table: &mut Table<R>, part: Table<R>) -> Result<(), TableError> {
    if table.rows.is_empty() {
        *table = part;
        return Ok(());
    }
    check_columns(&column_names(table), &part)?;
    table.rows.extend(part.rows);
    table.text.values.extend(part.text.values);
    table.float.values.extend(part.float.values);
    Ok(())
}

/// Names of the open columns of a table, those of texts first.
pub fn column_names<R>(table: &Table<R>) -> Vec<String> {
    [table.text.names.clone(), table.float.names.clone()].concat()
}

/// Refuses a part of a table of which other parts have the open columns `ours`.
///
/// # Errors
/// The part has other columns.
pub fn check_columns<R: Row>(ours: &[String], part: &Table<R>) -> Result<(), TableError> {
    let theirs = column_names(part);
    if let Some(at) = (0..ours.len().max(theirs.len())).find(|at| ours.get(*at) != theirs.get(*at)) {
        let column = theirs.get(at).or(ours.get(at)).cloned().unwrap_or_default();
        let problem = "it is missing from a part of the table, or in another place there; run the stage that writes \
                       it again with --force";
        return Err(wrong(&R::table(), &column, problem.to_owned()));
    }
    Ok(())
}

/// The fields and the footer of a file that holds the table.
fn checked<R: Row>(metadata: &ParquetMetaData, schema: &Schema) -> Result<(Vec<Field>, Footer), TableError> {
    let def = R::table();
    let footer = Footer::from_metadata(metadata.file_metadata(), def.name)?;
    check_name(&def, &footer)?;
    let fields = schema.fields().iter().map(|field| field.as_ref().clone()).collect::<Vec<_>>();
    check_fields(&def, &fields)?;
    Ok((fields, footer))
}

fn unreadable<R: Row>(error: impl std::fmt::Display) -> TableError {
    TableError::Unreadable { table: R::table().name.to_owned(), reason: error.to_string() }
}

fn check_name(def: &TableDef, footer: &Footer) -> Result<(), TableError> {
    let wanted = format!("{}/{}", def.name, def.version);
    if footer.schema == wanted {
        return Ok(());
    }
    Err(TableError::WrongSchema { table: def.name.to_owned(), found: footer.schema.clone(), wanted })
}

fn check_fields(def: &TableDef, fields: &[Field]) -> Result<(), TableError> {
    for (position, column) in def.columns.iter().enumerate() {
        let wanted = convert::data_type(column.kind);
        match fields.get(position) {
            Some(field) if field.name() == column.name && *field.data_type() == wanted => {}
            Some(field) if field.name() == column.name => {
                return Err(wrong(def, column.name, format!("is {}, wanted {wanted}", field.data_type())));
            }
            _ => return Err(wrong(def, column.name, format!("missing at position {position}"))),
        }
    }
    for field in &fields[def.columns.len()..] {
        let legal = match field.data_type() {
            DataType::Utf8 => def.open.text,
            DataType::Float32 => def.open.float,
            _ => false,
        };
        if !legal {
            return Err(wrong(
                def,
                field.name(),
                format!("a {} column that this table may not have", field.data_type()),
            ));
        }
    }
    Ok(())
}

fn wrong(def: &TableDef, column: &str, problem: String) -> TableError {
    TableError::WrongColumn { table: def.name.to_owned(), column: column.to_owned(), problem }
}

/// The rows of the columns that `fields` describe.
fn collect<R: Row>(
    fields: &[Field],
    builder: ParquetRecordBatchReaderBuilder<impl ChunkReader + 'static>,
) -> Result<Table<R>, TableError> {
    of_batches(fields, builder.build().map_err(unreadable::<R>)?)
}

fn of_batches<R: Row>(
    fields: &[Field],
    batches: impl IntoIterator<Item = Result<RecordBatch, ArrowError>>,
) -> Result<Table<R>, TableError> {
    let def = R::table();
    let names = |wanted| open_names(&def, fields, wanted);
    let mut table = Table::<R> {
        rows: Vec::new(),
        text: Columns { names: names(&DataType::Utf8), values: Vec::new() },
        float: Columns { names: names(&DataType::Float32), values: Vec::new() },
    };
    for batch in batches {
        push(&def, &mut table, &batch.map_err(unreadable::<R>)?)?;
    }
    Ok(table)
}

/// Names of the open columns of a type.
fn open_names(def: &TableDef, fields: &[Field], wanted: &DataType) -> Vec<String> {
    let open = fields[def.columns.len()..].iter().filter(|field| field.data_type() == wanted);
    open.map(|field| field.name().clone()).collect()
}

fn push<R: Row>(def: &TableDef, table: &mut Table<R>, batch: &RecordBatch) -> Result<(), TableError> {
    let (typed, open) = batch.columns().split_at(def.columns.len());
    let text = open.iter().filter_map(|column| column.as_string_opt::<i32>()).collect::<Vec<_>>();
    let float = open.iter().filter_map(|column| column.as_primitive_opt::<Float32Type>()).collect::<Vec<_>>();
    for row in 0..batch.num_rows() {
        let values = def.columns.iter().zip(typed).map(|(column, array)| convert::value(column.kind, array, row));
        let values = R::from_values(values).ok_or_else(|| null_column(def, typed, row))?;
        table.rows.push(values);
        let cell = |column: &&StringArray| column.is_valid(row).then(|| column.value(row).to_owned());
        table.text.values.extend(text.iter().map(cell));
    }
    convert::extend_rows(&mut table.float.values, &float, batch.num_rows());
    Ok(())
}

fn null_column(def: &TableDef, typed: &[ArrayRef], row: usize) -> TableError {
    let culprit = def.columns.iter().zip(typed).find(|(column, array)| !column.nullable && array.is_null(row));
    let column = culprit.map_or("?", |(column, _)| column.name);
    wrong(def, column, format!("null in row {row}, where null is not allowed"))
}
