//! One file a stage: which tables it reads and writes, and how. Stages never call stages: the table is the interface.

mod accepted;
mod clean;
mod compare;
mod context;
mod data_checks;
mod dates;
mod delta;
mod describe;
mod error;
mod evaluate;
mod extract;
mod facts;
mod features_table;
mod forget;
mod forgotten;
mod frozen;
mod ingest;
mod init;
mod leaderboard;
mod ledger;
mod normalize;
mod output;
mod predict;
mod profile;
mod published;
mod reasons;
mod regress;
mod rehearsal;
mod reject_limit;
mod rejects;
mod results;
mod rows;
mod shard;
mod split;
mod train;
mod verify;
mod workers;
mod written;

use std::collections::BTreeMap;

pub use accepted::{Accepted, NAME as ACCEPTED, accept, run_at};
pub use clean::superseded;
pub use compare::{RunPlace, compare};
pub use context::{Context, Progress};
pub use data_checks::check_data;
pub use dates::Dates;
pub use describe::{
    Described, ModelDescription, RunDescription, StageDescription, StageState, TableColumn, TableDescription,
    TableLine, describe, tables_of,
};
pub use error::StageError;
pub use extract::{Choice, PartDone, Parts, PendingPart, extract_parts, plan_parts};
pub use forget::{Removed, forget};
pub use init::{Look, Seen, look, try_split};
pub use leaderboard::{leaderboard, put_leaderboard};
pub use ledger::{Outcome, Record, State, inspect, perform};
pub use predict::{PREDICT, Predict, SharePredicted};
pub use reasons::{Reason, summary};
pub use rehearsal::{rehearse, rehearse_unread};
pub use results::{Figure, ModelResult, Results, results};
pub use shard::Shard;
pub use verify::{Problem, Verified, Wrong, verify};
pub use written::{Files, OutputFile, Written};

/// The folder of an output that holds records, and what stages keep for reruns.
const RUN: &str = "run";
/// Folders of an output that a run fills and tidies. All but [`RUN`] hold nothing but outputs.
const FOLDERS: [&str; 7] = ["features", "frames", "models", "normalized", "predictions", "report", RUN];

/// The stages in the order in which `ser run` takes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StageName {
    /// Corpora to the utterances table.
    Ingest,
    /// Audio to the features table.
    Extract,
    /// Keys and labels to folds.
    Split,
    /// Train rows to normalization statistics.
    Normalize,
    /// Features, splits and statistics to models and predictions.
    Train,
    /// Predictions to metrics and the report.
    Evaluate,
}

/// What a stage found before it does any work.
#[derive(Debug)]
pub struct Prepared<W> {
    /// [`Stage::config_hash`].
    pub config_hash: String,
    /// What the stage reads: name and content hash.
    pub inputs: BTreeMap<String, String>,
    /// What decides which files are written, and no value in them: name and value.
    pub layout: BTreeMap<String, String>,
    /// What `run` needs and `prepare` has already found.
    pub work: W,
}

impl<W> Prepared<W> {
    fn new(config_hash: String, inputs: BTreeMap<String, String>, work: W) -> Self {
        Self { config_hash, inputs, layout: BTreeMap::new(), work }
    }

    /// Everything that makes a stage work again where it changes.
    fn all_inputs(&self) -> BTreeMap<String, String> {
        self.inputs.clone().into_iter().chain(self.layout.clone()).collect()
    }
}

/// The count of what had to be made anew of the things that a summary counts: true of the run that did it, and of no
/// later one that finds all up to date.
pub const NEW: &str = "new";

/// What a stage did.
#[derive(Debug, Default)]
pub struct Done {
    /// Every file of the stage's tables, models and reports.
    pub outputs: Vec<Written>,
    /// [`Record::contents`].
    pub contents: BTreeMap<String, String>,
    /// Rows, rejects and the like, for the record.
    pub counts: BTreeMap<String, u64>,
    /// What happened, in one line.
    pub summary: String,
    /// What deserves a second look.
    pub warnings: Vec<String>,
}

/// A stage: what it needs, what it does, and when its result is not good enough.
pub trait Stage {
    /// Which stage this is.
    const NAME: StageName;
    /// The keys and sections of the pipeline file that may change [`Stage::config_hash`]: they only say why it is
    /// another.
    const KEYS: &'static [&'static str];
    /// What `prepare` hands to `run`.
    type Work;

    /// Hash of the parameters that determine the stage's tables.
    fn config_hash(context: &Context) -> String;

    /// Finds what the stage reads, and its hashes in records and footers; changes nothing. A run that has nothing to do
    /// does no more: it reads no rows.
    fn prepare(context: &Context) -> Result<Prepared<Self::Work>, StageError>;

    /// What would be worked on, in words: `1440 utterances`. May read rows.
    fn amount(context: &Context, prepared: Prepared<Self::Work>) -> Result<String, StageError>;

    /// Refuses work that is about to begin, before anything changes. What it has found for `run` it leaves in `work`.
    fn check(_context: &Context, _work: &mut Self::Work) -> Result<(), StageError> {
        Ok(())
    }

    /// Does the work and writes every output.
    fn run(context: &Context, prepared: Prepared<Self::Work>) -> Result<Done, StageError>;

    /// Judges a finished stage by its record, on every run: a gate that failed once fails again on a rerun.
    fn judge(_context: &Context, _record: &Record) -> Result<(), StageError> {
        Ok(())
    }
}

