//! Who said what: the text columns of the features table.

use super::DatasetError;
use crate::options;
use crate::schema::{FeatureKeys, Kind, Row, Side, Signal, SplitRow, Table, Value};
use polars::prelude::{
    BooleanChunked, ChunkSet, Column, DataFrame, DataType, Float64Chunked, IdxSize, PolarsResult, SortMultipleOptions,
    StringChunked,
};
use std::str::FromStr;

/// The column that identifies an utterance.
pub(super) const ID: &str = "utterance_id";
/// The column that names the original of an augmented row.
const AUGMENTED_FROM: &str = "augmented_from";
/// Text columns that say nothing by which utterances could be grouped or balanced.
const NEVER_GROUPED: [&str; 6] = [ID, "path", "audio_hash", "signal", AUGMENTED_FROM, "transform"];

/// The columns of the features table that are no features, sorted by utterance id: all that splitting looks at.
#[derive(Debug, Clone)]
pub struct Keys {
    frame: DataFrame,
}

impl Keys {
    /// Takes the keys and text columns of a features table with rows in any order.
    ///
    /// # Errors
    /// No rows, an utterance that stands there twice.
    pub fn new(table: &Table<FeatureKeys>) -> Result<Self, DatasetError> {
        Ok(Self::sorted(table)?.0)
    }

