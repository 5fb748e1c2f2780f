//! Normalization: fitted on the train rows of a fold, used alike in training, in prediction and in saved models.

use super::{DatasetError, Features, Keys, augmented};
use crate::dataset::{Method, NormalizeParams, Scope};
use crate::eval::quantile;
use crate::schema::{Normalization, Side, SplitRow};
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
    /// By speaker, or under `all`. Under scope `speaker`, `all` serves speakers with too few utterances.
    pub groups: BTreeMap<String, Scaling>,
}

/// Refuses rows of one fold that scope `speaker` could not be fitted on: by their speakers, whatever the features.
///
/// # Errors
/// As of [`Scaler::fit`].
pub fn check_speakers(keys: &Keys, rows: &[SplitRow]) -> Result<(), DatasetError> {
    groups_of(keys, rows, Scope::Speaker).map(drop)
}

/// Rows of the features table that a group's statistics are fitted on.
#[derive(Default)]
struct Members {
    rows: Vec<usize>,
    transductive: bool,
}

fn groups_of(keys: &Keys, rows: &[SplitRow], scope: Scope) -> Result<BTreeMap<String, Members>, DatasetError> {
    let (mut all, mut speakers) = (Members::default(), BTreeMap::<String, Members>::new());
    let originals = keys.augmented_from()?;
    for (row, side) in augmented::located(keys, rows)? {
        if scope == Scope::Speaker && originals[row].is_some() {
            continue;
        }
        if side == Side::Train {
            all.rows.push(row);
        }
        if scope == Scope::Speaker {
            let members = speakers.entry(keys.speaker(row)?).or_default();
            members.rows.push(row);
            members.transductive |= side == Side::Test;
        }
    }
    let count = speakers.len();
    speakers.retain(|_, members| members.rows.len() >= MIN_UTTERANCES);
    if scope == Scope::Speaker && speakers.is_empty() {
        return Err(DatasetError::FewUtterances { least: MIN_UTTERANCES });
    }
    if scope == Scope::Corpus || speakers.len() < count {
        speakers.insert(ALL.to_owned(), all);
    }
    // The reduction order is that of the table, whatever the order of the split rows.
    speakers.values_mut().for_each(|members| members.rows.sort_unstable());
    Ok(speakers)
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
    /// Fits the scaler of one fold, `rows` being its rows of the splits table.
    ///
    /// Scope `corpus` looks at train rows only, augmented ones included. Scope `speaker` looks at all utterances of a
    /// speaker in the fold, without labels, and at no augmented rows, since test speakers have none; a speaker with test
    /// rows is marked transductive. Of a speaker with fewer than [`MIN_UTTERANCES`] no statistics are taken: normalized by
    /// them, a few utterances tell more of each other than of the speaker. The train utterances' take their place, under
    /// `all`, which looks at no test row. Missing values are left out.
    ///
    /// A column is constant where its scale is rounding noise, less than 1e-5 of its largest absolute value, or where it has
    /// no value: its scale is [`CONSTANT`], and it becomes 0 for every row, seen or not. `robust` falls back on the standard
    /// deviation where the quartiles lie as close. `none` is center 0, scale 1. Sums are f64, in the order of utterance ids.
    ///
    /// # Errors
    /// An unknown utterance, a word that is no side, an augmented row where it may not be, an utterance without the speaker
    /// that scope `speaker` needs, or no speaker with enough utterances.
    pub fn fit(features: &Features, rows: &[SplitRow], params: NormalizeParams) -> Result<Self, DatasetError> {
        let members = groups_of(features.keys(), rows, params.scope)?;
        let mut scalings: Vec<Scaling> = members.values().map(|members| Scaling::empty(members.transductive)).collect();
        for column in features.values().columns() {
            for (scaling, members) in scalings.iter_mut().zip(members.values()) {
                scaling.push(column, &members.rows, params.method);
            }
        }
        let groups = members.into_keys().zip(scalings).collect();
        Ok(Self { method: params.method, scope: params.scope, features: features.names().to_vec(), groups })
    }

    /// The scaler of one speaker's rows alone, `rows x features`, who is tested on them: scope `speaker`.
    pub fn of_speaker(features: &[String], values: ArrayView2<f32>, method: Method) -> Self {
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
        // Beside speakers, `all` serves those with too few utterances.
        let scope = if by_group.keys().eq([&ALL]) { Scope::Corpus } else { Scope::Speaker };
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

    /// Center and scale for an utterance of `speaker`, who matters under scope `speaker` only.
    ///
    /// # Errors
    /// The speaker was not there when the statistics were fitted.
    pub fn scaling(&self, speaker: &str) -> Result<&Scaling, DatasetError> {
        let group = match self.scope {
            Scope::Corpus => ALL,
            Scope::Speaker => speaker,
        };
        let missing = || DatasetError::NoStatistics { fold: None, group: group.to_owned() };
        self.groups.get(group).or_else(|| self.groups.get(ALL)).ok_or_else(missing)
    }

    /// Speakers of `rows` without statistics of their own, since they have too few utterances.
    ///
    /// # Errors
    /// An unknown utterance, an utterance without speaker under scope `speaker`.
    pub fn lacking(&self, keys: &Keys, rows: &[SplitRow]) -> Result<BTreeSet<String>, DatasetError> {
        let mut lacking = BTreeSet::new();
        if self.scope == Scope::Speaker {
            for (row, _) in augmented::located(keys, rows)? {
                lacking.insert(keys.speaker(row)?);
            }
            lacking.retain(|speaker| !self.groups.contains_key(speaker));
        }
        Ok(lacking)
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
