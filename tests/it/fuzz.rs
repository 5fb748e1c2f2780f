//! The fuzz targets, by the suite: on their seeds as they are and on damaged copies of them.

use std::fs;
use std::path::Path;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::util::job::{run, workplace};

#[path = "../../fuzz/src/lib.rs"]
mod targets;

/// Damaged copies of each seed.
const COPIES: usize = 20;

/// Runs a target on every file of a folder; a relative one lies below the project's root.
fn feed(target: fn(&[u8]), folder: impl AsRef<Path>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let entries = fs::read_dir(&folder).expect("the seeds are there").map(|entry| entry.expect("readable").path());
    let seeds: Vec<_> = entries.filter(|path| path.is_file()).collect();
    assert!(!seeds.is_empty(), "{}", folder.display());
    for seed in seeds {
        let seed = fs::read(seed).expect("readable");
        target(&seed);
        (0..COPIES).for_each(|_| target(&damaged(&seed, &mut random)));
    }
}

/// A few bytes changed, a piece cut out, the end cut off: each as often as not.
fn damaged(seed: &[u8], random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..random.gen_range(0..8) {
        let at = random.gen_range(0..bytes.len());
        bytes[at] = random.r#gen();
    }
    if random.gen_bool(0.5) {
        let at = random.gen_range(0..bytes.len());
        let end = random.gen_range(at..bytes.len());
        bytes.drain(at..end);
    }
    if random.gen_bool(0.5) {
        bytes.truncate(random.gen_range(0..=bytes.len()));
    }
    bytes
}

#[test]
fn audio() {
    feed(targets::audio, "tests/fixtures/audio");
}

#[test]
fn manifest() {
    feed(targets::manifest, "fuzz/seeds/manifest");
}

#[test]
fn model() {
    feed(targets::model, "fuzz/seeds/model");
}

#[test]
fn pipeline() {
    feed(targets::pipeline, "pipelines");
}

#[test]
fn table() {
    let folder = workplace();
    run(folder.path(), &["--set", "train.models=[\"majority\"]"]);
    feed(targets::table, folder.path().join("out/features"));
    feed(targets::table, folder.path().join("out"));
}
