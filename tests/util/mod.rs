//! What the two test binaries share: how they run the program, and what they run it on.

pub mod job;
pub mod s3_server;

use std::path::Path;
use std::process::{Command, Output};

/// `ser` in `folder`, not yet started.
pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ser"));
    command.current_dir(folder).args(arguments);
    command
}

/// Runs `ser` in `folder`.
pub fn ser(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().expect("ser starts")
}

/// Standard output of a command that must succeed.
pub fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Exit code and standard error of a command that must fail.
pub fn failure(output: &Output) -> (i32, String) {
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    let code = output.status.code().expect("ended by itself");
    assert_ne!(code, 0, "{error}");
    (code, error)
}
