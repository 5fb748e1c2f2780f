//! `ser accept`: the run that others are measured against. A run is written over by the next one, so what a comparison
//! reads of it is kept aside, and `accepted.json` points there.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::matrix::Memory;
use crate::options::{self, ConfigError};
use crate::schema::{FeatureInfo, FeatureKeys, Metric, Prediction, Profile, SplitRow, Table};
use crate::storage::{self, Entry, LOCK, Storage, StorageError, Store};
use crate::table;

use super::features_table::FeaturesTable;
use super::ledger::{self, Record};
use super::{Context, Files, RunPlace, StageError, StageName, Written, output, profile, written};

/// What names of pointers end in.
const ENDING: &str = ".json";
/// What a pointer is called, unless another name is asked for.
pub const NAME: &str = "accepted.json";
/// Digits of the hash in the name of a kept run.
const DIGITS: usize = 16;

/// What `accepted.json` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accepted {
    /// The folder that keeps the run, relative to the file.
    pub run: String,
    /// The folder of the run that was accepted before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// Name of the pipeline.
    pub pipeline: String,
    /// Content hashes of its tables.
    pub contents: BTreeMap<String, String>,
}

/// The place of a run: that which a pointer names, where `given` is one.
///
/// # Errors
/// The pointer cannot be read.
pub fn run_at(given: &str, params: &Storage) -> Result<String, StageError> {
    if !given.ends_with(ENDING) {
        return Ok(given.to_owned());
    }
    let folder = given.rsplit_once('/').map_or(".", |(folder, _)| folder);
    Ok(format!("{folder}/{}", read(given, params)?.run))
}

fn read(pointer: &str, params: &Storage) -> Result<Accepted, StageError> {
    let wrong = |problem: &str| {
        let hint = "`ser accept RUN` writes such a file";
        ConfigError::new("accepted run", format!("{pointer:?}"), problem).hint(hint)
    };
    let content = match storage::read_file(pointer, params) {
        Err(StorageError::NotFound { .. }) => return Err(wrong("there is no such file").into()),
        content => content?,
    };
    let accepted =
        serde_json::from_slice::<Accepted>(&content).map_err(|_| wrong("it does not name an accepted run"))?;
    let is_below = !accepted.run.starts_with('/') && !accepted.run.contains("://") && !accepted.run.contains("..");
    if is_below { Ok(accepted) } else { Err(wrong("it names a place outside its folder").into()) }
}

