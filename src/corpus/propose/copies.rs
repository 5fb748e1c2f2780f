//! Recordings that lie there in several formats.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::corpus::paths::{extension, file_name, without_extension};

/// The share of the rarer format's recordings that must exist in the other one.
const SHARED: f64 = 0.8;
/// The share of names that must occur once in a format: numbers of takes occur in every folder.
const UNIQUE: f64 = 0.9;

/// The extension to choose, and all that are there, where nearly all recordings exist in each of several formats. It is
/// the most frequent one, and of equals one that loses nothing.
pub fn one_format<'a>(files: impl Iterator<Item = &'a str>) -> Option<(String, Vec<String>)> {
    let mut formats = BTreeMap::<String, Vec<&str>>::new();
    for path in files {
        formats.entry(extension(path)?).or_default().push(path);
    }
    let lossless = |format: &str| ["flac", "wav"].iter().position(|one| *one == format);
    let best = formats.iter().max_by_key(|(format, paths)| (paths.len(), lossless(format), Reverse(format.as_str())));
    let (best, of_best) = best.map(|(format, paths)| (format.clone(), paths.as_slice()))?;
    let are_all = |paths: &Vec<&str>| are_copies(paths, of_best);
    (formats.len() > 1 && formats.values().all(are_all)).then(|| (best, formats.keys().cloned().collect()))
}

/// Whether nearly all of these are also among those: under the same path, or by a name that occurs once.
fn are_copies(these: &[&str], those: &[&str]) -> bool {
    let shared = |name: fn(&str) -> &str, unique: f64| {
        let [a, b] = [these, those].map(|paths| paths.iter().map(|path| name(path)).collect::<BTreeSet<_>>());
        let is_unique = a.len() as f64 >= unique * these.len() as f64 && b.len() as f64 >= unique * those.len() as f64;
        is_unique && a.intersection(&b).count() as f64 >= SHARED * a.len() as f64
    };
    shared(without_extension, UNIQUE) || shared(|path| without_extension(file_name(path)), UNIQUE)
}
