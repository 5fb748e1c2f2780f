use std::collections::BTreeSet;
use std::fs::{self, DirEntry, FileType, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::error::failed;
use super::{Reason, StorageError};

/// What lies below a folder of the local disk.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// Regular files; without metadata: links that lead nowhere.
    pub files: Vec<(PathBuf, Option<Metadata>)>,
    pub unlisted: Vec<(PathBuf, Reason)>,
    /// Links to folders, which are followed last.
    links: BTreeSet<PathBuf>,
    /// Folders by device and number, whatever their names.
    seen: BTreeSet<(u64, u64)>,
}

impl Walk {
    /// Walks over all below `root`. Follows links, since a corpus is often a folder of them, but goes into each folder
    /// once: under its own name, else under the first link to it.
    ///
    /// # Errors
    /// A folder that cannot be listed. One below `root` that may not be read is passed over instead.
    pub fn over(root: &Path) -> Result<Self, StorageError> {
        let mut walk = Self::default();
        walk.enter(root)?;
        while let Some(link) = walk.links.pop_first() {
            walk.subfolder(link)?;
        }
        Ok(walk)
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
        for entry in entries {
            self.look_at(&entry)?;
        }
        Ok(true)
    }

    fn look_at(&mut self, entry: &DirEntry) -> Result<(), StorageError> {
        let path = entry.path();
        let failed = |source| failed("inspect", &path, source);
        let is_link = entry.file_type().map_err(failed)?.is_symlink();
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() && is_link => drop(self.links.insert(path)),
            Ok(metadata) if metadata.is_dir() => self.subfolder(path)?,
            Ok(metadata) if metadata.is_file() => self.files.push((path, Some(metadata))),
            Ok(metadata) => self.unlisted.push((path, Reason::Special(kind(metadata.file_type())))),
            Err(_) if is_link => self.files.push((path, None)),
            // Gone since the folder was read.
            Err(source) if source.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(failed(source)),
        }
        Ok(())
    }
}

/// What is no regular file, in words.
pub(super) fn kind(of: FileType) -> &'static str {
    match of {
        of if of.is_fifo() => "a FIFO",
        of if of.is_socket() => "a socket",
        _ => "a device",
    }
}