    /// The keys, and for each of them the row of `table` where it stood.
    pub(super) fn sorted(table: &Table<FeatureKeys>) -> Result<(Self, Vec<usize>), DatasetError> {
        if table.rows.is_empty() {
            return Err(DatasetError::Empty);
        }
        let (frame, order) = sorted_frame(table).map_err(DatasetError::query("features"))?;
        let keys = Self { frame };
        let ids = keys.ids()?;
        match ids.windows(2).find(|pair| pair[0] == pair[1]) {
            None => Ok((keys, order)),
            Some(pair) => Err(DatasetError::Duplicate { id: pair[0].to_owned() }),
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

    /// The original of each augmented row; none: the row is an utterance itself.
    pub(super) fn augmented_from(&self) -> Result<Vec<Option<&str>>, DatasetError> {
        self.texts(AUGMENTED_FROM)
    }

    /// Whether there are augmented rows.
    pub(super) fn has_augmented(&self) -> Result<bool, DatasetError> {
        Ok(self.cells(AUGMENTED_FROM)?.null_count() < self.len())
    }

    /// The utterances themselves, without augmented rows.
    pub(super) fn originals(&self) -> Result<Self, DatasetError> {
        self.kept(|rows| rows.filter(&rows.column(AUGMENTED_FROM)?.is_null()))
    }

    /// A text column, a cell an utterance.
    ///
    /// # Errors
    /// The column is missing or holds no text.
    pub fn texts(&self, column: &str) -> Result<Vec<Option<&str>>, DatasetError> {
        Ok(self.cells(column)?.iter().collect())
    }

    /// A text column as Polars sees it.
    ///
    /// # Errors
    /// The column is missing or holds no text.
    pub(super) fn cells(&self, column: &str) -> Result<&StringChunked, DatasetError> {
        self.frame.column(column).and_then(Column::str).map_err(DatasetError::column(column))
    }

    /// What tells the recording of each utterance: the hash of its samples; none of silence, which is equal wherever
    /// it comes from.
    ///
    /// # Errors
    /// A column is missing or holds no text.
    pub(super) fn recordings(&self) -> Result<StringChunked, DatasetError> {
        let signals = self.cells("signal")?.iter();
        let is_silent: BooleanChunked =
            signals.map(|cell| cell.is_some_and(|cell| Signal::Silent.is_in(cell))).collect();
        self.cells("audio_hash")?.set(&is_silent, None).map_err(DatasetError::query("features"))
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
        let nearest = options::nearest(column, legal.iter().map(String::as_str)).map(str::to_owned);
        Err(DatasetError::UnknownColumn { key, column: column.to_owned(), legal, nearest })
    }

    /// Where the utterances of split rows stand in the table, and on which side they are.
    ///
    /// # Errors
    /// An unknown utterance, a word that is no side.
    pub(super) fn located(&self, rows: &[SplitRow]) -> Result<Vec<(usize, Side)>, DatasetError> {
        let ids = self.ids()?;
        let place = |row: &SplitRow| {
            let id = row.utterance_id.as_str();
            let at = ids.binary_search(&id).map_err(|_| DatasetError::UnknownUtterance { id: id.to_owned() })?;
            let side = Side::from_str(&row.split).map_err(|_| DatasetError::BadValue {
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
        match self.cells("speaker")?.get(row) {
            Some(speaker) => Ok(speaker.to_owned()),
            None => Err(DatasetError::NoSpeaker { id: self.cells(ID)?.get(row).unwrap_or_default().to_owned() }),
        }
    }

    /// Whether any utterance is a segment of a longer recording.
    pub(super) fn has_segments(&self) -> Result<bool, DatasetError> {
        Ok(self.segments()?.iter().any(|segment| segment.start_s > 0.0 || segment.end_s.is_finite()))
    }

    /// For each utterance that overlaps with others in its recording, a word that they share.
    pub(super) fn overlaps(&self) -> Result<Vec<Option<String>>, DatasetError> {
        let mut words = vec![None; self.len()];
        for recording in self.segments()?.chunk_by(|a, b| a.recording == b.recording) {
            let (mut first, mut end_s) = (&recording[0], recording[0].end_s);
            for segment in &recording[1..] {
                if segment.start_s < end_s {
                    let (corpus, path) = segment.recording;
                    let word = format!("{corpus}/{path}@{}", first.start_s);
                    words[first.row] = Some(word.clone());
                    words[segment.row] = Some(word);
                } else {
                    first = segment;
                }
                end_s = end_s.max(segment.end_s);
            }
        }
        Ok(words)
    }

    /// Where each utterance lies in its recording, by recording and start.
    fn segments(&self) -> Result<Vec<Segment<'_>>, DatasetError> {
        let (corpora, paths) = (self.cells("corpus")?, self.cells("path")?);
        let (starts, ends) = (self.seconds("start_s")?, self.seconds("end_s")?);
        let segment = |row| Segment {
            row,
            recording: (corpora.get(row).unwrap_or_default(), paths.get(row).unwrap_or_default()),
            start_s: starts.get(row).unwrap_or(0.0),
            end_s: ends.get(row).unwrap_or(f64::INFINITY),
        };
        let mut segments: Vec<Segment> = (0..self.len()).map(segment).collect();
        segments.sort_by(|a, b| a.recording.cmp(&b.recording).then(a.start_s.total_cmp(&b.start_s)));
        Ok(segments)
    }

    fn seconds(&self, column: &str) -> Result<&Float64Chunked, DatasetError> {
        self.frame.column(column).and_then(Column::f64).map_err(DatasetError::column(column))
    }

    /// The rows that a query leaves, in their order.
    pub(super) fn kept(&self, query: impl FnOnce(&DataFrame) -> PolarsResult<DataFrame>) -> Result<Self, DatasetError> {
        Ok(Self { frame: self.query(query)? })
    }

    /// What Polars finds in the rows.
    pub(super) fn query<T>(&self, query: impl FnOnce(&DataFrame) -> PolarsResult<T>) -> Result<T, DatasetError> {
        query(&self.frame).map_err(DatasetError::query("features"))
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

/// Where an utterance lies in its recording.
struct Segment<'a> {
    row: usize,
    /// Corpus and path.
    recording: (&'a str, &'a str),
    /// Seconds; open ends are 0 and infinity.
    start_s: f64,
    end_s: f64,
}

/// The rows by utterance id, and where each of them stood.
fn sorted_frame(table: &Table<FeatureKeys>) -> PolarsResult<(DataFrame, Vec<usize>)> {
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

#[cfg(test)]
mod tests {
    use super::super::testing::Utterances;
    use super::*;

    #[test]
    fn rows_are_taken_in_id_order_with_extra_columns() {
        let table = Utterances::ravdess().table();
        let mut turned = table.clone();
        turned.rows.reverse();
        turned.text.values.reverse();
        let keys = Keys::new(&turned).expect("legal rows");
        assert_eq!(keys.len(), 1440);
        assert!(keys.ids().expect("ids").is_sorted());
        assert_eq!(keys.texts("room").expect("extra column")[0], Some("a"));
        assert!(keys.groupable().contains(&"speaker".to_owned()));
        assert!(!keys.groupable().contains(&"audio_hash".to_owned()));
        let straight = Keys::new(&table).expect("legal rows");
        assert!(straight.frame().equals_missing(keys.frame()), "the order of rows matters");
    }

    #[test]
    fn faults_are_named() {
        let mut table = Utterances::ravdess().table();
        table.rows[3].utterance_id = table.rows[900].utterance_id.clone();
        let error = Keys::new(&table).expect_err("an id twice").to_string();
        assert!(error.contains(&table.rows[3].utterance_id), "{error}");
        assert!(matches!(Keys::new(&Table::default()), Err(DatasetError::Empty)));
    }

    #[test]
    fn overlapping_segments_of_one_recording_share_a_word() {
        let mut table = Utterances::of("c", &[(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)]).table();
        let places = [("a", 0.0, 1.0), ("a", 0.9, 3.0), ("a", 2.0, 2.5), ("a", 3.0, 4.0), ("b", 0.0, 9.0)];
        for (row, (path, start, end)) in table.rows.iter_mut().zip(places) {
            (row.path, row.start_s, row.end_s) = (path.to_owned(), Some(start), Some(end));
        }
        let keys = Keys::new(&table).expect("legal rows");
        let words = keys.overlaps().expect("places");
        assert!(words[0].is_some() && words[0] == words[1] && words[1] == words[2], "{words:?}");
        assert_eq!(&words[3..], [None, None], "what begins where another ends shares nothing with it");
        assert!(keys.has_segments().expect("places"));
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
