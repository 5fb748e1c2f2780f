//! run/<stage>.json: what a stage did, and whether doing it again would change anything.

use std::collections::BTreeMap;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::storage::Store;

use super::reasons::{self, Keys, Reason};
use super::{Context, Done, Files, Prepared, Stage, StageError, StageName, written};

/// The record of a finished stage.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    /// The stage.
    pub stage: String,
    /// Hash of the code that did it: of its sources and of the locked versions of what they are built from.
    pub build: String,
    /// Name of the pipeline.
    pub pipeline: String,
    /// Seed of the pipeline.
    pub seed: u64,
    /// Hash of the parameters that determine the stage's tables.
    pub config_hash: String,
    /// The keys of the pipeline file that may determine them, with their values: they say what has changed.
    #[serde(default)]
    pub keys: Keys,
    /// Content hashes of what it read, and what decides which files it writes.
    pub inputs: BTreeMap<String, String>,
    /// Every file it wrote.
    pub outputs: Files,
    /// Content hashes of tables that lie in several files, or of which a reader takes some columns.
    pub contents: BTreeMap<String, String>,
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

impl Record {
    /// The record of a stage; `None` where it never finished.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn find(out: &dyn Store, stage: StageName) -> Result<Option<Self>, StageError> {
        read_record(out, stage)
    }

    /// Rows of the largest table that the stage wrote; `None` for evaluate, which writes figures.
    pub fn rows(&self) -> Option<u64> {
        let count = |name: &str| self.counts.get(name).copied();
        let main = ["rows", "utterances", "predictions"].into_iter().find_map(count);
        main.map(|rows| rows + count("augmented").unwrap_or(0))
    }

    /// What the stage refused, by code.
    pub fn rejects(&self) -> impl Iterator<Item = (&str, u64)> {
        self.counts.iter().filter_map(|(name, count)| Some((name.strip_prefix("rejects.")?, *count)))
    }
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
    /// Work.
    WouldRun {
        /// On how much, in words: `27 of 27 utterances`.
        amount: String,
        /// Why.
        reasons: Vec<Reason>,
    },
    /// Work, but on what is not known before an earlier stage has run.
    WouldRunAfter(&'static str),
}

/// Runs a stage unless its record shows that nothing would change. Where there is work, `before` may refuse it first.
///
/// # Errors
/// Whatever the stage fails with, or `before`; its judgement on a finished record.
pub fn perform<S: Stage>(
    context: &Context,
    before: impl FnOnce() -> Result<(), StageError>,
) -> Result<Outcome, StageError> {
    let task = Task::of::<S>(context);
    let check = |work: &mut S::Work| S::check(context, work).and_then(|()| before());
    let outcome = task.perform(S::prepare(context)?, check, |prepared| S::run(context, prepared))?;
    S::judge(context, &outcome.record)?;
    Ok(outcome)
}

/// Work that leaves a record in `out`.
pub(super) struct Task<'a> {
    pub out: &'a dyn Store,
    /// The word for it under run/.
    pub name: &'static str,
    /// Hash of the code that does it.
    pub build: &'static str,
    pub pipeline: &'a str,
    pub seed: u64,
    /// [`Record::keys`].
    pub keys: Keys,
    /// Work even where everything is up to date.
    pub force: bool,
    pub start: Instant,
}

/// Whether work that left a record would be done again.
pub(super) enum Standing {
    /// Nothing would change.
    Current(Box<Record>),
    /// It would, for these reasons.
    Outdated(Vec<Reason>),
}

impl<'a> Task<'a> {
    fn of<S: Stage>(context: &'a Context) -> Self {
        let pipeline = &context.parameters.pipeline;
        let (name, out, force) = (S::NAME.as_str(), context.out, context.force);
        let (build, start) = (S::NAME.build(), Instant::now());
        let keys = reasons::keys(pipeline, S::KEYS);
        Self { out, name, build, pipeline: &pipeline.name, seed: pipeline.seed, keys, force, start }
    }

