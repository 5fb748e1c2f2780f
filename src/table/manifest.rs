use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow::array::types::Int64Type;
use arrow::array::{Array, AsArray};
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{DataType, TimeUnit};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

use super::thrift::{check_footer, check_pages};
use super::{TableError, guarded};
use crate::schema::Texts;

/// A table as text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TextTable {
    /// Column names; one without a name is called `column_<number>`.
    pub columns: Vec<String>,
    /// The cells of each column.
    pub cells: Vec<Texts>,
    /// Columns that are not there, each with the reason: they hold binary data, or cannot be read.
    pub left_out: Vec<(String, String)>,
}

/// Some cells of a column.
pub(super) type Cells = Vec<Option<String>>;

/// Any Parquet table as text. Each column is read by itself, so that one that cannot be is left out alone. Durations
/// become seconds, a NaN is null, times with a time zone are in UTC, what is nested is written out (`{a: 1}`, `[1, 2]`).
///
/// # Errors
/// Refuses a file that is no Parquet.
pub fn read_text_columns(file: Bytes) -> Result<TextTable, TableError> {
    guarded("manifest", || read_columns(&file))
}

fn read_columns(file: &Bytes) -> Result<TextTable, TableError> {
    let unreadable = |reason: String| TableError::Unreadable { table: "manifest".to_owned(), reason };
    check_footer(file).map_err(|error| unreadable(error.to_string()))?;
    let metadata = ArrowReaderMetadata::load(file, ArrowReaderOptions::new());
    let metadata = metadata.map_err(|error| unreadable(error.to_string()))?;
    check_pages(file, metadata.metadata(), std::iter::empty()).map_err(|error| unreadable(error.to_string()))?;
    let rows: usize =
        metadata.metadata().row_groups().iter().map(|group| group.num_rows().unsigned_abs() as usize).sum();
    let mut table = TextTable::default();
    for (position, field) in metadata.schema().fields().iter().enumerate() {
        let read = || read_column(file, &metadata, position, field.data_type());
        // The reader takes some of what a file says for granted, and panics where a damaged one breaks it.
        let cells = catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err("it is damaged".to_owned()));
        match cells.and_then(|cells| if cells.len() == rows { Ok(cells) } else { Err("it lacks rows".to_owned()) }) {
            Ok(cells) => {
                let name = field.name();
                table.columns.push(if name.is_empty() { format!("column_{}", position + 1) } else { name.clone() });
                table.cells.push(cells);
            }
            Err(why) => table.left_out.push((field.name().clone(), why)),
        }
    }
    Ok(table)
}

fn read_column(
    file: &Bytes,
    metadata: &ArrowReaderMetadata,
    position: usize,
    kind: &DataType,
) -> Result<Texts, String> {
    if kind.is_nested() && holds_binary(kind) {
        return Err("it holds binary data".to_owned());
    }
    let cannot = |error: String| format!("it cannot be read: {error}");
    let schema = metadata.parquet_schema();
    let leaves = (0..schema.num_columns()).filter(|leaf| schema.get_column_root_idx(*leaf) == position);
    check_pages(file, metadata.metadata(), leaves).map_err(|error| cannot(error.to_string()))?;
    let mask = ProjectionMask::roots(schema, [position]);
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file.clone(), metadata.clone());
    let reader = reader.with_projection(mask).build().map_err(|error| cannot(error.to_string()))?;
    let mut cells = Texts::default();
    for batch in reader {
        let batch = batch.map_err(|error| cannot(error.to_string()))?;
        cells.extend(text_cells(batch.column(0).as_ref())?.iter().map(Option::as_deref));
    }
    Ok(cells)
}

fn holds_binary(kind: &DataType) -> bool {
    match kind {
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => true,
        DataType::List(field) | DataType::LargeList(field) | DataType::FixedSizeList(field, _) => {
            holds_binary(field.data_type())
        }
        DataType::Map(field, _) => holds_binary(field.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| holds_binary(field.data_type())),
        DataType::Dictionary(_, value) => holds_binary(value),
        _ => false,
    }
}

/// The cells of a column as text.
pub(super) fn text_cells(column: &dyn Array) -> Result<Cells, String> {
    let no_text = |error: ArrowError| format!("it has no form as text: {error}");
    match column.data_type() {
        DataType::Duration(unit) => duration_seconds(column, unit).map_err(no_text),
        DataType::Dictionary(_, value) => text_cells(&cast(column, value).map_err(no_text)?),
        DataType::Timestamp(unit, Some(_)) => {
            let utc = column.to_data().into_builder().data_type(DataType::Timestamp(*unit, None)).build();
            let utc = cast(&arrow::array::make_array(utc.map_err(no_text)?), &DataType::Utf8).map_err(no_text)?;
            Ok(utc.as_string::<i32>().iter().map(|cell| cell.map(|time| format!("{time}Z"))).collect())
        }
        kind if holds_binary(kind) => {
            let bytes = cast(column, &DataType::Binary).map_err(no_text)?;
            let is_text = |text: &&str| !text.contains('\0');
            let text = |bytes| std::str::from_utf8(bytes).ok().filter(is_text).map(str::to_owned);
            let cells = bytes.as_binary::<i32>().iter().map(|cell| cell.map(|bytes| text(bytes).ok_or(())).transpose());
            cells.collect::<Result<_, _>>().map_err(|()| "it holds binary data".to_owned())
        }
        kind if kind.is_nested() => written_out(column).map_err(no_text),
        kind => {
            let strict = CastOptions { safe: false, ..CastOptions::default() };
            match cast_with_options(column, &DataType::Utf8, &strict) {
                Err(_) => written_out(column).map_err(no_text),
                Ok(text) => {
                    let text = text.as_string::<i32>().iter();
                    Ok(text
                        .map(|cell| cell.filter(|cell| !kind.is_floating() || *cell != "NaN").map(str::to_owned))
                        .collect())
                }
            }
        }
    }
}

fn written_out(column: &dyn Array) -> Result<Cells, ArrowError> {
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(column, &options)?;
    let cell = |row| if column.is_null(row) { Ok(None) } else { formatter.value(row).try_to_string().map(Some) };
    (0..column.len()).map(cell).collect()
}

fn duration_seconds(column: &dyn Array, unit: &TimeUnit) -> Result<Cells, ArrowError> {
    let per_second = match unit {
        TimeUnit::Second => 1.0,
        TimeUnit::Millisecond => 1e3,
        TimeUnit::Microsecond => 1e6,
        TimeUnit::Nanosecond => 1e9,
    };
    let ticks = cast(column, &DataType::Int64)?;
    let ticks = ticks.as_primitive::<Int64Type>();
    Ok(ticks.iter().map(|tick| tick.map(|tick| (tick as f64 / per_second).to_string())).collect())
}
