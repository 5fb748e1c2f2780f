//! Who said what: the text columns of the features table.

mod frame;

use super::DatasetError;
use crate::options;
use crate::schema::{FeatureKeys, Signal, Split, SplitRow, Table};
use frame::sorted_frame;
use polars::prelude::{Column, DataFrame, DataType, IdxCa, IdxSize};
use std::str::FromStr;

/// The column that identifies an utterance.
const ID: &str = "utterance_id";
/// The column that names the original of an augmented row.
const AUGMENTED_FROM: &str = "augmented_from";
/// Text columns that say nothing by which utterances could be grouped or balanced.
const NEVER_GROUPED: [&str; 6] = [ID, "path", "audio_hash", "signal", AUGMENTED_FROM, "transform"];

/// The columns of the features table that are no features, sorted by utterance id: all that splitting looks at.
#[derive(Debug, Clone)]
pub struct Keys {
    frame: DataFrame,
    segments: Vec<Segment>,
}

/// Where an utterance lies in its recording.
#[derive(Debug, Clone)]
struct Segment {
    corpus: String,
    path: String,
    /// Seconds; open ends are 0 and infinity.
    start_s: f64,
    end_s: f64,
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
        let segments = order.iter().map(|row| Segment::of(&table.rows[*row])).collect();
        let keys = Self { frame, segments };
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
        Ok(self.augmented_from()?.iter().any(Option::is_some))
    }

    /// The utterances themselves, without augmented rows.
    pub(super) fn originals(&self) -> Result<Self, DatasetError> {
        let from = self.augmented_from()?;
        let rows: Vec<usize> = (0..self.len()).filter(|row| from[*row].is_none()).collect();
        let picked = IdxCa::from_vec("row".into(), rows.iter().map(|row| *row as IdxSize).collect());
        let frame = self.frame.take(&picked).map_err(DatasetError::query("features"))?;
        Ok(Self { frame, segments: rows.into_iter().map(|row| self.segments[row].clone()).collect() })
    }

    /// A text column, a cell an utterance.
    ///
    /// # Errors
    /// The column is missing or holds no text.
    pub fn texts(&self, column: &str) -> Result<Vec<Option<&str>>, DatasetError> {
        let cells = self.frame.column(column).and_then(Column::str).map_err(DatasetError::column(column))?;
        Ok(cells.iter().collect())
    }

    /// What tells the recording of each utterance: the hash of its samples; none of silence, which is equal wherever
    /// it comes from.
    ///
    /// # Errors
    /// A column is missing or holds no text.
    pub(super) fn recordings(&self) -> Result<Vec<Option<&str>>, DatasetError> {
        let hashes = self.texts("audio_hash")?.into_iter().zip(self.texts("signal")?);
        let is_silent = |signal: Option<&str>| signal.is_some_and(|cell| Signal::Silent.is_in(cell));
        Ok(hashes.map(|(hash, signal)| hash.filter(|_| !is_silent(signal))).collect())
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

    /// Whether any utterance is a segment of a longer recording.
    pub(super) fn has_segments(&self) -> bool {
        self.segments.iter().any(|segment| segment.start_s > 0.0 || segment.end_s.is_finite())
    }

    /// For each utterance that overlaps with others in its recording, a word that they share.
    pub(super) fn overlaps(&self) -> Vec<Option<String>> {
        let place = |row: &usize| {
            let segment = &self.segments[*row];
            (&segment.corpus, &segment.path)
        };
        let mut order: Vec<usize> = (0..self.segments.len()).collect();
        order.sort_by(|a, b| {
            place(a).cmp(&place(b)).then(self.segments[*a].start_s.total_cmp(&self.segments[*b].start_s))
        });
        let mut words = vec![None; order.len()];
        for recording in order.chunk_by(|a, b| place(a) == place(b)) {
            let mut first = recording[0];
            let mut end_s = self.segments[first].end_s;
            for &row in &recording[1..] {
                let segment = &self.segments[row];
                if segment.start_s < end_s {
                    let word = format!("{}/{}@{}", segment.corpus, segment.path, self.segments[first].start_s);
                    words[first] = Some(word.clone());
                    words[row] = Some(word);
                } else {
                    first = row;
                }
                end_s = end_s.max(segment.end_s);
            }
        }
        words
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

impl Segment {
    fn of(row: &FeatureKeys) -> Self {
        Self {
            corpus: row.corpus.clone(),
            path: row.path.clone(),
            start_s: row.start_s.unwrap_or(0.0),
            end_s: row.end_s.unwrap_or(f64::INFINITY),
        }
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
        let words = keys.overlaps();
        assert!(words[0].is_some() && words[0] == words[1] && words[1] == words[2], "{words:?}");
        assert_eq!(&words[3..], [None, None], "what begins where another ends shares nothing with it");
        assert!(keys.has_segments());
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
