//! `ser predict --shard`: workers stage whole inputs, and the same command without a shard publishes.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::predict::workplace;
use crate::util::job::{all_files, run};
use crate::util::s3_server::Server;
use crate::util::{failure, ser, stdout};

const MODEL: &str = "out/models/logistic/fold-0";

/// Six inputs of nine files, one of them broken, and what one process makes of them in `whole`.
fn trained(scope: &str) -> (TempDir, Vec<String>) {
    let folder = workplace();
    let scope = format!("normalize.scope='{scope}'");
    run(folder.path(), &["--set", "train.models=['logistic']", "--set", &scope]);
    let inputs =
        fs::read_dir(folder.path().join("corpus")).expect("readable").map(|entry| entry.expect("readable").path());
    let mut inputs = inputs.filter(|path| path.is_dir()).collect::<Vec<_>>();
    inputs.sort();
    fs::write(inputs[0].join("broken.wav"), b"no audio").expect("written");
    let inputs = inputs.iter().map(|path| path.display().to_string()).collect::<Vec<_>>();
    stdout(&ser(folder.path(), &command(&inputs, &["--out", "whole"])));
    (folder, inputs)
}

fn command<'a>(inputs: &'a [String], flags: &[&'a str]) -> Vec<&'a str> {
    let inputs = inputs.iter().map(String::as_str);
    ["predict", MODEL]
        .into_iter()
        .chain(inputs)
        .chain(["--max-reject-rate", "0.5"])
        .chain(flags.iter().copied())
        .collect()
}

fn assert_same(folder: &Path, out: &Path) {
    for table in ["inferences.parquet", "rejects.parquet"] {
        assert!(
            fs::read(out.join(table)).expect("there") == fs::read(folder.join("whole").join(table)).expect("there")
        );
    }
}

#[test]
fn shards_of_inputs_make_the_tables_of_one_process() {
    for scope in ["corpus", "speaker"] {
        let (folder, inputs) = trained(scope);
        let at = folder.path();
        let shard = |shard: &str| stdout(&ser(at, &command(&inputs, &["--out", "shared", "--shard", shard])));
        assert!(shard("2/3").contains("2 inputs of shard 2/3, 2 of them new"), "{scope}");
        assert!(shard("2/3").contains("2 inputs of shard 2/3, 0 of them new"), "{scope}");
        shard("1/3");
        // Other shards of the same inputs may be made too, and one is missing: the publisher predicts it.
        shard("1/6");
        assert!(!at.join("shared/inferences.parquet").exists(), "workers publish nothing");
        stdout(&ser(at, &command(&inputs, &["--out", "shared"])));
        assert_same(at, &at.join("shared"));
        assert_eq!(all_files(&at.join("shared/run/predict")).len(), 0, "what is published is not kept twice");
        let again = stdout(&ser(at, &command(&inputs, &["--out", "shared"])));
        assert!(again.contains("up to date"), "{again}");
    }
}

#[test]
fn a_share_that_was_changed_or_is_of_other_files_is_not_used() {
    let (folder, inputs) = trained("corpus");
    let at = folder.path();
    let shard = || drop(stdout(&ser(at, &command(&inputs, &["--out", "shared", "--shard", "1/1"]))));
    shard();
    let staging = at.join("shared/run/predict");
    let staged = all_files(&staging).into_keys().find(|path| path.ends_with("inferences.parquet")).expect("staged");
    fs::write(staging.join(&staged), b"other").expect("written");
    stdout(&ser(at, &command(&inputs, &["--out", "shared"])));
    assert_same(at, &at.join("shared"));
    shard();
    fs::copy(Path::new(&inputs[1]).join("anger_s01_r1.wav"), Path::new(&inputs[0]).join("broken.wav")).expect("copied");
    for out in ["whole", "shared"] {
        stdout(&ser(at, &command(&inputs, &["--out", out])));
    }
    assert_same(at, &at.join("shared"));
    for flags in [["--shard", "3/2"], ["--shard", "0/1"]] {
        assert_eq!(failure(&ser(at, &command(&inputs, &flags))).0, 2);
    }
    assert_eq!(failure(&ser(at, &command(&inputs, &["--shard", "1/2", "--force"]))).0, 2);
}

#[test]
fn shares_may_be_staged_in_a_bucket() {
    let (folder, inputs) = trained("corpus");
    let server = Server::start();
    let at = folder.path();
    for shard in [&["--shard", "1/2"][..], &["--shard", "2/2"], &[]] {
        let flags = [&["--out", "s3://bucket/shared"], shard].concat();
        stdout(&server.ser(at, &command(&inputs, &flags)));
    }
    assert_same(at, &server.objects().join("shared"));
}
