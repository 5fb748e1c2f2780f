use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit};
use bytes::Bytes;

use super::read::open;
use super::{TableError, guarded};

/// Any Parquet table as text: column names, then rows. Durations become seconds; nested columns are refused.
///
/// # Errors
/// Refuses a file that is no Parquet, and columns that have no text form.
pub fn read_text_columns(file: Bytes) -> Result<(Vec<String>, Vec<Vec<Option<String>>>), TableError> {
    guarded("manifest", || read_rows(file))
}

fn read_rows(file: Bytes) -> Result<(Vec<String>, Vec<Vec<Option<String>>>), TableError> {
    let unreadable = |reason: String| TableError::Unreadable { table: "manifest".to_owned(), reason };
    let builder = open(file).map_err(|e| unreadable(e.to_string()))?;
    let names = builder.schema().fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
    let reader = builder.build().map_err(|e| unreadable(e.to_string()))?;
    let mut rows = Vec::new();
    for batch in reader {
        let batch = batch.map_err(|e| unreadable(e.to_string()))?;
        let columns = names.iter().zip(batch.columns()).map(|(name, column)| text_column(name, column));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        rows.extend((0..batch.num_rows()).map(|row| columns.iter().map(|column| column[row].clone()).collect()));
    }
    Ok((names, rows))
}

fn text_column(name: &str, column: &dyn Array) -> Result<Vec<Option<String>>, TableError> {
    let wrong =
        |problem: String| TableError::WrongColumn { table: "manifest".to_owned(), column: name.to_owned(), problem };
    if let DataType::Duration(unit) = column.data_type() {
        return duration_seconds(column, unit).map_err(|error| wrong(error.to_string()));
    }
    let text = cast(column, &DataType::Utf8).map_err(|error| wrong(error.to_string()))?;
    Ok(text.as_string::<i32>().iter().map(|cell| cell.map(str::to_owned)).collect())
}

fn duration_seconds(column: &dyn Array, unit: &TimeUnit) -> Result<Vec<Option<String>>, arrow::error::ArrowError> {
    let per_second = match unit {
        TimeUnit::Second => 1.0,
        TimeUnit::Millisecond => 1e3,
        TimeUnit::Microsecond => 1e6,
        TimeUnit::Nanosecond => 1e9,
    };
    let ticks = cast(column, &DataType::Int64)?;
    let ticks = ticks.as_primitive::<arrow::datatypes::Int64Type>();
    Ok(ticks.iter().map(|tick| tick.map(|tick| (tick as f64 / per_second).to_string())).collect())
}
