//! Between columns of values and Arrow arrays.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float32Array, Float64Array, Int64Array, StringArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, Float32Type, Float64Type, Int64Type};

use crate::schema::{Kind, Row, TableDef, Value};

/// Columns that are turned into rows, or back, at a time: their cells of a row share a cache line.
const TILE: usize = 16;

pub(super) fn data_type(kind: Kind) -> DataType {
    match kind {
        Kind::Text => DataType::Utf8,
        Kind::Bool => DataType::Boolean,
        Kind::Int => DataType::Int64,
        Kind::Float => DataType::Float32,
        Kind::Double => DataType::Float64,
    }
}

/// The Arrow fields of a table: typed columns, then text, then float columns.
pub(super) fn fields(def: &TableDef, text: &[String], float: &[String]) -> Vec<Field> {
    let typed = def.columns.iter().map(|column| Field::new(column.name, data_type(column.kind), column.nullable));
    let text = text.iter().map(|name| Field::new(name, DataType::Utf8, true));
    let float = float.iter().map(|name| Field::new(name, DataType::Float32, true));
    typed.chain(text).chain(float).collect()
}

/// The typed columns as arrays.
pub(super) fn typed_arrays<R: Row>(rows: &[R]) -> Vec<ArrayRef> {
    let kinds = R::table().columns.into_iter().map(|column| column.kind);
    let mut columns = kinds.map(|kind| (kind, Vec::with_capacity(rows.len()))).collect::<Vec<_>>();
    for row in rows {
        for ((_, column), value) in columns.iter_mut().zip(row.to_values()) {
            column.push(value);
        }
    }
    columns.into_iter().map(|(kind, values)| array(kind, values)).collect()
}

fn array(kind: Kind, values: Vec<Value>) -> ArrayRef {
    macro_rules! collect {
        ($variant:ident, $array:ty) => {
            Arc::new(values.into_iter().map(|v| if let Value::$variant(v) = v { v } else { None }).collect::<$array>())
        };
    }
    match kind {
        Kind::Text => collect!(Text, StringArray),
        Kind::Bool => collect!(Bool, BooleanArray),
        Kind::Int => collect!(Int, Int64Array),
        Kind::Float => collect!(Float, Float32Array),
        Kind::Double => collect!(Double, Float64Array),
    }
}

/// The columns of row-major values `width` wide; NaN is null.
pub(super) fn float_arrays(values: &[f32], width: usize) -> Vec<ArrayRef> {
    let starts = (0..width).step_by(TILE);
    starts.flat_map(|start| tile_arrays(values, width, start..width.min(start + TILE))).collect()
}

fn tile_arrays(values: &[f32], width: usize, columns: Range<usize>) -> impl Iterator<Item = ArrayRef> {
    let mut cells = vec![Vec::with_capacity(values.len() / width); columns.len()];
    for row in values.chunks_exact(width) {
        for (cells, &cell) in cells.iter_mut().zip(&row[columns.clone()]) {
            cells.push(cell);
        }
    }
    cells.into_iter().map(|cells| {
        let valid = cells.iter().map(|cell| !cell.is_nan()).collect::<NullBuffer>();
        Arc::new(Float32Array::new(cells.into(), Some(valid).filter(|valid| valid.null_count() > 0))) as ArrayRef
    })
}

/// Appends the rows of some columns to row-major values; null is NaN.
pub(super) fn extend_rows(values: &mut Vec<f32>, columns: &[&Float32Array], rows: usize) {
    let (start, width) = (values.len(), columns.len());
    values.resize(start + rows * width, f32::NAN);
    for (tile, columns) in columns.chunks(TILE).enumerate() {
        let first = tile * TILE;
        for (index, row) in values[start..].chunks_exact_mut(width).enumerate() {
            for (cell, column) in row[first..first + columns.len()].iter_mut().zip(columns) {
                if column.is_valid(index) {
                    *cell = column.value(index);
                }
            }
        }
    }
}

/// Column `column` of row-major texts `width` wide.
pub(super) fn text_array(values: &[Option<String>], width: usize, column: usize) -> ArrayRef {
    let cells = values.iter().skip(column).step_by(width.max(1));
    Arc::new(cells.map(|value| value.as_deref()).collect::<StringArray>())
}

/// One cell of an array of the given kind.
pub(super) fn value(kind: Kind, array: &ArrayRef, row: usize) -> Value {
    let there = !array.is_null(row);
    match kind {
        Kind::Text => Value::Text(there.then(|| array.as_string::<i32>().value(row).to_owned())),
        Kind::Bool => Value::Bool(there.then(|| array.as_boolean().value(row))),
        Kind::Int => Value::Int(there.then(|| array.as_primitive::<Int64Type>().value(row))),
        Kind::Float => Value::Float(there.then(|| array.as_primitive::<Float32Type>().value(row))),
        Kind::Double => Value::Double(there.then(|| array.as_primitive::<Float64Type>().value(row))),
    }
}
