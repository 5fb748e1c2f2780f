//! Everything a report says, as plain rows.

mod lookup;

use crate::eval::{Confusion, Gap, SeedSpread};
use crate::schema::{
    Calibration, Comparison, ConfusedPair, Deployed, Importance, LabelCount, Leakage, LearningCurve, Metric, Signal,
    Tuning,
};

/// Everything a report says. Lists are shown in their order, unless a field says otherwise.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Name of the pipeline.
    pub pipeline: String,
    /// Version of ser-etl.
    pub version: String,
    /// The pipeline's seed.
    pub seed: u64,
    /// Whether any corpus is synthetic speech: said in the first line.
    pub synthetic: bool,
    /// The label set, in the order of every matrix and table.
    pub classes: Vec<String>,
    /// The number that is predicted, where the task is regression: there are then no classes.
    pub target: Option<String>,
    /// The corpora.
    pub corpora: Vec<CorpusFacts>,
    /// Utterances with features by corpus and class.
    pub class_counts: Vec<ClassCount>,
    /// What became of each source label.
    pub labels: Vec<LabelCount>,
    /// What was refused, by stage and code.
    pub rejects: Vec<RejectCount>,
    /// The features.
    pub features: FeatureFacts,
    /// The split.
    pub split: SplitFacts,
    /// What the sides of each fold share.
    pub leakage: Vec<Leakage>,
    /// The normalization.
    pub normalization: NormalizationFacts,
    /// Text columns by which train rows are balanced.
    pub balance: Vec<String>,
    /// What the names of the columns begin with that hold the votes `mlp` learns; none: it learns the emotion.
    pub votes: Option<String>,
    /// The models, in the order of `train.models`, then those made of others.
    pub models: Vec<ModelFacts>,
    /// Fits made: models by folds, and by seeds where a model has several.
    pub fits: i64,
    /// Name of the model that the report leads with; one of `models`.
    pub headline: String,
    /// Resamples behind each interval; 0: none.
    pub resamples: usize,
    /// The rows of the metrics table.
    pub metrics: Vec<Metric>,
    /// The rows of the comparisons table.
    pub comparisons: Vec<Comparison>,
    /// One matrix a model, over all its test rows.
    pub confusions: Vec<ModelConfusion>,
    /// The rows of the confusions table.
    pub confused: Vec<ConfusedPair>,
    /// The rows of the calibration table.
    pub calibration: Vec<Calibration>,
    /// The largest gap of the headline model in each slice that has one.
    pub gaps: Vec<Gap>,
    /// The spread of each model that was fitted with several seeds.
    pub seeds: Vec<SeedSpread>,
    /// How settings were searched for on inner folds; none where they were not.
    pub search: Option<Search>,
    /// The rows of the tuning table.
    pub tuning: Vec<Tuning>,
    /// The rows of the importance table.
    pub importance: Vec<Importance>,
    /// The rows of the deployed table.
    pub deployed: Vec<Deployed>,
    /// What each fold carries over to what, for splits across corpora.
    pub transfer: Vec<TransferFold>,
    /// The rows of the learning_curves table; empty where no model trains in epochs.
    pub curves: Vec<LearningCurve>,
    /// Hashes of configuration, inputs and tables.
    pub hashes: Vec<HashRow>,
}

/// A search for settings on inner folds.
#[derive(Debug, Clone)]
pub struct Search {
    /// `grid`, `random` or `halving`.
    pub method: String,
    /// Candidates of all models.
    pub candidates: usize,
    /// Inner folds of each outer one.
    pub folds: usize,
    /// Seconds that the search was given; none: it went through all candidates.
    pub seconds: Option<u64>,
}

/// A fold that is trained on some corpora and tested on others.
#[derive(Debug, Clone)]
pub struct TransferFold {
    /// The fold, from 0.
    pub fold: i64,
    /// Corpora that are trained on.
    pub train: Vec<String>,
    /// Corpora that are tested on.
    pub test: Vec<String>,
    /// Emotions that are told apart.
    pub emotions: i64,
}

/// A corpus.
#[derive(Debug, Clone)]
pub struct CorpusFacts {
    /// Name in the pipeline file.
    pub name: String,
    /// How it is read, in words: `preset ravdess`, `pattern`, `manifest`.
    pub origin: String,
    /// Utterances with features.
    pub utterances: i64,
    /// Different speakers; none where the corpus does not tell.
    pub speakers: Option<i64>,
    /// Different texts; none where the corpus does not tell.
    pub texts: Option<i64>,
    /// Audio of these utterances in hours; none where nothing was heard.
    pub hours: Option<f64>,
    /// How many of them have a suspicious signal, kind by kind.
    pub signals: Vec<(Signal, usize)>,
}

