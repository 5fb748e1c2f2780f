use std::sync::Arc;

use crate::storage::{self, Entry, Storage, StorageError, Store};

use super::super::{PREDICT, RUN, StageError, StageName, ledger};

/// How the names of tables end.
const PARQUET: &str = ".parquet";

/// Where something lies that can be described.
pub(super) enum Place {
    /// An output with the record of a stage.
    Run(Arc<dyn Store>),
    /// The Parquet files of a table: one, or the parts of a folder, by name.
    Table {
        /// The folder of the files.
        store: Arc<dyn Store>,
        /// The files.
        files: Vec<Entry>,
    },
}

impl Place {
    /// Looks at a place.
    pub(super) fn find(place: &str, storage: &Storage) -> Result<Self, StageError> {
        let refused =
            |problem: &str| Err(StageError::Indescribable { place: place.to_owned(), problem: problem.to_owned() });
        let store = storage::open(place, storage)?;
        if place.ends_with(PARQUET)
            && let Some(table) = Self::file(place, storage)?
        {
            return Ok(table);
        }
        let is_record = |entry: &Entry| records().any(|name| ledger::record_path(name) == entry.path);
        let below = store.list(RUN)?;
        if below.iter().any(is_record) {
            return Ok(Self::Run(store));
        }
        if !below.is_empty() {
            return Err(StageError::NoRun { run: store.root() });
        }
        let listed = match store.list("") {
            Err(StorageError::NotAFolder { .. }) => Vec::new(),
            listed => listed?,
        };
        let is_part = |entry: &Entry| !entry.path.contains('/') && entry.path.ends_with(PARQUET);
        let files: Vec<Entry> = listed.iter().filter(|entry| is_part(entry)).cloned().collect();
        if !files.is_empty() {
            return Ok(Self::Table { store, files });
        }
        if listed.is_empty()
            && let Some(table) = Self::file(place, storage)?
        {
            return Ok(table);
        }
        if !store.has("") {
            return refused("does not exist; check its name");
        }
        refused(
            "holds neither the records of a run nor Parquet files; name the output of a run, a .parquet file, or a \
             folder of such files",
        )
    }

    /// The file at a place, in the store of its folder; `None` where there is none.
    fn file(place: &str, storage: &Storage) -> Result<Option<Self>, StageError> {
        let Some((folder, name)) = place.rsplit_once('/').filter(|(_, name)| !name.is_empty()) else { return Ok(None) };
        // `s3://bucket` names no file, and `/file` lies in the root.
        if folder.ends_with(":/") {
            return Ok(None);
        }
        let store = storage::open(if folder.is_empty() { "/" } else { folder }, storage)?;
        match store.stat(name) {
            Ok(entry) => Ok(entry.map(|entry| Self::Table { store, files: vec![entry] })),
            // The folder is a file: so nothing is there.
            Err(StorageError::NotAFolder { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// What may have a record.
pub(super) fn records() -> impl Iterator<Item = &'static str> {
    StageName::ALL.into_iter().map(StageName::as_str).chain([PREDICT])
}
