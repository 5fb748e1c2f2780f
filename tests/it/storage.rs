//! One contract, kept by every store.

use ser_etl::config;
use ser_etl::storage::{self, LocalStore, MemoryStore, StorageError, Store};

use crate::s3_server::{Fault, Server};

fn keeps_the_contract(store: &dyn Store) {
    assert!(store.list("").expect("an empty store lists nothing").is_empty());
    store.put("b/2.txt", b"two").expect("put");
    store.put("a.txt", b"one").expect("put");
    store.put("b/c/3 + ä.txt", b"three").expect("put");
    let paths = |prefix| store.list(prefix).expect("list").into_iter().map(|e| e.path).collect::<Vec<_>>();
    assert_eq!(paths(""), ["a.txt", "b/2.txt", "b/c/3 + ä.txt"]);
    assert_eq!(paths("b"), ["b/2.txt", "b/c/3 + ä.txt"]);
    assert_eq!(paths("nowhere"), [""; 0]);

    let before = store.stat("a.txt").expect("stat").expect("there");
    assert_eq!((before.path.as_str(), before.bytes), ("a.txt", 3));
    assert_eq!(store.list("").expect("list")[0], before, "a listing and a stat say the same");
    assert_eq!(store.get_unchanged(&before).expect("unchanged"), "one");
    std::thread::sleep(std::time::Duration::from_millis(5));
    store.put("a.txt", b"ONE").expect("put over");
    let after = store.stat("a.txt").expect("stat").expect("there");
    assert_ne!(before.stamp, after.stamp);
    assert!(matches!(store.get_unchanged(&before), Err(StorageError::Changed { .. })));
    assert_eq!(store.stat("zzz").expect("stat"), None);

    assert_eq!(store.get("a.txt").expect("get"), "ONE");
    assert_eq!(store.get_range("b/c/3 + ä.txt", 1..4).expect("range"), "hre");
    assert!(store.get_range("b/c/3 + ä.txt", 1..40).is_err());
    assert!(matches!(store.get("zzz"), Err(StorageError::NotFound { .. })));
    let fetched = store.fetch(store.list("").expect("list")).map(|fetch| fetch().expect("there"));
    assert_eq!(fetched.collect::<Vec<_>>(), ["ONE", "two", "three"]);

    store.rename("b/c/3 + ä.txt", "d/ä + 3.txt").expect("rename");
    assert_eq!(paths(""), ["a.txt", "b/2.txt", "d/ä + 3.txt"]);
    assert_eq!(store.get("d/ä + 3.txt").expect("moved"), "three");
    store.remove("d/ä + 3.txt").expect("remove");
    store.remove("d/ä + 3.txt").expect("removing nothing is fine");
    assert_eq!(paths(""), ["a.txt", "b/2.txt"]);

    let lock = store.lock("run/lock").expect("free");
    assert!(matches!(store.lock("run/lock"), Err(StorageError::Locked { .. })));
    drop(lock);
    drop(store.lock("run/lock").expect("free again"));
    store.sweep().expect("sweep");
    assert!(store.stat("b/2.txt").expect("stat").is_some());
}

#[test]
fn memory() {
    keeps_the_contract(&MemoryStore::new());
}

#[test]
fn local_disk() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    keeps_the_contract(&LocalStore::new(folder.path().join("new")));
}

#[test]
fn s3() {
    for prefix in ["deep/prefix", ""] {
        keeps_the_contract(Server::open().store(prefix, 60.0).as_ref());
    }
}

#[test]
fn unknown_schemes_are_refused_by_name() {
    let error = storage::open("ftp://host/folder", &config::Storage::default()).err().expect("refused").to_string();
    assert!(error.contains("ftp"), "{error}");
}

#[test]
fn a_listing_of_many_pages_is_whole() {
    let server = Server::open();
    let folder = server.objects().join("many");
    std::fs::create_dir(&folder).expect("a folder");
    for number in 0..2100 {
        std::fs::write(folder.join(format!("{number:04}")), b"x").expect("written");
    }
    let paths = server.store("many", 60.0).list("").expect("listed").into_iter().map(|entry| entry.path);
    assert!(paths.eq((0..2100).map(|number| format!("{number:04}"))));
}

#[test]
fn large_objects_are_written_in_parts_and_leave_nothing_when_they_fail() {
    let server = Server::open();
    let store = server.store("big", 60.0);
    let content = (0..20_u32 << 18).flat_map(u32::to_le_bytes).collect::<Vec<_>>();
    store.put("whole", &content).expect("put");
    assert_eq!(store.get("whole").expect("get"), content);
    assert_eq!((server.count("upload part", "big/whole"), server.open_uploads()), (3, 0));
    server.fail("upload part", "big/failed", Fault::Denied, 1);
    assert!(matches!(store.put("failed", &content), Err(StorageError::Forbidden { .. })));
    assert_eq!((store.stat("failed").expect("stat"), server.open_uploads()), (None, 0));
    // A run that is killed cannot abort; the next one does.
    server.fail("upload part", "big/killed", Fault::Denied, 1);
    server.fail("abort upload", "big/killed", Fault::Denied, 1);
    assert!(store.put("killed", &content).is_err());
    assert_eq!(server.open_uploads(), 1);
    server.store("elsewhere", 60.0).sweep().expect("sweep");
    assert_eq!(server.open_uploads(), 1, "not of that prefix");
    store.sweep().expect("sweep");
    assert_eq!(server.open_uploads(), 0);
}

#[test]
fn a_lock_of_a_run_that_died_elsewhere_is_free_when_its_lease_ends() {
    let server = Server::open();
    let lock = server.objects().join("out/run/lock");
    std::fs::create_dir_all(lock.parent().expect("a folder")).expect("created");
    let note = r#"{"host":"elsewhere","pid":12,"since":"2026-11-22T10:00:00Z","machine":"another"}"#;
    std::fs::write(&lock, note).expect("written");
    let store = server.store("out", 60.0);
    let error = store.lock("run/lock").err().expect("held").to_string();
    assert!(error.contains("process 12 on elsewhere, since 2026-11-22T10:00:00Z"), "{error}");
    let file = std::fs::File::options().write(true).open(&lock).expect("opened");
    file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(90)).expect("aged");
    drop(store.lock("run/lock").expect("the lease has ended"));
    assert!(!lock.exists());
}

#[test]
fn a_run_that_lost_its_lock_writes_no_more() {
    let server = Server::open();
    let store = server.store("out", 3.0);
    let lock = store.lock("run/lock").expect("free");
    store.put("before", b"x").expect("put");
    std::thread::sleep(std::time::Duration::from_secs(4));
    store.put("renewed", b"x").expect("the lease is renewed as long as the run lives");
    std::fs::write(server.objects().join("out/run/lock"), b"another run's").expect("taken");
    // s3s-fs remembers the entity tag of what was put; without it, it looks at the file.
    server.forget_tags();
    std::thread::sleep(std::time::Duration::from_secs(2));
    let error = store.put("after", b"x").expect_err("lost");
    assert!(matches!(error, StorageError::LockLost { .. }), "{error}");
    drop(lock);
    assert!(server.objects().join("out/run/lock").exists(), "another run's lock is not removed");
}
