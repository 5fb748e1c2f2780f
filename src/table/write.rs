use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::schema::{Columns, Row, Table, TableDef, Value};

use super::hash::row_hash;
use super::{Footer, RowHash, TableError, convert, table_hash};

/// Beyond so many float columns they are not compressed: zstd takes 96 KB and 50 us a column, in every reader and
/// writer, and makes measured floats smaller by a sixth.
const MOST_COMPRESSED: usize = 1000;
/// Rows that are turned into columns at a time, which take as much memory.
const BLOCK_ROWS: usize = 1 << 16;

/// The Parquet file of a table in one row group, and what its footer says.
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
    let mut writer = Writer::new::<R>(&table.text.names, &table.float.names)?;
    Order::of::<R>().check(&table.rows)?;
    for start in (0..table.rows.len().max(1)).step_by(BLOCK_ROWS) {
        writer.push(&Block::of_rows(table, start..table.rows.len().min(start + BLOCK_ROWS))?)?;
    }
    writer.finish(config_hash, inputs, is_part)
}

/// The same of a table with the text columns `text`, which comes row group by row group, since some rows of it are read
/// at a time. Memory holds one group.
///
/// # Errors
/// As [`write`].
pub fn write_in_groups<R: Row>(
    text: &[String],
    groups: impl Iterator<Item = Table<R>>,
    config_hash: &str,
    inputs: &BTreeMap<String, String>,
) -> Result<(Vec<u8>, Footer), TableError> {
    let mut writer = Writer::new::<R>(text, &[])?;
    let mut order = Order::of::<R>();
    for group in groups {
        order.check(&group.rows)?;
        writer.push(&Block::of_rows(&group, 0..group.rows.len())?)?;
        writer.end_group()?;
    }
    writer.finish(config_hash, inputs, false)
}

/// Rows of a table, ready to be written.
#[derive(Debug)]
pub struct Block {
    batch: RecordBatch,
    hashes: Vec<RowHash>,
}

impl Block {
    /// Turns rows into columns.
    ///
    /// # Errors
    /// Refuses rows that are not sorted by the table's key, or that share one.
    pub fn new<R: Row>(table: &Table<R>) -> Result<Self, TableError> {
        Order::of::<R>().check(&table.rows)?;
        Self::of_rows(table, 0..table.rows.len())
    }

    /// The same of some of the rows, whose order is known.
    fn of_rows<R: Row>(table: &Table<R>, rows: Range<usize>) -> Result<Self, TableError> {
        let hashes = rows.clone().map(|row| row_hash(table, row)).collect();
        Ok(Self { batch: batch(&R::table(), table, rows)?, hashes })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.hashes.len()
    }

    /// Memory that the rows take, in bytes.
    pub fn bytes(&self) -> usize {
        self.batch.get_array_memory_size()
    }
}

/// A Parquet file that grows block after block; the rows of a block stay together in a row group.
pub struct Writer {
    table: &'static str,
    schema: String,
    open: Vec<String>,
    hashes: Vec<RowHash>,
    file: ArrowWriter<Vec<u8>>,
}

impl Writer {
    /// A file of table `R` with these open columns.
    ///
    /// # Errors
    /// The Parquet writer's.
    pub fn new<R: Row>(text: &[String], float: &[String]) -> Result<Self, TableError> {
        let def = R::table();
        let schema = schema(&def, text, float);
        let file = parquet_writer(schema, float).map_err(unwritable(def.name))?;
        let open = text.iter().chain(float).cloned().collect();
        let schema = format!("{}/{}", def.name, def.version);
        Ok(Self { table: def.name, schema, open, hashes: Vec::new(), file })
    }

    /// Puts rows behind those that are there.
    ///
    /// # Errors
    /// The block has other columns.
    pub fn push(&mut self, block: &Block) -> Result<(), TableError> {
        self.hashes.extend(&block.hashes);
        self.file.write(&block.batch).map_err(unwritable(self.table))
    }

    /// Rows of the row group that is not ended yet.
    pub fn open_rows(&self) -> usize {
        self.file.in_progress_rows()
    }

    /// Ends the row group: what follows begins another one.
    ///
    /// # Errors
    /// The Parquet writer's.
    pub fn end_group(&mut self) -> Result<(), TableError> {
        self.file.flush().map_err(unwritable(self.table))
    }

    /// Size of the row groups that are ended, in bytes.
    pub fn bytes(&self) -> usize {
        self.file.bytes_written()
    }

