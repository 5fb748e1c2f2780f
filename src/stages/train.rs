//! Reads features, splits and normalization; writes models/, tuning, fits, predictions, learning_curves, importance and
//! deployed.

mod combined;
mod fit_data;
mod fits;
mod fusion;
mod importance;
mod plan;
mod publish;
mod saved;
mod scores;
mod seal;
mod search;
mod training_set;

use std::time::Duration;

use rayon::prelude::*;

use super::features_table::FeaturesTable;
use super::{Context, Done, Prepared, Stage, StageError, StageName, delta, ledger, output, regress, rows};
use crate::dataset::Fold;
use crate::model::TuneParams;
use crate::options;
use crate::schema::{Importance, Normalization, SplitRow, plural};
use fit_data::FitData;
use fits::Job;
use plan::FoldPlan;
use publish::Found;
pub(super) use publish::is_ours;
use training_set::TrainingSet;

/// The train stage.
pub struct Train;

impl Stage for Train {
    const NAME: StageName = StageName::Train;
    const KEYS: &'static [&'static str] = &[
        "seed",
        "task",
        "target",
        "regression",
        "augment",
        "split",
        "normalize",
        "train",
        "tune",
        "fusion",
        "evaluate.compare",
        "evaluate.importance",
    ];
    type Work = FeaturesTable;

    fn config_hash(context: &Context) -> String {
        let parameters = &context.parameters;
        let models = (&parameters.models, &parameters.view, &parameters.tune, &parameters.fusion);
        let train = &parameters.pipeline.train;
        let evaluate = &parameters.pipeline.evaluate;
        if let Some(regression) = &parameters.regression {
            return options::config_hash(&(
                regression,
                parameters.pipeline.seed,
                &parameters.normalize,
                &parameters.split,
            ));
        }
        options::config_hash(&(
            (models, parameters.pipeline.seed, train.seeds, train.calibration, train.deploy, train.keep_fold_models),
            (&evaluate.compare, evaluate.importance, &parameters.split),
        ))
    }

    fn prepare(context: &Context) -> Result<Prepared<FeaturesTable>, StageError> {
        let features = FeaturesTable::find(context.out)?;
        let mut inputs = features.input();
        inputs.insert("splits".to_owned(), output::content_hash::<SplitRow>(context.out, StageName::Split)?);
        let normalization = output::content_hash::<Normalization>(context.out, StageName::Normalize)?;
        inputs.insert("normalization".to_owned(), normalization);
        Ok(Prepared { layout: delta::layout(context), ..Prepared::new(Self::config_hash(context), inputs, features) })
    }

    fn amount(context: &Context, _: Prepared<FeaturesTable>) -> Result<String, StageError> {
        let split = ledger::read_record(context.out, StageName::Split)?;
        let folds = split.and_then(|split| split.counts.get(rows::FOLDS).copied()).unwrap_or(0);
        Ok(amount(context, folds as usize))
    }

    fn run(context: &Context, prepared: Prepared<FeaturesTable>) -> Result<Done, StageError> {
        if let Some(regression) = &context.parameters.regression {
            return regress::train(context, &prepared, regression);
        }
        let data = FitData::new(context, &prepared.work, &prepared.inputs)?;
        let (plans, searched) = plans(&data, &training_sets(context, data.folds()))?;
        let mut jobs = Vec::new();
        for plan in &plans {
            jobs.extend(fits::jobs(plan, &data)?);
        }
        let fitted = fit(&data, &jobs)?;
        let importance = importance(&data, &plans)?;
        publish::publish(&data, &prepared, &Found { plans, jobs, importance, searched, fitted })
    }
}

fn amount(context: &Context, folds: usize) -> String {
    if let Some(regression) = &context.parameters.regression {
        let (candidates, folds) = (plural(regression.candidates.len(), "candidate"), plural(folds, "fold"));
        return format!("{candidates} in {folds}");
    }
    let (folds, models) = (plural(folds, "fold"), plural(context.parameters.models.len(), "model"));
    let all = if context.parameters.pipeline.train.deploy { " and on all utterances" } else { "" };
    match &context.parameters.tune {
        None => format!("{models} in {folds}{all}"),
        Some(tune) => format!("{} of {models} in {folds}{all}", plural(tune.candidates.len(), "candidate")),
    }
}

/// All that models are fitted on.
fn training_sets(context: &Context, folds: &[Fold]) -> Vec<TrainingSet> {
    let all = context.parameters.pipeline.train.deploy.then_some(TrainingSet::All);
    folds.iter().map(|fold| TrainingSet::Fold(fold.number)).chain(all).collect()
}

/// What is fitted on each, and the files that a search kept.
fn plans(data: &FitData, training_sets: &[TrainingSet]) -> Result<(Vec<FoldPlan>, Vec<String>), StageError> {
    let context = data.context;
    let Some(tune) = &context.parameters.tune else {
        return Ok((
            training_sets.iter().map(|training_set| FoldPlan::configured(context.parameters, *training_set)).collect(),
            Vec::new(),
        ));
    };
    let seconds = seconds_each(tune, training_sets.len());
    context.progress.start("tune", training_sets.len() as u64);
    let plan = |training_set: &TrainingSet| {
        let (trials, files) = search::search(data, tune, *training_set, seconds)?;
        context.progress.advance(1);
        Ok::<_, StageError>((FoldPlan::chosen(context.parameters, tune, *training_set, &trials), files))
    };
    let found = training_sets.par_iter().with_max_len(1).map(plan).collect::<Result<Vec<_>, _>>()?;
    context.progress.finish();
    let (plans, files): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    Ok((plans, files.concat()))
}

/// The share of each search in the seconds of a run: as many as there are threads go on at a time.
fn seconds_each(tune: &TuneParams, searches: usize) -> Option<Duration> {
    let turns = searches.div_ceil(rayon::current_num_threads());
    tune.seconds.map(|seconds| Duration::from_secs_f64(seconds as f64 / turns as f64))
}

/// Fits what is not up to date; returns how much that was.
fn fit(data: &FitData, jobs: &[Job]) -> Result<usize, StageError> {
    let context = data.context;
    let pending = jobs.iter().filter(|job| !job.is_done).collect::<Vec<_>>();
    context.progress.start("train", pending.len() as u64);
    pending.par_iter().with_max_len(1).try_for_each(|job| {
        context.check_stop()?;
        job.work(data)?;
        context.progress.advance(1);
        Ok::<_, StageError>(())
    })?;
    context.progress.finish();
    Ok(pending.len())
}

/// What each family of features is worth to the headline model.
fn importance(data: &FitData, plans: &[FoldPlan]) -> Result<Vec<Importance>, StageError> {
    let parameters = data.context.parameters;
    if parameters.pipeline.evaluate.importance == 0 {
        return Ok(Vec::new());
    }
    let model = parameters.pipeline.evaluate.headline(&parameters.model_names())?;
    let fold = |plan: &&FoldPlan| importance::fold(data, plan, model);
    let of_folds: Vec<&FoldPlan> = plans.iter().filter(|plan| plan.training_set != TrainingSet::All).collect();
    let counts = of_folds.par_iter().with_max_len(1).map(fold).collect::<Result<Vec<_>, _>>()?;
    Ok(importance::rows(&counts, model, &data.dictionary))
}
