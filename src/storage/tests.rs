//! One suite, run over every store.

use super::*;

fn suite(store: &dyn Store) {
    assert!(store.list("").expect("an empty store lists nothing").is_empty());
    store.put("b/2.txt", b"two").expect("put");
    store.put("a.txt", b"one").expect("put");
    store.put("b/c/3.txt", b"three").expect("put");
    let paths = |prefix| store.list(prefix).expect("list").into_iter().map(|e| e.path).collect::<Vec<_>>();
    assert_eq!(paths(""), ["a.txt", "b/2.txt", "b/c/3.txt"]);
    assert_eq!(paths("b"), ["b/2.txt", "b/c/3.txt"]);
    assert_eq!(paths("nowhere"), [""; 0]);

    let before = store.stat("a.txt").expect("stat").expect("there");
    assert_eq!((before.path.as_str(), before.bytes), ("a.txt", 3));
    std::thread::sleep(std::time::Duration::from_millis(5));
    store.put("a.txt", b"ONE!").expect("put over");
    let after = store.stat("a.txt").expect("stat").expect("there");
    assert_eq!(after.bytes, 4);
    assert_ne!(before.stamp, after.stamp);
    assert_eq!(store.stat("zzz").expect("stat"), None);

    assert_eq!(store.get("a.txt").expect("get"), "ONE!");
    assert_eq!(store.get_range("b/c/3.txt", 1..4).expect("range"), "hre");
    assert!(store.get_range("b/c/3.txt", 1..40).is_err());
    assert!(matches!(store.get("zzz"), Err(StorageError::NotFound { .. })));

    store.rename("a.txt", "d/a.txt").expect("rename");
    assert_eq!(paths(""), ["b/2.txt", "b/c/3.txt", "d/a.txt"]);
    store.remove("d/a.txt").expect("remove");
    store.remove("d/a.txt").expect("removing nothing is fine");
    assert_eq!(paths(""), ["b/2.txt", "b/c/3.txt"]);

    let lock = store.lock("run/lock").expect("free");
    assert!(matches!(store.lock("run/lock"), Err(StorageError::Locked { .. })));
    drop(lock);
    drop(store.lock("run/lock").expect("free again"));
    store.sweep().expect("sweep");
    assert!(store.stat("b/2.txt").expect("stat").is_some());
}

#[test]
fn memory_keeps_the_contract() {
    suite(&MemoryStore::new());
}

#[test]
fn local_disk_keeps_the_contract() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    suite(&LocalStore::new(folder.path().join("new")));
}

#[test]
fn unfinished_writes_are_not_listed_and_are_swept() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let left_behind = folder.path().join(".unfinished-1-0");
    std::fs::write(&left_behind, b"half").expect("write");
    let store = LocalStore::new(folder.path());
    assert!(store.list("").expect("list").is_empty());
    store.sweep().expect("sweep");
    assert!(!left_behind.exists());
}

#[test]
fn unknown_schemes_are_refused_by_name() {
    let error = open("ftp://host/folder").err().expect("refused").to_string();
    assert!(error.contains("ftp"), "{error}");
}
