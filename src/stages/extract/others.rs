//! A table of features that another program computed: the file, and its rows by utterance.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::features::{TableColumn, TableParams};
use crate::options::ConfigError;
use crate::schema::{FeatureInfo, FeatureKeys, Row, Texts, Utterance, plural};
use crate::stages::workers::{Extracted, Extraction, Refusal};
use crate::stages::{Context, StageError, written};
use crate::storage::{self, Entry, StorageError, Store};
use crate::table::{NumbersFile, Piece, TableError};
use crate::text;

use super::belongs::Names;
use super::cells;
use super::numbers::NumbersOfOthers;
use super::source::Source;

/// The code of utterances without a row.
const NO_FEATURES_CODE: &str = "no_features";
/// In the place of the row of an utterance that has none.
const NO_ROW: u32 = u32::MAX;
/// What the column `codec` says where no audio was heard.
const UNHEARD: &str = "unknown";
/// Bytes that are hashed at a time.
const HASHED: u64 = 16 << 20;
/// Rows that a warning names.
const SHOWN: usize = 5;

/// Where the hash of the file is kept.
const KEPT: &str = "run/features_table.json";

/// The file of a table.
pub(super) struct TableFile {
    params: TableParams,
    store: Arc<dyn Store>,
    /// What was known of it when it was looked up.
    entry: Entry,
}

/// The hash of a file as long as this is known of it.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    place: String,
    bytes: u64,
    stamp: String,
    blake3: String,
}

/// A table that was read, and which row each utterance has.
pub(super) struct TableOfOthers {
    file: String,
    names: Vec<String>,
    values: NumbersOfOthers,
    rows: Rows,
    /// Says how many rows belong to no utterance.
    warning: Option<String>,
}

/// The row of each utterance, in the order of the utterances table; [`NO_ROW`] where it has none.
type Rows = Vec<u32>;

impl TableFile {
    /// Looks the table of a pipeline up.
    ///
    /// # Errors
    /// It cannot be reached.
    pub fn find(context: &Context, params: &TableParams) -> Result<Self, StageError> {
        let (folder, name) = params.place.rsplit_once('/').unwrap_or((".", &params.place));
        // What lies at the top of the disk has a folder without a name.
        let folder = if folder.is_empty() { "/" } else { folder };
        let storage = &context.parameters.pipeline.storage;
        let store = storage::open(folder, storage).map_err(StageError::TableSource)?;
        let missing = || StorageError::NotFound { path: params.place.clone() };
        let entry = store.stat(name).and_then(|entry| entry.ok_or_else(missing)).map_err(StageError::TableSource)?;
        Ok(Self { params: params.clone(), store, entry })
    }

