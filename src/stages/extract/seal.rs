//! Finished parts: where their files are, staged or published, and the seals that vouch for them.
//!
//! Any number of attempts at a part may be made, from any host and at any time. Each gives its files names of its own,
//! so that none touches those of another. The seal comes last and names the attempt that it vouches for. It has the name
//! of the part and its key, and only a run that holds the output alone writes over one.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;

use serde::{Deserialize, Serialize};

use crate::dsp::VectorLevel;
use crate::stages::{Files, OutputFile, Record, StageError, Written, written};
use crate::storage::{Entry, Store};

use super::names::part_name;
use super::plan::{Part, Plan};

/// Where parts wait until every part is there, and where their seals and rejects stay.
pub(super) const STAGED: &str = "run/extract";

/// Digits of the key of a part in the names of its files.
pub(super) const KEY_DIGITS: usize = 16;

/// Kept beside a finished part: written after the last of its files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PartSeal {
    /// [`Part::key`].
    pub key: String,
    /// Which attempt it vouches for.
    pub attempt: String,
    /// Hash of the code that made it.
    pub build: String,
    /// The vector instructions that it was computed with.
    pub vector_level: VectorLevel,
    /// The part's file.
    pub features: OutputFile,
    /// The rows that it refused.
    pub rejects: OutputFile,
    /// The files that hold the part's frames; None where they were not wanted.
    pub frames: Option<Vec<OutputFile>>,
    /// Utterances that were refused.
    pub refused: u64,
    /// Rows of augmented copies.
    pub augmented: u64,
    /// Utterances whose signal is suspicious, by the word of the column `signal`.
    pub signals: BTreeMap<String, u64>,
}

/// One try at a part.
#[derive(Debug, Clone)]
pub(super) struct Attempt<'a> {
    pub part: &'a Part,
    pub id: String,
}

/// A file of a part: where it waits, where readers find it, and what it holds.
#[derive(Debug)]
pub(super) struct PartFile<'a> {
    pub staged: String,
    pub published: String,
    pub file: &'a OutputFile,
}

/// A part and its seal.
pub(super) struct Sealed<'a> {
    pub part: &'a Part,
    pub seal: PartSeal,
}

impl Part {
    /// The part under this key: what is asked for on the command line, and what the names of staged files begin with.
    pub fn keyed_name(&self) -> String {
        format!("{}.{}", self.name, &self.key[..KEY_DIGITS.min(self.key.len())])
    }

    /// Says that the part is finished, and what it was made of. A part with `frames` has another seal than one without.
    pub fn seal_path(&self, frames: bool) -> String {
        let with = if frames { ".frames" } else { "" };
        format!("{STAGED}/{}{with}.json", self.keyed_name())
    }

    /// The seals that will do, best first: a part with frames holds the features too.
    pub fn seal_paths(&self, frames: bool) -> Vec<String> {
        let with = self.seal_path(true);
        if frames { vec![with] } else { vec![self.seal_path(false), with] }
    }

    /// Where readers find the part.
    pub fn published(&self) -> String {
        format!("features/{}.parquet", self.name)
    }

    /// Where readers find file `number` of the part's frames.
    pub fn published_frames(&self, number: usize) -> String {
        let (readable, hash) = self.name.rsplit_once('.').unwrap_or_default();
        format!("frames/{readable}.{number:03}.{hash}.parquet")
    }
}

impl<'a> Attempt<'a> {
    /// Another try.
    pub fn new(part: &'a Part) -> Self {
        Self { part, id: format!("{:016x}", rand::random::<u64>()) }
    }

    fn path(&self, ending: &str) -> String {
        format!("{STAGED}/{}.{}.{ending}", self.part.keyed_name(), self.id)
    }

    /// Where the features wait until every part is there.
    pub fn features(&self) -> String {
        self.path("parquet")
    }

    /// The rows that were refused.
    pub fn rejects(&self) -> String {
        self.path("rejects.parquet")
    }

    /// Where file `number` of the frames waits until every part is there.
    pub fn frames(&self, number: usize) -> String {
        self.path(&format!("{number:03}.frames.parquet"))
    }

    /// Marks the part as finished; whether it did: another attempt may have been faster. Who holds the output `alone`
    /// writes over the seal of another.
    pub fn seal(&self, out: &dyn Store, seal: &PartSeal, alone: bool) -> Result<bool, StageError> {
        let path = self.part.seal_path(seal.frames.is_some());
        if alone {
            written::put_json(out, &path, seal)?;
            return Ok(true);
        }
        if written::put_new_json(out, &path, seal)? {
            return Ok(true);
        }
        // The answer to our own request may have been lost, and the request repeated.
        let kept = written::read_json::<PartSeal>(out, &path)?;
        Ok(kept.is_some_and(|kept| kept.attempt == self.id))
    }

    /// Takes its files away, since another attempt was faster.
    pub fn remove(&self, out: &dyn Store, seal: &PartSeal) -> Result<(), StageError> {
        let frames = (0..seal.frames.iter().flatten().count()).map(|number| self.frames(number));
        [self.features(), self.rejects()].into_iter().chain(frames).try_for_each(|path| Ok(out.remove(&path)?))
    }
}

