//! Whatever dies in the middle, a rerun ends with the same bytes; whatever fails says so, with the path and the remedy.

use std::env;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;

use crate::util::job::{assert_same, results, run, workplace};
use crate::util::s3_server::{Fault, Server};
use crate::util::{failure, ser, stdout};

const STAGES: [&str; 6] = ["ingest", "extract", "split", "normalize", "train", "evaluate"];
const SIGKILL: i32 = 9;

/// Kills a store: `SER_KILLS` asks for more than the suite has time for.
fn kills() -> usize {
    env::var("SER_KILLS").map_or(12, |kills| kills.parse().expect("SER_KILLS is a number"))
}

/// Runs `ser` on one output, on disk or in a bucket.
trait Place {
    fn command(&self, arguments: &[&str], out: &str) -> Command;
    fn folder(&self, out: &str) -> std::path::PathBuf;
}

struct Disk<'a>(&'a Path);

impl Place for Disk<'_> {
    fn command(&self, arguments: &[&str], out: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ser"));
        command.current_dir(self.0).args(arguments).args(["pipeline.toml", "--quiet", "--out", out]);
        command
    }

    fn folder(&self, out: &str) -> std::path::PathBuf {
        self.0.join(out)
    }
}

struct Bucket<'a>(&'a Path, &'a Server);

impl Place for Bucket<'_> {
    fn command(&self, arguments: &[&str], out: &str) -> Command {
        let mut command = self.1.command(self.0, arguments);
        let out = format!("s3://bucket/{out}");
        command.args(["pipeline.toml", "--quiet", "--set", "corpus.0.source=s3://bucket/corpus", "--out", &out]);
        command
    }

    fn folder(&self, out: &str) -> std::path::PathBuf {
        self.1.objects().join(out)
    }
}

/// Kills each stage in turn at a random moment, runs on, and compares everything with an undisturbed run.
fn survives_kills(place: &dyn Place, seed: u64) {
    let done = |arguments: &[&str], out: &str| {
        let start = Instant::now();
        stdout(&place.command(arguments, out).output().expect("ser starts"));
        start.elapsed()
    };
    let seconds = STAGES.map(|stage| done(&[stage], "undisturbed"));
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut killed = 0;
    for trial in 0..kills() {
        let out = format!("killed-{trial}");
        let stage = trial % STAGES.len();
        for before in &STAGES[..stage] {
            done(&[before], &out);
        }
        // Twice, so that what resumes is killed too.
        for _ in 0..2 {
            let moment = seconds[stage].mul_f64(random.gen_range(0.0..1.0));
            let mut child = silent(place.command(&[STAGES[stage]], &out));
            std::thread::sleep(moment);
            child.kill().expect("killed, or already ended");
            killed += usize::from(child.wait().expect("waited for").signal() == Some(SIGKILL));
        }
        done(&["run"], &out);
        assert_same(&place.folder("undisturbed"), &place.folder(&out));
        fs::remove_dir_all(place.folder(&out)).expect("removed");
    }
    println!("{killed} kills");
    assert!(killed * 2 > kills(), "only {killed} runs were alive when they were killed");
}

fn silent(mut command: Command) -> Child {
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("ser starts")
}

#[test]
fn killed_at_any_moment_on_disk() {
    let folder = workplace();
    survives_kills(&Disk(folder.path()), 1);
}

#[test]
fn killed_at_any_moment_on_s3() {
    let folder = workplace();
    let server = Server::start();
    server.upload(&folder.path().join("corpus"), "corpus");
    survives_kills(&Bucket(folder.path(), &server), 2);
}

/// Sends a signal to a run; returns how it ended, what it said and how long that took.
fn stopped(mut command: Command, signal: &str, begun: impl Fn() -> bool) -> (ExitStatus, String, Duration) {
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("ser starts");
    let start = Instant::now();
    while !begun() {
        assert!(start.elapsed() < Duration::from_secs(60), "the run never came so far");
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(100));
    let sent = Instant::now();
    let kill = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill starts");
    assert!(kill.success());
    let output = child.wait_with_output().expect("waited for");
    (output.status, String::from_utf8_lossy(&output.stderr).into_owned(), sent.elapsed())
}