/// Utterances of a class in a corpus.
#[derive(Debug, Clone)]
pub struct ClassCount {
    /// The corpus.
    pub corpus: String,
    /// The class.
    pub class: String,
    /// Utterances.
    pub utterances: i64,
}

/// Files or utterances refused for one cause.
#[derive(Debug, Clone)]
pub struct RejectCount {
    /// Stage that refused them.
    pub stage: String,
    /// Cause, one word.
    pub code: String,
    /// How many.
    pub count: i64,
    /// Path or id of the first.
    pub example: String,
}

/// The feature table.
#[derive(Debug, Clone)]
pub struct FeatureFacts {
    /// Where they come from.
    pub origin: FeatureOrigin,
    /// Feature columns.
    pub columns: i64,
    /// How the copies were altered; empty without augmentation.
    pub transforms: Vec<String>,
}

/// Where features come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeatureOrigin {
    /// They were computed from the audio: the name of the set.
    Set(String),
    /// Another program computed them.
    Table {
        /// The name of the file.
        file: String,
        /// BLAKE3 of its bytes, hexadecimal.
        blake3: String,
    },
}

/// The split.
#[derive(Debug, Clone)]
pub struct SplitFacts {
    /// Whose folds they are and what their sides share, where they are published ones.
    pub protocol: Option<String>,
    /// Columns of which train and test share no value; empty where the scheme names none.
    pub disjoint: Vec<String>,
    /// The scheme: `group-k-fold`.
    pub scheme: String,
    /// The scheme with its parameters, to stand after "The split is": `5 folds of whole speakers, ...`.
    pub words: String,
    /// The folds.
    pub folds: Vec<FoldFacts>,
    /// Utterances that stand in any fold.
    pub utterances: i64,
    /// Their speakers; none where one is unknown.
    pub speakers: Option<i64>,
    /// What the split stage warned of.
    pub warnings: Vec<String>,
}

/// Utterances on each side of a fold.
#[derive(Debug, Clone)]
pub struct FoldFacts {
    /// Fold, from 0.
    pub fold: i64,
    /// Training side.
    pub train: i64,
    /// Augmented rows beside the utterances of the training side.
    pub augmented: i64,
    /// Dev side; 0 without one.
    pub dev: i64,
    /// Test side.
    pub test: i64,
    /// Different speakers on the test side; none where unknown.
    pub test_speakers: Option<i64>,
}

/// The normalization.
#[derive(Debug, Clone)]
pub struct NormalizationFacts {
    /// `z-score`, `min-max`, `robust` or `none`.
    pub method: String,
    /// `corpus` or `speaker`.
    pub scope: String,
    /// Whether statistics of test rows were used (without their labels).
    pub transductive: bool,
}

/// How a model was trained.
#[derive(Debug, Clone)]
pub struct ModelFacts {
    /// Name, as in the tables.
    pub name: String,
    /// What it is, in words: `multilayer perceptron, 256 and 128 hidden units`.
    pub title: String,
    /// Fewest and most rows that it was fitted on in a fold.
    pub rows_fitted: (i64, i64),
    /// What the dev side was used for.
    pub dev_use: DevUse,
    /// Fewest and most epochs in a fold; none for a model without epochs.
    pub epochs: Option<(i64, i64)>,
    /// Lowest and highest temperature over the folds; none for a model that is not calibrated.
    pub temperature: Option<(f64, f64)>,
    /// What else must be known: capped rows, a retry, a missing guarantee.
    pub notes: Vec<String>,
}

/// What a model used the dev side for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DevUse {
    /// To decide when to stop.
    EarlyStopping,
    /// To fit the temperature.
    Calibration,
    /// As more training rows.
    Fitting,
    /// There is no dev side.
    NoDev,
}

/// The confusion matrix of a model.
#[derive(Debug, Clone)]
pub struct ModelConfusion {
    /// The model.
    pub model: String,
    /// Its matrix; classes as in [`Facts::classes`].
    pub confusion: Confusion,
}

/// A hash that identifies a part of the run.
#[derive(Debug, Clone)]
pub struct HashRow {
    /// What is hashed.
    pub kind: HashKind,
    /// Stage, corpus or table.
    pub name: String,
    /// The hash, hexadecimal.
    pub hash: String,
}

/// What a hash is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashKind {
    /// Parameters that determine a stage's rows.
    Config,
    /// The rows of a table.
    Table,
}

impl HashKind {
    /// The word for a table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Config => "configuration",
            Self::Table => "table",
        }
    }
}
