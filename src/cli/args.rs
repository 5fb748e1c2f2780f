use clap::{Args, Parser, Subcommand, ValueEnum};
use serde_json::{Map, Value as Json, json};

use super::output;
use crate::corpus;
use crate::eval::EvaluateSection;
use crate::options;
use crate::pipeline;
use crate::pipeline::ExtractSection;
use crate::schema::{TableDef, published_tables};
use crate::stages::{Shard, StageName};

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
  5    a gate failed: leakage between train and test, a lower figure in ser compare, or a changed file in ser verify
  70   a bug in ser
  130  stopped by SIGINT; run the same command again to go on
  143  stopped by SIGTERM; run the same command again to go on";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Look at a corpus and write a pipeline file for it
    #[command(after_help = INIT_HELP)]
    Init(InitOptions),
    /// Run all stages of a pipeline; a stage that is up to date does no work
    Run(RunOptions),
    #[command(flatten)]
    Stage(StageCommand),
    /// Print what a run would do and why, and which parts of the features table are to be computed
    #[command(after_help = PLAN_HELP)]
    Plan(PlanOptions),
    /// Predict the emotion of audio files with a saved model
    Predict(PredictOptions),
    /// Compare two finished runs on the test utterances that both have (exit 5 if a gate fails)
    Compare(CompareOptions),
    /// Compare every output of a run with its recorded hash (exit 5 if a file is missing or has changed)
    Verify(VerifyOptions),
    /// Write a corpus of synthetic emotional speech, for demos and tests
    Synth(SynthOptions),
    /// Print feature sets, descriptors and functionals
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
    #[command(about = StageName::Extract.about(), after_help = EXTRACT_HELP)]
    Extract(ExtractOptions),
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
            Self::Extract(options) => &options.run,
            Self::Ingest(options)
            | Self::Split(options)
            | Self::Normalize(options)
            | Self::Train(options)
            | Self::Evaluate(options) => options,
        }
    }
}

/// The flags of `ser init`.
#[derive(Debug, Args)]
pub(super) struct InitOptions {
    /// Folder or s3://BUCKET/PREFIX that holds the corpus
    #[arg(value_name = "DIR")]
    pub source: String,
    /// Name of the corpus and of the pipeline [default: that of the folder]
    #[arg(long)]
    pub name: Option<String>,
    /// Pipeline file to write [default: NAME.toml]
    #[arg(long, value_name = "FILE.toml")]
    pub out: Option<String>,
    /// Write over a file that is there
    #[arg(long)]
    pub force: bool,
}

const INIT_HELP: &str = "\
ser init reads the names of the files, and small tables beside them; it does not open the audio. It recognizes the
published corpora for which there is a preset. For any other corpus, it finds out what a table or the names say about
emotions and speakers. It prints what it found and what it could not tell. The file that it writes says the same in
comments. What is not certain is left to you: the file then has lines with TO DO, and ser run refuses it until they are
filled in.";

