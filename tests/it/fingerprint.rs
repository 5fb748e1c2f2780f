//! Caches are keyed by the code that made what they hold.

#[path = "../../build/fingerprint.rs"]
mod of_sources;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use of_sources::{COMMON, STAGES, Source, fingerprints, is_of};

use crate::util::job::{all_files, run, workplace};

/// Rooms whose code moves no number; what `pipeline` puts together is hashed as parameters.
const OUTSIDE: [&str; 3] = ["storage", "cli", "pipeline"];

fn lock() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock")).expect("a lock file")
}

fn sources() -> Vec<Source> {
    all_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).into_iter().collect()
}

/// The stages whose hash differs.
fn moved(sources: &[Source], lock: &str) -> Vec<&'static str> {
    let before = fingerprints(&self::sources(), &self::lock());
    let after = fingerprints(sources, lock);
    before.iter().zip(&after).filter(|(a, b)| a != b).map(|(a, _)| a.0).collect()
}

/// The sources with a line more in one file.
fn with_a_line_in(path: &str) -> Vec<Source> {
    let mut sources = sources();
    let (_, content) = sources.iter_mut().find(|(name, _)| name == path).expect(path);
    content.extend_from_slice(b"\n// changed\n");
    sources
}

#[test]
fn the_program_carries_the_hashes_of_its_sources() {
    let built = [
        ("ingest", env!("SER_BUILD_INGEST")),
        ("extract", env!("SER_BUILD_EXTRACT")),
        ("split", env!("SER_BUILD_SPLIT")),
        ("normalize", env!("SER_BUILD_NORMALIZE")),
        ("train", env!("SER_BUILD_TRAIN")),
        ("evaluate", env!("SER_BUILD_EVALUATE")),
        ("predict", env!("SER_BUILD_PREDICT")),
    ];
    let built: Vec<(&str, String)> = built.map(|(stage, hash)| (stage, hash.to_owned())).into();
    assert_eq!(fingerprints(&sources(), &lock()), built);
    assert_eq!(built.iter().map(|(_, hash)| hash).collect::<BTreeSet<_>>().len(), 7);
}

#[test]
fn a_changed_room_moves_the_stages_that_compute_with_it() {
    let of = |path: &str| moved(&with_a_line_in(path), &lock());
    assert_eq!(of("dsp/mel.rs"), ["extract", "predict"]);
    assert_eq!(of("features/sets/rich.toml"), ["extract", "predict"]);
    assert_eq!(of("options/checks.rs").len(), 7);
    assert_eq!(of("model/svm.rs"), ["train", "evaluate", "predict"]);
    assert_eq!(of("dataset/scaler.rs"), ["split", "normalize", "train", "evaluate", "predict"]);
    assert_eq!(of("report/html/style.css"), ["evaluate"]);
    assert_eq!(of("stages/train/plan.rs"), ["train"]);
    assert_eq!(of("stages/train.rs"), ["train"]);
    assert_eq!(of("stages/workers.rs"), ["extract", "predict"]);
    for nobody in [
        "cli/args/mod.rs",
        "storage/local.rs",
        "stages/ledger.rs",
        "stages/verify.rs",
        "pipeline/file.rs",
        "model/tests/saved.rs",
    ] {
        assert_eq!(of(nobody), [""; 0], "{nobody}");
    }
    let gone: Vec<Source> = sources().into_iter().filter(|(path, _)| path != "model/svm.rs").collect();
    assert_eq!(moved(&gone, &lock()), ["train", "evaluate", "predict"]);
}

#[test]
fn neither_the_order_of_files_nor_the_ends_of_lines_matter() {
    let mut sources = sources();
    sources.reverse();
    for (_, content) in sources.iter_mut().filter(|(path, _)| path.ends_with(".rs")) {
        *content = String::from_utf8(std::mem::take(content)).expect("text").replace('\n', "\r\n").into_bytes();
    }
    assert_eq!(moved(&sources, &lock()), [""; 0]);
    // What moves from the end of one file to the beginning of the next is no longer the same.
    let two = |a: &str, b: &str| fingerprints(&[("model/a.rs".into(), a.into()), ("model/b.rs".into(), b.into())], "");
    assert_ne!(two("ab", "c"), two("a", "bc"));
}

