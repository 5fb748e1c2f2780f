//! What the numbers of each stage depend on, as a hash: the sources of the rooms that compute it, and the locked
//! versions of the crates that those rooms name. Shared by build.rs and the tests.

use std::collections::{BTreeMap, BTreeSet};

/// What a stage is computed with, beside [`COMMON`]: rooms, and modules of src/stages. A test compares it with the `use`
/// lines. Where bytes lie (`storage`) and what is said on the way (`cli`, the errors of stages) moves no number.
pub const STAGES: [(&str, &[&str]); 7] = [
    ("ingest", &["corpus", "synth", "text", "stages/ingest", "stages/rejects"]),
    ("extract", &["audio", "dsp", "features", "matrix", "text", "stages/workers", "stages/extract", "stages/rejects"]),
    ("split", &["dataset", "eval", "matrix", "protocol", "stages/published", "stages/rows", "stages/split"]),
    ("normalize", &["dataset", "eval", "matrix", "stages/normalize", "stages/rows"]),
    ("train", &["dataset", "eval", "matrix", "model", "stages/regress", "stages/rows", "stages/train"]),
    (
        "evaluate",
        &[
            "corpus",
            "dataset",
            "eval",
            "matrix",
            "model",
            "protocol",
            "report",
            "text",
            "stages/evaluate",
            "stages/facts",
        ],
    ),
    (
        "predict",
        &[
            "audio",
            "corpus",
            "dataset",
            "dsp",
            "eval",
            "features",
            "matrix",
            "model",
            "text",
            "stages/workers",
            "stages/predict",
            "stages/rejects",
        ],
    ),
];

/// What every stage is computed with.
pub const COMMON: [&str; 5] = ["options", "schema", "table", "stages/features_table", "stages/output"];

/// A source file: its path below src/, with `/`, and its content.
pub type Source = (String, Vec<u8>);

/// A hash a stage. Neither the order of the files nor the ends of their lines matter; files of tests are left out.
/// `lock` is the text of Cargo.lock, empty where there is none.
pub fn fingerprints(sources: &[Source], lock: &str) -> Vec<(&'static str, String)> {
    STAGES.iter().map(|(stage, units)| (*stage, fingerprint(&of_units(sources, units), lock))).collect()
}

fn fingerprint(sources: &BTreeMap<&str, &[u8]>, lock: &str) -> String {
    let mut hash = Hash::new();
    for (path, content) in sources {
        hash.text(path.as_bytes());
        hash.text(&content.iter().copied().filter(|byte| *byte != b'\r').collect::<Vec<_>>());
    }
    locked(lock, sources).iter().for_each(|package| hash.text(package.as_bytes()));
    format!("{:032x}", hash.0)
}

/// The sources of a stage, by path.
fn of_units<'a>(sources: &'a [Source], units: &[&str]) -> BTreeMap<&'a str, &'a [u8]> {
    let units = COMMON.iter().chain(units);
    let is_in = |path: &str| units.clone().any(|unit| is_of(path, unit)) && !is_test(path);
    let wanted = sources.iter().filter(|(path, _)| is_in(path));
    wanted.map(|(path, content)| (path.as_str(), content.as_slice())).collect()
}

/// Whether a file is that of a module, or below its folder.
pub fn is_of(path: &str, unit: &str) -> bool {
    path.strip_prefix(unit).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

/// Whether only tests compile a file.
fn is_test(path: &str) -> bool {
    let stem = path.rsplit('/').next().and_then(|file| file.strip_suffix(".rs")).unwrap_or_default();
    ["tests", "testing", "fixture"].contains(&stem) || stem.ends_with("_tests") || path.contains("/tests/")
}

/// Name, version and checksum of every package that the sources name, and of all that those are built from.
fn locked(lock: &str, sources: &BTreeMap<&str, &[u8]>) -> BTreeSet<String> {
    let packages: Vec<Package> = lock.split("[[package]]").skip(1).map(Package::parse).collect();
    let text: String = sources.values().map(|content| String::from_utf8_lossy(content)).collect();
    let own = packages.iter().find(|package| package.name == "ser-etl");
    let is_named = |dependency: &&&str| {
        let name = dependency.split(' ').next().unwrap_or_default().replace('-', "_");
        text.match_indices(&format!("{name}::")).any(|(at, _)| !text[..at].ends_with(is_of_a_word))
    };
    let mut waiting: Vec<&str> = own.iter().flat_map(|own| own.dependencies.iter().filter(is_named)).copied().collect();
    let mut found = BTreeSet::new();
    while let Some(dependency) = waiting.pop() {
        for package in packages.iter().filter(|package| package.is(dependency)) {
            if found.insert(format!("{} {} {}", package.name, package.version, package.checksum)) {
                waiting.extend(&package.dependencies);
            }
        }
    }
    found
}

fn is_of_a_word(last: char) -> bool {
    last.is_alphanumeric() || last == '_'
}

/// A package of Cargo.lock.
#[derive(Default)]
struct Package<'a> {
    name: &'a str,
    version: &'a str,
    checksum: &'a str,
    /// `name`, or `name version` where there are several of that name.
    dependencies: Vec<&'a str>,
}

impl<'a> Package<'a> {
    fn parse(text: &'a str) -> Self {
        let mut package = Self::default();
        for line in text.lines().map(str::trim) {
            match line.split_once(" = ") {
                Some(("name", value)) => package.name = value.trim_matches('"'),
                Some(("version", value)) => package.version = value.trim_matches('"'),
                Some(("checksum", value)) => package.checksum = value.trim_matches('"'),
                None if line.starts_with('"') => package.dependencies.push(line.trim_matches(['"', ','])),
                _ => {}
            }
        }
        package
    }

    fn is(&self, dependency: &str) -> bool {
        let mut words = dependency.split(' ');
        words.next() == Some(self.name) && words.next().is_none_or(|version| version == self.version)
    }
}

/// FNV-1a of 128 bits: the same from every toolchain, and no crate is compiled for it.
struct Hash(u128);

impl Hash {
    fn new() -> Self {
        Self(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)
    }

    /// Length first, so that no two sequences of texts look alike.
    fn text(&mut self, text: &[u8]) {
        for byte in (text.len() as u64).to_le_bytes().iter().chain(text) {
            self.0 = (self.0 ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
    }
}
