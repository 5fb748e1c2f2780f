//! Which parts the features table has, and what each is made of.
//!
//! A part begins where the hash of an utterance's id says so: adding a file rewrites only the part it falls into, and
//! the same utterances always make the same parts, whatever was killed or added on the way. With `partition`, the rows of
//! each date are cut by themselves. `ser plan` keeps the plan as run/parts.json, so that a worker that computes one part
//! reads the rows of that part only.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::audio::Transform;
use crate::options::{self, ConfigError};
use crate::schema::{Utterance, augmented_id};
use crate::stages::{Context, Stage, StageError, StageName, written};
use crate::storage::Store;
use crate::table::{RowHash, row_hashes, table_hash};

use super::Extract;
use super::source::{Block, Source};

/// Where the plan is kept.
const KEPT: &str = "run/parts.json";

/// No part is longer than this many times the mean: the cut that bounds memory.
const LONGEST_PART: usize = 2;

/// A run of utterances that share a file of the features table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    /// Path of its file in the features folder, without extension: the folder of its date where there is one, and a name
    /// that sorts and reads like the id of the first utterance.
    pub name: String,
    /// Changes when anything that the part is made of changes.
    pub key: String,
    /// Its date, where the table has dates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Its rows in the utterances table, in order. Between the rows of one date there may be those of others.
    pub at: Vec<Range<usize>>,
    /// Number of utterances.
    pub rows: usize,
    /// Size of their audio files in bytes.
    pub bytes: u64,
    /// Content hash of their rows.
    pub utterances: String,
}

/// All parts of a features table.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Plan {
    pub made_of: MadeOf,
    /// In the order of the utterances.
    pub parts: Vec<Part>,
}

/// What a plan was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MadeOf {
    /// Hash of the code that extracts.
    pub build: String,
    pub config_hash: String,
    /// Content hashes of the utterances and of the stamps of their files.
    pub utterances: String,
    pub files: String,
    /// BLAKE3 of the table of others, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// Mean number of utterances in a part.
    pub mean: usize,
    /// The column of the dates, where the table has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
}

impl MadeOf {
    /// What a plan would be made of now; `table` is the BLAKE3 of a table of others.
    ///
    /// # Errors
    /// Ingest has not finished.
    pub fn now(context: &Context, table: Option<String>) -> Result<Self, StageError> {
        let rows_each = 1 + context.parameters.augment.len();
        let (utterances, files) = Source::hashes(context.out)?;
        Ok(Self {
            build: StageName::Extract.build().to_owned(),
            config_hash: Extract::config_hash(context),
            utterances,
            files,
            table,
            mean: (context.parameters.pipeline.extract.part_rows as usize / rows_each).max(1),
            partition: context.parameters.pipeline.partition.clone(),
        })
    }
}

impl Plan {
    /// The plan as it is kept, or made anew from all utterances.
    ///
    /// # Errors
    /// An utterance that has the id of another's copy.
    pub fn find(context: &Context, source: &Source, made_of: &MadeOf) -> Result<Self, StageError> {
        match Self::kept(context.out)? {
            Some(kept) if kept.made_of == *made_of => Ok(kept),
            _ => Self::make(context, source, made_of.clone()),
        }
    }

    /// The plan that was kept last, of whatever it was made.
    pub fn kept(out: &dyn Store) -> Result<Option<Self>, StageError> {
        written::read_json(out, KEPT)
    }

    /// Keeps the plan for workers.
    pub fn keep(&self, out: &dyn Store) -> Result<(), StageError> {
        match Self::kept(out)? {
            Some(kept) if kept == *self => Ok(()),
            _ => written::put_json(out, KEPT, self),
        }
    }

    fn make(context: &Context, source: &Source, made_of: MadeOf) -> Result<Self, StageError> {
        let text_names = source.text_names();
        let dates = made_of.partition.as_ref().and_then(|column| text_names.iter().position(|name| name == column));
        let mut copies = CopyNames::of(&context.parameters.augment);
        // The parts of each date; of a table without dates, there is one.
        let mut cut = BTreeMap::<Option<String>, (Cutter, Open, Vec<Part>)>::new();
        for rows in source.blocks() {
            let block = source.read(context.out, std::slice::from_ref(&rows))?;
            let hashes = row_hashes(&block.utterances);
            for (at, row) in block.utterances.rows.iter().enumerate() {
                copies.note(&row.utterance_id);
                let date = dates.and_then(|column| block.utterances.text.row(at)[column].clone());
                let new = || (Cutter::new(made_of.mean), Open { date: date.clone(), ..Open::default() }, Vec::new());
                let (cutter, open, parts) = cut.entry(date.clone()).or_insert_with(new);
                if cutter.begins(&row.utterance_id) {
                    parts.extend(open.end(&made_of, &text_names));
                }
                open.push(rows.start + at, row, hashes[at], &block.stamps[at]);
            }
        }
        let end = |(_, mut open, mut parts): (Cutter, Open, Vec<Part>)| {
            parts.extend(open.end(&made_of, &text_names));
            parts
        };
        let parts = cut.into_values().flat_map(end).collect();
        copies.check(context.out, source)?;
        Ok(Self { made_of, parts })
    }
}

/// A part whose end has not come yet.
#[derive(Debug, Default)]
struct Open {
    date: Option<String>,
    at: Vec<Range<usize>>,
    first_id: String,
    /// The file of the last utterance: segments of one recording follow each other.
    file: (String, String),
    hashes: Vec<RowHash>,
    stamps: Vec<String>,
    bytes: u64,
}