/// The lock file with another version of a package.
fn with_another(package: &str) -> String {
    let lock = lock();
    let at = lock.find(&format!("name = \"{package}\"\nversion = \"")).expect(package);
    let version = at + lock[at..].find("version").expect("a version");
    let end = version + lock[version..].find('\n').expect("a line");
    format!("{}version = \"99.0.0\"{}", &lock[..version], &lock[end..])
}

#[test]
fn another_version_of_a_crate_moves_the_stages_that_are_built_from_it() {
    let of = |package: &str| moved(&sources(), &with_another(package));
    assert_eq!(of("rustfft"), ["extract", "predict"]);
    assert_eq!(of("symphonia-core"), ["extract", "predict"], "by way of symphonia");
    assert_eq!(of("faer"), ["train", "evaluate", "predict"]);
    assert_eq!(of("plotters"), ["evaluate"]);
    assert_eq!(of("parquet").len(), 7);
    for nobody in ["clap", "indicatif", "aws-sdk-s3", "s3s"] {
        assert_eq!(of(nobody), [""; 0], "{nobody}");
    }
}

/// Code without its tests and comments.
fn code(content: &[u8]) -> String {
    let text = String::from_utf8_lossy(content);
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_table_of_stages_names_all_that_they_use() {
    let sources: BTreeMap<String, String> =
        sources().iter().map(|(path, content)| (path.clone(), code(content))).collect();
    let rooms: BTreeSet<&str> = sources.keys().filter_map(|path| path.split_once('/')).map(|(room, _)| room).collect();
    let modules = sources.keys().filter_map(|path| path.strip_prefix("stages/")?.strip_suffix(".rs"));
    let modules: Vec<&str> = modules.filter(|name| !name.contains('/') && *name != "mod").collect();
    assert!(rooms.len() > 10 && modules.contains(&"workers"), "{rooms:?} {modules:?}");
    let mut missing = Vec::new();
    for (stage, units) in STAGES {
        let units: Vec<&str> = COMMON.iter().chain(units).copied().collect();
        for (path, code) in sources.iter().filter(|(path, _)| units.iter().any(|unit| is_of(path, unit))) {
            let lacks = |room: &&&str| !units.contains(room) && !OUTSIDE.contains(room) && **room != "stages";
            let named = |room: &&&str| ['{', ':', ';'].iter().any(|end| code.contains(&format!("crate::{room}{end}")));
            missing.extend(rooms.iter().filter(lacks).filter(named).map(|room| format!("{stage}: {path} uses {room}")));
            // What computes beside the stages; the others write records and words.
            let computing =
                ["workers", "facts"].into_iter().filter(|module| !units.contains(&&*format!("stages/{module}")));
            let called =
                computing.filter(|module| code.contains(&format!("{module}::")) && path.starts_with("stages/"));
            missing.extend(called.map(|module| format!("{stage}: {path} uses {module}")));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// Writes another build into a record or seal.
fn of_another_build(path: &Path, field: &str) {
    let text = fs::read_to_string(path).expect("a record");
    let mut json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert!(json[field].is_string(), "{text}");
    json[field] = "another".into();
    fs::write(path, json.to_string()).expect("written");
}

#[test]
fn what_another_build_made_is_made_anew() {
    let folder = workplace();
    run(folder.path(), &[]);
    let out = folder.path().join("out");
    for stage in ["ingest", "extract", "split", "normalize", "train", "evaluate"] {
        of_another_build(&out.join(format!("run/{stage}.json")), "build");
        let text = run(folder.path(), &[]);
        assert_eq!(text.matches("up to date").count(), 5, "{stage}: {text}");
        assert!(!text.lines().any(|line| line.starts_with(stage) && line.contains("up to date")), "{text}");
    }
    fs::remove_file(out.join("run/train.json")).expect("a record");
    of_another_build(&out.join("run/train/svm/fold-0/seed-0.json"), "key");
    assert!(run(folder.path(), &[]).contains("8 fits, 1 of them new"));
    let build = env!("SER_BUILD_TRAIN");
    for (path, content) in all_files(&out).iter().filter(|(path, _)| !path.starts_with("run/")) {
        assert!(!content.windows(build.len()).any(|window| window == build.as_bytes()), "{path} names the build");
    }
}
