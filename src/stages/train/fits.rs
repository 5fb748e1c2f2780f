//! Fits in outer folds. A job is one model in one fold with one seed; what it made is kept under run/train with a hash of
//! all it was made of, so that a killed run resumes after its last finished job and a changed parameter refits just the
//! models that it is about.

use std::collections::BTreeMap;

use super::bench::Bench;
use super::plan::{Choice, Plan};
use super::scored::{About, Scored};
use crate::config::{self, Parameters};
use crate::dataset::Statistics;
use crate::model::{self, Fitted, Normalizer, SavedModel};
use crate::schema::{Fit, LearningCurve, Prediction, Row, Split, Table};
use crate::stages::{StageError, output};
use crate::storage::Store;
use crate::table;

/// One model in one fold with one seed.
#[derive(Debug)]
pub struct Job {
    pub choice: Choice,
    pub fold: i64,
    /// 0: the fit that figures come from.
    pub seed: i64,
    /// A hash of all that the fit hangs on.
    pub key: String,
    pub is_done: bool,
}

/// The jobs of a plan: every model once, those that draw random numbers once a seed.
pub fn jobs(
    plan: &Plan,
    parameters: &Parameters,
    inputs: &BTreeMap<String, String>,
    (out, force): (&dyn Store, bool),
) -> Result<Vec<Job>, StageError> {
    let mut jobs = Vec::new();
    for choice in &plan.choices {
        let seeds = if choice.spec.is_random() { parameters.pipeline.train.seeds } else { 1 };
        for seed in 0..seeds as i64 {
            let what = (&choice.spec, &choice.view, choice.temperature.map(f64::to_bits));
            let with = (parameters.pipeline.train.calibration, parameters.pipeline.seed, seed);
            let key =
                config::config_hash(&(what, with, (inputs, plan.fold), (env!("CARGO_PKG_VERSION"), model::FORMAT)));
            let mut job = Job { choice: choice.clone(), fold: plan.fold, seed, key, is_done: false };
            job.is_done = !force && job.is_finished(out)?;
            jobs.push(job);
        }
    }
    Ok(jobs)
}

