//! Normalization: fitted on the train rows of a fold, used alike in training, in prediction and in saved models.

use super::{DatasetError, Features, Fold, Keys};
use crate::dataset::{Method, NormalizeParams, Scope};
use crate::eval::quantile;
use crate::schema::{Normalization, Side};
use ndarray::{ArrayView1, ArrayView2};
use std::collections::{BTreeMap, BTreeSet};

/// The group of statistics that do not depend on the speaker.
pub const ALL: &str = "all";

/// Fewest utterances from which statistics of a speaker are taken.
pub const MIN_UTTERANCES: usize = 8;

/// A scale below this share of a column's largest absolute value makes the column constant. Neighbouring float32 numbers
/// are up to 1.2e-7 of their size apart, and a functional is made of sums, differences and quotients that lose a few
/// bits more: what varies by less than a hundred such steps is how the number was computed, not how somebody spoke.
const ROUNDING: f64 = 1e-5;

/// The scale of a constant column. The difference of any two float32 numbers, divided by it, is 0 in float32: whatever
/// unseen rows hold there, the column says nothing, as it said nothing where it was fitted.
pub const CONSTANT: f64 = f64::MAX;

/// Center and scale of each feature for one group.
#[derive(Debug, Clone, PartialEq)]
pub struct Scaling {
    /// Subtracted first; also what a missing value is replaced by. One a feature.
    pub center: Vec<f64>,
    /// Then divided by; above 0, and [`CONSTANT`] where the feature is constant. One a feature.
    pub scale: Vec<f64>,
    /// Rows that had a value when this was fitted. One a feature.
    pub rows: Vec<i64>,
    /// Whether test rows were looked at.
    pub transductive: bool,
}

/// Centre and scale of every feature, for all rows or by speaker.
#[derive(Debug, Clone, PartialEq)]
pub struct Scaler {
    /// How a feature is centred and scaled.
    pub method: Method,
    /// Whose rows the statistics were fitted on.
    pub scope: Scope,
    /// Feature names, in the column order of the features table.
    pub features: Vec<String>,
    /// By speaker or corpus, or under `all`, which also serves speakers and corpora with too few utterances.
    pub groups: BTreeMap<String, Scaling>,
}

/// Refuses a fold that scope `speaker` could not be fitted on: by its speakers, whatever the features.
///
/// # Errors
/// As of [`Scaler::fit`].
pub fn check_speakers(keys: &Keys, fold: &Fold) -> Result<(), DatasetError> {
    groups_of(keys, fold, Scope::Speaker).map(drop)
}

/// Rows of the features table that a group's statistics are fitted on.
#[derive(Default)]
struct Members {
    rows: Vec<usize>,
    transductive: bool,
}

fn groups_of(keys: &Keys, fold: &Fold, scope: Scope) -> Result<BTreeMap<String, Members>, DatasetError> {
    fold.check(keys)?;
    let all = |rows| Members { rows, transductive: false };
    if scope == Scope::Corpus {
        return Ok(BTreeMap::from([(ALL.to_owned(), all(fold.rows_on(Side::Train)))]));
    }
    if scope == Scope::EachCorpus {
        return corpora_of(keys, fold);
    }
    let originals = keys.augmented_from()?;
    let all_members = fold.members().filter(|(row, _)| originals[*row].is_none());
    // What is seen is scaled like others, and moves no figure of theirs.
    let (seen, members): (Vec<_>, Vec<(usize, Side)>) = all_members.partition(|(_, side)| *side == Side::Seen);
    let rows: Vec<usize> = members.iter().map(|(row, _)| *row).collect();
    let mut speakers = BTreeMap::<&str, Members>::new();
    for (speaker, (row, side)) in keys.speakers(&rows)?.into_iter().zip(&members) {
        let of_speaker = speakers.entry(speaker).or_default();
        of_speaker.rows.push(*row);
        of_speaker.transductive |= *side == Side::Test;
    }
    let count = speakers.len();
    speakers.retain(|_, members| members.rows.len() >= MIN_UTTERANCES);
    if speakers.is_empty() {
        return Err(DatasetError::FewUtterances { least: MIN_UTTERANCES });
    }
    let seen: Vec<usize> = seen.into_iter().map(|(row, _)| row).collect();
    let is_seen_alone = keys.speakers(&seen)?.into_iter().any(|speaker| !speakers.contains_key(speaker));
    let has_few = speakers.len() < count || is_seen_alone;
    let mut groups: BTreeMap<_, _> = speakers.into_iter().map(|(name, members)| (name.to_owned(), members)).collect();
    if has_few {
        let train = members.into_iter().filter(|(_, side)| *side == Side::Train);
        groups.insert(ALL.to_owned(), all(train.map(|(row, _)| row).collect()));
    }
    Ok(groups)
}