#[test]
fn a_signal_stops_a_run_soon_and_the_next_one_goes_on() {
    let folder = workplace();
    run(folder.path(), &["--out", "undisturbed"]);
    // Both are in the middle of one long fit, which has no boundary to stop at.
    for (signal, code, out) in [("-TERM", 143, "terminated"), ("-INT", 130, "interrupted")] {
        let long = ["run", "--set", "train.mlp.epochs=100000", "--set", "train.mlp.patience=0"];
        let normalized = folder.path().join(out).join("run/normalize.json");
        let (status, error, time) = stopped(Disk(folder.path()).command(&long, out), signal, || normalized.exists());
        assert_eq!(status.code(), Some(code), "{error}");
        assert!(error.contains("run the same command again"), "{error}");
        assert!(time < Duration::from_secs(3), "{time:?}");
        run(folder.path(), &["--out", out]);
        assert_same(&folder.path().join("undisturbed"), &folder.path().join(out));
    }
}

#[test]
fn a_signal_stops_a_run_that_waits_for_s3() {
    let folder = workplace();
    let server = Server::start();
    server.upload(&folder.path().join("corpus"), "corpus");
    server.fail("get", "corpus/", Fault::Slow(Duration::from_secs(600)), usize::MAX);
    let command = Bucket(folder.path(), &server).command(&["run"], "out");
    let (status, error, time) = stopped(command, "-TERM", || server.count("get", "corpus/") > 0);
    assert_eq!(status.code(), Some(143), "{error}");
    assert!(time < Duration::from_secs(3), "{time:?}");
    server.heal();
    stdout(&Bucket(folder.path(), &server).command(&["run"], "out").output().expect("ser starts"));
}

/// Runs the pipeline under a shell's preparations.
fn prepared(folder: &TempDir, preparations: &str, out: &str) -> Output {
    let line = format!("{preparations}; exec {} run pipeline.toml --out {out}", env!("CARGO_BIN_EXE_ser"));
    Command::new("sh").current_dir(folder.path()).args(["-c", &line]).output().expect("sh starts")
}

#[test]
fn a_limit_on_file_sizes_is_exit_4_and_leaves_nothing_half_written() {
    let folder = workplace();
    run(folder.path(), &["--out", "undisturbed"]);
    let whole = results(&folder.path().join("undisturbed"));
    for blocks in [0, 8, 16, 24] {
        let out = format!("limited-{blocks}");
        let (code, error) = failure(&prepared(&folder, &format!("ulimit -f {blocks}"), &out));
        assert_eq!(code, 4, "{error}");
        assert!(error.contains(&out) && error.contains("ulimit -f"), "{error}");
        let written = results(&folder.path().join(&out));
        assert!(written.len() < whole.len(), "the limit was never met");
        assert!(written.iter().all(|(path, bytes)| path.starts_with("rejects") || whole[path] == *bytes));
        run(folder.path(), &["--out", &out]);
        assert_same(&folder.path().join("undisturbed"), &folder.path().join(&out));
    }
}

#[test]
fn a_failed_run_with_other_parameters_leaves_nothing_that_vouches_for_a_mixture() {
    let folder = workplace();
    run(folder.path(), &["--out", "undisturbed"]);
    let others =
        ["--set seed=2 --set features.set=standard --set train.mlp.hidden=[8]", "--set evaluate.bootstrap=300"];
    let mut failed = 0;
    for (number, others) in others.into_iter().enumerate() {
        for blocks in [4, 8, 12, 16, 20, 32] {
            let out = format!("changed-{number}-{blocks}");
            run(folder.path(), &["--out", &out]);
            let ended = prepared(&folder, &format!("ulimit -f {blocks}"), &format!("{out} {others}"));
            failed += usize::from(!ended.status.success());
            run(folder.path(), &["--out", &out]);
            assert_same(&folder.path().join("undisturbed"), &folder.path().join(&out));
        }
    }
    assert!(failed > 6, "only {failed} runs met the limit");
}

#[test]
fn an_output_that_cannot_be_written_is_exit_4_by_name() {
    let folder = workplace();
    for out in ["/proc/ser", "/sys/ser"] {
        let (code, error) = failure(&ser(folder.path(), &["run", "pipeline.toml", "--out", out]));
        assert_eq!(code, 4, "{error}");
        assert!(error.contains(out), "{error}");
    }
}

#[test]
fn a_corpus_that_vanishes_after_ingest_is_named() {
    let folder = workplace();
    stdout(&ser(folder.path(), &["ingest", "pipeline.toml"]));
    fs::rename(folder.path().join("corpus"), folder.path().join("gone")).expect("moved");
    let (code, error) = failure(&ser(folder.path(), &["extract", "pipeline.toml"]));
    assert_eq!(code, 4, "{error}");
    assert!(error.contains("has changed since ingest") && error.contains(".wav"), "{error}");
    fs::rename(folder.path().join("gone"), folder.path().join("corpus")).expect("moved back");
    run(folder.path(), &[]);
}
