//! The features table: keys and numbers.

use super::keys::KeysBuilder;
use super::{DatasetError, Keys};
use crate::matrix::{Matrix, MatrixBuilder, Memory};
use crate::schema::{FeatureKeys, Table};

/// The features table, sorted by utterance id.
#[derive(Debug, Clone)]
pub struct Features {
    keys: Keys,
    names: Vec<String>,
    /// Rows x features.
    values: Matrix,
}

/// Takes a features table part by part.
pub struct FeaturesBuilder {
    keys: KeysBuilder,
    names: Vec<String>,
    memory: Memory,
    rows: usize,
    values: Option<MatrixBuilder>,
}

impl FeaturesBuilder {
    /// Nothing is there yet of a table of so many rows.
    pub fn new(memory: &Memory, rows: usize) -> Self {
        Self { keys: KeysBuilder::default(), names: Vec::new(), memory: memory.clone(), rows, values: None }
    }

    /// Takes the rows of a part. A NaN and an infinity are a missing value.
    ///
    /// # Errors
    /// No features; the numbers fit nowhere.
    pub fn push(&mut self, mut part: Table<FeatureKeys>) -> Result<(), DatasetError> {
        let values = match &mut self.values {
            Some(values) => values,
            None if part.float.names.is_empty() => return Err(DatasetError::NoFeatures),
            none => {
                self.names.clone_from(&part.float.names);
                none.insert(MatrixBuilder::new(&self.memory, self.rows, self.names.len()))
            }
        };
        self.keys.push(&part);
        part.float.values.iter_mut().filter(|value| !value.is_finite()).for_each(|value| *value = f32::NAN);
        Ok(values.push(&part.float.values)?)
    }

    /// The table, whatever the order of the rows was.
    ///
    /// # Errors
    /// No rows, an utterance that stands there twice, or the numbers fit nowhere in another order.
    pub fn finish(self) -> Result<Features, DatasetError> {
        let (keys, order) = self.keys.finish()?;
        let values = self.values.ok_or(DatasetError::NoFeatures)?.finish();
        let values = match order {
            None => values,
            Some(order) => Matrix::build(&self.memory, values.dim(), |rows, block| values.gather(&order[rows], block))?,
        };
        Ok(Features { keys, names: self.names, values })
    }
}

impl Features {
    /// Takes a features table with rows in any order. A NaN and an infinity are a missing value.
    ///
    /// # Errors
    /// No rows, no features, an utterance that stands there twice.
    pub fn new(table: &Table<FeatureKeys>) -> Result<Self, DatasetError> {
        let mut features = FeaturesBuilder::new(&Memory::unlimited(), table.rows.len());
        features.push(table.clone())?;
        features.finish()
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
    pub fn values(&self) -> &Matrix {
        &self.values
    }

    /// The same rows with classes by the number in a text column: [`Keys::by_target`].
    ///
    /// # Errors
    /// Those of [`Keys::targets`].
    pub fn by_target(self, column: &str) -> Result<Self, DatasetError> {
        Ok(Self { keys: self.keys.by_target(column)?, ..self })
    }

    /// The same rows with some of the features; `columns` are their numbers, ascending.
    ///
    /// # Errors
    /// The numbers fit nowhere.
    pub fn pick(&self, columns: &[usize]) -> Result<Self, DatasetError> {
        let names = columns.iter().map(|at| self.names[*at].clone()).collect();
        Ok(Self { keys: self.keys.clone(), names, values: self.values.pick(columns)? })
    }
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
        let values = features.values().whole().expect("held");
        let ids = features.keys().ids().expect("ids");
        for (row, key) in table.rows.iter().enumerate() {
            let at = ids.binary_search(&key.utterance_id.as_str()).expect("known id");
            for (feature, want) in table.float.row(row).iter().enumerate() {
                let got = values[[at, feature]];
                assert!(got == *want || got.is_nan() && !want.is_finite(), "{row} {feature}: {got} {want}");
            }
        }
    }

    #[test]
    fn parts_make_the_table_wherever_its_numbers_lie() {
        let table = Utterances::ravdess().augmented(&["speed0.9"]);
        let whole = Features::new(&table).expect("legal rows");
        let width = table.float.names.len();
        for memory in [Memory::unlimited(), Memory::new(0)] {
            let mut features = FeaturesBuilder::new(&memory, table.rows.len());
            for rows in (0..table.rows.len()).collect::<Vec<_>>().chunks(500) {
                let (first, end) = (rows[0], rows[rows.len() - 1] + 1);
                let mut part = table.clone();
                part.rows = table.rows[first..end].to_vec();
                part.text.values = table.text.values[first..end].to_vec();
                part.float.values = table.float.values[first * width..end * width].to_vec();
                features.push(part).expect("there is room");
            }
            let features = features.finish().expect("legal rows");
            assert!(*features.values() == *whole.values());
            for column in features.keys().groupable().iter().map(String::as_str).chain(["augmented_from"]) {
                let [got, want] = [&features, &whole].map(|features| features.keys().texts(column).expect("a column"));
                assert_eq!(got, want, "{column}");
            }
        }
    }

    #[test]
    fn picked_features_keep_their_rows() {
        let features = Features::new(&Utterances::ravdess().table()).expect("legal rows");
        let picked = features.pick(&[1]).expect("held");
        assert_eq!(picked.names(), &features.names()[1..2]);
        let [of_picked, of_all] = [&picked, &features].map(|features| features.values().whole().expect("held"));
        assert_eq!(of_picked.column(0), of_all.column(1));
        assert_eq!(picked.keys().len(), features.keys().len());
    }

    #[test]
    fn a_table_without_features_is_refused() {
        let mut table = Utterances::ravdess().table();
        table.float = Default::default();
        assert!(matches!(Features::new(&table), Err(DatasetError::NoFeatures)));
    }
}
