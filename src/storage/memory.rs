use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicIsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::{Entry, Lock, StorageError, Store};

/// Files in memory, for tests and for callers that keep no disk.
#[derive(Debug, Default)]
pub struct MemoryStore {
    files: Mutex<BTreeMap<String, Bytes>>,
    holders: Arc<AtomicIsize>,
}

/// What [`MemoryStore::holders`] is where one run holds the store for itself; else it counts those that share it.
const ALONE: isize = -1;

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn hold(&self, path: &str, next: impl Fn(isize) -> Option<isize>) -> Result<Box<dyn Lock>, StorageError> {
        let held = self.holders.fetch_update(Ordering::AcqRel, Ordering::Acquire, next);
        held.map_err(|_| StorageError::Locked { path: path.to_owned(), holder: String::new() })?;
        Ok(Box::new(MemoryLock { holders: Arc::clone(&self.holders) }))
    }

    fn files(&self) -> MutexGuard<'_, BTreeMap<String, Bytes>> {
        // A panic elsewhere cannot leave the map half changed: each change is one call.
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn root(&self) -> String {
        "memory".to_owned()
    }

    fn list(&self, prefix: &str) -> Result<Vec<Entry>, StorageError> {
        let folder = if prefix.is_empty() { String::new() } else { format!("{}/", prefix.trim_end_matches('/')) };
        let files = self.files();
        let below = files.iter().filter(|(path, _)| path.starts_with(&folder));
        Ok(below.map(|(path, content)| entry(path, content)).collect())
    }

    fn stat(&self, path: &str) -> Result<Option<Entry>, StorageError> {
        Ok(self.files().get(path).map(|content| entry(path, content)))
    }

    fn get(&self, path: &str) -> Result<Bytes, StorageError> {
        self.files().get(path).cloned().ok_or_else(|| missing(path))
    }

    fn get_range(&self, path: &str, range: Range<u64>) -> Result<Bytes, StorageError> {
        let content = self.get(path)?;
        let inside = range.start <= range.end && range.end <= content.len() as u64;
        if inside {
            Ok(content.slice(range.start as usize..range.end as usize))
        } else {
            Err(StorageError::from_io("read", path, std::io::ErrorKind::UnexpectedEof.into()))
        }
    }

    fn put(&self, path: &str, content: &[u8]) -> Result<(), StorageError> {
        self.files().insert(path.to_owned(), Bytes::copy_from_slice(content));
        Ok(())
    }

    fn put_new(&self, path: &str, content: &[u8]) -> Result<bool, StorageError> {
        let mut files = self.files();
        let is_new = !files.contains_key(path);
        if is_new {
            files.insert(path.to_owned(), Bytes::copy_from_slice(content));
        }
        Ok(is_new)
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), StorageError> {
        let mut files = self.files();
        let content = files.remove(from).ok_or_else(|| missing(from))?;
        files.insert(to.to_owned(), content);
        Ok(())
    }

    fn remove(&self, path: &str) -> Result<(), StorageError> {
        self.files().remove(path);
        Ok(())
    }

    fn lock(&self, path: &str) -> Result<Box<dyn Lock>, StorageError> {
        self.hold(path, |holders| (holders == 0).then_some(ALONE))
    }

    fn share(&self, path: &str) -> Result<Box<dyn Lock>, StorageError> {
        self.hold(path, |holders| (holders != ALONE).then_some(holders + 1))
    }

    fn sweep(&self) -> Result<(), StorageError> {
        Ok(())
    }
}

struct MemoryLock {
    holders: Arc<AtomicIsize>,
}

impl Lock for MemoryLock {}

impl Drop for MemoryLock {
    fn drop(&mut self) {
        let less = |holders| Some(if holders == ALONE { 0 } else { holders - 1 });
        // It always returns a number, so it always succeeds.
        let _ = self.holders.fetch_update(Ordering::AcqRel, Ordering::Acquire, less);
    }
}

fn entry(path: &str, content: &Bytes) -> Entry {
    Entry { path: path.to_owned(), bytes: content.len() as u64, stamp: blake3::hash(content).to_hex().to_string() }
}

fn missing(path: &str) -> StorageError {
    StorageError::NotFound { path: path.to_owned() }
}