    /// The BLAKE3 of its bytes: as it was kept, where the file has not changed since.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn hash(&self, out: &dyn Store) -> Result<String, StageError> {
        if let Some(kept) = written::read_json::<Kept>(out, KEPT)?.filter(|kept| *kept == self.kept(&kept.blake3)) {
            return Ok(kept.blake3);
        }
        let mut hasher = blake3::Hasher::new();
        for start in (0..self.entry.bytes).step_by(HASHED as usize) {
            hasher.update(&self.range(start..self.entry.bytes.min(start + HASHED))?);
        }
        Ok(hasher.finalize().to_hex().to_string())
    }

    /// Keeps its hash.
    ///
    /// # Errors
    /// Failing storage.
    pub fn keep(&self, out: &dyn Store, blake3: &str) -> Result<(), StageError> {
        written::put_json(out, KEPT, &self.kept(blake3))
    }

    fn kept(&self, blake3: &str) -> Kept {
        let (place, Entry { bytes, stamp, .. }) = (self.params.place.clone(), self.entry.clone());
        Kept { place, bytes, stamp, blake3: blake3.to_owned() }
    }

    /// Reads the columns that are needed, and finds the row of every utterance.
    ///
    /// # Errors
    /// The file or a column is not what it should be, rows have the same id or could belong to several utterances, or a
    /// feature has the name of another column.
    pub fn read(&self, out: &dyn Store, source: &Source) -> Result<TableOfOthers, StageError> {
        let (names, ids, values) = self.numbers()?;
        check_names(&names)?;
        if ids.is_empty() {
            return Err(self.problem("it has no rows"));
        }
        let is_same = |now: Option<Entry>| now.as_ref() == Some(&self.entry);
        if !self.store.stat(&self.entry.path).map(is_same).map_err(StageError::TableSource)? {
            return Err(self.problem("it has changed while it was read; run the command again"));
        }
        let blocks = source.blocks().into_iter();
        let utterances = Names::of(blocks.map(|rows| Ok::<_, StageError>(source.read(out, &[rows])?.utterances.rows)))?;
        let (rows, strangers) = self.matched(&utterances, &Ids::of(ids))?;
        let file = self.params.file_name().to_owned();
        let warning = strangers.warning(&file);
        Ok(TableOfOthers { file, names, values, rows, warning })
    }

    /// Names and numbers of the features, and the ids.
    fn numbers(&self) -> Result<(Vec<String>, Texts, NumbersOfOthers), StageError> {
        let start = self.range(0..self.entry.bytes.min(64))?;
        if !text::is_parquet(&start, &self.entry.path) {
            let content = cells::Content::new(self.entry.bytes, |range| self.range(range));
            return content.read(&self.params).map_err(|error| match error {
                cells::Error::Config(error) => error.into(),
                cells::Error::Cells(problem) => self.problem(problem),
                cells::Error::Stage(error) => error,
            });
        }
        let not_parquet = |error| match error {
            StageError::Table(TableError::Unreadable { reason, .. }) => {
                self.problem(format!("not readable as Parquet: {reason}"))
            }
            error => error,
        };
        let file = NumbersFile::open(self.entry.bytes, |range| self.range(range)).map_err(not_parquet)?;
        let column = |(name, is_numeric)| TableColumn { name, is_numeric };
        let columns = file.columns().into_iter().map(column).collect::<Vec<_>>();
        let chosen = self.params.choose(&columns)?;
        let names = chosen.features.iter().map(|at| columns[*at].name.clone()).collect();
        let mut values = NumbersOfOthers::default();
        let put = |piece: Piece| Ok(values.put(&piece)?);
        let ids = file.read(chosen.id, &chosen.features, |range| self.range(range), put).map_err(not_parquet)?;
        Ok((names, ids, values))
    }

    /// The row of each utterance, and the rows that belong to none.
    fn matched(&self, utterances: &Names, ids: &Ids) -> Result<(Rows, Strangers), StageError> {
        let mut strangers = Strangers::default();
        let mut owners = vec![NO_ROW; utterances.len()];
        for row in 0..ids.texts.len() {
            let id = ids.get(row);
            if let Some((first, _)) = ids.repeat.filter(|(_, second)| *second == row) {
                let words = format!("the id {id:?} occurs twice, in rows {} and {}; keep one", first + 1, row + 1);
                return Err(self.problem(words));
            }
            let found = utterances.find(id).map_err(|[one, other]| {
                self.problem(format!(
                    "row {} ({id:?}) could belong to `{}` or to `{}`; write utterance ids into the table",
                    row + 1,
                    utterances.id(one),
                    utterances.id(other)
                ))
            })?;
            let Some(utterance) = found else {
                strangers.add(id);
                continue;
            };
            let first = std::mem::replace(&mut owners[utterance], row as u32);
            if first != NO_ROW {
                return Err(self.problem(format!(
                    "rows {} ({:?}) and {} ({id:?}) both belong to `{}`; keep one",
                    first + 1,
                    ids.get(first as usize),
                    row + 1,
                    utterances.id(utterance)
                )));
            }
        }
        Ok((owners, strangers))
    }

    fn range(&self, range: std::ops::Range<u64>) -> Result<Bytes, StageError> {
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        self.store.get_range(&self.entry.path, range).map_err(StageError::TableSource)
    }

    fn problem(&self, problem: impl Into<String>) -> StageError {
        StageError::TableOfOthers { table: self.params.place.clone(), problem: problem.into() }
    }
}

