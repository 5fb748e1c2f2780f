//! A fold: which side each utterance is on.

use crate::dataset::SplitParams;
use crate::schema::{Side, SplitRow};
use std::collections::BTreeSet;

/// What stands for the number of a fold in the rows of [`super::whole`].
pub(super) const WHOLE: i64 = -1;

/// The side of each row of the table in one fold; none: left out of it.
pub(super) type Fold = Vec<Option<Side>>;

/// A fold in the words of messages.
pub(super) fn fold_words(number: i64) -> String {
    if number == WHOLE { "the fold of all utterances".to_owned() } else { format!("fold {number}") }
}

/// The classes on a side of a fold; `emotions` has a class for each row of the table.
pub(super) fn classes_on<'a>(fold: &Fold, side: Side, emotions: &[&'a str]) -> BTreeSet<&'a str> {
    fold.iter().zip(emotions).filter(|(at, _)| **at == Some(side)).map(|(_, class)| *class).collect()
}

/// The rows of one fold, in the order of `ids`.
pub(super) fn fold_rows(
    ids: &[&str],
    params: &SplitParams,
    number: i64,
    fold: &Fold,
) -> impl Iterator<Item = SplitRow> {
    let sides = ids.iter().zip(fold).filter_map(|(id, side)| Some((id, (*side)?)));
    sides.map(move |(id, side)| SplitRow {
        scheme: params.scheme().as_str().to_owned(),
        fold: number,
        utterance_id: (*id).to_owned(),
        split: side.as_str().to_owned(),
    })
}

/// The rows of each fold of a splits table, which is sorted by fold.
pub fn folds(rows: &[SplitRow]) -> impl Iterator<Item = &[SplitRow]> {
    rows.chunk_by(|a, b| a.scheme == b.scheme && a.fold == b.fold)
}
