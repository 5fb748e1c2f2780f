//! Where the parts of the features table begin, which of them are already there, and how they move to where readers look
//! when all are.
//!
//! A part begins where the hash of an utterance's id says so: adding a file rewrites only the part it falls into, and
//! the same utterances always make the same parts, whatever was killed or added on the way.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::options;
use crate::schema::Utterance;
use crate::storage::{Entry, Store};

use super::super::{Context, Files, OutputFile, StageError, Written, output, written};

/// Where parts wait until every part is there, and where their seals and rejects stay.
const STAGED: &str = "run/extract";

/// No part is longer than this many times the mean: the cut that bounds memory.
const LONGEST_PART: usize = 2;

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

/// Kept beside a finished part: removed before the first of its files changes, written after the last.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PartSeal {
    /// [`Part::key`].
    pub key: String,
    /// The part's file.
    pub features: OutputFile,
    /// The rows that it refused.
    pub rejects: OutputFile,
    /// The files that hold the part's frames; None where they were not wanted.
    pub frames: Option<Vec<OutputFile>>,
    /// Rows of augmented copies.
    pub augmented: u64,
    /// Utterances whose signal is suspicious, by the word of the column `signal`.
    pub signals: BTreeMap<String, u64>,
}

/// A file of a part: where it waits, where readers find it, and what it holds.
pub(super) struct PartFile<'a> {
    pub staged: String,
    pub published: String,
    pub file: &'a OutputFile,
}

