//! What the two test binaries share: how they run the program, and what they run it on.

pub mod job;
pub mod s3_server;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

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

/// A folder with synthetic speech of anger, neutral and sadness in `corpus`, a manifest `labels.csv` of these columns, whose
/// lines `row` makes of the number, folder and name of each file, and the pipeline.
pub fn with_manifest(
    speakers: usize,
    (columns, pipeline): (&str, &str),
    row: impl Fn(usize, (&str, &str)) -> String,
) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let speakers = speakers.to_string();
    let size = ["--speakers", &speakers, "--sentences", "2", "--repetitions", "1"];
    let emotions = ["--emotions", "anger,neutral,sadness"];
    stdout(&ser(folder.path(), &[&["synth", "corpus"], &size[..], &emotions].concat()));
    let mut paths = Vec::new();
    for speaker in fs::read_dir(folder.path().join("corpus")).expect("made").filter_map(Result::ok) {
        for file in fs::read_dir(speaker.path()).into_iter().flatten().filter_map(Result::ok) {
            let names = [speaker.file_name(), file.file_name()].map(|name| name.into_string().expect("UTF-8"));
            if names[1].ends_with(".wav") {
                paths.push(names);
            }
        }
    }
    paths.sort();
    let rows = paths.iter().enumerate().map(|(at, [speaker, file])| row(at, (speaker, file)) + "\n");
    let manifest = format!("{columns}\n{}", rows.collect::<String>());
    fs::write(folder.path().join("labels.csv"), manifest).expect("written");
    fs::write(folder.path().join("pipeline.toml"), pipeline).expect("written");
    folder
}
