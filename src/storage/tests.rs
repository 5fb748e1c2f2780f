use super::*;

#[test]
fn unfinished_writes_are_not_listed_and_are_swept() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let left_behind = folder.path().join(".unfinished-run-1-0");
    std::fs::write(&left_behind, b"half").expect("write");
    let store = LocalStore::new(folder.path());
    assert!(store.list("").expect("list").is_empty());
    store.sweep().expect("sweep");
    assert!(!left_behind.exists());
}

#[cfg(unix)]
#[test]
fn links_are_followed_but_not_in_circles() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = LocalStore::new(folder.path().join("corpus"));
    store.put("a/b/1.wav", b"1").expect("put");
    LocalStore::new(folder.path().join("elsewhere")).put("2.wav", b"2").expect("put");
    let link = |to: &str, from: &str| std::os::unix::fs::symlink(to, folder.path().join(from)).expect("linked");
    link("..", "corpus/a/b/loop");
    link("../elsewhere", "corpus/c");
    let paths = store.list("").expect("listed").into_iter().map(|entry| entry.path).collect::<Vec<_>>();
    assert_eq!(paths, ["a/b/1.wav", "c/2.wav"]);
}
