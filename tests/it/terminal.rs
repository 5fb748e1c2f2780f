//! Standard output and error that are full, closed or read by nobody, and the log as machines read it.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use tempfile::TempDir;

use crate::util::job::{assert_same, results, run, workplace};
use crate::util::{failure, ser, stdout};

const QUICK: &str = r#"--set "train.models=['majority']""#;

/// Runs a program of ours by a shell, which closes or fills its descriptors.
fn shell(folder: &Path, program: &str, arguments: &str) -> Output {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_ser")).with_file_name(program);
    let line = format!("exec {} {arguments}", program.display());
    Command::new("sh").current_dir(folder).args(["-c", &line]).output().expect("sh starts")
}

/// A workplace with a run in `whole`, and one bad file.
fn with_a_reject() -> TempDir {
    let folder = workplace();
    let speaker = folder.path().join("corpus/spk01_male");
    fs::write(speaker.join("anger_s01_r7.wav"), b"junk").expect("written");
    fs::write(speaker.join("what a name.wav"), b"junk").expect("written");
    run(folder.path(), &["--set", "train.models=['majority']", "--out", "whole"]);
    folder
}

#[test]
fn a_closed_or_full_stderr_ends_nothing() {
    let folder = with_a_reject();
    for (number, stderr) in ["2>&-", "2>/dev/full", "2>&- >&-", "2>/dev/full >/dev/full"].into_iter().enumerate() {
        for format in ["text", "json"] {
            let out = format!("out-{number}-{format}");
            let arguments = format!("run pipeline.toml {QUICK} --log-format {format} --out {out} {stderr}");
            let output = shell(folder.path(), "ser", &arguments);
            assert_eq!(output.status.code(), Some(0), "{stderr} {format}");
            assert_same(&folder.path().join("whole"), &folder.path().join(&out));
        }
    }
    let codes = [
        ("ser", "run", 2),
        ("ser", "run pipeline.toml --set split.test=7", 2),
        ("ser", "run pipeline.toml --set corpus.0.source=nowhere", 3),
        ("ser", "run pipeline.toml --out /proc/ser", 4),
        ("ser", "run pipeline.toml --set extract.max_reject_rate=0", 3),
        ("ser", "compare whole nowhere", 3),
        ("ser", "schema nothing", 2),
        ("ser", "predict whole corpus", 3),
        ("ser-train", "pipeline.toml --out nowhere", 3),
    ];
    for stderr in ["2>&-", "2>/dev/full"] {
        for (program, arguments, want) in codes {
            let output = shell(folder.path(), program, &format!("{arguments} {stderr}"));
            assert_eq!(output.status.code(), Some(want), "{program} {arguments} {stderr}");
        }
    }
}

#[test]
fn a_launcher_without_its_program_is_exit_70_wherever_stderr_goes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let launcher = PathBuf::from(env!("CARGO_BIN_EXE_ser")).with_file_name("ser-train");
    fs::copy(launcher, folder.path().join("ser-train")).expect("copied");
    for stderr in ["", "2>&-", "2>/dev/full"] {
        let line = format!("PATH= exec ./ser-train x.toml {stderr}");
        let output = Command::new("sh").current_dir(folder.path()).args(["-c", &line]).output().expect("sh starts");
        assert_eq!(output.status.code(), Some(70), "{stderr}");
    }
}

