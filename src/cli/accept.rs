use crate::matrix::Memory;
use crate::options::ConfigError;
use crate::stages::{self, ACCEPTED, RunPlace};
use crate::storage::{self, Storage};

use super::args::AcceptOptions;
use super::output::say;
use super::run::{here, join};

/// Bytes of features that memory holds at a time: the default of `memory_limit`.
const MEMORY: u64 = 512 << 20;

/// Accepts a run, and says where that is written.
pub(super) fn run(options: &AcceptOptions) -> anyhow::Result<()> {
    let (here, params) = (here()?, Storage::default());
    let run = join(&here, &options.run);
    let pointer = match &options.pointer {
        Some(file) => join(&here, file),
        None => match run.trim_end_matches('/').rsplit_once('/') {
            Some((folder, _)) if !folder.ends_with(":/") => format!("{folder}/{ACCEPTED}"),
            _ => {
                return Err(
                    wrong(&options.run, "it has no folder above it for accepted.json; name a file with --as").into()
                );
            }
        },
    };
    let (folder, name) = pointer.rsplit_once('/').unwrap_or((".", &pointer));
    if !name.ends_with(".json") || name == ".json" {
        return Err(wrong(&pointer, "wanted the name of a file that ends in .json").into());
    }
    let (out, folder) = (storage::open(&run, &params)?, storage::open(folder, &params)?);
    let place = RunPlace { given: &options.run, out: out.as_ref() };
    let accepted = stages::accept(&place, folder.as_ref(), name, &Memory::new(MEMORY))?;
    say(&format!("accepted   {} of pipeline `{}`: {pointer}", options.run, accepted.pipeline));
    Ok(())
}

fn wrong(value: &str, problem: &str) -> ConfigError {
    ConfigError::new("--as", format!("{value:?}"), problem)
}
