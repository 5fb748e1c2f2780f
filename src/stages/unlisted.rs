//! What a listing passes over: rows of rejects, and warnings.

use crate::schema::{Reject, plural};
use crate::storage::{Reason, Unlisted};

/// Codes of rows that stand for no utterance: no limit on rejects counts them.
pub(super) const CODES: [&str; 2] = [UNREADABLE_CODE, SPECIAL_CODE];
const UNREADABLE_CODE: &str = "unreadable_folder";
const SPECIAL_CODE: &str = "special_file";

/// Paths that a warning names.
const SHOWN: usize = 5;

/// A row for each folder that may not be read, and for whatever has the name of an audio file and is none.
pub(super) fn rejects(
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
pub(super) fn warnings(unlisted: &[Unlisted], whose: &str) -> Vec<String> {
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
