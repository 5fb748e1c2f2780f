//! Augmented rows: train where their original is train, and on no side elsewhere.

use super::{DatasetError, Keys, folds};
use crate::schema::{Side, SplitRow};
use std::collections::{BTreeMap, BTreeSet};

/// Puts the augmented copies of train utterances on train. `originals` are the rows of a splits table without copies.
///
/// # Errors
/// The features table lacks a column.
pub(super) fn follow(keys: &Keys, originals: Vec<SplitRow>) -> Result<Vec<SplitRow>, DatasetError> {
    let mut copies: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (id, original) in keys.ids()?.into_iter().zip(keys.augmented_from()?) {
        original.into_iter().for_each(|original| copies.entry(original).or_default().push(id));
    }
    let mut rows = Vec::with_capacity(originals.len());
    for row in originals {
        let follows = copies.get(row.utterance_id.as_str()).filter(|_| row.split == Side::Train.as_str());
        let follower = |id: &&str| SplitRow { utterance_id: (*id).to_owned(), ..row.clone() };
        rows.extend(follows.into_iter().flatten().map(follower));
        rows.push(row);
    }
    rows.sort_by(|a, b| (a.fold, &a.utterance_id).cmp(&(b.fold, &b.utterance_id)));
    Ok(rows)
}

/// Ids of the augmented rows of one fold that are not on train, or whose original is not; in order.
///
/// # Errors
/// An unknown utterance, a word that is no side.
pub(super) fn misplaced(keys: &Keys, fold: &[SplitRow]) -> Result<Vec<String>, DatasetError> {
    let (ids, originals) = (keys.ids()?, keys.augmented_from()?);
    let located = keys.located(fold)?;
    let train = located.iter().filter(|(_, side)| *side == Side::Train).map(|(row, _)| ids[*row]);
    let train: BTreeSet<&str> = train.collect();
    let is_wrong = |row: usize| originals[row].is_some_and(|id| !train.contains(ids[row]) || !train.contains(id));
    let wrong: BTreeSet<&str> = located.iter().filter(|(row, _)| is_wrong(*row)).map(|(row, _)| ids[*row]).collect();
    Ok(wrong.into_iter().map(str::to_owned).collect())
}

/// Where the utterances of split rows stand in the table and on which side, as [`Keys::located`] says: what is learned
/// from and tested on goes through here.
///
/// # Errors
/// An augmented row outside train, or whose original is; those of [`Keys::located`].
pub(super) fn located(keys: &Keys, rows: &[SplitRow]) -> Result<Vec<(usize, Side)>, DatasetError> {
    if keys.has_augmented()? {
        for fold in folds(rows) {
            if let Some(id) = misplaced(keys, fold)?.into_iter().next() {
                return Err(DatasetError::MisplacedCopy { id, fold: fold[0].fold });
            }
        }
    }
    keys.located(rows)
}

#[cfg(test)]
mod tests {
    use super::super::testing::Utterances;
    use super::super::{Scaler, Sides, assign, classes, leakage, normalized, violations};
    use super::*;
    use crate::dataset::Features;
    use crate::dataset::{Method, NormalizeParams, Scope, SplitParams, SplitSection};
    use crate::schema::{FeatureKeys, Table, augmented_id};

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
        (table, assign(&keys, &params(""), 1).expect("a split").rows)
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
            let is_copy = |row: &&SplitRow| row.utterance_id.contains('~');
            let originals: Vec<_> = augmented.rows.iter().filter(|row| !is_copy(row)).cloned().collect();
            assert_eq!(originals, plain.rows, "{toml}");
            let place = |row: &SplitRow| (row.fold, original_of(&row.utterance_id).to_owned(), row.split.clone());
            let copies: Vec<_> = augmented.rows.iter().filter(is_copy).map(place).collect();
            let mut want: Vec<_> = plain.rows.iter().filter(|row| row.split == "train").map(place).collect();
            want = want.iter().flat_map(|place| TRANSFORMS.map(|_| place.clone())).collect();
            assert_eq!(copies, want, "{toml}");
            assert!(augmented.rows.is_sorted_by_key(|row| (row.fold, row.utterance_id.clone())), "{toml}");
        }
    }

    #[test]
    fn a_sound_split_shares_no_copy() {
        let (table, rows) = world();
        let keys = Keys::new(&table).expect("legal rows");
        let checked = leakage(&keys, &rows, &params("")).expect("a leakage table");
        let row = checked.iter().find(|row| row.check == "augmented").expect("the check is made");
        assert_eq!((row.between.as_str(), row.shared, row.allowed), ("train-dev-test", Some(0), false));
        assert!(violations(&checked).is_empty());
        assert!(checked.is_sorted_by_key(|row| (row.fold, row.check.clone(), row.between.clone())));
        let plain = leakage(&corpora().keys(), &rows[..0], &params("")).expect("a leakage table");
        assert!(plain.iter().all(|row| row.check != "augmented"), "without copies there is nothing to check");
    }

    #[test]
    fn a_copy_on_a_wrong_side_is_a_violation_and_met_by_no_model() {
        let (table, rows) = world();
        let features = Features::new(&table).expect("legal features");
        let scaling = NormalizeParams { method: Method::ZScore, scope: Scope::Corpus };
        let statistics = Scaler::fit(&features, &rows, scaling).expect("statistics");
        let classes_of = |rows: &[SplitRow]| classes(features.keys(), rows);
        let sound = classes_of(&rows).expect("classes");
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
            let checked = leakage(features.keys(), &spoiled, &params("")).expect("a leakage table");
            let found: Vec<_> = violations(&checked).iter().map(|row| row.check.clone()).collect();
            assert!(found.contains(&"augmented".to_owned()), "{number}: {found:?}");
            let errors = [
                Scaler::fit(&features, &spoiled, scaling).map(drop),
                classes_of(&spoiled).map(drop),
                Sides::new(&features, &spoiled, &statistics, &sound).map(drop),
                normalized(&features, &spoiled, &statistics, Side::Train).map(drop),
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
            let found =
                Scaler::fit(&features, &rows, NormalizeParams { method: Method::ZScore, scope }).expect("statistics");
            found.groups.values().map(|scaling| scaling.rows[0]).sum::<i64>()
        };
        let train = rows.iter().filter(|row| row.split == "train").count();
        assert_eq!(counted(Scope::Corpus), train as i64);
        assert_eq!(counted(Scope::Speaker), corpora().rows.len() as i64);
    }
}
