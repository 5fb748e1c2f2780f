//! Runs from S3 to S3, through the program: the same bytes as on disk, whatever fails on the way.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::util::job::{assert_same, results, run, workplace};
use crate::util::s3_server::{Fault, KEY_ID, SECRET, Server};
use crate::util::{failure, stdout};

const OUT: [&str; 4] = ["--out", "s3://bucket/out", "--set", "corpus.0.source=s3://bucket/corpus"];

/// A workplace whose corpus is in a bucket too, and what a run on disk makes of it in `disk`.
fn both() -> (TempDir, Server) {
    let folder = workplace();
    run(folder.path(), &["--out", "disk"]);
    let server = Server::start();
    server.upload(&folder.path().join("corpus"), "corpus");
    (folder, server)
}

fn with<'a>(flags: &[&'a str]) -> Vec<&'a str> {
    [&["run", "pipeline.toml"], &OUT[..], flags].concat()
}

/// Keys of the corpus' files.
fn wavs(folder: &Path) -> Vec<String> {
    results(&folder.join("corpus")).into_keys().filter(|path| path.ends_with(".wav")).collect()
}

fn assert_same_as_on_disk(folder: &Path, server: &Server) {
    assert_same(&folder.join("disk"), &server.objects().join("out"));
}

#[test]
fn a_bucket_holds_the_bytes_that_a_disk_holds() {
    let (folder, server) = both();
    let printed = stdout(&server.ser(folder.path(), &with(&[])));
    assert!(printed.contains("s3://bucket/out/report.md"), "{printed}");
    assert_same_as_on_disk(folder.path(), &server);
    server.forget();
    let printed = stdout(&server.ser(folder.path(), &with(&[])));
    assert_eq!(printed.matches("up to date").count(), 6, "{printed}");
    assert_eq!((server.count("get", "corpus/"), server.count("put", "out/models")), (0, 0));
    assert!(!server.objects().join("out/run/lock").exists(), "the lock is released");
}

#[test]
fn pipeline_file_and_manifest_may_lie_in_the_bucket_too() {
    let (folder, server) = both();
    let mut manifest = "path,emotion,speaker\n".to_owned();
    for path in wavs(folder.path()) {
        let (speaker, file) = path.split_once('/').expect("a folder a speaker");
        manifest += &format!("{path},{},{speaker}\n", file.split('_').next().expect("an emotion"));
    }
    let text = fs::read_to_string(folder.path().join("pipeline.toml")).expect("readable");
    let (start, end) = (text.find("pattern").expect("there"), text.find("[features]").expect("there"));
    let text = format!("{}manifest = \"labels.csv\"\n\n{}", &text[..start], &text[end..]);
    let text = text.replace("source = \"corpus\"", "source = \"../corpus\"");
    let pipelines = server.objects().join("pipelines");
    fs::create_dir(&pipelines).expect("a folder");
    fs::write(pipelines.join("labels.csv"), manifest).expect("written");
    fs::write(pipelines.join("pipeline.toml"), text).expect("written");
    let nowhere = tempfile::tempdir().expect("a temporary folder");
    stdout(&server.ser(nowhere.path(), &["run", "s3://bucket/pipelines/pipeline.toml"]));
    assert!(server.objects().join("pipelines/out/report.md").exists());
    assert_eq!(fs::read_dir(nowhere.path()).expect("readable").count(), 0, "nothing is written to disk");
}

#[test]
fn no_credential_is_left_anywhere() {
    let (folder, server) = both();
    server.fail("get", "corpus/", Fault::Broken, 2);
    let mut left = Vec::new();
    let runs = [
        with(&["--log-format", "json"]),
        with(&["--force"]),
        with(&["--set", "corpus.0.source=s3://nothing/here"]),
        with(&["--set", "storage.s3.endpoint=http://127.0.0.1:9", "--set", "storage.s3.attempts=1"]),
    ];
    for arguments in runs {
        let output = server.ser(folder.path(), &arguments);
        left.extend([output.stdout, output.stderr]);
    }
    let wrong = server.command(folder.path(), &with(&[])).env("AWS_SECRET_ACCESS_KEY", "not-the-secret").output();
    let wrong = wrong.expect("ser starts");
    assert_eq!(wrong.status.code(), Some(3));
    left.push(wrong.stderr);
    left.extend(every_file(&server.objects().join("out")));
    let secrets = [KEY_ID, SECRET, "not-the-secret", "X-Amz-", "Signature=", "AWS4-HMAC"];
    for content in &left {
        let text = String::from_utf8_lossy(content);
        let found = secrets.iter().find(|secret| text.contains(**secret));
        assert_eq!(found, None, "{text}");
    }
    assert!(left.len() > 30, "{} files and outputs", left.len());
}

fn every_file(folder: &Path) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_dir() { found.extend(every_file(&path)) } else { found.push(fs::read(path).expect("readable")) }
    }
    found
}