#[test]
fn a_full_or_closed_stdout_is_exit_4_where_the_result_is_what_is_printed() {
    let folder = workplace();
    run(folder.path(), &["--set", "train.models=['majority']", "--out", "a"]);
    let printed = [
        "schema",
        "schema tables",
        "schema features",
        "features list",
        "features describe mfcc01_mean",
        "compare a a",
        "run pipeline.toml --dry-run",
        "--help",
        "--version",
        "run --help",
    ];
    for arguments in printed {
        // Whether there is a `ser` is asked by programs that read nothing, and may close stdout.
        let is_help = arguments.contains("--");
        let closed = (!is_help).then_some((">&-", "it is closed"));
        for (stdout, words) in [(">/dev/full", "No space left")].into_iter().chain(closed) {
            let (code, error) = failure(&shell(folder.path(), "ser", &format!("{arguments} {stdout}")));
            assert!(code == 4 && error.contains("could not print the result"), "{arguments} {stdout}: {code} {error}");
            assert!(error.contains(words), "{arguments} {stdout}: {error}");
        }
        assert_eq!(gone(folder.path(), arguments), 4, "{arguments}: the reader has gone");
        // Python's subprocess.DEVNULL may be read, too.
        for discarded in [">/dev/null", "1<>/dev/null", "<&- 1<>/dev/null 2>&-"] {
            let discarded = shell(folder.path(), "ser", &format!("{arguments} {discarded}"));
            assert_eq!(discarded.status.code(), Some(0), "{arguments}: whoever discards it means it");
        }
        let mut null = Command::new(env!("CARGO_BIN_EXE_ser"));
        let null = null.current_dir(folder.path()).args(arguments.split(' ')).stdout(Stdio::null());
        assert!(null.stderr(Stdio::null()).status().expect("ser starts").success());
    }
    for (stdout, code) in [(">&-", 4), ("<&- >&- 2>&-", 4), ("1<>/dev/null", 0)] {
        let launched = shell(folder.path(), "ser-ingest", &format!("pipeline.toml --dry-run {stdout}"));
        assert_eq!(launched.status.code(), Some(code), "{stdout}");
    }
    let limited = Command::new("sh")
        .current_dir(folder.path())
        .args(["-c", &format!("ulimit -f 0; exec {} schema > schema.json", env!("CARGO_BIN_EXE_ser"))])
        .output();
    let (code, error) = failure(&limited.expect("sh starts"));
    assert!(code == 4 && error.contains("could not print the result"), "{code} {error}");
}

/// The exit code where stdout is a pipe that nobody reads.
fn gone(folder: &Path, arguments: &str) -> i32 {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ser"));
    let command = command.current_dir(folder).args(arguments.split(' '));
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let status = command.stdout(writer).stderr(Stdio::null()).status().expect("ser starts");
    status.code().expect("ended by itself")
}

#[test]
fn a_gate_is_judged_and_its_file_written_whatever_becomes_of_stdout() {
    let folder = workplace();
    run(folder.path(), &["--set", "train.models=['logistic', 'majority']", "--out", "a"]);
    run(folder.path(), &["--set", "train.models=['majority']", "--out", "b"]);
    let full = shell(folder.path(), "ser", "compare a b --max-drop uar=0 --out drift.md >/dev/full");
    assert_eq!(failure(&full).0, 5);
    assert!(folder.path().join("drift.md").exists());
    assert_eq!(failure(&shell(folder.path(), "ser", "compare a a --max-drop uar=0 >/dev/full")).0, 4);
    // What discards may open for reading too; the exit code is an answer as well.
    let discarded = shell(folder.path(), "ser", "compare a a --max-drop uar=0 1<>/dev/null");
    assert_eq!(discarded.status.code(), Some(0));
}

#[test]
fn a_summary_that_cannot_be_printed_is_said_once_and_ends_nothing() {
    let folder = workplace();
    let full = shell(folder.path(), "ser", &format!("run pipeline.toml {QUICK} >/dev/full"));
    let log = String::from_utf8_lossy(&full.stderr).into_owned();
    assert_eq!(full.status.code(), Some(0), "{log}");
    assert_eq!(log.matches("could not print the summary").count(), 1, "{log}");
    assert!(folder.path().join("out/report.md").exists());
    let quiet = shell(folder.path(), "ser", &format!("run pipeline.toml {QUICK} --quiet >/dev/full"));
    assert!(quiet.status.success() && quiet.stderr.is_empty(), "there was nothing to print");
    // A plan is the result of a dry run, a pattern that of synth.
    for arguments in ["run pipeline.toml --dry-run", "synth more --speakers 1 --sentences 1 --repetitions 1"] {
        assert_eq!(failure(&shell(folder.path(), "ser", &format!("{arguments} >/dev/full"))).0, 4, "{arguments}");
    }
}

