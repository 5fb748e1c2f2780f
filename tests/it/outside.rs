//! The other binary, tests/outside, lists its tests: the compiler would drop one under `#[test]` without a word.

use std::fs;
use std::path::Path;

#[test]
fn no_test_stands_where_none_would_run() {
    let mut looked_at = 0;
    for folder in ["outside", "golden", "util"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
        for entry in fs::read_dir(&folder).expect("a readable folder") {
            let path = entry.expect("readable").path();
            if path.is_file() {
                let text = fs::read_to_string(&path).expect("a source file");
                assert!(!text.contains("#[test]"), "{}: list it in tests/outside/main.rs", path.display());
                looked_at += 1;
            }
        }
    }
    assert!(looked_at > 10, "only {looked_at} files");
}
