//! What models see: numbers, classes, and who they belong to.

use super::{DatasetError, Features, Fold, Keys, Scaler};
use crate::matrix::Matrix;
use crate::schema::Side;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Most votes of a cell: more is a mistake.
const MAX_VOTES: f64 = 1e9;

/// Labelled rows that a model is fitted on or judges. Cloning them copies nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// Normalized features: rows x features; all finite.
    pub x: Matrix,
    /// Number of each row's class.
    pub y: Arc<[usize]>,
    /// Share of each class among the votes of annotators, rows x classes, row after row; none: the class alone counts.
    pub votes: Option<Arc<[f32]>>,
}

/// How train rows are drawn, and what they say beside their class.
#[derive(Debug, Clone, Copy, Default)]
pub struct TrainRows<'a> {
    /// Text columns every combination of whose values has as many rows.
    pub balance: &'a [String],
    /// What the names of the columns with votes begin with; the emotion follows.
    pub votes: Option<&'a str>,
}

/// One side of a fold, in the order of utterance ids.
#[derive(Debug, Clone, PartialEq)]
pub struct Examples {
    /// Number of each row in the features table.
    pub at: Vec<usize>,
    /// What models see.
    pub rows: Rows,
}

/// The sides of a fold; a side without utterances has no rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Sides {
    /// Models are fitted on these.
    pub train: Examples,
    /// Early stopping looks at these.
    pub dev: Examples,
    /// Figures come from these.
    pub test: Examples,
    /// Like test, but of sentences that training has seen; empty where no columns are disjoint.
    pub seen: Examples,
}

/// The classes of all utterances on a side of any of the folds, sorted by name.
///
/// # Errors
/// An augmented row where it may not be.
pub fn classes(keys: &Keys, folds: &[Fold]) -> Result<Vec<String>, DatasetError> {
    let emotions = keys.emotions()?;
    let mut present = BTreeSet::new();
    for fold in folds {
        fold.check(keys)?;
        present.extend(fold.members().map(|(row, _)| emotions[row]));
    }
    Ok(present.into_iter().map(str::to_owned).collect())
}

impl Sides {
    /// The sides of one fold; `classes` are sorted.
    ///
    /// # Errors
    /// A scaler of other features, an unknown class, a speaker without statistics, an augmented row where it may not be,
    /// numbers that fit nowhere.
    pub fn new(features: &Features, fold: &Fold, scaler: &Scaler, classes: &[String]) -> Result<Self, DatasetError> {
        Self::drawn(features, fold, scaler, classes, TrainRows::default())
    }

    /// The same with other train rows.
    ///
    /// # Errors
    /// Those of [`Sides::new`]; an unknown column, a class without a column of votes, votes that are no numbers.
    pub fn drawn(
        features: &Features,
        fold: &Fold,
        scaler: &Scaler,
        classes: &[String],
        train: TrainRows<'_>,
    ) -> Result<Self, DatasetError> {
        fold.check(features.keys())?;
        let of_rows = |rows| {
            let of_side = examples(features, rows, scaler, classes);
            of_side.map_err(|error| error.in_fold(fold.number))
        };
        let keys = features.keys();
        let [dev, test, seen] = [Side::Dev, Side::Test, Side::Seen].map(|side| of_rows(fold.rows_on(side)));
        let (mut train_side, mut dev) = (of_rows(repeated(keys, fold.rows_on(Side::Train), train.balance)?)?, dev?);
        if let Some(prefix) = train.votes {
            let votes = Votes::new(keys, prefix, classes)?;
            train_side.rows.votes = Some(votes.of(&train_side)?);
            // Models that stop nothing early learn from dev too.
            dev.rows.votes = Some(votes.of(&dev)?);
        }
        Ok(Self { train: train_side, dev, test: test?, seen: seen? })
    }
}

/// Whether the columns that train rows are drawn by are there.
///
/// # Errors
/// An unknown column; no column with votes for a class of the folds, or a cell of one that is no number of votes.
pub fn check_train_rows(keys: &Keys, folds: &[Fold], train: TrainRows<'_>) -> Result<(), DatasetError> {
    for column in train.balance {
        keys.named("train.balance", column)?;
    }
    match train.votes {
        Some(prefix) => {
            let votes = Votes::new(keys, prefix, &classes(keys, folds)?)?;
            (0..keys.len()).try_for_each(|row| votes.of_row(row).map(|_| ()))
        }
        None => Ok(()),
    }
}

/// The votes for each class.
struct Votes<'a> {
    ids: Vec<&'a str>,
    /// Name and cells of a column for each class.
    columns: Vec<(String, Vec<Option<&'a str>>)>,
}

