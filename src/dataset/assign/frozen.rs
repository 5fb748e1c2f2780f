//! The sides of an earlier split, held on to while a corpus grows.

use super::super::fold::{Fold, FoldReader, SideOfRow};
use super::{Assigner, Assignment, DatasetError, Keys, Side, SplitParams, checks, finished, plural};
use crate::dataset::balance::Strata;
use crate::schema::SplitRow;

/// The folds of an earlier split, of the utterances that are still there.
pub struct Frozen<'a> {
    keys: &'a Keys,
    reader: FoldReader<'a>,
}

impl<'a> Frozen<'a> {
    /// Nothing is read yet; `originals` are the keys of the utterances, without augmented copies.
    ///
    /// # Errors
    /// The ids are missing.
    pub fn new(originals: &'a Keys) -> Result<Self, DatasetError> {
        Ok(Self { keys: originals, reader: FoldReader::of_known(originals)? })
    }

    /// Takes the next rows of the earlier table, which is sorted by fold.
    ///
    /// # Errors
    /// A word that is no side.
    pub fn push(&mut self, rows: &[SplitRow]) -> Result<(), DatasetError> {
        self.reader.push(rows)
    }

    /// Every utterance of the earlier split on its side, in each fold. Of those that are new, what belongs to the test
    /// side of a fold (its speaker, its recording, or whatever else the scheme keeps together is tested there) is left out
    /// of that fold, so that the test side stays what it was; what belongs to dev joins dev; all others join train.
    ///
    /// # Errors
    /// Those of [`super::assign`] about the data; an earlier split without a test utterance that is still there.
    pub fn assign(self, all: &Keys, params: &SplitParams, seed: u64) -> Result<Assignment, DatasetError> {
        let (keys, gone) = (self.keys, self.reader.unknown_tests());
        let (tested, untested): (Vec<_>, Vec<_>) = self.reader.finish().into_iter().partition(is_tested);
        // Where no fold is left, the empty side is refused below.
        let (folds, left_out) = if tested.is_empty() { (untested, 0) } else { (tested, untested.len()) };
        checks::class_sizes(keys)?;
        let strata = Strata::new(keys, params.stratify_by())?;
        let scheme = Assigner { keys, params, grouping: params.grouping(), strata, seed };
        let mut is_known = vec![false; keys.len()];
        folds.iter().flat_map(Fold::members).for_each(|(row, _)| is_known[row] = true);
        let units = scheme.units(&(0..keys.len()).collect::<Vec<_>>(), "test")?;
        let mut is_left_out = vec![false; keys.len()];
        let extend = |fold: Fold| {
            let mut sides = fold.sides;
            for unit in &units {
                let known = || unit.rows.iter().filter(|row| is_known[**row]);
                let side = side_of_new(known().map(|row| sides[*row]));
                for row in unit.rows.iter().filter(|row| !is_known[**row]) {
                    sides[*row] = side;
                    is_left_out[*row] |= side.is_none();
                }
            }
            sides
        };
        let folds: Vec<SideOfRow> = folds.into_iter().map(extend).collect();
        let count = |is: &[bool], wanted: bool| is.iter().filter(|is| **is == wanted).count();
        let mut warnings = Vec::new();
        warnings.extend(
            (gone > 0)
                .then(|| format!("{} of the frozen test sides are not there any more", plural(gone, "utterance"))),
        );
        warnings.extend(
            (left_out > 0).then(|| {
                format!("{} of the frozen split, whose test side is gone, left out", plural(left_out, "fold"))
            }),
        );
        warnings.extend((count(&is_left_out, true) > 0).then(|| {
            let (out, new) = (count(&is_left_out, true), count(&is_known, false));
            format!(
                "{out} of {} are left out of folds that test their speaker or recording, so that the frozen test \
                 sides stay as they are",
                plural(new, "new utterance")
            )
        }));
        finished(all, &scheme, folds, warnings)
    }
}

/// Whether anybody is left to be tested.
fn is_tested(fold: &Fold) -> bool {
    fold.members().any(|(_, side)| side == Side::Test)
}

