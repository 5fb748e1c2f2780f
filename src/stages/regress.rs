//! Train where the task is regression: a number instead of an emotion.

mod fits;

use std::collections::{BTreeMap, BTreeSet};

use super::features_table::FeaturesTable;
use super::train::is_ours;
use super::{Context, Done, NEW, Prepared, StageError, output, rows};
use crate::model::Regression;
use crate::schema::{Deployed, Estimate, Fit, Importance, LearningCurve, Prediction, Table, Tuning, plural};

/// Fits every model in every fold, with settings that are chosen on inner folds; writes estimates, tuning and fits. The
/// other tables of the stage stay empty, and no model is saved.
pub(super) fn train(
    context: &Context,
    prepared: &Prepared<FeaturesTable>,
    regression: &Regression,
) -> Result<Done, StageError> {
    let features = rows::features(context, &prepared.work)?;
    let folds = rows::folds(context, features.keys())?;
    let data = fits::Data::new(context, regression, &features, &folds, &prepared.config_hash)?;
    let (mut estimates, mut tuning, mut fits) = (Vec::new(), Vec::new(), Vec::new());
    context.progress.start("train", folds.len() as u64);
    for fold in &folds {
        let found = data.fold(fold)?;
        estimates.extend(found.estimates);
        tuning.extend(found.tuning);
        fits.extend(found.fits);
        context.progress.advance(1);
    }
    context.progress.finish();
    estimates.sort_by(|a: &Estimate, b| (&a.model, a.fold, &a.utterance_id).cmp(&(&b.model, b.fold, &b.utterance_id)));
    tuning.sort_by(|a: &Tuning, b| (a.fold, &a.model, a.trial).cmp(&(b.fold, &b.model, b.trial)));
    fits.sort_by(|a: &Fit, b| (&a.model, a.fold, a.seed).cmp(&(&b.model, b.fold, b.seed)));
    let out = context.out;
    let former = out.list("models")?.into_iter().chain(out.list("run/train")?);
    output::remove_others(out, former, &BTreeSet::new(), is_ours)?;
    let (hash, inputs) = (&prepared.config_hash, &prepared.inputs);
    let counts = BTreeMap::from([
        ("trials".to_owned(), tuning.len() as u64),
        ("fits".to_owned(), fits.len() as u64),
        ("estimates".to_owned(), estimates.len() as u64),
        (NEW.to_owned(), fits.len() as u64),
    ]);
    let summary = plural(fits.len(), "fit");
    let outputs = vec![
        output::put_table(out, &Table::from(tuning), hash, inputs)?,
        output::put_table(out, &Table::<LearningCurve>::default(), hash, inputs)?,
        output::put_table(out, &Table::from(fits), hash, inputs)?,
        output::put_table(out, &Table::<Importance>::default(), hash, inputs)?,
        output::put_table(out, &Table::<Deployed>::default(), hash, inputs)?,
        output::put_table(out, &Table::<Prediction>::default(), hash, inputs)?,
        output::put_table(out, &Table::from(estimates), hash, inputs)?,
    ];
    Ok(Done { outputs, counts, summary, ..Done::default() })
}
