//! What shells and `man` know of the program, made of the same definitions that read the command line.

use clap::CommandFactory;
use clap_mangen::Man;

use crate::storage::{self, Storage, Store};

use super::args::{Cli, CompletionsOptions, ManOptions};
use super::output;
use super::run::{here, join};

/// Prints the completions of a shell.
pub(super) fn complete(options: &CompletionsOptions) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Cli::command(), "ser", &mut script);
    Ok(output::result(&String::from_utf8(script)?)?)
}

/// Writes a page for the program and for each of its commands.
pub(super) fn man(options: &ManOptions) -> anyhow::Result<()> {
    let folder = storage::open(&join(&here()?, &options.folder), &Storage::default())?;
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    pages(&command, folder.as_ref())
}

fn pages(command: &clap::Command, folder: &dyn Store) -> anyhow::Result<()> {
    let (man, mut page) = (Man::new(command.clone()), Vec::new());
    man.render(&mut page)?;
    folder.put(&man.get_filename(), &page)?;
    command.get_subcommands().try_for_each(|command| pages(command, folder))
}
