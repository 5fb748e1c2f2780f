use clap::Args;

use crate::eval::EvaluateSection;

use super::work::{Format, LogFormat, ProgressMode, RunOptions, WorkOptions};

/// The flags of `ser compare`.
#[derive(Debug, Args)]
pub(in super::super) struct CompareOptions {
    /// Output of the reference run A: a folder or s3://BUCKET/PREFIX, or the accepted.json of ser accept
    pub run_a: String,
    /// Output of the run B that is compared with it, or an accepted.json
    pub run_b: String,
    /// Fail with exit 5 if the metric of B is lower than that of A by more than X, e.g. uar=0.02; may be repeated.
    /// Metrics: uar, accuracy, macro_f1, weighted_f1
    #[arg(long, value_name = "METRIC=X")]
    pub max_drop: Vec<String>,
    /// With --max-drop, fail also if both runs tested less than this share of the larger run's test utterances (0 to 1)
    #[arg(long, value_name = "SHARE", requires = "max_drop", default_value_t = 0.9)]
    pub min_shared: f64,
    /// The model to compare [default: `selected` if the runs have it, else `mlp`, else the first]
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
    /// Also write the comparison to this file
    #[arg(long, value_name = "FILE.md")]
    pub out: Option<String>,
    /// Number of resamples of the speakers for intervals and p values: 0 for none, else 100 to 1000000
    #[arg(long, value_name = "N", default_value_t = EvaluateSection::default().bootstrap)]
    pub bootstrap: usize,
    /// Seed of the resamples
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// The flags of `ser leaderboard`.
#[derive(Debug, Args)]
#[command(after_help = LEADERBOARD_HELP)]
pub(in super::super) struct LeaderboardOptions {
    /// Outputs of the runs: folders or s3://BUCKET/PREFIX, or the accepted.json of ser accept
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<String>,
    /// Every model of each run, and not only the one that its report leads with
    #[arg(long)]
    pub every_model: bool,
    /// A file with further published figures; may be repeated
    #[arg(long, value_name = "FILE.toml")]
    pub figures: Vec<String>,
    /// Also write leaderboard.md and leaderboard.parquet to this folder or s3://BUCKET/PREFIX
    #[arg(long, value_name = "URI")]
    pub out: Option<String>,
}

const LEADERBOARD_HELP: &str = "\
The runs must have tested the same utterances in the same folds, and told the same classes apart. Published figures join
them where the split is a published protocol (split.scheme = \"published\"). A file of figures has a section for each:

[[figure]]
protocol = \"emobox\"
corpus = \"ravdess\"        # the preset
classes = 8                # it joins runs with as many classes
tested = 1440              # and test utterances
system = \"Mine\"
model = \"a network\"
features = \"spectrograms\"
pretrained = false
uar_folds = 0.6            # mean of the UARs of the folds
source = \"where it is published\"";

/// The flags of `ser accept`.
#[derive(Debug, Args)]
#[command(after_help = ACCEPT_HELP)]
pub(in super::super) struct AcceptOptions {
    /// Output of the run: a folder or s3://BUCKET/PREFIX
    pub run: String,
    /// The file to write, on disk or s3://BUCKET/KEY [default: accepted.json beside the folder of the run]
    #[arg(long = "as", value_name = "FILE.json")]
    pub pointer: Option<String>,
}

const ACCEPT_HELP: &str = "\
The next run writes over the tables of this one. So ser accept copies what later runs are measured by into a folder beside
accepted.json: keys, splits, predictions, metrics and the distributions of the features. accepted.json names that folder.
ser compare accepted.json RUN, split.frozen and checks.against read it. The run that was accepted before is kept too.";

/// The flags of `ser forget`.
#[derive(Debug, Args)]
#[command(after_help = FORGET_HELP)]
pub(in super::super) struct ForgetOptions {
    /// Pipeline file (TOML), on disk or s3://BUCKET/KEY
    pub pipeline: String,
    /// The speaker, as tables name it: corpus/07
    #[arg(long, value_name = "ID")]
    pub speaker: String,
    /// Set one key of the pipeline file; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Output folder or s3://BUCKET/PREFIX, instead of `out` in the pipeline file
    #[arg(long, value_name = "URI")]
    pub out: Option<String>,
    /// List what would be removed, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

impl ForgetOptions {
    /// The run that it is about.
    pub fn run(&self) -> RunOptions {
        let work = WorkOptions {
            threads: None,
            dry_run: self.dry_run,
            force: false,
            log_format: LogFormat::Text,
            progress: ProgressMode::Never,
            quiet: true,
        };
        RunOptions { pipeline: self.pipeline.clone(), set: self.set.clone(), out: self.out.clone(), work }
    }
}

const FORGET_HELP: &str = "\
Tables that hold other people too are removed as a whole, with every model that learned from the speaker; the next ser run
makes them again. Parts of the features that the speaker is not in stay. run/forgotten.json keeps a hash of the name, so
that no later run of this output takes the speaker in. The recordings themselves are listed and stay: delete them at their
source. Runs that ser accept keeps are cleaned too. Copies of the output elsewhere are not.";

/// The flags of `ser clean`.
#[derive(Debug, Args)]
#[command(after_help = CLEAN_HELP)]
pub(in super::super) struct CleanOptions {
    /// Output of a run: a folder or s3://BUCKET/PREFIX
    pub run: String,
    /// List what would be removed, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

const CLEAN_HELP: &str = "\
A finished run leaves nothing behind. Parts that were computed for another state of the pipeline, and what killed runs and
workers left, stay until the next run. ser clean removes these now. It keeps every file that a record names, all that the
next run could go on with, and every file that is not of ser-etl.";

/// The flags of `ser verify`.
#[derive(Debug, Args)]
#[command(after_help = VERIFY_HELP)]
pub(in super::super) struct VerifyOptions {
    /// Output of a run or of ser predict: a folder or s3://BUCKET/PREFIX
    pub run: String,
}

const VERIFY_HELP: &str = "\
Every stage writes run/<stage>.json, which lists its files with their sizes and BLAKE3 hashes. A rerun compares sizes
only, and a stage compares the hashes of the tables that it reads. ser verify reads every file and compares its hash. It
prints a line for each file that is missing or has changed, and then ends with exit code 5. To mend such a run, remove
the changed files and run the same pipeline again: it writes missing files again.";

/// The flags of `ser inspect`.
#[derive(Debug, Args)]
#[command(after_help = INSPECT_HELP)]
pub(in super::super) struct InspectOptions {
    /// Output of a run or of ser predict, a Parquet file, or a folder of Parquet files such as RUN/features; on disk or
    /// s3://
    #[arg(value_name = "RUN|TABLE")]
    pub place: String,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
    /// First rows of a table that are shown
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(0..=1000))]
    pub rows: u16,
}

const INSPECT_HELP: &str = "\
ser inspect reads records, footers and small tables only, and changes nothing. Whether the files still hold what was
written is a matter of ser verify. The text is cut to the width of the terminal; --format json has everything.";
