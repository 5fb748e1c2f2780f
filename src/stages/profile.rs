//! The distributions of features: those of an accepted run, and how far others are from them.

use std::collections::BTreeMap;

use crate::eval::{DRIFT_BINS, deciles, drift_bin, stability_index};
use crate::matrix::{MatrixBuilder, Memory};
use crate::schema::{FeatureInfo, FeatureKeys, Profile, Table};
use crate::storage::Store;

use super::StageError;
use super::features_table::FeaturesTable;

/// The distribution of each feature over the utterances of a table.
///
/// # Errors
/// The table is not what extract wrote; its numbers fit nowhere.
pub(super) fn of(
    out: &dyn Store,
    features: &FeaturesTable,
    dictionary: &[FeatureInfo],
    memory: &Memory,
) -> Result<Vec<Profile>, StageError> {
    let (mut names, mut matrix) = (Vec::new(), None);
    features.each(out, |part| {
        let part = originals(part);
        names.clone_from(&part.float.names);
        let matrix = matrix.get_or_insert_with(|| MatrixBuilder::new(memory, features.rows(), part.float.names.len()));
        Ok(matrix.push(&part.float.values)?)
    })?;
    let families = families(dictionary);
    let mut profile = Vec::new();
    let Some(matrix) = matrix.map(MatrixBuilder::finish) else { return Ok(profile) };
    for columns in matrix.strips() {
        let strip = matrix.strip(columns.clone())?;
        for (at, name) in names[columns].iter().enumerate() {
            let values = strip.column(at).iter().copied().map(finite).collect::<Vec<_>>();
            profile.extend(of_feature(name, families.get(name.as_str()).copied().unwrap_or_default(), &values));
        }
    }
    profile.sort_by(|a, b| (&a.feature, a.bin).cmp(&(&b.feature, b.bin)));
    Ok(profile)
}

fn of_feature(name: &str, family: &str, values: &[f32]) -> Vec<Profile> {
    let deciles = deciles(values);
    let mut counts = [0; DRIFT_BINS];
    values.iter().for_each(|value| counts[drift_bin(&deciles, *value)] += 1);
    let low = |bin: usize| bin.checked_sub(1).and_then(|edge| deciles.get(edge).copied());
    let row =
        |(bin, n)| Profile { feature: name.to_owned(), family: family.to_owned(), bin: bin as i64, low: low(bin), n };
    counts.into_iter().enumerate().map(row).collect()
}

/// How far a family of features is from a profile.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Drift {
    pub family: String,
    /// Mean of the population stability indices of its features.
    pub index: f64,
    /// The feature that is farthest, and its index.
    pub worst: (String, f64),
}

/// Features counted into the bins of a profile.
pub(super) struct Counter {
    features: BTreeMap<String, Counted>,
    rows: u64,
}

struct Counted {
    family: String,
    deciles: Vec<f32>,
    expected: Vec<u64>,
    actual: Vec<u64>,
}

impl Counter {
    /// Nothing is counted yet.
    pub fn new(profile: Vec<Profile>) -> Self {
        let mut features = BTreeMap::new();
        for row in profile {
            let new = || Counted {
                family: row.family,
                deciles: Vec::new(),
                expected: Vec::new(),
                actual: vec![0; DRIFT_BINS],
            };
            let counted = features.entry(row.feature).or_insert_with(new);
            counted.deciles.extend(row.low);
            counted.expected.push(u64::try_from(row.n).unwrap_or(0));
        }
        Self { features, rows: 0 }
    }

    /// Counts the utterances of a part that are `wanted`. Features that the profile does not have are passed over.
    pub fn push(&mut self, part: &Table<FeatureKeys>, wanted: impl Fn(&FeatureKeys) -> bool) {
        let rows = part.rows.iter().enumerate().filter(|(_, row)| row.augmented_from.is_none() && wanted(row));
        let rows = rows.map(|(at, _)| at).collect::<Vec<_>>();
        self.rows += rows.len() as u64;
        for (column, name) in part.float.names.iter().enumerate() {
            let Some(counted) = self.features.get_mut(name) else { continue };
            for row in &rows {
                counted.actual[drift_bin(&counted.deciles, finite(part.float.row(*row)[column]))] += 1;
            }
        }
    }

    /// Utterances that were counted.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The drift of each family, by name.
    pub fn drifts(&self) -> Vec<Drift> {
        let mut families = BTreeMap::<&str, Vec<(&str, f64)>>::new();
        for (name, counted) in &self.features {
            let index = stability_index(&counted.expected, &counted.actual);
            families.entry(&counted.family).or_default().push((name, index));
        }
        let drift = |(family, indices): (&str, Vec<(&str, f64)>)| {
            let index = indices.iter().map(|(_, index)| index).sum::<f64>() / indices.len() as f64;
            let worst = indices.into_iter().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or_default();
            Drift { family: family.to_owned(), index, worst: (worst.0.to_owned(), worst.1) }
        };
        families.into_iter().map(drift).collect()
    }
}

/// The family of each feature.
pub(super) fn families(dictionary: &[FeatureInfo]) -> BTreeMap<&str, &str> {
    dictionary.iter().map(|info| (info.name.as_str(), info.family.as_str())).collect()
}

fn originals(mut part: Table<FeatureKeys>) -> Table<FeatureKeys> {
    part.retain(|row| row.augmented_from.is_none());
    part
}

/// An infinity is a missing value.
fn finite(value: f32) -> f32 {
    if value.is_finite() { value } else { f32::NAN }
}
