use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use bytes::Bytes;

use super::error::failed;
use super::holder::Holder;
use super::walk::{self, Walk};
use super::{Entry, LOCK, Lock, Reason, StorageError, Store, Survey, Unlisted};

/// Files that are being written are called `.unfinished-WRITER-NUMBER` and are not listed. WRITER is a random number:
/// processes on several hosts may write into one folder, and have the same process number.
const UNFINISHED: &str = ".unfinished-";
/// What stands before WRITER where the writer holds the lock: the mark by which the next holder knows its leftovers from
/// the files of programs that write at the same time.
const OF_A_RUN: &str = "run-";

/// A folder of the local disk.
#[derive(Debug)]
pub struct LocalStore {
    root: PathBuf,
    /// Tells its unfinished files from those of every other store.
    writer: u64,
    writes: AtomicU64,
    /// Whether this store holds its lock, alone or with others.
    is_locked: Arc<AtomicBool>,
}

impl LocalStore {
    /// The store of a folder, which need not exist yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), writer: rand::random(), writes: AtomicU64::new(0), is_locked: Arc::default() }
    }

    fn full(&self, path: &str) -> PathBuf {
        if path.is_empty() { self.root.clone() } else { self.root.join(path) }
    }

    fn unfinished_sibling(&self, path: &Path) -> PathBuf {
        let number = self.writes.fetch_add(1, Ordering::Relaxed);
        let mark = if self.is_locked.load(Ordering::Relaxed) { OF_A_RUN } else { "" };
        path.with_file_name(format!("{UNFINISHED}{mark}{}-{number}", self.writer))
    }

    fn hold(
        &self,
        path: &str,
        take: impl Fn(&File) -> Result<(), fs::TryLockError>,
    ) -> Result<Box<dyn Lock>, StorageError> {
        let full = self.full(path);
        create_parent(&full)?;
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .write(true)
            .truncate(false)
            .open(&full)
            .map_err(|source| failed("open", &full, source))?;
        match take(&file) {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                return Err(StorageError::Locked { path: full.display().to_string(), holder: holder(&mut file) });
            }
            Err(fs::TryLockError::Error(source)) => return Err(failed("lock", &full, source)),
        }
        // Of several that share it, the last one is named.
        let noted = file.set_len(0).and_then(|()| file.write_all(&Holder::here().to_json()));
        noted.map_err(|source| failed("write", &full, source))?;
        self.is_locked.store(true, Ordering::Relaxed);
        Ok(Box::new(LocalLock { _file: file, is_locked: Arc::clone(&self.is_locked) }))
    }

    /// A path as the store is asked for it. A name that is not UTF-8 has replacement characters.
    fn relative(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).to_string_lossy().into_owned()
    }
}

impl Store for LocalStore {
    fn root(&self) -> String {
        // Without `..` where the folder is there.
        fs::canonicalize(&self.root).unwrap_or_else(|_| self.root.clone()).display().to_string()
    }

    fn list(&self, prefix: &str) -> Result<Vec<Entry>, StorageError> {
        let survey = self.survey(prefix)?;
        match survey.unlisted.iter().find(|one| one.reason == Reason::Unreadable) {
            Some(folder) => {
                let path = self.full(&folder.path).display().to_string();
                Err(StorageError::Denied { action: "list", path })
            }
            None => Ok(survey.files),
        }
    }

