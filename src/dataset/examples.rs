//! What models see: numbers, classes, and who they belong to.

use super::{DatasetError, Features, Fold, Keys, Scaler};
use crate::matrix::Matrix;
use crate::schema::Side;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Labelled rows that a model is fitted on or judges. Cloning them copies nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// Normalized features: rows x features; all finite.
    pub x: Matrix,
    /// Number of each row's class.
    pub y: Arc<[usize]>,
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
        Self::balanced(features, fold, scaler, classes, &[])
    }

    /// The same with the train rows balanced by some text columns.
    ///
    /// # Errors
    /// Those of [`Sides::new`]; an unknown column.
    pub fn balanced(
        features: &Features,
        fold: &Fold,
        scaler: &Scaler,
        classes: &[String],
        columns: &[String],
    ) -> Result<Self, DatasetError> {
        fold.check(features.keys())?;
        let of_rows = |rows| {
            let of_side = examples(features, rows, scaler, classes);
            of_side.map_err(|error| error.in_fold(fold.number))
        };
        let train = repeated(features.keys(), fold.rows_on(Side::Train), columns)?;
        let [dev, test] = [Side::Dev, Side::Test].map(|side| of_rows(fold.rows_on(side)));
        Ok(Self { train: of_rows(train)?, dev: dev?, test: test? })
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
    Ok(Examples { rows: Rows { x: normalized(features, &at, scaler)?, y }, at })
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
