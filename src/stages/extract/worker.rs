//! `ser plan`, and the workers that compute some parts of a features table: on any host, at any time, any number of
//! times. They only stage; `ser extract` without a choice of parts publishes.

use std::time::Instant;

use serde::Serialize;

use crate::options::ConfigError;
use crate::schema::plural;
use crate::stages::{Context, Shard, StageError, StageName};

use super::compute::Extractor;
use super::plan::{MadeOf, Part, Plan};
use super::seal::{self, Sealed};
use super::{Ready, Work, check_level};

/// Which parts a worker computes.
#[derive(Debug, Clone)]
pub enum Choice {
    /// Those with these names.
    Named(Vec<String>),
    /// A share of those of the dates that the run works on.
    Shard(Shard),
    /// All of these dates.
    Dates,
}

/// A part that has yet to be computed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PendingPart {
    /// Its name and key: what `--part` takes.
    pub name: String,
    /// Number of utterances.
    pub rows: usize,
    /// Size of their audio files in bytes.
    pub bytes: u64,
}

/// The parts of a features table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Parts {
    /// How many there are.
    pub all: usize,
    /// Those that are not finished.
    pub pending: Vec<PendingPart>,
}

/// A part that a worker has looked after.
#[derive(Debug, Clone, Serialize)]
pub struct PartDone {
    /// Its name and key.
    pub name: String,
    /// Number of utterances.
    pub rows: usize,
    /// Utterances that were refused.
    pub rejects: u64,
    /// Whether there was nothing to do.
    pub up_to_date: bool,
    /// How long it took.
    pub seconds: f64,
}

/// The parts of the features table, and which are pending. Keeps the plan, from which workers read.
///
/// # Errors
/// Ingest has not finished; a column or id that extract refuses.
pub fn plan_parts(context: &Context) -> Result<Parts, StageError> {
    let mut work = Work::find(context)?;
    let plan = &work.open(context)?.plan;
    plan.keep(context.out)?;
    let pending = super::pending(context, plan)?;
    let pending = pending.into_iter().filter(|part| is_of_the_dates(context, part)).map(|part| PendingPart {
        name: part.keyed_name(),
        rows: part.rows,
        bytes: part.bytes,
    });
    Ok(Parts { all: plan.parts.len(), pending: pending.collect() })
}

/// Computes the chosen parts that are not finished, and stages them; `each` is told of every one as soon as it is
/// looked after. Call it while sharing the lock.
///
/// # Errors
/// Ingest is not up to date; another build has planned the parts; a name that is none; whatever extract fails with.
pub fn extract_parts(
    context: &Context,
    choice: &Choice,
    each: impl Fn(&PartDone),
) -> Result<Vec<PartDone>, StageError> {
    StageName::Extract.check_before(context)?;
    check_level(context.parameters)?;
    let mut work = Work::find(context)?;
    check_build(context, &work.made_of)?;
    let Ready { source, plan, origin } = work.open(context)?;
    let extractor = Extractor::new(context, origin, (source, plan), false)?;
    let mut all = Vec::new();
    for part in chosen(context, plan, choice)? {
        context.check_stop()?;
        let start = Instant::now();
        let before = sealed(context, part)?;
        if before.is_none() {
            extractor.work(&[part])?;
        }
        let up_to_date = before.is_some();
        let now = if up_to_date { before } else { sealed(context, part)? };
        let rejects = now.map_or(0, |sealed| sealed.seal.refused);
        let seconds = start.elapsed().as_secs_f64();
        let done = PartDone { name: part.keyed_name(), rows: part.rows, rejects, up_to_date, seconds };
        each(&done);
        all.push(done);
    }
    Ok(all)
}

/// The seal of a part, where it is finished.
///
/// # Errors
/// Its files are not there: only a run that has the output for itself may mend that.
fn sealed<'a>(context: &Context, part: &'a Part) -> Result<Option<Sealed<'a>>, StageError> {
    let frames = context.parameters.pipeline.extract.frames;
    let Some(sealed) = seal::find(context.out, part, frames)? else { return Ok(None) };
    if sealed.is_there(context.out, frames)? {
        return Ok(Some(sealed));
    }
    let path = format!("{}/{}", context.out.root(), sealed.attempt().features());
    Err(StageError::Altered { path, stage: StageName::Extract.as_str() })
}

/// Refuses a program of another build than that which planned the parts: all parts of a table are of one build.
fn check_build(context: &Context, now: &MadeOf) -> Result<(), StageError> {
    let Some(kept) = Plan::kept(context.out)? else { return Ok(()) };
    let planned = MadeOf { build: now.build.clone(), ..kept.made_of.clone() };
    if planned != *now || kept.made_of.build == now.build {
        return Ok(());
    }
    let problem = format!(
        "this `ser` is of build {}, and the parts were planned by build {}: their last digits may differ",
        &now.build, &kept.made_of.build
    );
    let hint = "install the same ser on every host; after an update, run `ser plan` first";
    Err(ConfigError::new("--part or --shard", "refused", problem).hint(hint).into())
}

/// The parts that were asked for.
fn chosen<'a>(context: &Context, plan: &'a Plan, choice: &Choice) -> Result<Vec<&'a Part>, StageError> {
    let of_dates = || plan.parts.iter().filter(|part| is_of_the_dates(context, part)).collect::<Vec<_>>();
    match choice {
        Choice::Dates => Ok(of_dates()),
        Choice::Shard(shard) => {
            let parts = of_dates();
            let bytes = parts.iter().map(|part| part.bytes).collect::<Vec<_>>();
            Ok(shard.members(&bytes).into_iter().map(|at| parts[at]).collect())
        }
        Choice::Named(names) => names.iter().map(|name| named(plan, name)).collect(),
    }
}

/// Whether the run works on the date of a part.
fn is_of_the_dates(context: &Context, part: &Part) -> bool {
    let dates = context.dates.as_ref();
    dates.is_none_or(|dates| part.date.as_deref().is_some_and(|date| dates.hold(date)))
}

fn named<'a>(plan: &'a Plan, name: &str) -> Result<&'a Part, StageError> {
    let found = plan.parts.iter().find(|part| part.keyed_name() == name);
    found.ok_or_else(|| {
        let problem = format!(
            "this is none of the {} of this pipeline as it is now: its files, its parameters or the program are others",
            plural(plan.parts.len(), "part")
        );
        let hint = "`ser plan PIPELINE` lists the names";
        ConfigError::new("--part", format!("`{name}`"), problem).hint(hint).into()
    })
}
