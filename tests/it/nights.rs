//! The example of a corpus that grows every night, with fewer recordings.

use std::path::Path;
use std::process::Command;

#[test]
fn thirty_nights_make_what_one_run_over_everything_makes() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/nights.sh");
    let mut command = Command::new("sh");
    command.arg(script).arg(folder.path().join("nights")).args(["30", "20"]).env("SER", env!("CARGO_BIN_EXE_ser"));
    let output = command.output().expect("sh");
    let (said, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{log}");
    let nights = said.lines().filter(|line| line.starts_with("2026-11-")).collect::<Vec<_>>();
    assert_eq!(nights.len(), 30, "{said}");
    for (number, night) in (1..).zip(nights) {
        let cells = night.split_whitespace().collect::<Vec<_>>();
        let rows = (20 * number).to_string();
        // Only what is new is extracted.
        assert_eq!(cells[1..4], ["20", "20", rows.as_str()], "{said}");
    }
    assert!(said.contains("the same tables as one run over everything"), "{said}");
}
