use crate::corpus;
use crate::options;
use crate::pipeline;
use clap::{Args, Parser, Subcommand, ValueEnum};
use serde_json::{Map, Value as Json, json};

use crate::eval::Evaluate;
use crate::pipeline::Extract;
use crate::schema::{TableDef, published_tables};
use crate::stages::StageName;

use super::output;

/// Speech emotion recognition as a batch job: audio in; Parquet feature tables, honest splits, trained models and a
/// report out.
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
  3    input data: source missing, nothing to read, too many rejects; a rerun will not help
  4    storage failed, or another run holds the output; safe to run again
  5    a gate failed: leakage between train and test, a fall in ser compare, or a changed file in ser verify
  70   a bug in ser
  130  stopped by SIGINT     143  stopped by SIGTERM; run again to go on";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run every stage of a pipeline; stages that are up to date do no work
    Run(RunOptions),
    #[command(flatten)]
    Stage(StageCommand),
    /// Predict the emotion of audio files with a saved model
    Predict(PredictOptions),
    /// Compare two finished runs on the test utterances that they share (exit 5 where a gate fails)
    Compare(CompareOptions),
    /// Compare every output of a run with what was written (exit 5 where a file is missing or has changed)
    Verify(VerifyOptions),
    /// Write a corpus of synthetic emotional speech, for demos and tests
    Synth(SynthOptions),
    /// Print what feature sets are made of
    #[command(subcommand)]
    Features(FeaturesCommand),
    /// Print the JSON Schema of the pipeline file, or of the tables
    Schema(SchemaOptions),
}

/// One variant a stage, each with the flags of `run`.
#[derive(Debug, Subcommand)]
pub(super) enum StageCommand {
    #[command(about = StageName::Ingest.about())]
    Ingest(RunOptions),
    #[command(about = StageName::Extract.about())]
    Extract(RunOptions),
    #[command(about = StageName::Split.about())]
    Split(RunOptions),
    #[command(about = StageName::Normalize.about())]
    Normalize(RunOptions),
    #[command(about = StageName::Train.about())]
    Train(RunOptions),
    #[command(about = StageName::Evaluate.about())]
    Evaluate(RunOptions),
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

    pub fn options(&self) -> &RunOptions {
        match self {
            Self::Ingest(options)
            | Self::Extract(options)
            | Self::Split(options)
            | Self::Normalize(options)
            | Self::Train(options)
            | Self::Evaluate(options) => options,
        }
    }
}

/// The flags of `ser run` and of every stage.
#[derive(Debug, Args)]
pub(super) struct RunOptions {
    /// Pipeline file (TOML), on disk or s3://BUCKET/KEY
    pub pipeline: String,
    /// Change one key of the pipeline file, e.g. split.test=0.3 or corpus.0.source=/data/ravdess; may be repeated.
    /// Paths are relative to the working directory
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Folder or s3://BUCKET/PREFIX that tables, models and the report go to, instead of `out` in the pipeline file
    #[arg(long, value_name = "URI")]
    pub out: Option<String>,
    #[command(flatten)]
    pub work: WorkOptions,
}

/// The flags of whatever may take long.
#[derive(Debug, Args)]
pub(super) struct WorkOptions {
    /// Worker threads [default: one a core]; results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Print what is up to date and what would run, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do the work even where everything is up to date
    #[arg(long)]
    pub force: bool,
    /// Format of the log on stderr
    #[arg(long, value_enum, default_value_t = LogFormat::Text, value_name = "FORMAT")]
    pub log_format: LogFormat,
    /// Progress bars; auto: only on a terminal
    #[arg(long, value_enum, default_value_t = ProgressMode::Auto, value_name = "WHEN")]
    pub progress: ProgressMode,
    /// Say nothing but warnings and errors
    #[arg(long, short)]
    pub quiet: bool,
}

/// The flags of `ser predict`.
#[derive(Debug, Args)]
#[command(after_help = PREDICT_HELP)]
pub(super) struct PredictOptions {
    /// Folder of a saved model, e.g. runs/demo/models/mlp/all or s3://BUCKET/PREFIX
    pub model: String,
    /// Audio files, folders, s3:// prefixes, or patterns in quotes: 'calls/**/*.wav'
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<String>,
    /// Folder or s3://BUCKET/PREFIX that inferences.parquet and rejects.parquet go to
    #[arg(long, value_name = "URI", default_value = "predictions")]
    pub out: String,
    /// Share of the files that may be refused before the work counts as failed (0 to 1)
    #[arg(long, value_name = "SHARE", default_value_t = Extract::default().max_reject_rate)]
    pub max_reject_rate: f64,
    #[command(flatten)]
    pub work: WorkOptions,
}