    /// The file, and what its footer says: see [`write()`].
    ///
    /// # Errors
    /// The Parquet writer's.
    pub fn finish(
        mut self,
        config_hash: &str,
        inputs: &BTreeMap<String, String>,
        is_part: bool,
    ) -> Result<(Vec<u8>, Footer), TableError> {
        let row_hashes = if is_part { self.hashes.clone() } else { Vec::new() };
        let open = self.open.iter().map(String::as_str);
        let footer = Footer {
            content_hash: table_hash(&self.schema, open, self.hashes.into_iter()),
            schema: self.schema,
            config_hash: config_hash.to_owned(),
            inputs: inputs.clone(),
            row_hashes,
        };
        footer.to_key_values().into_iter().for_each(|pair| self.file.append_key_value_metadata(pair));
        Ok((self.file.into_inner().map_err(unwritable(self.table))?, footer))
    }
}

fn unwritable(table: &'static str) -> impl Fn(ParquetError) -> TableError {
    move |error| TableError::Unwritable { table: table.to_owned(), reason: error.to_string() }
}

/// Sees that rows which come some at a time are sorted by the table's key.
struct Order {
    table: &'static str,
    /// Where the columns of the key stand.
    key: Vec<usize>,
    /// How many rows there were, and the key of the last one.
    rows: usize,
    last: Option<Vec<Value>>,
}

impl Order {
    fn of<R: Row>() -> Self {
        let def = R::table();
        let position = |key: &&str| def.columns.iter().position(|column| column.name == *key);
        Self { table: def.name, key: def.key.iter().filter_map(position).collect(), rows: 0, last: None }
    }

    /// Refuses the next rows where they do not come after those before them.
    fn check<R: Row>(&mut self, rows: &[R]) -> Result<(), TableError> {
        for mut values in rows.iter().map(Row::to_values) {
            let key =
                self.key.iter().map(|&at| std::mem::replace(&mut values[at], Value::Bool(None))).collect::<Vec<_>>();
            if self.last.as_ref().is_some_and(|last| *last >= key) {
                let (table, key) = (self.table.to_owned(), format!("{key:?}"));
                return Err(TableError::Unsorted { table, row: self.rows, key });
            }
            self.last = Some(key);
            self.rows += 1;
        }
        Ok(())
    }
}

fn schema(def: &TableDef, text: &[String], float: &[String]) -> SchemaRef {
    Arc::new(Schema::new(convert::fields(def, text, float)))
}

fn batch<R: Row>(def: &TableDef, table: &Table<R>, rows: Range<usize>) -> Result<RecordBatch, TableError> {
    let (text, float) = (&table.text, &table.float);
    let texts = cells(def, text, table.rows.len(), &rows)?;
    let floats = cells(def, float, table.rows.len(), &rows)?;
    let mut arrays = convert::typed_arrays(&table.rows[rows]);
    let width = text.names.len();
    arrays.extend((0..width).map(|column| convert::text_array(texts, width, column)));
    arrays.extend(convert::float_arrays(floats, float.names.len()));
    RecordBatch::try_new(schema(def, &text.names, &float.names), arrays)
        .map_err(|error| TableError::Unwritable { table: def.name.to_owned(), reason: error.to_string() })
}

/// The open cells of some of `all` rows.
fn cells<'a, T>(
    def: &TableDef,
    columns: &'a Columns<T>,
    all: usize,
    rows: &Range<usize>,
) -> Result<&'a [T], TableError> {
    let (found, width) = (columns.values.len(), columns.names.len());
    if found != all * width {
        let reason = format!("{found} values in {width} columns of a table of {all} rows");
        return Err(TableError::Unwritable { table: def.name.to_owned(), reason });
    }
    Ok(&columns.values[rows.start * width..rows.end * width])
}

/// Footers grow with columns times row groups, and whoever reads a few columns reads all of a footer: it holds no copy
/// of the schema for Arrow and no page index, and statistics of keys only. See docs/ARCHITECTURE.md for what that
/// saves.
fn parquet_writer(schema: SchemaRef, float: &[String]) -> Result<ArrowWriter<Vec<u8>>, ParquetError> {
    let zstd = Compression::ZSTD(ZstdLevel::try_new(3)?);
    let of_floats = if float.len() > MOST_COMPRESSED { Compression::UNCOMPRESSED } else { zstd };
    let mut properties = WriterProperties::builder()
        .set_compression(zstd)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true);
    for name in float {
        let column = ColumnPath::new(vec![name.clone()]);
        // Measured floats hardly repeat: a dictionary would only be built and thrown away.
        properties = properties
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_statistics_enabled(column.clone(), EnabledStatistics::None)
            .set_column_compression(column, of_floats);
    }
    let options = ArrowWriterOptions::new().with_properties(properties.build()).with_skip_arrow_metadata(true);
    ArrowWriter::try_new_with_options(Vec::new(), schema, options)
}
