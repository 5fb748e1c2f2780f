//! What says that a job is finished, what it was made of, and what its files hold.

use serde::{Deserialize, Serialize};

use crate::stages::{Files, StageError, Written, written};
use crate::storage::Store;

/// Kept beside a finished job: removed before the first of its files changes, written after the last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobSeal {
    /// A hash of all that the job hangs on, the build among it.
    pub key: String,
    /// Everything that the job made.
    pub files: Files,
}

impl JobSeal {
    /// The seal at a path; `None` where there is none that can be read.
    pub fn read(out: &dyn Store, path: &str) -> Result<Option<Self>, StageError> {
        written::read_json(out, path)
    }

    /// Seals these files.
    pub fn put(out: &dyn Store, path: &str, key: &str, files: Vec<Written>) -> Result<(), StageError> {
        written::put_json(out, path, &Self { key: key.to_owned(), files: files.into_iter().collect() })
    }

    /// Whether every file still holds what it did: reads them.
    pub fn holds(&self, out: &dyn Store) -> Result<bool, StageError> {
        self.files.are_intact(out)
    }
}
