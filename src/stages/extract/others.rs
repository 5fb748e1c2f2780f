//! A table of features that another program computed: the file, and its rows by utterance.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::features::{TableColumn, TableParams};
use crate::options::ConfigError;
use crate::schema::{FeatureInfo, FeatureKeys, Row, Utterance, plural};
use crate::stages::workers::{Extracted, Extraction, Refusal};
use crate::stages::{Context, StageError, written};
use crate::storage::{self, Entry, StorageError, Store};
use crate::table::{Numbers, NumbersFile, TableError};
use crate::text;

use super::belongs::Names;
use super::cells;
use super::source::Source;

/// The code of utterances without a row.
const NO_FEATURES_CODE: &str = "no_features";
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

/// A table in memory, and which row each utterance has.
pub(super) struct TableOfOthers {
    file: String,
    names: Vec<String>,
    /// Row after row.
    values: Vec<f32>,
    rows: HashMap<String, usize>,
    /// Says how many rows belong to no utterance.
    warning: Option<String>,
}

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
        let (names, Numbers { ids, values }) = self.numbers()?;
        check_names(&names)?;
        if ids.is_empty() {
            return Err(self.problem("it has no rows"));
        }
        let is_same = |now: Option<Entry>| now.as_ref() == Some(&self.entry);
        if !self.store.stat(&self.entry.path).map(is_same).map_err(StageError::TableSource)? {
            return Err(self.problem("it has changed while it was read; run the command again"));
        }
        let blocks = source.blocks().into_iter();
        let utterances = Names::of(blocks.map(|rows| Ok::<_, StageError>(source.read(out, rows)?.utterances.rows)))?;
        let ids: Vec<&str> = ids.iter().map(|id| unquoted(id)).collect();
        let (rows, strangers) = self.matched(&utterances, &ids)?;
        let file = self.params.file_name().to_owned();
        let warning = (!strangers.is_empty()).then(|| strangers_warning(&file, &strangers));
        Ok(TableOfOthers { file, names, values, rows, warning })
    }

    /// Names and numbers of the features, and the ids.
    fn numbers(&self) -> Result<(Vec<String>, Numbers), StageError> {
        let start = self.range(0..self.entry.bytes.min(64))?;
        if !text::is_parquet(&start, &self.entry.path) {
            let content = self.range(0..self.entry.bytes)?;
            return cells::read(&content, &self.params).map_err(|error| match error {
                cells::Error::Config(error) => error.into(),
                cells::Error::Cells(problem) => self.problem(problem),
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
        let numbers = file.read(chosen.id, &chosen.features, |range| self.range(range)).map_err(not_parquet)?;
        Ok((names, numbers))
    }

    /// The row of each utterance that has one, by its id, and the rows that belong to none.
    fn matched<'b>(
        &self,
        utterances: &Names,
        ids: &[&'b str],
    ) -> Result<(HashMap<String, usize>, Vec<&'b str>), StageError> {
        let (mut seen, mut strangers) = (HashMap::new(), Vec::new());
        let mut owners: BTreeMap<usize, usize> = BTreeMap::new();
        for (row, id) in ids.iter().enumerate() {
            if let Some(first) = seen.insert(*id, row).filter(|_| !id.is_empty()) {
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
            match found {
                None => strangers.push(*id),
                Some(utterance) => {
                    if let Some(first) = owners.insert(utterance, row) {
                        return Err(self.problem(format!(
                            "rows {} ({:?}) and {} ({id:?}) both belong to `{}`; keep one",
                            first + 1,
                            ids[first],
                            row + 1,
                            utterances.id(utterance)
                        )));
                    }
                }
            }
        }
        Ok((owners.into_iter().map(|(at, row)| (utterances.id(at).to_owned(), row)).collect(), strangers))
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

    /// The row of an utterance. Rows with the same numbers count as the same recording.
    pub fn extract(&self, utterance: &Utterance) -> Extracted {
        let refuse =
            |what: &str| Err(Refusal { code: NO_FEATURES_CODE, message: format!("the table `{}` {what}", self.file) });
        let Some(row) = self.rows.get(&utterance.utterance_id) else { return refuse("has no row for it") };
        let values = &self.values[row * self.names.len()..(row + 1) * self.names.len()];
        if values.iter().all(|value| value.is_nan()) {
            return refuse("has no value in its row");
        }
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>();
        let keys = FeatureKeys {
            codec: UNHEARD.to_owned(),
            audio_hash: blake3::hash(&bytes).to_hex().to_string(),
            ..FeatureKeys::unheard(utterance)
        };
        Ok(vec![Extraction { keys, values: values.to_vec(), contours: None }])
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

fn strangers_warning(file: &str, strangers: &[&str]) -> String {
    let shown = strangers.iter().take(SHOWN).map(|id| format!("{id:?}")).collect::<Vec<_>>().join(", ");
    let more = if strangers.len() > SHOWN { ", ..." } else { "" };
    let verb = if strangers.len() == 1 { "belongs" } else { "belong" };
    format!("{} of the table `{file}` {verb} to no utterance: {shown}{more}", plural(strangers.len(), "row"))
}
