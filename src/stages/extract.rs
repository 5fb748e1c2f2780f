//! Reads utterances, run/files and the audio; writes features/*.parquet, on request frames/*.parquet,
//! feature_dictionary and rejects.
//!
//! Parts are staged under run/extract as they finish and moved to features/ and frames/ when all are there. A later
//! stage reads the parts that run/extract.json names, and that file is there when the last one is.

use std::collections::BTreeMap;

use crate::audio::Transform;
use crate::features::Featurizer;
use crate::options::{self, ConfigError};
use crate::schema::{
    Columns, FeatureInfo, FeatureKeys, FileStamp, Reject, Signal, Table, Utterance, augmented_id, plural,
};
use crate::storage::Store;
use crate::table::{self, Block, Writer, row_hashes, table_hash};

use super::ingest::{FILES, times_hint};
use super::workers::{Extracted, Refusal, Workers};
use super::{
    Context, Done, OutputFile, Prepared, Record, Stage, StageError, StageName, Written, features_table, output,
    reject_limit, rejects,
};

use frames::FramesWriter;
use parts::{Part, PartSeal};

mod frames;
mod parts;

/// The extract stage.
pub struct Extract;

/// Everything that is to be extracted, cut into parts.
pub struct Work {
    featurizer: Box<dyn Featurizer>,
    utterances: Table<Utterance>,
    stamps: BTreeMap<(String, String), String>,
    parts: Vec<Part>,
    pending: Vec<usize>,
}

impl Stage for Extract {
    const NAME: StageName = StageName::Extract;
    type Work = Work;

    fn config_hash(context: &Context) -> String {
        let parameters = &context.parameters;
        options::config_hash(&(&parameters.pipeline.audio, &parameters.augment, &parameters.features))
    }

    fn prepare(context: &Context) -> Result<Prepared<Work>, StageError> {
        let (utterances, footer) = output::get_table::<Utterance>(context.out, StageName::Ingest)?;
        let files = read_stamps(context.out)?;
        let stamps = files.rows.iter().map(|file| ((file.corpus.clone(), file.path.clone()), file.stamp.clone()));
        let stamps = stamps.collect();
        let featurizer = context.parameters.recipe().featurizer();
        check_names(featurizer.names(), &utterances)?;
        check_ids(context, &utterances.rows)?;
        let config_hash = Self::config_hash(context);
        let parts = plan(context, &utterances, &stamps, &config_hash);
        let pending = pending(context, &parts)?;
        let rows = pending.iter().map(|&part| parts[part].rows.len()).sum::<usize>();
        let extract = &context.parameters.pipeline.extract;
        let inputs = BTreeMap::from([
            ("utterances".to_owned(), footer.content_hash),
            ("files".to_owned(), files_hash(&files)),
            ("rejects of ingest".to_owned(), ingest_rejects(context.out)?),
            ("part_rows".to_owned(), extract.part_rows.to_string()),
            ("frames".to_owned(), extract.frames.to_string()),
        ]);
        let amount = format!("{rows} of {} utterances", utterances.rows.len());
        Ok(Prepared { config_hash, inputs, amount, work: Work { featurizer, utterances, stamps, parts, pending } })
    }

    fn run(context: &Context, prepared: Prepared<Work>) -> Result<Done, StageError> {
        let mut work = prepared.work;
        let pipeline = &context.parameters.pipeline;
        work.pending = pending_or_altered(context, &work)?;
        let work = &work;
        let workers = Workers::new(context.sources()?, work.featurizer.as_ref(), &pipeline.audio)
            .with_transforms(&context.parameters.augment)
            .with_frames(pipeline.extract.frames);
        extract_pending(context, work, &workers, &prepared.config_hash)?;
        let mut outputs = parts::publish(context, &work.parts)?;
        let contents = features_table::contents(context.out, &outputs)?;
        outputs.push(put_dictionary(context, work.featurizer.as_ref(), &prepared.config_hash)?);
        finish(context, work, outputs, contents)
    }

    fn judge(context: &Context, record: &Record) -> Result<(), StageError> {
        let count = |name: &str| record.counts.get(name).copied().unwrap_or(0);
        let judged = reject_limit::check_utterances(context, count("rejects"), count("utterances"), record);
        match count("rejects.segment_out_of_range") {
            0 => judged,
            _ => judged.map_err(|error| error.with_hint(&times_hint(&context.parameters.pipeline.corpus))),
        }
    }
}