impl<'a> Sealed<'a> {
    pub fn attempt(&self) -> Attempt<'a> {
        Attempt { part: self.part, id: self.seal.attempt.clone() }
    }

    /// Where its features lie, and its frames where they are wanted.
    pub fn places(&self, frames: bool) -> Vec<PartFile<'_>> {
        let attempt = self.attempt();
        let (staged, published) = (attempt.features(), self.part.published());
        let features = PartFile { staged, published, file: &self.seal.features };
        let of_frames = self.seal.frames.iter().flatten().filter(|_| frames).enumerate();
        let of_frames = of_frames.map(|(number, file)| {
            let (staged, published) = (attempt.frames(number), self.part.published_frames(number));
            PartFile { staged, published, file }
        });
        iter::once(features).chain(of_frames).collect()
    }

    /// Its files where they are now: what is staged has yet to be published.
    fn files(&self, frames: bool, is_staged: impl Fn(&str) -> Result<bool, StageError>) -> Result<Files, StageError> {
        let rejects = Written { path: self.attempt().rejects(), file: self.seal.rejects.clone() };
        let mut files = vec![rejects];
        for place in self.places(frames) {
            let path = if is_staged(&place.staged)? { place.staged } else { place.published };
            files.push(Written { path, file: place.file.clone() });
        }
        Ok(files.into_iter().collect())
    }

    /// Whether its files are there with their sizes: looks each of them up.
    pub fn is_there(&self, out: &dyn Store, frames: bool) -> Result<bool, StageError> {
        let files = self.files(frames, |path| Ok(out.stat(path)?.is_some()))?;
        files.are_there(|path| out.stat(path))
    }
}

/// The seal of a part, where it has one.
pub(super) fn find<'a>(out: &dyn Store, part: &'a Part, frames: bool) -> Result<Option<Sealed<'a>>, StageError> {
    for path in part.seal_paths(frames) {
        if let Some(seal) = written::read_json::<PartSeal>(out, &path)?.filter(|seal| seal.key == part.key) {
            return Ok(Some(Sealed { part, seal }));
        }
    }
    Ok(None)
}

/// The parts' seals; None where there is none that can be read.
pub(super) fn find_all<'a>(
    out: &dyn Store,
    parts: &'a [Part],
    frames: bool,
) -> Result<Vec<Option<Sealed<'a>>>, StageError> {
    let listed = written::listed(out, &[STAGED])?;
    let places = parts.iter().map(|part| {
        let paths = part.seal_paths(frames);
        paths.into_iter().find_map(|path| listed.get(&path).cloned())
    });
    let places = places.collect::<Vec<_>>();
    let mut fetches = out.fetch(places.iter().flatten().cloned().collect());
    let mut sealed = |(part, place): (&'a Part, Option<Entry>)| {
        let Some(fetch) = place.and_then(|_| fetches.next()) else { return Ok(None) };
        let seal = serde_json::from_slice::<PartSeal>(&fetch()?).ok().filter(|seal| seal.key == part.key);
        Ok(seal.map(|seal| Sealed { part, seal }))
    };
    parts.iter().zip(places).map(&mut sealed).collect()
}

/// Which of the parts are finished, staged or published, with their frames where `frames` are wanted: as their seals and
/// the sizes of their files say.
pub(super) fn done(out: &dyn Store, parts: &[Part], frames: bool) -> Result<Vec<bool>, StageError> {
    let listed = written::listed(out, &[STAGED, "features", "frames"])?;
    let is_done = |sealed: Option<Sealed>| match sealed {
        None => Ok(false),
        Some(sealed) => {
            let files = sealed.files(frames, |path| Ok(listed.contains_key(path)))?;
            files.are_there(|path| Ok(listed.get(path).cloned()))
        }
    };
    find_all(out, parts, frames)?.into_iter().map(is_done).collect()
}

/// Which of the parts hold what their seals say: reads their files.
pub(super) fn intact(out: &dyn Store, parts: &[Part], frames: bool) -> Result<Vec<bool>, StageError> {
    let listed = written::listed(out, &[STAGED])?;
    let is_intact = |sealed: Option<Sealed>| match sealed {
        None => Ok(false),
        Some(sealed) => sealed.files(frames, |path| Ok(listed.contains_key(path)))?.are_intact(out),
    };
    find_all(out, parts, frames)?.into_iter().map(is_intact).collect()
}

/// How many of the parts were computed at each vector level.
pub(super) fn levels<'a>(seals: impl Iterator<Item = &'a PartSeal>) -> BTreeMap<VectorLevel, usize> {
    let mut levels = BTreeMap::new();
    seals.for_each(|seal| *levels.entry(seal.vector_level).or_default() += 1);
    levels
}

/// The files of parts that a table or a run to come needs, among those that are listed: of the parts that `record`
/// publishes, or where extract has no record, of every sealed part; and of those of the plan that is kept.
pub(in super::super) fn needed(
    out: &dyn Store,
    listed: &BTreeMap<String, Entry>,
    record: Option<&Record>,
) -> Result<BTreeSet<String>, StageError> {
    let planned = Plan::kept(out)?.map(|plan| plan.parts).unwrap_or_default();
    let planned = planned.iter().map(|part| (part.name.clone(), part.key.clone())).collect::<BTreeSet<_>>();
    let mut needed = BTreeSet::new();
    for path in listed.keys().filter(|path| path.starts_with(STAGED) && path.ends_with(".json")) {
        let (Some((name, _)), Some(seal)) = (part_name(path), written::read_json::<PartSeal>(out, path)?) else {
            continue;
        };
        let published = format!("features/{name}.parquet");
        let is_published = record.is_none_or(|record| record.outputs.get(&published) == Some(&seal.features));
        if !is_published && !planned.contains(&(name.clone(), seal.key.clone())) {
            continue;
        }
        let is_of_seal = |other: &&String| {
            let is_of_part = part_name(other).is_some_and(|(of, _)| of == name);
            is_of_part && (!other.starts_with(STAGED) || *other == path || other.contains(&seal.attempt))
        };
        needed.extend(listed.keys().filter(is_of_seal).cloned());
    }
    Ok(needed)
}