    /// Does the work unless the record shows that nothing would change. What `before` refuses has changed nothing.
    pub fn perform<W>(
        &self,
        mut prepared: Prepared<W>,
        before: impl FnOnce(&mut W) -> Result<(), StageError>,
        run: impl FnOnce(Prepared<W>) -> Result<Done, StageError>,
    ) -> Result<Outcome, StageError> {
        if let Standing::Current(record) = self.standing(&prepared)? {
            return Ok(Outcome { up_to_date: true, record: *record });
        }
        before(&mut prepared.work)?;
        // Gone before the first output changes: a killed stage leaves no record that could vouch for a mixture.
        self.out.remove(&record_path(self.name))?;
        let (config_hash, inputs) = (prepared.config_hash.clone(), prepared.all_inputs());
        let done = run(prepared)?;
        done.warnings.iter().for_each(|warning| tracing::warn!(stage = self.name, "{warning}"));
        let record = Record {
            stage: self.name.to_owned(),
            build: self.build.to_owned(),
            pipeline: self.pipeline.to_owned(),
            seed: self.seed,
            config_hash,
            keys: self.keys.clone(),
            inputs,
            outputs: done.outputs.into_iter().collect(),
            contents: done.contents,
            counts: done.counts,
            summary: done.summary,
            warnings: done.warnings,
            threads: rayon::current_num_threads(),
            seconds: self.start.elapsed().as_secs_f64(),
        };
        written::put_json(self.out, &record_path(self.name), &record)?;
        Ok(Outcome { up_to_date: false, record })
    }

    /// Says what [`Task::perform`] would do; `amount` says on how much.
    pub fn inspect<W>(
        &self,
        prepared: Prepared<W>,
        amount: impl FnOnce(Prepared<W>) -> Result<String, StageError>,
    ) -> Result<State, StageError> {
        Ok(match self.standing(&prepared)? {
            Standing::Current(record) => State::UpToDate(record),
            Standing::Outdated(reasons) => State::WouldRun { amount: amount(prepared)?, reasons },
        })
    }

    /// What is up to date, and why something is not: the one place that decides it. A record is current if it is of the
    /// same build, configuration and inputs, and every output is there. Their sizes are compared: a run that finds
    /// nothing to do reads no table. Who reads one looks at its hash.
    pub fn standing<W>(&self, prepared: &Prepared<W>) -> Result<Standing, StageError> {
        let Some(record) = read_record_of(self.out, self.name)? else {
            return Ok(Standing::Outdated(vec![Reason::Unfinished]));
        };
        let mut reasons = if self.force { vec![Reason::Forced] } else { Vec::new() };
        reasons.extend(self.of_parameters(&record, &prepared.config_hash));
        reasons.extend(reasons::of_inputs(&record.inputs, &prepared.all_inputs()));
        if reasons.is_empty() {
            reasons.extend(reasons::of_outputs(&record.outputs, |path| self.out.stat(path))?);
        }
        Ok(if reasons.is_empty() { Standing::Current(Box::new(record)) } else { Standing::Outdated(reasons) })
    }

    /// The reasons that show without a look at what the work reads.
    fn of_parameters(&self, record: &Record, config_hash: &str) -> Vec<Reason> {
        let mut reasons = Vec::from_iter(reasons::of_build(&record.build, self.build));
        if record.config_hash != config_hash {
            reasons.extend(reasons::of_keys(&record.keys, &self.keys));
        }
        reasons
    }
}

/// Refuses a stage whose record is of other parameters or of other code.
///
/// # Errors
/// The stage never finished, or with other parameters, or another build did it.
pub(super) fn check_config<S: Stage>(context: &Context) -> Result<(), StageError> {
    let record = read_record(context.out, S::NAME)?;
    let record = record.ok_or_else(|| StageError::Unfinished { stage: S::NAME.as_str() })?;
    let task = Task { force: false, ..Task::of::<S>(context) };
    outdated::<S>(&task.of_parameters(&record, &S::config_hash(context)))
}

/// Refuses a stage that would do work if it ran now.
///
/// # Errors
/// The stage never finished, or of other tables or with other parameters.
pub(super) fn check_current<S: Stage>(context: &Context) -> Result<(), StageError> {
    check_config::<S>(context)?;
    let task = Task { force: false, ..Task::of::<S>(context) };
    match task.standing(&S::prepare(context)?)? {
        Standing::Current(_) => Ok(()),
        Standing::Outdated(reasons) => outdated::<S>(&reasons),
    }
}

fn outdated<S: Stage>(reasons: &[Reason]) -> Result<(), StageError> {
    match reasons::summary(reasons) {
        None => Ok(()),
        Some(reasons) => Err(StageError::Outdated { stage: S::NAME.as_str(), reasons }),
    }
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
    Task::of::<S>(context).inspect(prepared, |prepared| S::amount(context, prepared))
}

/// The record of a finished stage; `None` where it never finished.
pub(super) fn read_record(out: &dyn Store, stage: StageName) -> Result<Option<Record>, StageError> {
    read_record_of(out, stage.as_str())
}

/// The record of what `name` stands for.
pub(super) fn read_record_of(out: &dyn Store, name: &str) -> Result<Option<Record>, StageError> {
    written::read_json(out, &record_path(name))
}

/// Where the record of a stage stands.
pub(super) fn record_path(name: &str) -> String {
    format!("run/{name}.json")
}