/// The rows of each corpus: those of train, and of a corpus that is not trained on all that there are.
fn corpora_of(keys: &Keys, fold: &Fold) -> Result<BTreeMap<String, Members>, DatasetError> {
    let (corpora, originals) = (keys.texts("corpus")?, keys.augmented_from()?);
    let (mut trained, mut others) = (BTreeMap::<&str, Members>::new(), BTreeMap::<&str, Members>::new());
    let mut seen = BTreeSet::new();
    for (row, side) in fold.members() {
        let corpus = corpora[row].unwrap_or_default();
        if side == Side::Seen {
            seen.insert(corpus);
        } else if side == Side::Train {
            trained.entry(corpus).or_default().rows.push(row);
        } else if originals[row].is_none() {
            let members = others.entry(corpus).or_default();
            members.rows.push(row);
            members.transductive |= side == Side::Test;
        }
    }
    others.retain(|corpus, _| !trained.contains_key(corpus));
    let has_few = others.values().any(|members| members.rows.len() < MIN_UTTERANCES);
    others.retain(|_, members| members.rows.len() >= MIN_UTTERANCES);
    let has_few = has_few || seen.iter().any(|corpus| !trained.contains_key(corpus) && !others.contains_key(corpus));
    let all = has_few.then(|| (ALL, Members { rows: fold.rows_on(Side::Train), transductive: false }));
    Ok(trained.into_iter().chain(others).chain(all).map(|(name, members)| (name.to_owned(), members)).collect())
}

impl Scaling {
    fn empty(transductive: bool) -> Self {
        Self { center: Vec::new(), scale: Vec::new(), rows: Vec::new(), transductive }
    }

    /// Fits the next feature on some rows of its column.
    fn push(&mut self, column: ArrayView1<f32>, rows: &[usize], method: Method) {
        let cells = rows.iter().map(|row| f64::from(column[*row]));
        let mut present: Vec<f64> = cells.filter(|value| !value.is_nan()).collect();
        let (center, scale) = center_and_scale(method, &mut present);
        self.rows.push(present.len() as i64);
        self.center.push(center);
        self.scale.push(scale);
    }
}

/// Center and scale of the values, which may be reordered.
fn center_and_scale(method: Method, values: &mut [f64]) -> (f64, f64) {
    if method == Method::None {
        return (0.0, 1.0);
    }
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if values.is_empty() {
        return (0.0, CONSTANT);
    }
    let noise = ROUNDING * low.abs().max(high.abs());
    let (mean, deviation) = mean_and_deviation(values);
    let (center, scale) = match method {
        Method::None | Method::ZScore => (mean, deviation),
        Method::MinMax => (low, high - low),
        Method::Robust => match median_and_range(values) {
            (median, range) if range > noise => (median, range),
            (median, _) => (median, deviation),
        },
    };
    (center, if scale > noise { scale } else { CONSTANT })
}

/// Mean and standard deviation, dividing by n; two passes in order.
fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / n;
    (mean, variance.sqrt())
}

