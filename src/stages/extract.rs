//! Reads utterances, run/files and the audio; writes features/*.parquet, feature_dictionary and rejects.
//!
//! Parts are staged under run/extract as they finish and moved to features/ when all are there. A later stage reads the
//! parts that run/extract.json names, and that file is there when the last one is.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::config::{self, ConfigError, Transform};
use crate::features::FeatureSet;
use crate::schema::{Columns, FeatureInfo, FeatureKeys, FileStamp, Reject, Table, Utterance, augmented_id};
use crate::storage::Store;
use crate::table::{self, row_hashes, table_hash};

use super::ingest::FILES;
use super::{Context, Done, Prepared, Record, Stage, StageError, StageName, output};

use crew::{Crew, Extracted, Refusal};
use parts::Part;

mod crew;
mod parts;

/// The extract stage.
pub struct Extract;

/// Everything that is to be extracted, cut into parts.
pub struct Work {
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
        config::config_hash(&(&parameters.pipeline.audio, &parameters.augment, &parameters.features))
    }

    fn prepare(context: &Context) -> Result<Prepared<Work>, StageError> {
        let (utterances, footer) = output::get_table::<Utterance>(context.out, StageName::Ingest)?;
        let files = read_stamps(context.out)?;
        let stamps = files.rows.iter().map(|file| ((file.corpus.clone(), file.path.clone()), file.stamp.clone()));
        let stamps = stamps.collect();
        refuse_hidden_features(context, &utterances)?;
        refuse_taken_ids(context, &utterances.rows)?;
        let config_hash = Self::config_hash(context);
        let parts = plan(context, &utterances, &stamps, &config_hash);
        let pending = pending(context, &parts)?;
        let rows = pending.iter().map(|&part| parts[part].rows.len()).sum::<usize>();
        let inputs = BTreeMap::from([
            ("utterances".to_owned(), footer.content_hash),
            ("files".to_owned(), files_hash(&files)),
            ("part_rows".to_owned(), context.parameters.pipeline.extract.part_rows.to_string()),
        ]);
        let amount = format!("{rows} of {} utterances", utterances.rows.len());
        Ok(Prepared { config_hash, inputs, amount, work: Work { utterances, stamps, parts, pending } })
    }

    fn run(context: &Context, prepared: Prepared<Work>) -> Result<Done, StageError> {
        let work = &prepared.work;
        let set = FeatureSet::new(&context.parameters.features, context.parameters.pipeline.audio.sample_rate_hz);
        let crew = Crew::new(context, &set)?;
        extract_pending(context, work, &crew, &prepared.config_hash)?;
        let outputs = publish(context, work, &set, &prepared)?;
        finish(context, work, &set, outputs)
    }

    fn judge(context: &Context, record: &Record) -> Result<(), StageError> {
        let count = |name: &str| record.counts.get(name).copied().unwrap_or(0);
        context.check_rejects(count("rejects"), count("utterances"))
    }
}

/// A column of the corpus may not have the name of a feature: no reader could tell them apart.
fn refuse_hidden_features(context: &Context, utterances: &Table<Utterance>) -> Result<(), StageError> {
    let set = FeatureSet::new(&context.parameters.features, context.parameters.pipeline.audio.sample_rate_hz);
    match utterances.text.names.iter().find(|name| set.names().contains(name)) {
        None => Ok(()),
        Some(name) => {
            let problem = "a column of a corpus has the name of a feature; rename it in the manifest or pattern";
            Err(ConfigError::new("corpus", name, problem).into())
        }
    }
}

/// An utterance may not have the id of another one's augmented copy. `utterances` are sorted.
fn refuse_taken_ids(context: &Context, utterances: &[Utterance]) -> Result<(), StageError> {
    for transform in context.parameters.augment.iter().map(Transform::to_string) {
        let ending = augmented_id("", &transform);
        let originals = utterances.iter().filter_map(|row| row.utterance_id.strip_suffix(&ending));
        let taken = |id: &&str| utterances.binary_search_by(|row| row.utterance_id.as_str().cmp(id)).is_ok();
        if let Some(id) = originals.into_iter().find(taken) {
            let problem =
                format!("the augmented copy of `{id}` would have the id of an utterance that is there already");
            return Err(ConfigError::new("augment", transform, problem)
                .hint("rename its file, or drop the value")
                .into());
        }
    }
    Ok(())
}

fn read_stamps(out: &dyn Store) -> Result<Table<FileStamp>, StageError> {
    if out.stat(FILES)?.is_none() {
        return Err(StageError::MissingTable { table: FILES.to_owned(), stage: "ingest" });
    }
    Ok(table::read(out.get(FILES)?)?.0)
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
        let key = config::config_hash(&(config_hash, env!("CARGO_PKG_VERSION"), &made_of, stamps));
        Part { name: parts::name(&utterances.rows[rows.start].utterance_id), rows, utterances: made_of, key }
    };
    cuts.into_iter().map(part).collect()
}

fn stamp<'a>(stamps: &'a BTreeMap<(String, String), String>, row: &Utterance) -> &'a str {
    stamps.get(&(row.corpus.clone(), row.path.clone())).map_or("", String::as_str)
}

fn pending(context: &Context, parts: &[Part]) -> Result<Vec<usize>, StageError> {
    let done = if context.force { vec![false; parts.len()] } else { parts::done(context.out, parts)? };
    Ok(done.into_iter().enumerate().filter(|(_, done)| !done).map(|(index, _)| index).collect())
}

/// A part with its rows computed and not yet written.
struct Computed<'a> {
    part: &'a Part,
    features: Table<FeatureKeys>,
    rejects: Vec<Reject>,
}

