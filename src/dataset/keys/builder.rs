//! Keys part by part: what stays of a row is a few numbers.

use super::{AUGMENTED_FROM, END, FILE, ID, Keys, RECORDING, START};
use crate::dataset::DatasetError;
use crate::schema::{FeatureKeys, Kind, Row, Signal, Table, Value};
use polars::prelude::{
    Column, DataFrame, IdxSize, IntoColumn, NewChunkedArray, PolarsResult, SortMultipleOptions, StringChunkedBuilder,
    UInt32Chunked,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Text columns that are kept as something else, or not at all.
const NOT_WORDS: [&str; 5] = [ID, "path", "audio_hash", "signal", "transform"];

/// Takes the keys of a features table part by part.
pub struct KeysBuilder {
    ids: StringChunkedBuilder,
    /// The last id, while all were in order.
    last: Option<String>,
    is_sorted: bool,
    /// Columns of words, and where each stands: among the typed columns, or among the text columns that follow them.
    words: Vec<(Place, Words)>,
    /// Of the samples; [`SILENT`] of silence.
    recordings: Vec<u128>,
    /// Of corpus and path.
    files: Vec<u128>,
    /// Seconds; open ends are 0 and infinity.
    starts: Vec<f64>,
    ends: Vec<f64>,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    Typed(usize),
    Text(usize),
}

/// A column of words as numbers, in the order in which the words were first met.
#[derive(Default)]
struct Words {
    name: String,
    known: BTreeMap<Box<str>, u32>,
    /// Of each row; [`NONE`] where it has no word.
    numbers: Vec<u32>,
}

/// The number of no word.
const NONE: u32 = u32::MAX;
/// What stands for the samples of silence.
const SILENT: u128 = 0;

impl Default for KeysBuilder {
    fn default() -> Self {
        Self {
            ids: StringChunkedBuilder::new(ID.into(), 0),
            last: None,
            is_sorted: true,
            words: Vec::new(),
            recordings: Vec::new(),
            files: Vec::new(),
            starts: Vec::new(),
            ends: Vec::new(),
        }
    }
}

impl KeysBuilder {
    /// Takes the rows of a part, which has the columns of the parts before it.
    pub fn push(&mut self, part: &Table<FeatureKeys>) {
        if self.recordings.is_empty() {
            self.words = columns(part);
        }
        for (at, row) in part.rows.iter().enumerate() {
            self.push_id(&row.utterance_id);
            let is_silent = row.signal.as_deref().is_some_and(|cell| Signal::Silent.is_in(cell));
            self.recordings.push(if is_silent { SILENT } else { digest(&[&row.audio_hash]) });
            self.files.push(digest(&[&row.corpus, &row.path]));
            self.starts.push(row.start_s.unwrap_or(0.0));
            self.ends.push(row.end_s.unwrap_or(f64::INFINITY));
            let (values, texts) = (row.to_values(), part.text.row(at));
            for (place, words) in &mut self.words {
                let cell = match place {
                    Place::Typed(column) => match &values[*column] {
                        Value::Text(cell) => cell,
                        _ => &None,
                    },
                    Place::Text(column) => &texts[*column],
                };
                words.push(cell.as_deref());
            }
        }
    }

    fn push_id(&mut self, id: &str) {
        self.ids.append_value(id);
        self.is_sorted &= self.last.as_deref().is_none_or(|last| last < id);
        let last = self.last.get_or_insert_default();
        last.clear();
        last.push_str(id);
    }

    /// The keys, sorted by id; and where they were not, the number of the row, in the order of pushing, of each.
    ///
    /// # Errors
    /// No rows, an utterance that stands there twice.
    pub fn finish(self) -> Result<(Keys, Option<Vec<usize>>), DatasetError> {
        if self.recordings.is_empty() {
            return Err(DatasetError::Empty);
        }
        let is_sorted = self.is_sorted;
        let (frame, words) = self.frame().map_err(DatasetError::query("features"))?;
        let (frame, order) = match is_sorted {
            true => (frame, None),
            false => {
                let (frame, order) = sorted(frame).map_err(DatasetError::query("features"))?;
                (frame, Some(order))
            }
        };
        let keys = Keys { frame, words: Arc::new(words), are_parts: false };
        let ids = keys.ids()?;
        match ids.windows(2).find(|pair| pair[0] == pair[1]) {
            None => Ok((keys, order)),
            Some(pair) => Err(DatasetError::Duplicate { id: pair[0].to_owned() }),
        }
    }

    /// Whether utterances, augmented rows apart, are of one file. A segment may be the only one of its file.
    fn shares_files(&self) -> bool {
        if self.starts.iter().any(|start| *start > 0.0) || self.ends.iter().any(|end| end.is_finite()) {
            return true;
        }
        let from = self.words.iter().find(|(_, words)| words.name == AUGMENTED_FROM).map(|(_, words)| &words.numbers);
        let is_copy = |row: usize| from.is_some_and(|numbers| numbers[row] != NONE);
        let files = self.files.iter().enumerate().filter(|(row, _)| !is_copy(*row));
        let mut files: Vec<u128> = files.map(|(_, file)| *file).collect();
        files.sort_unstable();
        files.windows(2).any(|pair| pair[0] == pair[1])
    }

    fn frame(self) -> PolarsResult<(DataFrame, BTreeMap<String, Vec<Box<str>>>)> {
        let (rows, shares_files) = (self.recordings.len(), self.shares_files());
        let mut columns = vec![self.ids.finish().into_column()];
        let mut words = BTreeMap::new();
        for (_, column) in self.words {
            let mut known: Vec<(Box<str>, u32)> = column.known.into_iter().collect();
            known.sort_unstable_by_key(|(_, number)| *number);
            columns.push(numbers(&column.name, &column.numbers));
            words.insert(column.name, known.into_iter().map(|(word, _)| word).collect());
        }
        columns.push(numbers(RECORDING, &ranks(self.recordings)));
        if shares_files {
            columns.push(numbers(FILE, &ranks(self.files)));
            columns.push(Column::new(START.into(), self.starts));
            columns.push(Column::new(END.into(), self.ends));
        }
        Ok((DataFrame::new(rows, columns)?, words))
    }
}

/// The columns of words of a table, in its order.
fn columns(table: &Table<FeatureKeys>) -> Vec<(Place, Words)> {
    let words = |name: &str| Words { name: name.to_owned(), ..Words::default() };
    let typed = FeatureKeys::table().columns.into_iter().enumerate();
    let typed = typed.filter(|(_, column)| column.kind == Kind::Text && !NOT_WORDS.contains(&column.name));
    let typed = typed.map(|(at, column)| (Place::Typed(at), words(column.name)));
    let text = table.text.names.iter().enumerate().map(|(at, name)| (Place::Text(at), words(name)));
    typed.chain(text).collect()
}

impl Words {
    fn push(&mut self, cell: Option<&str>) {
        let next = self.known.len() as u32;
        let number = cell.map(|cell| match self.known.get(cell) {
            Some(number) => *number,
            None => *self.known.entry(cell.into()).or_insert(next),
        });
        self.numbers.push(number.unwrap_or(NONE));
    }
}

fn numbers(name: &str, numbers: &[u32]) -> Column {
    let cells = numbers.iter().map(|number| Some(*number).filter(|number| *number != NONE));
    UInt32Chunked::from_iter_options(name.into(), cells).into_column()
}

/// Equal digests as equal numbers.
fn ranks(digests: Vec<u128>) -> Vec<u32> {
    let mut known: Vec<u128> = digests.iter().copied().filter(|digest| *digest != SILENT).collect();
    known.sort_unstable();
    known.dedup();
    let rank = |digest: u128| known.partition_point(|other| *other < digest) as u32;
    digests.into_iter().map(|digest| if digest == SILENT { NONE } else { rank(digest) }).collect()
}

/// Half of the BLAKE3 of texts: as good as themselves to tell them apart.
fn digest(texts: &[&str]) -> u128 {
    let mut hasher = blake3::Hasher::new();
    for text in texts {
        hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
    }
    let mut half = [0; 16];
    half.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    u128::from_le_bytes(half)
}

/// The rows by utterance id, and where each of them stood.
fn sorted(frame: DataFrame) -> PolarsResult<(DataFrame, Vec<usize>)> {
    const ROW: &str = "#row";
    let mut frame = frame.with_row_index(ROW.into(), None)?.sort([ID], SortMultipleOptions::default())?;
    let rows = frame.drop_in_place(ROW)?;
    let order = rows.idx()?.iter().map(|row: Option<IdxSize>| row.unwrap_or_default() as usize).collect();
    Ok((frame, order))
}
