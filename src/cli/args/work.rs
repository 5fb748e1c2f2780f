use clap::{Args, ValueEnum};

use crate::stages::Shard;

/// The flags of `ser run` and of every stage.
#[derive(Debug, Args)]
pub(in super::super) struct WatchedOptions {
    #[command(flatten)]
    pub run: RunOptions,
    #[command(flatten)]
    pub monitor: MonitorFlags,
}

/// Who is told what a run does.
#[derive(Debug, Args)]
pub(in super::super) struct MonitorFlags {
    /// Write figures of the run for Prometheus to this file, after success and after failure: the name should end in
    /// .prom
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub metrics_file: Option<String>,
    /// Write the OpenLineage events of the run to this file, a line of JSON each. OPENLINEAGE_URL names who receives
    /// them over HTTP
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub lineage_file: Option<String>,
}

/// What a run is made of.
#[derive(Debug, Args)]
pub(in super::super) struct RunOptions {
    /// Pipeline file (TOML), on disk or s3://BUCKET/KEY
    pub pipeline: String,
    /// Set one key of the pipeline file, e.g. split.test=0.3 or corpus.0.source=/data/ravdess; may be repeated. Paths
    /// are relative to the working directory
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Output folder or s3://BUCKET/PREFIX for tables, models and the report, instead of `out` in the pipeline file
    #[arg(long, value_name = "URI")]
    pub out: Option<String>,
    #[command(flatten)]
    pub work: WorkOptions,
}

/// The flags of `ser run` and of `ser ingest`.
#[derive(Debug, Args)]
pub(in super::super) struct DatedOptions {
    #[command(flatten)]
    pub watched: WatchedOptions,
    #[command(flatten)]
    pub dates: DateOptions,
}

/// Which days are worked on, where the pipeline file has a `partition`.
#[derive(Debug, Default, Args)]
pub(in super::super) struct DateOptions {
    /// Work only on this day and later ones, e.g. 2026-11-26; utterances of other days stay as they are in the output.
    /// The pipeline file needs `partition`
    #[arg(long, value_name = "DATE")]
    pub from: Option<String>,
    /// Work only on this day and earlier ones
    #[arg(long, value_name = "DATE")]
    pub to: Option<String>,
}

impl DateOptions {
    /// Whether any day is named.
    pub fn are_set(&self) -> bool {
        self.from.is_some() || self.to.is_some()
    }
}

/// The flags of `ser plan`.
#[derive(Debug, Args)]
#[command(after_help = PLAN_HELP)]
pub(in super::super) struct PlanOptions {
    #[command(flatten)]
    pub run: RunOptions,
    #[command(flatten)]
    pub dates: DateOptions,
    /// How the plan is printed
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
}

const PLAN_HELP: &str = "\
For each stage, ser plan prints whether it would run, and each reason: which build, key, input or output is another than
in the record of the stage. Then it lists the pending parts of the features table, which workers can compute with
ser extract --part. It keeps the plan in run/parts.json, so that a worker reads only the rows of its parts.";

/// The flags of `ser extract`.
#[derive(Debug, Args)]
#[command(after_help = EXTRACT_HELP)]
pub(in super::super) struct ExtractOptions {
    #[command(flatten)]
    pub watched: WatchedOptions,
    #[command(flatten)]
    pub dates: DateOptions,
    /// Compute only these parts, and stage them; ser plan lists their names
    #[arg(
        long,
        value_name = "NAME",
        num_args = 1..,
        conflicts_with_all = ["force", "dry_run", "from", "to", "metrics_file", "lineage_file"]
    )]
    pub part: Vec<String>,
    /// Compute only this share of the parts, e.g. 3/16, and stage them
    #[arg(
        long,
        value_name = "NUMBER/COUNT",
        conflicts_with_all = ["part", "force", "dry_run", "metrics_file", "lineage_file"]
    )]
    pub shard: Option<Shard>,
    /// Publish parts that are staged; if one is missing, name it and do nothing (exit 3)
    #[arg(long, conflicts_with_all = ["part", "shard", "force", "from", "to"])]
    pub require_parts: bool,
    /// How a worker says what became of each part; json: a line for each
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
}

const EXTRACT_HELP: &str = "\
Several hosts can share the work: each runs ser extract PIPELINE with --part, --shard or --from and --to, on the same
output. A worker computes its parts and stages them under run/extract; a part that is finished is not computed again.
Afterwards, ser extract PIPELINE, or ser run, publishes the table. It computes parts that are missing, or
refuses with --require-parts. All hosts need the same ser. Parts of different vector instructions are a warning; see
extract.vector_level.";

/// How a result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in super::super) enum Format {
    Text,
    Json,
}

/// The flags of whatever may take long.
#[derive(Debug, Args)]
pub(in super::super) struct WorkOptions {
    /// Number of worker threads [default: one for each core]; results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Print what is up to date and what would run, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do the work again even if everything is up to date
    #[arg(long)]
    pub force: bool,
    /// Format of the log on stderr
    #[arg(long, value_enum, default_value_t = LogFormat::Text, value_name = "FORMAT")]
    pub log_format: LogFormat,
    /// When to show progress bars; auto: only on a terminal
    #[arg(long, value_enum, default_value_t = ProgressMode::Auto, value_name = "WHEN")]
    pub progress: ProgressMode,
    /// Print only warnings and errors
    #[arg(long, short)]
    pub quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in super::super) enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in super::super) enum ProgressMode {
    Auto,
    Never,
}