impl<'a> Votes<'a> {
    fn new(keys: &'a Keys, prefix: &str, classes: &[String]) -> Result<Self, DatasetError> {
        let column = |class: &String| {
            let name = format!("{prefix}{class}");
            let cells = keys.named("train.votes", &name)?;
            Ok((name, cells))
        };
        let columns = classes.iter().map(column).collect::<Result<_, DatasetError>>()?;
        Ok(Self { ids: keys.ids()?, columns })
    }

    /// The number of votes for each class.
    fn of_row(&self, row: usize) -> Result<Vec<f64>, DatasetError> {
        let votes = |(column, cells): &(String, Vec<Option<&str>>)| {
            let Some(cell) = cells[row] else { return Ok(0.0) };
            let number = cell.trim().parse::<f64>().ok().filter(|number| (0.0..=MAX_VOTES).contains(number));
            number.ok_or_else(|| DatasetError::BadVotes {
                column: column.clone(),
                id: self.ids[row].to_owned(),
                value: cell.to_owned(),
            })
        };
        self.columns.iter().map(votes).collect()
    }

    /// The share of each class in the votes for each row; where nobody voted for any of the classes, all of its own class.
    fn of(&self, examples: &Examples) -> Result<Arc<[f32]>, DatasetError> {
        let mut shares = Vec::with_capacity(examples.at.len() * self.columns.len());
        for (row, class) in examples.at.iter().zip(examples.rows.y.iter()) {
            let votes = self.of_row(*row)?;
            let sum: f64 = votes.iter().sum();
            let share = |(at, votes): (usize, f64)| if sum > 0.0 { votes / sum } else { f64::from(at == *class) };
            shares.extend(votes.into_iter().enumerate().map(share).map(|share| share as f32));
        }
        Ok(shares.into())
    }
}

/// The rows, those of smaller combinations of values several times, until each combination has as many as the largest. What
/// is left over after whole passes goes to the rows whose hash comes first.
fn repeated(keys: &Keys, rows: Vec<usize>, columns: &[String]) -> Result<Vec<usize>, DatasetError> {
    if columns.is_empty() {
        return Ok(rows);
    }
    let cells = columns.iter().map(|column| keys.named("train.balance", column)).collect::<Result<Vec<_>, _>>()?;
    let ids = keys.ids()?;
    let mut groups: BTreeMap<Vec<Option<&str>>, Vec<usize>> = BTreeMap::new();
    for row in rows {
        groups.entry(cells.iter().map(|cells| cells[row]).collect()).or_default().push(row);
    }
    let most = groups.values().map(Vec::len).max().unwrap_or(0);
    let mut balanced = Vec::with_capacity(most * groups.len());
    for mut rows in groups.into_values() {
        rows.sort_by_cached_key(|row| *blake3::hash(ids[*row].as_bytes()).as_bytes());
        balanced.extend(rows.iter().cycle().take(most));
    }
    balanced.sort_unstable();
    Ok(balanced)
}

fn examples(
    features: &Features,
    at: Vec<usize>,
    scaler: &Scaler,
    classes: &[String],
) -> Result<Examples, DatasetError> {
    let emotions = features.keys().emotions()?;
    let class = |row: &usize| {
        let emotion = emotions[*row];
        classes.binary_search_by(|class| class.as_str().cmp(emotion)).or_else(|_| {
            let id = features.keys().ids()?[*row].to_owned();
            Err(DatasetError::UnknownClass { emotion: emotion.to_owned(), id, classes: classes.to_vec() })
        })
    };
    let y = at.iter().map(class).collect::<Result<_, DatasetError>>()?;
    Ok(Examples { rows: Rows { x: normalized(features, &at, scaler)?, y, votes: None }, at })
}

/// Rows x features after normalization; `rows` are their numbers in the features table.
///
/// # Errors
/// A scaler of other features, a speaker without statistics, numbers that fit nowhere.
pub fn normalized(features: &Features, rows: &[usize], scaler: &Scaler) -> Result<Matrix, DatasetError> {
    scaler.check_features(features.names())?;
    let scalings = scaler.scalings(features.keys(), rows)?;
    let raw = features.values();
    Matrix::build(raw.memory(), (rows.len(), raw.ncols()), |range, mut block| {
        raw.gather(&rows[range.clone()], block.view_mut())?;
        for (mut row, at) in block.rows_mut().into_iter().zip(range) {
            scalings.of(at).apply_to(row.as_slice_mut().expect("blocks are row after row"));
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests;
