//! A fold: which side each utterance is on.

use super::{DatasetError, Keys, augmented};
use crate::dataset::SplitParams;
use crate::schema::{Side, SplitRow};
use std::collections::BTreeSet;
use std::str::FromStr;

/// What stands for the number of a fold in that of [`super::whole`].
pub(super) const WHOLE: i64 = -1;

/// The side of each row of the table; none: left out.
pub(super) type SideOfRow = Vec<Option<Side>>;

/// One fold of a split.
#[derive(Debug, Clone, PartialEq)]
pub struct Fold {
    /// Its number in the splits table.
    pub number: i64,
    /// The side of each row of the features table, by utterance id.
    pub(super) sides: SideOfRow,
}

impl Fold {
    /// Number of utterances on any side.
    pub fn len(&self) -> usize {
        self.sides.iter().flatten().count()
    }

    /// Whether no utterance is on any side.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The utterances on a side or another, with their numbers in the features table, in order.
    pub fn members(&self) -> impl Iterator<Item = (usize, Side)> {
        self.sides.iter().enumerate().filter_map(|(row, side)| Some((row, (*side)?)))
    }

    /// Rows of the features table on a side, in order.
    pub fn rows_on(&self, side: Side) -> Vec<usize> {
        self.members().filter(|(_, of)| *of == side).map(|(row, _)| row).collect()
    }

    /// The rows of the splits table, which are sorted by id; `ids` are those of the features table.
    pub fn rows<'a>(&'a self, ids: &'a [&'a str], params: &'a SplitParams) -> impl Iterator<Item = SplitRow> {
        self.members().map(|(row, side)| SplitRow {
            scheme: params.scheme().as_str().to_owned(),
            fold: self.number,
            utterance_id: ids[row].to_owned(),
            split: side.as_str().to_owned(),
        })
    }

    /// Refuses augmented rows where they may not be. What is learned from and tested on goes through here.
    ///
    /// # Errors
    /// An augmented row outside train, or whose original is.
    pub(super) fn check(&self, keys: &Keys) -> Result<(), DatasetError> {
        match augmented::misplaced(keys, self)?.into_iter().next() {
            Some(id) => Err(DatasetError::MisplacedCopy { id, fold: self.number }),
            None => Ok(()),
        }
    }
}

/// Folds out of the rows of a splits table.
pub struct FoldReader<'a> {
    ids: Vec<&'a str>,
    folds: Vec<Fold>,
    /// Where the utterance after the last one stands in the features table, most likely.
    next: usize,
    /// Whether rows of utterances that are not known are passed over.
    only_known: bool,
    unknown_tests: usize,
}

impl<'a> FoldReader<'a> {
    /// Nothing is read yet; `keys` are those of the utterances that were split.
    ///
    /// # Errors
    /// The ids are missing.
    pub fn new(keys: &'a Keys) -> Result<Self, DatasetError> {
        Ok(Self { ids: keys.ids()?, folds: Vec::new(), next: 0, only_known: false, unknown_tests: 0 })
    }

    /// The same of a table that may hold utterances which are not known: they are passed over.
    ///
    /// # Errors
    /// The ids are missing.
    pub(super) fn of_known(keys: &'a Keys) -> Result<Self, DatasetError> {
        Ok(Self { only_known: true, ..Self::new(keys)? })
    }

    /// Test rows of utterances that were passed over.
    pub(super) fn unknown_tests(&self) -> usize {
        self.unknown_tests
    }

    /// Takes the next rows of the table, which is sorted by fold.
    ///
    /// # Errors
    /// An unknown utterance, a word that is no side.
    pub fn push(&mut self, rows: &[SplitRow]) -> Result<(), DatasetError> {
        for row in rows {
            if self.folds.last().is_none_or(|fold| fold.number != row.fold) {
                self.folds.push(Fold { number: row.fold, sides: vec![None; self.ids.len()] });
                self.next = 0;
            }
            let side = Side::from_str(&row.split).map_err(|_| DatasetError::BadValue {
                table: "splits",
                column: "split",
                value: row.split.clone(),
            })?;
            let at = match self.place(&row.utterance_id) {
                Err(_) if self.only_known => {
                    self.unknown_tests += usize::from(side == Side::Test);
                    continue;
                }
                at => at?,
            };
            if let Some(fold) = self.folds.last_mut() {
                fold.sides[at] = Some(side);
            }
            self.next = at + 1;
        }
        Ok(())
    }

    fn place(&self, id: &str) -> Result<usize, DatasetError> {
        if self.ids.get(self.next) == Some(&id) {
            return Ok(self.next);
        }
        self.ids.binary_search(&id).map_err(|_| DatasetError::UnknownUtterance { id: id.to_owned() })
    }

    /// The folds, in the order of the table.
    pub fn finish(self) -> Vec<Fold> {
        self.folds
    }
}

/// A fold in the words of messages.
pub(super) fn fold_words(number: i64) -> String {
    if number == WHOLE { "the fold of all utterances".to_owned() } else { format!("fold {number}") }
}

/// The classes on a side of a fold; `emotions` has a class for each row of the table.
pub(super) fn classes_on<'a>(fold: &SideOfRow, side: Side, emotions: &[&'a str]) -> BTreeSet<&'a str> {
    fold.iter().zip(emotions).filter(|(at, _)| **at == Some(side)).map(|(_, class)| *class).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Utterances, split_rows};
    use super::super::{SplitSection, assign};
    use super::*;

    fn folds(keys: &Keys) -> Vec<Fold> {
        let params = toml::from_str::<SplitSection>("scheme = 'k-fold'").expect("well-formed").check().expect("legal");
        assign(keys, &params, 1).expect("folds").folds
    }

    #[test]
    fn folds_survive_their_table_in_whatever_blocks_it_comes() {
        let keys = Utterances::ravdess().keys();
        let folds = folds(&keys);
        let rows = split_rows(&keys, &folds);
        assert_eq!(rows.len(), 5 * 1440);
        let mut reader = FoldReader::new(&keys).expect("ids");
        rows.chunks(1000).for_each(|block| reader.push(block).expect("known utterances"));
        assert_eq!(reader.finish(), folds);
    }

    #[test]
    fn a_table_of_other_utterances_is_refused() {
        let keys = Utterances::ravdess().keys();
        let mut rows = split_rows(&keys, &folds(&keys));
        rows.truncate(3);
        rows[1].utterance_id = "ravdess/gone".to_owned();
        let refused = |rows: &[SplitRow]| {
            let error = FoldReader::new(&keys).and_then(|mut reader| reader.push(rows));
            error.expect_err("refused").to_string()
        };
        assert!(refused(&rows).contains("ravdess/gone"), "{}", refused(&rows));
        rows.remove(1);
        rows[1].split = "tset".to_owned();
        assert!(refused(&rows).contains("tset"), "{}", refused(&rows));
    }

    #[test]
    fn rows_that_stand_in_no_fold_are_on_no_side() {
        let keys = Utterances::ravdess().keys();
        let mut rows = split_rows(&keys, &folds(&keys)[..1]);
        rows.retain(|row| !row.utterance_id.ends_with("-07"));
        let mut reader = FoldReader::new(&keys).expect("ids");
        reader.push(&rows).expect("known utterances");
        let fold = reader.finish().remove(0);
        assert_eq!((fold.len(), fold.members().count()), (1380, 1380));
        let of_sides = [Side::Train, Side::Dev, Side::Test].map(|side| fold.rows_on(side).len());
        assert_eq!(of_sides.iter().sum::<usize>(), 1380);
    }
}
