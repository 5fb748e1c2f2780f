//! The manifest of a corpus: a file, or a folder of Parquet parts.

use std::collections::BTreeSet;

use bytes::Bytes;

use crate::corpus::{self, CorpusError, ManifestTable};
use crate::schema::Texts;
use crate::storage::{self, Entry, StorageError};
use crate::table::{self, TableError};
use crate::text;

use super::super::StageError;

/// What Hive and Spark call the folder of rows whose value is null.
const NULL_PARTITION: &str = "__HIVE_DEFAULT_PARTITION__";
/// Folders of tables that keep rows which are deleted, or the log of them.
const LOGS: [(&str, &str); 2] = [("_delta_log", "Delta"), (".hoodie", "Hudi")];

/// Reads the manifest at `path`; `hasher` sees every byte of it.
pub(in super::super) fn read(
    corpus: &corpus::Corpus,
    path: &str,
    storage: &storage::Storage,
    hasher: &mut blake3::Hasher,
) -> Result<ManifestTable, StageError> {
    let unreachable = |source| StageError::Source { corpus: corpus.name.clone(), key: "manifest", source };
    let path = path.trim_end_matches('/');
    let unread = match storage::read_file(path, storage) {
        Ok(content) => {
            hasher.update(&content);
            return read_file(corpus, path, content);
        }
        Err(error) => error,
    };
    let store = storage::open(path, storage);
    match store.and_then(|store| Ok((store.list("")?, store))) {
        Ok((files, store)) if !files.is_empty() => {
            let get = |part: &Entry| store.get(&part.path).map_err(unreachable);
            read_folder(corpus, path, &files, get, hasher)
        }
        // A folder that may not be read as a whole.
        Err(denied @ StorageError::Denied { .. }) => Err(unreachable(denied)),
        _ => Err(unreachable(unread)),
    }
}

fn read_file(corpus: &corpus::Corpus, path: &str, content: Bytes) -> Result<ManifestTable, StageError> {
    if text::is_parquet(&content, path) {
        return Ok(read_parquet(path, content)?);
    }
    Ok(corpus::parse_text(corpus, &content, path)?)
}

fn read_parquet(path: &str, content: Bytes) -> Result<ManifestTable, CorpusError> {
    let table = table::read_text_columns(content).map_err(|error| match error {
        TableError::Unreadable { reason, .. } => problem(path, format!("not readable as Parquet: {reason}")),
        error => problem(path, error.to_string()),
    })?;
    let (columns, cells, left_out) = (table.columns, table.cells, table.left_out);
    let table = ManifestTable { columns, cells, left_out, ..ManifestTable::default() };
    table.check_names(path)?;
    Ok(table)
}

/// Puts the parts of a folder one behind the other, in the order of their paths; `key=value` in them is a column. What
/// begins with a dot or `_` is no part.
fn read_folder(
    corpus: &corpus::Corpus,
    path: &str,
    files: &[Entry],
    get: impl Fn(&Entry) -> Result<Bytes, StageError>,
    hasher: &mut blake3::Hasher,
) -> Result<ManifestTable, StageError> {
    if let Some((_, kind)) =
        LOGS.iter().find(|(log, _)| files.iter().any(|file| file.path.split('/').next() == Some(log)))
    {
        let words = format!("the folder is a {kind} table, which keeps old rows too; write its rows as plain Parquet");
        return Err(problem(path, words).into());
    }
    let is_visible = |file: &&Entry| !file.path.split('/').any(|step| step.starts_with(['.', '_']));
    let (parts, others): (Vec<&Entry>, Vec<&Entry>) =
        files.iter().filter(is_visible).partition(|file| text::is_named_parquet(&file.path));
    let Some(first) = parts.first() else {
        let seen = others.first().map_or_else(|| "nothing to read".to_owned(), |file| format!("{:?}", file.path));
        let words = format!("it is a folder without Parquet files (it holds {seen}); name one file");
        return Err(problem(path, words).into());
    };
    if let Some(other) = others.iter().find(|file| is_table(&file.path)) {
        let words = format!(
            "it is a folder of Parquet files ({:?}) and of others ({:?}); name one file",
            first.path, other.path
        );
        return Err(problem(path, words).into());
    }
    let mut tables = Vec::new();
    for part in parts {
        let content = get(part)?;
        hasher.update(part.path.as_bytes()).update(&content);
        let place = format!("{path}/{}", part.path);
        let table = with_partition(corpus, &place, read_parquet(&place, content)?, &part.path)?;
        tables.push((part.path.clone(), table));
    }
    Ok(together(tables))
}