#[test]
fn every_line_of_the_json_log_holds_each_key_once() {
    let folder = with_a_reject();
    let json = ["--log-format", "json", "--force"];
    let models = ["--set", "train.models=['mlp', 'logistic']", "--set", "train.mlp.epochs=2"];
    let space = ["--set", "tune={folds=2, space={train={logistic={alpha=[1e-300, 1.0]}}}}"];
    let runs: [Vec<&str>; 3] = [
        [&["run", "pipeline.toml", "--out", "whole"], &models[..], &json].concat(),
        [&["run", "pipeline.toml", "--out", "tuned"], &models[..], &space, &json].concat(),
        [&["predict", "whole/models/mlp/fold-0", "corpus", "--max-reject-rate", "1"], &json[..]].concat(),
    ];
    let mut refused = 0;
    for arguments in runs {
        let output = ser(folder.path(), &arguments);
        stdout(&output);
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(log.lines().count() > 1, "{log}");
        for line in log.lines() {
            let keys = strict(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            for key in ["timestamp", "level"] {
                assert!(keys.contains(key), "{key}: {line}");
            }
            refused += usize::from(keys.contains("reason") && keys.contains("code"));
        }
    }
    assert!(refused >= 3, "{refused} refusals, with their reasons");
}

/// The keys of an object no part of which holds a key twice.
fn strict(line: &str) -> Result<BTreeSet<String>, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(line);
    let keys = Strict.deserialize(&mut json)?;
    json.end()?;
    Ok(keys)
}

/// Reads any value; gives the keys of the outermost object.
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = BTreeSet<String>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = BTreeSet<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut keys = BTreeSet::new();
        while let Some(key) = map.next_key::<String>()? {
            if !keys.insert(key.clone()) {
                return Err(A::Error::custom(format!("`{key}` twice")));
            }
            map.next_value_seed(Strict)?;
        }
        Ok(keys)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element_seed(Strict)?.is_some() {}
        Ok(BTreeSet::new())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(BTreeSet::new())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(BTreeSet::new())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(BTreeSet::new())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(BTreeSet::new())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(BTreeSet::new())
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(BTreeSet::new())
    }
}

#[test]
fn the_strict_parser_is_strict() {
    assert!(strict(r#"{"a":[1,{"b":null,"c":"x"}],"d":{"b":-1.5,"e":true}}"#).is_ok());
    for line in [r#"{"a":1,"a":1}"#, r#"{"a":{"b":1,"b":2}}"#, r#"{"a":[{"b":1,"b":2}]}"#, r#"{"a":1} {"#, "no JSON"] {
        assert!(strict(line).is_err(), "{line}");
    }
}

/// Sources of the library and of the programs, their tests left out.
fn sources() -> Vec<(String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = results(&src).into_iter().filter(|(path, _)| path.ends_with(".rs"));
    let text = |(path, text): (String, Vec<u8>)| (path, String::from_utf8(text).expect("UTF-8"));
    let code = |(path, text): (String, String)| {
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
        (path, code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n"))
    };
    let is_test = |path: &str| {
        let stem = path.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned();
        ["tests", "testing", "fixture"].contains(&stem.as_str()) || stem.ends_with("_tests")
    };
    let found = files.map(text).map(code).filter(|(path, _)| !is_test(path)).collect::<Vec<_>>();
    assert!(found.len() > 200 && found.iter().any(|(path, _)| path.starts_with("bin/")), "{} files", found.len());
    found
}

#[test]
fn nothing_prints_by_a_macro_that_panics_where_nobody_reads() {
    for (path, code) in sources() {
        for word in ["println!", "print!(", "eprint!(", "dbg!("] {
            assert!(!code.contains(word), "{path} has `{word}`");
        }
        let prints = ["io::stdout()", "io::stderr()"].iter().any(|stream| code.contains(stream));
        // Whether stderr is a terminal is all that the progress bar asks; whether stdout is open, all of the last one.
        let may = ["cli/output.rs", "cli/progress.rs", "bin/launch/mod.rs", "bin/launch/stdout.rs"];
        let may = may.contains(&path.as_str());
        assert!(!prints || may, "{path} prints by itself");
    }
}

#[test]
fn no_event_has_a_field_with_a_name_that_the_log_gives_itself() {
    let event = regex::Regex::new(r"(?s)tracing::(?:trace|debug|info|warn|error)!\((.*?)\);").expect("legal");
    let mut found = 0;
    for (path, code) in sources() {
        for arguments in event.captures_iter(&code) {
            found += 1;
            let fields = arguments[1].split('"').next().unwrap_or_default();
            for taken in ["message", "level", "timestamp", "target", "fields", "span", "spans"] {
                let is_taken = |field: &str| {
                    let name = field.split('=').next().unwrap_or_default();
                    name.trim().trim_start_matches(['%', '?']) == taken
                };
                assert!(!fields.split(',').any(is_taken), "{path}: {}", &arguments[0]);
            }
        }
    }
    assert!(found >= 8, "{found} events");
}