impl TableOfOthers {
    /// Names of the features, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The dictionary row of each feature.
    pub fn dictionary(&self) -> Vec<FeatureInfo> {
        let info = |name: &String| FeatureInfo {
            name: name.clone(),
            descriptor: name.clone(),
            family: "table".to_owned(),
            functional: String::new(),
            unit: String::new(),
            description: format!("column of {}", self.file),
            source: self.file.clone(),
        };
        self.names.iter().map(info).collect()
    }

    /// What deserves a second look.
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// The row of utterance `number` of the utterances table. Rows with the same numbers count as the same recording.
    ///
    /// # Errors
    /// The numbers cannot be read back.
    pub fn extract(&self, number: usize, utterance: &Utterance) -> Result<Extracted, StageError> {
        let refuse = |what: &str| {
            Ok(Err(Refusal { code: NO_FEATURES_CODE, message: format!("the table `{}` {what}", self.file) }))
        };
        let Some(row) = self.rows.get(number).filter(|row| **row != NO_ROW) else {
            return refuse("has no row for it");
        };
        let mut values = vec![f32::NAN; self.names.len()];
        self.values.read(*row as usize, &mut values)?;
        if values.iter().all(|value| value.is_nan()) {
            return refuse("has no value in its row");
        }
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>();
        let keys = FeatureKeys {
            codec: UNHEARD.to_owned(),
            audio_hash: blake3::hash(&bytes).to_hex().to_string(),
            ..FeatureKeys::unheard(utterance)
        };
        Ok(Ok(vec![Extraction { keys, values, contours: None }]))
    }
}

/// The ids of the rows of a table.
struct Ids {
    texts: Texts,
    /// The first row that has the id of one before it, and that one.
    repeat: Option<(usize, usize)>,
}

impl Ids {
    fn of(texts: Texts) -> Self {
        let mut ids = Self { texts, repeat: None };
        let mut order = (0..ids.texts.len() as u32).collect::<Vec<_>>();
        order.sort_by_key(|row| ids.get(*row as usize));
        let pairs = order.windows(2).map(|pair| (pair[0] as usize, pair[1] as usize));
        let repeats = pairs.filter(|(a, b)| ids.get(*a) == ids.get(*b) && !ids.get(*a).is_empty());
        ids.repeat = repeats.min_by_key(|(_, second)| *second);
        ids
    }

    fn get(&self, row: usize) -> &str {
        unquoted(self.texts.get(row).unwrap_or_default())
    }
}

/// Rows that belong to no utterance.
#[derive(Default)]
struct Strangers {
    count: usize,
    first: Vec<String>,
}

impl Strangers {
    fn add(&mut self, id: &str) {
        self.count += 1;
        if self.first.len() < SHOWN {
            self.first.push(format!("{id:?}"));
        }
    }

    fn warning(&self, file: &str) -> Option<String> {
        let more = if self.count > SHOWN { ", ..." } else { "" };
        let verb = if self.count == 1 { "belongs" } else { "belong" };
        let (rows, shown) = (plural(self.count, "row"), self.first.join(", "));
        (self.count > 0).then(|| format!("{rows} of the table `{file}` {verb} to no utterance: {shown}{more}"))
    }
}

/// Without the quotation marks that openSMILE writes around names.
fn unquoted(id: &str) -> &str {
    id.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or(id)
}

/// A feature may not have the name of a key: no reader could tell them apart.
fn check_names(names: &[String]) -> Result<(), ConfigError> {
    let keys = FeatureKeys::table().columns;
    match names.iter().find(|name| keys.iter().any(|key| key.name == **name)) {
        None => Ok(()),
        Some(name) => {
            let problem = "the features table has a column of this name already";
            let hint = format!("leave it out with the pattern {:?}, or rename it in the table", format!("!{name}"));
            Err(ConfigError::new("features.columns", format!("{name:?}"), problem).hint(hint))
        }
    }
}
