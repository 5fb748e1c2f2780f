//! Folds inside the train side of a fold.

use super::super::balance::Strata;
use super::super::fold::{Fold, SideOfRow, fold_words};
use super::super::units::{Unit, grouping_columns};
use super::fixed::fixed_sides;
use super::{Assigner, DatasetError, Keys, Side, SplitParams};
use polars::prelude::{Column, UniqueKeepStrategy};
use std::collections::BTreeSet;

/// Cuts the train utterances of one fold into inner folds, which hold apart what the outer folds do.
///
/// In each inner fold the utterances of one part are test, all others train. Augmented rows follow their originals and
/// are never test. Dev rows stay dev, models do with them what they do outside, but for those of a group that is
/// tested. Test rows of the outer fold are in no inner fold. Where there are fewer groups than `folds`, each is a fold.
///
/// # Errors
/// Fewer than two groups to hold apart; those of [`super::assign`] about columns.
pub fn inner_folds(
    keys: &Keys,
    outer: &Fold,
    params: &SplitParams,
    folds: usize,
    seed: u64,
) -> Result<Vec<Fold>, DatasetError> {
    outer.check(keys)?;
    let (ids, originals) = (keys.ids()?, keys.augmented_from()?);
    let is_original = |row: usize| originals[row].is_none();
    let mut train = outer.rows_on(Side::Train);
    train.retain(|row| is_original(*row));
    let strata = Strata::new(keys, params.stratify_by())?;
    let scheme = Assigner { keys, params, grouping: grouping(keys, outer, params)?, strata, seed };
    let units = scheme.units(&train, &format!("inner {}", outer.number))?;
    scheme.need(units.len(), 2, &format!("the inner folds of {}", fold_words(outer.number)))?;
    let folds = folds.min(units.len());
    let parts = scheme.partition(&units, &vec![1.0 / folds as f64; folds]);
    let mut part_of = vec![None; keys.len()];
    for (unit, part) in units.iter().zip(&parts) {
        unit.rows.iter().for_each(|row| part_of[*row] = Some(*part));
    }
    for row in (0..keys.len()).filter(|row| !is_original(*row)) {
        let original = originals[row].and_then(|id| ids.binary_search(&id).ok());
        part_of[row] = original.and_then(|original| part_of[original]);
    }
    let columns = grouping_columns(keys, &train, params, &scheme.grouping)?;
    let tested = tested_groups(&columns, &units, &parts);
    let is_kin =
        |row: usize, fold: usize| (0..).zip(&columns).any(|(c, cells)| tested.contains(&(fold, c, cells[row])));
    let inner = |fold: usize| {
        let side = |(row, side): (usize, &Option<Side>)| match (*side)? {
            Side::Test | Side::Seen => None,
            Side::Dev => Some(Side::Dev).filter(|_| !is_kin(row, fold)),
            Side::Train if part_of[row] != Some(fold) => Some(Side::Train),
            Side::Train => Some(Side::Test).filter(|_| is_original(row)),
        };
        Fold { number: fold as i64, sides: outer.sides.iter().enumerate().map(side).collect() }
    };
    Ok((0..folds).map(inner).collect())
}

/// The columns whose equal values stay together inside: those of the scheme, and the speakers where the user fixed
/// sides that share none. Settings would otherwise be chosen for people who are known, and judged on others.
fn grouping<'a>(keys: &Keys, outer: &Fold, params: &'a SplitParams) -> Result<Vec<&'a str>, DatasetError> {
    let mut grouping = params.grouping();
    match params {
        SplitParams::Predefined { column, sides, .. }
            if !grouping.contains(&"speaker") && speakers_apart(keys, &fixed_sides(keys, column, sides)?)? =>
        {
            grouping.insert(0, "speaker");
        }
        SplitParams::Published { .. } if grouping.is_empty() && speakers_apart(keys, &outer.sides)? => {
            grouping.push("speaker");
        }
        _ => {}
    }
    Ok(grouping)
}

/// Whether every speaker is known and either tested or not.
fn speakers_apart(keys: &Keys, sides: &SideOfRow) -> Result<bool, DatasetError> {
    let is_tested: Vec<bool> = sides.iter().map(|side| *side == Some(Side::Test)).collect();
    keys.query(|rows| {
        let speaker = rows.column("speaker")?;
        let mut ways = rows.select(["speaker"])?;
        ways.with_column(Column::new("is_tested".into(), is_tested))?;
        let ways = ways.unique_stable(None, UniqueKeepStrategy::Any, None)?.height();
        Ok(!speaker.has_nulls() && ways == speaker.n_unique()?)
    })
}

