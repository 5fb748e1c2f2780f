use super::*;

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
