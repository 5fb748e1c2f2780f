//! Completions and manual pages, made of the flags that the program reads.

use std::fs;
use std::process::{Command, Stdio};

use crate::util::{failure, ser, stdout};

/// Whether a program is there.
fn has(program: &str) -> bool {
    let found = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    found.is_ok_and(|status| status.success())
}

#[test]
fn bash_completes_commands_and_flags() {
    let folder = tempfile::tempdir().expect("a folder");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = stdout(&ser(folder.path(), &["completions", shell]));
        for word in ["inspect", "metrics-file", "require-parts", "normalize"] {
            assert!(script.contains(word), "{shell} lacks {word}");
        }
        fs::write(folder.path().join(shell), script).expect("written");
    }
    let (code, error) = failure(&ser(folder.path(), &["completions", "dos"]));
    assert!(code == 2 && error.contains("bash"), "{error}");
    if !has("bash") {
        return;
    }
    let complete = |words: &str, current: &str| {
        let line = format!(
            "source ./bash && COMP_WORDS=({words} '{current}') COMP_CWORD={} && _ser ser '{current}' \"${{COMP_WORDS[COMP_CWORD-1]}}\" && echo ${{COMPREPLY[@]}}",
            words.split(' ').count()
        );
        stdout(&Command::new("bash").current_dir(folder.path()).args(["-c", &line]).output().expect("bash starts"))
    };
    assert_eq!(complete("ser", "ins").trim(), "inspect");
    assert_eq!(complete("ser extract", "--req").trim(), "--require-parts");
    assert!(complete("ser inspect x --format", "").contains("json"));
}

#[test]
fn every_command_has_a_page_that_man_can_show() {
    let folder = tempfile::tempdir().expect("a folder");
    stdout(&ser(folder.path(), &["man", "pages"]));
    let pages: Vec<_> = fs::read_dir(folder.path().join("pages")).expect("a folder").flatten().collect();
    let names: Vec<String> = pages.iter().map(|page| page.file_name().to_string_lossy().into_owned()).collect();
    for name in ["ser.1", "ser-run.1", "ser-extract.1", "ser-features-describe.1", "ser-inspect.1"] {
        assert!(names.iter().any(|found| found == name), "{name} in {names:?}");
    }
    let run = fs::read_to_string(folder.path().join("pages/ser-run.1")).expect("a page");
    for words in [".TH", ".SH NAME", ".SH SYNOPSIS", ".SH OPTIONS", "\\-\\-metrics\\-file"] {
        assert!(run.contains(words), "{words} in {run}");
    }
    if !has("groff") {
        return;
    }
    for page in pages {
        let mut groff = Command::new("groff");
        let output = groff
            .args(["-man", "-Tutf8", "-ww", "-P-c", "-P-b", "-P-o", "-P-u"])
            .arg(page.path())
            .output()
            .expect("groff starts");
        let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(stdout(&output).contains("NAME") && complaints.is_empty(), "{}: {complaints}", page.path().display());
    }
}
