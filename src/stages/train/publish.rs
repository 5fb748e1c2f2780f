//! Joins what the jobs kept into tables, and takes away what is of no job any more.

use std::collections::{BTreeMap, BTreeSet};

use super::bench::Bench;
use super::fits::Job;
use super::plan::Plan;
use super::scored::{About, Scored};
use crate::config::{self, FUSION, SELECTED};
use crate::model;
use crate::schema::{Fit, Importance, LearningCurve, Prediction, Split, Table, Tuning};
use crate::stages::{Done, Prepared, StageError, output};
use crate::storage::Store;

/// What the stage has found out.
pub struct Found {
    pub plans: Vec<Plan>,
    pub jobs: Vec<Job>,
    pub importance: Vec<Importance>,
    /// Files that the search kept.
    pub searched: Vec<String>,
    /// Jobs that were not up to date.
    pub fitted: usize,
}

/// Writes the tables.
pub fn publish<W>(bench: &Bench, prepared: &Prepared<W>, found: &Found) -> Result<Done, StageError> {
    let out = bench.context.out;
    let (mut curves, mut fits, mut parts) = (Vec::new(), Vec::new(), Vec::<Part>::new());
    for job in &found.jobs {
        curves.extend(job.kept::<LearningCurve>(out)?.rows);
        fits.extend(job.kept::<Fit>(out)?.rows);
        parts.push((job, job.kept::<Prediction>(out)?));
    }
    let (fused, fused_fits) = made_of_others(bench, found, &parts, &fits)?;
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
    remove_others(out, found)?;
    let counts = BTreeMap::from([
        ("trials".to_owned(), tuning.len() as u64),
        ("fits".to_owned(), fits.len() as u64),
        ("predictions".to_owned(), predictions.rows.len() as u64),
        ("classes".to_owned(), bench.classes.len() as u64),
    ]);
    let summary = format!("{} fits, {} of them new", found.jobs.len(), found.fitted);
    let (config_hash, inputs) = (&prepared.config_hash, &prepared.inputs);
    let mut outputs = vec![
        output::put_table(out, &Table::from(tuning), config_hash, inputs)?,
        output::put_table(out, &Table::from(curves), config_hash, inputs)?,
        output::put_table(out, &Table::from(fits), config_hash, inputs)?,
        output::put_table(out, &Table::from(found.importance.clone()), config_hash, inputs)?,
        output::put_table(out, &predictions, config_hash, inputs)?,
    ];
    outputs.extend(found.jobs.iter().flat_map(Job::model_paths));
    Ok(Done { outputs, counts, summary, warnings: Vec::new() })
}

/// The table's key but for the utterance.
fn key(row: &Prediction) -> (&str, i64, i64) {
    (&row.model, row.fold, row.seed)
}

/// A finished job and its predictions.
type Part<'a> = (&'a Job, Table<Prediction>);

/// Predictions and fits of `fusion` and `selected`.
fn made_of_others(
    bench: &Bench,
    found: &Found,
    parts: &[Part],
    fits: &[Fit],
) -> Result<(Vec<Table<Prediction>>, Vec<Fit>), StageError> {
    let (mut tables, mut rows) = (Vec::new(), Vec::new());
    for plan in &found.plans {
        for model in [FUSION, SELECTED] {
            let members = plan.parts(model);
            let of_members =
                |(job, _): &&Part| job.fold == plan.fold && members.iter().any(|(name, _)| *name == job.name());
            let seeds = parts.iter().filter(of_members).map(|(job, _)| job.seed + 1).max().unwrap_or(0);
            for seed in 0..seeds {
                let about = About { model, fold: plan.fold, seed, split: Split::Test };
                let used: Vec<&Part> = members.iter().filter_map(|(name, _)| with_seed(parts, about, name)).collect();
                let weights: Vec<f64> = members.iter().map(|(_, weight)| *weight).collect();
                tables.push(mixed(bench, &used, &weights)?.table(about, &bench.classes));
                let keys: Vec<&str> = used.iter().map(|(job, _)| job.key.as_str()).collect();
                rows.push(fit_row(plan, about, &keys, fits));
            }
        }
    }
    Ok((tables, rows))
}

/// A model's fit with a seed; the only one of a model that draws no random numbers.
fn with_seed<'a, 'b>(parts: &'a [Part<'b>], about: About, name: &str) -> Option<&'a Part<'b>> {
    let of_model = |(job, _): &&Part| job.fold == about.fold && job.name() == name && job.seed <= about.seed;
    parts.iter().filter(of_model).max_by_key(|(job, _)| job.seed)
}

fn mixed(bench: &Bench, parts: &[&Part], weights: &[f64]) -> Result<Scored, StageError> {
    let is_test = |row: &Prediction| row.split == Split::Test.as_str();
    let scored = parts.iter().map(|(_, table)| Scored::from_table(table, &bench.classes, is_test));
    let scored = scored.collect::<Result<Vec<_>, _>>()?;
    Ok(Scored::mix(&scored.iter().collect::<Vec<_>>(), weights))
}

/// The fits row of a model that is made of the fits with these hashes.
fn fit_row(plan: &Plan, about: About, keys: &[&str], fits: &[Fit]) -> Fit {
    let members = || fits.iter().filter(|fit| keys.contains(&fit.config_hash.as_str()));
    Fit {
        model: about.model.to_owned(),
        fold: about.fold,
        seed: about.seed,
        rows: members().map(|fit| fit.rows).max().unwrap_or(0),
        held_out: members().map(|fit| fit.held_out).max().unwrap_or(0),
        epochs: None,
        temperature: None,
        notes: Some(plan.words(about.model)),
        config_hash: config::config_hash(&(about.model, plan.words(about.model), keys)),
    }
}

fn remove_others(out: &dyn Store, found: &Found) -> Result<(), StageError> {
    let wanted = found.jobs.iter().flat_map(Job::paths).chain(found.searched.iter().cloned()).collect::<BTreeSet<_>>();
    let former = out.list("models")?.into_iter().chain(out.list("run/train")?);
    output::remove_others(out, former, &wanted, |path| {
        let (folder, file) = path.rsplit_once('/').unwrap_or_default();
        let is_fold = folder.rsplit('/').next().is_some_and(|name| name.starts_with("fold-"));
        is_fold && (model::FILES.contains(&file) || file.ends_with(".parquet"))
    })
}
