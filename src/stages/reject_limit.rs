//! What was refused: counts by cause, and the limit on them.

use std::collections::BTreeMap;

use crate::audio::{AudioError, Pointer};
use crate::corpus::PassedOver;
use crate::schema::Reject;

use super::{Context, Record, StageError, rejects};

/// Rejects by code, for the record: `rejects.too_long`; and those that are pointers, by kind.
pub(super) fn counts_by_code(rejects: &[Reject]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for pointer in Pointer::ALL {
        let message = AudioError::Pointer(pointer).to_string();
        let pointers = rejects.iter().filter(|reject| reject.message == message).count();
        if pointers > 0 {
            counts.insert(pointer.counted_as().to_owned(), pointers as u64);
        }
    }
    for reject in rejects {
        *counts.entry(format!("rejects.{}", reject.code)).or_default() += 1;
    }
    counts
}

/// Refuses more rejects than `extract.max_reject_rate` allows.
pub(super) fn check_utterances(
    context: &Context,
    refused: u64,
    utterances: u64,
    record: &Record,
) -> Result<(), StageError> {
    let limit = context.parameters.pipeline.extract.max_reject_rate;
    check(refused, (utterances, "utterances"), record, "extract.max_reject_rate", limit)
}

/// Refuses more rejects than the share `limit` of all that `noun` names, which `key` sets; `record` counts them by cause.
pub(super) fn check(
    refused: u64,
    (all, noun): (u64, &'static str),
    record: &Record,
    key: &'static str,
    limit: f64,
) -> Result<(), StageError> {
    if refused as f64 > limit * all as f64 {
        let is_counted = |code: &str| code != PassedOver::CODE && !rejects::OF_LISTING.contains(&code);
        let codes = record.rejects().filter(|(code, _)| is_counted(code));
        let causes = codes.map(|(code, count)| format!("{code} {count}")).collect::<Vec<_>>().join(", ");
        let hint = |pointer: Pointer| {
            let (count, name) = (record.counts.get(pointer.counted_as())?, pointer.name());
            Some(format!("\nhint: {count} of them are {name} pointers, not recordings: {}", pointer.remedy()))
        };
        let hint = Pointer::ALL.into_iter().filter_map(hint).collect();
        return Err(StageError::TooManyRejects { rejects: refused, all, noun, causes, key, limit, hint });
    }
    Ok(())
}
