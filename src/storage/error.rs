use std::io;

/// What a store could not do, with the path and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// Nothing is there.
    #[error("`{path}` does not exist")]
    NotFound {
        /// The missing file or folder.
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
    /// Another run works on the same output.
    #[error("`{path}` is held by another run{holder}; wait for it to end, or choose another --out")]
    Locked {
        /// The lock file.
        path: String,
        /// Who holds it, where that can be read: ` (process 12, ...)`.
        holder: String,
    },
    /// A URI that no store answers to.
    #[error("`{uri}`: unknown scheme `{scheme}`; legal are a folder and file://")]
    UnknownScheme {
        /// The URI.
        uri: String,
        /// Its scheme.
        scheme: String,
    },
    /// Anything else: disk full, file too large, a failing device.
    #[error("could not {action} `{path}`: {source}")]
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
            io::ErrorKind::NotFound => Self::NotFound { path },
            io::ErrorKind::PermissionDenied => Self::Denied { action, path },
            _ => Self::Failed { action, path, source },
        }
    }
}
