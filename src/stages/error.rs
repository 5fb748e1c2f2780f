use crate::corpus::CorpusError;
use crate::dataset::DatasetError;
use crate::eval::EvalError;
use crate::matrix::MatrixError;
use crate::model::ModelError;
use crate::options::ConfigError;
use crate::report::ReportError;
use crate::storage::StorageError;
use crate::table::TableError;

/// Why a stage stopped.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// A parameter is wrong in the light of the data.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A corpus cannot be read or makes no sense.
    #[error(transparent)]
    Corpus(#[from] CorpusError),
    /// The source of a corpus cannot be reached.
    #[error("corpus `{corpus}`: {source}; check `{key}` in the pipeline file")]
    Source {
        /// Name of the corpus.
        corpus: String,
        /// The key that says where: `source`, `manifest` or `preset`.
        key: &'static str,
        /// What the storage said.
        source: StorageError,
    },
    /// The source of a corpus is missing or holds nothing.
    #[error("corpus `{corpus}`: `{location}` {problem}; check `source` in the pipeline file")]
    EmptySource {
        /// Name of the corpus.
        corpus: String,
        /// Where its files should be.
        location: String,
        /// `does not exist` or `holds no files`.
        problem: &'static str,
    },
    /// The table of features that others computed cannot be reached.
    #[error("features.table: {0}; check the key in the pipeline file")]
    TableSource(StorageError),
    /// The table of features that others computed cannot be used.
    #[error("features.table `{table}`: {problem}")]
    TableOfOthers {
        /// Where it lies.
        table: String,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// A file is not what it was when the corpus was listed.
    #[error("corpus `{corpus}`: `{path}` has changed since ingest; run ingest again")]
    SourceChanged {
        /// Name of the corpus.
        corpus: String,
        /// The file.
        path: String,
    },
    /// A table that an earlier stage writes is not there.
    #[error("table `{table}` is missing or unfinished; run `ser {stage}` first")]
    MissingTable {
        /// The table.
        table: String,
        /// The stage that writes it.
        stage: &'static str,
    },
    /// An earlier stage has not run to its end.
    #[error("stage `{stage}` has not finished here; run `ser {stage}` first, or `ser run` for all stages")]
    Unfinished {
        /// The stage.
        stage: &'static str,
    },
    /// An earlier stage would do work again: what it wrote does not belong to this pipeline file any more.
    #[error(
        "the output of `{stage}` was made from other tables or with other parameters ({reasons}); run `ser {stage}` \
         first, or `ser run`"
    )]
    Outdated {
        /// The stage.
        stage: &'static str,
        /// What has changed.
        reasons: String,
    },
    /// Parts of the features table that workers were to compute are not there.
    #[error(
        "{missing} of {all} parts are missing: {names}\n\
         hint: compute them (`ser extract PIPELINE --part NAME...` or --shard), or leave out --require-parts to compute \
         them here"
    )]
    MissingParts {
        /// How many are missing.
        missing: usize,
        /// Of how many.
        all: usize,
        /// The first of them.
        names: String,
    },
    /// The log of a Delta table is not one that this program wrote.
    #[error("`{path}`: {problem}; remove this folder and run again: a new log begins with the table as it is")]
    ForeignLog {
        /// The folder of the log.
        path: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A file is not what a stage wrote.
    #[error(
        "`{path}` has changed since `ser {stage}` wrote it\n\
         hint: remove it and run `ser run` (or `ser {stage}`) to make it again; `ser verify` lists all such files"
    )]
    Altered {
        /// The file.
        path: String,
        /// The stage that wrote it.
        stage: &'static str,
    },
    /// A run that is to be verified is none.
    #[error(
        "`{run}` has no record of a stage: it is not the output of a run, or no stage has finished\n\
         hint: name the folder that `out` of the pipeline file or --out names, or run the pipeline first"
    )]
    NoRun {
        /// Where it should be.
        run: String,
    },
    /// What is to be described is neither a run nor a table.
    #[error("`{place}` {problem}")]
    Indescribable {
        /// Where it should be.
        place: String,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// Files of a run are not what its records say.
    #[error(
        "{wrong} of {files} files are missing or have changed\n\
         hint: remove the changed ones and run the same pipeline again: it makes missing files again"
    )]
    Unverified {
        /// Files that are missing or other than they were.
        wrong: usize,
        /// Files that the records name.
        files: usize,
    },
    /// More was refused than the pipeline allows.
    #[error(
        "{rejects} of {all} {noun} were refused, more than {key} = {limit} allows ({causes}); \
         see rejects.parquet for each{hint}"
    )]
    TooManyRejects {
        /// How many were refused.
        rejects: u64,
        /// Of how many.
        all: u64,
        /// `utterances` or `files`.
        noun: &'static str,
        /// How many by code.
        causes: String,
        /// What sets the limit.
        key: &'static str,
        /// The limit.
        limit: f64,
        /// What to do about the most likely cause, on a line of its own; or nothing.
        hint: String,
    },
    /// Train and test share what they must not.
    #[error(
        "leakage: two sides of the split share what they must not share; leakage.parquet lists it\n\
         {0}\n\
         hint: remove the copies from one side (`exclude` of [[corpus]], or the manifest), or choose a split.scheme \
         that keeps such utterances together"
    )]
    Leakage(String),
    /// The data cannot be split or normalized as asked.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// A model cannot be trained, saved or loaded.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Numbers fit neither into memory nor into a temporary file.
    #[error(transparent)]
    Matrix(#[from] MatrixError),
    /// Predictions do not fit each other.
    #[error(transparent)]
    Eval(#[from] EvalError),
    /// The report cannot be drawn.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// A table is not what it should be.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The same of the table in a file.
    #[error("`{path}`: {source}")]
    TableFile {
        /// The file.
        path: String,
        /// What is wrong with it.
        source: TableError,
    },
    /// Storage failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A saved model cannot be used.
    #[error("model `{model}`: {problem}")]
    UnusableModel {
        /// Where it lies.
        model: String,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// An input cannot be reached.
    #[error("input `{input}`: {source}")]
    Input {
        /// The input as it was given.
        input: String,
        /// What the storage said.
        source: StorageError,
    },
    /// An input is not what it should be.
    #[error("input `{input}` {problem}")]
    UnusableInput {
        /// The input as it was given.
        input: String,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// A run cannot be read.
    #[error("run `{run}`: {source}")]
    Run {
        /// The run as it was given.
        run: String,
        /// What is wrong with it.
        source: Box<StageError>,
    },
    /// Two runs have nothing that could be compared.
    #[error("the runs cannot be compared: {0}\nhint: compare runs on the same corpora with the same labels")]
    Incomparable(String),
    /// A run is worse than another by more than was allowed.
    #[error("the gate failed: {0}")]
    Regression(String),
    /// The data are not as `[checks]` wants them.
    #[error(
        "the data checks failed:\n\
         {0}\n\
         hint: run/checks.json has all figures; mend the data, or if they are right, raise the limit"
    )]
    Checks(String),
    /// The list of who is to be forgotten cannot be read.
    #[error(
        "`{path}` is not a list that this version can read, so nobody can tell who is to be forgotten\n\
         hint: restore the file, or remove it and give the same `ser forget` commands again"
    )]
    Forgotten {
        /// The file.
        path: String,
    },
    /// A signal asked to stop.
    #[error("stopped by a signal; finished work is kept: run the same command again to go on")]
    Stopped {
        /// The signal's number.
        signal: i32,
    },
}

impl StageError {
    /// The same with a line more on what to do, where it is about too many rejects.
    pub(super) fn with_hint(self, line: &str) -> Self {
        match self {
            Self::TooManyRejects { rejects, all, noun, causes, key, limit, hint } => {
                Self::TooManyRejects { rejects, all, noun, causes, key, limit, hint: hint + line }
            }
            other => other,
        }
    }
}
