//! Reads features, splits and normalization; writes models/, fits, predictions and learning_curves.
//!
//! A job is one model in one fold. What it made is kept under run/train with a hash of all it was made of: a killed run
//! resumes after its last finished job, and a changed parameter refits just the models that it is about.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::config::{self, ModelSpec, Parameters};
use crate::dataset::{self, Features, Matrices, Side, Statistics};
use crate::model::{self, Classifier, Fitted, Normalizer, Problem, SavedModel};
use crate::schema::{
    Columns, Fit, LearningCurve, Normalization, PROBABILITY_PREFIX, Prediction, Row, Split, SplitRow, Table,
};
use crate::storage::Store;
use crate::table;

use super::features_table::FeaturesTable;
use super::{Context, Done, Prepared, Stage, StageError, StageName, output};

/// The train stage.
pub struct Train;

/// One model in one fold.
#[derive(Debug)]
pub struct Job {
    spec: ModelSpec,
    fold: i64,
    key: String,
    is_done: bool,
}

/// The features table and the jobs.
#[derive(Debug)]
pub struct Work {
    features: FeaturesTable,
    splits: Vec<SplitRow>,
    jobs: Vec<Job>,
}

impl Stage for Train {
    const NAME: StageName = StageName::Train;
    type Work = Work;

    fn config_hash(context: &Context) -> String {
        let Parameters { models, pipeline, .. } = context.parameters;
        config::config_hash(&(models, pipeline.train.calibration, pipeline.seed))
    }

    fn prepare(context: &Context) -> Result<Prepared<Work>, StageError> {
        let features = FeaturesTable::find(context.out)?;
        let (splits, footer) = output::get_table::<SplitRow>(context.out, StageName::Split)?;
        let mut inputs = features.input(context.out)?;
        inputs.insert("splits".to_owned(), footer.content_hash);
        let normalization = output::content_hash::<Normalization>(context.out, StageName::Normalize)?;
        inputs.insert("normalization".to_owned(), normalization);
        let jobs = jobs(context, &splits.rows, &inputs)?;
        let pending = jobs.iter().filter(|job| !job.is_done).count();
        Ok(Prepared {
            config_hash: Self::config_hash(context),
            inputs,
            amount: format!("{pending} of {} fits", jobs.len()),
            work: Work { features, splits: splits.rows, jobs },
        })
    }

    fn run(context: &Context, prepared: Prepared<Work>) -> Result<Done, StageError> {
        let Work { features, splits, jobs } = &prepared.work;
        let bench = Bench::new(context, features, splits, &prepared.inputs)?;
        let pending = jobs.iter().filter(|job| !job.is_done).collect::<Vec<_>>();
        context.progress.start("train", pending.len() as u64);
        pending.par_iter().with_max_len(1).try_for_each(|job| {
            context.check_stop()?;
            bench.work(job)?;
            context.progress.advance(1);
            Ok::<_, StageError>(())
        })?;
        context.progress.finish();
        publish(context, &prepared, &bench.classes, pending.len())
    }
}

fn jobs(context: &Context, splits: &[SplitRow], inputs: &BTreeMap<String, String>) -> Result<Vec<Job>, StageError> {
    let folds = splits.iter().map(|row| row.fold).collect::<BTreeSet<_>>();
    let pipeline = &context.parameters.pipeline;
    let mut jobs = Vec::new();
    for fold in folds {
        for spec in &context.parameters.models {
            let key = config::config_hash(&(
                (spec, pipeline.train.calibration, pipeline.seed, env!("CARGO_PKG_VERSION")),
                (inputs, fold),
            ));
            let mut job = Job { spec: spec.clone(), fold, key, is_done: false };
            job.is_done = !context.force && job.is_finished(context.out)?;
            jobs.push(job);
        }
    }
    Ok(jobs)
}

