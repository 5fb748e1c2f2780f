//! From an utterance's file to its rows.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rayon::prelude::*;

use crate::audio::{self, Audio, AudioError, AudioReader, Augmenter, Pointer, Segment, Source, Transform};
use crate::dsp::Contours;
use crate::features::{FeatureWorker, Featurizer};
use crate::schema::{FeatureKeys, Signal, Utterance, augmented_id};
use crate::storage::{Entry, Fetch, Pieces, StorageError, Store};

use super::StageError;

/// Larger files are read piece by piece.
const WHOLE_BYTES: u64 = 32 << 20;

/// The stores that files come from, by the name in the `corpus` column.
pub(super) type Sources<'a> = BTreeMap<&'a str, Arc<dyn Store>>;

/// What every worker needs to turn an utterance into rows.
pub(super) struct Workers<'a> {
    sources: Sources<'a>,
    featurizer: &'a dyn Featurizer,
    audio: &'a audio::AudioParams,
    transforms: &'a [Transform],
    /// Whether frames are wanted.
    frames: bool,
}

/// One worker's tools, which keep their buffers and plans.
struct Worker {
    reader: AudioReader,
    augmenter: Augmenter,
    features: Box<dyn FeatureWorker>,
}

/// A file on its way, and its utterances: one, or the segments of a long recording.
pub(super) struct File<'a> {
    utterances: &'a [Utterance],
    content: Content<'a>,
}

/// How a file is read.
enum Content<'a> {
    /// Not at all.
    TooLarge,
    /// Fetched ahead.
    Whole(Fetch<'a>),
    /// When its turn comes, without being held.
    Pieces(Pieces<'a>),
}

/// What becomes of an utterance and of its augmented copies, or why it is a row in rejects.
pub(super) type Extracted = Result<Vec<Extraction>, Refusal>;

/// What becomes of several utterances, or why the stage ends.
pub(super) type Extractions = Result<Vec<Extracted>, StageError>;

/// Keys and features of a row, and its frames where they are wanted.
#[derive(Debug, Clone)]
pub(super) struct Extraction {
    pub keys: FeatureKeys,
    pub values: Vec<f32>,
    pub contours: Option<Contours>,
}

/// Code and message of a row in rejects.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub code: &'static str,
    pub message: String,
}

impl<'a> Workers<'a> {
    /// Workers for files of these sources, by the name in the `corpus` column.
    pub fn new(sources: Sources<'a>, featurizer: &'a dyn Featurizer, audio: &'a audio::AudioParams) -> Self {
        Self { sources, featurizer, audio, transforms: &[], frames: false }
    }

    /// The same, with one augmented row for each transform.
    pub fn with_transforms(self, transforms: &'a [Transform]) -> Self {
        Self { transforms, ..self }
    }

    /// The same, with the frames of every row where they are `wanted`.
    pub fn with_frames(self, wanted: bool) -> Self {
        Self { frames: wanted, ..self }
    }

    /// Tools for one worker.
    fn worker(&self) -> Worker {
        Worker {
            reader: AudioReader::new(self.audio),
            augmenter: Augmenter::new(self.transforms),
            features: self.featurizer.worker(),
        }
    }

