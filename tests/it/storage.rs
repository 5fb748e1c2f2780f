//! One contract, kept by every store.

use std::time::Duration;

use ser_etl::storage::{self, LocalStore, MemoryStore, StorageError, Store};

use crate::util::s3_server::{Fault, Server};

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
    let error = storage::open("ftp://host/folder", &storage::Storage::default()).err().expect("refused").to_string();
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
    server.begin_upload("big/somebody's");
    for elsewhere in ["elsewhere", "", "big/below"] {
        server.store(elsewhere, 60.0).sweep().expect("sweep");
        assert_eq!(server.open_uploads(), 2, "not of that output: {elsewhere:?}");
    }
    store.sweep().expect("sweep");
    assert_eq!(server.open_uploads(), 1, "somebody else's stays");
    assert_eq!(store.list("run").expect("listed"), [], "no note is left");
}

#[test]
fn a_note_that_names_a_place_outside_the_output_aborts_nothing_there() {
    let server = Server::open();
    server.begin_upload("elsewhere/whole");
    let store = server.store("out", 60.0);
    let note = br#"{"key":"elsewhere/whole","id":"another program's"}"#;
    store.put("run/uploads/a.json", note).expect("put");
    store.put("run/uploads/b.json", b"no note at all").expect("put");
    store.sweep().expect("sweep");
    assert_eq!((server.open_uploads(), server.count("abort upload", "")), (1, 0));
    assert_eq!(store.list("run").expect("listed"), []);
}

#[test]
fn an_upload_whose_last_answer_was_lost_counts_as_written_if_the_object_is_there() {
    let server = Server::open();
    let store = server.store("big", 60.0);
    let content = (0..20_u32 << 17).flat_map(u32::to_le_bytes).collect::<Vec<_>>();
    server.fail("complete upload", "big/whole", Fault::AnswerLost, 1);
    store.put("whole", &content).expect("the first call went through");
    assert_eq!(server.count("complete upload", "big/whole"), 2, "and was repeated");
    assert_eq!(store.get("whole").expect("get"), content);
    // Somebody has aborted the upload: what lies there is not what was meant.
    for (path, before) in [("gone", None), ("shorter", Some(vec![0; 5])), ("other", Some(vec![0; content.len()]))] {
        let target = server.objects().join("big").join(path);
        server.fail("complete upload", &format!("big/{path}"), Fault::Slow(Duration::from_millis(400)), 1);
        std::thread::scope(|scope| {
            let written = scope.spawn(|| store.put(path, &content));
            while server.count("complete upload", &format!("big/{path}")) == 0 {
                std::thread::sleep(Duration::from_millis(5));
            }
            server.abort_uploads();
            before.iter().for_each(|before| std::fs::write(&target, before).expect("written"));
            let error = written.join().expect("no panic").expect_err("not written").to_string();
            assert!(error.contains(path) && error.contains("somebody aborted it"), "{error}");
        });
        assert_eq!(target.exists(), before.is_some());
    }
}

#[test]
fn the_sweep_takes_what_runs_left_in_this_output_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |path: &str| folder.path().join(path);
    let left = [".unfinished-run-12-0", "models/a/.unfinished-run-4294967-17"];
    let stays = [
        ".unfinished-12-0",
        ".unfinished-run-12",
        ".unfinished-run-12-0.wav",
        ".unfinished-symphony.wav",
        "unfinished-run-12-0",
        "another/run/lock",
        "another/.unfinished-run-12-0",
        "another/models/.unfinished-run-12-0",
        "../outside/.unfinished-run-12-0",
    ];
    for path in left.iter().chain(&stays) {
        let path = at("out").join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, b"half").expect("written");
    }
    std::os::unix::fs::symlink("../../outside", at("out/models/link")).expect("linked");
    std::os::unix::fs::symlink("../outside/.unfinished-run-12-0", at("out/.unfinished-run-12-1")).expect("linked");
    let store = LocalStore::new(at("out"));
    let _lock = store.lock("run/lock").expect("free");
    store.sweep().expect("swept");
    for path in left {
        assert!(!at("out").join(path).exists(), "{path}");
    }
    for path in stays.into_iter().chain([".unfinished-run-12-1"]) {
        assert!(at("out").join(path).exists(), "{path}");
    }
}

#[test]
fn a_write_of_a_run_is_marked_and_another_programs_is_not() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    // What is written to a name that is a folder is left unfinished only where it cannot be removed: look meanwhile.
    let (run, other) = (LocalStore::new(folder.path()), LocalStore::new(folder.path()));
    let seen = |store: &LocalStore| {
        let content = vec![0; 64 << 20];
        std::thread::scope(|scope| {
            let written = scope.spawn(|| store.put("large", &content));
            loop {
                let names = std::fs::read_dir(folder.path()).expect("readable");
                let names = names.map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned());
                if let Some(name) = names.into_iter().find(|name| name.starts_with(".unfinished-")) {
                    written.join().expect("no panic").expect("written");
                    return name;
                }
                assert!(!written.is_finished(), "it was never seen");
            }
        })
    };
    let lock = run.lock("run/lock").expect("free");
    let (of_run, of_other) = (seen(&run), seen(&other));
    assert!(of_run.starts_with(".unfinished-run-") && !of_other.starts_with(".unfinished-run-"), "{of_run} {of_other}");
    drop(lock);
    let _shared = run.share("run/lock").expect("free");
    let of_worker = seen(&run);
    assert!(of_worker.starts_with(".unfinished-run-") && of_worker != of_run, "{of_worker}");
    let number = of_other.trim_start_matches(".unfinished-").split('-').next().expect("a word").to_owned();
    assert!(number.parse::<u64>().is_ok() && !of_run.contains(&number), "each store has a number of its own");
}

#[test]
fn a_new_file_is_written_by_one_of_many_and_by_none_over_another() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = Server::open();
    let written = std::thread::scope(|scope| {
        let write = |number: u8| LocalStore::new(folder.path()).put_new("run/seal", &[number]).expect("written");
        let writers = (0..8).map(|number| scope.spawn(move || write(number))).collect::<Vec<_>>();
        writers.into_iter().map(|writer| writer.join().expect("no panic")).collect::<Vec<_>>()
    });
    assert_eq!(written.iter().filter(|is_new| **is_new).count(), 1, "{written:?}");
    let first = written.iter().position(|is_new| *is_new).expect("one") as u8;
    let bucket = server.store("new", 60.0);
    // The server of these tests looks and writes in two steps, so here they come one after the other.
    assert!(bucket.put_new("run/seal", &[first]).expect("written"));
    let disk = LocalStore::new(folder.path());
    for store in [&disk as &dyn Store, bucket.as_ref(), &memory_with("run/seal", &[first])] {
        assert!(!store.put_new("run/seal", b"late").expect("asked"));
        assert_eq!(store.get("run/seal").expect("there")[..], [first]);
        assert_eq!(store.list("run").expect("listed").len(), 1, "nothing half written stays");
    }
}

fn memory_with(path: &str, content: &[u8]) -> MemoryStore {
    let store = MemoryStore::new();
    assert!(store.put_new(path, content).expect("written"));
    store
}
