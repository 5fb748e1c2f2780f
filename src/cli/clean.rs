use crate::stages;
use crate::storage::{self, Storage};

use super::args::CleanOptions;
use super::output;
use super::run::{here, join};

/// Removes what is superseded in a run, or lists it.
pub(super) fn run(options: &CleanOptions) -> anyhow::Result<()> {
    let out = storage::open(&join(&here()?, &options.run), &Storage::default())?;
    let files = stages::superseded(out.as_ref())?;
    let files = match options.dry_run {
        true => files,
        false => {
            let _lock = out.lock(storage::LOCK)?;
            out.sweep()?;
            // Nobody changes it from here on.
            let files = stages::superseded(out.as_ref())?;
            files.keys().try_for_each(|path| out.remove(path))?;
            files
        }
    };
    let removes = if options.dry_run { "would remove" } else { "removed" };
    let mut text = files.iter().map(|(path, bytes)| format!("{removes} {path} ({bytes} bytes)\n")).collect::<String>();
    let bytes = files.values().sum::<u64>() as f64 / 1e6;
    text += &format!("{removes} {} files, {bytes:.1} MB\n", files.len());
    Ok(output::result(&text)?)
}