impl Job {
    /// The model's name in tables and folders.
    pub fn name(&self) -> &'static str {
        self.choice.spec.kind().as_str()
    }

    /// The model's files; fits with other seeds are not kept.
    pub fn model_paths(&self) -> Vec<String> {
        let files = model::FILES.iter().filter(|_| self.seed == 0);
        files.map(|file| format!("models/{}/fold-{}/{file}", self.name(), self.fold)).collect()
    }

    /// Everything that the job writes; its predictions come last and seal it.
    pub fn paths(&self) -> Vec<String> {
        let kept = [self.kept_path::<LearningCurve>(), self.kept_path::<Fit>(), self.kept_path::<Prediction>()];
        self.model_paths().into_iter().chain(kept).collect()
    }

    fn kept_path<R: Row>(&self) -> String {
        format!("run/train/{}/fold-{}/seed-{}.{}.parquet", self.name(), self.fold, self.seed, R::table().name)
    }

    /// Whether everything that the job makes is there and made of the same things.
    fn is_finished(&self, out: &dyn Store) -> Result<bool, StageError> {
        for path in self.paths() {
            if out.stat(&path)?.is_none() {
                return Ok(false);
            }
        }
        let seal = self.kept_path::<Prediction>();
        let Some(entry) = out.stat(&seal)? else { return Ok(false) };
        Ok(output::footer::<Prediction>(out, &seal, entry.bytes).is_ok_and(|footer| footer.config_hash == self.key))
    }

    fn keep<R: Row>(&self, out: &dyn Store, table: &Table<R>) -> Result<(), StageError> {
        let (file, _) = table::write(table, &self.key, &BTreeMap::new(), false)?;
        Ok(out.put(&self.kept_path::<R>(), &file)?)
    }

    /// What the finished job made.
    pub fn kept<R: Row>(&self, out: &dyn Store) -> Result<Table<R>, StageError> {
        Ok(table::read(out.get(&self.kept_path::<R>())?)?.0)
    }

    /// The finished model.
    pub fn load(&self, out: &dyn Store) -> Result<SavedModel, StageError> {
        let mut files = Vec::new();
        for (name, path) in model::FILES.iter().zip(self.model_paths()) {
            files.push(((*name).to_owned(), out.get(&path)?.to_vec()));
        }
        Ok(model::load(&files)?)
    }

    /// Fits the model and writes all that comes of it.
    pub fn work(&self, bench: &Bench) -> Result<(), StageError> {
        let (matrices, statistics) = bench.outer(self.fold, &self.choice.view)?;
        let problem = bench.problem(&self.choice.view, &matrices, self.random_seed(bench));
        let mut fitted = model::fit(&self.choice.spec, &problem)?;
        if let Some(temperature) = self.choice.temperature {
            fitted.model = fitted.model.calibrated(temperature);
        }
        let notes = fitted.notes.iter();
        notes.for_each(|note| tracing::info!(model = self.name(), fold = self.fold, seed = self.seed, "{note}"));
        let mut sides = vec![(Split::Test, &matrices.test)];
        if fitted.held_out > 0 {
            sides.push((Split::Dev, &matrices.dev));
        }
        let mut predictions = Vec::new();
        for (split, side) in sides {
            let about = About { model: self.name(), fold: self.fold, seed: self.seed, split };
            predictions.push(Scored::new(&fitted.model, side).table(about, &bench.classes));
        }
        let (fit, curve) = (self.fit_row(&fitted), self.curve_rows(&fitted));
        let out = bench.context.out;
        if self.seed == 0 {
            let normalizer = normalizer(&statistics);
            let (spec, recipe) = (self.choice.spec.clone(), bench.context.parameters.recipe());
            let saved = SavedModel::new(spec, &problem, fitted, normalizer, recipe, self.key.clone())?;
            for ((_, content), path) in model::save(&saved).iter().zip(self.model_paths()) {
                out.put(&path, content)?;
            }
        }
        self.keep(out, &Table::from(curve))?;
        self.keep(out, &Table::from(vec![fit]))?;
        self.keep(out, &sorted(predictions))
    }

    /// Folds and seeds differ in their random numbers; models share them.
    fn random_seed(&self, bench: &Bench) -> u64 {
        match self.seed {
            0 => bench.seed(&format!("fold {}", self.fold)),
            seed => bench.seed(&format!("fold {} seed {seed}", self.fold)),
        }
    }

    fn fit_row(&self, fitted: &Fitted) -> Fit {
        let chosen = Some(&self.choice.settings).filter(|settings| !settings.is_empty());
        let chosen = chosen.map(|settings| format!("chosen on inner folds: {settings}"));
        let notes: Vec<String> = chosen.into_iter().chain(fitted.notes.iter().cloned()).collect();
        Fit {
            model: self.name().to_owned(),
            fold: self.fold,
            seed: self.seed,
            rows: fitted.rows as i64,
            held_out: fitted.held_out as i64,
            epochs: (!fitted.curve.is_empty()).then_some(fitted.curve.len() as i64),
            temperature: fitted.model.temperature(),
            notes: (!notes.is_empty()).then(|| notes.join("; ")),
            config_hash: self.key.clone(),
        }
    }

    fn curve_rows(&self, fitted: &Fitted) -> Vec<LearningCurve> {
        let row = |epoch: &model::Epoch| LearningCurve {
            model: self.name().to_owned(),
            fold: self.fold,
            epoch: epoch.epoch as i64,
            learning_rate: epoch.learning_rate,
            train_loss: epoch.train_loss,
            dev_loss: epoch.dev_loss,
            dev_uar: epoch.dev_uar,
        };
        fitted.curve.iter().filter(|_| self.seed == 0).map(row).collect()
    }
}

/// The rows of several tables as one, by utterance.
fn sorted(tables: Vec<Table<Prediction>>) -> Table<Prediction> {
    let mut cells = Vec::new();
    let mut all = Table::<Prediction>::default();
    for table in tables {
        let width = table.float.names.len();
        cells.extend(table.rows.into_iter().zip(table.float.values.chunks(width).map(<[f32]>::to_vec)));
        all.float.names = table.float.names;
    }
    cells.sort_by(|a, b| a.0.utterance_id.cmp(&b.0.utterance_id));
    for (row, values) in cells {
        all.rows.push(row);
        all.float.values.extend(values);
    }
    all
}

fn normalizer(statistics: &Statistics) -> Normalizer {
    let groups = statistics.groups.iter();
    Normalizer {
        method: statistics.method.as_str().to_owned(),
        scope: statistics.scope.as_str().to_owned(),
        transductive: statistics.is_transductive(),
        groups: groups.map(|(group, s)| (group.clone(), (s.center.clone(), s.scale.clone()))).collect(),
    }
}
