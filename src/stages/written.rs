//! Files with the hash of what was written, so that whoever relies on them can tell. Records of stages and seals of finished
//! pieces vouch for files, and ask in two ways: whether all are there with their sizes, and whether all hold their bytes.

use std::collections::BTreeMap;
use std::collections::btree_map::IntoIter;
use std::ops::Deref;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::storage::{Entry, StorageError, Store};

use super::StageError;

/// What a file held when it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputFile {
    /// Size in bytes.
    pub bytes: u64,
    /// BLAKE3 of the file.
    pub blake3: String,
}

/// A file that was written.
#[derive(Debug, Clone)]
pub struct Written {
    /// Where.
    pub path: String,
    /// What.
    pub file: OutputFile,
}

/// Files by path, with what each held when it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Files(BTreeMap<String, OutputFile>);

impl OutputFile {
    /// What a file with this content holds.
    pub(super) fn of(content: &[u8]) -> Self {
        Self { bytes: content.len() as u64, blake3: blake3::hash(content).to_hex().to_string() }
    }

    /// Whether the file that a listing shows has its size.
    pub(super) fn has_size_of(&self, entry: &Entry) -> bool {
        self.bytes == entry.bytes
    }

    /// Whether this is its content.
    pub(super) fn holds(&self, content: &[u8]) -> bool {
        *self == Self::of(content)
    }

    /// Its content, as `stage` wrote it.
    ///
    /// # Errors
    /// It is another than what was written.
    pub(super) fn read(&self, out: &dyn Store, path: &str, stage: &'static str) -> Result<Bytes, StageError> {
        let content = out.get(path)?;
        if self.holds(&content) {
            return Ok(content);
        }
        Err(StageError::Altered { path: format!("{}/{path}", out.root()), stage })
    }
}

impl Files {
    /// Whether each is there with its size, as `find` looks it up: reads none.
    pub(super) fn are_there(
        &self,
        find: impl Fn(&str) -> Result<Option<Entry>, StorageError>,
    ) -> Result<bool, StageError> {
        for (path, file) in &self.0 {
            if !find(path)?.is_some_and(|entry| file.has_size_of(&entry)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The tables in a folder.
    pub(super) fn tables_below(self, folder: &str) -> Self {
        let is_table = |path: &str| path.starts_with(folder) && path.ends_with(".parquet");
        Self(self.0.into_iter().filter(|(path, _)| is_table(path)).collect())
    }

    /// Whether each is there with its bytes: reads them.
    pub(super) fn are_intact(&self, out: &dyn Store) -> Result<bool, StageError> {
        for (path, file) in &self.0 {
            match out.get(path) {
                Ok(content) if file.holds(&content) => {}
                Ok(_) | Err(StorageError::NotFound { .. }) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(true)
    }
}

impl Deref for Files {
    type Target = BTreeMap<String, OutputFile>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl FromIterator<Written> for Files {
    fn from_iter<T: IntoIterator<Item = Written>>(files: T) -> Self {
        Self(files.into_iter().map(|written| (written.path, written.file)).collect())
    }
}

impl IntoIterator for Files {
    type Item = (String, OutputFile);
    type IntoIter = IntoIter<String, OutputFile>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// What lies in these folders, by path.
pub(super) fn listed(out: &dyn Store, folders: &[&str]) -> Result<BTreeMap<String, Entry>, StageError> {
    let listed = folders.iter().map(|folder| out.list(folder)).collect::<Result<Vec<_>, _>>()?;
    Ok(by_path(listed.concat()))
}

/// A listing by path.
pub(super) fn by_path(entries: Vec<Entry>) -> BTreeMap<String, Entry> {
    entries.into_iter().map(|entry| (entry.path.clone(), entry)).collect()
}

/// A record or seal; `None` where there is none, or one of another version that no longer parses.
pub(super) fn read_json<T: DeserializeOwned>(out: &dyn Store, path: &str) -> Result<Option<T>, StageError> {
    match out.get(path) {
        Ok(content) => Ok(serde_json::from_slice(&content).ok()),
        Err(StorageError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Writes a record or seal as indented JSON.
pub(super) fn put_json(out: &dyn Store, path: &str, value: &impl Serialize) -> Result<(), StageError> {
    Ok(out.put(path, &json(value))?)
}

/// The same where there is none; whether it did.
pub(super) fn put_new_json(out: &dyn Store, path: &str, value: &impl Serialize) -> Result<bool, StageError> {
    Ok(out.put_new(path, &json(value))?)
}

fn json(value: &impl Serialize) -> Vec<u8> {
    // Plain structs and maps with text keys: their JSON cannot fail.
    let mut json = serde_json::to_vec_pretty(value).unwrap_or_default();
    json.push(b'\n');
    json
}
