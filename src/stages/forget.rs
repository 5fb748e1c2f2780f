//! `ser forget`: removes a person from an output. The list of who is to be forgotten is written first, so that no run
//! takes the person in again, whatever ends this one.

use std::collections::{BTreeMap, BTreeSet};

use crate::options::{self, ConfigError};
use crate::schema::{FeatureKeys, Normalization, Reject, SplitRow, Table, Utterance, published_tables};
use crate::storage::{Entry, Store};
use crate::table;

use super::extract::part_name;
use super::forgotten::{FILE, Forgotten};
use super::{Context, FOLDERS, RUN, StageError, StageName, accepted, ledger, output, written};

/// What was removed of a person, or would be.
#[derive(Debug, Default)]
pub struct Removed {
    /// The files, with their bytes. Those outside the output have their whole place.
    pub files: BTreeMap<String, u64>,
    /// Folders of models that learned from the person; their files are among those.
    pub learned: BTreeSet<String>,
    /// Folders of models that did not; they stay.
    pub unlearned: BTreeSet<String>,
    /// Recordings of the person, by corpus and path: they stay where they are.
    pub recordings: BTreeSet<(String, String)>,
}

/// What the output has of a person.
struct Person<'a> {
    speaker: &'a str,
    utterances: BTreeSet<String>,
    recordings: BTreeSet<(String, String)>,
    /// The speakers that there are.
    speakers: BTreeSet<String>,
}

/// Removes a speaker, named as in tables, from every table, frame, model, cache and part of the output, and from the runs
/// that `accepted.json` beside it and the pipeline's `split.frozen` and `checks.against` keep. Tables that hold other
/// people too are removed whole: the next run makes them again, from the parts of the features that stay.
///
/// # Errors
/// There is no such speaker; a file cannot be read or removed.
pub fn forget(context: &Context, speaker: &str, dry_run: bool) -> Result<Removed, StageError> {
    let out = context.out;
    let (mut forgotten, person) = (Forgotten::read(out)?, Person::find(out, speaker)?);
    if person.utterances.is_empty() && !forgotten.holds(speaker) {
        return Err(person.unknown().into());
    }
    let mut removed = Removed { recordings: person.recordings.clone(), ..Removed::default() };
    let listed = written::listed(out, &FOLDERS)?;
    models(out, &listed, &person, &mut removed)?;
    let parts = parts(out, &listed, &person)?;
    let top = out.list("")?;
    let going = listed.values().chain(&top).filter(|entry| goes(entry, &parts, &removed));
    removed.files = going.map(|entry| (entry.path.clone(), entry.bytes)).collect();
    if !dry_run {
        if forgotten.add(speaker) {
            written::put_json(out, FILE, &forgotten)?;
        }
        // Records first: without them, no half of the rest counts as finished.
        let records = StageName::ALL.map(|stage| ledger::record_path(stage.as_str()));
        records.iter().chain(removed.files.keys()).try_for_each(|path| out.remove(path))?;
    }
    removed.files.extend(accepted::forget(context, speaker, dry_run)?);
    Ok(removed)
}

impl<'a> Person<'a> {
    /// Looks for the speaker in the utterances and in every part of the features: a killed run leaves one without the
    /// other.
    fn find(out: &dyn Store, speaker: &'a str) -> Result<Self, StageError> {
        let (utterances, recordings) = (BTreeSet::new(), BTreeSet::new());
        let mut person = Self { speaker, utterances, recordings, speakers: BTreeSet::new() };
        output::each::<Utterance>(out, &output::path::<Utterance>(), |rows| {
            for row in rows.rows {
                person.see(row.speaker, row.utterance_id, row.corpus, row.path);
            }
        })?;
        for entry in out.list("features")?.iter().filter(|entry| part_name(&entry.path).is_some()) {
            for row in keys(out, entry)?.rows {
                person.see(row.speaker, row.utterance_id, row.corpus, row.path);
            }
        }
        Ok(person)
    }

    fn see(&mut self, speaker: Option<String>, utterance_id: String, corpus: String, path: String) {
        let Some(speaker) = speaker else { return };
        if speaker == self.speaker {
            self.utterances.insert(utterance_id);
            self.recordings.insert((corpus, path));
        }
        self.speakers.insert(speaker);
    }

