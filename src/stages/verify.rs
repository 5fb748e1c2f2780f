//! Whether every output of a run is still what its records say.

use std::collections::BTreeMap;
use std::fmt;

use crate::storage::{self, Entry, Lock, Reason, StorageError, Store};

use super::ledger::{self, Record};
use super::{FOLDERS, OutputFile, PREDICT, RUN, StageError, StageName, written};

/// What a look at a run found.
#[derive(Debug, Default)]
pub struct Verified {
    /// Files that the records name.
    pub files: usize,
    /// Their bytes in all.
    pub bytes: u64,
    /// Those that are not what they were, by stage and path.
    pub problems: Vec<Problem>,
    /// What deserves a second look.
    pub notes: Vec<String>,
}

/// A file that is not what a record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The stage that wrote it.
    pub stage: String,
    /// The file.
    pub path: String,
    /// What is wrong with it.
    pub wrong: Wrong,
}

/// What is wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// It is not there.
    Missing,
    /// It has another size.
    Size {
        /// In bytes.
        found: u64,
        /// In bytes.
        wanted: u64,
    },
    /// It has the same size and other bytes.
    Content,
    /// It is a record, and cannot be read.
    Unreadable,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("is missing"),
            Self::Size { found, wanted } => write!(f, "has {found} bytes, not {wanted}"),
            Self::Content => f.write_str("has changed since it was written"),
            Self::Unreadable => f.write_str("is not a record that this version can read"),
        }
    }
}

/// Compares every output of a run, or of `ser predict`, with its records: reads every file.
///
/// # Errors
/// No record of a stage; a run that is in the middle of changing the files.
pub fn verify(out: &dyn Store) -> Result<Verified, StageError> {
    let names = || StageName::ALL.iter().map(|stage| stage.as_str()).chain([PREDICT]);
    let is_record = |entry: &Entry| names().any(|name| ledger::record_path(name) == entry.path);
    if !out.survey(RUN)?.files.iter().any(is_record) {
        return Err(StageError::NoRun { run: out.root() });
    }
    let mut verified = Verified::default();
    let _lock = lock(out, &mut verified)?;
    let found = out.survey("")?;
    let unreadable = found.unlisted.iter().filter(|one| one.reason == Reason::Unreadable);
    verified.notes.extend(unreadable.map(|one| format!("`{}` may not be read; check its owner and mode", one.path)));
    let listed = written::by_path(found.files);
    let mut records = Vec::new();
    for name in names().filter(|name| listed.contains_key(&ledger::record_path(name))) {
        match ledger::read_record_of(out, name)? {
            Some(record) => records.push(record),
            None => {
                let (stage, path) = (name.to_owned(), ledger::record_path(name));
                verified.problems.push(Problem { stage, path, wrong: Wrong::Unreadable });
            }
        }
    }
    compare(out, &records, &listed, &mut verified)?;
    note_others(&records, &listed, &mut verified);
    Ok(verified)
}

/// The lock of the run, so that nothing changes while it is read; none where this user may write none.
fn lock(out: &dyn Store, verified: &mut Verified) -> Result<Option<Box<dyn Lock>>, StageError> {
    match out.lock(storage::LOCK) {
        Ok(lock) => Ok(Some(lock)),
        Err(error @ StorageError::Locked { .. }) => Err(error.into()),
        Err(error) => {
            verified.notes.push(format!("could not lock the run while reading it: {error}"));
            Ok(None)
        }
    }
}

fn compare(
    out: &dyn Store,
    records: &[Record],
    listed: &BTreeMap<String, Entry>,
    verified: &mut Verified,
) -> Result<(), StageError> {
    let outputs = || records.iter().flat_map(|record| record.outputs.iter().map(move |output| (record, output)));
    verified.files = outputs().count();
    verified.bytes = outputs().map(|(_, (_, file))| file.bytes).sum();
    let of_its_size = |(_, (path, file)): (_, (&String, &OutputFile))| {
        listed.get(path).filter(|entry| file.has_size_of(entry)).cloned()
    };
    let mut fetches = out.fetch(outputs().filter_map(of_its_size).collect());
    for (record, (path, file)) in outputs() {
        let wrong = match listed.get(path) {
            None => Some(Wrong::Missing),
            Some(entry) if !file.has_size_of(entry) => Some(Wrong::Size { found: entry.bytes, wanted: file.bytes }),
            Some(_) => {
                let content = fetches.next().expect("a fetch for each file of that size")()?;
                (!file.holds(&content)).then_some(Wrong::Content)
            }
        };
        let problem = |wrong| Problem { stage: record.stage.clone(), path: path.clone(), wrong };
        verified.problems.extend(wrong.map(problem));
    }
    Ok(())
}

/// Stages that have no record, and files among the outputs that are in none.
fn note_others(records: &[Record], listed: &BTreeMap<String, Entry>, verified: &mut Verified) {
    let has_record = |name: &str| records.iter().any(|record| record.stage == name);
    let is_pipeline = StageName::ALL.iter().any(|stage| has_record(stage.as_str()));
    for stage in StageName::ALL.iter().filter(|stage| is_pipeline && !has_record(stage.as_str())) {
        verified.notes.push(format!("stage `{}` has not finished here", stage.as_str()));
    }
    let is_output = |path: &str| records.iter().any(|record| record.outputs.contains_key(path));
    let is_among =
        |path: &&String| path.split_once('/').is_some_and(|(folder, _)| folder != RUN && FOLDERS.contains(&folder));
    // Of the versions of a log, the record has the last.
    let is_log = |path: &str| path.contains("/_delta_log/");
    let others = listed.keys().filter(is_among).filter(|path| !is_output(path) && !is_log(path));
    verified.notes.extend(others.map(|path| format!("`{path}` is in no record")));
}
