use super::fold::fold_words;
use crate::matrix::MatrixError;
use crate::schema::plural;
use polars::prelude::PolarsError;

/// Why a table cannot be read, split or normalized.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// A column is missing or has an unexpected type: a bug.
    #[error("cannot use column `{column}` of the features table: {source}\nhint: run extract again with --force")]
    Column {
        /// The column.
        column: String,
        /// What Polars says.
        source: PolarsError,
    },
    /// A query over the tables failed: a bug.
    #[error("query over the {table} table failed: {source}\nhint: run its stage again with --force")]
    Query {
        /// The table.
        table: &'static str,
        /// What Polars says.
        source: PolarsError,
    },
    /// Numbers that fit nowhere or cannot be read again.
    #[error(transparent)]
    Matrix(#[from] MatrixError),
    /// The table has no rows.
    #[error(
        "the features table has no rows: there is nothing to split\n\
         hint: look into rejects.parquet, and at `filter` and `exclude` of each corpus"
    )]
    Empty,
    /// The table has no float32 column.
    #[error("the features table has no feature columns (float32)\nhint: run extract again with --force")]
    NoFeatures,
    /// An utterance id occurs more than once.
    #[error("utterance `{id}` occurs in the features table more than once\nhint: run extract again with --force")]
    Duplicate {
        /// The utterance.
        id: String,
    },
    /// A key of `[split]` names a column that is not there.
    #[error(
        "`{key}` names column `{column}`, which does not exist; text columns are {}{}",
        legal.join(", "),
        nearest_hint(nearest.as_deref())
    )]
    UnknownColumn {
        /// Key of the pipeline file.
        key: &'static str,
        /// The name.
        column: String,
        /// The legal names, in column order.
        legal: Vec<String>,
        /// The legal name most like it.
        nearest: Option<String>,
    },
    /// A corpus of `[split]` is not in the table.
    #[error(
        "`{key}` names corpus `{corpus}`, which has no utterances; corpora are {}{}",
        legal.join(", "),
        nearest_hint(nearest.as_deref())
    )]
    UnknownCorpus {
        /// Key of the pipeline file.
        key: &'static str,
        /// The name.
        corpus: String,
        /// The legal names, sorted.
        legal: Vec<String>,
        /// The legal name most like it.
        nearest: Option<String>,
    },
    /// A grouping column has nulls.
    #[error(
        "scheme `{scheme}` groups by `{column}`, which is missing from {}, the first being `{id}`\nhint: {hint}",
        plural(*count, "utterance")
    )]
    NoGroup {
        /// The scheme.
        scheme: &'static str,
        /// The grouping column.
        column: String,
        /// How many utterances lack it.
        count: usize,
        /// The first of them.
        id: String,
        /// What to do.
        hint: &'static str,
    },
    /// There are fewer groups than sides or folds to fill.
    #[error(
        "scheme `{scheme}` needs at least {needed} {unit} for {purpose}, and there {} {found}\nhint: {hint}",
        if *found == 1 { "is" } else { "are" }
    )]
    TooFewGroups {
        /// The scheme.
        scheme: &'static str,
        /// What is counted.
        unit: String,
        /// How many there are.
        found: usize,
        /// How many it takes.
        needed: usize,
        /// What they are needed for.
        purpose: String,
        /// What to do.
        hint: String,
    },
    /// There is nothing to tell apart.
    #[error(
        "at least two emotions are needed, and {place} one, `{class}`\n\
         hint: look at [corpus.labels], `filter` and `exclude` of each corpus, and at [split]"
    )]
    OneClass {
        /// The class.
        class: String,
        /// `there is` or `the train side of fold 3 has`.
        place: String,
    },
    /// Train and test have no class in common.
    #[error(
        "train and test share no emotion: train has {train}, test has {test}\n\
         hint: give the same emotions the same names in [corpus.labels]"
    )]
    NoSharedClass {
        /// Classes of train, with commas between.
        train: String,
        /// Classes of test.
        test: String,
    },
    /// A class has one utterance.
    #[error(
        "emotion `{class}` has one utterance, `{id}`: it cannot be both learned and tested\n\
         hint: drop it (\"-\") or merge it in [corpus.labels]"
    )]
    SmallClass {
        /// The class.
        class: String,
        /// Its utterance.
        id: String,
    },
    /// A class cannot be learned in a fold.
    #[error(
        "emotion `{class}` is in fold {fold} but not on its train side\n\
         hint: drop or merge it in [corpus.labels], use fewer folds, or another split.scheme"
    )]
    ClassNotInTrain {
        /// The class.
        class: String,
        /// The fold.
        fold: i64,
    },
    /// A side that must have utterances has none.
    #[error("{} has no utterance on its {side} side\nhint: {hint}", fold_words(*fold))]
    EmptySide {
        /// The fold.
        fold: i64,
        /// The side.
        side: &'static str,
        /// What to do.
        hint: String,
    },
    /// The predefined column holds something else than sides.
    #[error(
        "column `{column}` holds other words than train, dev and test; say in the pipeline file which side each \
         means, or \"-\" to leave its utterances out:\n\
         [split.sides]\n\
         {lines}"
    )]
    BadSides {
        /// The column.
        column: String,
        /// All its words as lines of TOML, with counts.
        lines: String,
    },
    /// Split rows and features do not belong together.
    #[error(
        "the splits table names utterance `{id}`, which the features table lacks\nhint: run split again with --force"
    )]
    UnknownUtterance {
        /// The utterance.
        id: String,
    },
    /// A split table puts an augmented row where it may not be.
    #[error(
        "augmented row `{id}` of fold {fold} is not on train, or its original is not\n\
         hint: the splits table was changed; run split again with --force"
    )]
    MisplacedCopy {
        /// The augmented row.
        id: String,
        /// The fold.
        fold: i64,
    },
    /// Votes that are no number.
    #[error(
        "`{value}` is no number of votes: column `{column}` of utterance {id}\n\
         hint: the columns that `train.votes` names hold numbers from 0 to 1e9, or nothing"
    )]
    BadVotes {
        /// The column.
        column: String,
        /// The utterance.
        id: String,
        /// What stands there.
        value: String,
    },
    /// A row of a table holds a word that it may not hold.
    #[error(
        "the {table} table holds `{value}` in column `{column}`\n\
         hint: the table is damaged; run its stage again with --force"
    )]
    BadValue {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The value.
        value: String,
    },
    /// Speaker statistics are asked for an utterance without a speaker.
    #[error(
        "utterance `{id}` has no speaker, but normalize.scope = \"speaker\" needs one for every utterance\n\
         hint: set normalize.scope = \"corpus\", or give the corpus a speaker column"
    )]
    NoSpeaker {
        /// The utterance.
        id: String,
    },
    /// No speaker has enough utterances for statistics of a speaker.
    #[error(
        "no speaker has the {least} utterances that statistics of a speaker need\n\
         hint: set normalize.scope = \"corpus\""
    )]
    FewUtterances {
        /// How many it takes.
        least: usize,
    },
    /// There are no statistics for a group.
    #[error("there are no normalization statistics for `{group}`{}\nhint: run normalize again with --force", of_fold(*fold))]
    NoStatistics {
        /// The fold, where it is known.
        fold: Option<i64>,
        /// The speaker, or `all`.
        group: String,
    },
    /// Statistics and table have different features.
    #[error(
        "the normalization{} was fitted on other features than the table has: {difference}\n\
         hint: run normalize again with --force",
        of_fold(*fold)
    )]
    FeatureMismatch {
        /// The fold, where it is known.
        fold: Option<i64>,
        /// The first feature that differs.
        difference: String,
    },
    /// An emotion is none of the classes.
    #[error(
        "emotion `{emotion}` of utterance `{id}` is not one of the classes {}\n\
         hint: the labels have changed; run all stages (`ser run`)",
        classes.join(", ")
    )]
    UnknownClass {
        /// The emotion.
        emotion: String,
        /// The utterance.
        id: String,
        /// The classes.
        classes: Vec<String>,
    },
}

/// ` of fold 3`, where the fold is known.
fn of_fold(fold: Option<i64>) -> String {
    fold.map_or(String::new(), |fold| format!(" of fold {fold}"))
}

impl DatasetError {
    /// The same error about the scaler of a fold.
    pub fn in_fold(mut self, of: i64) -> Self {
        if let Self::NoStatistics { fold, .. } | Self::FeatureMismatch { fold, .. } = &mut self {
            *fold = Some(of);
        }
        self
    }

    /// Makes a failed query over `table` an error.
    pub(super) fn query(table: &'static str) -> impl Fn(PolarsError) -> Self {
        move |source| Self::Query { table, source }
    }

    /// Makes a column of an unexpected type an error.
    pub(super) fn column(name: &str) -> impl Fn(PolarsError) -> Self {
        move |source| Self::Column { column: name.to_owned(), source }
    }
}

fn nearest_hint(nearest: Option<&str>) -> String {
    nearest.map(|name| format!("\nhint: did you mean `{name}`?")).unwrap_or_default()
}