    fn unknown(&self) -> ConfigError {
        let nearest = options::nearest(self.speaker, self.speakers.iter().map(String::as_str));
        let nearest = nearest.or(self.speakers.first().map(String::as_str)).unwrap_or("corpus/07");
        ConfigError::new("--speaker", format!("{:?}", self.speaker), "no table of the output has this speaker")
            .hint(format!("tables name speakers with their corpus, such as {nearest:?}"))
    }
}

/// Tells models that learned from the person from others, by the splits that they were fitted with.
fn models(
    out: &dyn Store,
    listed: &BTreeMap<String, Entry>,
    person: &Person,
    removed: &mut Removed,
) -> Result<(), StageError> {
    // Without a table of splits, nobody knows: each fold counts as one that the person is in.
    let (mut folds, mut learned) = (BTreeSet::new(), BTreeSet::new());
    output::each::<SplitRow>(out, &output::path::<SplitRow>(), |rows| {
        for row in rows.rows {
            folds.insert(row.fold);
            if matches!(row.split.as_str(), "train" | "dev") && person.utterances.contains(&row.utterance_id) {
                learned.insert(row.fold);
            }
        }
    })?;
    // A model of scope `speaker` carries the statistics of each speaker.
    output::each::<Normalization>(out, &output::path::<Normalization>(), |rows| {
        learned.extend(rows.rows.iter().filter(|row| row.group == person.speaker).map(|row| row.fold));
    })?;
    let clean = folds.difference(&learned).map(|fold| format!("fold-{fold}")).collect::<BTreeSet<_>>();
    for path in listed.keys().filter(|path| path.starts_with("models/")) {
        let Some((folder, _)) = path.rsplit_once('/') else { continue };
        let is_clean = folder.rsplit('/').next().is_some_and(|name| clean.contains(name));
        if is_clean { &mut removed.unlearned } else { &mut removed.learned }.insert(folder.to_owned());
    }
    Ok(())
}

/// The parts of the features that the person is in, by name, and by name and key where they are staged.
fn parts(
    out: &dyn Store,
    listed: &BTreeMap<String, Entry>,
    person: &Person,
) -> Result<BTreeSet<(String, Option<String>)>, StageError> {
    let mut parts = BTreeSet::new();
    for entry in listed.values() {
        let Some(part) = part_name(&entry.path) else { continue };
        let has = match entry.path.as_str() {
            path if path.ends_with(".rejects.parquet") => {
                let mut has = false;
                output::each::<Reject>(out, path, |rows| {
                    let ids = rows.rows.iter().flat_map(|row| &row.utterance_id);
                    has |= ids.into_iter().any(|id| person.utterances.contains(id));
                })?;
                has
            }
            path if path.starts_with("frames/") || !path.ends_with(".parquet") || path.ends_with(".frames.parquet") => {
                false
            }
            _ => keys(out, entry)?.rows.iter().any(|row| row.speaker.as_deref() == Some(person.speaker)),
        };
        if has {
            // What is staged under a key may be published by now, under its name alone.
            parts.insert((part.0.clone(), None));
            parts.insert(part);
        }
    }
    Ok(parts)
}

/// Whether a file of the output goes.
fn goes(entry: &Entry, parts: &BTreeSet<(String, Option<String>)>, removed: &Removed) -> bool {
    let path = entry.path.as_str();
    if let Some((name, _)) = part_name(path) {
        return parts.contains(&(name, None));
    }
    match path.split_once('/') {
        None => {
            let stem = path.strip_suffix(".parquet");
            let is_table = stem.is_some_and(|stem| published_tables().iter().any(|table| table.name == stem));
            is_table || ["report.md", "report.html", "metrics.json"].contains(&path)
        }
        Some(("models", rest)) => {
            let folder = rest.rsplit_once('/').map_or("", |(folder, _)| folder);
            removed.learned.contains(&format!("models/{folder}"))
        }
        Some((RUN, file)) => {
            let is_kept = !file.contains('/') && (file.ends_with(".json") || file.ends_with(".parquet"));
            path != FILE && (is_kept || file.starts_with("train/"))
        }
        Some((folder, _)) => FOLDERS.contains(&folder) && (folder != "features" || path.contains("/_delta_log/")),
    }
}

/// The keys of a part.
fn keys(out: &dyn Store, entry: &Entry) -> Result<Table<FeatureKeys>, StageError> {
    let range = |range| Ok(out.get_range(&entry.path, range)?);
    output::of_file(out, &entry.path, table::read_keys::<_, StageError>(entry.bytes, range))
}