impl StageName {
    /// Every stage, in order.
    pub const ALL: [Self; 6] = [Self::Ingest, Self::Extract, Self::Split, Self::Normalize, Self::Train, Self::Evaluate];

    /// The word for the stage on the command line, in tables and under run/.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Extract => "extract",
            Self::Split => "split",
            Self::Normalize => "normalize",
            Self::Train => "train",
            Self::Evaluate => "evaluate",
        }
    }

    /// Hash of the code that the stage is computed with: `build/fingerprint.rs` says of what. It stands in records, seals
    /// and keys under run/ only; what it made has the same bytes under another build that computes the same.
    fn build(self) -> &'static str {
        match self {
            Self::Ingest => env!("SER_BUILD_INGEST"),
            Self::Extract => env!("SER_BUILD_EXTRACT"),
            Self::Split => env!("SER_BUILD_SPLIT"),
            Self::Normalize => env!("SER_BUILD_NORMALIZE"),
            Self::Train => env!("SER_BUILD_TRAIN"),
            Self::Evaluate => env!("SER_BUILD_EVALUATE"),
        }
    }

    /// What the stage reads and writes, for its help.
    pub fn about(self) -> &'static str {
        match self {
            Self::Ingest => "Read file names or manifests; write utterances, labels and rejects",
            Self::Extract => {
                "Read utterances and audio; write features/, frames/ (if requested), feature_dictionary and rejects"
            }
            Self::Split => "Read keys and labels; write splits and leakage (exit 5 if predefined sides leak)",
            Self::Normalize => "Read features and splits; write normalization, fitted on train rows, and normalized/",
            Self::Train => {
                "Read features, splits and normalization; write models/, tuning, fits, predictions, \
                 learning_curves, importance and deployed"
            }
            Self::Evaluate => {
                "Read predictions and keys; write metrics, metrics.json, comparisons, calibration, confusions, the \
                 report and its plots"
            }
        }
    }

    /// Runs the stage unless it is up to date. Where there is work, `before` may refuse it first.
    ///
    /// # Errors
    /// Whatever the stage fails with, or `before`.
    pub fn perform(
        self,
        context: &Context,
        before: impl FnOnce() -> Result<(), StageError>,
    ) -> Result<Outcome, StageError> {
        match self {
            Self::Ingest => perform::<ingest::Ingest>(context, before),
            Self::Extract => perform::<extract::Extract>(context, before),
            Self::Split => perform::<split::Split>(context, before),
            Self::Normalize => perform::<normalize::Normalize>(context, before),
            Self::Train => perform::<train::Train>(context, before),
            Self::Evaluate => perform::<evaluate::Evaluate>(context, before),
        }
    }

    /// Refuses to build on what earlier stages made of other tables or with other parameters: for a stage that runs by
    /// itself. Whether the corpora have changed since ingest is not looked at: their audio may be out of reach.
    ///
    /// # Errors
    /// The first stage whose tables are missing or outdated.
    pub fn check_before(self, context: &Context) -> Result<(), StageError> {
        for before in Self::ALL.into_iter().take_while(|before| *before != self) {
            match before {
                Self::Ingest => ledger::check_config::<ingest::Ingest>(context),
                Self::Extract => ledger::check_current::<extract::Extract>(context),
                Self::Split => ledger::check_current::<split::Split>(context),
                Self::Normalize => ledger::check_current::<normalize::Normalize>(context),
                Self::Train => ledger::check_current::<train::Train>(context),
                Self::Evaluate => ledger::check_current::<evaluate::Evaluate>(context),
            }?;
        }
        Ok(())
    }

    /// Says what running the stage would do.
    ///
    /// # Errors
    /// Whatever keeps the stage from looking.
    pub fn inspect(self, context: &Context) -> Result<State, StageError> {
        match self {
            Self::Ingest => inspect::<ingest::Ingest>(context),
            Self::Extract => inspect::<extract::Extract>(context),
            Self::Split => inspect::<split::Split>(context),
            Self::Normalize => inspect::<normalize::Normalize>(context),
            Self::Train => inspect::<train::Train>(context),
            Self::Evaluate => inspect::<evaluate::Evaluate>(context),
        }
    }
}
