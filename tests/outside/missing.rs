//! What the tests of this binary say and return where a folder is missing, by running the binary.

use std::env;
use std::path::Path;
use std::process::Command;

const OF_CORPORA: &str = "corpus::ravdess_has_its_published_counts";
const OF_GOLDEN: &str = "golden::pitch_agrees_with_praat";

/// Exit code and output of one test under these variables alone.
fn run(test: &str, variables: &[(&str, &Path)]) -> (Option<i32>, String) {
    let mut command = Command::new(env::current_exe().expect("this binary"));
    for variable in ["CI", "SER_SHARED", "SER_CORPORA", "SER_GOLDEN"] {
        command.env_remove(variable);
    }
    let output = command.args(["--exact", test]).envs(variables.iter().copied()).output().expect("it starts");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

pub fn a_missing_folder_ignores_its_tests_and_fails_them_in_ci(_: &()) {
    let nowhere = ("SER_SHARED", Path::new("/nowhere"));
    for test in [OF_CORPORA, OF_GOLDEN] {
        let reason = "/nowhere/corpora is missing; set SER_SHARED or SER_CORPORA";
        let (code, output) = run(test, &[nowhere]);
        assert_eq!(code, Some(0), "{output}");
        assert!(output.contains("ignored") && output.contains(reason), "{output}");
        assert!(output.contains("0 passed; 0 failed; 1 ignored"), "{output}");
        let (code, output) = run(test, &[nowhere, ("CI", Path::new("true"))]);
        assert_ne!(code, Some(0), "{output}");
        assert!(output.contains(reason) && output.contains("0 passed; 1 failed; 0 ignored"), "{output}");
    }
}

pub fn the_variable_of_a_folder_wins_over_that_of_both(_: &()) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::create_dir(folder.path().join("corpora")).expect("made");
    let shared = ("SER_SHARED", folder.path());
    let reason = |test: &str, variables: &[(&str, &Path)]| run(test, variables).1;
    let golden = reason(OF_GOLDEN, &[shared]);
    let missing = format!("{} is missing; set SER_SHARED or SER_GOLDEN", folder.path().join("golden").display());
    assert!(golden.contains(&missing), "{golden}");
    for (variable, test) in [("SER_CORPORA", OF_CORPORA), ("SER_GOLDEN", OF_GOLDEN)] {
        let output = reason(test, &[shared, (variable, Path::new("/elsewhere"))]);
        assert!(output.contains(&format!("/elsewhere is missing; set SER_SHARED or {variable}")), "{output}");
    }
}
