use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Float32Type};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use crate::schema::{Columns, Row, Table, TableDef};

use super::{Footer, TableError, convert};

/// A table and its footer from the bytes of its Parquet file.
///
/// # Errors
/// Refuses a file that is no Parquet, another table, another version, or has columns of other names or types.
pub fn read<R: Row>(file: Bytes) -> Result<(Table<R>, Footer), TableError> {
    read_projected(file, false)
}

/// Typed and text columns only, which leaves the float columns of a wide table on the shelf.
///
/// # Errors
/// As [`read`].
pub fn read_keys<R: Row>(file: Bytes) -> Result<(Table<R>, Footer), TableError> {
    read_projected(file, true)
}

fn read_projected<R: Row>(file: Bytes, keys_only: bool) -> Result<(Table<R>, Footer), TableError> {
    let def = R::table();
    let unreadable = |error: parquet::errors::ParquetError| TableError::Unreadable {
        table: def.name.to_owned(),
        reason: error.to_string(),
    };
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(unreadable)?;
    let footer = Footer::from_metadata(builder.metadata().file_metadata(), def.name)?;
    check_name(&def, &footer)?;
    let fields = builder.schema().fields().iter().map(|field| field.as_ref().clone()).collect::<Vec<_>>();
    check_fields(&def, &fields)?;
    let wanted = |(position, field): &(usize, &Field)| {
        *position < def.columns.len() || !keys_only || *field.data_type() == DataType::Utf8
    };
    let (positions, fields): (Vec<_>, Vec<_>) = fields.iter().enumerate().filter(wanted).unzip();
    let fields = fields.into_iter().cloned().collect::<Vec<_>>();
    let mask = ProjectionMask::roots(builder.parquet_schema(), positions);
    let reader = builder.with_projection(mask).build().map_err(unreadable)?;
    let table = collect(&def, &fields, reader)?;
    Ok((table, footer))
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

fn collect<R: Row>(def: &TableDef, fields: &[Field], reader: ParquetRecordBatchReader) -> Result<Table<R>, TableError> {
    let open = &fields[def.columns.len()..];
    let names = |wanted: DataType| {
        open.iter().filter(|field| *field.data_type() == wanted).map(|field| field.name().clone()).collect()
    };
    let mut table = Table::<R> {
        rows: Vec::new(),
        text: Columns { names: names(DataType::Utf8), values: Vec::new() },
        float: Columns { names: names(DataType::Float32), values: Vec::new() },
    };
    for batch in reader {
        let batch = batch.map_err(|e| TableError::Unreadable { table: def.name.to_owned(), reason: e.to_string() })?;
        append(def, &mut table, &batch)?;
    }
    Ok(table)
}

fn append<R: Row>(def: &TableDef, table: &mut Table<R>, batch: &RecordBatch) -> Result<(), TableError> {
    let (typed, open) = batch.columns().split_at(def.columns.len());
    let text = open.iter().filter(|column| *column.data_type() == DataType::Utf8).collect::<Vec<_>>();
    let float = open.iter().filter(|column| *column.data_type() == DataType::Float32).collect::<Vec<_>>();
    for row in 0..batch.num_rows() {
        let values = def.columns.iter().zip(typed).map(|(column, array)| convert::value(column.kind, array, row));
        let values = R::from_values(values).ok_or_else(|| null_column(def, typed, row))?;
        table.rows.push(values);
        table.text.values.extend(
            text.iter().map(|column| column.is_valid(row).then(|| column.as_string::<i32>().value(row).to_owned())),
        );
        table.float.values.extend(float.iter().map(|column| {
            if column.is_valid(row) { column.as_primitive::<Float32Type>().value(row) } else { f32::NAN }
        }));
    }
    Ok(())
}

fn null_column(def: &TableDef, typed: &[ArrayRef], row: usize) -> TableError {
    let culprit = def.columns.iter().zip(typed).find(|(column, array)| !column.nullable && array.is_null(row));
    let column = culprit.map_or("?", |(column, _)| column.name);
    wrong(def, column, format!("null in row {row}, where none may be"))
}
