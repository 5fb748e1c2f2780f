//! Who said what: the text columns of the features table.

use super::DatasetError;
use super::error::nearest;
use crate::schema::{Split, SplitRow};
use bytes::Bytes;
use polars::prelude::{
    Column, DataFrame, DataType, ParquetReader, PolarsError, Schema, SchemaExt, SerReader, SortMultipleOptions,
};
use std::io::Cursor;
use std::str::FromStr;

/// The column that identifies an utterance.
const ID: &str = "utterance_id";
/// Text columns that say nothing by which utterances could be grouped or balanced.
const NEVER_GROUPED: [&str; 3] = [ID, "path", "audio_hash"];

/// The text columns of the features table, sorted by utterance id: all that splitting looks at.
#[derive(Debug, Clone)]
pub struct Keys {
    frame: DataFrame,
}

impl Keys {
    /// Reads the text columns of a features table from the Parquet bytes of its parts, in any order.
    ///
    /// # Errors
    /// An unreadable part, parts with different columns, no rows, an utterance that stands there twice.
    pub fn from_parquet(parts: &[Bytes]) -> Result<Self, DatasetError> {
        Self::from_frame(read_parts(parts, |kind| *kind == DataType::String)?)
    }

    /// Takes rows in any order.
    pub(super) fn from_frame(frame: DataFrame) -> Result<Self, DatasetError> {
        if frame.height() == 0 {
            return Err(DatasetError::Empty);
        }
        let sorted = frame.sort([ID], SortMultipleOptions::default()).map_err(DatasetError::query("features"))?;
        let keys = Self { frame: sorted };
        let ids = keys.texts(ID)?;
        match ids.windows(2).find(|pair| pair[0] == pair[1]) {
            None => Ok(keys),
            Some(pair) => Err(DatasetError::Duplicate { id: pair[0].unwrap_or_default().to_owned() }),
        }
    }

    /// Number of utterances.
    pub fn len(&self) -> usize {
        self.frame.height()
    }

    /// Whether there is no utterance.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Utterance ids, ascending.
    ///
    /// # Errors
    /// The column is missing or holds no text.
    pub fn ids(&self) -> Result<Vec<&str>, DatasetError> {
        self.words(ID)
    }

    /// The class of each utterance.
    ///
    /// # Errors
    /// The column is missing or holds no text.
    pub fn emotions(&self) -> Result<Vec<&str>, DatasetError> {
        self.words("emotion")
    }

    /// A text column, a cell an utterance.
    ///
    /// # Errors
    /// The column is missing or holds no text.
    pub fn texts(&self, column: &str) -> Result<Vec<Option<&str>>, DatasetError> {
        let cells = self.frame.column(column).and_then(Column::str).map_err(DatasetError::column(column))?;
        Ok(cells.iter().collect())
    }

    /// Text columns by which utterances can be grouped, balanced or split.
    pub fn groupable(&self) -> Vec<String> {
        let columns = self.frame.columns().iter().filter(|column| *column.dtype() == DataType::String);
        let names = columns.map(|column| column.name().to_string());
        names.filter(|name| !NEVER_GROUPED.contains(&name.as_str())).collect()
    }

    /// The groupable text column that `key` of the pipeline file names.
    ///
    /// # Errors
    /// There is no such column.
    pub(super) fn named(&self, key: &'static str, column: &str) -> Result<Vec<Option<&str>>, DatasetError> {
        let legal = self.groupable();
        if legal.iter().any(|name| name == column) {
            return self.texts(column);
        }
        let nearest = nearest(column, &legal);
        Err(DatasetError::UnknownColumn { key, column: column.to_owned(), legal, nearest })
    }

    /// Where the utterances of split rows stand in the table, and on which side they are.
    ///
    /// # Errors
    /// An unknown utterance, a word that is no side.
    pub(super) fn located(&self, rows: &[SplitRow]) -> Result<Vec<(usize, Split)>, DatasetError> {
        let ids = self.ids()?;
        let place = |row: &SplitRow| {
            let id = row.utterance_id.as_str();
            let at = ids.binary_search(&id).map_err(|_| DatasetError::UnknownUtterance { id: id.to_owned() })?;
            let side = Split::from_str(&row.split).map_err(|_| DatasetError::BadValue {
                table: "splits",
                column: "split",
                value: row.split.clone(),
            })?;
            Ok((at, side))
        };
        rows.iter().map(place).collect()
    }

    /// The speaker of a row.
    ///
    /// # Errors
    /// The row has none.
    pub(super) fn speaker(&self, row: usize) -> Result<String, DatasetError> {
        let cell = |column| {
            let cells = self.frame.column(column).and_then(Column::str).map_err(DatasetError::column(column))?;
            Ok(cells.get(row).map(str::to_owned))
        };
        match cell("speaker")? {
            Some(speaker) => Ok(speaker),
            None => Err(DatasetError::NoSpeaker { id: cell(ID)?.unwrap_or_default() }),
        }
    }

