//! Reads utterances, run/files and the audio; writes features/*.parquet, on request frames/*.parquet,
//! feature_dictionary and rejects.
//!
//! Parts are staged under run/extract as they finish, by this run or by workers before it, and moved to features/ and
//! frames/ when all are there. A later stage reads the parts that run/extract.json names, and that file is there when
//! the last one is.

use std::collections::BTreeMap;

use crate::dsp::VectorLevel;
use crate::features::FeatureParams;
use crate::options::{self, ConfigError};
use crate::pipeline::Parameters;
use crate::schema::{FeatureInfo, FeatureKeys, Reject, Signal, Table, plural};
use crate::table;

use super::delta::{self, DeltaTable};
use super::ingest::times_hint;
use super::{
    Context, Done, NEW, Prepared, Record, Stage, StageError, StageName, Written, features_table, output, reject_limit,
    rejects,
};

use compute::Extractor;
use origin::{Given, Origin};
use plan::{MadeOf, Part, Plan};
use seal::Sealed;
use source::Source;

mod belongs;
mod cells;
mod compute;
mod frames;
mod names;
mod numbers;
mod origin;
mod others;
mod plan;
mod publish;
mod seal;
mod source;
mod worker;

pub(super) use names::part_name;
pub(super) use seal::needed;
pub use worker::{Choice, PartDone, Parts, PendingPart, extract_parts, plan_parts};

/// What the counts of parts by vector level begin with.
const LEVEL: &str = "vector_level.";
/// Missing parts that an error names.
const SHOWN: usize = 5;

/// The extract stage.
pub struct Extract;

/// What extract works with.
pub struct Work {
    given: Given,
    made_of: MadeOf,
    /// Opened by the first who needs it: a run that has nothing to do reads no rows.
    ready: Option<Ready>,
}

/// What the parts are computed from.
struct Ready {
    source: Source,
    plan: Plan,
    origin: Origin,
}

impl Work {
    fn find(context: &Context) -> Result<Self, StageError> {
        let given = Given::find(context)?;
        let made_of = MadeOf::now(context, given.hash(context.out)?)?;
        Ok(Self { given, made_of, ready: None })
    }

    fn open(&mut self, context: &Context) -> Result<&Ready, StageError> {
        let ready = match self.ready.take() {
            Some(ready) => ready,
            None => {
                let source = Source::open(context.out)?;
                let origin = self.given.open(context, &source)?;
                let plan = Plan::find(context, &source, &self.made_of)?;
                Ready { source, plan, origin }
            }
        };
        Ok(self.ready.insert(ready))
    }
}

