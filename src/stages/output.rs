//! Tables in and out of the output store.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::audio::AudioError;
use crate::schema::{Reject, Row, Table};
use crate::storage::{Entry, Store};
use crate::table::{self, Footer};

use super::{StageError, StageName};

/// Writes a table as `<name>.parquet`; returns its path.
pub(super) fn put_table<R: Row>(
    out: &dyn Store,
    table: &Table<R>,
    config_hash: &str,
    inputs: &BTreeMap<String, String>,
) -> Result<String, StageError> {
    let path = path::<R>();
    let (file, _) = table::write(table, config_hash, inputs, false)?;
    out.put(&path, &file)?;
    Ok(path)
}

/// Reads the table that `stage` writes as `<name>.parquet`.
pub(super) fn get_table<R: Row>(out: &dyn Store, stage: StageName) -> Result<(Table<R>, Footer), StageError> {
    let path = path::<R>();
    if out.stat(&path)?.is_none() {
        return Err(missing::<R>(stage));
    }
    Ok(table::read(out.get(&path)?)?)
}

/// The content hash of the table that `stage` writes, from its footer.
pub(super) fn content_hash<R: Row>(out: &dyn Store, stage: StageName) -> Result<String, StageError> {
    let path = path::<R>();
    let entry = out.stat(&path)?.ok_or_else(|| missing::<R>(stage))?;
    Ok(footer::<R>(out, &path, entry.bytes)?.content_hash)
}

/// The footer of a file of table `R`.
pub(super) fn footer<R: Row>(out: &dyn Store, path: &str, bytes: u64) -> Result<Footer, StageError> {
    table::read_footer(R::table().name, bytes, |range| Ok(out.get_range(path, range)?))
}

/// Replaces the rows that `stage` refused and keeps those of other stages.
pub(super) fn put_rejects(out: &dyn Store, stage: &str, rejects: Vec<Reject>) -> Result<String, StageError> {
    let path = path::<Reject>();
    let mut rows = match out.stat(&path)? {
        Some(_) => table::read::<Reject>(out.get(&path)?)?.0.rows,
        None => Vec::new(),
    };
    rows.retain(|row| row.stage != stage);
    rows.extend(rejects);
    rows.sort_by(|a, b| key(a).cmp(&key(b)));
    rows.dedup();
    put_table(out, &Table::from(rows), "", &BTreeMap::new())
}

/// What the record calls the count of rejects that are Git LFS pointers.
pub(super) const LFS_POINTERS: &str = "lfs_pointers";

/// Rejects by code, for the record: `rejects.too_long`; and [`LFS_POINTERS`], where there are any.
pub(super) fn counts_by_code(rejects: &[Reject]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    let pointer = AudioError::LfsPointer.to_string();
    let pointers = rejects.iter().filter(|reject| reject.message == pointer).count();
    if pointers > 0 {
        counts.insert(LFS_POINTERS.to_owned(), pointers as u64);
    }
    for reject in rejects {
        *counts.entry(format!("rejects.{}", reject.code)).or_default() += 1;
    }
    counts
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
