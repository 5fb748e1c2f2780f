use std::io;
use std::path::Path;

/// What a store could not do, with the path and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// Nothing is there.
    #[error("`{path}` does not exist")]
    NotFound {
        /// The missing file or folder.
        path: String,
    },
    /// A link to nothing.
    #[error("`{path}` is a link to a file that is not there: `{target}`; mend the link or remove it")]
    Dangling {
        /// The link.
        path: String,
        /// What it names.
        target: String,
    },
    /// Neither a file nor a folder: reading it could wait for ever.
    #[error("`{path}` is {kind}, not a regular file; name a file")]
    NotAFile {
        /// Its path.
        path: String,
        /// `a FIFO`, `a socket` or `a device`.
        kind: &'static str,
    },
    /// A file stands where a folder should.
    #[error("`{path}` is a file, not a folder; choose another")]
    NotAFolder {
        /// The file.
        path: String,
    },
    /// The file system refuses.
    #[error("may not {action} `{path}`: permission denied; check the owner and mode of it and of its folder")]
    Denied {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: String,
    },
    /// The object store refuses.
    #[error("may not {action} `{path}`: {reason}")]
    Forbidden {
        /// What was tried.
        action: &'static str,
        /// The object or prefix.
        path: String,
        /// Its code and the permission that is missing.
        reason: String,
    },
    /// The bucket of an object store is not there.
    #[error("`{path}`: there is no such bucket; check its name, storage.s3.region and storage.s3.endpoint")]
    NoBucket {
        /// The place that was named.
        path: String,
    },
    /// The object store failed, again and again.
    #[error("could not {action} `{path}`: {reason}; run again once the store answers")]
    Remote {
        /// What was tried.
        action: &'static str,
        /// The object or prefix.
        path: String,
        /// What it said at last.
        reason: String,
    },
    /// A file is not what it was when it was listed.
    #[error("`{path}` has changed since it was listed; run again when nobody writes there")]
    Changed {
        /// The file.
        path: String,
    },
    /// The lock's lease could not be renewed in time, or another run has taken the lock.
    #[error(
        "the lock of `{path}` was lost: its lease was not renewed in time, or another run took it; nothing more was \
         written: run again when no other run works there"
    )]
    LockLost {
        /// The output.
        path: String,
    },
    /// Another run works on the same output.
    #[error("`{path}` is held by another run{holder}; wait for it to end, or choose another --out")]
    Locked {
        /// The lock.
        path: String,
        /// Who holds it and since when, where that can be read: ` (process 12 on host, since ...)`.
        holder: String,
    },
    /// Standard output takes no more, and what was asked for is what is printed there.
    #[error(
        "could not print the result: {source}; check where the output goes (full disk, closed pipe), then run \
             again"
    )]
    Unprinted {
        /// What the system said.
        source: io::Error,
    },
    /// A URI that no store answers to.
    #[error("`{uri}`: unknown scheme `{scheme}`; legal are a folder, file:// and s3://")]
    UnknownScheme {
        /// The URI.
        uri: String,
        /// Its scheme.
        scheme: String,
    },
    /// Anything else: disk full, file too large, a failing device.
    #[error("could not {action} `{path}`: {source}; {}", remedy(source))]
    Failed {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: String,
        /// What the system said.
        source: io::Error,
    },
}

impl StorageError {
    /// Sorts an input/output error by what can be done about it.
    pub(super) fn from_io(action: &'static str, path: impl Into<String>, source: io::Error) -> Self {
        let path = path.into();
        match source.kind() {
            io::ErrorKind::NotFound if !matches!(action, "create" | "write") => Self::NotFound { path },
            io::ErrorKind::PermissionDenied => Self::Denied { action, path },
            _ => Self::Failed { action, path, source },
        }
    }
}

/// An input/output error on the local disk; says where a file stands in the place of a folder.
pub(super) fn failed(action: &'static str, path: &Path, source: io::Error) -> StorageError {
    if matches!(source.kind(), io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists) {
        let in_the_way = path.ancestors().find(|place| place.exists() && !place.is_dir());
        if let Some(file) = in_the_way {
            return StorageError::NotAFolder { path: file.display().to_string() };
        }
    }
    StorageError::from_io(action, path.display().to_string(), source)
}

/// What the user can do about it; the same command may then be run again.
fn remedy(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free some space or choose another --out, then run again"
        }
        io::ErrorKind::FileTooLarge => "raise the limit on file sizes (ulimit -f), then run again",
        io::ErrorKind::ReadOnlyFilesystem => "mount it writable or choose another --out, then run again",
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            "check that its folder exists and is writable, then run again"
        }
        io::ErrorKind::IsADirectory => "it is a folder: choose the name of a file",
        _ => "check the disk, then run again",
    }
}