/// Median and interquartile range.
fn median_and_range(values: &mut [f64]) -> (f64, f64) {
    let median = quantile(values, 0.5);
    (median, quantile(values, 0.75) - quantile(values, 0.25))
}

impl Scaler {
    /// Fits the scaler of one fold.
    ///
    /// Scope `corpus` looks at train rows only, augmented ones included. Scope `speaker` looks at all utterances of a
    /// speaker in the fold, without labels, and at no augmented rows, since test speakers have none; a speaker with test
    /// rows is marked transductive. Rows on the side seen are no part of any statistics. Of a speaker with fewer than [`MIN_UTTERANCES`] no statistics are taken: normalized by
    /// them, a few utterances tell more of each other than of the speaker. The train utterances' take their place, under
    /// `all`, which looks at no test row. Scope `each-corpus` looks at the train rows of each
    /// corpus; a corpus without any is normalized by all of its utterances, as a speaker is. Missing values are left out.
    ///
    /// A column is constant where its scale is rounding noise, less than 1e-5 of its largest absolute value, or where it has
    /// no value: its scale is [`CONSTANT`], and it becomes 0 for every row, seen or not. `robust` falls back on the standard
    /// deviation where the quartiles lie as close. `none` is center 0, scale 1. Sums are f64, in the order of utterance ids.
    ///
    /// # Errors
    /// An augmented row where it may not be, an utterance without the speaker that scope `speaker` needs, no speaker with
    /// enough utterances, or numbers that cannot be read.
    pub fn fit(features: &Features, fold: &Fold, params: NormalizeParams) -> Result<Self, DatasetError> {
        let mut scalers = Self::fit_each(features, std::slice::from_ref(fold), params)?;
        Ok(scalers.remove(0))
    }

    /// Fits the scalers of several folds, each as [`Scaler::fit`] does, in one pass over the features. Memory holds the
    /// row numbers of all of them.
    ///
    /// # Errors
    /// As of [`Scaler::fit`].
    pub fn fit_each(features: &Features, folds: &[Fold], params: NormalizeParams) -> Result<Vec<Self>, DatasetError> {
        let mut fitted = Vec::new();
        for fold in folds {
            let members = groups_of(features.keys(), fold, params.scope)?;
            let with_scaling =
                |(group, members): (String, Members)| (group, Scaling::empty(members.transductive), members);
            fitted.push(members.into_iter().map(with_scaling).collect::<Vec<_>>());
        }
        for columns in features.values().strips() {
            let strip = features.values().strip(columns)?;
            for column in strip.columns() {
                for (_, scaling, members) in fitted.iter_mut().flatten() {
                    scaling.push(column, &members.rows, params.method);
                }
            }
        }
        let scaler = |groups: Vec<(String, Scaling, Members)>| Self {
            method: params.method,
            scope: params.scope,
            features: features.names().to_vec(),
            groups: groups.into_iter().map(|(group, scaling, _)| (group, scaling)).collect(),
        };
        Ok(fitted.into_iter().map(scaler).collect())
    }

    /// The scaler of the rows of one speaker or corpus alone, `rows x features`, which are tested by it.
    pub fn of_group(features: &[String], values: ArrayView2<f32>, method: Method) -> Self {
        let rows: Vec<usize> = (0..values.nrows()).collect();
        let mut scaling = Scaling::empty(true);
        values.columns().into_iter().for_each(|column| scaling.push(column, &rows, method));
        let groups = BTreeMap::from([(ALL.to_owned(), scaling)]);
        Self { method, scope: Scope::Speaker, features: features.to_vec(), groups }
    }

    /// The rows of the normalization table for a fold, sorted by group and feature.
    pub fn rows(&self, fold: i64) -> Vec<Normalization> {
        let mut order: Vec<usize> = (0..self.features.len()).collect();
        order.sort_by_key(|feature| &self.features[*feature]);
        let row = |group: &String, scaling: &Scaling, feature: usize| Normalization {
            fold,
            group: group.clone(),
            feature: self.features[feature].clone(),
            method: self.method.as_str().to_owned(),
            center: scaling.center[feature],
            scale: scaling.scale[feature],
            rows: scaling.rows[feature],
            transductive: scaling.transductive,
        };
        let groups = self.groups.iter();
        groups.flat_map(|(group, scaling)| order.iter().map(move |feature| row(group, scaling, *feature))).collect()
    }

