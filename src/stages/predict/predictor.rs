//! Files to probabilities: the extraction of the pipeline, the normalization of the model, the model.

use std::collections::BTreeMap;

use ndarray::{ArrayView2, Axis};
use rayon::prelude::*;

use crate::config::{Method, NormalizeParams, Scope};
use crate::dataset::{self, ALL, Features, MIN_UTTERANCES, Scaling, Statistics};
use crate::features::FeatureSet;
use crate::model::{self, Classifier, Part, SavedModel};
use crate::schema::{Columns, FeatureKeys, Inference, Reject, Split, SplitRow, Table, Utterance};

use super::super::StageError;
use super::super::workers::{Extraction, Refusal, Workers};
use super::PREDICT;

/// Files that are normalized together: those of a speaker, or as many as memory should hold.
#[derive(Debug)]
pub(super) struct Batch {
    pub speaker: Option<String>,
    pub utterances: Vec<Utterance>,
}

/// What becomes of a batch.
#[derive(Debug, Default)]
pub(super) struct Predicted {
    pub rows: Vec<Inference>,
    /// A value a class, row after row.
    pub probabilities: Vec<f32>,
    /// Of each row, the share of its values that lie beyond what the model was fitted on and were clipped.
    pub clipped: Vec<f64>,
    pub rejects: Vec<Reject>,
}

/// Judges batches by one model.
pub(super) struct Predictor<'a> {
    saved: &'a SavedModel,
    workers: Workers<'a>,
    fit: ModelInputs,
}

/// How a model takes what a feature set gives.
#[derive(Debug, Clone)]
pub(super) struct ModelInputs {
    /// One a part of the model.
    parts: Vec<PartInputs>,
}

/// How a part of a model takes what a feature set gives.
#[derive(Debug, Clone)]
struct PartInputs {
    /// Where the part's features stand among those of the set.
    columns: Vec<usize>,
    params: NormalizeParams,
}

impl ModelInputs {
    /// # Errors
    /// In words: the set lacks features of the model; a normalization that this version does not know.
    pub fn new(saved: &SavedModel, set: &FeatureSet) -> Result<Self, String> {
        let part = |part: &Part| {
            let columns = part.columns_in(set.names()).map_err(|error| error.to_string())?;
            Ok(PartInputs { columns, params: normalization(part)? })
        };
        Ok(Self { parts: saved.parts.iter().map(part).collect::<Result<_, String>>()? })
    }

    /// Whose statistics normalize what the model is given: of all its parts alike.
    pub fn scope(&self) -> Scope {
        if self.parts.iter().any(|part| part.params.scope == Scope::Speaker) { Scope::Speaker } else { Scope::Corpus }
    }
}

impl<'a> Predictor<'a> {
    /// Nothing is judged yet.
    pub fn new(saved: &'a SavedModel, fit: ModelInputs, workers: Workers<'a>) -> Self {
        Self { saved, workers, fit }
    }

    /// Judges one batch; `advance` is told of every file that is done.
    pub fn judge(
        &self,
        batch: &Batch,
        stamps: &BTreeMap<&str, String>,
        advance: impl Fn() -> Result<(), StageError> + Sync,
    ) -> Result<Predicted, StageError> {
        let stamp = |row: &Utterance| stamps.get(row.path.as_str()).cloned().unwrap_or_default();
        let files = self.workers.files(&batch.utterances, stamp)?;
        let extracted = files.into_iter().enumerate().par_bridge().map_init(
            || self.workers.worker(),
            |worker, (number, file)| {
                let rows = self.workers.extract(worker, file)?;
                advance()?;
                Ok::<_, StageError>((number, rows))
            },
        );
        let mut extracted = extracted.collect::<Result<Vec<_>, _>>()?;
        extracted.sort_unstable_by_key(|(number, _)| *number);
        let (mut rows, mut rejects) = (Vec::new(), Vec::new());
        for (utterance, extracted) in batch.utterances.iter().zip(extracted.into_iter().flat_map(|(_, rows)| rows)) {
            match extracted {
                Ok(extractions) => rows.extend(extractions),
                Err(refusal) => rejects.push(reject(&utterance.path, refusal)),
            }
        }
        if self.fit.scope() == Scope::Speaker && rows.len() < MIN_UTTERANCES {
            rejects.extend(rows.drain(..).map(|row| too_few(batch, &row)));
        }
        Ok(Predicted { rejects, ..self.predict(batch, &rows)? })
    }

