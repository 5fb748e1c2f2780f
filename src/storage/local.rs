use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use bytes::Bytes;

use super::holder::Holder;
use super::{Entry, Lock, StorageError, Store};

/// Files that are being written start with this and are not listed.
const UNFINISHED: &str = ".unfinished-";

/// A folder of the local disk.
#[derive(Debug)]
pub struct LocalStore {
    root: PathBuf,
    writes: AtomicU64,
}

impl LocalStore {
    /// The store of a folder, which need not exist yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), writes: AtomicU64::new(0) }
    }

    fn full(&self, path: &str) -> PathBuf {
        if path.is_empty() { self.root.clone() } else { self.root.join(path) }
    }

    fn unfinished_sibling(&self, path: &Path) -> PathBuf {
        let number = self.writes.fetch_add(1, Ordering::Relaxed);
        path.with_file_name(format!("{UNFINISHED}{}-{number}", std::process::id()))
    }

    /// Every file below the root, unfinished ones included.
    fn walk(&self, folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), StorageError> {
        if leads_back(folder) {
            return Ok(());
        }
        let entries = fs::read_dir(folder).map_err(|source| failed("list", folder, source))?;
        for entry in entries {
            let path = entry.map_err(|source| failed("list", folder, source))?.path();
            // Follows links: a corpus is often a folder of links. A dangling one is listed as an empty file.
            if path.is_dir() { self.walk(&path, found)? } else { found.push(path) }
        }
        Ok(())
    }

    fn entry(&self, path: &Path) -> Result<Entry, StorageError> {
        let relative = path.strip_prefix(&self.root).unwrap_or(path).to_string_lossy().replace('\\', "/");
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(_) if path.is_symlink() => {
                return Ok(Entry { path: relative, bytes: 0, stamp: "dangling link".to_owned() });
            }
            Err(source) => return Err(failed("inspect", path, source)),
        };
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let stamp = modified.map_or_else(String::new, |age| age.as_nanos().to_string());
        Ok(Entry { path: relative, bytes: metadata.len(), stamp })
    }
}

impl Store for LocalStore {
    fn root(&self) -> String {
        // Without `..` where the folder is there.
        fs::canonicalize(&self.root).unwrap_or_else(|_| self.root.clone()).display().to_string()
    }

    fn list(&self, prefix: &str) -> Result<Vec<Entry>, StorageError> {
        let folder = self.full(prefix);
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let mut paths = Vec::new();
        self.walk(&folder, &mut paths)?;
        let mut entries = paths
            .iter()
            .filter(|path| !is_unfinished(path))
            .map(|path| self.entry(path))
            .collect::<Result<Vec<_>, _>>()?;
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(entries)
    }

    fn has(&self, folder: &str) -> bool {
        self.full(folder).exists()
    }

    fn stat(&self, path: &str) -> Result<Option<Entry>, StorageError> {
        let full = self.full(path);
        match self.entry(&full) {
            Ok(_) if full.is_dir() => Ok(None),
            Ok(entry) => Ok(Some(entry)),
            Err(StorageError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn get(&self, path: &str) -> Result<Bytes, StorageError> {
        let full = self.full(path);
        fs::read(&full).map(Bytes::from).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound if full.is_symlink() => StorageError::Dangling { path: full.display().to_string() },
            _ => failed("read", &full, source),
        })
    }

    fn get_range(&self, path: &str, range: Range<u64>) -> Result<Bytes, StorageError> {
        let full = self.full(path);
        read_range(&full, range).map(Bytes::from).map_err(|source| failed("read", &full, source))
    }

    fn put(&self, path: &str, content: &[u8]) -> Result<(), StorageError> {
        let full = self.full(path);
        let unfinished = self.unfinished_sibling(&full);
        create_parent(&full)?;
        let written = write_synced(&unfinished, content).and_then(|()| fs::rename(&unfinished, &full));
        written.map_err(|source| {
            // Best effort: what cannot be removed now is swept by the next run.
            let _ = fs::remove_file(&unfinished);
            failed("write", &full, source)
        })
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), StorageError> {
        let (from, to) = (self.full(from), self.full(to));
        create_parent(&to)?;
        fs::rename(&from, &to).map_err(|source| failed("move", &from, source))
    }

    fn remove(&self, path: &str) -> Result<(), StorageError> {
        let full = self.full(path);
        match fs::remove_file(&full) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(failed("remove", &full, source)),
            _ => Ok(()),
        }
    }

    fn lock(&self, path: &str) -> Result<Box<dyn Lock>, StorageError> {
        let full = self.full(path);
        create_parent(&full)?;
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .write(true)
            .truncate(false)
            .open(&full)
            .map_err(|source| failed("open", &full, source))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                return Err(StorageError::Locked { path: full.display().to_string(), holder: holder(&mut file) });
            }
            Err(fs::TryLockError::Error(source)) => return Err(failed("lock", &full, source)),
        }
        let noted = file.set_len(0).and_then(|()| file.write_all(&Holder::here().to_json()));
        noted.map_err(|source| failed("write", &full, source))?;
        Ok(Box::new(LocalLock { _file: file }))
    }

    fn sweep(&self) -> Result<(), StorageError> {
        let mut paths = Vec::new();
        if self.root.exists() {
            self.walk(&self.root, &mut paths)?;
        }
        for path in paths.iter().filter(|path| is_unfinished(path)) {
            fs::remove_file(path).map_err(|source| failed("remove", path, source))?;
        }
        Ok(())
    }
}

/// An advisory lock, which the system releases when the process ends, however it ends.
struct LocalLock {
    _file: File,
}

impl Lock for LocalLock {}

fn holder(file: &mut File) -> String {
    let mut note = Vec::new();
    let read = file.read_to_end(&mut note).ok().and_then(|_| Holder::parse(&note));
    read.map_or_else(String::new, |holder| format!(" ({holder})"))
}

/// Whether a folder is a link to one that it lies in: following it would never end.
fn leads_back(folder: &Path) -> bool {
    folder.is_symlink()
        && match (fs::canonicalize(folder), folder.parent().map(fs::canonicalize)) {
            (Ok(target), Some(Ok(parent))) => parent.starts_with(target),
            _ => false,
        }
}

fn is_unfinished(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(UNFINISHED))
}

fn create_parent(path: &Path) -> Result<(), StorageError> {
    match path.parent() {
        Some(folder) => fs::create_dir_all(folder).map_err(|source| failed("create", folder, source)),
        None => Ok(()),
    }
}

/// The content reaches the disk before the name does, so that a power cut leaves no empty file under a final name.
fn write_synced(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(content)?;
    file.sync_data()
}

fn read_range(path: &Path, range: Range<u64>) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(range.start))?;
    let length = range.end.saturating_sub(range.start);
    let mut content = Vec::new();
    let read = file.take(length).read_to_end(&mut content)?;
    if read as u64 == length { Ok(content) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

fn failed(action: &'static str, path: &Path, source: io::Error) -> StorageError {
    if matches!(source.kind(), io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists) {
        let in_the_way = path.ancestors().find(|place| place.exists() && !place.is_dir());
        if let Some(file) = in_the_way {
            return StorageError::NotAFolder { path: file.display().to_string() };
        }
    }
    StorageError::from_io(action, path.display().to_string(), source)
}