impl Job {
    fn name(&self) -> &'static str {
        self.spec.kind().as_str()
    }

    fn model_path(&self, file: &str) -> String {
        format!("models/{}/fold-{}/{file}", self.name(), self.fold)
    }

    fn kept_path<R: Row>(&self) -> String {
        format!("run/train/{}/fold-{}/{}.parquet", self.name(), self.fold, R::table().name)
    }

    /// Whether everything that the job makes is there and made of the same things.
    fn is_finished(&self, out: &dyn Store) -> Result<bool, StageError> {
        let models = model::FILES.iter().map(|file| self.model_path(file));
        for path in models.chain([self.kept_path::<LearningCurve>(), self.kept_path::<Fit>()]) {
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

    fn kept<R: Row>(&self, out: &dyn Store) -> Result<Table<R>, StageError> {
        Ok(table::read(out.get(&self.kept_path::<R>())?)?.0)
    }

    /// Folds differ in their random numbers; models of a fold share them.
    fn seed(&self, seed: u64) -> u64 {
        config::hash_number(&format!("{seed} fold {}", self.fold))
    }
}

/// What all jobs share.
struct Bench<'a> {
    context: &'a Context<'a>,
    features: Features,
    splits: &'a [SplitRow],
    normalization: Vec<Normalization>,
    classes: Vec<String>,
}

impl<'a> Bench<'a> {
    fn new(
        context: &'a Context,
        features: &FeaturesTable,
        splits: &'a [SplitRow],
        inputs: &BTreeMap<String, String>,
    ) -> Result<Self, StageError> {
        let features = Features::new(&features.read(context.out)?)?;
        let (normalization, footer) = output::get_table::<Normalization>(context.out, StageName::Normalize)?;
        let is_current = ["features", "splits"].iter().all(|name| footer.inputs.get(*name) == inputs.get(*name));
        if !is_current {
            return Err(StageError::MissingTable { table: "normalization".to_owned(), stage: "normalize" });
        }
        let classes = dataset::classes(features.keys(), splits)?;
        Ok(Self { context, features, splits, normalization: normalization.rows, classes })
    }

    /// Fits one model and writes all that comes of it; the predictions come last and seal the job.
    fn work(&self, job: &Job) -> Result<(), StageError> {
        let rows = fold_of(self.splits, job.fold, |row| row.fold);
        let normalization = fold_of(&self.normalization, job.fold, |row| row.fold);
        let statistics = Statistics::from_rows(normalization, self.features.names())?;
        let matrices = dataset::matrices(&self.features, rows, &statistics, &self.classes)?;
        let dev = (!matrices.dev.y.is_empty()).then_some((matrices.dev.x.view(), matrices.dev.y.as_slice()));
        let pipeline = &self.context.parameters.pipeline;
        let problem = Problem {
            train: (matrices.train.x.view(), &matrices.train.y),
            dev,
            classes: &self.classes,
            features: self.features.names(),
            seed: job.seed(pipeline.seed),
            calibration: pipeline.train.calibration,
            shared: None,
        };
        let fitted = model::fit(&job.spec, &problem)?;
        fitted.notes.iter().for_each(|note| tracing::info!(model = job.name(), fold = job.fold, "{note}"));
        let (fit, curve) = (fit_row(job, &fitted), curve_rows(job, &fitted));
        let predictions = self.predict(job, &fitted, &matrices);
        let saved = SavedModel::new(job.spec.clone(), &problem, fitted, normalizer(&statistics), job.key.clone())?;
        let out = self.context.out;
        for (file, content) in model::save(&saved) {
            out.put(&job.model_path(&file), &content)?;
        }
        job.keep(out, &Table::from(curve))?;
        job.keep(out, &Table::from(vec![fit]))?;
        job.keep(out, &predictions)
    }

    /// Predictions for test rows, and for dev rows where the model was not fitted on them.
    fn predict(&self, job: &Job, fitted: &Fitted, matrices: &Matrices) -> Table<Prediction> {
        let mut table = Table::<Prediction>::default();
        table.float.names = self.classes.iter().map(|class| format!("{PROBABILITY_PREFIX}{class}")).collect();
        let mut rows = Vec::new();
        self.append(job, fitted, Split::Test, &matrices.test, &mut rows);
        if fitted.held_out > 0 {
            self.append(job, fitted, Split::Dev, &matrices.dev, &mut rows);
        }
        rows.sort_by(|a, b| a.0.utterance_id.cmp(&b.0.utterance_id));
        for (row, probabilities) in rows {
            table.rows.push(row);
            table.float.values.extend(probabilities);
        }
        table
    }

