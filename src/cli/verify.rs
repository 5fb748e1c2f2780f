use crate::stages::{self, StageError};
use crate::storage::{self, Storage};

use super::args::VerifyOptions;
use super::output;
use super::run::{here, join};

/// Names every output of a run that is not what its records say; one such file is an error after that.
pub(super) fn run(options: &VerifyOptions) -> anyhow::Result<()> {
    let out = storage::open(&join(&here()?, &options.run), &Storage::default())?;
    let verified = stages::verify(out.as_ref())?;
    let problems = verified.problems.iter();
    let mut lines: Vec<String> =
        problems.map(|problem| format!("{:<10} {} {}\n", problem.stage, problem.path, problem.wrong)).collect();
    lines.extend(verified.notes.iter().map(|note| format!("{:<10} {note}\n", "note")));
    let (files, wrong) = (verified.files, verified.problems.len());
    if wrong == 0 {
        let megabytes = verified.bytes as f64 / 1e6;
        lines.push(format!("{:<10} {files} files, {megabytes:.1} MB: none is missing or has changed\n", "verified"));
    }
    output::result(&lines.concat())?;
    if wrong == 0 { Ok(()) } else { Err(StageError::Unverified { wrong, files }.into()) }
}
