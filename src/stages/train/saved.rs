//! Saved models by their folders: those of fits, those made of others, and what is put to use.

use super::plan::FoldPlan;
use super::training_set::TrainingSet;
use crate::model;
use crate::options;
use crate::pipeline::SavedModel;
use crate::schema::Deployed;
use crate::stages::{StageError, Written, output};
use crate::storage::Store;

/// The files of a saved model, in the order of [`model::FILES`].
fn paths(model: &str, training_set: TrainingSet) -> Vec<String> {
    model::FILES.iter().map(|file| format!("models/{model}/{}/{file}", training_set.folder())).collect()
}

/// Writes a model into its folder. The old card goes first and the new one comes last, so that no card ever stands beside
/// weights of another model.
pub fn put(
    out: &dyn Store,
    model: &str,
    training_set: TrainingSet,
    saved: &SavedModel,
) -> Result<Vec<Written>, StageError> {
    let paths = paths(model, training_set);
    for path in paths.iter().rev() {
        out.remove(path)?;
    }
    let files = model::save(saved);
    files.iter().zip(&paths).map(|((_, content), path)| output::put(out, path, content)).collect()
}

/// Reads a model back.
pub fn get(out: &dyn Store, model: &str, training_set: TrainingSet) -> Result<SavedModel, StageError> {
    let mut files = Vec::new();
    for (name, path) in model::FILES.iter().zip(paths(model, training_set)) {
        files.push(((*name).to_owned(), out.get(&path)?.to_vec()));
    }
    Ok(model::load(&files)?)
}

/// Saves `fusion` and `selected`, where the plan has them, with copies of the models that they are made of.
pub fn put_made(out: &dyn Store, plan: &FoldPlan) -> Result<Vec<Written>, StageError> {
    let mut files = Vec::new();
    for model in plan.combined() {
        let parts = plan.parts(model).into_iter();
        let parts = parts.map(|(name, weight)| Ok::<_, StageError>((get(out, name, plan.training_set)?, weight)));
        files.extend(put(out, model, plan.training_set, &SavedModel::fused(parts.collect::<Result<_, _>>()?)?)?);
    }
    Ok(files)
}

/// A row for each model of a plan whose models are put to use.
pub fn deployed(out: &dyn Store, plan: &FoldPlan) -> Result<Vec<Deployed>, StageError> {
    let own = plan.choices.iter().map(|choice| (choice.spec.kind().as_str(), choice.settings.clone()));
    let made = plan.combined().map(|model| (model, plan.words(model)));
    let row = |(model, settings)| Ok(deployed_row(model, settings, &get(out, model, plan.training_set)?));
    let mut rows = own.chain(made).map(row).collect::<Result<Vec<_>, StageError>>()?;
    rows.sort_by(|a, b| a.model.cmp(&b.model));
    Ok(rows)
}

fn deployed_row(model: &str, settings: String, saved: &SavedModel) -> Deployed {
    let parts = saved.parts.iter();
    let most = |of: fn(&model::ModelPart) -> usize| parts.clone().map(of).max().unwrap_or(0) as i64;
    let made_of: Vec<_> = parts.clone().map(|part| (&part.config_hash, part.weight.to_bits())).collect();
    Deployed {
        model: model.to_owned(),
        settings,
        rows: most(|part| part.rows),
        held_out: most(|part| part.held_out),
        temperature: saved.parts.first().filter(|_| saved.parts.len() == 1).and_then(|part| part.model.temperature()),
        config_hash: options::config_hash(&made_of),
    }
}