/// A column of the corpus may not have the name of a feature: no reader could tell them apart.
fn check_names(features: &[String], utterances: &Table<Utterance>) -> Result<(), StageError> {
    match utterances.text.names.iter().find(|name| features.contains(name)) {
        None => Ok(()),
        Some(name) => {
            let problem = "a column of a corpus has the name of a feature; rename it in the manifest or pattern";
            Err(ConfigError::new("corpus", name, problem).into())
        }
    }
}

/// An utterance may not have the id of another one's augmented copy. `utterances` are sorted.
fn check_ids(context: &Context, utterances: &[Utterance]) -> Result<(), StageError> {
    for transform in context.parameters.augment.iter().map(Transform::to_string) {
        let ending = augmented_id("", &transform);
        let originals = utterances.iter().filter_map(|row| row.utterance_id.strip_suffix(&ending));
        let taken = |id: &&str| utterances.binary_search_by(|row| row.utterance_id.as_str().cmp(id)).is_ok();
        if let Some(id) = originals.into_iter().find(taken) {
            let problem = format!("the augmented copy of `{id}` would have the id of another utterance");
            return Err(ConfigError::new("augment", transform, problem)
                .hint("rename its file, or drop the value")
                .into());
        }
    }
    Ok(())
}

fn read_stamps(out: &dyn Store) -> Result<Table<FileStamp>, StageError> {
    Ok(output::get_table_at(out, FILES, StageName::Ingest)?.0)
}

/// They stand in `rejects.parquet`, which extract vouches for.
fn ingest_rejects(out: &dyn Store) -> Result<String, StageError> {
    let (_, footer) = output::get_table_at::<Reject>(out, &rejects::path(StageName::Ingest), StageName::Ingest)?;
    Ok(footer.content_hash)
}

fn files_hash(files: &Table<FileStamp>) -> String {
    table_hash("files", std::iter::empty(), row_hashes(files).into_iter())
}

fn plan(
    context: &Context,
    utterances: &Table<Utterance>,
    stamps: &BTreeMap<(String, String), String>,
    config_hash: &str,
) -> Vec<Part> {
    let hashes = row_hashes(utterances);
    let rows_each = 1 + context.parameters.augment.len() as u32;
    let cuts = parts::cut(&utterances.rows, (context.parameters.pipeline.extract.part_rows / rows_each).max(1));
    let part = |rows: std::ops::Range<usize>| {
        let columns = utterances.text.names.iter().map(String::as_str);
        let made_of = table_hash("utterances", columns, hashes[rows.clone()].iter().copied());
        let stamps = utterances.rows[rows.clone()].iter().map(|row| stamp(stamps, row)).collect::<Vec<_>>();
        let key = options::config_hash(&(config_hash, StageName::Extract.build(), &made_of, stamps));
        Part { name: parts::name(&utterances.rows[rows.start].utterance_id), rows, utterances: made_of, key }
    };
    cuts.into_iter().map(part).collect()
}

fn stamp<'a>(stamps: &'a BTreeMap<(String, String), String>, row: &Utterance) -> &'a str {
    stamps.get(&(row.corpus.clone(), row.path.clone())).map_or("", String::as_str)
}

fn pending(context: &Context, parts: &[Part]) -> Result<Vec<usize>, StageError> {
    let frames = context.parameters.pipeline.extract.frames;
    let done = if context.force { vec![false; parts.len()] } else { parts::done(context.out, parts, frames)? };
    Ok(done.into_iter().enumerate().filter(|(_, done)| !done).map(|(index, _)| index).collect())
}

/// The same, and the parts whose files have changed since: those are computed anew too.
fn pending_or_altered(context: &Context, work: &Work) -> Result<Vec<usize>, StageError> {
    let is_done = |index: &usize| work.pending.binary_search(index).is_err();
    let done: Vec<usize> = (0..work.parts.len()).filter(is_done).collect();
    let parts: Vec<Part> = done.iter().map(|index| work.parts[*index].clone()).collect();
    let intact = parts::intact(context.out, &parts, context.parameters.pipeline.extract.frames)?;
    let altered = done.into_iter().zip(intact).filter(|(_, intact)| !intact).map(|(index, _)| index);
    let mut pending: Vec<usize> = work.pending.iter().copied().chain(altered).collect();
    pending.sort_unstable();
    Ok(pending)
}

