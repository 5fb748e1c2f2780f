//! Who said what: the text columns of the features table.

mod builder;

use super::DatasetError;
use crate::options;
use polars::prelude::{Column, DataFrame, Float64Chunked, PolarsResult, UInt32Chunked};
use std::collections::BTreeMap;
use std::sync::Arc;

pub use builder::KeysBuilder;

use crate::schema::{FeatureKeys, Table};

/// The column that identifies an utterance.
const ID: &str = "utterance_id";
/// The column that names the original of an augmented row.
const AUGMENTED_FROM: &str = "augmented_from";
/// Utterances of equal samples share a number; none of silence, which is equal wherever it comes from.
const RECORDING: &str = "#recording";
/// Utterances of one file share a number. This and the next two are there where any file has several utterances, or a
/// segment.
const FILE: &str = "#file";
const START: &str = "start_s";
const END: &str = "end_s";
/// Text columns that say nothing by which utterances could be grouped or balanced.
const NEVER_GROUPED: [&str; 2] = [ID, AUGMENTED_FROM];

/// The columns of the features table that are no features, sorted by utterance id: all that splitting looks at. A word is
/// kept once, however many utterances have it.
#[derive(Debug, Clone)]
pub struct Keys {
    /// The ids as text, every other text column as numbers of words.
    frame: DataFrame,
    /// The words of each text column.
    words: Arc<BTreeMap<String, Vec<Box<str>>>>,
    /// Whether classes are parts of a target's range.
    are_parts: bool,
}

/// Parts of a target's range.
const TARGET_BINS: usize = 4;

impl Keys {
    /// Takes the keys and text columns of a features table with rows in any order.
    ///
    /// # Errors
    /// No rows, an utterance that stands there twice.
    pub fn new(table: &Table<FeatureKeys>) -> Result<Self, DatasetError> {
        let mut keys = KeysBuilder::default();
        keys.push(table);
        Ok(keys.finish()?.0)
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
        let ids = self.frame.column(ID).and_then(Column::str).map_err(DatasetError::column(ID))?;
        Ok(ids.iter().map(Option::unwrap_or_default).collect())
    }

    /// The class of each utterance.
    ///
    /// # Errors
    /// The column is missing or holds no text.
    pub fn emotions(&self) -> Result<Vec<&str>, DatasetError> {
        Ok(self.texts("emotion")?.into_iter().map(Option::unwrap_or_default).collect())
    }

    /// The original of each augmented row; none: the row is an utterance itself.
    pub(super) fn augmented_from(&self) -> Result<Vec<Option<&str>>, DatasetError> {
        self.texts(AUGMENTED_FROM)
    }

    /// Whether there are augmented rows.
    pub(super) fn has_augmented(&self) -> Result<bool, DatasetError> {
        Ok(self.numbers(AUGMENTED_FROM)?.null_count() < self.len())
    }

    /// The utterances themselves, without augmented rows.
    ///
    /// # Errors
    /// A column is missing.
    pub fn originals(&self) -> Result<Self, DatasetError> {
        self.kept(|rows| rows.filter(&rows.column(AUGMENTED_FROM)?.is_null()))
    }

    /// All rows but one; the same rows where there is no such id.
    ///
    /// # Errors
    /// A column is missing.
    pub fn without(&self, id: &str) -> Result<Self, DatasetError> {
        let others = self.ids()?.into_iter().map(|other| Some(other != id)).collect();
        self.kept(|rows| rows.filter(&others))
    }

    /// A text column, a cell an utterance.
    ///
    /// # Errors
    /// The column is missing or holds no text.
    pub fn texts(&self, column: &str) -> Result<Vec<Option<&str>>, DatasetError> {
        let numbers = self.numbers(column)?;
        let words = self.words.get(column).map(Vec::as_slice).unwrap_or_default();
        Ok(numbers.iter().map(|number| Some(&*words[number? as usize])).collect())
    }

    /// A text column as numbers: equal words have equal ones.
    ///
    /// # Errors
    /// The column is missing or holds no text.
    pub(super) fn numbers(&self, column: &str) -> Result<&UInt32Chunked, DatasetError> {
        self.frame.column(column).and_then(Column::u32).map_err(DatasetError::column(column))
    }

    /// What tells the recording of each utterance: a number for equal samples; none of silence.
    ///
    /// # Errors
    /// The column is missing.
    pub(super) fn recordings(&self) -> Result<&UInt32Chunked, DatasetError> {
        self.numbers(RECORDING)
    }

    /// Text columns by which utterances can be grouped, balanced or split.
    pub fn groupable(&self) -> Vec<String> {
        let names = self.frame.columns().iter().map(|column| column.name().to_string());
        names.filter(|name| self.words.contains_key(name) && !NEVER_GROUPED.contains(&name.as_str())).collect()
    }

    /// The groupable text column that `key` of the pipeline file names.
    ///
    /// # Errors
    /// There is no such column.
    pub fn named(&self, key: &'static str, column: &str) -> Result<Vec<Option<&str>>, DatasetError> {
        let legal = self.groupable();
        if legal.iter().any(|name| name == column) {
            return self.texts(column);
        }
        let nearest = options::nearest(column, legal.iter().map(String::as_str)).map(str::to_owned);
        Err(DatasetError::UnknownColumn { key, column: column.to_owned(), legal, nearest })
    }

    /// The number that a text column holds for each utterance.
    ///
    /// # Errors
    /// There is no such column; a cell without a number.
    pub fn targets(&self, column: &str) -> Result<Vec<f64>, DatasetError> {
        let cells = self.named("target", column)?;
        let number =
            |cell: Option<&str>| cell.and_then(|cell| cell.trim().parse::<f64>().ok()).filter(|n| n.is_finite());
        let wrong = |cell: Option<&str>| DatasetError::BadValue {
            table: "features",
            column: "target",
            value: cell.unwrap_or_default().to_owned(),
        };
        cells.into_iter().map(|cell| number(cell).ok_or_else(|| wrong(cell))).collect()
    }

