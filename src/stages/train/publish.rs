//! Joins what the jobs kept into tables, and takes away what is of no job any more.

use std::collections::{BTreeMap, BTreeSet};

use super::combined::{self, JobPredictions};
use super::fit_data::FitData;
use super::fits::Job;
use super::plan::FoldPlan;
use super::saved;
use super::training_set::TrainingSet;
use crate::model;
use crate::schema::{Deployed, Estimate, Fit, Importance, LearningCurve, Prediction, Table, Tuning};
use crate::stages::delta::DeltaTable;
use crate::stages::{Done, NEW, Prepared, StageError, Written, output};
use crate::storage::Store;
use crate::table;

/// What the stage has found out.
pub struct Found {
    pub plans: Vec<FoldPlan>,
    pub jobs: Vec<Job>,
    pub importance: Vec<Importance>,
    /// Files that the search kept.
    pub searched: Vec<String>,
    /// Jobs that were not up to date.
    pub fitted: usize,
}

/// Writes the tables.
pub fn publish<W>(data: &FitData, prepared: &Prepared<W>, found: &Found) -> Result<Done, StageError> {
    let out = data.context.out;
    let (mut curves, mut fits, mut parts) = (Vec::new(), Vec::new(), Vec::<JobPredictions>::new());
    for job in found.jobs.iter().filter(|job| job.training_set != TrainingSet::All) {
        curves.extend(job.kept::<LearningCurve>(out)?.rows);
        fits.extend(job.kept::<Fit>(out)?.rows);
        parts.push((job, job.kept::<Prediction>(out)?));
    }
    let (fused, fused_fits) = combined::predictions(data, &found.plans, &parts, &fits)?;
    fits.extend(fused_fits);
    let mut tables: Vec<Table<Prediction>> = parts.into_iter().map(|(_, table)| table).chain(fused).collect();
    tables.retain(|table| !table.rows.is_empty());
    tables.sort_by(|a, b| key(&a.rows[0]).cmp(&key(&b.rows[0])));
    let mut predictions = Table::<Prediction>::default();
    for table in tables {
        predictions.rows.extend(table.rows);
        predictions.float.names = table.float.names;
        predictions.float.values.extend(table.float.values);
    }
    curves.sort_by(|a, b| (&a.model, a.fold, a.epoch).cmp(&(&b.model, b.fold, b.epoch)));
    fits.sort_by(|a, b| (&a.model, a.fold, a.seed).cmp(&(&b.model, b.fold, b.seed)));
    let mut tuning: Vec<Tuning> = found.plans.iter().flat_map(|plan| plan.tuning.iter().cloned()).collect();
    tuning.sort_by(|a, b| (a.fold, &a.model, a.trial).cmp(&(b.fold, &b.model, b.trial)));
    // Of a run that predicted numbers.
    out.remove(&output::path::<Estimate>())?;
    let (models, deployed) = put_models(data, found)?;
    remove_others(out, found, models.iter().map(|written| written.path.clone()))?;
    let counts = BTreeMap::from([
        ("trials".to_owned(), tuning.len() as u64),
        ("fits".to_owned(), fits.len() as u64),
        ("predictions".to_owned(), predictions.rows.len() as u64),
        ("classes".to_owned(), data.classes.len() as u64),
        ("deployed".to_owned(), deployed.len() as u64),
        (NEW.to_owned(), found.fitted as u64),
    ]);
    let summary = format!("{} fits", found.jobs.len());
    let (config_hash, inputs) = (&prepared.config_hash, &prepared.inputs);
    let mut outputs = vec![
        output::put_table(out, &Table::from(tuning), config_hash, inputs)?,
        output::put_table(out, &Table::from(curves), config_hash, inputs)?,
        output::put_table(out, &Table::from(fits), config_hash, inputs)?,
        output::put_table(out, &Table::from(found.importance.clone()), config_hash, inputs)?,
        output::put_table(out, &Table::from(deployed), config_hash, inputs)?,
    ];
    outputs.extend(put_predictions(data, &predictions, (config_hash, inputs))?);
    outputs.extend(models);
    Ok(Done { outputs, counts, summary, ..Done::default() })
}