/// A part with its rows computed and not yet written.
struct Computed<'a> {
    part: &'a Part,
    features: Table<FeatureKeys>,
    rejects: Vec<Reject>,
    /// The files of frames, where they are wanted.
    frames: Option<Vec<OutputFile>>,
}

/// Computes one part while the one before it is written.
fn extract_pending(context: &Context, work: &Work, workers: &Workers, config_hash: &str) -> Result<(), StageError> {
    let total = work.pending.iter().map(|&part| work.parts[part].rows.len() as u64).sum();
    context.progress.start("extract", total);
    let mut before: Option<Computed> = None;
    for &index in &work.pending {
        let part = &work.parts[index];
        let (next, written) = rayon::join(
            || compute(context, work, workers, part, config_hash),
            || before.take().map_or(Ok(()), |part| stage(context, config_hash, part)),
        );
        written?;
        before = Some(next?);
    }
    if let Some(last) = before {
        stage(context, config_hash, last)?;
    }
    context.progress.finish();
    Ok(())
}

fn compute<'a>(
    context: &Context,
    work: &Work,
    workers: &Workers,
    part: &'a Part,
    config_hash: &str,
) -> Result<Computed<'a>, StageError> {
    // Gone first: killed between the writes, an older seal would vouch for a mixture.
    context.out.remove(&part.seal_path())?;
    let files = workers.files(&work.utterances.rows[part.rows.clone()], |row| stamp(&work.stamps, row).to_owned())?;
    let frames = context.parameters.pipeline.extract.frames;
    let frames = frames.then(|| FramesWriter::new(context.out, work.featurizer.as_ref(), part, config_hash));
    let extracted = workers.run(files, |number, extract| {
        let place = frames.as_ref().map(|frames| frames.place(number));
        context.check_stop()?;
        let mut rows = extract()?;
        place.map_or(Ok(()), |place| place.write(&mut rows))?;
        context.progress.advance(rows.len() as u64);
        Ok(rows)
    })?;
    let frames = frames.map(FramesWriter::finish).transpose()?;
    Ok(assemble(work, part, extracted, frames))
}

fn assemble<'a>(work: &Work, part: &'a Part, rows: Vec<Extracted>, frames: Option<Vec<OutputFile>>) -> Computed<'a> {
    let mut features = Table::<FeatureKeys> {
        rows: Vec::with_capacity(part.rows.len()),
        text: Columns { names: work.utterances.text.names.clone(), values: Vec::new() },
        float: Columns { names: work.featurizer.names().to_vec(), values: Vec::new() },
    };
    let (mut kept, mut rejects) = (Vec::with_capacity(part.rows.len()), Vec::new());
    for (index, rows) in part.rows.clone().zip(rows) {
        match rows {
            Ok(rows) => kept.extend(rows.into_iter().map(|row| (index, row))),
            Err(refusal) => rejects.push(reject(&work.utterances.rows[index], refusal)),
        }
    }
    // Other utterances may stand between one and its copies: `a`, `a1`, `a~speed0.9`.
    kept.sort_by(|(_, a), (_, b)| a.keys.utterance_id.cmp(&b.keys.utterance_id));
    // Room for all at once: growing would hold them twice.
    features.float.values.reserve_exact(kept.len() * features.float.names.len());
    for (index, row) in kept {
        features.rows.push(row.keys);
        features.text.values.extend_from_slice(work.utterances.text.row(index));
        features.float.values.extend(row.values);
    }
    Computed { part, features, rejects, frames }
}

fn reject(row: &Utterance, Refusal { code, message }: Refusal) -> Reject {
    tracing::warn!(utterance = row.utterance_id, code, reason = message, "refused");
    Reject {
        corpus: row.corpus.clone(),
        path: row.path.clone(),
        utterance_id: Some(row.utterance_id.clone()),
        stage: StageName::Extract.as_str().to_owned(),
        code: code.to_owned(),
        message,
    }
}

