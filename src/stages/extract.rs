//! Reads utterances, run/files and the audio; writes features/*.parquet, feature_dictionary and rejects.
//!
//! Parts are staged under run/extract as they finish and published together, so readers never see half a table.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use rayon::prelude::*;

use crate::audio::{Audio, AudioReader, Segment};
use crate::config;
use crate::features::{Extractor, FeatureSet};
use crate::schema::{Columns, FeatureInfo, FeatureKeys, FileStamp, Reject, Table, Utterance};
use crate::storage::{self, StorageError, Store};
use crate::table::{self, row_hashes, table_hash};

use super::error::FileError;
use super::ingest::FILES;
use super::parts::{self, Part};
use super::{Context, Done, Prepared, Record, Stage, StageError, StageName, output};

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

    fn prepare(context: &Context) -> Result<Prepared<Work>, StageError> {
        let (utterances, footer) = output::get_table::<Utterance>(context.out, StageName::Ingest)?;
        let files = read_stamps(context.out)?;
        let stamps = files.rows.iter().map(|file| ((file.corpus.clone(), file.path.clone()), file.stamp.clone()));
        let stamps = stamps.collect();
        let config_hash = config_hash(context);
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
        let crew = Crew::new(context, &set, &prepared)?;
        extract_pending(context, work, &crew)?;
        let outputs = publish(context, work, &set, &prepared)?;
        finish(context, work, &set, outputs)
    }

    fn judge(context: &Context, record: &Record) -> Result<(), StageError> {
        let count = |name: &str| record.counts.get(name).copied().unwrap_or(0);
        let (rejects, utterances) = (count("rejects"), count("utterances"));
        let limit = context.parameters.pipeline.extract.max_reject_rate;
        if rejects as f64 > limit * utterances as f64 {
            return Err(StageError::TooManyRejects { rejects, utterances, limit });
        }
        Ok(())
    }
}

/// What determines a feature's value.
fn config_hash(context: &Context) -> String {
    config::config_hash(&(&context.parameters.pipeline.audio, &context.parameters.features))
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
    let cuts = parts::cut(&utterances.rows, context.parameters.pipeline.extract.part_rows);
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
    let mut pending = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        if context.force || !part.is_done(context.out)? {
            pending.push(index);
        }
    }
    Ok(pending)
}

/// What every worker needs to turn an utterance into a row.
struct Crew<'a> {
    sources: BTreeMap<&'a str, std::sync::Arc<dyn Store>>,
    set: &'a FeatureSet,
    audio: &'a config::Audio,
    config_hash: &'a str,
}

/// One worker's tools, which keep their buffers and plans.
struct Worker {
    reader: AudioReader,
    extractor: Extractor,
}

impl<'a> Crew<'a> {
    fn new(context: &'a Context, set: &'a FeatureSet, prepared: &'a Prepared<Work>) -> Result<Self, StageError> {
        let mut sources = BTreeMap::new();
        for corpus in &context.parameters.pipeline.corpus {
            let store = storage::open(&corpus.source)
                .map_err(|source| StageError::Source { corpus: corpus.name.clone(), source })?;
            sources.insert(corpus.name.as_str(), store);
        }
        let audio = &context.parameters.pipeline.audio;
        Ok(Self { sources, set, audio, config_hash: &prepared.config_hash })
    }

    fn worker(&self) -> Worker {
        Worker { reader: AudioReader::new(self.audio), extractor: self.set.extractor() }
    }

    /// Reads an utterance's file, refusing one that is not what ingest listed.
    fn fetch(&self, row: &Utterance, stamp: &str) -> Result<Bytes, FileError> {
        let Some(store) = self.sources.get(row.corpus.as_str()) else {
            return Err(FileError::Fatal(StageError::MissingTable { table: row.corpus.clone(), stage: "ingest" }));
        };
        let entry = store.stat(&row.path).map_err(|error| refuse_file(row, error))?;
        if entry.is_none_or(|entry| entry.stamp != stamp) {
            let (corpus, path) = (row.corpus.clone(), row.path.clone());
            return Err(FileError::Fatal(StageError::SourceChanged { corpus, path }));
        }
        if row.bytes as u64 > self.audio.max_bytes {
            let message = format!("{} bytes, audio.max_bytes allows {}", row.bytes, self.audio.max_bytes);
            return Err(FileError::Reject("too_large", message));
        }
        store.get(&row.path).map_err(|error| refuse_file(row, error))
    }

    fn extract(&self, worker: &mut Worker, row: &Utterance, stamp: &str) -> Result<(FeatureKeys, Vec<f32>), FileError> {
        let file = self.fetch(row, stamp)?;
        let extension = row.path.rsplit_once('.').map(|(_, extension)| extension);
        let audio = worker.reader.read(&file, extension, Segment { start_s: row.start_s, end_s: row.end_s })?;
        let mut values = Vec::with_capacity(self.set.names().len());
        worker.extractor.extract(&audio.samples, &mut values);
        Ok((keys(row, &audio), values))
    }
}

/// One file that cannot be read is a row in rejects; a failing store ends the stage.
fn refuse_file(row: &Utterance, error: StorageError) -> FileError {
    match error {
        StorageError::Denied { .. } | StorageError::NotFound { .. } => {
            // The message names the file by its place in the corpus: the same on every machine.
            FileError::Reject("unreadable", format!("`{}` may not be read: permission denied", row.path))
        }
        error => FileError::Fatal(error.into()),
    }
}

