//! The time, for those who are told when something happened: it enters no table, no model and no report.

#![expect(clippy::disallowed_methods, reason = "monitors ask when")]

use std::time::{SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::macros::format_description;

/// Milliseconds since 1970.
pub(super) fn milliseconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Seconds since 1970.
pub(super) fn seconds() -> f64 {
    milliseconds() as f64 / 1e3
}

/// `2026-11-26T04:30:00.000Z`
pub(super) fn timestamp() -> String {
    let form = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    OffsetDateTime::from(SystemTime::now()).format(&form).unwrap_or_default()
}