    /// The scaler back from the rows of one fold of the normalization table, in the order of `features`.
    ///
    /// # Errors
    /// No rows, an unknown method, other features than `features`.
    pub fn from_rows(rows: &[Normalization], features: &[String]) -> Result<Self, DatasetError> {
        let Some(first) = rows.first() else {
            return Err(DatasetError::NoStatistics { fold: None, group: ALL.to_owned() });
        };
        let method = Method::from_word(&first.method).ok_or_else(|| DatasetError::BadValue {
            table: "normalization",
            column: "method",
            value: first.method.clone(),
        })?;
        let mut by_group: BTreeMap<&str, BTreeMap<&str, &Normalization>> = BTreeMap::new();
        for row in rows {
            by_group.entry(&row.group).or_default().insert(&row.feature, row);
        }
        // Beside others, `all` serves those with too few utterances. Speakers have the name of their corpus before them.
        let scope = match by_group.keys().find(|group| **group != ALL) {
            None => Scope::Corpus,
            Some(group) if group.contains('/') => Scope::Speaker,
            Some(_) => Scope::EachCorpus,
        };
        let mut groups = BTreeMap::new();
        for (group, rows) in by_group {
            groups.insert(group.to_owned(), scaling_of(&rows, features).map_err(|error| error.in_fold(first.fold))?);
        }
        Ok(Self { method, scope, features: features.to_vec(), groups })
    }

    /// The scaler of some of the features; `columns` are their numbers.
    pub fn pick(&self, columns: &[usize]) -> Self {
        let pick = |values: &[f64]| columns.iter().map(|column| values[*column]).collect();
        let scaling = |all: &Scaling| Scaling {
            center: pick(&all.center),
            scale: pick(&all.scale),
            rows: columns.iter().map(|column| all.rows[*column]).collect(),
            transductive: all.transductive,
        };
        Self {
            features: columns.iter().map(|column| self.features[*column].clone()).collect(),
            groups: self.groups.iter().map(|(group, all)| (group.clone(), scaling(all))).collect(),
            ..*self
        }
    }

    /// Whether any group looked at test rows.
    pub fn is_transductive(&self) -> bool {
        self.groups.values().any(|scaling| scaling.transductive)
    }

    /// Center and scale for an utterance of a speaker or corpus, which matters under the scope of that name only.
    ///
    /// # Errors
    /// The group was not there when the statistics were fitted.
    pub fn scaling(&self, group: &str) -> Result<&Scaling, DatasetError> {
        let group = if self.scope.is_of_groups() { group } else { ALL };
        let missing = || DatasetError::NoStatistics { fold: None, group: group.to_owned() };
        self.groups.get(group).or_else(|| self.groups.get(ALL)).ok_or_else(missing)
    }

