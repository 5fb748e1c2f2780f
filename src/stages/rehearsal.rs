//! What the label table alone can refuse, refused before any audio is decoded.

use std::collections::BTreeMap;

use crate::dataset::{self, DatasetError, Fold, Keys, KeysBuilder, Scope, SplitParams};
use crate::pipeline::Parameters;
use crate::schema::{Columns, FeatureKeys, Table, Utterance};

use super::frozen::{self, FrozenSplit};
use super::{Context, StageError, StageName, facts, ingest, output, published, rows};

/// Text columns that only the audio tells.
const OF_AUDIO: [&str; 2] = ["codec", "signal"];

/// Utterances that are handed over at a time.
const BLOCK: usize = 8192;

/// What [`rehearse`] does, with the utterances that ingest would write if it ran now.
///
/// # Errors
/// Those of ingest, and of [`rehearse`].
pub fn rehearse_unread(context: &Context) -> Result<Vec<String>, StageError> {
    let utterances = ingest::utterances(context)?;
    let blocks = (0..utterances.len()).step_by(BLOCK).map(|start| start..utterances.len().min(start + BLOCK));
    rehearse_on(context, blocks.map(|rows| Ok(utterances.table(rows))))
}

/// Splits the utterances of ingest as the split stage will split the rows of extract, each of them taken as a recording
/// of its own. What is refused here would be refused there, hours later, whatever extract refuses before; what may be
/// cured by as many rejects as `extract.max_reject_rate` allows, such as a class of one utterance, is a warning. Nothing
/// is written.
///
/// # Errors
/// Those of the split, of normalization by speaker and of inner folds that do not come from the audio and that fewer
/// utterances have as well.
pub fn rehearse(context: &Context) -> Result<Vec<String>, StageError> {
    rehearse_on(context, output::get_batches::<Utterance>(context.out, StageName::Ingest)?.1)
}

fn rehearse_on(
    context: &Context,
    utterances: impl Iterator<Item = Result<Table<Utterance>, StageError>>,
) -> Result<Vec<String>, StageError> {
    let parameters = context.parameters;
    if parameters.split.columns().iter().any(|column| OF_AUDIO.contains(column)) {
        return Ok(Vec::new());
    }
    let (mut keys, mut columns) = (KeysBuilder::default(), Vec::new());
    for rows in utterances {
        let rows = rows?;
        columns.clone_from(&rows.text.names);
        keys.push(&unheard(rows));
    }
    for slice in &parameters.pipeline.evaluate.slices {
        facts::check_slice(slice, &columns)?;
    }
    let mut keys = rows::as_split(parameters, keys.finish()?.0)?;
    let allowed = parameters.pipeline.extract.max_reject_rate * keys.len() as f64;
    let mut warnings = Vec::new();
    let frozen = FrozenSplit::find(context)?;
    loop {
        let error = match check(context, &keys, frozen.as_ref()) {
            Ok(()) => return Ok(warnings),
            Err(StageError::Dataset(error)) => error,
            Err(error) => return Err(error),
        };
        let rejects = rejects_needed(&error, &keys, &parameters.split)?;
        if rejects.is_none_or(|rejects| (warnings.len() + rejects) as f64 > allowed) {
            return Err(error.into());
        }
        warnings.push(in_advance(&error));
        let DatasetError::SmallClass { id, .. } = error else { return Ok(warnings) };
        // Extract must refuse this one; whatever else it does, the split has none but the others.
        keys = keys.without(&id)?;
    }
}

/// The same of utterances that no run has written yet. Nothing may be cured by rejects.
///
/// # Errors
/// Those of the split, of normalization by speaker and of inner folds.
pub(super) fn rehearse_table(parameters: &Parameters, utterances: Table<Utterance>) -> Result<(), StageError> {
    let mut keys = KeysBuilder::default();
    keys.push(&unheard(utterances));
    let keys = rows::as_split(parameters, keys.finish()?.0)?;
    let folds = published::assign(parameters, &keys)?.folds;
    Ok(check_folds(parameters, &keys, &folds)?)
}

fn check(context: &Context, keys: &Keys, frozen: Option<&FrozenSplit>) -> Result<(), StageError> {
    Ok(check_folds(context.parameters, keys, &frozen::assign(context, keys, frozen)?.folds)?)
}

fn check_folds(parameters: &Parameters, keys: &Keys, folds: &[Fold]) -> Result<(), DatasetError> {
    let (split, seed) = (&parameters.split, parameters.pipeline.seed);
    dataset::check_train_rows(keys, folds, parameters.view.train_rows())?;
    let of_regression = parameters.regression.as_ref().map(|regression| regression.inner_folds);
    let inner = parameters.tune.as_ref().map(|tune| tune.folds).or(of_regression);
    for fold in folds {
        if parameters.normalize.scope == Scope::Speaker {
            dataset::check_speakers(keys, fold)?;
        }
        if let Some(inner) = inner {
            dataset::inner_folds(keys, fold, split, inner, seed)?;
        }
    }
    Ok(())
}

/// How many utterances must be refused at the least, so that the others may pass; none: fewer utterances have the same
/// fault. They make no more groups, but where one of them ties several together; sides that depend on all utterances may
/// be others without one.
fn rejects_needed(error: &DatasetError, keys: &Keys, split: &SplitParams) -> Result<Option<usize>, DatasetError> {
    let are_tests_given = split.are_sides_given()
        || matches!(split, SplitParams::CrossCorpus { .. } | SplitParams::Loso { .. } | SplitParams::Loco { .. });
    let is_part = |lacking: usize| (lacking < keys.len()).then_some(lacking);
    let mut sizes = BTreeMap::<&str, usize>::new();
    keys.emotions()?.into_iter().for_each(|emotion| *sizes.entry(emotion).or_default() += 1);
    Ok(match error {
        DatasetError::SmallClass { .. } => (sizes.values().filter(|size| **size > 1).count() > 1).then_some(1),
        DatasetError::ClassNotInTrain { .. } => Some(1),
        DatasetError::OneClass { .. } => (sizes.len() > 1 && (!are_tests_given || split.dev() > 0.0)).then_some(1),
        DatasetError::EmptySide { side, .. } => (!are_tests_given || *side == "dev").then_some(1),
        DatasetError::TooFewGroups { .. } => (split.grouping().len() > 1).then_some(1),
        DatasetError::NoGroup { count, .. } => is_part(*count),
        DatasetError::NoSpeaker { .. } => is_part(keys.texts("speaker")?.iter().filter(|cell| cell.is_none()).count()),
        _ => None,
    })
}

/// What a stage to come will say, unless rejects prevent it.
fn in_advance(error: &DatasetError) -> String {
    let words = error.to_string().replace("\nhint: ", "; ");
    format!("the run will fail after extract, unless extract refuses the utterances that cause this: {words}")
}

/// The rows that extract makes of utterances, without what the audio says.
fn unheard(utterances: Table<Utterance>) -> Table<FeatureKeys> {
    let row = |row: Utterance| FeatureKeys { audio_hash: row.utterance_id.clone(), ..FeatureKeys::unheard(&row) };
    Table { rows: utterances.rows.into_iter().map(row).collect(), text: utterances.text, float: Columns::default() }
}
