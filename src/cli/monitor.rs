use std::env::{self, VarError};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::monitor::{LineageOptions, Monitor, MonitorOptions, Parent, Receiver};
use crate::stages::StageName;

use super::args::WatchedOptions;
use super::exit;
use super::run::named_file;

/// Does `work` under the eyes of those whom flags and environment name, and tells them how it ended.
pub(super) fn watch(
    options: &WatchedOptions,
    only: Option<StageName>,
    work: impl FnOnce(&Monitor) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if options.run.work.dry_run {
        return work(&Monitor::none());
    }
    let file = |flag, file: &Option<String>| file.as_deref().map(|file| named_file(flag, file)).transpose();
    let metrics_file = file("--metrics-file", &options.monitor.metrics_file)?;
    let lineage = lineage(file("--lineage-file", &options.monitor.lineage_file)?);
    let monitor = Monitor::new(MonitorOptions { metrics_file, lineage }, only, &options.run.pipeline);
    let result = catch_unwind(AssertUnwindSafe(|| work(&monitor)));
    let (code, error) = exit::judged(&result);
    monitor.end(code, error.as_deref());
    result.unwrap_or_else(|panic| resume_unwind(panic))
}

/// Who receives events, by the variables that other clients of OpenLineage read.
fn lineage(file: Option<String>) -> LineageOptions {
    let is_disabled = variable("OPENLINEAGE_DISABLED").is_some_and(|word| word.eq_ignore_ascii_case("true"));
    let receiver = variable("OPENLINEAGE_URL").filter(|_| !is_disabled).map(|url| Receiver {
        url,
        endpoint: variable("OPENLINEAGE_ENDPOINT"),
        key: variable("OPENLINEAGE_API_KEY"),
    });
    let parent = variable("OPENLINEAGE_PARENT_ID").and_then(|text| {
        let parent = Parent::parse(&text);
        parent.map_err(|wanted| tracing::warn!("OPENLINEAGE_PARENT_ID is `{text}`: {wanted}; it is ignored")).ok()
    });
    LineageOptions { file, receiver, namespace: variable("OPENLINEAGE_NAMESPACE"), parent }
}

/// A variable of the environment that is set and not empty.
fn variable(name: &str) -> Option<String> {
    match env::var(name) {
        Ok(value) => Some(value.trim().to_owned()).filter(|value| !value.is_empty()),
        Err(VarError::NotPresent) => None,
        Err(VarError::NotUnicode(_)) => {
            tracing::warn!("{name} is no UTF-8 text; it is ignored");
            None
        }
    }
}
