//! Fits in outer folds and on all rows. A job is one model on the same rows with one seed; what it made is kept under
//! run/train with a seal that names all it was made of, so that a killed run resumes after its last finished job and a
//! changed parameter refits just the models that it is about. What train rows are drawn by (`train.balance`, `train.votes`)
//! is about all of them.

use std::collections::BTreeMap;

use super::fit_data::FitData;
use super::plan::{Choice, FoldPlan};
use super::saved;
use super::scores::{About, Scores};
use super::seal::JobSeal;
use super::training_set::TrainingSet;
use crate::dataset::Sides;
use crate::model::{self, Fitted};
use crate::options;
use crate::pipeline::SavedModel;
use crate::schema::{Fit, LearningCurve, NOTE_OF_SEARCH, Prediction, Row, Side, Table};
use crate::stages::{OutputFile, StageError, StageName, Written, output};
use crate::storage::Store;
use crate::table;

/// One model on the same rows with one seed.
#[derive(Debug)]
pub struct Job {
    pub choice: Choice,
    pub training_set: TrainingSet,
    /// 0: the fit that figures come from.
    pub seed: i64,
    /// A hash of the parameters and tables that the fit hangs on: tables and the saved model name it.
    pub config_hash: String,
    /// The same with the code that does it, for the seal.
    key: String,
    pub is_done: bool,
}

