use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::{Entry, Lock, StorageError, Store};

/// Files in memory, for tests and for callers that keep no disk.
#[derive(Debug, Default)]
pub struct MemoryStore {
    files: Mutex<BTreeMap<String, Bytes>>,
    locked: Arc<AtomicBool>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
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
        if self.locked.swap(true, Ordering::AcqRel) {
            return Err(StorageError::Locked { path: path.to_owned(), holder: String::new() });
        }
        Ok(Box::new(MemoryLock { locked: Arc::clone(&self.locked) }))
    }

    fn sweep(&self) -> Result<(), StorageError> {
        Ok(())
    }
}

struct MemoryLock {
    locked: Arc<AtomicBool>,
}

impl Lock for MemoryLock {}

impl Drop for MemoryLock {
    fn drop(&mut self) {
        self.locked.store(false, Ordering::Release);
    }
}

fn entry(path: &str, content: &Bytes) -> Entry {
    Entry { path: path.to_owned(), bytes: content.len() as u64, stamp: blake3::hash(content).to_hex().to_string() }
}

fn missing(path: &str) -> StorageError {
    StorageError::NotFound { path: path.to_owned() }
}
