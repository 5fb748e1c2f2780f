//! What models see: numbers, classes, and who they belong to.

use super::{DatasetError, Features, Keys, Scaler, augmented};
use crate::dataset::Scope;
use crate::schema::{ColumnDef, Columns, FeatureKeys, Kind, Row, Side, SplitRow, Table, Value};
use ndarray::{ArcArray2, Array2};
use polars::prelude::{Column, DataType, IdxCa, IdxSize, PolarsResult};
use std::collections::BTreeSet;

/// Labelled rows that a model is fitted on or judges. Cloning them copies no numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// Normalized features: rows x features, row after row in memory; all finite.
    pub x: ArcArray2<f32>,
    /// Number of each row's class.
    pub y: Vec<usize>,
}

/// Rows that have names: one side of a fold, in the order of utterance ids.
#[derive(Debug, Clone, PartialEq)]
pub struct Examples {
    /// Utterance ids.
    pub ids: Vec<String>,
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

/// The classes of all utterances that `rows` of the splits table name, sorted by name.
///
/// # Errors
/// An unknown utterance, an augmented row where it may not be.
pub fn classes(keys: &Keys, rows: &[SplitRow]) -> Result<Vec<String>, DatasetError> {
    let emotions = keys.emotions()?;
    let located = augmented::located(keys, rows)?;
    let present: BTreeSet<&str> = located.into_iter().map(|(row, _)| emotions[row]).collect();
    Ok(present.into_iter().map(str::to_owned).collect())
}

impl Sides {
    /// The sides of one fold, `rows` being its rows of the splits table and `classes` sorted.
    ///
    /// # Errors
    /// A scaler of other features, an unknown utterance or class, a speaker without statistics, an augmented row where it
    /// may not be.
    pub fn new(
        features: &Features,
        rows: &[SplitRow],
        scaler: &Scaler,
        classes: &[String],
    ) -> Result<Self, DatasetError> {
        let fold = rows.first().map_or(0, |row| row.fold);
        let side = |wanted| {
            let of_side = examples(features, &side_rows(features, rows, wanted)?, scaler, classes);
            of_side.map_err(|error| error.in_fold(fold))
        };
        Ok(Self { train: side(Side::Train)?, dev: side(Side::Dev)?, test: side(Side::Test)? })
    }
}

/// One side of a fold as a table of the same shape as the features table: keys, labels and extra text columns as they
/// are, features normalized (float32, none missing), sorted by utterance id.
///
/// # Errors
/// A scaler of other features, an unknown utterance, a speaker without statistics, a column of an unexpected type, an
/// augmented row where it may not be.
pub fn normalized(
    features: &Features,
    rows: &[SplitRow],
    scaler: &Scaler,
    wanted: Side,
) -> Result<Table<FeatureKeys>, DatasetError> {
    let rows = side_rows(features, rows, wanted)?;
    let values = normalized_values(features, &rows, scaler)?;
    let (values, _) = values.into_raw_vec_and_offset();
    Ok(Table {
        rows: key_rows(features.keys(), &rows)?,
        text: extra_texts(features.keys(), &rows)?,
        float: Columns { names: features.names().to_vec(), values },
    })
}

/// Rows of the features table on a side, ascending.
fn side_rows(features: &Features, rows: &[SplitRow], wanted: Side) -> Result<Vec<usize>, DatasetError> {
    let located = augmented::located(features.keys(), rows)?;
    let mut rows: Vec<usize> = located.into_iter().filter(|(_, side)| *side == wanted).map(|(row, _)| row).collect();
    rows.sort_unstable();
    Ok(rows)
}

fn examples(
    features: &Features,
    rows: &[usize],
    scaler: &Scaler,
    classes: &[String],
) -> Result<Examples, DatasetError> {
    let (ids, emotions) = (features.keys().ids()?, features.keys().emotions()?);
    let class = |row: &usize| {
        classes.binary_search_by(|class| class.as_str().cmp(emotions[*row])).map_err(|_| DatasetError::UnknownClass {
            emotion: emotions[*row].to_owned(),
            id: ids[*row].to_owned(),
            classes: classes.to_vec(),
        })
    };
    let x = normalized_values(features, rows, scaler)?.into_shared();
    let y = rows.iter().map(class).collect::<Result<_, _>>()?;
    Ok(Examples { ids: rows.iter().map(|row| ids[*row].to_owned()).collect(), rows: Rows { x, y } })
}

/// Rows x features after normalization, row after row.
fn normalized_values(features: &Features, rows: &[usize], scaler: &Scaler) -> Result<Array2<f32>, DatasetError> {
    scaler.check_features(features.names())?;
    let mut scalings = Vec::with_capacity(rows.len());
    for row in rows {
        let speaker = match scaler.scope {
            Scope::Corpus => String::new(),
            Scope::Speaker => features.keys().speaker(*row)?,
        };
        scalings.push(scaler.scaling(&speaker)?);
    }
    let raw = features.values();
    let normal = |(at, feature): (usize, usize)| scalings[at].apply(feature, raw[[rows[at], feature]]);
    Ok(Array2::from_shape_fn((rows.len(), raw.ncols()), normal))
}

/// The typed columns of some rows.
fn key_rows(keys: &Keys, rows: &[usize]) -> Result<Vec<FeatureKeys>, DatasetError> {
    let picked = picked(rows);
    let mut columns = Vec::new();
    for ColumnDef { name, kind, .. } in FeatureKeys::table().columns {
        let column = keys.frame().column(name).and_then(|column| column.take(&picked));
        let cells = column.and_then(|column| cells(&column, kind)).map_err(DatasetError::column(name))?;
        columns.push(cells.into_iter());
    }
    let row = |row: &usize| {
        let damaged = || DatasetError::BadValue {
            table: "features",
            column: "utterance_id",
            value: format!("row {row}, which lacks a value that it must have"),
        };
        FeatureKeys::from_values(columns.iter_mut().filter_map(Iterator::next)).ok_or_else(damaged)
    };
    rows.iter().map(row).collect()
}

/// The text columns of some rows beyond the typed ones.
fn extra_texts(keys: &Keys, rows: &[usize]) -> Result<Columns<Option<String>>, DatasetError> {
    let typed = FeatureKeys::table().columns;
    let is_extra = |column: &&Column| {
        *column.dtype() == DataType::String && !typed.iter().any(|typed| typed.name == column.name().as_str())
    };
    let extra: Vec<&str> =
        keys.frame().columns().iter().filter(is_extra).map(|column| column.name().as_str()).collect();
    let cells = extra.iter().map(|name| keys.texts(name)).collect::<Result<Vec<_>, _>>()?;
    let values = rows.iter().flat_map(|row| cells.iter().map(|column| column[*row].map(str::to_owned))).collect();
    Ok(Columns { names: extra.into_iter().map(str::to_owned).collect(), values })
}

fn picked(rows: &[usize]) -> IdxCa {
    IdxCa::from_vec("row".into(), rows.iter().map(|row| *row as IdxSize).collect())
}

fn cells(column: &Column, kind: Kind) -> PolarsResult<Vec<Value>> {
    Ok(match kind {
        Kind::Text => column.str()?.iter().map(|cell| Value::Text(cell.map(str::to_owned))).collect(),
        Kind::Bool => column.bool()?.iter().map(Value::Bool).collect(),
        Kind::Int => column.i64()?.iter().map(Value::Int).collect(),
        Kind::Float => column.f32()?.iter().map(Value::Float).collect(),
        Kind::Double => column.f64()?.iter().map(Value::Double).collect(),
    })
}

#[cfg(test)]
mod tests;
