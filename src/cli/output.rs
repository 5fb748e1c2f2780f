//! The one place that prints. Nothing here can panic: nobody may be there to read, or there may be no space for it.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::storage::StorageError;

/// Columns of text where stdout is no terminal, as in the help.
const USUAL_WIDTH: usize = 110;

/// Whether stdout was closed when the program began.
static IS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Remembers whether stdout was closed when the program began, for [`result`].
pub(super) fn start(is_closed: bool) {
    IS_CLOSED.store(is_closed, Ordering::Relaxed);
}

/// Prints a line of a summary. What a run did stands in its records too, so a summary that cannot be printed ends
/// nothing: it is a warning in the log, once, and none where the reader has gone (`ser run ... | head -1`).
pub(super) fn say(line: &str) {
    static SAID: AtomicBool = AtomicBool::new(false);
    let Err(StorageError::Unprinted { source }) = print(&format!("{line}\n")) else { return };
    if source.kind() != io::ErrorKind::BrokenPipe && !SAID.swap(true, Ordering::Relaxed) {
        tracing::warn!("could not print the summary: {source}; the run goes on");
    }
}

/// Prints what was asked for.
///
/// # Errors
/// Not all of it could be written, or stdout is closed.
pub(super) fn result(text: &str) -> Result<(), StorageError> {
    if IS_CLOSED.load(Ordering::Relaxed) {
        return Err(unprinted(io::Error::other("it is closed")));
    }
    print(text)
}

/// Prints what was asked for, where it is not the only answer.
///
/// # Errors
/// Not all of it could be written.
pub(super) fn print(text: &str) -> Result<(), StorageError> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(unprinted)
}

/// How many columns of text a line may have.
pub(super) fn width() -> usize {
    let terminal = terminal_size::terminal_size().filter(|_| io::stdout().is_terminal());
    terminal.map_or(USUAL_WIDTH, |(width, _)| usize::from(width.0))
}

/// Prints help or the version, in the colours of the terminal. Who only asks whether there is a `ser` may discard it.
///
/// # Errors
/// Not all of it could be written.
pub(super) fn help(message: &clap::Error) -> Result<(), StorageError> {
    message.print().and_then(|()| io::stdout().flush()).map_err(unprinted)
}

/// Prints an error.
pub(super) fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Where the log goes.
pub(super) struct Log;

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let _ = io::stderr().write_all(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn unprinted(source: io::Error) -> StorageError {
    StorageError::Unprinted { source }
}
