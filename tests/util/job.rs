//! A small job to run: a folder with synthetic speech and a pipeline file, and what lies in its output.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::{ser, stdout};

pub const PIPELINE: &str = r#"
name = "contract"
out = "out"

[[corpus]]
name = "synthetic"
source = "corpus"
pattern = '(?P<speaker>spk\d+)_(?P<gender>female|male)/(?P<emotion>[a-z]+)_(?P<text_id>s\d+)_r\d+\.wav$'

[features]
set = "mfcc-energy"

[extract]
part_rows = 7
max_reject_rate = 0.5

[train]
models = ["mlp", "logistic", "svm", "kernel-ridge", "naive-bayes", "tree", "forest", "majority"]

[train.mlp]
hidden = [16]
epochs = 5

[evaluate]
bootstrap = 200
"#;

/// A folder with a small synthetic corpus and a pipeline file.
pub fn workplace() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let flags = ["synth", "corpus", "--speakers", "9", "--sentences", "1", "--repetitions", "1"];
    stdout(&ser(folder.path(), &[&flags[..], &["--emotions", "anger,neutral,sadness"]].concat()));
    fs::write(folder.path().join("pipeline.toml"), PIPELINE).expect("written");
    folder
}

pub fn run(folder: &Path, flags: &[&str]) -> String {
    stdout(&ser(folder, &[&["run", "pipeline.toml"], flags].concat()))
}

/// Every result below `out`, by path: what lies under run/ is no result.
pub fn results(out: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = all_files(out);
    found.retain(|path, _| !path.starts_with("run/"));
    found
}

/// Every file below a folder, by path.
pub fn all_files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    collect(folder, folder, &mut found);
    found
}

fn collect(root: &Path, folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            collect(root, &path, found);
        } else {
            let name = path.strip_prefix(root).expect("below").to_string_lossy().into_owned();
            found.insert(name, fs::read(&path).expect("readable"));
        }
    }
}

pub fn assert_same(left: &Path, right: &Path) {
    let (left, right) = (results(left), results(right));
    assert_eq!(left.keys().collect::<Vec<_>>(), right.keys().collect::<Vec<_>>());
    let different = left.iter().filter(|(path, bytes)| right[*path] != **bytes).map(|(path, _)| path);
    assert_eq!(different.collect::<Vec<_>>(), Vec::<&String>::new());
    for file in ["report.md", "report.html", "metrics.parquet"] {
        assert!(left.contains_key(file), "{file}: {:?}", left.keys());
    }
}

pub fn kill_after(folder: &Path, flags: &[&str], moment: Duration) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ser"))
        .current_dir(folder)
        .args(["run", "pipeline.toml"])
        .args(flags)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("ser starts");
    std::thread::sleep(moment);
    child.kill().expect("killed, or already ended");
    child.wait().expect("waited for");
}
