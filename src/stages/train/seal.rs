//! What says that a job is finished, what it was made of, and what its files hold.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::stages::{OutputFile, StageError, Written, output};
use crate::storage::Store;

/// Kept beside a finished job: removed before the first of its files changes, written after the last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobSeal {
    /// A hash of all that the job hangs on, the build among it.
    pub key: String,
    /// Everything that the job made.
    pub files: BTreeMap<String, OutputFile>,
}

impl JobSeal {
    /// The seal at a path; `None` where there is none that can be read.
    pub fn read(out: &dyn Store, path: &str) -> Result<Option<Self>, StageError> {
        output::read_json(out, path)
    }

    /// Seals these files.
    pub fn put(out: &dyn Store, path: &str, key: &str, files: Vec<Written>) -> Result<(), StageError> {
        let files = files.into_iter().map(|written| (written.path, written.file)).collect();
        output::put_json(out, path, &Self { key: key.to_owned(), files })
    }

    /// Whether every file still holds what it did: reads them.
    pub fn holds(&self, out: &dyn Store) -> Result<bool, StageError> {
        for (path, file) in &self.files {
            if !file.is_at(out, path)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
