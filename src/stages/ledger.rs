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
    let start = Instant::now();
    let prepared = S::prepare(context)?;
    if let Some(record) = current_record(context, S::NAME, &prepared)?.filter(|_| !context.force) {
        S::judge(context, &record)?;
        return Ok(Outcome { up_to_date: true, record });
    }
    // Gone before the first output changes: a killed stage leaves no record that could vouch for a mixture.
    context.out.remove(&record_path(S::NAME))?;
    let (config_hash, inputs) = (prepared.config_hash.clone(), prepared.inputs.clone());
    let done = S::run(context, prepared)?;
    done.warnings.iter().for_each(|warning| tracing::warn!(stage = S::NAME.as_str(), "{warning}"));
    let record = Record {
        stage: S::NAME.as_str().to_owned(),
        ser_etl: env!("CARGO_PKG_VERSION").to_owned(),
        pipeline: context.parameters.pipeline.name.clone(),
        seed: context.parameters.pipeline.seed,
        config_hash,
        inputs,
        outputs: output_files(context.out, &done)?,
        counts: done.counts,
        summary: done.summary,
        warnings: done.warnings,
        threads: rayon::current_num_threads(),
        seconds: start.elapsed().as_secs_f64(),
    };
    output::put_json(context.out, &record_path(S::NAME), &record)?;
    S::judge(context, &record)?;
    Ok(Outcome { up_to_date: false, record })
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
    current_record(context, S::NAME, &prepared)?.map(|_| ()).ok_or_else(outdated::<S>)
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
    let record = current_record(context, S::NAME, &prepared)?.filter(|_| !context.force);
    Ok(record.map_or(State::WouldRun(prepared.amount), |record| State::UpToDate(Box::new(record))))
}

/// The record of a finished stage; `None` where it never finished.
pub(super) fn read_record(out: &dyn Store, stage: StageName) -> Result<Option<Record>, StageError> {
    let path = record_path(stage);
    if out.stat(&path)?.is_none() {
        return Ok(None);
    }
    // A record of another version that no longer parses is as good as none.
    Ok(serde_json::from_slice(&out.get(&path)?).ok())
}

fn current_record<W>(
    context: &Context,
    stage: StageName,
    prepared: &Prepared<W>,
) -> Result<Option<Record>, StageError> {
    let Some(record) = read_record(context.out, stage)? else { return Ok(None) };
    let same = record.ser_etl == env!("CARGO_PKG_VERSION")
        && record.config_hash == prepared.config_hash
        && record.inputs == prepared.inputs;
    if !same {
        return Ok(None);
    }
    for (path, file) in &record.outputs {
        if context.out.stat(path)?.is_none_or(|entry| entry.bytes != file.bytes) {
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

fn record_path(stage: StageName) -> String {
    format!("run/{}.json", stage.as_str())
}
