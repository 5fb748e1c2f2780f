use std::collections::BTreeMap;
use std::ops::Range;

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::metadata::{FileMetaData, KeyValue, ParquetMetaData, ParquetMetaDataReader};

use super::thrift::check_footer;
use super::{ContentHash, RowHash, TableError, guarded, row_hashes, table_hash};
use crate::schema::{Row, Table};

const SCHEMA: &str = "ser.schema";
const CONTENT_HASH: &str = "ser.content_hash";
const CONFIG_HASH: &str = "ser.config_hash";
const INPUTS: &str = "ser.inputs";
const ROW_HASHES: &str = "ser.row_hashes";

/// What a table file says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footer {
    /// Name and version: `features/1`.
    pub schema: String,
    /// Hash of the rows.
    pub content_hash: ContentHash,
    /// Hash of the parameters that determine the rows.
    pub config_hash: String,
    /// Content hashes of the tables it came from, by name.
    pub inputs: BTreeMap<String, String>,
    /// The hash of every row in order; only in files that are a part of a table.
    pub row_hashes: Vec<RowHash>,
}

impl Footer {
    /// Whether the rows are those whose hash the footer names: a damaged file may still be read.
    pub fn is_of<R: Row>(&self, table: &Table<R>) -> bool {
        let open = table.text.names.iter().chain(&table.float.names).map(String::as_str);
        self.content_hash == table_hash(&self.schema, open, row_hashes(table).into_iter())
    }

    pub(super) fn to_key_values(&self) -> Vec<KeyValue> {
        let inputs = serde_json::to_string(&self.inputs).unwrap_or_default();
        let mut pairs = vec![
            KeyValue::new(SCHEMA.to_owned(), self.schema.clone()),
            KeyValue::new(CONTENT_HASH.to_owned(), self.content_hash.clone()),
            KeyValue::new(CONFIG_HASH.to_owned(), self.config_hash.clone()),
            KeyValue::new(INPUTS.to_owned(), inputs),
        ];
        if !self.row_hashes.is_empty() {
            let hashes = self.row_hashes.iter().map(RowHash::to_hex).collect::<String>();
            pairs.push(KeyValue::new(ROW_HASHES.to_owned(), hashes));
        }
        pairs
    }

    /// The same where the file may be a table of others; `None`: it is.
    pub(super) fn of_any(metadata: &FileMetaData, table: &str) -> Result<Option<Self>, TableError> {
        let pairs = metadata.key_value_metadata();
        let is_ours = pairs.is_some_and(|pairs| pairs.iter().any(|pair| pair.key == SCHEMA));
        is_ours.then(|| Self::from_metadata(metadata, table)).transpose()
    }

    pub(super) fn from_metadata(metadata: &FileMetaData, table: &str) -> Result<Self, TableError> {
        let value = |key: &str| {
            let pairs = metadata.key_value_metadata()?;
            pairs.iter().find(|pair| pair.key == key)?.value.clone()
        };
        let required = |key: &str| {
            value(key).ok_or_else(|| TableError::WrongSchema {
                table: table.to_owned(),
                found: format!("no `{key}` in the footer"),
                wanted: "a table of ser-etl".to_owned(),
            })
        };
        let row_hashes = value(ROW_HASHES).unwrap_or_default();
        let damaged = || TableError::Unreadable { table: table.to_owned(), reason: "damaged footer".to_owned() };
        Ok(Self {
            schema: required(SCHEMA)?,
            content_hash: required(CONTENT_HASH)?,
            config_hash: required(CONFIG_HASH)?,
            inputs: serde_json::from_str(&required(INPUTS)?).map_err(|_| damaged())?,
            row_hashes: RowHash::from_hex_sequence(&row_hashes).ok_or_else(damaged)?,
        })
    }
}

/// Reads the footer of a table file through `range`, which gives some bytes of the file; its rows are not touched.
///
/// # Errors
/// Fails where `range` does, or where the file is no table of ser-etl.
pub fn read_footer<E: From<TableError>>(
    table: &str,
    file_bytes: u64,
    range: impl Fn(Range<u64>) -> Result<Bytes, E>,
) -> Result<Footer, E> {
    guarded(table, || {
        let metadata = read_metadata(table, file_bytes, range)?;
        Ok(Footer::from_metadata(metadata.file_metadata(), table)?)
    })
}

/// Reads what a Parquet file says of its columns and row groups.
pub(super) fn read_metadata<E: From<TableError>>(
    table: &str,
    file_bytes: u64,
    range: impl Fn(Range<u64>) -> Result<Bytes, E>,
) -> Result<ParquetMetaData, E> {
    let unreadable = |reason: String| TableError::Unreadable { table: table.to_owned(), reason };
    if file_bytes < 12 {
        return Err(unreadable(format!("{file_bytes} bytes are too few")).into());
    }
    let mut reader = ParquetMetaDataReader::new();
    // One guess serves most tables; a wide table's footer says how much more is needed.
    let mut wanted = file_bytes.min(64 * 1024);
    loop {
        let tail = range(file_bytes - wanted..file_bytes)?;
        check_footer(&tail).map_err(|error| unreadable(error.to_string()))?;
        match reader.try_parse_sized(&tail, file_bytes) {
            Ok(()) => break,
            Err(ParquetError::NeedMoreData(needed)) if wanted < (needed as u64).min(file_bytes) => {
                wanted = (needed as u64).min(file_bytes);
            }
            Err(error) => return Err(unreadable(error.to_string()).into()),
        }
    }
    Ok(reader.finish().map_err(|error| unreadable(error.to_string()))?)
}