impl Stage for Extract {
    const NAME: StageName = StageName::Extract;
    const KEYS: &'static [&'static str] = &["audio", "augment", "features", "seed"];
    type Work = Work;

    fn config_hash(context: &Context) -> String {
        let parameters = &context.parameters;
        match &parameters.features {
            FeatureParams::Set(set) => options::config_hash(&(&parameters.pipeline.audio, &parameters.augment, set)),
            FeatureParams::Table(table) => options::config_hash(table),
        }
    }

    fn prepare(context: &Context) -> Result<Prepared<Work>, StageError> {
        let work = Work::find(context)?;
        let made_of = &work.made_of;
        let extract = &context.parameters.pipeline.extract;
        let mut inputs = BTreeMap::from([
            ("utterances".to_owned(), made_of.utterances.clone()),
            ("files".to_owned(), made_of.files.clone()),
            // They stand in rejects.parquet, which extract vouches for.
            ("rejects of ingest".to_owned(), rejects::content_hash(context.out, StageName::Ingest)?),
        ]);
        inputs.extend(made_of.table.iter().map(|hash| (features_table::OF_OTHERS.to_owned(), hash.clone())));
        let mut layout = delta::layout(context);
        layout.insert("part_rows".to_owned(), extract.part_rows.to_string());
        layout.insert("frames".to_owned(), extract.frames.to_string());
        Ok(Prepared { layout, ..Prepared::new(made_of.config_hash.clone(), inputs, work) })
    }

    fn amount(context: &Context, mut prepared: Prepared<Work>) -> Result<String, StageError> {
        let plan = &prepared.work.open(context)?.plan;
        let rows = |parts: &[&Part]| parts.iter().map(|part| part.rows).sum::<usize>();
        Ok(format!("{} of {} utterances", rows(&pending(context, plan)?), rows(&plan.parts.iter().collect::<Vec<_>>())))
    }

    fn check(context: &Context, work: &mut Work) -> Result<(), StageError> {
        let plan = &work.open(context)?.plan;
        let pending = pending(context, plan)?;
        if !pending.is_empty() {
            check_level(context.parameters)?;
        }
        if context.require_parts && !pending.is_empty() {
            let names = pending.iter().take(SHOWN).map(|part| part.keyed_name()).collect::<Vec<_>>().join(", ");
            let more = if pending.len() > SHOWN { ", ..." } else { "" };
            return Err(StageError::MissingParts {
                missing: pending.len(),
                all: plan.parts.len(),
                names: names + more,
            });
        }
        let frames = context.parameters.pipeline.extract.frames;
        let sealed = seal::find_all(context.out, &plan.parts, frames)?;
        let others = sealed.iter().flatten().filter(|sealed| !pending.contains(&sealed.part));
        check_levels(context, &seal::levels(others.map(|sealed| &sealed.seal)))
    }

    fn run(context: &Context, mut prepared: Prepared<Work>) -> Result<Done, StageError> {
        prepared.work.given.keep(context.out, prepared.work.made_of.table.as_deref())?;
        let Ready { source, plan, origin } = prepared.work.open(context)?;
        let pending = pending_or_altered(context, plan)?;
        let computed = pending.iter().map(|part| part.rows).sum::<usize>();
        Extractor::new(context, origin, (source, plan), true)?.work(&pending)?;
        let (sealed, mut outputs) = publish::publish(context, plan)?;
        let contents = features_table::contents(context.out, &outputs)?;
        outputs.extend(log(context, source, origin, &outputs)?);
        outputs.push(put_dictionary(context, origin, &plan.made_of.config_hash)?);
        let mut done = finish(context, origin, &sealed, (outputs, contents))?;
        if computed < plan.parts.iter().map(|part| part.rows).sum() {
            done.counts.insert(NEW.to_owned(), computed as u64);
        }
        Ok(done)
    }

    fn judge(context: &Context, record: &Record) -> Result<(), StageError> {
        let count = |name: &str| record.counts.get(name).copied().unwrap_or(0);
        let of_level = |level: VectorLevel| (level, count(&format!("{LEVEL}{level}")) as usize);
        let levels = VectorLevel::ALL.map(of_level).into_iter().filter(|(_, parts)| *parts > 0);
        check_levels(context, &levels.collect())?;
        let judged = reject_limit::check_utterances(context, count("rejects"), count("utterances"), &record.counts);
        match count("rejects.segment_out_of_range") {
            0 => judged,
            _ => judged.map_err(|error| error.with_hint(&times_hint(&context.parameters.pipeline.corpus))),
        }
    }
}

/// Refuses to compute a part on a machine of another vector level than the pipeline wants.
fn check_level(parameters: &Parameters) -> Result<(), StageError> {
    let here = VectorLevel::here();
    match parameters.pipeline.extract.vector_level {
        Some(wanted) if wanted != here => {
            let problem = format!("this machine computes with {here}, so its last digits would differ");
            let hint = "run the job on machines of one kind, or drop the key";
            Err(ConfigError::new("extract.vector_level", wanted, problem).hint(hint).into())
        }
        _ => Ok(()),
    }
}

/// Refuses parts of another vector level than the pipeline wants.
fn check_levels(context: &Context, levels: &BTreeMap<VectorLevel, usize>) -> Result<(), StageError> {
    let Some(wanted) = context.parameters.pipeline.extract.vector_level else { return Ok(()) };
    if levels.keys().all(|level| *level == wanted) {
        return Ok(());
    }
    let problem = format!("the parts of the features table were computed with other instructions: {}", words(levels));
    let hint = format!("`ser extract --force` on a machine with {wanted} computes them again; or drop the key");
    Err(ConfigError::new("extract.vector_level", wanted, problem).hint(hint).into())
}

/// `3 parts with avx-fma, 1 part with neon`
fn words(levels: &BTreeMap<VectorLevel, usize>) -> String {
    levels
        .iter()
        .map(|(level, parts)| format!("{} with {level}", plural(*parts, "part")))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The parts that are not finished.
fn pending<'a>(context: &Context, plan: &'a Plan) -> Result<Vec<&'a Part>, StageError> {
    let frames = context.parameters.pipeline.extract.frames;
    let done =
        if context.force { vec![false; plan.parts.len()] } else { seal::done(context.out, &plan.parts, frames)? };
    Ok(plan.parts.iter().zip(done).filter(|(_, done)| !done).map(|(part, _)| part).collect())
}