    /// The same keys with parts of the range of the number in a text column in place of the classes: four, with about as many
    /// utterances each. They are spread over the sides; none needs to be on each.
    ///
    /// # Errors
    /// Those of [`Keys::targets`].
    pub fn by_target(&self, column: &str) -> Result<Self, DatasetError> {
        let bins = TARGET_BINS;
        let targets = self.targets(column)?;
        let mut sorted = targets.clone();
        sorted.sort_by(f64::total_cmp);
        let edges: Vec<f64> = (1..bins).map(|bin| sorted[bin * sorted.len() / bins]).collect();
        let bin = |target: &f64| edges.iter().filter(|edge| target > edge).count() as u32;
        let numbers = targets.iter().map(|target| Some(bin(target))).collect::<Vec<_>>();
        let names = (1..=bins).map(|bin| format!("{column}, part {bin} of {bins}").into_boxed_str()).collect();
        let (mut frame, mut words) = (self.frame.clone(), (*self.words).clone());
        frame.with_column(Column::new("emotion".into(), numbers)).map_err(DatasetError::column("emotion"))?;
        words.insert("emotion".to_owned(), names);
        Ok(Self { frame, words: Arc::new(words), are_parts: true })
    }

    /// Whether classes are parts of a target's range.
    pub(super) fn are_parts(&self) -> bool {
        self.are_parts
    }

    /// The speaker of each utterance of a fold or group that needs one; `rows` are their numbers.
    ///
    /// # Errors
    /// The first of them that has none.
    pub(super) fn speakers(&self, rows: &[usize]) -> Result<Vec<&str>, DatasetError> {
        let speakers = self.texts("speaker")?;
        let named = |row: &usize| match speakers[*row] {
            Some(speaker) => Ok(speaker),
            None => Err(DatasetError::NoSpeaker { id: self.ids()?[*row].to_owned() }),
        };
        rows.iter().map(named).collect()
    }

    /// Whether any utterance is a segment of a longer recording.
    ///
    /// # Errors
    /// A column holds something else.
    pub(super) fn has_segments(&self) -> Result<bool, DatasetError> {
        if self.frame.column(FILE).is_err() {
            return Ok(false);
        }
        let (starts, ends) = (self.seconds(START)?, self.seconds(END)?);
        Ok(starts.iter().flatten().any(|start| start > 0.0) || ends.iter().flatten().any(f64::is_finite))
    }

    /// For each utterance that overlaps with others in its recording, a number that they share.
    pub(super) fn overlaps(&self) -> Result<Vec<Option<u32>>, DatasetError> {
        let mut numbers = vec![None; self.len()];
        for recording in self.segments()?.chunk_by(|a, b| a.file == b.file) {
            let (mut first, mut end_s) = (&recording[0], recording[0].end_s);
            for segment in &recording[1..] {
                if segment.start_s < end_s {
                    numbers[first.row] = Some(first.row as u32);
                    numbers[segment.row] = Some(first.row as u32);
                } else {
                    first = segment;
                }
                end_s = end_s.max(segment.end_s);
            }
        }
        Ok(numbers)
    }

    /// Where each utterance lies in its recording, by recording and start; none where each has a file of its own.
    fn segments(&self) -> Result<Vec<Segment>, DatasetError> {
        if self.frame.column(FILE).is_err() {
            return Ok(Vec::new());
        }
        let (files, starts, ends) = (self.numbers(FILE)?, self.seconds(START)?, self.seconds(END)?);
        let segment = |row| Segment {
            row,
            file: files.get(row).unwrap_or_default(),
            start_s: starts.get(row).unwrap_or(0.0),
            end_s: ends.get(row).unwrap_or(f64::INFINITY),
        };
        let mut segments: Vec<Segment> = (0..self.len()).map(segment).collect();
        segments.sort_by(|a, b| a.file.cmp(&b.file).then(a.start_s.total_cmp(&b.start_s)));
        Ok(segments)
    }

    fn seconds(&self, column: &str) -> Result<&Float64Chunked, DatasetError> {
        self.frame.column(column).and_then(Column::f64).map_err(DatasetError::column(column))
    }

    /// The rows that a query leaves, in their order.
    pub(super) fn kept(&self, query: impl FnOnce(&DataFrame) -> PolarsResult<DataFrame>) -> Result<Self, DatasetError> {
        Ok(Self { frame: self.query(query)?, words: Arc::clone(&self.words), are_parts: self.are_parts })
    }

    /// What Polars finds in the rows.
    pub(super) fn query<T>(&self, query: impl FnOnce(&DataFrame) -> PolarsResult<T>) -> Result<T, DatasetError> {
        query(&self.frame).map_err(DatasetError::query("features"))
    }
}

/// Where an utterance lies in its recording.
struct Segment {
    row: usize,
    /// Number of its file.
    file: u32,
    /// Seconds; open ends are 0 and infinity.
    start_s: f64,
    end_s: f64,
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
        assert!(
            ["speaker", "emotion", "room"].iter().all(|name| straight.texts(name).ok() == keys.texts(name).ok()),
            "the order of rows matters"
        );
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
        let numbers = keys.overlaps().expect("places");
        assert!(numbers[0].is_some() && numbers[0] == numbers[1] && numbers[1] == numbers[2], "{numbers:?}");
        assert_eq!(&numbers[3..], [None, None], "what begins where another ends shares nothing with it");
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
