use crate::matrix::MatrixError;
use crate::model::ModelKind;

/// Why a model could not be fitted, saved or loaded.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ModelError {
    /// Parts of a problem that do not fit each other.
    #[error("{part}: {got} {unit} where {want} are needed")]
    Shape {
        /// Which part: `train`, `dev` or `features`.
        part: &'static str,
        /// What is counted: `labels`.
        unit: &'static str,
        /// The number it has.
        got: usize,
        /// The number it must have.
        want: usize,
    },
    /// Normalization of other features than those of the problem.
    #[error("{reason}")]
    Scaler {
        /// What differs.
        reason: String,
    },
    /// Numbers that fit nowhere or cannot be read again.
    #[error(transparent)]
    Matrix(#[from] MatrixError),
    /// There is nothing to fit on.
    #[error(
        "cannot fit a model on {rows} training rows of {features} features: at least one of each is needed\n\
         hint: look at [split] and at `train.columns`"
    )]
    Empty {
        /// Training rows.
        rows: usize,
        /// Features.
        features: usize,
    },
    /// A value that no model can take.
    #[error(
        "row {row} of the {part} rows holds {value} in feature `{feature}`; features must be finite after normalization\n\
         hint: leave the feature out by `train.columns`, or choose another normalize.method"
    )]
    NotFinite {
        /// `train` or `dev`.
        part: &'static str,
        /// Row, from 0.
        row: usize,
        /// Name of the feature.
        feature: String,
        /// The value.
        value: f32,
    },
    /// A label that names no class.
    #[error("row {row} of the {part} rows has label {label}; there are {classes} classes, from 0")]
    Label {
        /// `train` or `dev`.
        part: &'static str,
        /// Row, from 0.
        row: usize,
        /// The label.
        label: usize,
        /// Number of classes.
        classes: usize,
    },
    /// Class names out of order.
    #[error("class `{second}` stands after `{first}`: classes must be sorted by name, each once")]
    Classes {
        /// A class.
        first: String,
        /// The one after it.
        second: String,
    },
    /// Shared work of other rows.
    #[error("the shared work was made of other rows than this fit's; make it of the same problem")]
    Shared,
    /// Training rows of one class only.
    #[error(
        "cannot fit {model}: all {rows} training rows are of class `{class}`; at least two classes are needed\n\
         hint: look at [corpus.labels], `filter` and `exclude` of each corpus, and at [split]"
    )]
    OneClass {
        /// The model.
        model: ModelKind,
        /// Training rows.
        rows: usize,
        /// Their class.
        class: String,
    },
    /// Ridge regression without a solution.
    #[error("cannot fit ridge: the system has no solution\nhint: raise regression.ridge.alpha")]
    Unsolvable,
    /// The algorithm gave up.
    #[error("cannot fit {model}: {reason}")]
    Fit {
        /// The model.
        model: ModelKind,
        /// What went wrong, and what to change.
        reason: String,
    },
    /// Models that cannot be put together.
    #[error("cannot fuse models: {reason}")]
    Fusion {
        /// What does not fit.
        reason: String,
    },
    /// A saved model without one of its files.
    #[error("the saved model has no file `{file}`; copy the whole folder of the model, or train it again")]
    Missing {
        /// The file's name.
        file: &'static str,
    },
    /// A file of a saved model that does not hold what it should.
    #[error("file `{file}` of the saved model is corrupt: {reason}; copy it anew, or train the model again")]
    Corrupt {
        /// The file's name.
        file: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// A saved model of another format.
    #[error("the saved model has format {found}; this version reads format {known}: train the model again")]
    Version {
        /// Format of the model.
        found: u64,
        /// Format that is known.
        known: u64,
    },
    /// A table without some of the model's features.
    #[error("the saved model needs {wanted} features, and these are missing: {missing}; train the model again")]
    Features {
        /// The first that are missing.
        missing: String,
        /// How many the model takes.
        wanted: usize,
    },
}

impl ModelError {
    /// The same error about part number `at` of a saved model.
    pub(super) fn in_part(self, at: usize) -> Self {
        match self {
            Self::Corrupt { file, reason } => Self::Corrupt { file, reason: format!("part {at}: {reason}") },
            other => other,
        }
    }
}
