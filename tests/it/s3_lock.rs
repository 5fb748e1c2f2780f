//! The lock on S3 under stress: hanging renewals, lost answers, other runs.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use ser_etl::storage::{Lock, StorageError, Store};

use crate::util::job::{assert_same, run, workplace};
use crate::util::s3_server::{Fault, Server};
use crate::util::{failure, stdout};

/// What another run's lock says.
const ANOTHER: &str = r#"{"host":"elsewhere","pid":12,"since":"2026-11-22T10:00:00Z","machine":"another"}"#;
const LONG: Duration = Duration::from_secs(600);

/// A server, a store with a lease of some seconds, and its lock.
fn locked(lease_s: f64) -> (Server, Arc<dyn Store>, Box<dyn Lock>) {
    let server = Server::open();
    let store = server.store("out", lease_s);
    let lock = store.lock("run/lock").expect("free");
    (server, store, lock)
}

fn file(server: &Server) -> PathBuf {
    server.objects().join("out/run/lock")
}

/// Another run writes its lock over whatever is there.
fn take_over(server: &Server) {
    fs::create_dir_all(file(server).parent().expect("a folder")).expect("made");
    fs::write(file(server), ANOTHER).expect("written");
    // s3s-fs remembers the entity tag of what was put; without it, it looks at the file.
    server.forget_tags();
}

fn is_lost<T: std::fmt::Debug>(result: Result<T, StorageError>) -> bool {
    matches!(result, Err(StorageError::LockLost { .. }))
}

fn seconds(seconds: f64) {
    std::thread::sleep(Duration::from_secs_f64(seconds));
}

#[test]
fn a_lock_of_a_run_that_died_elsewhere_is_free_when_its_lease_ends() {
    let server = Server::open();
    take_over(&server);
    let store = server.store("out", 60.0);
    let error = store.lock("run/lock").err().expect("held").to_string();
    assert!(error.contains("process 12 on elsewhere, since 2026-11-22T10:00:00Z"), "{error}");
    store.put("free", b"x").expect("a store without a lock needs none");
    let lock = fs::File::options().write(true).open(file(&server)).expect("opened");
    lock.set_modified(SystemTime::now() - Duration::from_secs(90)).expect("aged");
    drop(store.lock("run/lock").expect("the lease has ended"));
    assert!(!file(&server).exists());
}

#[test]
fn a_run_that_lost_its_lock_writes_no_more() {
    let (server, store, lock) = locked(3.0);
    store.put("before", b"x").expect("put");
    seconds(4.0);
    store.put("renewed", b"x").expect("the lease is renewed as long as the run lives");
    take_over(&server);
    seconds(2.0);
    assert!(is_lost(store.put("after", b"x")));
    assert!(is_lost(store.rename("before", "after")) && is_lost(store.remove("before")));
    drop(lock);
    assert_eq!(fs::read_to_string(file(&server)).expect("another run's lock stays"), ANOTHER);
    assert!(is_lost(store.put("after", b"x")), "what was lost stays lost");
    let paths = store.list("").expect("listed").into_iter().map(|entry| entry.path).collect::<Vec<_>>();
    assert_eq!(paths, ["before", "renewed", "run/lock"]);
}

#[test]
fn a_renewal_that_hangs_is_noticed_by_the_clock() {
    let (server, store, lock) = locked(3.0);
    store.put("before", b"x").expect("put");
    server.fail("put", "run/lock", Fault::Slow(LONG), usize::MAX);
    seconds(3.3);
    server.forget();
    assert!(is_lost(store.put("after", b"x")));
    assert!(is_lost(store.rename("before", "after")) && is_lost(store.remove("before")));
    assert!(is_lost(store.put("large", &vec![0; 20 << 20])));
    for operation in ["put", "copy", "delete", "create upload", "upload part", "complete upload"] {
        assert_eq!(server.count(operation, "out/"), 0, "{operation} was not even asked for");
    }
    let start = Instant::now();
    drop(lock);
    assert!(start.elapsed() < Duration::from_secs(2), "the end does not wait either");
    assert!(file(&server).exists() && server.count("delete", "") == 0, "a lock without a lease may be another's");
}