    fn survey(&self, prefix: &str) -> Result<Survey, StorageError> {
        let folder = self.full(prefix);
        if !folder.exists() {
            return Ok(Survey::default());
        }
        let mut files = Vec::new();
        let unlisted = Walk::over(&folder, &mut |path, found| {
            if !is_unfinished(path) {
                files.push(entry(self.relative(path), found));
            }
        })?;
        files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        let unlisted = unlisted.into_iter();
        let unlisted = unlisted.map(|(path, reason)| Unlisted { path: self.relative(&path), reason });
        let mut unlisted = unlisted.collect::<Vec<_>>();
        unlisted.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Survey { files, unlisted })
    }

    fn list_here(&self) -> Result<Vec<Entry>, StorageError> {
        let list = |source| failed("list", &self.root, source);
        let mut files = Vec::new();
        for found in fs::read_dir(&self.root).map_err(list)? {
            let path = found.map_err(list)?.path();
            // What is gone meanwhile, or leads nowhere, is no file.
            let found = fs::metadata(&path).ok().filter(Metadata::is_file);
            files
                .extend(found.filter(|_| !is_unfinished(&path)).map(|found| entry(self.relative(&path), Some(&found))));
        }
        files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    fn has(&self, folder: &str) -> bool {
        self.full(folder).exists()
    }

    fn stat(&self, path: &str) -> Result<Option<Entry>, StorageError> {
        let full = self.full(path);
        match fs::metadata(&full) {
            Ok(found) if found.is_dir() => Ok(None),
            Ok(found) if found.is_file() => Ok(Some(entry(path.to_owned(), Some(&found)))),
            Ok(found) => Err(not_a_file(&full, &found)),
            Err(_) if full.is_symlink() => Ok(Some(entry(path.to_owned(), None))),
            Err(source) => match failed("inspect", &full, source) {
                StorageError::NotFound { .. } => Ok(None),
                error => Err(error),
            },
        }
    }

    fn get(&self, path: &str) -> Result<Bytes, StorageError> {
        let full = self.full(path);
        check_kind(&full)?;
        read(&full)
    }

    fn get_range(&self, path: &str, range: Range<u64>) -> Result<Bytes, StorageError> {
        let full = self.full(path);
        check_kind(&full)?;
        read_range(&full, range).map(Bytes::from).map_err(|source| failed("read", &full, source))
    }

    fn put(&self, path: &str, content: &[u8]) -> Result<(), StorageError> {
        let full = self.full(path);
        let unfinished = self.unfinished_sibling(&full);
        create_parent(&full)?;
        let written = write_synced(&unfinished, content).and_then(|()| fs::rename(&unfinished, &full));
        written.and_then(|()| sync_parent(&full)).map_err(|source| {
            // Best effort: what cannot be removed now is swept by the next run.
            let _ = fs::remove_file(&unfinished);
            failed("write", &full, source)
        })
    }

    fn put_new(&self, path: &str, content: &[u8]) -> Result<bool, StorageError> {
        let full = self.full(path);
        let unfinished = self.unfinished_sibling(&full);
        create_parent(&full)?;
        let written = write_synced(&unfinished, content).and_then(|()| name_new(&unfinished, &full));
        // Best effort: what cannot be removed now is swept by the next run.
        let _ = fs::remove_file(&unfinished);
        let written = written.and_then(|is_new| sync_parent(&full).map(|()| is_new));
        written.map_err(|source| failed("write", &full, source))
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), StorageError> {
        let (from, to) = (self.full(from), self.full(to));
        create_parent(&to)?;
        let moved = fs::rename(&from, &to).and_then(|()| sync_parent(&to));
        let moved = if from.parent() == to.parent() { moved } else { moved.and_then(|()| sync_parent(&from)) };
        moved.map_err(|source| failed("move", &from, source))
    }

    fn remove(&self, path: &str) -> Result<(), StorageError> {
        let full = self.full(path);
        match fs::remove_file(&full).and_then(|()| sync_parent(&full)) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(failed("remove", &full, source)),
            _ => Ok(()),
        }
    }

    fn lock(&self, path: &str) -> Result<Box<dyn Lock>, StorageError> {
        self.hold(path, File::try_lock)
    }

    fn share(&self, path: &str) -> Result<Box<dyn Lock>, StorageError> {
        self.hold(path, File::try_lock_shared)
    }

    fn sweep(&self) -> Result<(), StorageError> {
        if self.root.exists() { sweep(&self.root) } else { Ok(()) }
    }
}

/// An advisory lock, which the system releases when the process ends, however it ends.
struct LocalLock {
    _file: File,
    is_locked: Arc<AtomicBool>,
}

impl Lock for LocalLock {}

impl Drop for LocalLock {
    fn drop(&mut self) {
        self.is_locked.store(false, Ordering::Relaxed);
    }
}

fn holder(file: &mut File) -> String {
    let mut note = Vec::new();
    let read = file.read_to_end(&mut note).ok().and_then(|_| Holder::parse(&note));
    read.map_or_else(String::new, |holder| format!(" ({holder})"))
}

