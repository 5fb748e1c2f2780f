//! What the sides of a fold share.

use super::{DatasetError, Fold, Keys, augmented};
use crate::dataset::SplitParams;
use crate::schema::{Leakage, Side};

/// Names of the checks that compare the utterances of two sides, in the order of the table.
const CHECKS: [&str; 4] = ["audio", OVERLAP, "speaker", "text"];
/// Segments that overlap in one recording.
const OVERLAP: &str = "overlap";
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
/// What is compared beside them where columns are disjoint: the seen side is tested, too.
const SEEN_PAIRS: [(&str, &[Side], &[Side]); 2] =
    [("dev-seen", &[Side::Dev], &[Side::Seen]), ("train-seen", &[Side::Train], &[Side::Seen])];
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
/// The features table lacks a column.
pub fn leakage(keys: &Keys, folds: &[Fold], params: &SplitParams) -> Result<Vec<Leakage>, DatasetError> {
    let (mut table, ids) = (Vec::new(), keys.ids()?);
    let row = |fold: &Fold, (check, between): (&str, &str), allowed, shared: Option<Vec<String>>| Leakage {
        scheme: params.scheme().as_str().to_owned(),
        fold: fold.number,
        check: check.to_owned(),
        between: between.to_owned(),
        shared: shared.as_ref().map(|shared| shared.len() as i64),
        allowed,
        examples: shared
            .filter(|shared| !shared.is_empty())
            .map(|shared| shared[..shared.len().min(EXAMPLES)].join(", ")),
    };
    let has_segments = keys.has_segments()?;
    for check in CHECKS.into_iter().filter(|check| *check != OVERLAP || has_segments) {
        let compared = Compared::new(keys, check)?;
        // Dev may share with train what only test must not share, and what is seen is new in the first column alone.
        let is_promised = |between: &str| {
            let columns = match between {
                "train-dev" => params.grouping(),
                "train-seen" | "dev-seen" => params.apart().into_iter().take(1).collect(),
                _ => params.apart(),
            };
            FORBIDDEN.contains(&check) || columns.contains(&compared.column)
        };
        let beside: &[_] = if matches!(params, SplitParams::Crossed { .. }) { &SEEN_PAIRS } else { &[] };
        for fold in folds {
            let firsts = compared.firsts(fold);
            for (between, a, b) in PAIRS.iter().chain(beside).copied() {
                let shared = firsts.as_ref().map(|firsts| compared.shared(firsts, &ids, a, b));
                table.push(row(fold, (check, between), !is_promised(between), shared));
            }
        }
    }
    if keys.has_augmented()? {
        for fold in folds {
            let misplaced = augmented::misplaced(keys, fold)?;
            table.push(row(fold, (AUGMENTED, "train-dev-test"), false, Some(misplaced)));
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

/// What a check compares.
struct Compared<'a> {
    /// The column of the features table whose equal values are meant.
    column: &'static str,
    /// Equal values have equal numbers; a row without a value has none.
    numbers: Vec<Option<u32>>,
    /// The value of each row, where examples are values.
    values: Option<Vec<Option<&'a str>>>,
    /// What stands between the two utterances of an example.
    sign: &'static str,
}

/// The first row with each number on each side.
type Firsts = Vec<[Option<u32>; Side::ALL.len()]>;

impl<'a> Compared<'a> {
    fn new(keys: &'a Keys, check: &str) -> Result<Self, DatasetError> {
        let of_column = |column: &'static str| {
            let (numbers, values) = (keys.numbers(column)?.iter().collect(), Some(keys.texts(column)?));
            Ok::<_, DatasetError>(Self { column, numbers, values, sign: "" })
        };
        match check {
            "audio" => {
                let numbers = keys.recordings()?.iter().collect();
                Ok(Self { column: "audio_hash", numbers, values: None, sign: " = " })
            }
            OVERLAP => Ok(Self { column: OVERLAP, numbers: keys.overlaps()?, values: None, sign: " and " }),
            "speaker" => of_column("speaker"),
            _ => of_column("text_id"),
        }
    }

    /// Where each number first occurs on each side; none where no row of the fold has one.
    fn firsts(&self, fold: &Fold) -> Option<Firsts> {
        let count = self.numbers.iter().flatten().max().map_or(0, |last| *last as usize + 1);
        let (mut firsts, mut any) = (vec![[None; Side::ALL.len()]; count], false);
        for (row, side) in fold.members() {
            if let Some(number) = self.numbers[row] {
                any = true;
                firsts[number as usize][side as usize].get_or_insert(row as u32);
            }
        }
        any.then_some(firsts)
    }

    /// What both sides have, as examples name it, in order.
    fn shared(&self, firsts: &Firsts, ids: &[&str], a: &[Side], b: &[Side]) -> Vec<String> {
        let first =
            |of: &[Option<u32>; Side::ALL.len()], sides: &[Side]| sides.iter().find_map(|side| of[*side as usize]);
        let both = firsts.iter().filter_map(|of| Some((first(of, a)? as usize, first(of, b)? as usize)));
        let name = |(a, b): (usize, usize)| match &self.values {
            Some(values) => values[a].unwrap_or_default().to_owned(),
            None => format!("{}{}{}", ids[a], self.sign, ids[b]),
        };
        let mut names: Vec<String> = both.map(name).collect();
        names.sort();
        names
    }
}

#[cfg(test)]
mod tests;
