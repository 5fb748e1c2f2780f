//! The features table as later stages find it: all parts, or none.

use std::collections::BTreeMap;

use crate::schema::{FeatureKeys, Table};
use crate::storage::{Entry, Store};
use crate::table::{self, row_hashes, table_hash};

use super::ledger::{self, OutputFile};
use super::{StageError, StageName, output};

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
        let listed = out.list("features")?;
        let recorded = record.outputs.iter().filter(|(path, _)| path.starts_with("features/"));
        let part = |(path, file): (&String, &OutputFile)| {
            listed.iter().find(|part| part.path == *path && part.bytes == file.bytes).cloned()
        };
        Ok(Self { parts: recorded.map(part).collect::<Option<_>>().ok_or_else(missing)? })
    }

    /// The whole table.
    pub fn read(&self, out: &dyn Store) -> Result<Table<FeatureKeys>, StageError> {
        self.collect(|part| Ok(table::read(out.get(&part.path)?)?.0))
    }

    /// Keys and labels of every row, with the text columns that a manifest or pattern added, but no features.
    pub fn keys(&self, out: &dyn Store) -> Result<Table<FeatureKeys>, StageError> {
        self.collect(|part| table::read_keys(part.bytes, |range| Ok(out.get_range(&part.path, range)?)))
    }

    fn collect(
        &self,
        read: impl Fn(&Entry) -> Result<Table<FeatureKeys>, StageError>,
    ) -> Result<Table<FeatureKeys>, StageError> {
        let mut all = Table::default();
        for part in &self.parts {
            table::append(&mut all, read(part)?)?;
        }
        Ok(all)
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

    /// The inputs entry of a stage that reads the whole table.
    pub fn input(&self, out: &dyn Store) -> Result<BTreeMap<String, String>, StageError> {
        Ok(BTreeMap::from([("features".to_owned(), self.content_hash(out)?)]))
    }
}

/// The inputs entry of a stage that looks at keys, labels and audio hashes only, as splits do: the features may change.
pub fn keys_input(keys: &Table<FeatureKeys>) -> (String, String) {
    let hash = table_hash("feature keys", std::iter::empty(), row_hashes(keys).into_iter());
    ("feature keys".to_owned(), hash)
}