const PREDICT_HELP: &str = "\
A model that was normalized speaker by speaker (normalize.scope = \"speaker\") needs unlabelled utterances of each
speaker that it judges: each INPUT is then taken as one speaker and must hold at least 8 audio files, so give one
folder, or one pattern in quotes, for each speaker. calls/*/ without quotes is a folder, and thus a speaker, after the
other; in quotes it is one speaker.";

/// The flags of `ser compare`.
#[derive(Debug, Args)]
pub(super) struct CompareOptions {
    /// Output of the run that is the measure: a folder or s3://BUCKET/PREFIX
    pub run_a: String,
    /// Output of the run that is judged
    pub run_b: String,
    /// Fail with exit 5 where B's metric is lower than A's by more than this, e.g. uar=0.02; may be repeated. Metrics:
    /// uar, accuracy, macro_f1, weighted_f1
    #[arg(long, value_name = "METRIC=X")]
    pub max_drop: Vec<String>,
    /// Fail a gate where the runs share less than this share of the larger one's test utterances (0 to 1)
    #[arg(long, value_name = "SHARE", requires = "max_drop", default_value_t = 0.9)]
    pub min_shared: f64,
    /// The model to compare [default: `selected` where a run has it, else `mlp`, else the first]
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
    /// Write the comparison to this file too
    #[arg(long, value_name = "FILE.md")]
    pub out: Option<String>,
    /// Resamples of the speakers behind intervals and p values: 0 for none, else 100 to 1000000
    #[arg(long, value_name = "N", default_value_t = Evaluate::default().bootstrap)]
    pub bootstrap: usize,
    /// Seed of the resamples
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// The flags of `ser verify`.
#[derive(Debug, Args)]
#[command(after_help = VERIFY_HELP)]
pub(super) struct VerifyOptions {
    /// Output of a run, or of ser predict: a folder or s3://BUCKET/PREFIX
    pub run: String,
}

const VERIFY_HELP: &str = "\
Every stage leaves run/<stage>.json, which names its files with their sizes and BLAKE3. A rerun compares sizes only, to
be quick where there is nothing to do; a stage that reads a table compares its hash; ser verify reads and compares every
file, prints a line for each that is missing or has changed, and ends with exit 5 where there is any. Remove what is
left of them and run the same pipeline again: what is missing is made anew.";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ProgressMode {
    Auto,
    Never,
}

/// The flags of `ser synth`.
#[derive(Debug, Args)]
pub(super) struct SynthOptions {
    /// Folder or s3://BUCKET/PREFIX to write WAV files to
    pub folder: String,
    /// Speakers, half of them female
    #[arg(long, default_value_t = 12)]
    pub speakers: u32,
    /// Different sentences that each speaker says
    #[arg(long, default_value_t = 2)]
    pub sentences: u32,
    /// Times that each sentence is said in each emotion
    #[arg(long, default_value_t = 2)]
    pub repetitions: u32,
    /// Emotions, comma-separated
    #[arg(long, value_delimiter = ',', default_value = "anger,boredom,fear,happiness,neutral,sadness")]
    pub emotions: Vec<String>,
    /// The same seed makes the same bytes
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Sample rate in Hz
    #[arg(long, default_value_t = 16_000, value_name = "HZ")]
    pub sample_rate: u32,
}

/// What `ser features` prints.
#[derive(Debug, Subcommand)]
pub(super) enum FeaturesCommand {
    /// Ready sets, descriptors and functionals
    List,
    /// What a name means: a ready set, a descriptor, a functional, or a column such as mfcc01_d1_std
    Describe {
        /// The name
        name: String,
    },
}

/// The flags of `ser schema`.
#[derive(Debug, Args)]
pub(super) struct SchemaOptions {
    /// `pipeline`, `preset`, or the name of a table; `tables` lists their names
    #[arg(default_value = "pipeline")]
    pub name: String,
}

/// Prints one of the published contracts.
pub(super) fn print_schema(options: &SchemaOptions) -> anyhow::Result<()> {
    let tables = published_tables();
    if options.name == "tables" {
        let line = |table: &TableDef| format!("{:<20} {}\n", table.name, table.description);
        return Ok(output::result(&tables.iter().map(line).collect::<String>())?);
    }
    let schema = match tables.iter().find(|table| table.name == options.name) {
        Some(table) => table_schema(table),
        None if options.name == "pipeline" => pipeline::json_schema().clone(),
        None if options.name == "preset" => corpus::Preset::json_schema().clone(),
        None => {
            let names = tables.iter().map(|table| table.name).collect::<Vec<_>>().join(", ");
            let problem = format!("legal are pipeline, preset, tables, {names}");
            return Err(options::ConfigError::new("schema", format!("`{}`", options.name), problem).into());
        }
    };
    Ok(output::result(&format!("{schema:#}\n"))?)
}

/// The published form of a table's definition.
fn table_schema(table: &TableDef) -> Json {
    let columns = table.columns.iter().map(|column| {
        json!({
            "name": column.name,
            "type": column.kind.as_str(),
            "nullable": column.nullable,
            "description": column.description,
        })
    });
    let mut schema = Map::new();
    schema.insert("table".into(), table.name.into());
    schema.insert("version".into(), table.version.into());
    schema.insert("description".into(), table.description.into());
    schema.insert("sorted_by".into(), table.key.into());
    schema.insert("columns".into(), columns.collect());
    let mut others = Vec::new();
    if table.open.text {
        others.push("nullable utf8 columns: what a manifest or pattern adds");
    }
    if table.open.float {
        others.push("nullable float32 columns: what only the data knows (features, probabilities)");
    }
    schema.insert("other_columns".into(), others.into());
    Json::Object(schema)
}