#[test]
fn a_renewal_that_hangs_once_loses_nothing() {
    let (server, store, lock) = locked(4.0);
    server.fail("put", "run/lock", Fault::Slow(LONG), 2);
    seconds(4.6);
    store.put("after", b"x").expect("the third renewal went through");
    assert_eq!(server.count("put", "run/lock"), 1 + 2 + 2, "taken, two that hung, two that went through");
    drop(lock);
    assert!(!file(&server).exists());
}

#[test]
fn a_renewal_whose_answer_was_lost_is_made_again() {
    let (server, store, lock) = locked(3.0);
    server.fail("put", "run/lock", Fault::AnswerLost, 1);
    seconds(2.0);
    store.put("after", b"x").expect("held");
    seconds(2.0);
    store.put("later", b"x").expect("held");
    drop(lock);
    assert!(!file(&server).exists());
}

#[test]
fn what_waits_for_its_answer_when_the_lease_ends_is_given_up() {
    let large = vec![0; 20 << 20];
    for (operation, key) in [("put", "slow"), ("copy", "slow"), ("delete", "before"), ("complete upload", "slow")] {
        let (server, store, lock) = locked(3.0);
        store.put("before", b"x").expect("put");
        server.fail("put", "run/lock", Fault::Slow(LONG), usize::MAX);
        server.fail(operation, &format!("out/{key}"), Fault::Slow(LONG), usize::MAX);
        let start = Instant::now();
        let lost = match operation {
            "put" => is_lost(store.put("slow", b"x")),
            "copy" => is_lost(store.rename("before", "slow")),
            "delete" => is_lost(store.remove("before")),
            _ => is_lost(store.put("slow", &large)),
        };
        assert!(lost && start.elapsed() < Duration::from_secs(4), "{operation}: {:?}", start.elapsed());
        drop(lock);
        assert!(!server.objects().join("out/slow").exists(), "{operation}");
    }
}

