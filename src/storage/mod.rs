//! Named bytes: list, get and put over local disk and memory, behind one small trait. The only user of `std::fs`.
//!
//! Paths inside a store are relative and use `/`. A put appears whole or not at all.

#![allow(clippy::disallowed_methods, reason = "this room is where they are allowed")]

mod error;
mod local;
mod memory;

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

pub use error::StorageError;
pub use local::LocalStore;
pub use memory::MemoryStore;

/// What a store knows of one of its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Path relative to the store's root.
    pub path: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Changes when the file changes: modification time or entity tag.
    pub stamp: String,
}

/// Holds a store's lock until dropped.
pub trait Lock: Send {}

/// A place that holds files.
pub trait Store: Send + Sync {
    /// Where this store is, for messages.
    fn root(&self) -> String;
    /// All files below `prefix` (a folder, or empty for all), sorted by path. A missing folder is empty.
    fn list(&self, prefix: &str) -> Result<Vec<Entry>, StorageError>;
    /// What is known of one file; `None` where there is none.
    fn stat(&self, path: &str) -> Result<Option<Entry>, StorageError>;
    /// A whole file.
    fn get(&self, path: &str) -> Result<Bytes, StorageError>;
    /// Some bytes of a file; the range must lie inside it.
    fn get_range(&self, path: &str, range: Range<u64>) -> Result<Bytes, StorageError>;
    /// Writes a file, whole or not at all, over what was there.
    fn put(&self, path: &str, content: &[u8]) -> Result<(), StorageError>;
    /// Moves a file over what was at `to`.
    fn rename(&self, from: &str, to: &str) -> Result<(), StorageError>;
    /// Removes a file; none there is no error.
    fn remove(&self, path: &str) -> Result<(), StorageError>;
    /// Takes the store for one run; refused while another run holds it.
    fn lock(&self, path: &str) -> Result<Box<dyn Lock>, StorageError>;
    /// Removes what killed writes left behind. Call it while holding the lock.
    fn sweep(&self) -> Result<(), StorageError>;
}

/// Opens the store at `uri`: a folder of the local disk.
///
/// # Errors
/// Refuses a URI scheme that this version does not know.
pub fn open(uri: &str) -> Result<Arc<dyn Store>, StorageError> {
    match uri.split_once("://") {
        None | Some(("file", _)) => Ok(Arc::new(LocalStore::new(uri.strip_prefix("file://").unwrap_or(uri)))),
        Some((scheme, _)) => Err(StorageError::UnknownScheme { uri: uri.to_owned(), scheme: scheme.to_owned() }),
    }
}

/// One file that is named by itself and not by a store: a pipeline file, a manifest.
///
/// # Errors
/// Fails where the file is missing or not readable.
pub fn read_file(path: &str) -> Result<Bytes, StorageError> {
    std::fs::read(path).map(Bytes::from).map_err(|source| StorageError::from_io("read", path, source))
}

#[cfg(test)]
mod tests;
