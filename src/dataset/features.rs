//! The features table: keys and numbers.

use super::keys::read_parts;
use super::{DatasetError, Keys};
use bytes::Bytes;
use ndarray::{Array2, ShapeBuilder};
use polars::prelude::{Column, DataFrame, DataType};

/// The features table in memory, sorted by utterance id.
#[derive(Debug, Clone)]
pub struct Features {
    keys: Keys,
    names: Vec<String>,
    /// Rows x features, a feature after the other in memory, since statistics run down columns.
    values: Array2<f32>,
}

impl Features {
    /// Reads a features table from the Parquet bytes of its parts, in any order. Every float32 column is a feature; a
    /// null, a NaN and an infinity are a missing value.
    ///
    /// # Errors
    /// An unreadable part, parts with different columns, no rows, no features, an utterance that stands there twice.
    pub fn from_parquet(parts: &[Bytes]) -> Result<Self, DatasetError> {
        Self::from_frame(read_parts(parts, |_| true)?)
    }

    fn from_frame(frame: DataFrame) -> Result<Self, DatasetError> {
        let mut keys = Keys::from_frame(frame)?;
        let numbers = keys.split_off(|kind| *kind == DataType::Float32);
        if numbers.is_empty() {
            return Err(DatasetError::NoFeatures);
        }
        let names = numbers.iter().map(|column| column.name().to_string()).collect();
        Ok(Self { names, values: matrix(keys.len(), &numbers)?, keys })
    }

    /// The columns that are no features.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Feature names, in column order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Rows x features, in the order of the keys and names; a missing value is NaN.
    pub fn values(&self) -> &Array2<f32> {
        &self.values
    }
}

fn matrix(rows: usize, columns: &[Column]) -> Result<Array2<f32>, DatasetError> {
    let mut values = Vec::with_capacity(rows * columns.len());
    for column in columns {
        let cells = column.f32().map_err(DatasetError::column(column.name()))?;
        values.extend(cells.iter().map(|cell| cell.filter(|value| value.is_finite()).unwrap_or(f32::NAN)));
    }
    Ok(Array2::from_shape_vec((rows, columns.len()).f(), values).expect("each column has a cell a row"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Utterances, parquet};
    use super::*;

    #[test]
    fn numbers_follow_their_ids() {
        let mut table = Utterances::ravdess().table();
        table.float.values[2] = f32::NAN;
        table.float.values[3] = f32::INFINITY;
        let parts = [parquet(&table, 10..1440), parquet(&table, 0..10)];
        let features = Features::from_parquet(&parts).expect("readable");
        assert_eq!(features.names(), table.float.names);
        assert_eq!(features.values().dim(), (1440, table.float.names.len()));
        let ids = features.keys().ids().expect("ids");
        for (row, key) in table.rows.iter().enumerate() {
            let at = ids.binary_search(&key.utterance_id.as_str()).expect("known id");
            for (feature, want) in table.float.row(row).iter().enumerate() {
                let got = features.values()[[at, feature]];
                assert!(got == *want || got.is_nan() && !want.is_finite(), "{row} {feature}: {got} {want}");
            }
        }
    }

    #[test]
    fn a_table_without_features_is_refused() {
        let mut table = Utterances::ravdess().table();
        table.float = Default::default();
        assert!(matches!(Features::from_parquet(&[parquet(&table, 0..9)]), Err(DatasetError::NoFeatures)));
    }
}