/// The same, and the parts whose files have changed since: those are computed anew too.
fn pending_or_altered<'a>(context: &Context, plan: &'a Plan) -> Result<Vec<&'a Part>, StageError> {
    if context.force {
        return Ok(plan.parts.iter().collect());
    }
    let frames = context.parameters.pipeline.extract.frames;
    let done = seal::done(context.out, &plan.parts, frames)?;
    let finished = plan.parts.iter().zip(&done).filter(|(_, done)| **done).map(|(part, _)| part.clone());
    let mut intact = seal::intact(context.out, &finished.collect::<Vec<_>>(), frames)?.into_iter();
    let is_intact = done.into_iter().map(|done| done && intact.next() == Some(true));
    Ok(plan.parts.iter().zip(is_intact).filter(|(_, intact)| !intact).map(|(part, _)| part).collect())
}

/// The log of the table for lakehouses, where it is wanted.
fn log(
    context: &Context,
    source: &Source,
    origin: &Origin,
    outputs: &[Written],
) -> Result<Option<Written>, StageError> {
    let table = DeltaTable { out: context.out, folder: "features", text: &source.text_names(), float: origin.names() };
    let files = outputs.iter().filter(|written| written.path.starts_with("features/")).cloned();
    table.keep::<FeatureKeys>(context, &files.collect::<Vec<_>>())
}

fn put_dictionary(context: &Context, origin: &Origin, config_hash: &str) -> Result<Written, StageError> {
    let mut dictionary = origin.dictionary();
    dictionary.sort_by(|a, b| a.name.cmp(&b.name));
    output::put_table(context.out, &Table::<FeatureInfo>::from(dictionary), config_hash, &BTreeMap::new())
}

fn finish(
    context: &Context,
    origin: &Origin,
    sealed: &[Sealed],
    (mut outputs, contents): (Vec<Written>, BTreeMap<String, String>),
) -> Result<Done, StageError> {
    let mut rejects = Vec::new();
    for path in sealed.iter().map(|sealed| sealed.attempt().rejects()) {
        let kept = table::read::<Reject>(context.out.get(&path)?);
        rejects.extend(output::of_file(context.out, &path, kept)?.0.rows);
    }
    let seals = || sealed.iter().map(|sealed| &sealed.seal);
    let augmented = seals().map(|seal| seal.augmented).sum::<u64>();
    let count = |signal: Signal| {
        let counts = seals().filter_map(|seal| seal.signals.get(signal.as_str()));
        (signal, counts.sum::<u64>() as usize)
    };
    let signals = Signal::ALL.map(count).into_iter().filter(|(_, count)| *count > 0).collect::<Vec<_>>();
    let rows = sealed.iter().map(|sealed| sealed.part.rows).sum::<usize>();
    let (refused, columns, levels) = (rejects.len(), origin.names().len(), seal::levels(seals()));
    let by_code = reject_limit::counts_by_code(&rejects);
    outputs.extend(rejects::put(context.out, (StageName::Extract, StageName::Ingest), rejects)?);
    let counts = [
        ("utterances", rows as u64),
        ("rows", (rows - refused) as u64),
        ("augmented", augmented),
        ("rejects", refused as u64),
        ("features", columns as u64),
        ("parts", sealed.len() as u64),
    ];
    let mut counts = BTreeMap::from(counts.map(|(name, count)| (name.to_owned(), count)));
    counts.extend(by_code);
    counts.extend(signals.iter().map(|(signal, count)| (format!("signal.{}", signal.as_str()), *count as u64)));
    counts.extend(levels.iter().map(|(level, parts)| (format!("{LEVEL}{level}"), *parts as u64)));
    let copies = match augmented {
        0 => String::new(),
        count => format!(" and {}", plural(count as usize, "augmented one")),
    };
    let counted = [(rows - refused, "row"), (columns, "feature"), (refused, "reject")];
    let [rows, columns, refused] = counted.map(|(count, word)| plural(count, word));
    let summary = format!("{rows}{copies} of {columns}, {refused}");
    let mut warnings = Vec::from_iter(Signal::warning(&signals, "the features table"));
    warnings.extend(origin.warning().map(str::to_owned));
    warnings.extend((levels.len() > 1).then(|| {
        format!(
            "parts were computed with different vector instructions ({}), so their last digits may differ; \
             extract.vector_level refuses this",
            words(&levels)
        )
    }));
    Ok(Done { outputs, contents, counts, summary, warnings })
}
