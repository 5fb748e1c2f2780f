//! What was refused: counts by cause, and the limit on them.

use std::collections::BTreeMap;

use crate::audio::{AudioError, LFS_REMEDY};
use crate::corpus::PassedOver;
use crate::schema::Reject;

use super::{Record, StageError, unlisted};

/// What the record calls the count of rejects that are Git LFS pointers.
const LFS_POINTERS: &str = "lfs_pointers";

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

/// Refuses more rejects than the share `limit` of all that `noun` names, which `key` sets; `record` counts them by cause.
pub(super) fn check_rejects(
    rejects: u64,
    (all, noun): (u64, &'static str),
    record: &Record,
    key: &'static str,
    limit: f64,
) -> Result<(), StageError> {
    if rejects as f64 > limit * all as f64 {
        let is_counted = |code: &str| code != PassedOver::CODE && !unlisted::CODES.contains(&code);
        let codes = record.counts.iter().filter_map(|(name, count)| Some((name.strip_prefix("rejects.")?, count)));
        let codes = codes.filter(|(code, _)| is_counted(code));
        let causes = codes.map(|(code, count)| format!("{code} {count}")).collect::<Vec<_>>().join(", ");
        let hint = record.counts.get(LFS_POINTERS).map_or_else(String::new, |count| {
            format!("\nhint: {count} of them are Git LFS pointers, not recordings: {LFS_REMEDY}")
        });
        return Err(StageError::TooManyRejects { rejects, all, noun, causes, key, limit, hint });
    }
    Ok(())
}
