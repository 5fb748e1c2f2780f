use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::Schema;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;

use crate::schema::{Row, Table, TableDef, Value};

use super::{Footer, RowHash, TableError, convert, row_hashes, table_hash};

/// The Parquet file of a table, and what its footer says.
///
/// `is_part`: the file is one of several that make the table, so its footer keeps the hash of every row.
///
/// # Errors
/// Refuses rows that are not sorted by the table's key, or that share one.
pub fn write<R: Row>(
    table: &Table<R>,
    config_hash: &str,
    inputs: &BTreeMap<String, String>,
    is_part: bool,
) -> Result<(Vec<u8>, Footer), TableError> {
    let def = R::table();
    check_order(&def, table)?;
    let hashes = row_hashes(table);
    let footer = footer(&def, table, config_hash, inputs, hashes, is_part);
    let batch = batch(&def, table)?;
    let unwritable = |error: parquet::errors::ParquetError| TableError::Unwritable {
        table: def.name.to_owned(),
        reason: error.to_string(),
    };
    let mut file = Vec::new();
    let properties = properties(table, &footer).map_err(unwritable)?;
    let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), Some(properties)).map_err(unwritable)?;
    writer.write(&batch).map_err(unwritable)?;
    writer.close().map_err(unwritable)?;
    Ok((file, footer))
}

fn footer<R: Row>(
    def: &TableDef,
    table: &Table<R>,
    config_hash: &str,
    inputs: &BTreeMap<String, String>,
    hashes: Vec<RowHash>,
    is_part: bool,
) -> Footer {
    let schema = format!("{}/{}", def.name, def.version);
    let open = table.text.names.iter().chain(&table.float.names).map(String::as_str);
    Footer {
        content_hash: table_hash(&schema, open, hashes.iter().copied()),
        schema,
        config_hash: config_hash.to_owned(),
        inputs: inputs.clone(),
        row_hashes: if is_part { hashes } else { Vec::new() },
    }
}

fn check_order<R: Row>(def: &TableDef, table: &Table<R>) -> Result<(), TableError> {
    let position = |key: &&str| def.columns.iter().position(|column| column.name == *key);
    let positions = def.key.iter().filter_map(position).collect::<Vec<_>>();
    let mut before: Option<Vec<Value>> = None;
    for (row, values) in table.rows.iter().map(Row::to_values).enumerate() {
        let key = positions.iter().map(|&position| values[position].clone()).collect::<Vec<_>>();
        if before.is_some_and(|before| before >= key) {
            let (table, key) = (def.name.to_owned(), format!("{key:?}"));
            return Err(TableError::Unsorted { table, row, key });
        }
        before = Some(key);
    }
    Ok(())
}

fn batch<R: Row>(def: &TableDef, table: &Table<R>) -> Result<RecordBatch, TableError> {
    let mut arrays = convert::typed_arrays(&table.rows);
    let (text, float) = (&table.text, &table.float);
    arrays.extend((0..text.names.len()).map(|c| convert::text_array(&text.values, text.names.len(), c)));
    arrays.extend((0..float.names.len()).map(|c| convert::float_array(&float.values, float.names.len(), c)));
    let schema = Arc::new(Schema::new(convert::fields(def, &text.names, &float.names)));
    check_lengths(def, table.rows.len(), &arrays)?;
    RecordBatch::try_new(schema, arrays)
        .map_err(|error| TableError::Unwritable { table: def.name.to_owned(), reason: error.to_string() })
}

fn check_lengths(def: &TableDef, rows: usize, arrays: &[ArrayRef]) -> Result<(), TableError> {
    match arrays.iter().find(|array| array.len() != rows) {
        None => Ok(()),
        Some(array) => {
            let reason = format!("a column of {} values in a table of {rows} rows", array.len());
            Err(TableError::Unwritable { table: def.name.to_owned(), reason })
        }
    }
}

fn properties<R>(table: &Table<R>, footer: &Footer) -> Result<WriterProperties, parquet::errors::ParquetError> {
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_key_value_metadata(Some(footer.to_key_values()));
    for name in &table.float.names {
        // Measured floats hardly repeat: a dictionary would only be built and thrown away.
        builder = builder.set_column_dictionary_enabled(ColumnPath::new(vec![name.clone()]), false);
    }
    Ok(builder.build())
}
