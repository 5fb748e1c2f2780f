//! What the sides of a fold share.

use super::{DatasetError, Keys, augmented};
use crate::dataset::SplitParams;
use crate::schema::{Leakage, Split, SplitRow};
use polars::prelude::{Column, DataFrame, IdxCa, IdxSize, PolarsResult, SortMultipleOptions};
use std::collections::BTreeMap;
use std::str::FromStr;

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
const PAIRS: [(&str, &[Split], &[Split]); 4] = [
    ("dev-test", &[Split::Dev], &[Split::Test]),
    ("train+dev-test", &[Split::Train, Split::Dev], &[Split::Test]),
    ("train-dev", &[Split::Train], &[Split::Dev]),
    ("train-test", &[Split::Train], &[Split::Test]),
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
    let joined = joined(keys, rows)?;
    let checks = || CHECKS.into_iter().filter(|(check, _)| *check != "overlap" || keys.has_segments());
    let mut found = BTreeMap::new();
    for (check, column) in checks() {
        found.insert(check, sightings(&joined, column)?);
    }
    let has_augmented = keys.has_augmented()?;
    let mut table = Vec::new();
    for rows in super::folds(rows) {
        let fold = &rows[0];
        let row = |check: &str, between: &str, allowed: bool, shared: Option<Vec<String>>| Leakage {
            scheme: fold.scheme.clone(),
            fold: fold.fold,
            check: check.to_owned(),
            between: between.to_owned(),
            shared: shared.as_ref().map(|shared| shared.len() as i64),
            allowed,
            examples: shared
                .filter(|shared| !shared.is_empty())
                .map(|shared| shared[..shared.len().min(EXAMPLES)].join(", ")),
        };
        for (check, column) in checks() {
            let allowed = !FORBIDDEN.contains(&check) && !promised(params, column);
            let seen = found[check].get(&fold.fold).map(Vec::as_slice);
            table.extend(
                PAIRS.map(|(between, a, b)| row(check, between, allowed, seen.map(|seen| shared(seen, check, a, b)))),
            );
        }
        if has_augmented {
            table.push(row(AUGMENTED, "train-dev-test", false, Some(augmented::misplaced(keys, rows)?)));
        }
    }
    table.sort_by(|a, b| (a.fold, &a.check, &a.between).cmp(&(b.fold, &b.check, &b.between)));
    Ok(table)
}

/// The rows of a leakage table that break a promise: what is shared is not allowed. Possible only where the user fixed
/// the sides, or changed the splits.
pub fn violations(table: &[Leakage]) -> Vec<&Leakage> {
    // Train and dev together share what one of them does.
    let alone = |row: &&Leakage| !row.between.contains('+');
    table.iter().filter(alone).filter(|row| !row.allowed && row.shared.unwrap_or(0) > 0).collect()
}

/// Whether the scheme promises that no value of `column` is on two sides.
fn promised(params: &SplitParams, column: &str) -> bool {
    params.grouping().contains(&column)
}

/// A value of a checked column in a fold: the first utterance with it on each side.
struct Sighting {
    value: String,
    first: BTreeMap<Split, String>,
}

/// Split rows with what is known of their utterances.
fn joined(keys: &Keys, rows: &[SplitRow]) -> Result<DataFrame, DatasetError> {
    let located = keys.located(rows)?;
    let picked = located.iter().map(|(row, _)| *row as IdxSize).collect::<Vec<_>>();
    let recordings = keys.recordings()?;
    let query = || -> PolarsResult<DataFrame> {
        let facts = keys.frame().select(["utterance_id", "speaker", "text_id"])?;
        let mut joined = facts.take(&IdxCa::from_vec("row".into(), picked))?;
        let overlaps = keys.overlaps();
        let overlaps = located.iter().map(|(row, _)| overlaps[*row].as_deref()).collect::<Vec<_>>();
        joined.with_column(Column::new(OVERLAP.into(), overlaps))?;
        let recordings = located.iter().map(|(row, _)| recordings[*row]).collect::<Vec<_>>();
        joined.with_column(Column::new("audio_hash".into(), recordings))?;
        joined.with_column(Column::new("fold".into(), rows.iter().map(|row| row.fold).collect::<Vec<_>>()))?;
        let sides = rows.iter().map(|row| row.split.as_str()).collect::<Vec<_>>();
        joined.with_column(Column::new("split".into(), sides))?;
        Ok(joined)
    };
    query().map_err(DatasetError::query("splits"))
}

/// The values of `column` by fold, in order, with the first utterance on each side.
fn sightings(joined: &DataFrame, column: &str) -> Result<BTreeMap<i64, Vec<Sighting>>, DatasetError> {
    let query = || {
        let known = joined.filter(&joined.column(column)?.is_not_null())?;
        let sorted = known.sort(["fold", column, "split", "utterance_id"], SortMultipleOptions::default())?;
        by_fold(&sorted, column)
    };
    query().map_err(DatasetError::query("splits"))
}

/// Groups rows that are sorted by fold, value and side.
fn by_fold(frame: &DataFrame, column: &str) -> PolarsResult<BTreeMap<i64, Vec<Sighting>>> {
    let mut folds: BTreeMap<i64, Vec<Sighting>> = BTreeMap::new();
    let text = |name| frame.column(name).and_then(Column::str).map(|cells| cells.iter().map(Option::unwrap_or_default));
    let cells = text(column)?.zip(text("split")?).zip(text("utterance_id")?);
    for (fold, ((value, side), id)) in frame.column("fold")?.i64()?.iter().zip(cells) {
        let seen = folds.entry(fold.unwrap_or_default()).or_default();
        if seen.last().is_none_or(|last| last.value != value) {
            seen.push(Sighting { value: value.to_owned(), first: BTreeMap::new() });
        }
        if let (Some(last), Ok(side)) = (seen.last_mut(), Split::from_str(side)) {
            last.first.entry(side).or_insert_with(|| id.to_owned());
        }
    }
    Ok(folds)
}

/// What both sides have, as examples name it, in order.
fn shared(seen: &[Sighting], check: &str, a: &[Split], b: &[Split]) -> Vec<String> {
    let first = |seen: &'_ Sighting, sides: &[Split]| sides.iter().find_map(|side| seen.first.get(side).cloned());
    let both = seen.iter().filter_map(|seen| Some((seen, first(seen, a)?, first(seen, b)?)));
    let mut names: Vec<String> = both
        .map(|(seen, a, b)| match check {
            "audio" => format!("{a} = {b}"),
            "overlap" => format!("{a} and {b}"),
            _ => seen.value.clone(),
        })
        .collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests;
