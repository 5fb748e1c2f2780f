//! Flags, logging, progress and exit codes: the only room that reads the command line and the environment, prints or
//! exits.

#![allow(clippy::disallowed_methods, reason = "this room is where they are allowed")]

mod accept;
mod aligned;
mod args;
mod clean;
mod compare;
mod corpora;
mod exit;
mod extract;
mod features;
mod forget;
mod init;
mod inspect;
mod leaderboard;
mod logging;
mod monitor;
mod output;
mod plan;
mod predict;
mod progress;
mod run;
mod schema;
mod shell;
mod synth;
mod verify;

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use signal_hook::consts::SIGXFSZ;

use crate::stages::StageName;

use args::{Cli, Command, DateOptions, StageCommand};

/// The `ser` program: reads the command line, does what it says, and returns the exit code. `is_stdout_closed`: whether
/// stdout was closed when the program began, which nobody can tell once Rust's runtime has.
pub fn main(is_stdout_closed: bool) -> ExitCode {
    output::start(is_stdout_closed);
    // A limit on file sizes (ulimit -f) is then a failed write and not the end of the process.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error),
    };
    let result = std::panic::catch_unwind(|| match cli.command {
        Command::Init(options) => init::run(&options),
        Command::Run(options) => run::run(&options.watched, &options.dates, None, false),
        Command::Stage(StageCommand::Ingest(options)) => {
            run::run(&options.watched, &options.dates, Some(StageName::Ingest), false)
        }
        Command::Stage(StageCommand::Extract(options)) => extract::run(&options),
        Command::Stage(stage) => run::run(stage.options(), &DateOptions::default(), Some(stage.name()), false),
        Command::Plan(options) => plan::run(&options),
        Command::Predict(options) => predict::run(&options),
        Command::Compare(options) => compare::run(&options),
        Command::Leaderboard(options) => leaderboard::run(&options),
        Command::Accept(options) => accept::run(&options),
        Command::Forget(options) => forget::run(&options),
        Command::Clean(options) => clean::run(&options),
        Command::Verify(options) => verify::run(&options),
        Command::Inspect(options) => inspect::run(&options),
        Command::Synth(options) => synth::run(&options),
        Command::Features(command) => features::run(&command),
        Command::Corpora(options) => corpora::run(&options),
        Command::Schema(options) => schema::run(&options),
        Command::Completions(options) => shell::complete(&options),
        Command::Man(options) => shell::man(&options),
    });
    exit::code(result)
}
