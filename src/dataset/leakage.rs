//! What the sides of a fold share.

use super::keys::ID;
use super::{DatasetError, Keys, augmented, folds};
use crate::dataset::SplitParams;
use crate::schema::{Leakage, Side, SplitRow};
use polars::prelude::{
    Column, DataFrame, IdxCa, IdxSize, IntoColumn, PolarsResult, SortMultipleOptions, UniqueKeepStrategy,
};
use std::collections::BTreeMap;

/// Name of a check and the column it compares, in the order of the table.
const CHECKS: [(&str, &str); 4] =
    [("audio", "audio_hash"), ("overlap", OVERLAP), ("speaker", "speaker"), ("text", "text_id")];
/// Segments that overlap in one recording share a value.
const OVERLAP: &str = "#overlap";
/// Augmented rows that are not on train, or whose original is not.
const AUGMENTED: &str = "augmented";
/// What is never allowed, whatever the scheme.
const FORBIDDEN: [&str; 2] = ["audio", "overlap"];
/// The pairs of sides, in the order of the table. Most models learn from train and dev together.
const PAIRS: [(&str, &[Side], &[Side]); 4] = [
    ("dev-test", &[Side::Dev], &[Side::Test]),
    ("train+dev-test", &[Side::Train, Side::Dev], &[Side::Test]),
    ("train-dev", &[Side::Train], &[Side::Dev]),
    ("train-test", &[Side::Train], &[Side::Test]),
];
/// How many examples a row names.
const EXAMPLES: usize = 3;

/// Counts the speakers, texts and recordings that each two sides of each fold share, and where there are segments, the
/// stretches of a recording. Equal silence is no shared recording.
///
/// Where there are augmented rows, counts those outside train and those whose original is not on train: never allowed.
///
/// `allowed` says what the scheme promises: shared or overlapping audio never, shared speakers or texts unless it
/// groups by them. The count is null where no utterance of the fold has the column. Examples are values, and for audio
/// pairs of utterances.
///
/// # Errors
/// A split row of an unknown utterance, or with a word that is no side.
pub fn leakage(keys: &Keys, rows: &[SplitRow], params: &SplitParams) -> Result<Vec<Leakage>, DatasetError> {
    let placed = placed(keys, rows)?;
    let has_segments = keys.has_segments()?;
    let (mut table, failed) = (Vec::new(), DatasetError::query("splits"));
    for (check, column) in CHECKS.into_iter().filter(|(check, _)| *check != "overlap" || has_segments) {
        let allowed = !FORBIDDEN.contains(&check) && !params.grouping().contains(&column);
        let known = known(&placed, column).map_err(&failed)?;
        for (between, a, b) in PAIRS {
            let shared = shared(&known, (check, column), a, b).map_err(&failed)?;
            table.extend(folds(rows).map(|fold| row(&fold[0], (check, between), allowed, shared.get(&fold[0].fold))));
        }
    }
    if keys.has_augmented()? {
        for fold in folds(rows) {
            let misplaced = augmented::misplaced(keys, fold)?;
            table.push(row(&fold[0], (AUGMENTED, "train-dev-test"), false, Some(&misplaced)));
        }
    }
    table.sort_by(|a, b| (a.fold, &a.check, &a.between).cmp(&(b.fold, &b.check, &b.between)));
    Ok(table)
}

/// The row of a check; `shared` is null where it is not known.
fn row(fold: &SplitRow, (check, between): (&str, &str), allowed: bool, shared: Option<&Vec<String>>) -> Leakage {
    Leakage {
        scheme: fold.scheme.clone(),
        fold: fold.fold,
        check: check.to_owned(),
        between: between.to_owned(),
        shared: shared.map(|shared| shared.len() as i64),
        allowed,
        examples: shared
            .filter(|shared| !shared.is_empty())
            .map(|shared| shared[..shared.len().min(EXAMPLES)].join(", ")),
    }
}

/// The rows of a leakage table that break a promise: what is shared is not allowed. Possible only where the user fixed
/// the sides, or changed the splits.
pub fn violations(table: &[Leakage]) -> Vec<&Leakage> {
    // Train and dev together share what one of them does.
    let alone = |row: &&Leakage| !row.between.contains('+');
    table.iter().filter(alone).filter(|row| !row.allowed && row.shared.unwrap_or(0) > 0).collect()
}

/// Side rows with what is known of their utterances. The column `split` has the number of the side: train, dev, test.
fn placed(keys: &Keys, rows: &[SplitRow]) -> Result<DataFrame, DatasetError> {
    let located = keys.located(rows)?;
    let at = IdxCa::from_vec("row".into(), located.iter().map(|(row, _)| *row as IdxSize).collect());
    let (recordings, overlaps) = (keys.recordings()?, keys.overlaps()?);
    let overlaps: Vec<_> = overlaps.iter().map(Option::as_deref).collect();
    let query = || {
        let mut known = keys.frame().select([ID, "speaker", "text_id"])?;
        known.with_column(recordings.into_column())?;
        known.with_column(Column::new(OVERLAP.into(), overlaps))?;
        let mut placed = known.take(&at)?;
        placed.with_column(Column::new("fold".into(), rows.iter().map(|row| row.fold).collect::<Vec<_>>()))?;
        let sides = located.iter().map(|(_, side)| *side as u32).collect::<Vec<_>>();
        placed.with_column(Column::new("split".into(), sides))?;
        Ok(placed)
    };
    query().map_err(DatasetError::query("splits"))
}

/// The rows that have a value of `column`, by fold, value, side and id.
fn known(placed: &DataFrame, column: &str) -> PolarsResult<DataFrame> {
    let known = placed.drop_nulls(Some(&[column]))?;
    known.sort(["fold", column, "split", ID], SortMultipleOptions::default())
}

/// What both sides have, by fold, as examples name it, in order. Folds without `known` rows are left out.
fn shared(
    known: &DataFrame,
    (check, column): (&str, &str),
    a: &[Side],
    b: &[Side],
) -> PolarsResult<BTreeMap<i64, Vec<String>>> {
    let side = |split: u32| [a, b].iter().position(|sides| sides.iter().any(|side| *side as u32 == split));
    let sides = known.column("split")?.u32()?.iter().map(|split| Some(side(split?)? as u32));
    let mut sided = known.clone();
    sided.with_column(Column::new("side".into(), sides.collect::<Vec<_>>()))?;
    // The first utterance with a value on each side: of a value on both sides there are two rows, that of `a` before
    // that of `b`.
    let key = ["fold", column, "side"].map(str::to_owned);
    let firsts = sided.drop_nulls(Some(&["side"]))?.unique_stable(Some(&key), UniqueKeepStrategy::First, None)?;
    let both = firsts.filter(&firsts.select(["fold", column])?.is_duplicated()?)?;
    let mut names: BTreeMap<i64, Vec<String>> =
        known.column("fold")?.i64()?.iter().flatten().map(|fold| (fold, Vec::new())).collect();
    let (numbers, values, ids) = (both.column("fold")?.i64()?, both.column(column)?.str()?, both.column(ID)?.str()?);
    for row in (0..both.height()).step_by(2) {
        let [value, first, second] = [values.get(row), ids.get(row), ids.get(row + 1)].map(Option::unwrap_or_default);
        names.entry(numbers.get(row).unwrap_or_default()).or_default().push(match check {
            "audio" => format!("{first} = {second}"),
            "overlap" => format!("{first} and {second}"),
            _ => value.to_owned(),
        });
    }
    names.values_mut().for_each(|names| names.sort());
    Ok(names)
}

#[cfg(test)]
mod tests;