/// Whether a file has a name that text tables have.
pub(in super::super) fn is_table(path: &str) -> bool {
    let name = path.to_lowercase();
    ["csv", "tsv", "tab", "json", "jsonl", "ndjson", "csv.gz", "orc", "avro"]
        .iter()
        .any(|end| name.ends_with(&format!(".{end}")))
}

/// Adds the columns that the folders of a part name: `speaker=s1/part-0.parquet`. Where the part has such a column too,
/// both must say the same.
fn with_partition(
    corpus: &corpus::Corpus,
    place: &str,
    mut table: ManifestTable,
    path: &str,
) -> Result<ManifestTable, CorpusError> {
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    for (name, value) in folders.split('/').filter_map(|folder| folder.split_once('=')) {
        let value = percent_encoding::percent_decode_str(value).decode_utf8().map_err(|_| {
            let words = "is not UTF-8 behind the `=`; rename the folder";
            problem(place, format!("the folder `{name}={value}` {words}"))
        })?;
        let value = Some(value.into_owned()).filter(|value| value != NULL_PARTITION);
        let Some(column) = table.columns.iter().position(|column| column == name) else {
            let cells = (0..table.len()).map(|_| value.as_deref()).collect();
            table.columns.push(name.to_owned());
            table.cells.push(cells);
            continue;
        };
        let wanted = meaning(corpus, value.as_deref());
        let cells = &table.cells[column];
        if let Some(row) = cells.iter().position(|cell| meaning(corpus, cell) != wanted) {
            let shown = |cell: Option<&str>| cell.map_or("nothing".to_owned(), |cell| format!("{cell:?}"));
            let words = format!(
                "row {}: column {name:?} says {}, and the folder `{name}=...` says {}; move the row to the folder that it \
                 belongs to, or write the parts without that column",
                row + 1,
                shown(cells.get(row)),
                shown(value.as_deref())
            );
            return Err(problem(place, words));
        }
    }
    Ok(table)
}

/// What a cell says: nothing where it is missing, and 3 where it is 3.0.
fn meaning<'a>(corpus: &corpus::Corpus, cell: Option<&'a str>) -> Option<&'a str> {
    let cell = cell?.trim();
    let is_whole = |whole: &str| whole.bytes().all(|byte| byte.is_ascii_digit()) && !whole.is_empty();
    let whole = cell.split_once('.').filter(|(whole, zeros)| {
        is_whole(whole.strip_prefix('-').unwrap_or(whole)) && zeros.bytes().all(|byte| byte == b'0')
    });
    Some(whole.map_or(cell, |(whole, _)| whole)).filter(|cell| !corpus.is_missing(cell))
}

/// The rows of all parts under the columns of any, but for those that one of them had to leave out.
fn together(tables: Vec<(String, ManifestTable)>) -> ManifestTable {
    let mut all = ManifestTable::default();
    for (name, why) in tables.iter().flat_map(|(_, table)| &table.left_out) {
        if !all.left_out.iter().any(|(known, _)| known == name) {
            all.left_out.push((name.clone(), why.clone()));
        }
    }
    let left_out: BTreeSet<&String> = all.left_out.iter().map(|(name, _)| name).collect();
    for name in tables.iter().flat_map(|(_, table)| &table.columns) {
        if !all.columns.contains(name) && !left_out.contains(name) {
            all.columns.push(name.clone());
        }
    }
    all.cells = all.columns.iter().map(|_| Texts::default()).collect();
    for (part, table) in tables {
        let place = |name: &String| table.columns.iter().position(|column| column == name);
        all.parts.push((all.len(), part));
        for (name, cells) in all.columns.iter().zip(&mut all.cells) {
            match place(name) {
                Some(at) => cells.extend(table.cells[at].iter()),
                None => cells.extend((0..table.len()).map(|_| None)),
            }
        }
    }
    all
}

fn problem(path: &str, problem: String) -> CorpusError {
    CorpusError::Manifest { manifest: path.to_owned(), problem }
}
