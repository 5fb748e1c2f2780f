//! From the audio of a part to its staged files: one part is computed while the one before it is written.

use std::collections::BTreeMap;

use crate::dsp::VectorLevel;
use crate::features::Featurizer;
use crate::schema::{Columns, FeatureKeys, Reject, Signal, Table, Utterance};
use crate::stages::workers::{Extracted, Extractions, Refusal, Workers};
use crate::stages::{Context, OutputFile, StageError, StageName, output};
use crate::table::{self, Block as TableBlock, Writer};

use super::frames::FramesWriter;
use super::origin::Origin;
use super::others::TableOfOthers;
use super::plan::{Part, Plan};
use super::seal::{Attempt, PartSeal};
use super::source::{self, Block, Source};

/// What computes parts.
pub(super) struct Extractor<'a> {
    context: &'a Context<'a>,
    origin: &'a Origin,
    source: &'a Source,
    plan: &'a Plan,
    rows: Rows<'a>,
    /// Whether nobody else works on the output: a seal may then be written over.
    alone: bool,
}

/// What makes rows.
enum Rows<'a> {
    Audio(&'a dyn Featurizer, Workers<'a>),
    Table(&'a TableOfOthers),
}

/// A part with its rows computed and not yet written.
struct Computed<'a> {
    attempt: Attempt<'a>,
    features: Table<FeatureKeys>,
    rejects: Vec<Reject>,
    /// The files of frames, where they are wanted.
    frames: Option<Vec<OutputFile>>,
}

impl<'a> Extractor<'a> {
    /// Opens the sources of the corpora, if their audio is needed.
    pub fn new(
        context: &'a Context,
        origin: &'a Origin,
        (source, plan): (&'a Source, &'a Plan),
        alone: bool,
    ) -> Result<Self, StageError> {
        let pipeline = &context.parameters.pipeline;
        let rows = match origin {
            Origin::Table(table) => Rows::Table(table),
            Origin::Audio(featurizer) => {
                let workers = Workers::new(context.sources()?, featurizer.as_ref(), &pipeline.audio)
                    .with_transforms(&context.parameters.augment)
                    .with_frames(pipeline.extract.frames);
                Rows::Audio(featurizer.as_ref(), workers)
            }
        };
        Ok(Self { context, origin, source, plan, rows, alone })
    }

