//! Files to probabilities: the extraction of the pipeline, the normalization of the model, the model.

use std::collections::BTreeMap;

use ndarray::{Array2, Axis};

use crate::dataset::{ALL, MIN_UTTERANCES, Scaler, Scope};
use crate::model::{self, Classifier, ModelError, ModelPart};
use crate::pipeline::SavedModel;
use crate::schema::{Columns, Inference, PROBABILITY_PREFIX, Reject, Table, Utterance};

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

/// Puts what became of a batch behind what became of others.
pub(super) fn joined(all: &mut Predicted, more: Predicted) {
    all.rows.extend(more.rows);
    all.probabilities.extend(more.probabilities);
    all.clipped.extend(more.clipped);
    all.rejects.extend(more.rejects);
}

/// Names of the columns of probabilities.
pub(super) fn class_columns(classes: &[String]) -> Vec<String> {
    classes.iter().map(|class| format!("{PROBABILITY_PREFIX}{class}")).collect()
}

/// Rows sorted by path, whatever the order of the batches; `values` has a value for each of `names`, row after row.
pub(super) fn sorted(rows: &[Inference], names: Vec<String>, values: &[f32]) -> Table<Inference> {
    let mut order = (0..rows.len()).collect::<Vec<_>>();
    order.sort_unstable_by(|&a, &b| rows[a].path.cmp(&rows[b].path));
    let width = names.len();
    let values = order.iter().flat_map(|&row| &values[row * width..][..width]).copied().collect();
    let rows = order.iter().map(|&row| rows[row].clone()).collect();
    Table { rows, text: Columns::default(), float: Columns { names, values } }
}

/// Judges batches by one model.
pub(super) struct Predictor<'a> {
    saved: &'a SavedModel,
    workers: Workers<'a>,
    columns: &'a ModelColumns,
}

/// Where the features of each part of a model stand among those of a feature set.
pub(super) type ModelColumns = Vec<Vec<usize>>;

/// Finds the features of a model among those of a set.
///
/// # Errors
/// The set lacks features of the model.
pub(super) fn columns(saved: &SavedModel, names: &[String]) -> Result<ModelColumns, ModelError> {
    saved.parts.iter().map(|part| part.columns_in(names)).collect()
}

impl<'a> Predictor<'a> {
    /// Nothing is judged yet.
    pub fn new(saved: &'a SavedModel, columns: &'a ModelColumns, workers: Workers<'a>) -> Self {
        Self { saved, workers, columns }
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
        let extracted = self.workers.run(files, |_, extract| {
            let rows = extract()?;
            advance()?;
            Ok(rows)
        })?;
        let (mut rows, mut rejects) = (Vec::new(), Vec::new());
        for (utterance, extracted) in batch.utterances.iter().zip(extracted) {
            match extracted {
                Ok(extractions) => rows.extend(extractions),
                Err(refusal) => rejects.push(reject(&utterance.path, refusal)),
            }
        }
        if self.saved.scope().is_of_groups() && rows.len() < MIN_UTTERANCES {
            rejects.extend(rows.drain(..).map(|row| too_few(batch, &row)));
        }
        // Sums over the rows of a speaker go in this order.
        rows.sort_by(|a, b| a.keys.utterance_id.cmp(&b.keys.utterance_id));
        Ok(Predicted { rejects, ..self.predict(batch, rows) })
    }

    fn predict(&self, batch: &Batch, rows: Vec<Extraction>) -> Predicted {
        if rows.is_empty() {
            return Predicted::default();
        }
        let (mut opinions, mut weights, mut clipped) = (Vec::new(), Vec::new(), vec![0.0; rows.len()]);
        for (part, columns) in self.saved.parts.iter().zip(self.columns) {
            let x = normalized(part, columns, &rows);
            opinions.push(part.model.probabilities(x.view()).into_iter().collect::<Vec<f32>>());
            for (clipped, row) in clipped.iter_mut().zip(x.axis_chunks_iter(Axis(0), 1)) {
                *clipped = part.model.clipped(row).unwrap_or_default().max(*clipped);
            }
            weights.push(part.weight);
        }
        let probabilities = model::mix(&opinions.iter().map(Vec::as_slice).collect::<Vec<_>>(), &weights);
        let row = |(row, probabilities): (Extraction, &[f32])| Inference {
            path: row.keys.path,
            speaker: batch.speaker.clone(),
            duration_s: row.keys.duration_s,
            audio_hash: row.keys.audio_hash,
            signal: row.keys.signal,
            predicted: self.saved.classes[model::top(probabilities)].clone(),
        };
        let rows = rows.into_iter().zip(probabilities.chunks(self.saved.classes.len())).map(row).collect();
        Predicted { rows, probabilities, clipped, rejects: Vec::new() }
    }
}

/// What a part of the model is given: `rows x features`, normalized as at its training, or by the rows themselves where
/// it was trained speaker by speaker or corpus by corpus.
fn normalized(part: &ModelPart, columns: &[usize], rows: &[Extraction]) -> Array2<f32> {
    let mut x = Array2::from_shape_fn((rows.len(), columns.len()), |(row, at)| rows[row].values[columns[at]]);
    let scaling = match part.scaler.scope {
        Scope::Corpus => part.scaler.groups[ALL].clone(),
        Scope::Speaker | Scope::EachCorpus => {
            Scaler::of_group(&part.scaler.features, x.view(), part.scaler.method).groups[ALL].clone()
        }
    };
    for mut row in x.rows_mut() {
        scaling.apply_to(row.as_slice_mut().expect("rows are contiguous"));
    }
    x
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
