use std::any::Any;
use std::process::ExitCode;

use crate::corpus::CorpusError;
use crate::dataset::DatasetError;
use crate::model::ModelError;
use crate::monitor::Monitor;
use crate::options::ConfigError;
use crate::stages::StageError;
use crate::storage::StorageError;

use super::output::{self, complain};

const USAGE: u8 = 2;
const INPUT: u8 = 3;
const STORAGE: u8 = 4;
const GATE: u8 = 5;
const BUG: u8 = 70;
const SIGNAL: u8 = 128;

/// Prints clap's message; asking for help is no error.
pub(super) fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        return code(Ok(output::help(error).map_err(anyhow::Error::from)));
    }
    // Printing fails only where there is nobody to read it.
    let _ = error.print();
    ExitCode::from(USAGE)
}

/// How a command ended, or that it panicked.
pub(super) type Ended = Result<anyhow::Result<()>, Box<dyn Any + Send>>;

/// The exit code of a result; prints what went wrong.
pub(super) fn code(result: Ended) -> ExitCode {
    let (code, error) = judged(&result);
    error.into_iter().for_each(|error| complain(&format!("error: {error}")));
    ExitCode::from(code)
}

/// The exit code of a result, and what went wrong.
pub(super) fn judged(result: &Ended) -> (u8, Option<String>) {
    match result {
        Ok(Ok(())) => (0, None),
        Ok(Err(error)) => (of_error(error), Some(message(error))),
        Err(_) => {
            let words = "this is a bug in ser. Finished work is kept. Please report the lines above";
            (BUG, Some(words.to_owned()))
        }
    }
}

/// Ends the process with an error, whatever it is in the middle of.
pub(super) fn now(error: StageError, monitor: &Monitor) -> ! {
    let code = of_stage(&error);
    complain(&format!("error: {error}"));
    monitor.end(code, Some(&error.to_string()));
    std::process::exit(i32::from(code))
}

/// Our own errors name their causes themselves; of others the whole chain is shown.
fn message(error: &anyhow::Error) -> String {
    let is_ours = error.is::<StageError>() || error.is::<ConfigError>() || error.is::<StorageError>();
    if is_ours { error.to_string() } else { format!("{error:#}") }
}

fn of_error(error: &anyhow::Error) -> u8 {
    if let Some(error) = error.downcast_ref::<StageError>() {
        return of_stage(error);
    }
    if error.is::<ConfigError>() {
        return USAGE;
    }
    error.downcast_ref::<StorageError>().map_or(BUG, of_storage)
}

/// What the store will refuse again is a matter of input; the rest may go better next time.
fn of_storage(error: &StorageError) -> u8 {
    match error {
        StorageError::UnknownScheme { .. } | StorageError::NotAFolder { .. } => USAGE,
        StorageError::Forbidden { .. } | StorageError::NoBucket { .. } => INPUT,
        _ => STORAGE,
    }
}

fn of_stage(error: &StageError) -> u8 {
    match error {
        StageError::Config(_) | StageError::Corpus(CorpusError::Config(_) | CorpusError::Preset { .. }) => USAGE,
        StageError::Storage(error) | StageError::Input { source: error @ StorageError::UnknownScheme { .. }, .. } => {
            of_storage(error)
        }
        StageError::Run { source, .. } => of_stage(source),
        StageError::Source { source: StorageError::Failed { .. } | StorageError::Remote { .. }, .. }
        | StageError::TableSource(StorageError::Failed { .. } | StorageError::Remote { .. })
        | StageError::Input { source: StorageError::Failed { .. } | StorageError::Remote { .. }, .. } => STORAGE,
        StageError::SourceChanged { .. }
        | StageError::Matrix(_)
        | StageError::Dataset(DatasetError::Matrix(_))
        | StageError::Model(ModelError::Matrix(_)) => STORAGE,
        StageError::Leakage(_)
        | StageError::Regression(_)
        | StageError::Checks(_)
        | StageError::Unverified { .. }
        | StageError::Dataset(DatasetError::MisplacedCopy { .. }) => GATE,
        StageError::Stopped { signal } => SIGNAL + *signal as u8,
        StageError::Corpus(_)
        | StageError::Source { .. }
        | StageError::EmptySource { .. }
        | StageError::TableSource(_)
        | StageError::TableOfOthers { .. }
        | StageError::Input { .. }
        | StageError::UnusableInput { .. }
        | StageError::UnusableModel { .. }
        | StageError::Incomparable(_)
        | StageError::MissingTable { .. }
        | StageError::Unfinished { .. }
        | StageError::Outdated { .. }
        | StageError::MissingParts { .. }
        | StageError::ForeignLog { .. }
        | StageError::Altered { .. }
        | StageError::NoRun { .. }
        | StageError::Forgotten { .. }
        | StageError::Indescribable { .. }
        | StageError::TooManyRejects { .. }
        | StageError::Dataset(_)
        | StageError::Model(_)
        | StageError::Eval(_)
        | StageError::Table(_)
        | StageError::TableFile { .. } => INPUT,
        StageError::Report(_) => BUG,
    }
}
