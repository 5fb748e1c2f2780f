/// Why numbers could not be put down or read again.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MatrixError {
    /// The temporary file for them cannot be made or written.
    #[error(
        "cannot put numbers into a temporary file: {reason}\n\
         hint: free space in the folder of temporary files, name another in the environment variable TMPDIR, or raise \
         `memory_limit`"
    )]
    Write {
        /// What the system says.
        reason: String,
    },
    /// They cannot be read again.
    #[error(
        "cannot read numbers from a temporary file: {reason}\n\
         hint: check the disk of the folder of temporary files (TMPDIR), then run again"
    )]
    Read {
        /// What the system says.
        reason: String,
    },
}
