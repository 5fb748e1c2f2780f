//! run/<stage>.json: what a stage did, and whether doing it again would change anything.

use std::collections::BTreeMap;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::storage::Store;

use super::{Context, Done, Prepared, Stage, StageError, StageName, output};

/// The record of a finished stage.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    /// The stage.
    pub stage: String,
    /// Version of ser-etl that ran it.
    pub ser_etl: String,
    /// Name of the pipeline.
    pub pipeline: String,
    /// Seed of the pipeline.
    pub seed: u64,
    /// Hash of the parameters that determine the stage's tables.
    pub config_hash: String,
    /// Content hashes of what it read.
    pub inputs: BTreeMap<String, String>,
    /// Every file it wrote.
    pub outputs: BTreeMap<String, OutputFile>,
    /// Rows, rejects and the like.
    pub counts: BTreeMap<String, u64>,
    /// What happened, in one line.
    pub summary: String,
    /// What deserves a second look.
    pub warnings: Vec<String>,
    /// Threads that it used.
    pub threads: usize,
    /// How long it took.
    pub seconds: f64,
}

/// A file that a stage wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputFile {
    /// Size in bytes.
    pub bytes: u64,
    /// BLAKE3 of the file.
    pub blake3: String,
}

/// How a stage ended.
#[derive(Debug)]
pub struct Outcome {
    /// Whether there was nothing to do.
    pub up_to_date: bool,
    /// The stage's record.
    pub record: Record,
}

/// What running a stage would do.
#[derive(Debug)]
pub enum State {
    /// Nothing.
    UpToDate(Box<Record>),
    /// Work on this much.
    WouldRun(String),
    /// Work, but on what is not known before an earlier stage has run.
    WouldRunAfter(&'static str),
}

/// Runs a stage unless its record shows that nothing would change.
///
/// # Errors
/// Whatever the stage fails with, or its judgement on a finished record.
pub fn perform<S: Stage>(context: &Context) -> Result<Outcome, StageError> {
    let task = Task::of::<S>(context);
    let outcome = task.perform(S::prepare(context)?, |prepared| S::run(context, prepared))?;
    S::judge(context, &outcome.record)?;
    Ok(outcome)
}

/// Work that leaves a record in `out`.
pub(super) struct Task<'a> {
    pub out: &'a dyn Store,
    /// The word for it under run/.
    pub name: &'static str,
    pub pipeline: &'a str,
    pub seed: u64,
    /// Work even where everything is up to date.
    pub force: bool,
    pub start: Instant,
}

impl<'a> Task<'a> {
    fn of<S: Stage>(context: &'a Context) -> Self {
        let pipeline = &context.parameters.pipeline;
        let (name, out, force) = (S::NAME.as_str(), context.out, context.force);
        Self { out, name, pipeline: &pipeline.name, seed: pipeline.seed, force, start: Instant::now() }
    }

    /// Does the work unless the record shows that nothing would change.
    pub fn perform<W>(
        &self,
        prepared: Prepared<W>,
        run: impl FnOnce(Prepared<W>) -> Result<Done, StageError>,
    ) -> Result<Outcome, StageError> {
        if let Some(record) = current_record(self.out, self.name, &prepared)?.filter(|_| !self.force) {
            return Ok(Outcome { up_to_date: true, record });
        }
        // Gone before the first output changes: a killed stage leaves no record that could vouch for a mixture.
        self.out.remove(&record_path(self.name))?;
        let (config_hash, inputs) = (prepared.config_hash.clone(), prepared.inputs.clone());
        let done = run(prepared)?;
        done.warnings.iter().for_each(|warning| tracing::warn!(stage = self.name, "{warning}"));
        let record = Record {
            stage: self.name.to_owned(),
            ser_etl: env!("CARGO_PKG_VERSION").to_owned(),
            pipeline: self.pipeline.to_owned(),
            seed: self.seed,
            config_hash,
            inputs,
            outputs: output_files(self.out, &done)?,
            counts: done.counts,
            summary: done.summary,
            warnings: done.warnings,
            threads: rayon::current_num_threads(),
            seconds: self.start.elapsed().as_secs_f64(),
        };
        output::put_json(self.out, &record_path(self.name), &record)?;
        Ok(Outcome { up_to_date: false, record })
    }