fn stage(context: &Context, config_hash: &str, computed: Computed) -> Result<(), StageError> {
    let Computed { part, features, mut rejects, frames } = computed;
    rejects.sort_by(|a, b| (&a.corpus, &a.path, &a.utterance_id).cmp(&(&b.corpus, &b.path, &b.utterance_id)));
    let inputs = BTreeMap::from([("utterances".to_owned(), part.utterances.clone())]);
    let (rejects, _) = table::write(&Table::from(rejects), config_hash, &inputs, false)?;
    let (originals, copies): (Vec<_>, Vec<_>) = features.rows.iter().partition(|row| row.augmented_from.is_none());
    let augmented = copies.len();
    let signals = Signal::counts(originals.into_iter().map(|row| row.signal.as_deref()));
    let signals = signals.into_iter().map(|(signal, count)| (signal.as_str().to_owned(), count as u64)).collect();
    let file = write(features, config_hash, &inputs)?;
    let rejects = output::put(context.out, &part.rejects(), &rejects)?.file;
    let features = output::put(context.out, &part.staged(), &file)?.file;
    let (key, augmented) = (part.key.clone(), augmented as u64);
    part.seal(context.out, &PartSeal { key, features, rejects, frames, augmented, signals })
}

/// The file of a part; of a wide table, memory holds the rows only once at a time.
fn write(
    features: Table<FeatureKeys>,
    config_hash: &str,
    inputs: &BTreeMap<String, String>,
) -> Result<Vec<u8>, StageError> {
    let mut writer = Writer::new::<FeatureKeys>(&features.text.names, &features.float.names)?;
    let block = Block::new(&features)?;
    drop(features);
    writer.push(&block)?;
    drop(block);
    Ok(writer.finish(config_hash, inputs, true)?.0)
}

fn put_dictionary(context: &Context, featurizer: &dyn Featurizer, config_hash: &str) -> Result<Written, StageError> {
    let mut dictionary = featurizer.dictionary();
    dictionary.sort_by(|a, b| a.name.cmp(&b.name));
    output::put_table(context.out, &Table::<FeatureInfo>::from(dictionary), config_hash, &BTreeMap::new())
}

fn finish(
    context: &Context,
    work: &Work,
    mut outputs: Vec<Written>,
    contents: BTreeMap<String, String>,
) -> Result<Done, StageError> {
    let mut rejects = Vec::new();
    for part in &work.parts {
        let kept = table::read::<Reject>(context.out.get(&part.rejects())?);
        rejects.extend(output::of_file(context.out, &part.rejects(), kept)?.0.rows);
    }
    let seals = parts::sealed(context.out, &work.parts)?.into_iter().flatten().collect::<Vec<_>>();
    let augmented = seals.iter().map(|seal| seal.augmented).sum::<u64>();
    let count = |signal: Signal| {
        let counts = seals.iter().filter_map(|seal| seal.signals.get(signal.as_str()));
        (signal, counts.sum::<u64>() as usize)
    };
    let signals = Signal::ALL.map(count).into_iter().filter(|(_, count)| *count > 0).collect::<Vec<_>>();
    let (rows, refused, columns) = (work.utterances.rows.len(), rejects.len(), work.featurizer.names().len());
    let by_code = reject_limit::counts_by_code(&rejects);
    outputs.extend(rejects::put(context.out, (StageName::Extract, StageName::Ingest), rejects)?);
    let counts = [
        ("utterances", rows as u64),
        ("rows", (rows - refused) as u64),
        ("augmented", augmented),
        ("rejects", refused as u64),
        ("features", columns as u64),
        ("parts", work.parts.len() as u64),
    ];
    let mut counts = BTreeMap::from(counts.map(|(name, count)| (name.to_owned(), count)));
    counts.extend(by_code);
    counts.extend(signals.iter().map(|(signal, count)| (format!("signal.{}", signal.as_str()), *count as u64)));
    let copies = match augmented {
        0 => String::new(),
        count => format!(" and {}", plural(count as usize, "augmented one")),
    };
    let counted = [(rows - refused, "row"), (columns, "feature"), (refused, "reject")];
    let [rows, columns, refused] = counted.map(|(count, word)| plural(count, word));
    let summary = format!("{rows}{copies} of {columns}, {refused}");
    let warnings = Signal::warning(&signals, "the features table").into_iter().collect();
    Ok(Done { outputs, contents, counts, summary, warnings })
}