    /// Computes parts and stages them.
    pub fn work(&self, parts: &[&'a Part]) -> Result<(), StageError> {
        let total = parts.iter().map(|part| part.rows as u64).sum();
        self.context.progress.start("extract", total);
        let mut before: Option<Computed> = None;
        for part in parts {
            let (next, written) =
                rayon::join(|| self.compute(part), || before.take().map_or(Ok(()), |part| self.stage(part)));
            written?;
            before = Some(next?);
        }
        if let Some(last) = before {
            self.stage(last)?;
        }
        self.context.progress.finish();
        Ok(())
    }

    fn compute(&self, part: &'a Part) -> Result<Computed<'a>, StageError> {
        let (context, attempt) = (self.context, Attempt::new(part));
        let block = self.source.read(context.out, &part.at)?;
        if !part.is_of(&self.plan.made_of, &block) {
            return Err(source::altered(context.out));
        }
        let (extracted, frames) = match &self.rows {
            Rows::Audio(featurizer, workers) => self.hear(&attempt, &block, *featurizer, workers)?,
            Rows::Table(table) => (self.look_up(part, &block, table)?, None),
        };
        let (features, rejects) = self.assemble(block.utterances, extracted);
        Ok(Computed { attempt, features, rejects, frames })
    }

    /// The rows of a block in a table of others.
    fn look_up(&self, part: &Part, block: &Block, table: &TableOfOthers) -> Extractions {
        self.context.check_stop()?;
        let rows = part
            .at
            .iter()
            .cloned()
            .flatten()
            .zip(&block.utterances.rows)
            .map(|(number, row)| table.extract(number, row));
        let rows = rows.collect::<Result<Vec<_>, StageError>>()?;
        self.context.progress.advance(rows.len() as u64);
        Ok(rows)
    }

    /// The rows of a block from its audio, and the files of their frames, where they are wanted.
    fn hear(
        &self,
        attempt: &Attempt,
        block: &Block,
        featurizer: &dyn Featurizer,
        workers: &Workers,
    ) -> Result<(Vec<Extracted>, Option<Vec<OutputFile>>), StageError> {
        let (context, Block { utterances, stamps }) = (self.context, block);
        let stamps = utterances.rows.iter().map(|row| (row.corpus.as_str(), row.path.as_str())).zip(stamps);
        let stamps = stamps.collect::<BTreeMap<_, _>>();
        let stamp = |row: &Utterance| stamps[&(row.corpus.as_str(), row.path.as_str())].clone();
        let files = workers.files(&utterances.rows, stamp)?;
        let frames = context.parameters.pipeline.extract.frames;
        let frames = frames.then(|| FramesWriter::new(context.out, featurizer, attempt, self.config_hash()));
        let extracted = workers.run(files, |number, extract| {
            let place = frames.as_ref().map(|frames| frames.place(number));
            context.check_stop()?;
            let mut rows = extract()?;
            place.map_or(Ok(()), |place| place.write(&mut rows))?;
            context.progress.advance(rows.len() as u64);
            Ok(rows)
        })?;
        Ok((extracted, frames.map(FramesWriter::finish).transpose()?))
    }

    fn config_hash(&self) -> &str {
        &self.plan.made_of.config_hash
    }

    fn assemble(&self, utterances: Table<Utterance>, rows: Vec<Extracted>) -> (Table<FeatureKeys>, Vec<Reject>) {
        let mut features = Table::<FeatureKeys> {
            rows: Vec::with_capacity(rows.len()),
            text: Columns { names: utterances.text.names.clone(), values: Vec::new() },
            float: Columns { names: self.origin.names().to_vec(), values: Vec::new() },
        };
        let (mut kept, mut rejects) = (Vec::with_capacity(rows.len()), Vec::new());
        for (index, rows) in rows.into_iter().enumerate() {
            match rows {
                Ok(rows) => kept.extend(rows.into_iter().map(|row| (index, row))),
                Err(refusal) => rejects.push(reject(&utterances.rows[index], refusal)),
            }
        }
        // Other utterances may stand between one and its copies: `a`, `a1`, `a~speed0.9`.
        kept.sort_by(|(_, a), (_, b)| a.keys.utterance_id.cmp(&b.keys.utterance_id));
        // Room for all at once: growing would hold them twice.
        features.float.values.reserve_exact(kept.len() * features.float.names.len());
        for (index, row) in kept {
            features.rows.push(row.keys);
            features.text.values.extend_from_slice(utterances.text.row(index));
            features.float.values.extend(row.values);
        }
        (features, rejects)
    }

    fn stage(&self, computed: Computed) -> Result<(), StageError> {
        let Computed { attempt, features, mut rejects, frames } = computed;
        let out = self.context.out;
        rejects.sort_by(|a, b| (&a.corpus, &a.path, &a.utterance_id).cmp(&(&b.corpus, &b.path, &b.utterance_id)));
        let refused = rejects.len() as u64;
        let inputs = BTreeMap::from([("utterances".to_owned(), attempt.part.utterances.clone())]);
        let (rejects, _) = table::write(&Table::from(rejects), self.config_hash(), &inputs, false)?;
        let (originals, copies): (Vec<_>, Vec<_>) = features.rows.iter().partition(|row| row.augmented_from.is_none());
        let augmented = copies.len() as u64;
        let signals = Signal::counts(originals.into_iter().map(|row| row.signal.as_deref()));
        let signals = signals.into_iter().map(|(signal, count)| (signal.as_str().to_owned(), count as u64)).collect();
        let features = write(features, self.config_hash(), &inputs)?;
        let seal = PartSeal {
            key: attempt.part.key.clone(),
            attempt: attempt.id.clone(),
            build: StageName::Extract.build().to_owned(),
            vector_level: VectorLevel::here(),
            rejects: output::put(out, &attempt.rejects(), &rejects)?.file,
            features: output::put(out, &attempt.features(), &features)?.file,
            frames,
            refused,
            augmented,
            signals,
        };
        if attempt.seal(out, &seal, self.alone)? { Ok(()) } else { attempt.remove(out, &seal) }
    }
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

/// The file of a part; of a wide table, memory holds the rows only once at a time.
fn write(
    features: Table<FeatureKeys>,
    config_hash: &str,
    inputs: &BTreeMap<String, String>,
) -> Result<Vec<u8>, StageError> {
    let mut writer = Writer::new::<FeatureKeys>(&features.text.names, &features.float.names)?;
    let block = TableBlock::new(&features)?;
    drop(features);
    writer.push(&block)?;
    drop(block);
    Ok(writer.finish(config_hash, inputs, true)?.0)
}