    fn predict(&self, batch: &Batch, rows: &[Extraction]) -> Result<Predicted, StageError> {
        if rows.is_empty() {
            return Ok(Predicted::default());
        }
        let (mut keys, mut opinions, mut weights) = (Vec::new(), Vec::new(), Vec::new());
        let mut clipped = vec![0.0; rows.len()];
        for (part, fit) in self.saved.parts.iter().zip(&self.fit.parts) {
            let normalized = normalized(part, fit, table(batch, rows, part, &fit.columns))?;
            let shape = (normalized.rows.len(), normalized.float.names.len());
            let x = ArrayView2::from_shape(shape, &normalized.float.values).expect("a table has all its cells");
            opinions.push(part.model.probabilities(x).into_iter().collect::<Vec<f32>>());
            for (clipped, row) in clipped.iter_mut().zip(x.axis_chunks_iter(Axis(0), 1)) {
                *clipped = part.model.clipped(row).unwrap_or_default().max(*clipped);
            }
            weights.push(part.weight);
            keys = normalized.rows;
        }
        let probabilities = model::mix(&opinions.iter().map(Vec::as_slice).collect::<Vec<_>>(), &weights);
        let row = |(keys, probabilities): (FeatureKeys, &[f32])| Inference {
            path: keys.path,
            speaker: keys.speaker,
            duration_s: keys.duration_s,
            audio_hash: keys.audio_hash,
            signal: keys.signal,
            predicted: self.saved.classes[model::top(probabilities)].clone(),
        };
        let rows = keys.into_iter().zip(probabilities.chunks(self.saved.classes.len())).map(row).collect();
        Ok(Predicted { rows, probabilities, clipped, rejects: Vec::new() })
    }
}

/// The batch as a features table with the part's columns.
fn table(batch: &Batch, rows: &[Extraction], part: &Part, columns: &[usize]) -> Table<FeatureKeys> {
    let float = Columns { names: part.features.clone(), values: Vec::new() };
    let mut table = Table::<FeatureKeys> { float, ..Table::default() };
    for row in rows {
        table.float.values.extend(columns.iter().map(|&column| row.values[column]));
        table.rows.push(FeatureKeys { speaker: batch.speaker.clone(), ..row.keys.clone() });
    }
    table
}

/// What the part is given of the batch, in the order of utterance ids.
fn normalized(part: &Part, fit: &PartInputs, table: Table<FeatureKeys>) -> Result<Table<FeatureKeys>, StageError> {
    let features = Features::new(&table)?;
    let side = |id: &str| SplitRow {
        scheme: PREDICT.to_owned(),
        fold: 0,
        utterance_id: id.to_owned(),
        split: Split::Test.as_str().to_owned(),
    };
    let sides = features.keys().ids()?.into_iter().map(side).collect::<Vec<_>>();
    let statistics = match fit.params.scope {
        Scope::Corpus => carried(part, fit.params),
        Scope::Speaker => dataset::fit(&features, &sides, fit.params)?,
    };
    Ok(dataset::normalized(&features, &sides, &statistics, Split::Test)?)
}

/// The statistics that the part carries.
fn carried(part: &Part, params: NormalizeParams) -> Statistics {
    let (center, scale) = part.normalizer.groups.get(ALL).cloned().unwrap_or_default();
    let scaling = Scaling { rows: vec![0; center.len()], center, scale, transductive: false };
    Statistics {
        fold: 0,
        method: params.method,
        scope: Scope::Corpus,
        features: part.features.clone(),
        groups: BTreeMap::from([(ALL.to_owned(), scaling)]),
    }
}

/// How the part's features are normalized.
fn normalization(part: &Part) -> Result<NormalizeParams, String> {
    let normalizer = &part.normalizer;
    let (method, scope) = (Method::from_word(&normalizer.method), Scope::from_word(&normalizer.scope));
    let unknown = || format!("its normalization `{}` of scope `{}` is unknown", normalizer.method, normalizer.scope);
    let params = method.zip(scope).map(|(method, scope)| NormalizeParams { method, scope }).ok_or_else(unknown)?;
    if params.scope == Scope::Corpus && !normalizer.groups.contains_key(ALL) {
        return Err("it has no statistics to normalize with".to_owned());
    }
    Ok(params)
}

/// A file that was refused.
pub(super) fn reject(path: &str, Refusal { code, message }: Refusal) -> Reject {
    tracing::warn!(path, code, reason = message, "refused");
    Reject {
        corpus: super::CORPUS.to_owned(),
        path: path.to_owned(),
        utterance_id: None,
        stage: PREDICT.to_owned(),
        code: code.to_owned(),
        message,
    }
}

fn too_few(batch: &Batch, row: &Extraction) -> Reject {
    let speaker = batch.speaker.as_deref().unwrap_or_default();
    let message = format!(
        "fewer than {MIN_UTTERANCES} utterances of `{speaker}` could be used, too few for statistics of a speaker"
    );
    reject(&row.keys.path, Refusal { code: "too_few_utterances", message })
}
