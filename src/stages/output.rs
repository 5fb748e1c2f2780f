//! Tables in and out of the output store.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::schema::{Reject, Row, Table};
use crate::storage::{Entry, StorageError, Store};
use crate::table::{self, Footer};

use super::{OutputFile, StageError, StageName, Written, ledger};

/// Writes a file.
pub(super) fn put(out: &dyn Store, path: &str, content: &[u8]) -> Result<Written, StageError> {
    out.put(path, content)?;
    Ok(Written { path: path.to_owned(), file: OutputFile::of(content) })
}

/// Writes a table as `<name>.parquet`.
pub(super) fn put_table<R: Row>(
    out: &dyn Store,
    table: &Table<R>,
    config_hash: &str,
    inputs: &BTreeMap<String, String>,
) -> Result<Written, StageError> {
    let (file, _) = table::write(table, config_hash, inputs, false)?;
    put(out, &path::<R>(), &file)
}

/// Reads the table that `stage` writes as `<name>.parquet`.
///
/// # Errors
/// The stage has not finished, or the file is another than what it wrote.
pub(super) fn get_table<R: Row>(out: &dyn Store, stage: StageName) -> Result<(Table<R>, Footer), StageError> {
    get_table_at(out, &path::<R>(), stage)
}

/// The same of a table that lies at another place.
pub(super) fn get_table_at<R: Row>(
    out: &dyn Store,
    path: &str,
    stage: StageName,
) -> Result<(Table<R>, Footer), StageError> {
    let record = ledger::read_record(out, stage)?.ok_or_else(|| missing::<R>(stage))?;
    let file = record.outputs.get(path).ok_or_else(|| missing::<R>(stage))?;
    let content = file.read(out, path, stage.as_str()).map_err(|error| match error {
        StageError::Storage(StorageError::NotFound { .. }) => missing::<R>(stage),
        error => error,
    })?;
    of_file(out, path, table::read(content))
}

/// What was read of the table in a file; an error names the file.
pub(super) fn of_file<T>(out: &dyn Store, path: &str, read: Result<T, impl Into<StageError>>) -> Result<T, StageError> {
    read.map_err(|error| match error.into() {
        StageError::Table(source) => StageError::TableFile { path: format!("{}/{path}", out.root()), source },
        error => error,
    })
}

/// The content hash of the table that `stage` writes, from its footer.
pub(super) fn content_hash<R: Row>(out: &dyn Store, stage: StageName) -> Result<String, StageError> {
    let path = path::<R>();
    let entry = out.stat(&path)?.ok_or_else(|| missing::<R>(stage))?;
    Ok(footer::<R>(out, &path, entry.bytes)?.content_hash)
}

/// The footer of a file of table `R`.
pub(super) fn footer<R: Row>(out: &dyn Store, path: &str, bytes: u64) -> Result<Footer, StageError> {
    of_file(
        out,
        path,
        table::read_footer::<StageError>(R::table().name, bytes, |range| Ok(out.get_range(path, range)?)),
    )
}

/// Keeps the rows that `stage` refused, and joins them with those that the `other` one did; returns the file of the
/// stage's own rows and that of all.
pub(super) fn put_rejects(
    out: &dyn Store,
    (stage, other): (StageName, StageName),
    mut rejects: Vec<Reject>,
) -> Result<[Written; 2], StageError> {
    let none = BTreeMap::new();
    sort_rejects(&mut rejects);
    let own = Table::from(rejects);
    let (file, _) = table::write(&own, "", &none, false)?;
    let kept = put(out, &rejects_path(stage), &file)?;
    let mut all = own.rows;
    match get_table_at::<Reject>(out, &rejects_path(other), other) {
        Ok((table, _)) => all.extend(table.rows),
        // It has yet to refuse any.
        Err(StageError::MissingTable { .. }) => {}
        Err(error) => return Err(error),
    }
    sort_rejects(&mut all);
    Ok([kept, put_table(out, &Table::from(all), "", &none)?])
}

/// Where the rows that a stage refused are kept: each makes its own, and `rejects.parquet` of all.
pub(super) fn rejects_path(stage: StageName) -> String {
    format!("run/{}.rejects.parquet", stage.as_str())
}

/// Sorts by the table's key.
pub(super) fn sort_rejects(rejects: &mut Vec<Reject>) {
    rejects.sort_by(|a, b| key(a).cmp(&key(b)));
    rejects.dedup();
}

/// Removes what former runs wrote and this one did not. What `is_ours` does not know is the user's and stays.
pub(super) fn remove_others(
    out: &dyn Store,
    former: impl Iterator<Item = Entry>,
    wanted: &BTreeSet<String>,
    is_ours: impl Fn(&str) -> bool,
) -> Result<(), StageError> {
    for entry in former.filter(|entry| is_ours(&entry.path) && !wanted.contains(&entry.path)) {
        out.remove(&entry.path)?;
    }
    Ok(())
}

/// A value that was written as JSON; `None` where there is none, or one of another version that no longer parses.
pub(super) fn read_json<T: DeserializeOwned>(out: &dyn Store, path: &str) -> Result<Option<T>, StageError> {
    match out.get(path) {
        Ok(content) => Ok(serde_json::from_slice(&content).ok()),
        Err(StorageError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Writes a value as indented JSON.
pub(super) fn put_json(out: &dyn Store, path: &str, value: &impl Serialize) -> Result<(), StageError> {
    // Plain structs and maps with text keys: their JSON cannot fail.
    let mut json = serde_json::to_vec_pretty(value).unwrap_or_default();
    json.push(b'\n');
    Ok(out.put(path, &json)?)
}

/// The table's key.
fn key(reject: &Reject) -> (&str, &str, &str, Option<&str>, &str) {
    (&reject.stage, &reject.corpus, &reject.path, reject.utterance_id.as_deref(), &reject.message)
}

fn path<R: Row>() -> String {
    format!("{}.parquet", R::table().name)
}

fn missing<R: Row>(stage: StageName) -> StageError {
    StageError::MissingTable { table: R::table().name.to_owned(), stage: stage.as_str() }
}