/// The jobs of a plan: every model once; in a fold those that draw random numbers once a seed, since figures show the
/// spread.
pub fn jobs(plan: &FoldPlan, data: &FitData) -> Result<Vec<Job>, StageError> {
    let (parameters, out) = (data.context.parameters, data.context.out);
    let repeats = |choice: &Choice| choice.spec.is_random() && plan.training_set != TrainingSet::All;
    let mut jobs = Vec::new();
    for choice in &plan.choices {
        let seeds = if repeats(choice) { parameters.pipeline.train.seeds } else { 1 };
        for seed in 0..seeds as i64 {
            let what = (&choice.spec, &choice.view, choice.temperature.map(f64::to_bits));
            let with = (parameters.pipeline.train.calibration, parameters.pipeline.seed, seed);
            let of = (data.inputs, data.rows_word(plan.training_set)?);
            let config_hash = options::config_hash(&(what, with, of));
            let key = options::config_hash(&(&config_hash, StageName::Train.build()));
            let mut job =
                Job { choice: choice.clone(), training_set: plan.training_set, seed, config_hash, key, is_done: false };
            job.is_done = !data.context.force && job.is_finished(out)?;
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

    /// The saved model as the finished job wrote it; fits with other seeds are not saved.
    pub fn model_files(&self, out: &dyn Store) -> Result<Vec<Written>, StageError> {
        let files = JobSeal::read(out, &self.seal_path())?.map(|seal| seal.files).unwrap_or_default();
        let is_of_model = |(path, _): &(String, OutputFile)| !path.starts_with("run/");
        Ok(files.into_iter().filter(is_of_model).map(|(path, file)| Written { path, file }).collect())
    }

    /// What is kept of the job under run/train: in a fold what tables say of it, and the seal.
    pub fn kept_paths(&self) -> Vec<String> {
        let of_fold = [self.kept_path::<LearningCurve>(), self.kept_path::<Fit>(), self.kept_path::<Prediction>()];
        let of_fold = of_fold.into_iter().filter(|_| self.training_set != TrainingSet::All);
        of_fold.chain([self.seal_path()]).collect()
    }

    fn kept_path<R: Row>(&self) -> String {
        format!("{}.{}.parquet", self.kept_stem(), R::table().name)
    }

    fn seal_path(&self) -> String {
        format!("{}.json", self.kept_stem())
    }

    fn kept_stem(&self) -> String {
        format!("run/train/{}/{}/seed-{}", self.name(), self.training_set.folder(), self.seed)
    }

    /// Whether everything that the job makes is there and made of the same things.
    fn is_finished(&self, out: &dyn Store) -> Result<bool, StageError> {
        match JobSeal::read(out, &self.seal_path())? {
            Some(seal) if seal.key == self.key => seal.holds(out),
            _ => Ok(false),
        }
    }

    fn keep<R: Row>(&self, out: &dyn Store, table: &Table<R>) -> Result<Written, StageError> {
        let (file, _) = table::write(table, &self.config_hash, &BTreeMap::new(), false)?;
        output::put(out, &self.kept_path::<R>(), &file)
    }

    /// What the finished job made.
    pub fn kept<R: Row>(&self, out: &dyn Store) -> Result<Table<R>, StageError> {
        let path = self.kept_path::<R>();
        Ok(output::of_file(out, &path, table::read(out.get(&path)?))?.0)
    }

    /// Fits the model and writes all that comes of it.
    pub fn work(&self, data: &FitData) -> Result<(), StageError> {
        let (sides, scaler) = data.outer(self.training_set, &self.choice.view)?;
        let problem = data.problem(&self.choice.view, &sides, self.random_seed(data));
        let mut fitted = model::fit(&self.choice.spec, &problem)?;
        if let Some(temperature) = self.choice.temperature {
            fitted.model = fitted.model.calibrated(temperature);
        }
        let notes = fitted.notes.iter();
        notes.for_each(|note| tracing::info!(model = self.name(), on = %self.training_set, seed = self.seed, "{note}"));
        let out = data.context.out;
        let rows = self.training_set.fold().map(|fold| self.rows(fold, &fitted, &sides, data)).transpose()?;
        out.remove(&self.seal_path())?;
        let mut files = Vec::new();
        if self.seed == 0 {
            let (spec, recipe) = (fitted.spec.clone(), data.context.parameters.provenance());
            let saved = SavedModel::new(spec, &problem, fitted, scaler, recipe, self.config_hash.clone())?;
            files.extend(saved::put(out, self.name(), self.training_set, &saved)?);
        }
        if let Some((fit, curve, predictions)) = rows {
            files.extend([self.keep(out, &curve)?, self.keep(out, &fit)?, self.keep(out, &predictions)?]);
        }
        JobSeal::put(out, &self.seal_path(), &self.key, files)
    }

    /// What tables say of a fit in a fold.
    fn rows(
        &self,
        fold: i64,
        fitted: &Fitted,
        sides: &Sides,
        data: &FitData,
    ) -> Result<(Table<Fit>, Table<LearningCurve>, Table<Prediction>), StageError> {
        let mut judged = vec![(Side::Test, &sides.test)];
        if fitted.held_out > 0 {
            judged.push((Side::Dev, &sides.dev));
        }
        if !sides.seen.at.is_empty() {
            judged.push((Side::Seen, &sides.seen));
        }
        let table = |(split, side)| {
            let about = About { model: self.name(), fold, seed: self.seed, split };
            Ok::<_, StageError>(Scores::new(&fitted.model, side, data.keys())?.table(about, &data.classes))
        };
        let predictions = sorted(judged.into_iter().map(table).collect::<Result<_, _>>()?);
        let fit = Table::from(vec![self.fit_row(fold, fitted, sides)?]);
        Ok((fit, Table::from(self.curve_rows(fold, fitted)), predictions))
    }

    /// Folds and seeds differ in their random numbers; models share them.
    fn random_seed(&self, data: &FitData) -> u64 {
        match self.seed {
            0 => data.seed(&self.training_set.to_string()),
            seed => data.seed(&format!("{} seed {seed}", self.training_set)),
        }
    }

    fn fit_row(&self, fold: i64, fitted: &Fitted, sides: &Sides) -> Result<Fit, StageError> {
        let chosen = Some(&self.choice.settings).filter(|settings| !settings.is_empty());
        let chosen = chosen.map(|settings| format!("{NOTE_OF_SEARCH}{settings}"));
        let clipped_test = fitted.model.clipped_of(&sides.test.rows.x)?;
        let unlike = clipped_test.filter(|share| *share > model::UNLIKE).map(|share| {
            format!("{:.1} % of the test values lie beyond what it learned from, and were clipped", 100.0 * share)
        });
        let notes: Vec<String> = chosen.into_iter().chain(fitted.notes.iter().cloned()).chain(unlike).collect();
        Ok(Fit {
            model: self.name().to_owned(),
            fold,
            seed: self.seed,
            rows: fitted.rows as i64,
            held_out: fitted.held_out as i64,
            epochs: (!fitted.curve.is_empty()).then_some(fitted.curve.len() as i64),
            temperature: fitted.model.temperature(),
            clipped_fitted: fitted.clipped,
            clipped_test,
            notes: (!notes.is_empty()).then(|| notes.join("; ")),
            config_hash: self.config_hash.clone(),
        })
    }

    fn curve_rows(&self, fold: i64, fitted: &Fitted) -> Vec<LearningCurve> {
        let row = |epoch: &model::Epoch| LearningCurve {
            model: self.name().to_owned(),
            fold,
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
pub(super) fn sorted(mut tables: Vec<Table<Prediction>>) -> Table<Prediction> {
    if tables.len() == 1 {
        return tables.remove(0);
    }
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
