//! What `fusion` and `selected` predict: the test rows of a fold, and those beside them, under the models that they are made of.

use super::fit_data::FitData;
use super::fits::{Job, sorted};
use super::plan::FoldPlan;
use super::scores::{About, Scores};
use super::training_set::TrainingSet;
use crate::options;
use crate::schema::{Fit, Prediction, Side, Table};
use crate::stages::StageError;

/// A finished job and its predictions.
pub type JobPredictions<'a> = (&'a Job, Table<Prediction>);

/// Predictions and fits of the models that are made of others, in all folds.
pub fn predictions(
    data: &FitData,
    plans: &[FoldPlan],
    parts: &[JobPredictions],
    fits: &[Fit],
) -> Result<(Vec<Table<Prediction>>, Vec<Fit>), StageError> {
    let (mut tables, mut rows) = (Vec::new(), Vec::new());
    for (plan, fold) in plans.iter().filter_map(|plan| Some((plan, plan.training_set.fold()?))) {
        for model in plan.combined() {
            let members = plan.parts(model);
            for seed in 0..seeds(plans, parts, model) {
                let about = About { model, fold, seed, split: Side::Test };
                let used: Vec<&JobPredictions> =
                    members.iter().filter_map(|(name, _)| with_seed(parts, about, name)).collect();
                let weights: Vec<f64> = members.iter().map(|(_, weight)| *weight).collect();
                let of_side = |split: Side| {
                    let is_there =
                        used.iter().any(|(_, table)| table.rows.iter().any(|row| row.split == split.as_str()));
                    let table = |scores: Scores| scores.table(About { split, ..about }, &data.classes);
                    is_there.then(|| mixed(data, &used, &weights, split).map(table))
                };
                let sides = [Side::Test, Side::Seen].into_iter().filter_map(of_side);
                tables.push(sorted(sides.collect::<Result<_, _>>()?));
                let hashes: Vec<&str> = used.iter().map(|(job, _)| job.config_hash.as_str()).collect();
                rows.push(fit_row(plan, about, &hashes, fits));
            }
        }
    }
    Ok((tables, rows))
}

/// How often a model is there in every fold: as often as that of its members, in any fold, that draws random numbers.
fn seeds(plans: &[FoldPlan], parts: &[JobPredictions], model: &str) -> i64 {
    let is_member = |job: &Job| {
        let mut plans = plans.iter().filter(|plan| plan.training_set == job.training_set);
        plans.any(|plan| plan.parts(model).iter().any(|(name, _)| *name == job.name()))
    };
    parts.iter().filter(|(job, _)| is_member(job)).map(|(job, _)| job.seed + 1).max().unwrap_or(0)
}

/// A model's fit with a seed; the only one of a model that draws no random numbers.
fn with_seed<'a, 'b>(parts: &'a [JobPredictions<'b>], about: About, name: &str) -> Option<&'a JobPredictions<'b>> {
    let of_model = |(job, _): &&JobPredictions| {
        job.training_set == TrainingSet::Fold(about.fold) && job.name() == name && job.seed <= about.seed
    };
    parts.iter().filter(of_model).max_by_key(|(job, _)| job.seed)
}

fn mixed(data: &FitData, parts: &[&JobPredictions], weights: &[f64], split: Side) -> Result<Scores, StageError> {
    let is_of_side = |row: &Prediction| row.split == split.as_str();
    let scored = parts.iter().map(|(_, table)| Scores::from_table(table, &data.classes, is_of_side));
    let scored = scored.collect::<Result<Vec<_>, _>>()?;
    Ok(Scores::mix(&scored.iter().collect::<Vec<_>>(), weights))
}

/// The fits row of a model that is made of the fits with these hashes.
fn fit_row(plan: &FoldPlan, about: About, hashes: &[&str], fits: &[Fit]) -> Fit {
    let members = || fits.iter().filter(|fit| hashes.contains(&fit.config_hash.as_str()));
    Fit {
        model: about.model.to_owned(),
        fold: about.fold,
        seed: about.seed,
        rows: members().map(|fit| fit.rows).max().unwrap_or(0),
        held_out: members().map(|fit| fit.held_out).max().unwrap_or(0),
        epochs: None,
        temperature: None,
        clipped_fitted: None,
        clipped_test: None,
        notes: Some(plan.words(about.model)),
        config_hash: options::config_hash(&(about.model, plan.words(about.model), hashes)),
    }
}
