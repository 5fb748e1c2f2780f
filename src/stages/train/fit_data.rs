//! What all fits share: features, folds, statistics, classes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::training_set::TrainingSet;
use crate::dataset::{self, Features, Fold, Keys, Scaler, Sides};
use crate::model::{Calibration, Problem, View};
use crate::options::{self, ColumnPatterns};
use crate::pipeline::Parameters;
use crate::schema::{FeatureInfo, Normalization};
use crate::stages::features_table::FeaturesTable;
use crate::stages::{Context, StageError, StageName, output, rows};

/// The features and everything else that fits look at.
pub struct FitData<'a> {
    pub context: &'a Context<'a>,
    pub classes: Vec<String>,
    /// Hashes of the tables that fits depend on.
    pub inputs: &'a BTreeMap<String, String>,
    folds: Vec<Fold>,
    /// All utterances as one fold; none where nothing is fitted on them.
    whole: Option<Fold>,
    normalization: Vec<Normalization>,
    /// What each feature is.
    pub dictionary: Vec<FeatureInfo>,
    /// Names of all features.
    names: Vec<String>,
    /// The features that views take.
    taken: BTreeMap<ColumnPatterns, Taken>,
}

/// Some of the features.
struct Taken {
    features: Arc<Features>,
    /// Their numbers among all.
    columns: Vec<usize>,
    /// What each is about: `family` of the feature dictionary.
    families: Vec<String>,
}

impl<'a> FitData<'a> {
    pub fn new(
        context: &'a Context,
        table: &FeaturesTable,
        inputs: &'a BTreeMap<String, String>,
    ) -> Result<Self, StageError> {
        let all = rows::features(context, table)?;
        let folds = rows::folds(context, all.keys())?;
        let (normalization, footer) = output::get_table::<Normalization>(context.out, StageName::Normalize)?;
        let is_current = ["features", "splits"].iter().all(|name| footer.inputs.get(*name) == inputs.get(*name));
        if !is_current {
            return Err(StageError::MissingTable { table: "normalization".to_owned(), stage: "normalize" });
        }
        let classes = dataset::classes(all.keys(), &folds)?;
        let whole = whole(context.parameters, &all, &folds)?;
        let names = all.names().to_vec();
        let dictionary = output::get_table::<FeatureInfo>(context.out, StageName::Extract)?.0.rows;
        let known = families(&dictionary);
        let (all, mut taken) = (Arc::new(all), BTreeMap::new());
        for patterns in views(context).map(|view| &view.columns).collect::<BTreeSet<_>>() {
            let columns = patterns.pick("train.columns", "the features table", &names)?;
            let features = if columns.len() == names.len() { Arc::clone(&all) } else { Arc::new(all.pick(&columns)?) };
            let family = |name: &String| known.get(name.as_str()).copied().unwrap_or_default().to_owned();
            let families = features.names().iter().map(family).collect();
            taken.insert(patterns.clone(), Taken { features, columns, families });
        }
        let normalization = normalization.rows;
        Ok(Self { context, classes, inputs, folds, whole, normalization, dictionary, names, taken })
    }

    /// The features of a view.
    pub fn features(&self, view: &View) -> &Features {
        &self.taken[&view.columns].features
    }

    /// The folds of the splits table.
    pub fn folds(&self) -> &[Fold] {
        &self.folds
    }

    /// The keys of all utterances.
    pub fn keys(&self) -> &Keys {
        self.features(&self.context.parameters.view).keys()
    }

    /// A fold of the splits table, or that of all utterances.
    ///
    /// # Errors
    /// There is none: the splits are of another run.
    pub fn fold(&self, training_set: TrainingSet) -> Result<&Fold, StageError> {
        let fold = match training_set {
            TrainingSet::Fold(number) => self.folds.iter().find(|fold| fold.number == number),
            TrainingSet::All => self.whole.as_ref(),
        };
        fold.ok_or_else(|| StageError::MissingTable { table: "splits".to_owned(), stage: "split" })
    }

