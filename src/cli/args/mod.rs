//! The command line: its commands, and the flags of each.

mod others;
mod outputs;
mod work;

use clap::{Parser, Subcommand};

use crate::stages::StageName;

pub(super) use others::{
    CompletionsOptions, CorporaCommand, CorporaOptions, FeaturesCommand, InitOptions, ManOptions, PredictOptions,
    SchemaOptions, SynthOptions,
};
pub(super) use outputs::{
    AcceptOptions, CleanOptions, CompareOptions, ForgetOptions, InspectOptions, LeaderboardOptions, VerifyOptions,
};
pub(super) use work::{
    DateOptions, DatedOptions, ExtractOptions, Format, LogFormat, MonitorFlags, PlanOptions, ProgressMode, RunOptions,
    WatchedOptions, WorkOptions,
};

/// Speech emotion recognition as a batch job: reads audio; writes Parquet tables of features, splits without leakage,
/// trained models and a report
#[derive(Debug, Parser)]
#[command(name = "ser", version, max_term_width = 110, after_help = EXIT_CODES)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    done
  2    usage or configuration: fix the command or the pipeline file
  3    input data: missing source, nothing to read, or too many rejects; fix the data first
  4    storage failed, or another run holds the output; run the same command again
  5    a gate failed: leakage between train and test, data beyond the limits of [checks], a lower figure in ser compare,
       or a changed file in ser verify
  70   a bug in ser
  130  stopped by SIGINT; run the same command again to go on
  143  stopped by SIGTERM; run the same command again to go on";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Look at a corpus and write a pipeline file for it
    Init(InitOptions),
    /// Run all stages of a pipeline; a stage that is up to date does no work
    Run(DatedOptions),
    #[command(flatten)]
    Stage(StageCommand),
    /// Print what a run would do and why, and which parts of the features table are to be computed
    Plan(PlanOptions),
    /// Predict the emotion of audio files with a saved model
    Predict(PredictOptions),
    /// Compare two finished runs on the test utterances that both have (exit 5 if a gate fails)
    Compare(CompareOptions),
    /// Put finished runs of one protocol, and figures published under it, into one table
    Leaderboard(LeaderboardOptions),
    /// Make a finished run the one that later runs are compared with: write accepted.json
    Accept(AcceptOptions),
    /// Remove a speaker from the tables, frames, models and caches of a run, and keep later runs from taking the speaker in
    Forget(ForgetOptions),
    /// Remove files of a run that no table needs any more
    Clean(CleanOptions),
    /// Compare every output of a run with its recorded hash (exit 5 if a file is missing or has changed)
    Verify(VerifyOptions),
    /// Show what a run or a table holds: stages, rows, rejects, hashes, figures, first rows
    Inspect(InspectOptions),
    /// Write a corpus of synthetic emotional speech, for demos and tests
    Synth(SynthOptions),
    /// Print feature sets, descriptors and functionals
    #[command(subcommand)]
    Features(FeaturesCommand),
    /// List the corpora that ser-etl knows, and the protocols with published folds
    Corpora(CorporaOptions),
    /// Print the JSON Schema of the pipeline file, or of the tables
    Schema(SchemaOptions),
    /// Print the script that completes ser in a shell
    Completions(CompletionsOptions),
    /// Write the manual pages of ser and of its commands
    Man(ManOptions),
}

/// One variant a stage, each with the flags of `run`.
#[derive(Debug, Subcommand)]
pub(super) enum StageCommand {
    #[command(about = StageName::Ingest.about())]
    Ingest(DatedOptions),
    #[command(about = StageName::Extract.about())]
    Extract(ExtractOptions),
    #[command(about = StageName::Split.about())]
    Split(WatchedOptions),
    #[command(about = StageName::Normalize.about())]
    Normalize(WatchedOptions),
    #[command(about = StageName::Train.about())]
    Train(WatchedOptions),
    #[command(about = StageName::Evaluate.about())]
    Evaluate(WatchedOptions),
}

impl StageCommand {
    pub fn name(&self) -> StageName {
        match self {
            Self::Ingest(_) => StageName::Ingest,
            Self::Extract(_) => StageName::Extract,
            Self::Split(_) => StageName::Split,
            Self::Normalize(_) => StageName::Normalize,
            Self::Train(_) => StageName::Train,
            Self::Evaluate(_) => StageName::Evaluate,
        }
    }

    pub fn options(&self) -> &WatchedOptions {
        match self {
            Self::Ingest(options) => &options.watched,
            Self::Extract(options) => &options.watched,
            Self::Split(options) | Self::Normalize(options) | Self::Train(options) | Self::Evaluate(options) => options,
        }
    }
}
