//! Named bytes: list, get and put over local disk, memory and S3, behind one small trait. The only user of `std::fs`,
//! `tokio` and `aws-sdk-s3`, and so of the network: a [`Mailbox`] posts documents.
//!
//! Paths inside a store are relative and use `/`. A put appears whole or not at all.

#![allow(clippy::disallowed_methods, reason = "this room is where they are allowed")]

mod error;
mod holder;
mod local;
mod mailbox;
mod memory;
mod options;
mod pieces;
mod place;
mod s3;
mod walk;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

pub use error::StorageError;
pub use local::LocalStore;
pub use mailbox::{Mailbox, Unposted};
pub use memory::MemoryStore;
pub use options::{S3, Storage};
pub use pieces::Pieces;
pub use place::{below, real_place};
pub use s3::S3Store;

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

/// What lies below a folder.
#[derive(Debug, Default)]
pub struct Survey {
    /// Its files, sorted by path.
    pub files: Vec<Entry>,
    /// What is no file, sorted by path.
    pub unlisted: Vec<Unlisted>,
}

/// Something below a folder whose content is not listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlisted {
    /// Path relative to the store's root.
    pub path: String,
    /// Why.
    pub reason: Reason,
}

/// Why something is not listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A folder that may not be read.
    Unreadable,
    /// `a FIFO`, `a socket` or `a device`.
    Special(&'static str),
    /// A link to a folder that is listed under another name.
    Again,
}

/// Where a run's lock lies in its output.
pub const LOCK: &str = "run/lock";

/// A file on its way: call it to wait for the content.
pub type Fetch<'a> = Box<dyn FnOnce() -> Result<Bytes, StorageError> + Send + 'a>;

/// Files on their way, in the order in which they were wanted.
pub type Fetches<'a> = Box<dyn Iterator<Item = Fetch<'a>> + Send + 'a>;

/// Holds a store's lock until dropped.
pub trait Lock: Send {}

/// A place that holds files.
pub trait Store: Send + Sync {
    /// Where this store is, for messages.
    fn root(&self) -> String;
    /// All files below `prefix` (a folder, or empty for all), sorted by path. A missing folder is empty; one that may
    /// not be read is an error.
    fn list(&self, prefix: &str) -> Result<Vec<Entry>, StorageError>;
    /// The same, with what is no file; what may not be read is an error for `prefix` itself only.
    fn survey(&self, prefix: &str) -> Result<Survey, StorageError> {
        Ok(Survey { files: self.list(prefix)?, unlisted: Vec::new() })
    }
    /// The files that lie in this folder itself, sorted by path: none of those in folders below it.
    fn list_here(&self) -> Result<Vec<Entry>, StorageError> {
        let mut files = self.list("")?;
        files.retain(|file| !file.path.contains('/'));
        Ok(files)
    }
    /// Whether a folder is there; always, where folders are but the beginnings of names.
    fn has(&self, _folder: &str) -> bool {
        true
    }
    /// What is known of one file, under the path that was asked for; `None` where there is none.
    fn stat(&self, path: &str) -> Result<Option<Entry>, StorageError>;
    /// A whole file.
    fn get(&self, path: &str) -> Result<Bytes, StorageError>;
    /// Some bytes of a file; the range must lie inside it.
    fn get_range(&self, path: &str, range: Range<u64>) -> Result<Bytes, StorageError>;
    /// A whole file, which must still be what `entry` says.
    fn get_unchanged(&self, entry: &Entry) -> Result<Bytes, StorageError> {
        let content = self.get(&entry.path)?;
        // Looked at afterwards: a change while it was read shows too.
        match self.stat(&entry.path)? {
            Some(now) if now == *entry && content.len() as u64 == entry.bytes => Ok(content),
            _ => Err(StorageError::Changed { path: format!("{}/{}", self.root(), entry.path) }),
        }
    }
    /// Whole files, each of which must still be what its entry says. Take them in order: a remote store has some of
    /// them under way ahead of the taker.
    fn fetch(&self, entries: Vec<Entry>) -> Fetches<'_> {
        let fetch = move |entry| -> Fetch<'_> { Box::new(move || self.get_unchanged(&entry)) };
        Box::new(entries.into_iter().map(fetch))
    }
    /// Writes a file, whole or not at all, over what was there.
    fn put(&self, path: &str, content: &[u8]) -> Result<(), StorageError>;
    /// Writes a file, whole or not at all, where there is none; whether it did.
    fn put_new(&self, path: &str, content: &[u8]) -> Result<bool, StorageError>;
    /// Moves a file over what was at `to`.
    fn rename(&self, from: &str, to: &str) -> Result<(), StorageError>;
    /// Removes a file; none there is no error.
    fn remove(&self, path: &str) -> Result<(), StorageError>;
    /// Takes the store for one run; refused while another run holds or shares it.
    fn lock(&self, path: &str) -> Result<Box<dyn Lock>, StorageError>;
    /// Takes the store together with others that share it; refused while a run holds it for itself.
    fn share(&self, path: &str) -> Result<Box<dyn Lock>, StorageError>;
    /// Removes what killed runs left behind in this output. Call it while holding the lock.
    fn sweep(&self) -> Result<(), StorageError>;
}

/// Opens the store at `uri`: a folder of the local disk, `file://FOLDER` or `s3://BUCKET/PREFIX`.
///
/// # Errors
/// Refuses a URI scheme that this version does not know, and a bucket without a name.
pub fn open(uri: &str, params: &Storage) -> Result<Arc<dyn Store>, StorageError> {
    match uri.split_once("://") {
        None => Ok(Arc::new(LocalStore::new(uri))),
        Some(("file", folder)) => Ok(Arc::new(LocalStore::new(folder))),
        Some(("s3", place)) => Ok(Arc::new(S3Store::new(place, &params.s3)?)),
        Some((scheme, _)) => Err(StorageError::UnknownScheme { uri: uri.to_owned(), scheme: scheme.to_owned() }),
    }
}

/// One file that is named by itself and not by a store: a pipeline file, a manifest. It may be a pipe, as in
/// `ser run <(...)`.
///
/// # Errors
/// Fails where the file is missing or not readable.
pub fn read_file(uri: &str, params: &Storage) -> Result<Bytes, StorageError> {
    match uri.split_once("://") {
        None => local::read(Path::new(uri)),
        Some(("file", path)) => local::read(Path::new(path)),
        Some(_) => {
            let (folder, name) = uri.rsplit_once('/').unwrap_or(("", uri));
            open(folder, params)?.get(name)
        }
    }
}

/// Writes one file that is named by itself, whole or not at all.
///
/// # Errors
/// Fails where it cannot be written.
pub fn put_file(uri: &str, params: &Storage, content: &[u8]) -> Result<(), StorageError> {
    let (folder, name) = uri.rsplit_once('/').unwrap_or((".", uri));
    open(if folder.is_empty() { "/" } else { folder }, params)?.put(name, content)
}

#[cfg(test)]
mod tests;