#[test]
fn a_lock_that_nobody_answers_for_is_given_up_when_its_lease_would_have_ended() {
    let server = Server::open();
    server.fail("put", "run/lock", Fault::Slow(LONG), usize::MAX);
    let start = Instant::now();
    let error = server.store("out", 3.0).lock("run/lock").err().expect("not taken").to_string();
    assert!(error.contains("run/lock") && error.contains("no answer came"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}

#[test]
fn the_end_of_a_run_removes_its_own_lock_only() {
    let (server, _store, lock) = locked(60.0);
    take_over(&server);
    drop(lock);
    assert_eq!(fs::read_to_string(file(&server)).expect("stays"), ANOTHER, "taken before the end");

    let (server, _store, lock) = locked(60.0);
    server.fail("delete", "run/lock", Fault::Slow(Duration::from_millis(600)), 1);
    std::thread::scope(|scope| {
        scope.spawn(|| drop(lock));
        while server.count("delete", "run/lock") == 0 {
            seconds(0.005);
        }
        take_over(&server);
    });
    assert_eq!(fs::read_to_string(file(&server)).expect("stays"), ANOTHER, "taken while it was looked at");

    let (server, _store, lock) = locked(60.0);
    server.fail("delete", "run/lock", Fault::Unknown, 1);
    drop(lock);
    assert!(!file(&server).exists(), "a store that knows no conditions");
}

/// Leases of whole runs: 3 s, the shortest.
const SHORT: [&str; 4] = ["--set", "storage.s3.lease_s=3", "--set", "corpus.0.source=s3://bucket/corpus"];

#[test]
fn a_run_whose_renewals_hang_ends_by_name_and_the_next_one_goes_on() {
    let folder = workplace();
    run(folder.path(), &["--out", "disk"]);
    let server = Server::start();
    server.upload(&folder.path().join("corpus"), "corpus");
    let flags = [&["run", "pipeline.toml", "--out", "s3://bucket/out"], &SHORT[..]].concat();
    // The first put of the lock takes it; every later one hangs. One file comes when the lease has ended.
    let slow = ["--set", "storage.s3.timeout_s=30"];
    server.fail("get", "corpus/spk01_male", Fault::Slow(Duration::from_secs(5)), usize::MAX);
    let mut child = server.command(folder.path(), &[&flags[..], &slow].concat());
    let child = child.stderr(std::process::Stdio::piped()).stdout(std::process::Stdio::null()).spawn().expect("starts");
    while server.count("get", "corpus/spk01_male") == 0 {
        seconds(0.005);
    }
    server.fail("put", "run/lock", Fault::Slow(LONG), usize::MAX);
    let (code, error) = failure(&child.wait_with_output().expect("waited for"));
    assert_eq!(code, 4, "{error}");
    assert!(error.contains("the lock of `s3://bucket/out` was lost"), "{error}");
    assert!(file(&server).exists() && !server.objects().join("out/features").exists(), "nothing more was written");
    server.heal();
    stdout(&server.ser(folder.path(), &flags));
    assert_same(&folder.path().join("disk"), &server.objects().join("out"));
}

/// The objects of workers' locks.
fn workers(server: &Server) -> Vec<PathBuf> {
    let entries = fs::read_dir(server.objects().join("out/run/workers")).into_iter().flatten();
    entries.map(|entry| entry.expect("readable").path()).filter(|path| path.is_file()).collect()
}

#[test]
fn workers_share_what_a_run_takes_alone() {
    let server = Server::open();
    let [one, other, run] = [0; 3].map(|_| server.store("out", 60.0));
    let (first, second) = (one.share("run/lock").expect("free"), other.share("run/lock").expect("shared"));
    one.put("a", b"x").expect("a worker writes");
    let held = run.lock("run/lock").err().expect("held by workers").to_string();
    assert!(held.contains("run/workers/") && held.contains(&format!("process {}", std::process::id())), "{held}");
    assert!(!file(&server).exists(), "the run that was refused keeps nothing");
    drop(first);
    assert!(run.lock("run/lock").is_err(), "one is left");
    drop(second);
    assert_eq!(workers(&server), Vec::<PathBuf>::new());
    let alone = run.lock("run/lock").expect("free");
    let refused = one.share("run/lock").err().expect("a run has it").to_string();
    assert!(refused.contains("run/lock"), "{refused}");
    assert_eq!(workers(&server), Vec::<PathBuf>::new(), "the worker that was refused keeps nothing");
    drop(alone);
    drop(one.share("run/lock").expect("free again"));
}

#[test]
fn a_worker_that_died_elsewhere_is_in_nobodys_way_when_its_lease_ends() {
    let server = Server::open();
    let folder = server.objects().join("out/run/workers");
    fs::create_dir_all(&folder).expect("made");
    let dead = folder.join("0123456789abcdef");
    fs::write(&dead, ANOTHER).expect("written");
    let store = server.store("out", 60.0);
    assert!(store.lock("run/lock").is_err(), "it may be alive");
    drop(store.share("run/lock").expect("workers share"));
    fs::File::options()
        .write(true)
        .open(&dead)
        .expect("opened")
        .set_modified(SystemTime::now() - Duration::from_secs(90))
        .expect("aged");
    drop(store.lock("run/lock").expect("its lease has ended"));
    assert!(!dead.exists());
    // A run that died is in no worker's way either.
    take_over(&server);
    assert!(store.share("run/lock").is_err());
    fs::File::options()
        .write(true)
        .open(file(&server))
        .expect("opened")
        .set_modified(SystemTime::now() - Duration::from_secs(90))
        .expect("aged");
    drop(store.share("run/lock").expect("its lease has ended"));
}
