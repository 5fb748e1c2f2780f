//! The features table as later stages find it: all parts, or none.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::schema::{FeatureKeys, Table};
use crate::storage::{Entry, Store};
use crate::table::{self, row_hashes, table_hash};

use super::{StageError, StageName, ledger, output};

/// The parts of a finished features table.
#[derive(Debug)]
pub struct FeaturesTable {
    parts: Vec<Entry>,
}

impl FeaturesTable {
    /// Finds the table.
    ///
    /// # Errors
    /// Refuses a table that extract has not finished: some parts may be of another run.
    pub fn find(out: &dyn Store) -> Result<Self, StageError> {
        let missing = || StageError::MissingTable { table: "features".to_owned(), stage: "extract" };
        let record = ledger::read_record(out, StageName::Extract)?.ok_or_else(missing)?;
        let parts = out.list("features")?;
        let whole = record
            .outputs
            .iter()
            .filter(|(path, _)| path.starts_with("features/"))
            .all(|(path, file)| parts.iter().any(|part| part.path == *path && part.bytes == file.bytes));
        if whole { Ok(Self { parts }) } else { Err(missing()) }
    }

    /// The bytes of every part.
    pub fn read(&self, out: &dyn Store) -> Result<Vec<Bytes>, StageError> {
        self.parts.iter().map(|part| Ok(out.get(&part.path)?)).collect()
    }

    /// The content hash of the whole table, from the footers of its parts.
    pub fn content_hash(&self, out: &dyn Store) -> Result<String, StageError> {
        let (mut columns, mut rows) = (Vec::new(), Vec::new());
        for part in &self.parts {
            let footer = output::footer::<FeatureKeys>(out, &part.path, part.bytes)?;
            columns = vec![footer.schema, footer.config_hash];
            rows.extend(footer.row_hashes);
        }
        Ok(table_hash("features", columns.iter().map(String::as_str), rows.into_iter()))
    }

    /// Rows, and the hash of keys, labels and audio hashes: what a split depends on.
    pub fn key_hash(&self, out: &dyn Store) -> Result<(usize, String), StageError> {
        let mut hashes = Vec::new();
        for part in self.read(out)? {
            hashes.extend(row_hashes(&table::read_keys::<FeatureKeys>(part)?.0));
        }
        Ok((hashes.len(), table_hash("feature keys", std::iter::empty(), hashes.into_iter())))
    }

    /// Keys and labels of every row, in id order, with the text columns that a manifest or pattern added.
    pub fn keys(&self, out: &dyn Store) -> Result<Table<FeatureKeys>, StageError> {
        let mut table = Table::<FeatureKeys>::default();
        for part in self.read(out)? {
            let part = table::read_keys::<FeatureKeys>(part)?.0;
            table.rows.extend(part.rows);
            table.text.names = part.text.names;
            table.text.values.extend(part.text.values);
        }
        Ok(table)
    }

    /// The inputs entry of a stage that reads the whole table.
    pub fn input(&self, out: &dyn Store) -> Result<BTreeMap<String, String>, StageError> {
        Ok(BTreeMap::from([("features".to_owned(), self.content_hash(out)?)]))
    }
}