/// Removes what runs on this output were writing when they died. Follows no link, and leaves alone what is another
/// output's, which has a lock of its own.
fn sweep(folder: &Path) -> Result<(), StorageError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        // No run could write there.
        Err(source) if source.kind() == io::ErrorKind::PermissionDenied => return Ok(()),
        Err(source) => return Err(failed("list", folder, source)),
    };
    for entry in entries {
        let entry = entry.map_err(|source| failed("list", folder, source))?;
        let (path, kind) = (entry.path(), entry.file_type());
        let kind = kind.map_err(|source| failed("inspect", &path, source))?;
        if kind.is_dir() && !path.join(LOCK).exists() {
            sweep(&path)?;
        } else if kind.is_file() && is_left_behind(&path) {
            fs::remove_file(&path).map_err(|source| failed("remove", &path, source))?;
        }
    }
    Ok(())
}

/// Whether this is the name of a file that is being written.
fn is_unfinished(path: &Path) -> bool {
    unfinished(path).is_some()
}

/// Whether this is the name of a file that a run writes.
fn is_left_behind(path: &Path) -> bool {
    unfinished(path).is_some_and(|name| name.starts_with(OF_A_RUN))
}

/// What follows the first word of the name of a file that is being written: `[run-]WRITER-NUMBER`.
fn unfinished(path: &Path) -> Option<&str> {
    let name = path.file_name()?.to_str()?.strip_prefix(UNFINISHED)?;
    let (writer, number) = name.strip_prefix(OF_A_RUN).unwrap_or(name).split_once('-')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(writer) && is_number(number)).then_some(name)
}

/// What is known of a regular file, or of a link that leads nowhere, which is listed as an empty file.
fn entry(path: String, found: Option<&Metadata>) -> Entry {
    let Some(found) = found else { return Entry { path, bytes: 0, stamp: "dangling link".to_owned() } };
    let modified = found.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let stamp = modified.map_or_else(String::new, |age| age.as_nanos().to_string());
    Entry { path, bytes: found.len(), stamp }
}

/// Refuses what opening could wait for, for ever.
fn check_kind(path: &Path) -> Result<(), StorageError> {
    match fs::metadata(path) {
        Ok(found) if !found.is_file() && !found.is_dir() => Err(not_a_file(path, &found)),
        // What else is wrong shows on opening.
        _ => Ok(()),
    }
}

fn not_a_file(path: &Path, found: &Metadata) -> StorageError {
    StorageError::NotAFile { path: path.display().to_string(), kind: walk::kind(found.file_type()) }
}

/// All that a file or pipe holds.
pub(super) fn read(path: &Path) -> Result<Bytes, StorageError> {
    fs::read(path).map(Bytes::from).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound if path.is_symlink() => {
            let target = fs::read_link(path).map(|target| target.display().to_string()).unwrap_or_default();
            StorageError::Dangling { path: path.display().to_string(), target }
        }
        _ => failed("read", path, source),
    })
}

fn create_parent(path: &Path) -> Result<(), StorageError> {
    let Some(folder) = path.parent() else { return Ok(()) };
    let new = folder.ancestors().take_while(|folder| !folder.exists()).collect::<Vec<_>>();
    fs::create_dir_all(folder).map_err(|source| failed("create", folder, source))?;
    new.into_iter().try_for_each(|new| sync_parent(new).map_err(|source| failed("create", new, source)))
}

/// Makes the names in the folder of `path` reach the disk: a power cut would else bring back what was removed, or lose
/// what was moved there.
fn sync_parent(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => return Ok(()),
    };
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // Some network shares cannot; and a folder may be writable and not readable.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        other => other,
    }
}

/// Gives a written file its name where nothing has it; whether it did.
fn name_new(unfinished: &Path, name: &Path) -> io::Result<bool> {
    match fs::hard_link(unfinished, name) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        // Some network shares and memory cards know no second names.
        Err(error) if matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied) => {
            let is_new = !name.exists();
            if is_new {
                fs::rename(unfinished, name)?;
            }
            Ok(is_new)
        }
        Err(error) => Err(error),
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