    /// Says what [`Task::perform`] would do.
    pub fn inspect<W>(&self, prepared: Prepared<W>) -> Result<State, StageError> {
        let record = current_record(self.out, self.name, &prepared)?.filter(|_| !self.force);
        Ok(record.map_or(State::WouldRun(prepared.amount), |record| State::UpToDate(Box::new(record))))
    }
}

/// Refuses a stage whose record is of other parameters.
///
/// # Errors
/// The stage never finished, or with other parameters.
pub(super) fn check_config<S: Stage>(context: &Context) -> Result<(), StageError> {
    let record = read_record(context.out, S::NAME)?;
    let record = record.ok_or_else(|| StageError::Unfinished { stage: S::NAME.as_str() })?;
    if record.config_hash == S::config_hash(context) { Ok(()) } else { Err(outdated::<S>()) }
}

/// Refuses a stage that would do work if it ran now.
///
/// # Errors
/// The stage never finished, or of other tables or with other parameters.
pub(super) fn check_current<S: Stage>(context: &Context) -> Result<(), StageError> {
    check_config::<S>(context)?;
    let prepared = S::prepare(context)?;
    current_record(context.out, S::NAME.as_str(), &prepared)?.map(|_| ()).ok_or_else(outdated::<S>)
}

fn outdated<S: Stage>() -> StageError {
    StageError::Outdated { stage: S::NAME.as_str() }
}

/// Says what [`perform`] would do.
///
/// # Errors
/// Whatever keeps the stage from looking, but for a table that an earlier stage has yet to write.
pub fn inspect<S: Stage>(context: &Context) -> Result<State, StageError> {
    let prepared = match S::prepare(context) {
        Err(StageError::MissingTable { stage, .. }) => return Ok(State::WouldRunAfter(stage)),
        other => other?,
    };
    Task::of::<S>(context).inspect(prepared)
}

/// The record of a finished stage; `None` where it never finished.
pub(super) fn read_record(out: &dyn Store, stage: StageName) -> Result<Option<Record>, StageError> {
    read_record_of(out, stage.as_str())
}

fn read_record_of(out: &dyn Store, name: &str) -> Result<Option<Record>, StageError> {
    let path = record_path(name);
    if out.stat(&path)?.is_none() {
        return Ok(None);
    }
    // A record of another version that no longer parses is as good as none.
    Ok(serde_json::from_slice(&out.get(&path)?).ok())
}

fn current_record<W>(out: &dyn Store, name: &str, prepared: &Prepared<W>) -> Result<Option<Record>, StageError> {
    let Some(record) = read_record_of(out, name)? else { return Ok(None) };
    let same = record.ser_etl == env!("CARGO_PKG_VERSION")
        && record.config_hash == prepared.config_hash
        && record.inputs == prepared.inputs;
    if !same {
        return Ok(None);
    }
    for (path, file) in &record.outputs {
        if out.stat(path)?.is_none_or(|entry| entry.bytes != file.bytes) {
            return Ok(None);
        }
    }
    Ok(Some(record))
}

fn output_files(out: &dyn Store, done: &Done) -> Result<BTreeMap<String, OutputFile>, StageError> {
    let file = |path: &String| {
        let content = out.get(path)?;
        let blake3 = blake3::hash(&content).to_hex().to_string();
        Ok((path.clone(), OutputFile { bytes: content.len() as u64, blake3 }))
    };
    done.outputs.iter().map(file).collect()
}

fn record_path(name: &str) -> String {
    format!("run/{name}.json")
}