/// The values of each grouping column that are tested, as (inner fold, column, value).
fn tested_groups<'a>(
    columns: &[Vec<Option<&'a str>>],
    units: &[Unit],
    sides: &[usize],
) -> BTreeSet<(usize, usize, Option<&'a str>)> {
    let mut tested = BTreeSet::new();
    for (unit, fold) in units.iter().zip(sides) {
        for (column, cells) in columns.iter().enumerate() {
            let known = unit.rows.iter().filter(|row| cells[**row].is_some());
            tested.extend(known.map(|row| (*fold, column, cells[*row])));
        }
    }
    tested
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{Utterances, fold_of, split_rows};
    use super::super::assign;
    use super::*;
    use crate::schema::SplitRow;
    use std::slice::from_ref;

    fn params(toml: &str) -> SplitParams {
        toml::from_str::<crate::dataset::SplitSection>(toml).expect("well-formed").check().expect("legal")
    }

    fn outer(keys: &Keys, params: &SplitParams) -> Fold {
        assign(keys, params, 1).expect("folds").folds.remove(0)
    }

    fn inner(keys: &Keys, outer: &Fold, params: &SplitParams, folds: usize) -> Vec<Vec<SplitRow>> {
        let folds = inner_folds(keys, outer, params, folds, 1).expect("folds");
        folds.iter().map(|fold| split_rows(keys, from_ref(fold))).collect()
    }

    fn ids<'a>(rows: &'a [SplitRow], side: &str) -> BTreeSet<&'a str> {
        rows.iter().filter(|row| row.split == side).map(|row| row.utterance_id.as_str()).collect()
    }

    #[test]
    fn inner_folds_test_each_train_utterance_once_and_no_other() {
        let keys = Utterances::ravdess().keys();
        for scheme in ["scheme = 'loso'", "scheme = 'k-fold'", "scheme = 'group-k-fold'\ndev = 0.0"] {
            let params = params(scheme);
            let outer = outer(&keys, &params);
            let folds = inner(&keys, &outer, &params, 4);
            let outer = split_rows(&keys, &[outer]);
            assert_eq!(folds.len(), 4);
            let tested: Vec<&str> = folds.iter().flat_map(|fold| ids(fold, "test")).collect();
            assert_eq!(tested.iter().copied().collect::<BTreeSet<_>>(), ids(&outer, "train"), "{scheme}");
            assert_eq!(tested.len(), ids(&outer, "train").len(), "{scheme}");
            for fold in &folds {
                assert!(fold.is_sorted_by_key(|row| &row.utterance_id));
                assert_eq!(ids(fold, "dev"), ids(&outer, "dev"), "{scheme}");
                assert!(ids(fold, "train").is_disjoint(&ids(fold, "test")));
            }
        }
    }

    #[test]
    fn speakers_are_held_apart_inside_as_outside() {
        let data = Utterances::ravdess();
        let keys = data.keys();
        let params = params("scheme = 'loso'");
        let speaker =
            |id: &&str| data.rows.iter().find(|row| row.utterance_id == *id).and_then(|row| row.speaker.clone());
        for fold in inner(&keys, &outer(&keys, &params), &params, 3) {
            let speakers = |side| ids(&fold, side).iter().map(speaker).collect::<BTreeSet<_>>();
            assert!(speakers("train").is_disjoint(&speakers("test")));
        }
    }

    /// The first two speakers on test, a quarter of each other one's utterances on dev: in the column `room`.
    fn fixed() -> Utterances {
        let mut data = Utterances::ravdess();
        for (at, row) in data.rows.iter_mut().enumerate() {
            let side = if at < 120 { "test" } else { ["dev", "train", "train", "train"][at % 4] };
            row.room = Some(side.to_owned());
        }
        data
    }

    #[test]
    fn speakers_of_fixed_sides_are_held_apart_where_the_sides_share_none() {
        let params = params("scheme = 'predefined'\ncolumn = 'room'");
        let folds = |data: &Utterances| {
            let keys = data.keys();
            inner(&keys, &outer(&keys, &params), &params, 3)
        };
        let of = |data: &Utterances, fold: &[SplitRow], side| -> BTreeSet<_> {
            let ids = ids(fold, side);
            let rows = data.rows.iter().filter(|row| ids.contains(row.utterance_id.as_str()));
            rows.map(|row| row.speaker.clone()).collect()
        };
        let mut data = fixed();
        for fold in folds(&data) {
            let speakers = |side| of(&data, &fold, side);
            assert!(!speakers("test").is_empty() && !speakers("dev").is_empty());
            assert!(speakers("train").is_disjoint(&speakers("test")));
            assert!(speakers("dev").is_disjoint(&speakers("test")), "models learn from dev too");
        }
        // One train utterance is of a speaker who is tested: inner folds need not be stricter than that.
        data.rows[121].speaker = data.rows[0].speaker.clone();
        for fold in folds(&data) {
            assert!(!of(&data, &fold, "train").is_disjoint(&of(&data, &fold, "test")));
        }
        // Nor can they be where a speaker is unknown.
        data.rows[121].speaker = None;
        assert_eq!(folds(&data).len(), 3);
    }

    #[test]
    fn few_groups_are_a_fold_each_and_one_is_too_few() {
        let data = Utterances::of("c", &[(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]);
        let keys = data.keys();
        let params = params("scheme = 'loso'\ndev = 0.0");
        let outer = outer(&keys, &params);
        assert_eq!(inner(&keys, &outer, &params, 5).len(), 2);
        let rows = split_rows(&keys, &[outer]).into_iter();
        let one: Vec<SplitRow> = rows.filter(|row| row.split == "train").take(2).collect();
        let error = inner_folds(&keys, &fold_of(&keys, &one), &params, 2, 1).expect_err("one speaker").to_string();
        assert!(error.contains("inner folds of fold 0"), "{error}");
    }
}
