//! Refuses a `use` that points against the dependency rule of lib.rs, and a crate used outside its room.

use std::fs;
use std::path::{Path, PathBuf};

/// Rooms from the street inwards. A room may use those of later rows, never its own row's neighbours.
const LAYERS: [&[&str]; 9] = [
    &["cli"],
    &["monitor"],
    &["stages"],
    &["pipeline"],
    &["corpus", "protocol", "storage", "table", "report", "synth", "features", "model"],
    &["audio", "dataset"],
    &["dsp", "eval", "matrix", "text"],
    &["options"],
    &["schema"],
];

/// Crates that one room has for itself.
const OWNED: [(&str, &[&str]); 21] = [
    ("polars", &["dataset"]),
    ("arrow", &["table"]),
    ("parquet", &["table"]),
    ("zstd", &["protocol"]),
    ("faer", &["model"]),
    ("linfa", &["model"]),
    ("smartcore", &["model"]),
    ("symphonia", &["audio"]),
    ("rubato", &["audio"]),
    ("hound", &["audio"]),
    ("plotters", &["report"]),
    ("pulldown_cmark", &["report"]),
    ("aws_sdk_s3", &["storage"]),
    ("tokio", &["storage"]),
    ("aws_smithy_http_client", &["storage"]),
    ("aws_smithy_runtime_api", &["storage"]),
    ("clap", &["cli"]),
    ("anyhow", &["cli"]),
    ("tempfile", &["matrix"]),
    ("bytemuck", &["matrix"]),
    ("rayon", &["stages", "model", "cli"]),
];

fn sources() -> Vec<(String, PathBuf)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let rooms = LAYERS.iter().flat_map(|layer| layer.iter());
    let files =
        rooms.flat_map(|room| rust_files(&src.join(room)).into_iter().map(move |file| (room.to_string(), file)));
    let files = files.filter(|(_, file)| !is_test(file)).collect::<Vec<_>>();
    assert!(files.len() > 50, "only {} source files found", files.len());
    files
}

/// Files that only `cfg(test)` compiles.
fn is_test(file: &Path) -> bool {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    ["tests", "testing", "fixture"].contains(&stem.as_ref())
        || stem.ends_with("_tests")
        || file.parent().is_some_and(|folder| folder.ends_with("tests"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                rust_files(&path)
            } else {
                Vec::from_iter(path.to_string_lossy().ends_with(".rs").then_some(path))
            }
        })
        .collect()
}

/// Code without its tests and comments.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).expect("a readable source file");
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

fn layer(room: &str) -> usize {
    LAYERS.iter().position(|rooms| rooms.contains(&room)).expect("every room is in a layer")
}

#[test]
fn arrows_point_inwards() {
    let mut wrong = Vec::new();
    for (room, file) in sources() {
        let code = code(&file);
        for other in LAYERS.iter().flat_map(|layer| layer.iter()).filter(|other| **other != room) {
            let used = [format!("crate::{other}::"), format!("crate::{other};"), format!("crate::{other},")];
            if used.iter().any(|path| code.contains(path.as_str())) && layer(other) <= layer(&room) {
                wrong.push(format!("{} uses {other}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "against the dependency rule of lib.rs:\n{}", wrong.join("\n"));
}

#[test]
fn grouped_imports_of_rooms_do_not_hide_an_arrow() {
    let hidden = sources().into_iter().filter(|(_, file)| code(file).contains("use crate::{"));
    let hidden = hidden.map(|(_, file)| file.display().to_string()).collect::<Vec<_>>();
    assert!(hidden.is_empty(), "write one `use crate::room::...` a room:\n{}", hidden.join("\n"));
}

#[test]
fn crates_stay_in_their_rooms() {
    let mut wrong = Vec::new();
    for (room, file) in sources() {
        let code = code(&file);
        for (name, rooms) in OWNED.iter().filter(|(_, rooms)| !rooms.contains(&room.as_str())) {
            if code.contains(&format!("{name}::")) {
                wrong.push(format!("{} uses {name}, which belongs to {rooms:?}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_storage_touches_the_disk_and_only_cli_ends_the_process() {
    let banned = [("std::fs", "storage"), ("std::env::", "cli"), ("process::exit", "cli")];
    let mut wrong = Vec::new();
    for (room, file) in sources() {
        let mut code = code(&file);
        if room == "matrix" {
            // What tempfile gives has no name: only its type is used, and no path of the disk.
            code = code.replace("use std::fs::File;", "");
        }
        for (word, _) in banned.iter().filter(|(word, owner)| *owner != room && code.contains(word)) {
            wrong.push(format!("{} has `{word}`", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The walk in ARCHITECTURE.md: a file of src and the functions of it that an audio byte passes.
#[test]
fn the_walk_names_functions_that_exist() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(top.join("docs/ARCHITECTURE.md")).expect("a document");
    let walk = text.split("## The walk").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("a chapter");
    let entries = walk.split(['|', ';']).filter(|entry| entry.contains(".rs`: "));
    let (mut files, mut functions) = (0, 0);
    for entry in entries {
        let words: Vec<&str> = entry.split('`').skip(1).step_by(2).collect();
        let source = fs::read_to_string(top.join("src").join(words[0])).unwrap_or_default();
        files += 1;
        for name in &words[1..] {
            assert!(source.contains(&format!("fn {name}(")) || source.contains(&format!("fn {name}<")), "{entry}");
            functions += 1;
        }
    }
    assert!((30..=40).contains(&files) && functions <= 45, "{files} files, {functions} functions");
}