/// The side of what is new in a unit, by the sides of its members that are not.
fn side_of_new(known: impl Iterator<Item = Option<Side>>) -> Option<Side> {
    let known = known.collect::<Vec<_>>();
    match known.iter().flatten().max() {
        None if known.is_empty() => Some(Side::Train),
        None | Some(Side::Test | Side::Seen) => None,
        side => side.copied(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{Utterances, split_rows};
    use super::super::assign;
    use super::*;
    use std::collections::BTreeMap;

    fn params(toml: &str) -> SplitParams {
        toml::from_str::<crate::dataset::SplitSection>(toml).expect("well-formed").check().expect("legal")
    }

    fn sides(rows: &[SplitRow]) -> BTreeMap<(i64, &str), &str> {
        rows.iter().map(|row| ((row.fold, row.utterance_id.as_str()), row.split.as_str())).collect()
    }

    /// The split of `data` that holds on to `rows`.
    fn frozen(data: &Utterances, rows: &[SplitRow], params: &SplitParams) -> (Vec<SplitRow>, Vec<String>) {
        let keys = data.keys();
        let mut frozen = Frozen::new(&keys).expect("ids");
        rows.chunks(100).for_each(|rows| frozen.push(rows).expect("sides"));
        let assignment = frozen.assign(&keys, params, 1).expect("folds");
        (split_rows(&keys, &assignment.folds), assignment.warnings)
    }

    /// The first speakers of a corpus, as (speaker, class) pairs, each with two utterances of each class.
    fn people(speakers: usize, each: usize) -> Utterances {
        Utterances::of("c", &(0..speakers * each).map(|at| (at / each, at % 2)).collect::<Vec<_>>())
    }

    #[test]
    fn test_sides_stay_and_new_speakers_join_train() {
        for scheme in [
            "scheme = 'speaker-disjoint'\ntest = 0.3\ndev = 0.2",
            "scheme = 'group-k-fold'\nfolds = 3",
            "scheme = 'loso'",
        ] {
            let params = params(scheme);
            let (few, many) = (people(8, 4), people(12, 4));
            let before = split_rows(&few.keys(), &assign(&few.keys(), &params, 1).expect("folds").folds);
            let (after, warnings) = frozen(&many, &before, &params);
            let (old, new) = (sides(&before), sides(&after));
            assert!(old.iter().all(|(key, side)| new[key] == *side), "{scheme}");
            let folds = before.last().map_or(0, |row| row.fold + 1) as usize;
            let joined = new.iter().filter(|(key, _)| !old.contains_key(*key));
            assert_eq!(joined.clone().count(), 16 * folds, "{scheme}");
            assert!(joined.map(|(_, side)| *side).all(|side| side == "train"), "{scheme}");
            assert!(!warnings.iter().any(|warning| warning.contains("left out")), "{warnings:?}");
            // The same again, whatever stands on train by now.
            assert_eq!(frozen(&many, &after, &params).0, after);
        }
    }

    #[test]
    fn new_utterances_of_tested_speakers_are_left_out_where_they_are_tested() {
        let params = params("scheme = 'loso'\ndev = 0.0");
        let (few, many) = (people(4, 4), people(4, 6));
        // The ids of `few` are not those of the same speakers in `many`.
        let mut rows = split_rows(&many.keys(), &assign(&many.keys(), &params, 1).expect("folds").folds);
        rows.retain(|row| {
            !(0..4).any(|speaker| [4, 5].iter().any(|at| row.utterance_id == many.rows[speaker * 6 + at].utterance_id))
        });
        assert_eq!(rows.len(), 4 * few.rows.len());
        let (after, warnings) = frozen(&many, &rows, &params);
        let new = sides(&after);
        for fold in 0..4 {
            let tested = new.iter().filter(|((of, _), side)| *of == fold && **side == "test").count();
            let trained = new.iter().filter(|((of, _), side)| *of == fold && **side == "train").count();
            assert_eq!((tested, trained), (4, 18), "fold {fold}");
        }
        assert!(
            warnings.iter().any(|warning| warning.starts_with("8 of 8 new utterances are left out")),
            "{warnings:?}"
        );
    }

    #[test]
    fn a_fold_whose_test_side_is_gone_is_left_out() {
        let params = params("scheme = 'loso'\ndev = 0.0");
        let data = people(5, 4);
        let rows = split_rows(&data.keys(), &assign(&data.keys(), &params, 1).expect("folds").folds);
        let mut fewer = data.clone();
        fewer.rows.retain(|row| row.speaker.as_deref() != Some("c/02"));
        let (after, warnings) = frozen(&fewer, &rows, &params);
        assert_eq!(after.iter().map(|row| row.fold).max(), Some(3));
        assert_eq!(after.iter().filter(|row| row.split == "test").count(), 16);
        assert!(warnings.iter().any(|warning| warning.starts_with("1 fold of the frozen split")), "{warnings:?}");
    }

    #[test]
    fn what_is_gone_is_counted_and_an_empty_test_side_is_refused() {
        let params = params("scheme = 'speaker-disjoint'\ntest = 0.3\ndev = 0.0");
        let data = people(8, 4);
        let rows = split_rows(&data.keys(), &assign(&data.keys(), &params, 1).expect("folds").folds);
        let tested = |id: &str| rows.iter().any(|row| row.utterance_id == id && row.split == "test");
        let mut fewer = data.clone();
        let gone = fewer.rows.iter().position(|row| tested(&row.utterance_id)).expect("a test row");
        fewer.rows.remove(gone);
        let (_, warnings) = frozen(&fewer, &rows, &params);
        assert!(
            warnings.iter().any(|warning| warning.starts_with("1 utterance of the frozen test sides")),
            "{warnings:?}"
        );
        fewer.rows.retain(|row| !tested(&row.utterance_id));
        let keys = fewer.keys();
        let mut all = Frozen::new(&keys).expect("ids");
        all.push(&rows).expect("sides");
        let error = all.assign(&keys, &params, 1).expect_err("refused").to_string();
        assert!(error.contains("test"), "{error}");
    }
}
