//! Where tests find the program, real speech and reference values.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The folder of real corpora, or `None` with a word about it; in CI a missing one is a failure.
pub fn corpora() -> Option<PathBuf> {
    shared("SER_CORPORA", "corpora")
}

/// The folder of reference values of other toolkits, under the same rule.
pub fn golden() -> Option<PathBuf> {
    shared("SER_GOLDEN", "golden")
}

fn shared(variable: &str, name: &str) -> Option<PathBuf> {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(name);
    let folder = env::var_os(variable).map_or_else(default, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(env::var_os("CI").is_none(), "{} is missing: set {variable}", folder.display());
    println!("skipped: {} is missing; set {variable}", folder.display());
    None
}

/// Runs `ser` in `folder`.
pub fn ser(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ser"));
    command.current_dir(folder).args(arguments).output().expect("ser starts")
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
