//! Rows of the features table as columns of Polars.

use crate::schema::{FeatureKeys, Kind, Row, Table, Value};
use polars::prelude::{Column, DataFrame, IdxSize, PolarsResult, SortMultipleOptions};

use super::ID;

/// The rows by utterance id, and where each of them stood.
pub(super) fn sorted_frame(table: &Table<FeatureKeys>) -> PolarsResult<(DataFrame, Vec<usize>)> {
    const ROW: &str = "#row";
    let frame = DataFrame::new(table.rows.len(), columns(table))?.with_row_index(ROW.into(), None)?;
    let mut frame = frame.sort([ID], SortMultipleOptions::default())?;
    let rows = frame.drop_in_place(ROW)?;
    let order = rows.idx()?.iter().map(|row: Option<IdxSize>| row.unwrap_or_default() as usize).collect();
    Ok((frame, order))
}

/// The typed columns, then the text columns.
fn columns(table: &Table<FeatureKeys>) -> Vec<Column> {
    let rows: Vec<Vec<Value>> = table.rows.iter().map(Row::to_values).collect();
    let typed = FeatureKeys::table().columns.into_iter().enumerate();
    let typed = typed.map(|(at, column)| typed_column(column.name, column.kind, rows.iter().map(|row| &row[at])));
    let text = table.text.names.iter().enumerate().map(|(at, name)| {
        let cells = (0..table.rows.len()).map(|row| table.text.row(row)[at].as_deref());
        Column::new(name.into(), cells.collect::<Vec<_>>())
    });
    typed.chain(text).collect()
}

/// A column of the cells that are of its kind.
fn typed_column<'a>(name: &str, kind: Kind, cells: impl Iterator<Item = &'a Value>) -> Column {
    macro_rules! column {
        ($variant:ident, $cell:ident => $value:expr) => {{
            let value = |cell: &'a Value| if let Value::$variant($cell) = cell { $value } else { None };
            Column::new(name.into(), cells.map(value).collect::<Vec<_>>())
        }};
    }
    match kind {
        Kind::Text => column!(Text, cell => cell.as_deref()),
        Kind::Bool => column!(Bool, cell => *cell),
        Kind::Int => column!(Int, cell => *cell),
        Kind::Float => column!(Float, cell => *cell),
        Kind::Double => column!(Double, cell => *cell),
    }
}
