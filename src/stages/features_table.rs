//! The features table as later stages find it: all parts, or none.

use std::collections::BTreeMap;

use crate::schema::{FeatureKeys, Table};
use crate::storage::Store;
use crate::table::{self, RowHash, row_hashes, table_hash};

use super::ledger;
use super::{Files, OutputFile, StageError, StageName, Written, output, written};

/// Where the parts lie.
const FOLDER: &str = "features/";
/// The content hash of the whole table, in [`ledger::Record::contents`].
const WHOLE: &str = "features";
/// The input of extract that is a table of others: the BLAKE3 of its file.
pub(super) const OF_OTHERS: &str = "features.table";
/// That of keys, labels and audio hashes only, which is all that splits and figures look at: the features may change.
const KEYS: &str = "feature keys";

/// The parts of a finished features table.
#[derive(Debug)]
pub struct FeaturesTable {
    parts: Files,
    whole: String,
    keys: String,
    /// BLAKE3 of the table of others that it was made from, where there was one.
    of_others: Option<String>,
    rows: usize,
}

impl FeaturesTable {
    /// Finds the table.
    ///
    /// # Errors
    /// Refuses a table that extract has not finished: some parts may be of another run.
    pub fn find(out: &dyn Store) -> Result<Self, StageError> {
        let missing = || StageError::MissingTable { table: "features".to_owned(), stage: "extract" };
        let record = ledger::read_record(out, StageName::Extract)?.ok_or_else(missing)?;
        let content = |name: &str| record.contents.get(name).cloned().ok_or_else(missing);
        let (whole, keys) = (content(WHOLE)?, content(KEYS)?);
        let of_others = record.inputs.get(OF_OTHERS).cloned();
        let rows = record.rows().unwrap_or(0) as usize;
        let listed = written::listed(out, &["features"])?;
        let parts = record.outputs.tables_below(FOLDER);
        let are_there = parts.are_there(|path| Ok(listed.get(path).cloned()))?;
        if are_there { Ok(Self { parts, whole, keys, of_others, rows }) } else { Err(missing()) }
    }

    /// Number of rows, augmented ones included.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Hands the table on part by part. Memory holds one.
    ///
    /// # Errors
    /// A part is not what extract wrote. Hashing what is read anyway costs little: 10 ms for the 36 MB of `rich` on RAVDESS.
    pub fn each(
        &self,
        out: &dyn Store,
        take: impl FnMut(Table<FeatureKeys>) -> Result<(), StageError>,
    ) -> Result<(), StageError> {
        let read = |path: &str, file: &OutputFile| {
            Ok(output::of_file(out, path, table::read(file.read(out, path, "extract")?))?.0)
        };
        self.each_part(out, read, take)
    }

    /// Hands on keys and labels of every row part by part, with the text columns that a manifest or pattern added, but no
    /// features. Memory holds one part. What `take` has seen counts only if there is no error.
    ///
    /// # Errors
    /// They are not what extract wrote. Of the features, which are not read, nothing is said.
    pub fn each_keys(
        &self,
        out: &dyn Store,
        mut take: impl FnMut(Table<FeatureKeys>) -> Result<(), StageError>,
    ) -> Result<(), StageError> {
        let mut hashes = Vec::new();
        let read = |path: &str, file: &OutputFile| keys_of_part(out, path, file);
        self.each_part(out, read, |keys| {
            hashes.extend(row_hashes(&keys));
            take(keys)
        })?;
        if keys_hash(hashes) == self.keys { Ok(()) } else { Err(altered(out, FOLDER)) }
    }

    /// Hands on what `read` makes of each part, all of the same columns.
    fn each_part(
        &self,
        out: &dyn Store,
        read: impl Fn(&str, &OutputFile) -> Result<Table<FeatureKeys>, StageError>,
        mut take: impl FnMut(Table<FeatureKeys>) -> Result<(), StageError>,
    ) -> Result<(), StageError> {
        let mut columns = None;
        for (path, file) in self.parts.iter() {
            let part = read(path, file)?;
            let columns = columns.get_or_insert_with(|| table::column_names(&part));
            output::of_file(out, path, table::check_columns(columns, &part))?;
            take(part)?;
        }
        Ok(())
    }

    /// The inputs entry of a stage that reads the whole table.
    pub fn input(&self) -> BTreeMap<String, String> {
        BTreeMap::from([(WHOLE.to_owned(), self.whole.clone())])
    }

    /// The BLAKE3 of the table of others that it was made from, where there was one.
    pub fn of_others(&self) -> Option<&str> {
        self.of_others.as_deref()
    }

    /// The inputs entry of a stage that reads keys only.
    pub fn keys_input(&self) -> BTreeMap<String, String> {
        BTreeMap::from([(KEYS.to_owned(), self.keys.clone())])
    }
}

/// What extract promises of the table in these files.
pub fn contents(out: &dyn Store, files: &[Written]) -> Result<BTreeMap<String, String>, StageError> {
    let (mut columns, mut rows, mut keys) = (Vec::new(), Vec::new(), Vec::new());
    for part in files.iter().filter(|part| part.path.starts_with(FOLDER)) {
        let footer = output::footer::<FeatureKeys>(out, &part.path, part.file.bytes)?;
        columns = vec![footer.schema, footer.config_hash];
        rows.extend(footer.row_hashes);
        keys.extend(row_hashes(&read_keys(out, &part.path, part.file.bytes)?));
    }
    let whole = table_hash("features", columns.iter().map(String::as_str), rows.into_iter());
    Ok(BTreeMap::from([(WHOLE.to_owned(), whole), (KEYS.to_owned(), keys_hash(keys))]))
}

/// The keys of a part of a finished table.
fn keys_of_part(out: &dyn Store, path: &str, file: &OutputFile) -> Result<Table<FeatureKeys>, StageError> {
    read_keys(out, path, file.bytes).map_err(|error| match error {
        StageError::TableFile { .. } => altered(out, path),
        error => error,
    })
}

fn altered(out: &dyn Store, path: &str) -> StageError {
    StageError::Altered { path: format!("{}/{path}", out.root()), stage: "extract" }
}

fn read_keys(out: &dyn Store, path: &str, bytes: u64) -> Result<Table<FeatureKeys>, StageError> {
    output::of_file(out, path, table::read_keys::<_, StageError>(bytes, |range| Ok(out.get_range(path, range)?)))
}

fn keys_hash(rows: Vec<RowHash>) -> String {
    table_hash("feature keys", std::iter::empty(), rows.into_iter())
}