/// The flags of `ser run` and of every stage.
#[derive(Debug, Args)]
pub(super) struct RunOptions {
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

/// The flags of `ser plan`.
#[derive(Debug, Args)]
pub(super) struct PlanOptions {
    #[command(flatten)]
    pub run: RunOptions,
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
pub(super) struct ExtractOptions {
    #[command(flatten)]
    pub run: RunOptions,
    /// Compute only these parts, and stage them; ser plan lists their names
    #[arg(long, value_name = "NAME", num_args = 1.., conflicts_with_all = ["force", "dry_run"])]
    pub part: Vec<String>,
    /// Compute only this share of the parts, e.g. 3/16, and stage them
    #[arg(long, value_name = "NUMBER/COUNT", conflicts_with_all = ["part", "force", "dry_run"])]
    pub shard: Option<Shard>,
    /// Publish parts that are staged; if one is missing, name it and do nothing (exit 3)
    #[arg(long, conflicts_with_all = ["part", "shard", "force"])]
    pub require_parts: bool,
    /// How a worker says what became of each part; json: a line for each
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
}

const EXTRACT_HELP: &str = "\
Several hosts can share the work: each runs ser extract PIPELINE with --part or --shard, on the same output. A worker
computes its parts and stages them under run/extract; a part that is finished is not computed again. Afterwards,
ser extract PIPELINE, or ser run, publishes the table. It computes parts that are missing, or refuses with
--require-parts. All hosts need the same ser. Parts of different vector instructions are a warning; see
extract.vector_level.";

/// How a result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Text,
    Json,
}

/// The flags of whatever may take long.
#[derive(Debug, Args)]
pub(super) struct WorkOptions {
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

/// The flags of `ser predict`.
#[derive(Debug, Args)]
#[command(after_help = PREDICT_HELP)]
pub(super) struct PredictOptions {
    /// Folder of a saved model, e.g. runs/demo/models/mlp/all or s3://BUCKET/PREFIX
    pub model: String,
    /// Audio files, folders, s3:// prefixes, or patterns in quotes: 'calls/**/*.wav'
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<String>,
    /// Output folder or s3://BUCKET/PREFIX for inferences.parquet and rejects.parquet
    #[arg(long, value_name = "URI", default_value = "predictions")]
    pub out: String,
    /// Largest share of the files that may be refused; above it, the command fails (0 to 1)
    #[arg(long, value_name = "SHARE", default_value_t = ExtractSection::default().max_reject_rate)]
    pub max_reject_rate: f64,
    /// Predict only this share of the INPUTs, e.g. 3/16, and stage it in the output; give every worker the same INPUTs
    #[arg(long, value_name = "NUMBER/COUNT", conflicts_with_all = ["force", "dry_run"])]
    pub shard: Option<Shard>,
    #[command(flatten)]
    pub work: WorkOptions,
}

const PREDICT_HELP: &str = "\
A model that was normalized speaker by speaker (normalize.scope = \"speaker\") needs at least 8 unlabelled audio files
of each speaker. Each INPUT is then one speaker: give one folder, or one pattern in quotes, for each. Without quotes,
calls/*/ gives each folder as a speaker; in quotes, it is a single speaker.

Several hosts can share the work: each runs the same command with --shard. An INPUT is in one shard as a whole. Then the
same command without --shard writes the tables, and predicts what no worker has staged.";

/// The flags of `ser compare`.
#[derive(Debug, Args)]
pub(super) struct CompareOptions {
    /// Output of the reference run A: a folder or s3://BUCKET/PREFIX
    pub run_a: String,
    /// Output of the run B that is compared with it
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

/// The flags of `ser verify`.
#[derive(Debug, Args)]
#[command(after_help = VERIFY_HELP)]
pub(super) struct VerifyOptions {
    /// Output of a run or of ser predict: a folder or s3://BUCKET/PREFIX
    pub run: String,
}

const VERIFY_HELP: &str = "\
Every stage writes run/<stage>.json, which lists its files with their sizes and BLAKE3 hashes. A rerun compares sizes
only, and a stage compares the hashes of the tables that it reads. ser verify reads every file and compares its hash. It
prints a line for each file that is missing or has changed, and then ends with exit code 5. To mend such a run, remove
the changed files and run the same pipeline again: it writes missing files again.";

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
    /// Folder or s3://BUCKET/PREFIX for the WAV files
    pub folder: String,
    /// Number of speakers, half of them female
    #[arg(long, default_value_t = 12)]
    pub speakers: u32,
    /// Number of different sentences
    #[arg(long, default_value_t = 2)]
    pub sentences: u32,
    /// How often each speaker says each sentence in each emotion
    #[arg(long, default_value_t = 2)]
    pub repetitions: u32,
    /// Emotions, comma-separated
    #[arg(long, value_delimiter = ',', default_value = "anger,boredom,fear,happiness,neutral,sadness")]
    pub emotions: Vec<String>,
    /// Seed; the same seed gives the same bytes
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Sample rate in Hz
    #[arg(long, default_value_t = 16_000, value_name = "HZ")]
    pub sample_rate: u32,
}

/// What `ser features` prints.
#[derive(Debug, Subcommand)]
pub(super) enum FeaturesCommand {
    /// List ready sets, descriptors and functionals
    List,
    /// Explain a name: a ready set, a descriptor, a functional, or a column such as mfcc01_d1_std
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