/// Cuts sorted utterances into parts of `mean` on average.
pub(super) fn cut(utterances: &[Utterance], mean: u32) -> Vec<Range<usize>> {
    let mut cuts = Vec::new();
    let mut start = 0;
    for (index, utterance) in utterances.iter().enumerate().skip(1) {
        let full = index - start >= mean as usize * LONGEST_PART;
        if full || begins_part(&utterance.utterance_id, mean) {
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

/// Which of the parts are finished, staged or published, with their frames where `frames` are wanted: as their seals and
/// the sizes of their files say.
pub(super) fn done(out: &dyn Store, parts: &[Part], frames: bool) -> Result<Vec<bool>, StageError> {
    let listed = written::listed(out, &[STAGED, "features", "frames"])?;
    let is_done = |(part, seal): (&Part, Option<PartSeal>)| match seal {
        Some(seal) if seal.key == part.key && (!frames || seal.frames.is_some()) => {
            part.files(&seal, frames, &listed).are_there(|path| Ok(listed.get(path).cloned()))
        }
        _ => Ok(false),
    };
    parts.iter().zip(seals(out, parts, &listed)?).map(is_done).collect()
}

/// Which of the parts hold what their seals say: reads their files.
pub(super) fn intact(out: &dyn Store, parts: &[Part], frames: bool) -> Result<Vec<bool>, StageError> {
    let listed = written::listed(out, &[STAGED])?;
    let is_intact = |(part, seal): (&Part, Option<PartSeal>)| match seal {
        Some(seal) => part.files(&seal, frames, &listed).are_intact(out),
        None => Ok(false),
    };
    parts.iter().zip(seals(out, parts, &listed)?).map(is_intact).collect()
}

/// The seal of each part, where it is finished.
pub(super) fn sealed(out: &dyn Store, parts: &[Part]) -> Result<Vec<Option<PartSeal>>, StageError> {
    seals(out, parts, &written::listed(out, &[STAGED])?)
}

/// The parts' seals; None where there is none that can be read.
fn seals(
    out: &dyn Store,
    parts: &[Part],
    entries: &BTreeMap<String, Entry>,
) -> Result<Vec<Option<PartSeal>>, StageError> {
    let sealed = parts.iter().filter_map(|part| entries.get(&part.seal_path()).cloned());
    let mut fetches = out.fetch(sealed.collect());
    let mut seal = |part: &Part| match entries.get(&part.seal_path()).and_then(|_| fetches.next()) {
        Some(fetch) => Ok(serde_json::from_slice(&fetch()?).ok()),
        None => Ok(None),
    };
    parts.iter().map(&mut seal).collect()
}

/// Moves staged parts to where readers look, and takes away what is of no part any more; what is there now.
pub(super) fn publish(context: &Context, parts: &[Part]) -> Result<Vec<Written>, StageError> {
    let out = context.out;
    let seals = sealed(out, parts)?;
    let frames = context.parameters.pipeline.extract.frames;
    let mut places = Vec::<PartFile>::new();
    for (part, seal) in parts.iter().zip(&seals) {
        // Every part was sealed by now: somebody else is at work here.
        let path = || format!("{}/{}", out.root(), part.seal_path());
        let seal = seal.as_ref().ok_or_else(|| StageError::Altered { path: path(), stage: "extract" })?;
        places.extend(part.places(seal, frames));
    }
    let staged = written::listed(out, &[STAGED])?;
    for place in places.iter().filter(|place| staged.contains_key(&place.staged)) {
        out.rename(&place.staged, &place.published)?;
    }
    let outputs = places.into_iter().map(|place| Written { path: place.published, file: place.file.clone() });
    let outputs = outputs.collect::<Vec<_>>();
    let kept = parts.iter().flat_map(|part| [part.rejects(), part.seal_path()]);
    let wanted = outputs.iter().map(|written| written.path.clone()).chain(kept).collect::<BTreeSet<_>>();
    let former = written::listed(out, &["features", "frames", STAGED])?;
    output::remove_others(out, former.into_values(), &wanted, is_of_a_part)?;
    Ok(outputs)
}

/// Whether a path is one that this or an earlier run gave a part: its name ends in the hash that [`name`] adds.
pub(super) fn is_of_a_part(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    let stem = [".rejects.parquet", ".frames.parquet", ".parquet", ".json"]
        .iter()
        .find_map(|ending| file.strip_suffix(ending));
    let hash = stem.and_then(|stem| Some(stem.rsplit_once('.')?.1));
    hash.is_some_and(|hash| hash.len() == 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
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

    /// Where readers find file `number` of the part's frames.
    pub fn frames(&self, number: usize) -> String {
        format!("frames/{}.parquet", self.numbered(number))
    }

    /// Where it waits until every part is there.
    pub fn staged_frames(&self, number: usize) -> String {
        format!("run/extract/{}.frames.parquet", self.numbered(number))
    }

    /// The name with a number before the hash that it ends in.
    fn numbered(&self, number: usize) -> String {
        let (readable, hash) = self.name.rsplit_once('.').unwrap_or_default();
        format!("{readable}.{number:03}.{hash}")
    }

    /// Where its features lie, and its frames where they are wanted.
    pub fn places<'a>(&self, seal: &'a PartSeal, frames: bool) -> Vec<PartFile<'a>> {
        let features = PartFile { staged: self.staged(), published: self.published(), file: &seal.features };
        let of_frames = seal.frames.iter().flatten().filter(|_| frames).enumerate();
        let of_frames = of_frames.map(|(number, file)| {
            let (staged, published) = (self.staged_frames(number), self.frames(number));
            PartFile { staged, published, file }
        });
        iter::once(features).chain(of_frames).collect()
    }

    /// Its files where they are now: what is listed as staged has yet to be published.
    fn files(&self, seal: &PartSeal, frames: bool, listed: &BTreeMap<String, Entry>) -> Files {
        let rejects = Written { path: self.rejects(), file: seal.rejects.clone() };
        let others = self.places(seal, frames).into_iter().map(|place| {
            let is_staged = listed.contains_key(&place.staged);
            Written { path: if is_staged { place.staged } else { place.published }, file: place.file.clone() }
        });
        iter::once(rejects).chain(others).collect()
    }

    /// The rows that the part refused.
    pub fn rejects(&self) -> String {
        format!("run/extract/{}.rejects.parquet", self.name)
    }

    /// Says that the part is finished, and what it was made of.
    pub fn seal_path(&self) -> String {
        format!("run/extract/{}.json", self.name)
    }

    /// Marks the staged part as finished.
    pub fn seal(&self, out: &dyn Store, seal: &PartSeal) -> Result<(), StageError> {
        written::put_json(out, &self.seal_path(), seal)
    }
}

fn begins_part(id: &str, mean: u32) -> bool {
    options::hash_number(id).is_multiple_of(u64::from(mean))
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
        let part = Part { rows: 0..1, name: name("a/b"), utterances: String::new(), key: String::new() };
        let frames = [part.frames(0), part.staged_frames(12)];
        for path in [part.published(), part.staged(), part.rejects(), part.seal_path()].into_iter().chain(frames) {
            assert!(is_of_a_part(&path), "{path}");
        }
        for path in ["features/notes.txt", "features/mine.parquet", "features/.DS_Store", "features/a.v2.parquet"] {
            assert!(!is_of_a_part(path), "{path}");
        }
        assert!(name(&"ä".repeat(500)).len() < 100);
    }
}
