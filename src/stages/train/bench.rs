//! What all fits share: features, folds, statistics, classes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::config::train::Calibration;
use crate::config::{self, ColumnPatterns, View};
use crate::dataset::{self, Features, Matrices, Statistics};
use crate::model::Problem;
use crate::schema::{Normalization, SplitRow};
use crate::stages::features_table::FeaturesTable;
use crate::stages::{Context, StageError, StageName, output};

/// The features and everything else that fits look at.
pub struct Bench<'a> {
    pub context: &'a Context<'a>,
    pub classes: Vec<String>,
    /// Hashes of the tables that fits depend on.
    pub inputs: &'a BTreeMap<String, String>,
    splits: &'a [SplitRow],
    normalization: Vec<Normalization>,
    /// Names of all features.
    names: Vec<String>,
    /// The features that views take, and their numbers among all.
    taken: BTreeMap<ColumnPatterns, (Arc<Features>, Vec<usize>)>,
}

impl<'a> Bench<'a> {
    pub fn new(
        context: &'a Context,
        table: &FeaturesTable,
        splits: &'a [SplitRow],
        inputs: &'a BTreeMap<String, String>,
    ) -> Result<Self, StageError> {
        let all = Features::new(&table.read(context.out)?)?;
        let (normalization, footer) = output::get_table::<Normalization>(context.out, StageName::Normalize)?;
        let is_current = ["features", "splits"].iter().all(|name| footer.inputs.get(*name) == inputs.get(*name));
        if !is_current {
            return Err(StageError::MissingTable { table: "normalization".to_owned(), stage: "normalize" });
        }
        let classes = dataset::classes(all.keys(), splits)?;
        let names = all.names().to_vec();
        let (all, mut taken) = (Arc::new(all), BTreeMap::new());
        for patterns in views(context).map(|view| &view.columns).collect::<BTreeSet<_>>() {
            let columns = patterns.pick(&names)?;
            let features = if columns.len() == names.len() { Arc::clone(&all) } else { Arc::new(all.pick(&columns)) };
            taken.insert(patterns.clone(), (features, columns));
        }
        Ok(Self { context, classes, inputs, splits, normalization: normalization.rows, names, taken })
    }

    /// The features of a view.
    pub fn features(&self, view: &View) -> &Features {
        &self.taken[&view.columns].0
    }

    /// A fold's rows of the splits table.
    pub fn fold(&self, fold: i64) -> &'a [SplitRow] {
        fold_of(self.splits, fold, |row| row.fold)
    }

    /// What a view sees of an outer fold, and the statistics that normalize it: those of the normalization table, unless
    /// a candidate wants others.
    pub fn outer(&self, fold: i64, view: &View) -> Result<(Matrices, Statistics), StageError> {
        let (rows, features) = (self.fold(fold), self.features(view));
        let statistics = if *view == self.context.parameters.view {
            let known = fold_of(&self.normalization, fold, |row| row.fold);
            Statistics::from_rows(known, &self.names)?.pick(&self.taken[&view.columns].1)
        } else {
            dataset::fit(features, rows, view.normalize)?
        };
        Ok((dataset::matrices(features, rows, &statistics, &self.classes)?, statistics))
    }

    /// What a view sees of an inner fold, normalized by its own train rows.
    pub fn inner(&self, rows: &[SplitRow], view: &View) -> Result<Matrices, StageError> {
        let features = self.features(view);
        let statistics = dataset::fit(features, rows, view.normalize)?;
        Ok(dataset::matrices(features, rows, &statistics, &self.classes)?)
    }

    /// The problem of fitting a model on the train rows.
    pub fn problem<'b>(&'b self, view: &View, matrices: &'b Matrices, seed: u64) -> Problem<'b> {
        let Matrices { train, dev, .. } = matrices;
        Problem {
            train: (train.x.view(), &train.y),
            dev: (!dev.y.is_empty()).then_some((dev.x.view(), dev.y.as_slice())),
            classes: &self.classes,
            features: self.features(view).names(),
            seed,
            calibration: self.calibration(),
            shared: None,
        }
    }

    /// How fits are calibrated: not by themselves where the rows of inner folds are there for it.
    fn calibration(&self) -> Calibration {
        let parameters = self.context.parameters;
        if parameters.tune.is_some() { Calibration::None } else { parameters.pipeline.train.calibration }
    }

    /// A seed for one purpose, from the pipeline's.
    pub fn seed(&self, purpose: &str) -> u64 {
        config::hash_number(&format!("{} {purpose}", self.context.parameters.pipeline.seed))
    }
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