    /// Center and scale for each of some rows of the features table.
    ///
    /// # Errors
    /// An utterance without the speaker that scope `speaker` needs, or whose speaker was not there when the statistics were
    /// fitted.
    pub fn scalings(&self, keys: &Keys, rows: &[usize]) -> Result<Scalings<'_>, DatasetError> {
        if self.scope == Scope::Corpus {
            return Ok(Scalings { all: vec![self.scaling(ALL)?], number: None });
        }
        let (mut all, mut known, mut number) = (Vec::new(), BTreeMap::new(), Vec::with_capacity(rows.len()));
        let groups = match self.scope {
            Scope::EachCorpus => {
                let corpora = keys.texts("corpus")?;
                rows.iter().map(|row| corpora[*row].unwrap_or_default()).collect()
            }
            Scope::Corpus | Scope::Speaker => keys.speakers(rows)?,
        };
        for group in groups {
            let next = all.len() as u32;
            let of_group = *known.entry(group).or_insert(next);
            if of_group == next {
                all.push(self.scaling(group)?);
            }
            number.push(of_group);
        }
        Ok(Scalings { all, number: Some(number) })
    }

    /// Speakers or corpora of a fold without statistics of their own, since they have too few utterances.
    ///
    /// # Errors
    /// An utterance without speaker under scope `speaker`.
    pub fn lacking(&self, keys: &Keys, fold: &Fold) -> Result<BTreeSet<String>, DatasetError> {
        let rows: Vec<usize> = fold.members().map(|(row, _)| row).collect();
        let groups: BTreeSet<&str> = match self.scope {
            Scope::Corpus => return Ok(BTreeSet::new()),
            Scope::Speaker => keys.speakers(&rows)?.into_iter().collect(),
            Scope::EachCorpus => {
                let corpora = keys.texts("corpus")?;
                rows.iter().filter_map(|row| corpora[*row]).collect()
            }
        };
        let lacking = groups.into_iter().filter(|group| !self.groups.contains_key(*group));
        Ok(lacking.map(str::to_owned).collect())
    }

    /// Refuses features that are not those the statistics were fitted on, or stand in another order.
    ///
    /// # Errors
    /// The first difference.
    pub fn check_features(&self, features: &[String]) -> Result<(), DatasetError> {
        let different = self.features.iter().zip(features).find(|(fitted, present)| fitted != present);
        let difference = match different {
            Some((fitted, present)) => format!("`{present}` is in the place of `{fitted}`"),
            None if self.features.len() != features.len() => {
                format!("{} features instead of {}", features.len(), self.features.len())
            }
            None => return Ok(()),
        };
        Err(DatasetError::FeatureMismatch { fold: None, difference })
    }
}

/// Which scaling each of some rows has.
#[derive(Debug)]
pub struct Scalings<'a> {
    all: Vec<&'a Scaling>,
    /// Its number for each row; none: all rows have the first.
    number: Option<Vec<u32>>,
}

impl Scalings<'_> {
    /// That of row number `at`.
    pub fn of(&self, at: usize) -> &Scaling {
        self.all[self.number.as_ref().map_or(0, |number| number[at] as usize)]
    }
}

impl Scaling {
    /// The normalized values of a row, a value a feature.
    pub fn apply_to(&self, row: &mut [f32]) {
        row.iter_mut().enumerate().for_each(|(feature, value)| *value = self.apply(feature, *value));
    }

    /// A value of feature number `feature` after normalization: (value - center) / scale, 0 where it is missing.
    /// Always finite: what a small scale would blow up ends at the largest float32.
    pub fn apply(&self, feature: usize, value: f32) -> f32 {
        if !value.is_finite() {
            return 0.0;
        }
        let normalized = (f64::from(value) - self.center[feature]) / self.scale[feature];
        // A constant column is 0, not -0.
        normalized.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32 + 0.0
    }
}

fn scaling_of(rows: &BTreeMap<&str, &Normalization>, features: &[String]) -> Result<Scaling, DatasetError> {
    let mismatch = |difference| DatasetError::FeatureMismatch { fold: None, difference };
    let find = |name: &String| rows.get(name.as_str()).ok_or_else(|| mismatch(format!("`{name}` has no statistics")));
    let rows_in_order = features.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    if let Some(unknown) =
        rows.keys().find(|name| rows.len() != features.len() && !features.iter().any(|f| f == **name))
    {
        return Err(mismatch(format!("`{unknown}` is not in the table")));
    }
    Ok(Scaling {
        center: rows_in_order.iter().map(|row| row.center).collect(),
        scale: rows_in_order.iter().map(|row| row.scale).collect(),
        rows: rows_in_order.iter().map(|row| row.rows).collect(),
        transductive: rows_in_order.iter().any(|row| row.transductive),
    })
}

#[cfg(test)]
mod tests;
