//! All utterances as one fold, to fit what is put to use.

use super::super::augmented;
use super::super::balance::Strata;
use super::super::fold::{Fold, SideOfRow, WHOLE};
use super::{Assigner, DatasetError, Keys, Side, SplitParams};

/// Every utterance on a side of one of the `folds`, and its augmented copies, as one fold without a test side: all are
/// train.
///
/// With `dev`, what models hold out to stop early or to be calibrated on is held out here as in every fold: the
/// scheme's share, carved by its grouping; of sides that are fixed, the dev side.
///
/// # Errors
/// Too few groups for a dev side; those of [`super::assign`] about columns.
pub fn whole(keys: &Keys, folds: &[Fold], params: &SplitParams, dev: bool, seed: u64) -> Result<Fold, DatasetError> {
    let (all, keys, from) = (keys, &keys.originals()?, keys.augmented_from()?);
    let mut known = vec![false; all.len()];
    let mut fixed = known.clone();
    for (row, side) in folds.iter().flat_map(Fold::members) {
        known[row] = true;
        fixed[row] |= side == Side::Dev;
    }
    let originals: Vec<usize> = (0..all.len()).filter(|row| from[*row].is_none()).collect();
    let mut sides: SideOfRow = originals.iter().map(|row| known[*row].then_some(Side::Train)).collect();
    if dev && params.dev() > 0.0 {
        let strata = Strata::new(keys, params.stratify_by())?;
        Assigner { keys, params, grouping: params.grouping(), strata, seed }.carve_dev(WHOLE, &mut sides)?;
    } else if dev && params.are_sides_given() {
        let on_dev = sides.iter_mut().zip(&originals).filter(|(_, row)| fixed[**row]);
        on_dev.for_each(|(side, _)| *side = Some(Side::Dev));
    }
    Ok(Fold { number: WHOLE, sides: augmented::follow(all, sides)? })
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{Utterances, split_rows};
    use super::super::{assign, inner_folds};
    use super::*;
    use crate::schema::SplitRow;
    use std::collections::BTreeSet;

    fn params(toml: &str) -> SplitParams {
        toml::from_str::<crate::dataset::SplitSection>(toml).expect("well-formed").check().expect("legal")
    }

    fn whole_of(data: &Utterances, toml: &str, dev: bool) -> Vec<SplitRow> {
        let (keys, params) = (data.keys(), params(toml));
        let folds = assign(&keys, &params, 1).expect("folds").folds;
        split_rows(&keys, &[whole(&keys, &folds, &params, dev, 1).expect("one fold")])
    }

    fn ids<'a>(rows: &'a [SplitRow], side: &str) -> BTreeSet<&'a str> {
        rows.iter().filter(|row| row.split == side).map(|row| row.utterance_id.as_str()).collect()
    }

    #[test]
    fn every_utterance_is_train_once_whatever_the_scheme() {
        let data = Utterances::ravdess();
        for scheme in ["scheme = 'loso'", "scheme = 'k-fold'", "scheme = 'speaker-disjoint'\ntest = 0.5\ndev = 0.2"] {
            let rows = whole_of(&data, scheme, false);
            assert!(rows.iter().all(|row| row.fold == WHOLE && row.split == "train"), "{scheme}");
            assert!(rows.is_sorted_by(|a, b| a.utterance_id < b.utterance_id));
            assert_eq!(rows.len(), data.rows.len());
        }
    }

    #[test]
    fn dev_is_the_share_of_the_scheme_in_whole_groups() {
        let data = Utterances::ravdess();
        let rows = whole_of(&data, "scheme = 'group-k-fold'\ndev = 0.25", true);
        let (train, dev) = (ids(&rows, "train"), ids(&rows, "dev"));
        assert_eq!(train.len() + dev.len(), data.rows.len());
        assert_eq!(dev.len(), 360, "six of 24 speakers");
        let speakers = |side: &BTreeSet<&str>| -> BTreeSet<&str> {
            let rows = data.rows.iter().filter(|row| side.contains(row.utterance_id.as_str()));
            rows.filter_map(|row| row.speaker.as_deref()).collect()
        };
        assert!(speakers(&train).is_disjoint(&speakers(&dev)));
        assert!(ids(&whole_of(&data, "scheme = 'loso'\ndev = 0.0", true), "dev").is_empty());
    }

    #[test]
    fn a_fixed_dev_side_stays_where_it_is_wanted() {
        let mut data = Utterances::of("c", &(0..24).map(|at| (at / 4, at % 2)).collect::<Vec<_>>());
        let sides = ["train", "train", "train", "dev", "test", "test"];
        data.rows.iter_mut().enumerate().for_each(|(at, row)| row.room = Some(sides[at / 4].to_owned()));
        let predefined = "scheme = 'predefined'\ncolumn = 'room'";
        assert_eq!(ids(&whole_of(&data, predefined, true), "dev").len(), 4);
        assert!(ids(&whole_of(&data, predefined, false), "dev").is_empty());
    }

    #[test]
    fn what_stands_in_no_fold_is_left_out() {
        let mut data = Utterances::of("a", &(0..24).map(|at| (at / 4, at % 2)).collect::<Vec<_>>());
        data.rows.extend(Utterances::of("b", &(0..24).map(|at| (at / 4, at % 3)).collect::<Vec<_>>()).rows);
        let rows = whole_of(&data, "scheme = 'cross-corpus'\ndev = 0.0", false);
        assert_eq!(rows.len(), 24 + 16, "a third of b is of a class that a lacks");
    }

    #[test]
    fn copies_are_train_with_their_originals_and_follow_them_into_inner_folds() {
        let data = Utterances::ravdess();
        let keys = Keys::new(&data.augmented(&["speed0.9"])).expect("legal rows");
        let params = params("scheme = 'loso'");
        let folds = assign(&keys, &params, 1).expect("folds").folds;
        let all = whole(&keys, &folds, &params, false, 1).expect("one fold");
        assert_eq!(ids(&split_rows(&keys, std::slice::from_ref(&all)), "train").len(), 2 * data.rows.len());
        let inner = split_rows(&keys, &inner_folds(&keys, &all, &params, 3, 1).expect("inner folds"));
        let tests = inner.iter().filter(|row| row.split == "test");
        let tested: Vec<&str> = tests.map(|row| row.utterance_id.as_str()).collect();
        assert_eq!(tested.len(), data.rows.len());
        assert!(tested.iter().all(|id| !id.contains('~')));
    }
}
