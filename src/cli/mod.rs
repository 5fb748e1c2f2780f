//! Flags, logging, progress and exit codes: the only room that reads the command line and the environment, prints or
//! exits.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this room is where they are allowed"
)]

mod args;
mod compare;
mod exit;
mod features;
mod logging;
mod predict;
mod progress;
mod run;
mod synth;
mod verify;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};

/// The `ser` program: reads the command line, does what it says, and returns the exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error),
    };
    let result = std::panic::catch_unwind(|| match cli.command {
        Command::Run(options) => run::run(&options, None),
        Command::Stage(stage) => run::run(stage.options(), Some(stage.name())),
        Command::Predict(options) => predict::run(&options),
        Command::Compare(options) => compare::run(&options),
        Command::Verify(options) => verify::run(&options),
        Command::Synth(options) => synth::run(&options),
        Command::Features(command) => features::run(&command),
        Command::Schema(options) => args::print_schema(&options),
    });
    exit::code(result)
}

/// Prints a line of the summary. Nobody may be there to read it: `ser run ... | head -1` runs to its end.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
