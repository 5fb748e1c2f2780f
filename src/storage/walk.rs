use std::collections::BTreeSet;
use std::fs::{self, DirEntry, FileType, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

use super::error::failed;
use super::{Reason, StorageError};

/// A walk over all below a folder of the local disk. Files are handed on one by one: there may be millions.
pub(super) struct Walk<'a> {
    /// Is told of regular files, and, without metadata, of links that lead nowhere.
    found: &'a mut dyn FnMut(&Path, Option<&Metadata>),
    unlisted: Vec<(PathBuf, Reason)>,
    /// Links to folders, which are followed last.
    links: BTreeSet<PathBuf>,
    /// Folders by device and number, whatever their names.
    seen: BTreeSet<(u64, u64)>,
}

impl<'a> Walk<'a> {
    /// Walks over all below `root` and tells `found` of every file; returns what is no file. Follows links, since a corpus is often a folder of them, but goes into each folder
    /// once: under its own name, else under the first link to it.
    ///
    /// # Errors
    /// A folder that cannot be listed. One below `root` that may not be read is passed over instead.
    pub fn over(
        root: &Path,
        found: &'a mut dyn FnMut(&Path, Option<&Metadata>),
    ) -> Result<Vec<(PathBuf, Reason)>, StorageError> {
        let mut walk = Self { found, unlisted: Vec::new(), links: BTreeSet::new(), seen: BTreeSet::new() };
        walk.enter(root)?;
        while let Some(link) = walk.links.pop_first() {
            walk.subfolder(link)?;
        }
        Ok(walk.unlisted)
    }

    fn subfolder(&mut self, path: PathBuf) -> Result<(), StorageError> {
        match self.enter(&path) {
            Ok(true) => {}
            Ok(false) => self.unlisted.push((path, Reason::Again)),
            // What is denied below it was passed over there.
            Err(StorageError::Denied { .. }) => self.unlisted.push((path, Reason::Unreadable)),
            // Gone since the folder above was read.
            Err(StorageError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Lists a folder; false where that was done before.
    fn enter(&mut self, folder: &Path) -> Result<bool, StorageError> {
        let failed = |source| failed("list", folder, source);
        // With the dot: asks whether names in the folder may be looked up, too.
        let metadata = fs::metadata(folder.join(".")).map_err(failed)?;
        let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(failed)?;
        if !self.seen.insert((metadata.dev(), metadata.ino())) {
            return Ok(false);
        }
        for block in entries.chunks(BLOCK) {
            look_at_all(block).into_iter().try_for_each(|seen| self.take(seen))?;
        }
        Ok(true)
    }

    fn take(&mut self, Seen { path, looked }: Seen) -> Result<(), StorageError> {
        let failed = |source| failed("inspect", &path, source);
        let (is_link, metadata) = looked.map_err(failed)?;
        match metadata {
            Ok(metadata) if metadata.is_dir() && is_link => drop(self.links.insert(path)),
            Ok(metadata) if metadata.is_dir() => self.subfolder(path)?,
            Ok(metadata) if metadata.is_file() => (self.found)(&path, Some(&metadata)),
            Ok(metadata) => self.unlisted.push((path, Reason::Special(kind(metadata.file_type())))),
            Err(_) if is_link => (self.found)(&path, None),
            // Gone since the folder was read.
            Err(source) if source.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(failed(source)),
        }
        Ok(())
    }
}

/// An entry of a folder.
struct Seen {
    path: PathBuf,
    /// Whether it is a link, and what it is or leads to.
    looked: io::Result<(bool, io::Result<Metadata>)>,
}

/// Entries that are looked at together.
const BLOCK: usize = 4096;
/// Entries for which another thread is worth its start.
const A_THREAD: usize = 256;
/// Threads that look: the system answers more of them no faster.
const THREADS: usize = 4;

/// Looks at entries, with several threads where there are many: most of the time is the system's.
fn look_at_all(entries: &[DirEntry]) -> Vec<Seen> {
    let cores = thread::available_parallelism().map_or(1, usize::from).min(THREADS);
    let share = entries.len().div_ceil(cores).max(A_THREAD);
    if entries.len() <= share {
        return entries.iter().map(look_at).collect();
    }
    thread::scope(|scope| {
        let shares = entries.chunks(share).map(|share| scope.spawn(|| share.iter().map(look_at).collect::<Vec<_>>()));
        let shares = shares.collect::<Vec<_>>();
        // They do not panic; if one did, the panic goes on here.
        shares.into_iter().flat_map(|share| share.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
}

fn look_at(entry: &DirEntry) -> Seen {
    let path = entry.path();
    let looked = entry.file_type().map(|kind| {
        // Of what is no link, the folder itself tells at once.
        (kind.is_symlink(), if kind.is_symlink() { fs::metadata(&path) } else { entry.metadata() })
    });
    Seen { path, looked }
}

/// What is no regular file, in words.
pub(super) fn kind(of: FileType) -> &'static str {
    match of {
        of if of.is_fifo() => "a FIFO",
        of if of.is_socket() => "a socket",
        _ => "a device",
    }
}
