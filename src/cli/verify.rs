use crate::config::Storage;
use crate::stages::{self, StageError};
use crate::storage;

use super::args::VerifyOptions;
use super::run::{here, join};
use super::say;

/// Names every output of a run that is not what its records say; one such file is an error after that.
pub(super) fn run(options: &VerifyOptions) -> anyhow::Result<()> {
    let out = storage::open(&join(&here()?, &options.run), &Storage::default())?;
    let verified = stages::verify(out.as_ref())?;
    for problem in &verified.problems {
        say(&format!("{:<10} {} {}", problem.stage, problem.path, problem.wrong));
    }
    verified.notes.iter().for_each(|note| say(&format!("{:<10} {note}", "note")));
    if verified.problems.is_empty() {
        let megabytes = verified.bytes as f64 / 1e6;
        let files = verified.files;
        say(&format!("{:<10} {files} files, {megabytes:.1} MB: all are what was written", "verified"));
        return Ok(());
    }
    Err(StageError::Unverified { wrong: verified.problems.len(), files: verified.files }.into())
}
