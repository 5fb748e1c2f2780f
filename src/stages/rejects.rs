//! Rows of the rejects table: what a listing passed over, and how the rows of each stage are kept and joined.

use std::collections::BTreeMap;

use crate::schema::{Reject, Table, plural};
use crate::storage::{Reason, Store, Unlisted};
use crate::table;

use super::{StageError, StageName, Written, output};

/// Codes of rows that stand for no utterance: no limit on rejects counts them.
pub(super) const OF_LISTING: [&str; 2] = [UNREADABLE_CODE, SPECIAL_CODE];
const UNREADABLE_CODE: &str = "unreadable_folder";
const SPECIAL_CODE: &str = "special_file";

/// Paths that a warning names.
const SHOWN: usize = 5;

/// A row for each folder that may not be read, and for whatever has the name of an audio file and is none.
pub(super) fn of_unlisted(
    unlisted: &[Unlisted],
    corpus: &str,
    stage: &str,
    is_audio: impl Fn(&str) -> bool,
) -> Vec<Reject> {
    let row = |one: &Unlisted| {
        let (code, message) = match one.reason {
            Reason::Unreadable => (UNREADABLE_CODE, "the folder may not be read; check its owner and mode".to_owned()),
            Reason::Special(kind) if is_audio(&one.path) => (SPECIAL_CODE, format!("{kind}, not a regular file")),
            Reason::Special(_) | Reason::Again => return None,
        };
        Some(Reject {
            corpus: corpus.to_owned(),
            path: one.path.clone(),
            utterance_id: None,
            stage: stage.to_owned(),
            code: code.to_owned(),
            message,
        })
    };
    unlisted.iter().filter_map(row).collect()
}

/// A sentence a reason, with counts and the first paths; `whose` begins it.
pub(super) fn unlisted_warnings(unlisted: &[Unlisted], whose: &str) -> Vec<String> {
    let kinds: [(fn(Reason) -> bool, &str, &str); 3] = [
        (|reason| reason == Reason::Unreadable, "folder", "not open to this user"),
        (|reason| matches!(reason, Reason::Special(_)), "special file", "(FIFO, socket or device)"),
        (|reason| reason == Reason::Again, "link", "to a folder that is listed under another name"),
    ];
    let warning = |(is, noun, what): (fn(Reason) -> bool, &str, &str)| {
        let paths = unlisted.iter().filter(|one| is(one.reason)).map(|one| format!("{:?}", one.path));
        let paths = paths.collect::<Vec<_>>();
        let more = if paths.len() > SHOWN { ", ..." } else { "" };
        let first = paths[..paths.len().min(SHOWN)].join(", ");
        (!paths.is_empty()).then(|| format!("{whose}: skipped {} {what}: {first}{more}", plural(paths.len(), noun)))
    };
    kinds.into_iter().filter_map(warning).collect()
}

/// Keeps the rows that `stage` refused, and joins them with those that the `other` one did; returns the file of the
/// stage's own rows and that of all.
pub(super) fn put(
    out: &dyn Store,
    (stage, other): (StageName, StageName),
    mut rejects: Vec<Reject>,
) -> Result<[Written; 2], StageError> {
    let none = BTreeMap::new();
    sort(&mut rejects);
    let own = Table::from(rejects);
    let (file, _) = table::write(&own, "", &none, false)?;
    let kept = output::put(out, &path(stage), &file)?;
    let mut all = own.rows;
    match output::get_table_at::<Reject>(out, &path(other), other) {
        Ok((table, _)) => all.extend(table.rows),
        // It has yet to refuse any.
        Err(StageError::MissingTable { .. }) => {}
        Err(error) => return Err(error),
    }
    sort(&mut all);
    Ok([kept, output::put_table(out, &Table::from(all), "", &none)?])
}

/// Where the rows that a stage refused are kept: each makes its own, and `rejects.parquet` of all.
pub(super) fn path(stage: StageName) -> String {
    format!("run/{}.rejects.parquet", stage.as_str())
}

/// The content hash of the rows that a stage refused.
pub(super) fn content_hash(out: &dyn Store, stage: StageName) -> Result<String, StageError> {
    output::content_hash_at::<Reject>(out, &path(stage), stage)
}

/// Sorts by the table's key.
pub(super) fn sort(rejects: &mut Vec<Reject>) {
    rejects.sort_by(|a, b| key(a).cmp(&key(b)));
    rejects.dedup();
}

/// The table's key.
fn key(reject: &Reject) -> (&str, &str, &str, Option<&str>, &str) {
    (&reject.stage, &reject.corpus, &reject.path, reject.utterance_id.as_deref(), &reject.message)
}