    /// What tells these rows from others of the same tables.
    ///
    /// # Errors
    /// The features table lacks a column.
    pub fn rows_word(&self, training_set: TrainingSet) -> Result<String, StageError> {
        match training_set {
            TrainingSet::Fold(_) => Ok(training_set.to_string()),
            TrainingSet::All => {
                let ids = self.keys().ids()?;
                let rows = self.fold(training_set)?.members().map(|(row, side)| (ids[row], side.as_str()));
                Ok(format!("{training_set} {}", options::config_hash(&rows.collect::<Vec<_>>())))
            }
        }
    }

    /// What a view sees of the rows, and the scaler that normalizes it: of a fold that of the normalization table, unless
    /// a candidate wants another.
    pub fn outer(&self, training_set: TrainingSet, view: &View) -> Result<(Sides, Scaler), StageError> {
        let (of, features) = (self.fold(training_set)?, self.features(view));
        let scaler = match training_set {
            TrainingSet::Fold(fold) if *view == self.context.parameters.view => {
                let known = fold_of(&self.normalization, fold, |row| row.fold);
                Scaler::from_rows(known, &self.names)?.pick(&self.taken[&view.columns].columns)
            }
            _ => Scaler::fit(features, of, view.normalize)?,
        };
        Ok((Sides::drawn(features, of, &scaler, &self.classes, view.train_rows())?, scaler))
    }

    /// What a view sees of an inner fold, normalized by its own train rows.
    pub fn inner(&self, fold: &Fold, view: &View) -> Result<Sides, StageError> {
        let features = self.features(view);
        let scaler = Scaler::fit(features, fold, view.normalize)?;
        Ok(Sides::drawn(features, fold, &scaler, &self.classes, view.train_rows())?)
    }

    /// The problem of fitting a model on the train rows.
    pub fn problem<'b>(&'b self, view: &View, sides: &'b Sides, seed: u64) -> Problem<'b> {
        Problem {
            train: &sides.train.rows,
            dev: Some(&sides.dev.rows).filter(|dev| !dev.y.is_empty()),
            classes: &self.classes,
            features: self.features(view).names(),
            families: &self.taken[&view.columns].families,
            seed,
            calibration: calibration(self.context.parameters),
            shared: None,
        }
    }

    /// A seed for one purpose, from the pipeline's.
    pub fn seed(&self, purpose: &str) -> u64 {
        options::hash_number(&format!("{} {purpose}", self.context.parameters.pipeline.seed))
    }
}

/// What each feature is about, by its name.
pub fn families(dictionary: &[FeatureInfo]) -> BTreeMap<&str, &str> {
    dictionary.iter().map(|info| (info.name.as_str(), info.family.as_str())).collect()
}

/// How fits are calibrated: not by themselves where the rows of inner folds are there for it.
fn calibration(parameters: &Parameters) -> Calibration {
    if parameters.tune.is_some() { Calibration::None } else { parameters.pipeline.train.calibration }
}

/// All utterances as one fold, where models are put to use. What folds hold out to stop early or to calibrate on is
/// held out here too: it is the same procedure whose figures the folds give.
fn whole(parameters: &Parameters, features: &Features, folds: &[Fold]) -> Result<Option<Fold>, StageError> {
    if !parameters.pipeline.train.deploy {
        return Ok(None);
    }
    let stops_early = parameters.fitted().iter().any(|spec| spec.uses_dev());
    let dev = stops_early || calibration(parameters) == Calibration::Temperature;
    Ok(Some(dataset::whole(features.keys(), folds, &parameters.split, dev, parameters.pipeline.seed)?))
}

/// Every view that is fitted on.
fn views<'a>(context: &'a Context) -> impl Iterator<Item = &'a View> {
    let parameters = context.parameters;
    let tuned = parameters.tune.iter().flat_map(|tune| tune.candidates.iter().map(|candidate| &candidate.view));
    std::iter::once(&parameters.view).chain(tuned)
}

/// The rows of a fold in a table that is sorted by fold.
fn fold_of<R>(rows: &[R], fold: i64, fold_of_row: impl Fn(&R) -> i64) -> &[R] {
    let start = rows.partition_point(|row| fold_of_row(row) < fold);
    let end = rows.partition_point(|row| fold_of_row(row) <= fold);
    &rows[start..end]
}
