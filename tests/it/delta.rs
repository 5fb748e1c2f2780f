//! Tables that lakehouses read: the log of Delta Lake beside features and predictions.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use crate::util::job::{all_files, assert_same, run, workplace};
use crate::util::s3_server::Server;
use crate::util::{failure, ser, stdout};

const DELTA: [&str; 2] = ["--set", "tables.delta=true"];

/// The actions of every version of a table.
fn versions(table: &Path) -> Vec<Vec<Json>> {
    let files = all_files(&table.join("_delta_log"));
    let actions = |content: &Vec<u8>| {
        let text = String::from_utf8(content.clone()).expect("text");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    };
    let versions = files.values().map(actions).collect::<Vec<_>>();
    let names = files.into_keys().collect::<Vec<_>>();
    assert_eq!(names, (0..versions.len()).map(|number| format!("{number:020}.json")).collect::<Vec<_>>());
    versions
}

/// The files of the last version, with their sizes: what a reader of the log reads.
fn last(table: &Path) -> BTreeMap<String, u64> {
    let mut files = BTreeMap::new();
    for action in versions(table).concat() {
        if let Some(add) = action.get("add") {
            files.insert(add["path"].as_str().expect("a path").to_owned(), add["size"].as_u64().expect("a size"));
        } else if let Some(remove) = action.get("remove") {
            files.remove(remove["path"].as_str().expect("a path"));
        }
    }
    files
}

/// Whether the log names the files that are there, and no others.
fn assert_current(table: &Path) {
    let there = all_files(table).into_iter().filter(|(path, _)| path.ends_with(".parquet"));
    let there =
        there.map(|(path, content)| (path.replace('~', "%7E"), content.len() as u64)).collect::<BTreeMap<_, _>>();
    let told = last(table).into_iter().map(|(path, size)| (path.replace('~', "%7E"), size)).collect::<BTreeMap<_, _>>();
    assert_eq!(told, there, "{}", table.display());
}

#[test]
fn every_change_of_a_table_is_a_version_of_its_log() {
    let folder = workplace();
    let at = folder.path();
    run(at, &["--out", "plain"]);
    run(at, &DELTA);
    let (features, predictions) = (at.join("out/features"), at.join("out/predictions"));
    for table in [&features, &predictions] {
        assert_eq!(versions(table).len(), 1);
        assert_current(table);
    }
    let copy = fs::read_dir(&predictions).expect("readable").map(|entry| entry.expect("readable").path());
    let copy = copy.into_iter().find(|path| path.is_file()).expect("a file");
    assert!(fs::read(copy).expect("there") == fs::read(at.join("out/predictions.parquet")).expect("there"));
    stdout(&ser(at, &["verify", "out"]));
    assert_eq!(run(at, &DELTA).matches("up to date").count(), 6);
    // Some parts change: a version with these alone.
    let wav = all_files(&at.join("corpus")).into_keys().find(|path| path.ends_with(".wav")).expect("a file");
    fs::remove_file(at.join("corpus").join(wav)).expect("removed");
    run(at, &DELTA);
    let all = versions(&features);
    assert_eq!(all.len(), 2);
    let adds = |version: &Vec<Json>| version.iter().filter(|action| action.get("add").is_some()).count();
    assert!(adds(&all[1]) < adds(&all[0]), "{all:?}");
    assert_eq!(versions(&predictions).len(), 2);
    run(at, &[&DELTA[..], &["--set", "features.set=standard"]].concat());
    let schemas = versions(&features).concat().into_iter().filter(|action| action.get("metaData").is_some()).count();
    assert_eq!((schemas, versions(&features).len()), (2, 3), "other columns are another schema");
    for table in [&features, &predictions] {
        assert_current(table);
    }
    // A log that is not kept up would lie.
    let text = run(at, &["--set", "features.set=standard"]);
    assert_eq!(text.matches("up to date").count(), 4, "only extract and train lay their files out anew: {text}");
    assert!(!features.join("_delta_log").exists() || all_files(&features.join("_delta_log")).is_empty());
    assert_eq!(all_files(&predictions).len(), 0);
}

#[test]
fn the_log_moves_no_other_byte_and_is_the_same_in_a_bucket() {
    let folder = workplace();
    let at = folder.path();
    run(at, &["--out", "plain"]);
    run(at, &DELTA);
    let server = Server::start();
    server.upload(&at.join("corpus"), "corpus");
    let place = ["run", "pipeline.toml", "--out", "s3://bucket/out", "--set", "corpus.0.source=s3://bucket/corpus"];
    stdout(&server.ser(at, &[&place[..], &DELTA].concat()));
    assert_same(&at.join("out"), &server.objects().join("out"));
    let without = |folder: &str| {
        let paths = all_files(&at.join(folder)).into_iter();
        let is_result = |path: &str| !["run/", "predictions/"].iter().any(|start| path.starts_with(start));
        paths.filter(|(path, _)| is_result(path) && !path.contains("_delta_log")).collect::<BTreeMap<_, _>>()
    };
    assert!(without("out") == without("plain"));
}

#[test]
fn a_log_of_another_program_is_refused_by_name() {
    let folder = workplace();
    let at = folder.path();
    run(at, &DELTA);
    let log = at.join("out/features/_delta_log");
    fs::rename(log.join(format!("{:020}.json", 0)), log.join(format!("{:020}.json", 7))).expect("moved");
    let (code, error) = failure(&ser(at, &["run", "pipeline.toml", "--set", "tables.delta=true", "--force"]));
    assert_eq!(code, 3, "{error}");
    assert!(error.contains("features/_delta_log") && error.contains("versions are missing"), "{error}");
    let names = all_files(&log).into_keys().collect::<BTreeSet<_>>();
    assert_eq!(names.len(), 1, "nothing was written into it");
    fs::remove_dir_all(&log).expect("removed");
    run(at, &DELTA);
    assert_eq!(versions(&at.join("out/features")).len(), 1);
}