#[test]
fn passing_faults_are_waited_out() {
    let (folder, server) = both();
    let faults =
        [Fault::Throttled, Fault::Broken, Fault::Truncated, Fault::Stalled, Fault::Slow(Duration::from_secs(1))];
    for (fault, wav) in faults.into_iter().zip(wavs(folder.path())) {
        server.fail("get", &wav, fault, 3);
        server.fail("get", "out/splits", fault, 1);
    }
    for (operation, key) in [("list", "corpus"), ("copy", "out/features"), ("put", "out/report.md"), ("head", "out/")] {
        server.fail(operation, key, Fault::Throttled, 1);
        server.fail(operation, key, Fault::Broken, 1);
    }
    stdout(&server.ser(folder.path(), &with(&["--set", "storage.s3.timeout_s=0.4", "--set", "storage.s3.attempts=6"])));
    assert_same_as_on_disk(folder.path(), &server);
}

#[test]
fn lasting_faults_end_the_run_by_name_and_the_next_run_goes_on() {
    let (folder, server) = both();
    let wav = wavs(folder.path()).swap_remove(0);
    let few = ["--set", "storage.s3.attempts=2", "--set", "storage.s3.timeout_s=0.3"];
    let cases = [
        ("get", wav.as_str(), Fault::Throttled, 4, "SlowDown"),
        ("get", wav.as_str(), Fault::Truncated, 4, "closed"),
        ("get", wav.as_str(), Fault::Stalled, 4, "no byte came"),
        ("get", wav.as_str(), Fault::Changed, 4, "run ingest again"),
        ("copy", "out/features", Fault::Broken, 4, "InternalError"),
        ("list", "corpus", Fault::Denied, 3, "s3:ListBucket"),
        ("put", "out/", Fault::Denied, 3, "s3:PutObject"),
    ];
    for (operation, key, fault, code, words) in cases {
        server.fail(operation, key, fault, usize::MAX);
        let (ended, error) = failure(&server.ser(folder.path(), &with(&few)));
        server.heal();
        assert_eq!(ended, code, "{fault:?} of {key}: {error}");
        assert!(error.contains(words) && error.contains(key.trim_end_matches('/')), "{fault:?} of {key}: {error}");
    }
    let nowhere = ["run", "pipeline.toml", "--out", "s3://nothing/out"];
    let (code, error) = failure(&server.ser(folder.path(), &nowhere));
    assert!(code == 3 && error.contains("no such bucket") && error.contains("s3://nothing/out"), "{code} {error}");
    stdout(&server.ser(folder.path(), &with(&[])));
    assert_same_as_on_disk(folder.path(), &server);
}

#[test]
fn what_may_not_be_read_is_asked_for_once_and_is_a_reject() {
    let (folder, server) = both();
    let wav = wavs(folder.path()).swap_remove(0);
    server.fail("get", &wav, Fault::Denied, usize::MAX);
    server.forget();
    stdout(&server.ser(folder.path(), &with(&[])));
    assert_eq!(server.count("get", &wav), 1, "a refusal is not tried again");
    let record = fs::read_to_string(server.objects().join("out/run/extract.json")).expect("readable");
    assert!(record.contains("\"rejects\": 1"), "{record}");
}

#[test]
fn a_second_run_is_refused_and_a_killed_ones_lock_is_taken_over() {
    let (folder, server) = both();
    server.fail("get", "corpus/", Fault::Slow(Duration::from_secs(600)), usize::MAX);
    let mut first = server.command(folder.path(), &with(&["--quiet"])).spawn().expect("ser starts");
    let start = Instant::now();
    while server.count("get", "corpus/") == 0 {
        assert!(start.elapsed() < Duration::from_secs(30), "the first run never began");
        std::thread::sleep(Duration::from_millis(5));
    }
    let (code, error) = failure(&server.ser(folder.path(), &with(&[])));
    assert_eq!(code, 4, "{error}");
    assert!(error.contains(&format!("process {}", first.id())) && error.contains("since 20"), "{error}");
    first.kill().expect("killed");
    first.wait().expect("waited for");
    server.heal();
    assert!(server.objects().join("out/run/lock").exists(), "a killed run leaves its lock");
    stdout(&server.ser(folder.path(), &with(&[])));
    assert_same_as_on_disk(folder.path(), &server);
}

#[test]
fn a_hundred_thousand_objects_are_listed() {
    let folder = workplace();
    let server = Server::start();
    let pattern = r"corpus.0.pattern='(?P<speaker>speaker\d+)/(?P<emotion>[a-z]+)_\d+\.wav$'";
    let place = ["--out", "s3://bucket/out", "--set", "corpus.0.source=s3://bucket/hundred-thousand", "--set", pattern];
    let printed = stdout(&server.ser(folder.path(), &[&["ingest", "pipeline.toml"], &place[..]].concat()));
    assert!(printed.contains("100000 utterances, 200 speakers"), "{printed}");
}