fn keys(row: &Utterance, audio: &Audio) -> FeatureKeys {
    FeatureKeys {
        utterance_id: row.utterance_id.clone(),
        corpus: row.corpus.clone(),
        path: row.path.clone(),
        start_s: row.start_s,
        end_s: row.end_s,
        speaker: row.speaker.clone(),
        gender: row.gender.clone(),
        text_id: row.text_id.clone(),
        intensity: row.intensity.clone(),
        language: row.language.clone(),
        source_label: row.source_label.clone(),
        emotion: row.emotion.clone(),
        codec: audio.codec.clone(),
        sample_rate_hz: i64::from(audio.sample_rate_hz),
        channels: i64::from(audio.channels),
        duration_s: audio.duration_s,
        audio_hash: audio.hash(),
    }
}

/// A part with its rows computed and not yet written.
struct Extracted<'a> {
    part: &'a Part,
    features: Table<FeatureKeys>,
    rejects: Vec<Reject>,
}

/// Computes one part while the one before it is written.
fn extract_pending(context: &Context, work: &Work, crew: &Crew) -> Result<(), StageError> {
    let total = work.pending.iter().map(|&part| work.parts[part].rows.len() as u64).sum();
    context.progress.start("extract", total);
    let mut before: Option<Extracted> = None;
    for &index in &work.pending {
        let part = &work.parts[index];
        let (next, written) = rayon::join(
            || compute(context, work, crew, part),
            || before.take().map_or(Ok(()), |p| stage(context, crew, p)),
        );
        written?;
        before = Some(next?);
    }
    if let Some(last) = before {
        stage(context, crew, last)?;
    }
    context.progress.finish();
    Ok(())
}

fn compute<'a>(context: &Context, work: &Work, crew: &Crew, part: &'a Part) -> Result<Extracted<'a>, StageError> {
    // A worker is set up anew for every piece of work that is split off: pieces are not too small.
    let rows = part.rows.clone().into_par_iter().with_min_len(8).map_init(
        || crew.worker(),
        |worker, index| {
            context.check_stop().map_err(FileError::Fatal)?;
            let row = &work.utterances.rows[index];
            let extracted = crew.extract(worker, row, stamp(&work.stamps, row));
            context.progress.advance(1);
            extracted
        },
    );
    let rows = rows.collect::<Vec<_>>();
    assemble(work, crew, part, rows)
}

fn assemble<'a>(
    work: &Work,
    crew: &Crew,
    part: &'a Part,
    rows: Vec<Result<(FeatureKeys, Vec<f32>), FileError>>,
) -> Result<Extracted<'a>, StageError> {
    let mut features = Table::<FeatureKeys> {
        rows: Vec::with_capacity(rows.len()),
        text: Columns { names: work.utterances.text.names.clone(), values: Vec::new() },
        float: Columns { names: crew.set.names().to_vec(), values: Vec::new() },
    };
    let mut rejects = Vec::new();
    for (index, row) in part.rows.clone().zip(rows) {
        match row {
            Ok((keys, values)) => {
                features.rows.push(keys);
                features.text.values.extend_from_slice(work.utterances.text.row(index));
                features.float.values.extend(values);
            }
            Err(FileError::Reject(code, message)) => rejects.push(reject(&work.utterances.rows[index], code, message)),
            Err(FileError::Fatal(error)) => return Err(error),
        }
    }
    Ok(Extracted { part, features, rejects })
}

fn reject(row: &Utterance, code: &str, message: String) -> Reject {
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

fn stage(context: &Context, crew: &Crew, extracted: Extracted) -> Result<(), StageError> {
    let Extracted { part, features, mut rejects } = extracted;
    rejects.sort_by(|a, b| (&a.corpus, &a.path, &a.utterance_id).cmp(&(&b.corpus, &b.path, &b.utterance_id)));
    let inputs = BTreeMap::from([("utterances".to_owned(), part.utterances.clone())]);
    let (rejects, _) = table::write(&Table::from(rejects), crew.config_hash, &inputs, false)?;
    let (file, _) = table::write(&features, crew.config_hash, &inputs, true)?;
    context.out.put(&part.rejects(), &rejects)?;
    context.out.put(&part.staged(), &file)?;
    part.seal(context.out, file.len() as u64)
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
    for entry in out.list("features")?.into_iter().chain(out.list("run/extract")?) {
        if !wanted.contains(&entry.path) {
            out.remove(&entry.path)?;
        }
    }
    let mut dictionary = set.dictionary();
    dictionary.sort_by(|a, b| a.name.cmp(&b.name));
    let dictionary = Table::<FeatureInfo>::from(dictionary);
    let mut outputs = work.parts.iter().map(Part::published).collect::<Vec<_>>();
    outputs.push(output::put_table(out, &dictionary, &prepared.config_hash, &BTreeMap::new())?);
    Ok(outputs)
}

fn finish(context: &Context, work: &Work, set: &FeatureSet, mut outputs: Vec<String>) -> Result<Done, StageError> {
    let mut rejects = Vec::new();
    for part in &work.parts {
        rejects.extend(table::read::<Reject>(context.out.get(&part.rejects())?)?.0.rows);
    }
    let (rows, refused, columns) = (work.utterances.rows.len(), rejects.len(), set.names().len());
    outputs.push(output::put_rejects(context.out, StageName::Extract, rejects)?);
    let counts = [
        ("utterances", rows),
        ("rows", rows - refused),
        ("rejects", refused),
        ("features", columns),
        ("parts", work.parts.len()),
    ];
    let counts = counts.map(|(name, count)| (name.to_owned(), count as u64));
    let summary = format!("{} rows of {columns} features, {refused} rejects", rows - refused);
    Ok(Done { outputs, counts: BTreeMap::from(counts), summary, warnings: Vec::new() })
}
