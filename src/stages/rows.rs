//! The tables of features and of splits, as the stages that compute with them hold them.

use super::features_table::FeaturesTable;
use super::{Context, StageError, StageName, output};
use crate::dataset::{Features, FeaturesBuilder, Fold, FoldReader, Keys, KeysBuilder};
use crate::pipeline::Parameters;
use crate::schema::SplitRow;

/// The count of folds in the record of split.
pub(super) const FOLDS: &str = "folds";

/// The keys and labels of the features table, as they are split.
///
/// # Errors
/// They are not what extract wrote; an utterance stands there twice.
pub(super) fn keys(context: &Context, table: &FeaturesTable) -> Result<Keys, StageError> {
    let mut keys = KeysBuilder::default();
    table.each_keys(context.out, |part| {
        keys.push(&part);
        Ok(())
    })?;
    as_split(context.parameters, keys.finish()?.0)
}

/// Keys with the classes by which they are split: emotions, or where the task is regression, parts of the target's range.
///
/// # Errors
/// An utterance without a number.
pub(super) fn as_split(parameters: &Parameters, keys: Keys) -> Result<Keys, StageError> {
    match &parameters.regression {
        None => Ok(keys),
        Some(regression) => Ok(keys.by_target(&regression.target)?),
    }
}

/// The features table: its numbers in memory, or in a temporary file where they are too many.
///
/// # Errors
/// A part is not what extract wrote; an utterance stands there twice; the numbers fit nowhere.
pub(super) fn features(context: &Context, table: &FeaturesTable) -> Result<Features, StageError> {
    let mut features = FeaturesBuilder::new(&context.parameters.memory, table.rows());
    table.each(context.out, |part| Ok(features.push(part)?))?;
    let features = features.finish()?;
    match &context.parameters.regression {
        None => Ok(features),
        Some(regression) => Ok(features.by_target(&regression.target)?),
    }
}

/// The folds of the splits table.
///
/// # Errors
/// It is not what split wrote, or of other utterances.
pub(super) fn folds(context: &Context, keys: &Keys) -> Result<Vec<Fold>, StageError> {
    let mut folds = FoldReader::new(keys)?;
    for rows in output::get_batches::<SplitRow>(context.out, StageName::Split)?.1 {
        folds.push(&rows?.rows)?;
    }
    Ok(folds.finish())
}