    fn append(&self, job: &Job, fitted: &Fitted, split: Split, side: &Side, rows: &mut Vec<(Prediction, Vec<f32>)>) {
        let probabilities = fitted.model.probabilities(side.x.view());
        let predicted = model::predicted(probabilities.view());
        for (index, id) in side.ids.iter().enumerate() {
            let row = Prediction {
                utterance_id: id.clone(),
                model: job.name().to_owned(),
                fold: job.fold,
                seed: 0,
                split: split.to_string(),
                truth: self.classes[side.y[index]].clone(),
                predicted: self.classes[predicted[index]].clone(),
            };
            rows.push((row, probabilities.row(index).to_vec()));
        }
    }
}

/// The rows of a fold in a table that is sorted by fold.
fn fold_of<R>(rows: &[R], fold: i64, fold_of_row: impl Fn(&R) -> i64) -> &[R] {
    let start = rows.partition_point(|row| fold_of_row(row) < fold);
    let end = rows.partition_point(|row| fold_of_row(row) <= fold);
    &rows[start..end]
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

fn fit_row(job: &Job, fitted: &Fitted) -> Fit {
    Fit {
        model: job.name().to_owned(),
        fold: job.fold,
        seed: 0,
        rows: fitted.rows as i64,
        held_out: fitted.held_out as i64,
        epochs: (!fitted.curve.is_empty()).then_some(fitted.curve.len() as i64),
        notes: (!fitted.notes.is_empty()).then(|| fitted.notes.join("; ")),
        config_hash: job.key.clone(),
    }
}

fn curve_rows(job: &Job, fitted: &Fitted) -> Vec<LearningCurve> {
    let row = |epoch: &model::Epoch| LearningCurve {
        model: job.name().to_owned(),
        fold: job.fold,
        epoch: epoch.epoch as i64,
        learning_rate: epoch.learning_rate,
        train_loss: epoch.train_loss,
        dev_loss: epoch.dev_loss,
        dev_uar: epoch.dev_uar,
    };
    fitted.curve.iter().map(row).collect()
}

/// Joins what the jobs kept into tables, and takes away what is of no job any more.
fn publish(
    context: &Context,
    prepared: &Prepared<Work>,
    classes: &[String],
    fitted: usize,
) -> Result<Done, StageError> {
    let (out, jobs) = (context.out, &prepared.work.jobs);
    let mut order = jobs.iter().collect::<Vec<_>>();
    order.sort_by_key(|job| (job.name(), job.fold));
    let (mut curves, mut fits, mut predictions) = (Vec::new(), Vec::new(), Table::<Prediction>::default());
    for job in order {
        curves.extend(job.kept::<LearningCurve>(out)?.rows);
        fits.extend(job.kept::<Fit>(out)?.rows);
        let kept = job.kept::<Prediction>(out)?;
        predictions.rows.extend(kept.rows);
        predictions.float =
            Columns { names: kept.float.names, values: [predictions.float.values, kept.float.values].concat() };
    }
    remove_others(out, jobs)?;
    let counts = BTreeMap::from([
        ("fits".to_owned(), fits.len() as u64),
        ("predictions".to_owned(), predictions.rows.len() as u64),
        ("classes".to_owned(), classes.len() as u64),
    ]);
    let summary = format!("{} fits, {fitted} of them new", jobs.len());
    let (config_hash, inputs) = (&prepared.config_hash, &prepared.inputs);
    let mut outputs = vec![
        output::put_table(out, &Table::from(curves), config_hash, inputs)?,
        output::put_table(out, &Table::from(fits), config_hash, inputs)?,
        output::put_table(out, &predictions, config_hash, inputs)?,
    ];
    outputs.extend(jobs.iter().flat_map(|job| model::FILES.map(|file| job.model_path(file))));
    Ok(Done { outputs, counts, summary, warnings: Vec::new() })
}

fn remove_others(out: &dyn Store, jobs: &[Job]) -> Result<(), StageError> {
    let models = jobs.iter().flat_map(|job| model::FILES.map(|file| job.model_path(file)));
    let kept = jobs
        .iter()
        .flat_map(|job| [job.kept_path::<LearningCurve>(), job.kept_path::<Fit>(), job.kept_path::<Prediction>()]);
    let wanted = models.chain(kept).collect::<BTreeSet<_>>();
    let former = out.list("models")?.into_iter().chain(out.list("run/train")?);
    output::remove_others(out, former, &wanted, |path| {
        let (folder, file) = path.rsplit_once('/').unwrap_or_default();
        let is_fold = folder.rsplit('/').next().is_some_and(|name| name.starts_with("fold-"));
        is_fold && (model::FILES.contains(&file) || file.ends_with(".parquet"))
    })
}
