//! The features table: keys and numbers.

use super::{DatasetError, Keys};
use crate::schema::{Columns, FeatureKeys, Table};
use ndarray::{Array2, ShapeBuilder};

/// The features table in memory, sorted by utterance id.
#[derive(Debug, Clone)]
pub struct Features {
    keys: Keys,
    names: Vec<String>,
    /// Rows x features, a feature after the other in memory, since statistics run down columns.
    values: Array2<f32>,
}

impl Features {
    /// Takes a features table with rows in any order. A NaN and an infinity are a missing value.
    ///
    /// # Errors
    /// No rows, no features, an utterance that stands there twice.
    pub fn new(table: &Table<FeatureKeys>) -> Result<Self, DatasetError> {
        let (keys, order) = Keys::sorted(table)?;
        if table.float.names.is_empty() {
            return Err(DatasetError::NoFeatures);
        }
        Ok(Self { keys, names: table.float.names.clone(), values: matrix(&table.float, &order) })
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

impl Features {
    /// The same rows with some of the features; `columns` are their numbers, ascending.
    pub fn pick(&self, columns: &[usize]) -> Self {
        let mut values = Array2::zeros((self.values.nrows(), columns.len()).f());
        for (mut target, column) in values.columns_mut().into_iter().zip(columns) {
            target.assign(&self.values.column(*column));
        }
        Self { keys: self.keys.clone(), names: columns.iter().map(|at| self.names[*at].clone()).collect(), values }
    }
}

/// The cells of the rows in `order`.
fn matrix(cells: &Columns<f32>, order: &[usize]) -> Array2<f32> {
    let shape = (order.len(), cells.names.len());
    Array2::from_shape_fn(shape.f(), |(row, feature)| {
        let value = cells.row(order[row])[feature];
        if value.is_finite() { value } else { f32::NAN }
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::Utterances;
    use super::*;

    #[test]
    fn numbers_follow_their_ids() {
        let mut table = Utterances::ravdess().table();
        table.float.values[2] = f32::NAN;
        table.float.values[3] = f32::INFINITY;
        let mut shuffled = table.clone();
        shuffled.rows.rotate_left(10);
        shuffled.text.values.rotate_left(10);
        shuffled.float.values.rotate_left(10 * table.float.names.len());
        let features = Features::new(&shuffled).expect("legal rows");
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
    fn picked_features_keep_their_rows() {
        let features = Features::new(&Utterances::ravdess().table()).expect("legal rows");
        let picked = features.pick(&[1]);
        assert_eq!(picked.names(), &features.names()[1..2]);
        assert_eq!(picked.values().column(0), features.values().column(1));
        assert_eq!(picked.keys().len(), features.keys().len());
    }

    #[test]
    fn a_table_without_features_is_refused() {
        let mut table = Utterances::ravdess().table();
        table.float = Default::default();
        assert!(matches!(Features::new(&table), Err(DatasetError::NoFeatures)));
    }
}
