//! Tables in and out of the output store.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use crate::schema::{Row, Table};
use crate::storage::{Entry, StorageError, Store};
use crate::table::{self, Batches, Block, Footer, Writer};

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

/// The same of rows that are made one by one, without open columns. Memory holds some of them.
pub(super) fn put_rows<R: Row>(
    out: &dyn Store,
    rows: impl Iterator<Item = R>,
    config_hash: &str,
    inputs: &BTreeMap<String, String>,
) -> Result<Written, StageError> {
    const ROWS: usize = 1 << 16;
    let mut writer = Writer::new::<R>(&[], &[])?;
    let mut rows = rows.peekable();
    while rows.peek().is_some() {
        writer.push(&Block::new(&Table::from(rows.by_ref().take(ROWS).collect::<Vec<_>>()))?)?;
    }
    put(out, &path::<R>(), &writer.finish(config_hash, inputs, false)?.0)
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
    of_file(out, path, table::read(content::<R>(out, path, stage)?))
}

/// The same table some rows at a time, of which memory holds no others: names of its float columns, and its rows.
pub(super) fn get_batches<R: Row>(
    out: &dyn Store,
    stage: StageName,
) -> Result<(Vec<String>, impl Iterator<Item = Result<Table<R>, StageError>>), StageError> {
    let path = path::<R>();
    let batches = of_file(out, &path, Batches::<R>::open(content::<R>(out, &path, stage)?))?;
    Ok((batches.float_names(), batches.map(move |batch| of_file(out, &path, batch))))
}

/// Hands on a table as it lies there, some rows at a time, whatever a record says of it; nothing where it is not there.
pub(super) fn each<R: Row>(out: &dyn Store, path: &str, mut take: impl FnMut(Table<R>)) -> Result<(), StageError> {
    let content = match out.get(path) {
        Err(StorageError::NotFound { .. }) => return Ok(()),
        content => content?,
    };
    let batches = of_file(out, path, Batches::<R>::open(content))?;
    batches.map(|rows| of_file(out, path, rows)).try_for_each(|rows| rows.map(&mut take))
}

/// The file of a table.
fn content<R: Row>(out: &dyn Store, path: &str, stage: StageName) -> Result<Bytes, StageError> {
    recorded::<R>(out, path, stage)?.read(out, path, stage.as_str()).map_err(|error| match error {
        StageError::Storage(StorageError::NotFound { .. }) => missing::<R>(stage),
        error => error,
    })
}

/// What the record of `stage` says of a file.
pub(super) fn recorded<R: Row>(out: &dyn Store, path: &str, stage: StageName) -> Result<OutputFile, StageError> {
    let record = ledger::read_record(out, stage)?.ok_or_else(|| missing::<R>(stage))?;
    record.outputs.get(path).cloned().ok_or_else(|| missing::<R>(stage))
}

/// What was read of the table in a file; an error names the file.
pub(super) fn of_file<T>(out: &dyn Store, path: &str, read: Result<T, impl Into<StageError>>) -> Result<T, StageError> {
    read.map_err(|error| match error.into() {
        StageError::Table(source) => StageError::TableFile { path: format!("{}/{path}", out.root()), source },
        error => error,
    })
}

/// The content hash of the table that `stage` writes, from its footer.
///
/// # Errors
/// The stage has not finished, or the file has another size than what it wrote.
pub(super) fn content_hash<R: Row>(out: &dyn Store, stage: StageName) -> Result<String, StageError> {
    content_hash_at::<R>(out, &path::<R>(), stage)
}

/// The same of a table that lies at another place.
pub(super) fn content_hash_at<R: Row>(out: &dyn Store, path: &str, stage: StageName) -> Result<String, StageError> {
    let file = recorded::<R>(out, path, stage)?;
    match out.stat(path)? {
        Some(entry) if file.has_size_of(&entry) => Ok(footer::<R>(out, path, entry.bytes)?.content_hash),
        Some(_) => Err(StageError::Altered { path: format!("{}/{path}", out.root()), stage: stage.as_str() }),
        None => Err(missing::<R>(stage)),
    }
}

/// The footer of a file of table `R`.
pub(super) fn footer<R: Row>(out: &dyn Store, path: &str, bytes: u64) -> Result<Footer, StageError> {
    of_file(
        out,
        path,
        table::read_footer::<StageError>(R::table().name, bytes, |range| Ok(out.get_range(path, range)?)),
    )
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

pub(super) fn path<R: Row>() -> String {
    format!("{}.parquet", R::table().name)
}

fn missing<R: Row>(stage: StageName) -> StageError {
    StageError::MissingTable { table: R::table().name.to_owned(), stage: stage.as_str() }
}
