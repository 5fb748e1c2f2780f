//! Augmented rows: train where their original is train, and on no side elsewhere.

use super::fold::{Fold, SideOfRow};
use super::{DatasetError, Keys};
use crate::schema::Side;

/// The sides of all rows, where those of the utterances themselves are given: copies of train utterances are train, all
/// others are on no side. `keys` has a row for each copy too.
///
/// # Errors
/// The features table lacks a column.
pub(super) fn follow(keys: &Keys, originals: SideOfRow) -> Result<SideOfRow, DatasetError> {
    if !keys.has_augmented()? {
        return Ok(originals);
    }
    let (ids, from) = (keys.ids()?, keys.augmented_from()?);
    let mut sides = vec![None; ids.len()];
    let rows = (0..ids.len()).filter(|row| from[*row].is_none());
    rows.zip(originals).for_each(|(row, side)| sides[row] = side);
    for row in (0..ids.len()).filter(|row| from[*row].is_some()) {
        let original = from[row].and_then(|id| ids.binary_search(&id).ok());
        sides[row] = original.and_then(|original| sides[original]).filter(|side| *side == Side::Train);
    }
    Ok(sides)
}

/// Ids of the augmented rows of one fold that are not on train, or whose original is not; in order.
///
/// # Errors
/// The features table lacks a column.
pub(super) fn misplaced(keys: &Keys, fold: &Fold) -> Result<Vec<String>, DatasetError> {
    if !keys.has_augmented()? {
        return Ok(Vec::new());
    }
    let (ids, from) = (keys.ids()?, keys.augmented_from()?);
    let is_train = |row: usize| fold.sides[row] == Some(Side::Train);
    let is_wrong = |row: usize| {
        let original = from[row].map(|id| ids.binary_search(&id).is_ok_and(is_train));
        original.is_some_and(|original| !original || !is_train(row))
    };
    Ok(fold.members().map(|(row, _)| row).filter(|row| is_wrong(*row)).map(|row| ids[row].to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Utterances, fold_of, split_rows};
    use super::super::{Scaler, Sides, assign, classes, leakage, violations};
    use super::*;
    use crate::dataset::Features;
    use crate::dataset::{Method, NormalizeParams, Scope, SplitParams, SplitSection};
    use crate::schema::{FeatureKeys, SplitRow, Table, augmented_id};
    use std::slice::from_ref;

    const TRANSFORMS: [&str; 2] = ["gain-6dB", "speed0.9"];

    fn params(toml: &str) -> SplitParams {
        toml::from_str::<SplitSection>(toml).expect("well-formed").check().expect("legal")
    }

    fn corpora() -> Utterances {
        let mut data = Utterances::of("a", &(0..72).map(|at| (at / 12, at % 3)).collect::<Vec<_>>());
        data.rows.extend(Utterances::of("b", &(0..72).map(|at| (at / 12, at % 3)).collect::<Vec<_>>()).rows);
        let sides = ["train", "train", "train", "dev", "test", "test"];
        data.rows.iter_mut().enumerate().for_each(|(at, row)| row.room = Some(sides[at / 3 % 6].to_owned()));
        data.rows[3].audio_hash = data.rows[40].audio_hash.clone();
        data
    }

    fn original_of(id: &str) -> &str {
        id.split('~').next().expect("the first piece is always there")
    }

    /// A features table with copies, and a split of it.
    fn world() -> (Table<FeatureKeys>, Vec<SplitRow>) {
        let table = corpora().augmented(&TRANSFORMS);
        let keys = Keys::new(&table).expect("legal rows");
        let rows = split_rows(&keys, &assign(&keys, &params(""), 1).expect("a split").folds);
        (table, rows)
    }

    #[test]
    fn copies_follow_their_originals_to_train_and_move_none_of_them() {
        let data = corpora();
        let keys = Keys::new(&data.augmented(&TRANSFORMS)).expect("legal rows");
        for toml in [
            "",
            "scheme = 'stratified'",
            "scheme = 'k-fold'\nfolds = 4",
            "scheme = 'group-k-fold'\nfolds = 3",
            "scheme = 'loso'",
            "scheme = 'cross-corpus'\ntest_corpora = ['b']",
            "scheme = 'predefined'\ncolumn = 'room'",
        ] {
            let (plain, augmented) = (assign(&data.keys(), &params(toml), 1), assign(&keys, &params(toml), 1));
            let (plain, augmented) = (plain.expect(toml), augmented.expect(toml));
            assert_eq!(plain.warnings, augmented.warnings, "{toml}");
            let (plain, augmented) = (split_rows(&data.keys(), &plain.folds), split_rows(&keys, &augmented.folds));
            let is_copy = |row: &&SplitRow| row.utterance_id.contains('~');
            let originals: Vec<_> = augmented.iter().filter(|row| !is_copy(row)).cloned().collect();
            assert_eq!(originals, plain, "{toml}");
            let place = |row: &SplitRow| (row.fold, original_of(&row.utterance_id).to_owned(), row.split.clone());
            let copies: Vec<_> = augmented.iter().filter(is_copy).map(place).collect();
            let mut want: Vec<_> = plain.iter().filter(|row| row.split == "train").map(place).collect();
            want = want.iter().flat_map(|place| TRANSFORMS.map(|_| place.clone())).collect();
            assert_eq!(copies, want, "{toml}");
            assert!(augmented.is_sorted_by_key(|row| (row.fold, row.utterance_id.clone())), "{toml}");
        }
    }

    #[test]
    fn a_sound_split_shares_no_copy() {
        let (table, rows) = world();
        let keys = Keys::new(&table).expect("legal rows");
        let checked = leakage(&keys, &[fold_of(&keys, &rows)], &params("")).expect("a leakage table");
        let row = checked.iter().find(|row| row.check == "augmented").expect("the check is made");
        assert_eq!((row.between.as_str(), row.shared, row.allowed), ("train-dev-test", Some(0), false));
        assert!(violations(&checked).is_empty());
        assert!(checked.is_sorted_by_key(|row| (row.fold, row.check.clone(), row.between.clone())));
        let keys = corpora().keys();
        let folds = assign(&keys, &params(""), 1).expect("a split").folds;
        let plain = leakage(&keys, &folds, &params("")).expect("a leakage table");
        assert!(plain.iter().all(|row| row.check != "augmented"), "without copies there is nothing to check");
    }

    #[test]
    fn a_copy_on_a_wrong_side_is_a_violation_and_met_by_no_model() {
        let (table, rows) = world();
        let features = Features::new(&table).expect("legal features");
        let scaling = NormalizeParams { method: Method::ZScore, scope: Scope::Corpus };
        let fold = |rows: &[SplitRow]| fold_of(features.keys(), rows);
        let statistics = Scaler::fit(&features, &fold(&rows), scaling).expect("statistics");
        let sound = classes(features.keys(), &[fold(&rows)]).expect("classes");
        let train = rows.iter().position(|row| row.utterance_id.contains('~')).expect("a copy");
        let test = rows.iter().position(|row| row.split == "test").expect("a test row");
        let spoilers: [&dyn Fn(&mut Vec<SplitRow>); 4] = [
            &|rows| rows[train].split = "test".to_owned(),
            &|rows| rows[train].split = "dev".to_owned(),
            // A copy of a test utterance joins train.
            &|rows| {
                let utterance_id = augmented_id(&rows[test].utterance_id, TRANSFORMS[0]);
                rows.push(SplitRow { utterance_id, split: "train".to_owned(), ..rows[test].clone() });
            },
            // An original leaves the fold, and its copies stay.
            &|rows| {
                let id = original_of(&rows[train].utterance_id).to_owned();
                rows.retain(|row| row.utterance_id != id);
            },
        ];
        for (number, spoil) in spoilers.into_iter().enumerate() {
            let mut spoiled = rows.clone();
            spoil(&mut spoiled);
            spoiled.sort_by(|a, b| a.utterance_id.cmp(&b.utterance_id));
            let spoiled = fold(&spoiled);
            let checked = leakage(features.keys(), from_ref(&spoiled), &params("")).expect("a leakage table");
            let found: Vec<_> = violations(&checked).iter().map(|row| row.check.clone()).collect();
            assert!(found.contains(&"augmented".to_owned()), "{number}: {found:?}");
            let errors = [
                Scaler::fit(&features, &spoiled, scaling).map(drop),
                classes(features.keys(), from_ref(&spoiled)).map(drop),
                Sides::new(&features, &spoiled, &statistics, &sound).map(drop),
            ];
            for error in errors {
                let error = error.expect_err("refused").to_string();
                assert!(error.contains('~') && error.contains("fold 0"), "{number}: {error}");
            }
        }
    }

    #[test]
    fn corpus_statistics_see_train_copies_and_those_of_a_speaker_none() {
        let (table, rows) = world();
        let features = Features::new(&table).expect("legal features");
        let counted = |scope| {
            let params = NormalizeParams { method: Method::ZScore, scope };
            let found = Scaler::fit(&features, &fold_of(features.keys(), &rows), params).expect("statistics");
            found.groups.values().map(|scaling| scaling.rows[0]).sum::<i64>()
        };
        let train = rows.iter().filter(|row| row.split == "train").count();
        assert_eq!(counted(Scope::Corpus), train as i64);
        assert_eq!(counted(Scope::Speaker), corpora().rows.len() as i64);
    }
}
