//! The recordings of a corpus, by the ends of their paths.

use std::collections::BTreeMap;

use super::super::SourceFiles;
use super::super::named::audio_files;
use super::super::paths::{extension, file_name, with_slashes, without_extension};
use crate::corpus::{Corpus, usual_extensions};

/// A recording that a row names.
pub struct Recording {
    /// Its path in the listing, or what the row says where there is none.
    pub path: String,
    /// The last part of what the row says.
    pub key: String,
}

/// All recordings of a source.
pub struct Recordings<'a> {
    listed: &'a SourceFiles,
    by_stem: BTreeMap<String, Vec<u32>>,
}

impl<'a> Recordings<'a> {
    pub fn new(config: &Corpus, listed: &'a SourceFiles) -> Self {
        let mut by_stem = BTreeMap::<String, Vec<u32>>::new();
        for number in audio_files(config, listed).0 {
            let path = listed.get(number as usize).path;
            by_stem.entry(without_extension(file_name(path)).to_owned()).or_default().push(number);
        }
        Self { listed, by_stem }
    }

    /// The recording whose path ends in this one; extensions do not count.
    ///
    /// # Errors
    /// There are several.
    pub fn find(&self, end: &str) -> Result<Recording, String> {
        let is_audio = extension(end).is_some_and(|found| usual_extensions().any(|usual| usual == found));
        let end = if is_audio { without_extension(end) } else { end };
        let key = file_name(end).to_owned();
        let is_one = |path: &str| {
            let whole = with_slashes(without_extension(path));
            whole.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
        };
        let numbers = self.by_stem.get(&key).map_or(&[][..], Vec::as_slice);
        let mut paths = numbers.iter().map(|number| self.listed.get(*number as usize).path).filter(|path| is_one(path));
        match (paths.next(), paths.next()) {
            (Some(first), Some(second)) => Err(format!(
                "both {first:?} and {second:?} may be the recording {end:?}; leave one of them out, by `extensions` or \
                 by a `source` that holds only one"
            )),
            (found, _) => Ok(Recording { path: found.unwrap_or(end).to_owned(), key }),
        }
    }
}
