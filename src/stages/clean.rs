//! `ser clean`: files of a run that no table needs, and that no later run could go on with.

use std::collections::{BTreeMap, BTreeSet};

use crate::storage::{Entry, Store};

use super::extract::{needed, part_name};
use super::{FOLDERS, StageError, StageName, ledger, normalize, train, written};
use crate::report;

/// Finds what is superseded, by path. A stage without a record has not finished: what it left, the next run may use.
///
/// # Errors
/// The output holds no run; it cannot be listed or read.
pub fn superseded(out: &dyn Store) -> Result<BTreeMap<String, u64>, StageError> {
    let records = StageName::ALL.map(|stage| ledger::read_record(out, stage));
    let records = records.into_iter().collect::<Result<Vec<_>, _>>()?;
    let listed = written::listed(out, &FOLDERS)?;
    let has_parts = listed.keys().any(|path| part_name(path).is_some());
    if records.iter().all(Option::is_none) && !has_parts {
        return Err(StageError::NoRun { run: out.root() });
    }
    let outputs = records.iter().flatten().flat_map(|record| record.outputs.keys()).collect::<BTreeSet<_>>();
    let has_finished = |stage: StageName| records[stage as usize].is_some();
    let needed = needed(out, &listed, records[StageName::Extract as usize].as_ref())?;
    let is_superseded = |entry: &Entry| {
        let path = entry.path.as_str();
        match path.split('/').next() {
            _ if outputs.contains(&entry.path) => false,
            _ if part_name(path).is_some() => !needed.contains(path),
            Some("models" | "predictions") => has_finished(StageName::Train) && train::is_ours(path),
            Some("normalized") => has_finished(StageName::Normalize) && normalize::is_ours(path),
            Some(report::PLOT_FOLDER) => has_finished(StageName::Evaluate) && report::is_plot(path),
            _ => false,
        }
    };
    Ok(listed.values().filter(|entry| is_superseded(entry)).map(|entry| (entry.path.clone(), entry.bytes)).collect())
}
