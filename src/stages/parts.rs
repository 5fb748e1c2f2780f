//! Where the parts of the features table begin, and which of them are already there.
//!
//! A part begins where the hash of an utterance's id says so: adding a file rewrites only the part it falls into, and
//! the same utterances always make the same parts, whatever was killed or added on the way.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::schema::Utterance;
use crate::storage::Store;

use super::{StageError, output};

/// No part is longer than this many times the mean: the cut that bounds memory.
const LONGEST_PART: usize = 4;

/// A run of utterances that share a file of the features table.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// Rows of the utterances table.
    pub rows: Range<usize>,
    /// File name without folder and extension.
    pub name: String,
    /// Content hash of these rows.
    pub utterances: String,
    /// Changes when anything that the part is made of changes.
    pub key: String,
}

/// Kept beside a finished part.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Seal {
    key: String,
    bytes: u64,
}

/// Cuts sorted utterances into parts of `mean_rows` on average.
pub(super) fn cut(utterances: &[Utterance], mean_rows: u32) -> Vec<Range<usize>> {
    let mut cuts = Vec::new();
    let mut start = 0;
    for (index, utterance) in utterances.iter().enumerate().skip(1) {
        let full = index - start >= mean_rows as usize * LONGEST_PART;
        if full || begins_part(&utterance.utterance_id, mean_rows) {
            cuts.push(start..index);
            start = index;
        }
    }
    if start < utterances.len() {
        cuts.push(start..utterances.len());
    }
    cuts
}

/// A file name that sorts and reads like the part's first utterance id.
pub(super) fn name(first_id: &str) -> String {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let readable = first_id.chars().take(80).map(|c| if legal(c) { c } else { '~' }).collect::<String>();
    let hash = blake3::hash(first_id.as_bytes()).to_hex();
    format!("{readable}.{}", &hash[..8])
}

impl Part {
    /// Where readers find the part.
    pub fn published(&self) -> String {
        format!("features/{}.parquet", self.name)
    }

    /// Where it waits until every part is there.
    pub fn staged(&self) -> String {
        format!("run/extract/{}.parquet", self.name)
    }

    /// The rows that the part refused.
    pub fn rejects(&self) -> String {
        format!("run/extract/{}.rejects.parquet", self.name)
    }

    /// Says that the part is finished, and what it was made of.
    pub fn seal_path(&self) -> String {
        format!("run/extract/{}.json", self.name)
    }

    /// Whether the part is finished, staged or published.
    pub fn is_done(&self, out: &dyn Store) -> Result<bool, StageError> {
        if out.stat(&self.seal_path())?.is_none() || out.stat(&self.rejects())?.is_none() {
            return Ok(false);
        }
        let Ok(seal) = serde_json::from_slice::<Seal>(&out.get(&self.seal_path())?) else { return Ok(false) };
        let staged = out.stat(&self.staged())?;
        let file = if staged.is_some() { staged } else { out.stat(&self.published())? };
        Ok(seal.key == self.key && file.is_some_and(|file| file.bytes == seal.bytes))
    }

    /// Marks the staged part of `bytes` bytes as finished.
    pub fn seal(&self, out: &dyn Store, bytes: u64) -> Result<(), StageError> {
        output::put_json(out, &self.seal_path(), &Seal { key: self.key.clone(), bytes })
    }
}

fn begins_part(id: &str, mean_rows: u32) -> bool {
    let hash = blake3::hash(id.as_bytes());
    let head = hash.as_bytes()[..8].iter().fold(0_u64, |number, &byte| number << 8 | u64::from(byte));
    head % u64::from(mean_rows) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utterances(count: usize) -> Vec<Utterance> {
        (0..count)
            .map(|i| Utterance {
                utterance_id: format!("c/{i:06}"),
                corpus: "c".into(),
                path: format!("{i:06}.wav"),
                start_s: None,
                end_s: None,
                speaker: None,
                gender: None,
                text_id: None,
                intensity: None,
                language: None,
                source_label: "anger".into(),
                emotion: "anger".into(),
                bytes: 1,
            })
            .collect()
    }

    fn starts(utterances: &[Utterance], mean: u32) -> Vec<String> {
        cut(utterances, mean).iter().map(|range| utterances[range.start].utterance_id.clone()).collect()
    }

    #[test]
    fn parts_cover_every_row_once_and_are_bounded() {
        for (count, mean) in [(0, 10), (1, 10), (5000, 100), (300, 1), (10_000, 7)] {
            let rows = utterances(count);
            let cuts = cut(&rows, mean);
            assert_eq!(cuts.iter().map(ExactSizeIterator::len).sum::<usize>(), count);
            assert!(cuts.windows(2).all(|pair| pair[0].end == pair[1].start));
            assert!(cuts.iter().all(|part| part.len() <= mean as usize * LONGEST_PART));
        }
        let parts = cut(&utterances(20_000), 100).len();
        assert!((150..260).contains(&parts), "{parts} parts of 100 rows on average");
    }

    #[test]
    fn adding_an_utterance_moves_one_boundary_at_most() {
        let all = utterances(2000);
        let before = starts(&all[..], 50);
        let mut fewer = all.clone();
        fewer.remove(1001);
        let after = starts(&fewer, 50);
        let moved = before.iter().filter(|start| !after.contains(start)).count();
        assert!(moved <= 2, "{moved} boundaries moved");
    }

    #[test]
    fn names_are_safe_and_distinct() {
        assert_eq!(name("a/b|c"), format!("a~b~c.{}", &blake3::hash(b"a/b|c").to_hex()[..8]));
        assert_ne!(name("a/b"), name("a~b"));
        assert!(name(&"ä".repeat(500)).len() < 100);
    }
}
