use crate::monitor::Monitor;
use crate::stages::{self, Removed};
use crate::storage;

use super::args::{DateOptions, ForgetOptions};
use super::{logging, output, run};

/// Removes a speaker from an output, and lists what that means.
pub(super) fn run(options: &ForgetOptions) -> anyhow::Result<()> {
    let run_options = options.run();
    logging::start(&run_options.work);
    run::with_context(&run_options, &DateOptions::default(), false, &Monitor::none(), |context| {
        let _lock = (!options.dry_run).then(|| context.out.lock(storage::LOCK)).transpose()?;
        let removed = stages::forget(context, &options.speaker, options.dry_run)?;
        Ok(output::result(&words(&removed, options.dry_run))?)
    })
}

fn words(removed: &Removed, dry_run: bool) -> String {
    let removes = if dry_run { "would remove" } else { "removed" };
    let mut lines = Vec::new();
    lines.extend(removed.files.iter().map(|(path, bytes)| format!("{removes} {path} ({bytes} bytes)")));
    lines.extend(removed.learned.iter().map(|model| format!("learned from the speaker: {model}")));
    lines.extend(removed.unlearned.iter().map(|model| format!("did not learn from the speaker, stays: {model}")));
    lines.extend(
        removed.recordings.iter().map(|(corpus, path)| format!("recording of corpus `{corpus}`, stays: {path}")),
    );
    let bytes = removed.files.values().sum::<u64>() as f64 / 1e6;
    lines.push(format!(
        "{removes} {} files, {bytes:.1} MB; no later run of this output takes the speaker in",
        removed.files.len()
    ));
    lines.push("the next `ser run` makes the other tables and models again, without the speaker".to_owned());
    lines.iter().map(|line| format!("{line}\n")).collect()
}