/// Computes one part while the one before it is written.
fn extract_pending(context: &Context, work: &Work, crew: &Crew, config_hash: &str) -> Result<(), StageError> {
    let total = work.pending.iter().map(|&part| work.parts[part].rows.len() as u64).sum();
    context.progress.start("extract", total);
    let mut before: Option<Computed> = None;
    for &index in &work.pending {
        let part = &work.parts[index];
        let (next, written) = rayon::join(
            || compute(context, work, crew, part),
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

fn compute<'a>(context: &Context, work: &Work, crew: &Crew, part: &'a Part) -> Result<Computed<'a>, StageError> {
    let files = crew.files(&work.utterances.rows[part.rows.clone()], |row| stamp(&work.stamps, row).to_owned())?;
    // In turn, since files are fetched ahead in that order; rows come in the order in which workers finish.
    let extracted = files.into_iter().enumerate().par_bridge().map_init(
        || crew.worker(),
        |worker, (number, file)| {
            context.check_stop()?;
            let rows = crew.extract(worker, file)?;
            context.progress.advance(rows.len() as u64);
            Ok::<_, StageError>((number, rows))
        },
    );
    let mut extracted = extracted.collect::<Result<Vec<_>, _>>()?;
    extracted.sort_unstable_by_key(|(number, _)| *number);
    Ok(assemble(work, crew, part, extracted.into_iter().flat_map(|(_, rows)| rows)))
}

fn assemble<'a>(work: &Work, crew: &Crew, part: &'a Part, rows: impl Iterator<Item = Extracted>) -> Computed<'a> {
    let mut features = Table::<FeatureKeys> {
        rows: Vec::with_capacity(part.rows.len()),
        text: Columns { names: work.utterances.text.names.clone(), values: Vec::new() },
        float: Columns { names: crew.feature_names().to_vec(), values: Vec::new() },
    };
    let (mut kept, mut rejects) = (Vec::with_capacity(part.rows.len()), Vec::new());
    for (index, rows) in part.rows.clone().zip(rows) {
        match rows {
            Ok(rows) => kept.extend(rows.into_iter().map(|(keys, values)| (index, keys, values))),
            Err(refusal) => rejects.push(reject(&work.utterances.rows[index], refusal)),
        }
    }
    // Other utterances may stand between one and its copies: `a`, `a1`, `a~speed0.9`.
    kept.sort_by(|a, b| a.1.utterance_id.cmp(&b.1.utterance_id));
    for (index, keys, values) in kept {
        features.rows.push(keys);
        features.text.values.extend_from_slice(work.utterances.text.row(index));
        features.float.values.extend(values);
    }
    Computed { part, features, rejects }
}

fn reject(row: &Utterance, Refusal { code, message }: Refusal) -> Reject {
    tracing::warn!(utterance = row.utterance_id, code, message, "refused");
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
    let Computed { part, features, mut rejects } = computed;
    rejects.sort_by(|a, b| (&a.corpus, &a.path, &a.utterance_id).cmp(&(&b.corpus, &b.path, &b.utterance_id)));
    let inputs = BTreeMap::from([("utterances".to_owned(), part.utterances.clone())]);
    let (rejects, _) = table::write(&Table::from(rejects), config_hash, &inputs, false)?;
    let (file, _) = table::write(&features, config_hash, &inputs, true)?;
    // Gone first: killed between the writes, an older seal could vouch for a file of the same size.
    context.out.remove(&part.seal_path())?;
    context.out.put(&part.rejects(), &rejects)?;
    context.out.put(&part.staged(), &file)?;
    let augmented = features.rows.iter().filter(|row| row.augmented_from.is_some()).count();
    part.seal(context.out, file.len() as u64, augmented as u64)
}

/// Moves staged parts to where readers look, and takes away what is of no part any more.
fn publish(
    context: &Context,
    work: &Work,
    set: &FeatureSet,
    prepared: &Prepared<Work>,
) -> Result<Vec<String>, StageError> {
    let out = context.out;
    for part in &work.parts {
        if out.stat(&part.staged())?.is_some() {
            out.rename(&part.staged(), &part.published())?;
        }
    }
    let wanted = work.parts.iter().flat_map(|part| [part.published(), part.rejects(), part.seal_path()]);
    let wanted = wanted.collect::<BTreeSet<_>>();
    let former = out.list("features")?.into_iter().chain(out.list("run/extract")?);
    output::remove_others(out, former, &wanted, parts::is_of_a_part)?;
    let mut dictionary = set.dictionary();
    dictionary.sort_by(|a, b| a.name.cmp(&b.name));
    let dictionary = Table::<FeatureInfo>::from(dictionary);
    let mut outputs = work.parts.iter().map(Part::published).collect::<Vec<_>>();
    outputs.push(output::put_table(out, &dictionary, &prepared.config_hash, &BTreeMap::new())?);
    Ok(outputs)
}

fn finish(context: &Context, work: &Work, set: &FeatureSet, mut outputs: Vec<String>) -> Result<Done, StageError> {
    let (mut rejects, mut augmented) = (Vec::new(), 0);
    for part in &work.parts {
        rejects.extend(table::read::<Reject>(context.out.get(&part.rejects())?)?.0.rows);
        augmented += part.augmented(context.out)?;
    }
    let (rows, refused, columns) = (work.utterances.rows.len(), rejects.len(), set.names().len());
    let by_code = output::counts_by_code(&rejects);
    outputs.push(output::put_rejects(context.out, StageName::Extract, rejects)?);
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
    let copies = if augmented > 0 { format!(" and {augmented} augmented ones") } else { String::new() };
    let summary = format!("{} rows{copies} of {columns} features, {refused} rejects", rows - refused);
    Ok(Done { outputs, counts, summary, warnings: Vec::new() })
}