/// Accepts a finished run: keeps its keys, splits, predictions, figures and the distributions of its features in a folder
/// beside `name`, and then writes `name`, which points there. `folder` is where `name` lies. The run that was accepted
/// last is kept too, those before it are removed.
///
/// # Errors
/// A stage of the run has not finished, was made of other tables than those that are there, or wrote a file that has
/// changed; somebody works on the run.
pub fn accept(run: &RunPlace, folder: &dyn Store, name: &str, memory: &Memory) -> Result<Accepted, StageError> {
    let in_run = |error| match error {
        error @ StageError::Config(_) => error,
        error => StageError::Run { run: run.given.to_owned(), source: Box::new(error) },
    };
    // Before the lock, which would make a folder where there is no run.
    finished(run.out).map_err(in_run)?;
    let _lock = run.out.lock(LOCK)?;
    let records = records(run.out).map_err(in_run)?;
    let features = FeaturesTable::find(run.out).map_err(in_run)?;
    let stem = name.strip_suffix(ENDING).unwrap_or(name);
    let contents = contents(run.out, &features).map_err(in_run)?;
    let place = format!("{stem}/{}", &options::config_hash(&contents)[..DIGITS]);
    let previous = match folder.get(name) {
        Ok(content) => serde_json::from_slice::<Accepted>(&content).ok(),
        Err(StorageError::NotFound { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let previous = previous.and_then(|before| if before.run == place { before.previous } else { Some(before.run) });
    let accepted = Accepted { run: place.clone(), previous, pipeline: records[0].pipeline.clone(), contents };
    keep(run.out, &features, &records, &Kept { folder, place: &place }, memory).map_err(in_run)?;
    written::put_json(folder, name, &accepted)?;
    let is_wanted = |path: &str| {
        let runs = [Some(&accepted.run), accepted.previous.as_ref()];
        runs.into_iter().flatten().any(|run| path.starts_with(&format!("{run}/")))
    };
    for entry in folder.list(stem)? {
        if is_of_a_kept_run(&entry.path, stem) && !is_wanted(&entry.path) {
            folder.remove(&entry.path)?;
        }
    }
    Ok(accepted)
}

/// Whether a path lies in a folder that [`accept`] named.
fn is_of_a_kept_run(path: &str, stem: &str) -> bool {
    let rest = path.strip_prefix(stem).and_then(|rest| rest.strip_prefix('/')).and_then(|rest| rest.split_once('/'));
    rest.is_some_and(|(hash, _)| hash.len() == DIGITS && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Where a run is kept.
struct Kept<'a> {
    folder: &'a dyn Store,
    place: &'a str,
}

impl Kept<'_> {
    fn put(&self, path: &str, content: &[u8]) -> Result<Written, StageError> {
        let Written { file, .. } = output::put(self.folder, &format!("{}/{path}", self.place), content)?;
        Ok(Written { path: path.to_owned(), file })
    }

    /// Copies a file that a stage wrote.
    fn copy(&self, out: &dyn Store, record: &Record, path: &str, stage: StageName) -> Result<Written, StageError> {
        let missing = || StageError::MissingTable { table: path.to_owned(), stage: stage.as_str() };
        let file = record.outputs.get(path).ok_or_else(missing)?;
        self.put(path, &file.read(out, path, stage.as_str())?)
    }

    fn put_record(&self, record: &Record, outputs: Vec<Written>) -> Result<(), StageError> {
        let record = Record { outputs: outputs.into_iter().collect::<Files>(), ..record.clone() };
        written::put_json(self.folder, &format!("{}/{}", self.place, ledger::record_path(&record.stage)), &record)
    }
}

/// The records of all stages, in order.
fn finished(out: &dyn Store) -> Result<Vec<Record>, StageError> {
    let record =
        |stage: StageName| ledger::read_record(out, stage)?.ok_or(StageError::Unfinished { stage: stage.as_str() });
    StageName::ALL.into_iter().map(record).collect()
}

/// The same of a run whose stages read the tables that are there.
fn records(out: &dyn Store) -> Result<Vec<Record>, StageError> {
    let records = finished(out)?;
    // A stage that has yet to follow the one before it read another table than the one that is there.
    let now = contents(out, &FeaturesTable::find(out)?)?;
    for (stage, record) in StageName::ALL.into_iter().zip(&records) {
        let is_another = |(table, hash): &(&String, &String)| now.get(*table).is_some_and(|now| now != *hash);
        if let Some((table, _)) = record.inputs.iter().find(is_another) {
            let reasons = format!("`{table}` is another by now");
            return Err(StageError::Outdated { stage: stage.as_str(), reasons });
        }
    }
    Ok(records)
}

/// Content hashes of the tables that are kept.
fn contents(out: &dyn Store, features: &FeaturesTable) -> Result<BTreeMap<String, String>, StageError> {
    let mut contents = features.input();
    contents.insert("splits".to_owned(), output::content_hash::<SplitRow>(out, StageName::Split)?);
    contents.insert("predictions".to_owned(), output::content_hash::<Prediction>(out, StageName::Train)?);
    contents.insert("metrics".to_owned(), output::content_hash::<Metric>(out, StageName::Evaluate)?);
    Ok(contents)
}

/// Keeps what comparisons, later splits and checks read. The records come last.
fn keep(
    out: &dyn Store,
    features: &FeaturesTable,
    records: &[Record],
    kept: &Kept,
    memory: &Memory,
) -> Result<(), StageError> {
    let [ingest, extract, split, _, train, evaluate] = records else { return Ok(()) };
    let families = output::get_table::<FeatureInfo>(out, StageName::Extract)?.0.rows;
    let profile = profile::of(out, features, &families, memory)?;
    let (file, _) = table::write(&Table::<Profile>::from(profile), &extract.config_hash, &features.input(), false)?;
    let mut of_extract = vec![kept.put(&output::path::<Profile>(), &file)?];
    // Keys alone: the features themselves may be many, and nothing reads them again.
    features.each_keys(out, |part| {
        let (file, _) = table::write(&part, &extract.config_hash, &BTreeMap::new(), true)?;
        of_extract.push(kept.put(&format!("features/keys-{:05}.parquet", of_extract.len()), &file)?);
        Ok(())
    })?;
    let copy = |record: &Record, path: String, stage| kept.copy(out, record, &path, stage);
    let splits = copy(split, output::path::<SplitRow>(), StageName::Split)?;
    let predictions = copy(train, output::path::<Prediction>(), StageName::Train)?;
    let metrics = copy(evaluate, output::path::<Metric>(), StageName::Evaluate)?;
    kept.put_record(ingest, vec![])?;
    kept.put_record(extract, of_extract)?;
    kept.put_record(split, vec![splits])?;
    kept.put_record(train, vec![predictions])?;
    kept.put_record(evaluate, vec![metrics])
}

/// Removes a person from the runs that are kept beside the output and where the pipeline looks for one. What is left of a
/// run that has the person are its splits, without the person, for `split.frozen`. Returns the removed files, by place.
///
/// # Errors
/// A file cannot be read or removed.
pub(super) fn forget(context: &Context, speaker: &str, dry_run: bool) -> Result<BTreeMap<String, u64>, StageError> {
    let pipeline = &context.parameters.pipeline;
    // Beside an output in the working directory, which has no folder in its place.
    let folder = pipeline.out.trim_end_matches('/').rsplit_once('/').map_or(".", |(folder, _)| folder);
    let beside = format!("{folder}/{NAME}");
    let named = [pipeline.split.frozen(), pipeline.checks.against()].map(|place| place.map(str::to_owned));
    let pointers = std::iter::once(beside).chain(named.into_iter().flatten()).filter(|place| place.ends_with(ENDING));
    let mut removed = BTreeMap::new();
    for pointer in pointers.collect::<BTreeSet<_>>() {
        let (folder, name) = pointer.rsplit_once('/').unwrap_or((".", &pointer));
        let (folder, stem) = (storage::open(folder, &pipeline.storage)?, name.strip_suffix(ENDING).unwrap_or(name));
        let mut runs = BTreeMap::<String, Vec<Entry>>::new();
        for entry in folder.list(stem)?.into_iter().filter(|entry| is_of_a_kept_run(&entry.path, stem)) {
            let hash = entry.path[stem.len() + 1..].split('/').next().unwrap_or_default().to_owned();
            runs.entry(format!("{stem}/{hash}")).or_default().push(entry);
        }
        for (place, entries) in runs {
            let kept = Kept { folder: folder.as_ref(), place: &place };
            for entry in kept.without(speaker, entries, dry_run)? {
                removed.insert(format!("{}/{}", folder.root(), entry.path), entry.bytes);
            }
        }
    }
    Ok(removed)
}

impl Kept<'_> {
    /// Removes all but the splits of a run that has a speaker, and the speaker from these.
    fn without(&self, speaker: &str, entries: Vec<Entry>, dry_run: bool) -> Result<Vec<Entry>, StageError> {
        let below = format!("{}/features/", self.place);
        let mut utterances = BTreeSet::new();
        for entry in entries.iter().filter(|entry| entry.path.starts_with(&below)) {
            output::each::<FeatureKeys>(self.folder, &entry.path, |rows| {
                let of_speaker = rows.rows.into_iter().filter(|row| row.speaker.as_deref() == Some(speaker));
                utterances.extend(of_speaker.map(|row| row.utterance_id));
            })?;
        }
        if utterances.is_empty() {
            return Ok(Vec::new());
        }
        let splits = format!("{}/{}", self.place, output::path::<SplitRow>());
        if !dry_run {
            let footer = match self.folder.stat(&splits)? {
                Some(entry) => Some(output::footer::<SplitRow>(self.folder, &splits, entry.bytes)?),
                None => None,
            };
            let mut rows = Vec::new();
            output::each::<SplitRow>(self.folder, &splits, |part| rows.extend(part.rows))?;
            rows.retain(|row| !utterances.contains(&row.utterance_id));
            if let Some(footer) = footer {
                let (file, _) = table::write(&Table::from(rows), &footer.config_hash, &footer.inputs, false)?;
                self.folder.put(&splits, &file)?;
            }
            let others = entries.iter().filter(|entry| entry.path != splits);
            others.map(|entry| entry.path.as_str()).try_for_each(|path| self.folder.remove(path))?;
        }
        Ok(entries.into_iter().filter(|entry| entry.path != splits).collect())
    }
}