impl Open {
    fn push(&mut self, at: usize, row: &Utterance, hash: RowHash, stamp: &str) {
        if self.hashes.is_empty() {
            self.first_id.clone_from(&row.utterance_id);
        }
        match self.at.last_mut().filter(|last| last.end == at) {
            Some(last) => last.end = at + 1,
            None => self.at.push(at..at + 1),
        }
        if self.file.0 != row.corpus || self.file.1 != row.path {
            self.file = (row.corpus.clone(), row.path.clone());
            self.bytes += u64::try_from(row.bytes).unwrap_or(0);
        }
        self.hashes.push(hash);
        self.stamps.push(stamp.to_owned());
    }

    /// The part; none where nothing was pushed. What is pushed next begins another one.
    fn end(&mut self, made_of: &MadeOf, text_names: &[String]) -> Option<Part> {
        let Open { date, at, first_id, hashes, stamps, bytes, .. } = std::mem::take(self);
        self.date.clone_from(&date);
        let rows = hashes.len();
        let utterances = rows_hash(text_names, hashes);
        let key = key(made_of, &utterances, &stamps);
        let folder = made_of.partition.iter().zip(&date).map(|(column, date)| format!("{column}={date}/"));
        let name = folder.collect::<String>() + &name(&first_id);
        (rows > 0).then_some(Part { name, key, date, at, rows, bytes, utterances })
    }
}

impl Part {
    /// Whether these are its rows.
    pub fn is_of(&self, made_of: &MadeOf, block: &Block) -> bool {
        let hash = rows_hash(&block.utterances.text.names, row_hashes(&block.utterances));
        hash == self.utterances && key(made_of, &hash, &block.stamps) == self.key
    }
}

fn rows_hash(text_names: &[String], hashes: Vec<RowHash>) -> String {
    table_hash("utterances", text_names.iter().map(String::as_str), hashes.into_iter())
}

fn key(made_of: &MadeOf, utterances: &str, stamps: &[String]) -> String {
    options::config_hash(&(&made_of.config_hash, &made_of.build, &made_of.table, utterances, stamps))
}

/// Says where parts begin, of a mean number of utterances.
struct Cutter {
    mean: usize,
    rows: usize,
}

impl Cutter {
    fn new(mean: usize) -> Self {
        Self { mean, rows: 0 }
    }

    /// Whether a part begins at the next utterance.
    fn begins(&mut self, id: &str) -> bool {
        let is_full = self.rows >= self.mean * LONGEST_PART;
        let begins = is_full || options::hash_number(id).is_multiple_of(self.mean as u64);
        self.rows = if begins { 1 } else { self.rows + 1 };
        begins
    }
}

/// A file name that sorts and reads like the part's first utterance id.
fn name(first_id: &str) -> String {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let readable = first_id.chars().take(80).map(|c| if legal(c) { c } else { '~' }).collect::<String>();
    let hash = blake3::hash(first_id.as_bytes()).to_hex();
    format!("{readable}.{}", &hash[..8])
}

/// Utterances that are called like the augmented copy of another one. No two rows may have one id.
struct CopyNames {
    /// What the name of a copy ends in, and the transform.
    endings: Vec<(String, String)>,
    /// Ids without such an ending, and the transform.
    originals: BTreeSet<(String, String)>,
}

impl CopyNames {
    fn of(transforms: &[Transform]) -> Self {
        let ending = |transform: &Transform| (augmented_id("", &transform.to_string()), transform.to_string());
        Self { endings: transforms.iter().map(ending).collect(), originals: BTreeSet::new() }
    }

    fn note(&mut self, id: &str) {
        for (ending, transform) in &self.endings {
            self.originals.extend(id.strip_suffix(ending.as_str()).map(|id| (id.to_owned(), transform.clone())));
        }
    }

    fn check(&self, out: &dyn Store, source: &Source) -> Result<(), StageError> {
        if self.originals.is_empty() {
            return Ok(());
        }
        for rows in source.blocks() {
            let block = source.read(out, &[rows])?;
            let ids = block.utterances.rows.iter().map(|row| row.utterance_id.as_str()).collect::<BTreeSet<_>>();
            if let Some((id, transform)) = self.originals.iter().find(|(id, _)| ids.contains(id.as_str())) {
                let problem = format!("the augmented copy of `{id}` would have the id of another utterance");
                let error = ConfigError::new("augment", transform, problem);
                return Err(error.hint("rename its file, or drop the value").into());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the parts of these utterances begin.
    fn starts(ids: &[String], mean: usize) -> Vec<String> {
        let mut cutter = Cutter::new(mean);
        let begins = |(at, id): (usize, &String)| (cutter.begins(id) || at == 0).then(|| id.clone());
        ids.iter().enumerate().filter_map(begins).collect()
    }

    fn ids(count: usize) -> Vec<String> {
        (0..count).map(|i| format!("c/{i:06}")).collect()
    }

    #[test]
    fn parts_are_bounded_and_of_the_wanted_length_on_average() {
        for (count, mean) in [(0, 10), (1, 10), (5000, 100), (300, 1), (10_000, 7)] {
            let ids = ids(count);
            let starts = starts(&ids, mean);
            let places = starts.iter().map(|start| ids.binary_search(start).expect("an id"));
            let places = places.chain([count]).collect::<Vec<_>>();
            assert!(places.windows(2).all(|pair| (1..=mean * LONGEST_PART).contains(&(pair[1] - pair[0]))));
            assert_eq!(places[0], 0);
        }
        let parts = starts(&ids(20_000), 100).len();
        assert!((150..260).contains(&parts), "{parts} parts of 100 rows on average");
    }

    #[test]
    fn adding_an_utterance_moves_one_boundary_at_most() {
        let all = ids(2000);
        let before = starts(&all, 50);
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