/// Writes the predictions, and where lakehouses are to read them, once more as a folder with a log.
fn put_predictions(
    data: &FitData,
    predictions: &Table<Prediction>,
    (config_hash, inputs): (&str, &BTreeMap<String, String>),
) -> Result<Vec<Written>, StageError> {
    let (context, out) = (data.context, data.context.out);
    let (file, _) = table::write(predictions, config_hash, inputs, false)?;
    let whole = output::put(out, &output::path::<Prediction>(), &file)?;
    let name = format!("{FOLDER}/{}.parquet", &whole.file.blake3[..NAME_DIGITS]);
    let mut copies = Vec::new();
    if context.parameters.pipeline.tables.delta {
        copies.push(output::put(out, &name, &file)?);
    }
    let table = DeltaTable { out, folder: FOLDER, text: &[], float: &predictions.float.names };
    let log = table.keep::<Prediction>(context, &copies)?;
    let wanted = copies.iter().map(|copy| copy.path.clone()).collect();
    output::remove_others(out, out.list(FOLDER)?.into_iter(), &wanted, is_copy)?;
    Ok([whole].into_iter().chain(copies).chain(log).collect())
}

/// The folder of the predictions for lakehouses.
const FOLDER: &str = "predictions";
/// Digits of the hash that such a file is named by.
const NAME_DIGITS: usize = 16;

/// Whether a path is one that an earlier run gave a copy of the predictions.
fn is_copy(path: &str) -> bool {
    let name = path.strip_prefix(FOLDER).and_then(|path| path.strip_prefix('/')?.strip_suffix(".parquet"));
    name.is_some_and(|name| name.len() == NAME_DIGITS && name.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The table's key but for the utterance.
fn key(row: &Prediction) -> (&str, i64, i64) {
    (&row.model, row.fold, row.seed)
}

/// Saves the models that are made of others. Returns the files of all models that are kept, and what is put to use.
fn put_models(data: &FitData, found: &Found) -> Result<(Vec<Written>, Vec<Deployed>), StageError> {
    let (out, train) = (data.context.out, &data.context.parameters.pipeline.train);
    let is_kept = |training_set: TrainingSet| training_set == TrainingSet::All || train.keep_fold_models;
    let (mut files, mut deployed) = (Vec::new(), Vec::new());
    for job in found.jobs.iter().filter(|job| is_kept(job.training_set)) {
        files.extend(job.model_files(out)?);
    }
    for plan in found.plans.iter().filter(|plan| is_kept(plan.training_set)) {
        files.extend(saved::put_made(out, plan)?);
        if plan.training_set == TrainingSet::All {
            deployed.extend(saved::deployed(out, plan)?);
        }
    }
    Ok((files, deployed))
}

fn remove_others(out: &dyn Store, found: &Found, models: impl Iterator<Item = String>) -> Result<(), StageError> {
    let kept = found.jobs.iter().flat_map(Job::kept_paths).chain(found.searched.iter().cloned());
    let wanted = kept.chain(models).collect::<BTreeSet<_>>();
    let former = out.list("models")?.into_iter().chain(out.list("run/train")?);
    output::remove_others(out, former, &wanted, is_ours)
}

/// Whether the stage gives a file of models/, predictions/ or run/train such a name.
pub fn is_ours(path: &str) -> bool {
    let (folder, file) = path.rsplit_once('/').unwrap_or_default();
    if folder == FOLDER {
        return is_copy(path);
    }
    let is_ours = folder.rsplit('/').next().is_some_and(TrainingSet::is_folder);
    let is_kept = path.starts_with("run/") && file.ends_with(".json");
    is_ours && (is_kept || model::FILES.contains(&file) || file.ends_with(".parquet"))
}
