//! Files with the hash of what was written, so that whoever relies on one can tell.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::storage::{StorageError, Store};

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

impl OutputFile {
    /// What a file with this content holds.
    pub(super) fn of(content: &[u8]) -> Self {
        Self { bytes: content.len() as u64, blake3: blake3::hash(content).to_hex().to_string() }
    }

    /// Whether it is there, and still what it was: reads it.
    pub(super) fn is_at(&self, out: &dyn Store, path: &str) -> Result<bool, StageError> {
        match out.get(path) {
            Ok(content) => Ok(*self == Self::of(&content)),
            Err(StorageError::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Its content, as `stage` wrote it.
    ///
    /// # Errors
    /// It is another than what was written.
    pub(super) fn read(&self, out: &dyn Store, path: &str, stage: &'static str) -> Result<Bytes, StageError> {
        let content = out.get(path)?;
        if *self == Self::of(&content) {
            return Ok(content);
        }
        Err(StageError::Altered { path: format!("{}/{path}", out.root()), stage })
    }
}