    /// The files of some utterances in order, with the stamps of their listing.
    pub fn files<'b>(
        &'b self,
        utterances: &'b [Utterance],
        stamp: impl Fn(&Utterance) -> String,
    ) -> Result<Vec<File<'b>>, StageError> {
        let mut files = Vec::new();
        for of_corpus in utterances.chunk_by(|a, b| a.corpus == b.corpus) {
            let corpus = &of_corpus[0].corpus;
            let store = self.sources.get(corpus.as_str()).ok_or_else(|| missing(corpus))?;
            let of_file = of_corpus.chunk_by(|a, b| a.path == b.path);
            let entry = |row: &Utterance| Entry { path: row.path.clone(), bytes: row.bytes as u64, stamp: stamp(row) };
            let is_whole = |row: &&Utterance| self.fits(row) && row.bytes as u64 <= WHOLE_BYTES;
            let mut fetches = store.fetch(of_file.clone().map(|rows| &rows[0]).filter(is_whole).map(entry).collect());
            let mut content = |row| match row {
                row if is_whole(&row) => Content::Whole(fetches.next().expect("a fetch for each whole file")),
                row if self.fits(row) => Content::Pieces(Pieces::new(store.as_ref(), entry(row))),
                _ => Content::TooLarge,
            };
            files.extend(of_file.map(|rows| File { utterances: rows, content: content(&rows[0]) }));
        }
        Ok(files)
    }

    fn fits(&self, row: &Utterance) -> bool {
        row.bytes as u64 <= self.audio.max_bytes
    }

    /// Extracts files in parallel; the rows of their utterances come back in order. `each` is given the number of a file
    /// and what extracts it; what it returns are the rows that are kept.
    pub fn run(
        &self,
        files: Vec<File>,
        each: impl Fn(usize, &mut dyn FnMut() -> Extractions) -> Extractions + Sync,
    ) -> Extractions {
        // In turn, since files are fetched ahead in that order; rows come in the order in which workers finish.
        let extracted = files.into_iter().enumerate().par_bridge().map_init(
            || self.worker(),
            |worker, (number, file)| {
                let mut file = Some(file);
                let mut extract = || file.take().map_or(Ok(Vec::new()), |file| self.extract(worker, file));
                Ok::<_, StageError>((number, each(number, &mut extract)?))
            },
        );
        let mut extracted = extracted.collect::<Result<Vec<_>, _>>()?;
        extracted.sort_unstable_by_key(|(number, _)| *number);
        Ok(extracted.into_iter().flat_map(|(_, rows)| rows).collect())
    }

    /// Waits for a file and extracts its utterances, in order.
    fn extract(&self, worker: &mut Worker, file: File) -> Extractions {
        let first = &file.utterances[0];
        let refuse = |refusal: Refusal| Ok(vec![Err(refusal); file.utterances.len()]);
        let read = match file.content {
            Content::TooLarge => {
                let (bytes, limit) = (first.bytes as u64, self.audio.max_bytes);
                return refuse(AudioError::TooLarge { bytes, limit }.into());
            }
            Content::Whole(fetch) => fetch().map(|content| self.read(worker, Cursor::new(content), file.utterances)),
            Content::Pieces(mut pieces) => {
                let extracted = self.read(worker, &mut pieces, file.utterances);
                pieces.check().map(|()| extracted)
            }
        };
        read.or_else(|error| refuse(refusal(first, error)?))
    }

    fn read(&self, worker: &mut Worker, source: impl Source, utterances: &[Utterance]) -> Vec<Extracted> {
        catch_unwind(AssertUnwindSafe(|| self.read_each(worker, source, utterances))).unwrap_or_else(|_| {
            // Its buffers may be half written.
            *worker = self.worker();
            let gave_up = Refusal { code: "extractor_panic", message: "the extractor gave up".to_owned() };
            vec![Err(gave_up); utterances.len()]
        })
    }

    fn read_each(&self, worker: &mut Worker, source: impl Source, utterances: &[Utterance]) -> Vec<Extracted> {
        let extension = utterances[0].path.rsplit_once('.').map(|(_, extension)| extension);
        let segments = utterances.iter().map(|row| Segment { start_s: row.start_s, end_s: row.end_s });
        let segments = segments.collect::<Vec<_>>();
        // A long recording is decoded once for all of its segments.
        let mut rows = vec![None; utterances.len()];
        let Worker { reader, augmenter, features } = worker;
        let read = reader.read_each(source, extension, &segments, |number, audio| {
            rows[number] = Some(self.rows(augmenter, features.as_mut(), &utterances[number], audio));
        });
        match read {
            Err(error) => vec![Err(error.into()); utterances.len()],
            Ok(()) => rows.into_iter().flatten().collect(),
        }
    }

    fn rows(
        &self,
        augmenter: &mut Augmenter,
        features: &mut dyn FeatureWorker,
        row: &Utterance,
        audio: Result<Audio, AudioError>,
    ) -> Extracted {
        let audio = audio?;
        let mut extracted = |keys: FeatureKeys, samples: &[f32]| {
            let mut values = Vec::with_capacity(self.featurizer.names().len());
            features.extract(samples, &mut values);
            Extraction { keys, values, contours: self.frames.then(|| features.take_contours()) }
        };
        let mut rows = vec![extracted(keys(row, &audio), &audio.samples)];
        for (transform, copy) in augmenter.copies(&audio, &row.utterance_id) {
            rows.push(extracted(augmented_keys(row, &copy, transform), &copy.samples));
        }
        Ok(rows)
    }
}

impl From<AudioError> for Refusal {
    fn from(error: AudioError) -> Self {
        Self { code: error.code(), message: error.to_string() }
    }
}

/// One file that cannot be read is a row in rejects; one that changed, or a failing store, ends the stage.
fn refusal(row: &Utterance, error: StorageError) -> Result<Refusal, StageError> {
    // The message names the file by its place in the corpus: the same on every machine.
    let unreadable = |why| Ok(Refusal { code: "unreadable", message: format!("`{}` {why}", row.path) });
    match error {
        StorageError::Denied { .. } | StorageError::Forbidden { .. } => {
            unreadable("may not be read: permission denied")
        }
        StorageError::Dangling { target, .. } => match Pointer::of_link(&target) {
            Some(pointer) => Ok(AudioError::Pointer(pointer).into()),
            None => unreadable("is a link to a file that is not there"),
        },
        StorageError::Changed { .. } | StorageError::NotFound { .. } | StorageError::NotAFile { .. } => {
            Err(StageError::SourceChanged { corpus: row.corpus.clone(), path: row.path.clone() })
        }
        error => Err(error.into()),
    }
}

fn missing(corpus: &str) -> StageError {
    StageError::MissingTable { table: corpus.to_owned(), stage: "ingest" }
}

fn keys(row: &Utterance, audio: &Audio) -> FeatureKeys {
    FeatureKeys {
        codec: audio.codec.clone(),
        sample_rate_hz: i64::from(audio.sample_rate_hz),
        channels: i64::from(audio.channels),
        duration_s: audio.duration_s,
        audio_hash: audio.hash(),
        signal: Signal::cell(&audio.signals),
        ..FeatureKeys::unheard(row)
    }
}

fn augmented_keys(row: &Utterance, copy: &Audio, transform: Transform) -> FeatureKeys {
    let transform = transform.to_string();
    FeatureKeys {
        utterance_id: augmented_id(&row.utterance_id, &transform),
        augmented_from: Some(row.utterance_id.clone()),
        transform: Some(transform),
        ..keys(row, copy)
    }
}