    /// Takes the columns of some types out of the table.
    pub(super) fn split_off(&mut self, wanted: impl Fn(&DataType) -> bool) -> Vec<Column> {
        let columns: Vec<Column> =
            self.frame.columns().iter().filter(|column| wanted(column.dtype())).cloned().collect();
        self.frame = self.frame.drop_many(columns.iter().map(|column| column.name().clone()));
        columns
    }

    /// The rows as Polars sees them, sorted by utterance id.
    pub(super) fn frame(&self) -> &DataFrame {
        &self.frame
    }

    /// A column that has a value in every row.
    fn words(&self, column: &str) -> Result<Vec<&str>, DatasetError> {
        Ok(self.texts(column)?.into_iter().map(Option::unwrap_or_default).collect())
    }
}

/// Reads the columns of the wanted types from all parts, part after part.
pub(super) fn read_parts(parts: &[Bytes], wanted: impl Fn(&DataType) -> bool) -> Result<DataFrame, DatasetError> {
    let mut all: Option<DataFrame> = None;
    for (part, bytes) in parts.iter().enumerate() {
        let frame =
            read_part(bytes, &wanted).map_err(|source| DatasetError::Read { part: format!("part {part}"), source })?;
        match &mut all {
            None => all = Some(frame),
            Some(all) => append(all, part, &frame)?,
        }
    }
    let mut all = all.ok_or(DatasetError::Empty)?;
    all.rechunk_mut();
    Ok(all)
}

fn read_part(bytes: &Bytes, wanted: impl Fn(&DataType) -> bool) -> Result<DataFrame, PolarsError> {
    let mut reader = ParquetReader::new(Cursor::new(bytes.clone()));
    let schema = Schema::from_arrow_schema(reader.schema()?.as_ref());
    let names = schema.iter().filter(|(_, kind)| wanted(kind)).map(|(name, _)| name.to_string()).collect();
    reader.with_columns(Some(names)).finish()
}

fn append(all: &mut DataFrame, part: usize, frame: &DataFrame) -> Result<(), DatasetError> {
    let (ours, theirs) = (all.get_column_names_owned(), frame.get_column_names());
    let different = ours.iter().zip(&theirs).find(|(ours, theirs)| ours != *theirs);
    let difference = match different {
        Some((ours, theirs)) => format!("`{theirs}` stands in the place of `{ours}`"),
        None if ours.len() != theirs.len() => format!("{} columns instead of {}", theirs.len(), ours.len()),
        None => return all.vstack_mut(frame).map(|_| ()).map_err(DatasetError::query("features")),
    };
    Err(DatasetError::Parts { part, difference })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Utterances, parquet};
    use super::*;

    #[test]
    fn parts_are_read_in_id_order_with_extra_columns() {
        let table = Utterances::ravdess().table();
        let parts = [parquet(&table, 700..1440), parquet(&table, 0..700)];
        let keys = Keys::from_parquet(&parts).expect("readable parts");
        assert_eq!(keys.len(), 1440);
        assert!(keys.ids().expect("ids").is_sorted());
        assert_eq!(keys.texts("room").expect("extra column")[0], Some("a"));
        assert!(keys.groupable().contains(&"speaker".to_owned()));
        assert!(!keys.groupable().contains(&"audio_hash".to_owned()));
    }

    #[test]
    fn faults_are_named() {
        let table = Utterances::ravdess().table();
        let twice = [parquet(&table, 0..3), parquet(&table, 2..5)];
        let error = Keys::from_parquet(&twice).expect_err("an id twice").to_string();
        assert!(error.contains(&table.rows[2].utterance_id), "{error}");
        let broken = [parquet(&table, 0..3), Bytes::from_static(b"no parquet")];
        let error = Keys::from_parquet(&broken).expect_err("no parquet").to_string();
        assert!(error.contains("part 1"), "{error}");
        assert!(matches!(Keys::from_parquet(&[]), Err(DatasetError::Empty)));
        assert!(matches!(Keys::from_parquet(&[parquet(&table, 0..0)]), Err(DatasetError::Empty)));
    }

    #[test]
    fn parts_with_other_columns_are_refused() {
        let mut table = Utterances::ravdess().table();
        let first = parquet(&table, 0..3);
        table.text.names[0] = "hall".to_owned();
        let error = Keys::from_parquet(&[first, parquet(&table, 3..5)]).expect_err("other columns").to_string();
        assert!(error.contains("part 1") && error.contains("hall") && error.contains("room"), "{error}");
    }

    #[test]
    fn an_unknown_column_comes_with_the_legal_ones() {
        let keys = Utterances::ravdess().keys();
        let error = keys.named("split.group_by", "speakr").expect_err("no such column").to_string();
        for part in ["split.group_by", "`speakr`", "text_id", "did you mean `speaker`"] {
            assert!(error.contains(part), "{error}");
        }
    }
}
