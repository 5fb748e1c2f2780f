use clap::{Args, Subcommand};
use clap_complete::Shell;

use crate::pipeline::ExtractSection;
use crate::stages::Shard;

use super::work::WorkOptions;

/// The flags of `ser init`.
#[derive(Debug, Args)]
#[command(after_help = INIT_HELP)]
pub(in super::super) struct InitOptions {
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

/// The flags of `ser predict`.
#[derive(Debug, Args)]
#[command(after_help = PREDICT_HELP)]
pub(in super::super) struct PredictOptions {
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

/// The flags of `ser synth`.
#[derive(Debug, Args)]
pub(in super::super) struct SynthOptions {
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
pub(in super::super) enum FeaturesCommand {
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
pub(in super::super) struct SchemaOptions {
    /// `pipeline`, `preset`, or the name of a table; `tables` lists their names
    #[arg(default_value = "pipeline")]
    pub name: String,
}

/// The flags of `ser corpora`.
#[derive(Debug, Args)]
pub(in super::super) struct CorporaOptions {
    #[command(subcommand)]
    pub command: Option<CorporaCommand>,
}

/// The commands of `ser corpora`.
#[derive(Debug, Subcommand)]
pub(in super::super) enum CorporaCommand {
    /// Tell all that is known of a corpus: licence, speakers, fields, labels, protocols, what is wrong with it
    Describe {
        /// Name of its preset
        name: String,
    },
}

/// The flags of `ser completions`.
#[derive(Debug, Args)]
#[command(after_help = COMPLETIONS_HELP)]
pub(in super::super) struct CompletionsOptions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

const COMPLETIONS_HELP: &str = "\
For bash: ser completions bash > ~/.local/share/bash-completion/completions/ser
For zsh, a file _ser in a folder of $fpath; for fish: ~/.config/fish/completions/ser.fish";

/// The flags of `ser man`.
#[derive(Debug, Args)]
pub(in super::super) struct ManOptions {
    /// Folder for ser.1, ser-run.1 and so on
    pub folder: String,
}
