//! Tables of who learns and who is tested, and on what scale.

use crate::schema::row::table;

table! {
    /// One row is an utterance in a fold, or an augmented copy of one: always train, and only where its original is.
    table "splits" version 1 key ["scheme", "fold", "utterance_id"] open { text: false, float: false }
    pub struct SplitRow {
        /// Split scheme.
        pub scheme: String,
        /// Fold, from 0; hold-out schemes have fold 0 only.
        pub fold: i64,
        /// The utterance.
        pub utterance_id: String,
        /// `train`, `dev` or `test`.
        pub split: String,
    }
}

table! {
    /// One row is a check of a fold: what two of its sides share.
    table "leakage" version 1 key ["scheme", "fold", "check", "between"] open { text: false, float: false }
    pub struct Leakage {
        /// Split scheme.
        pub scheme: String,
        /// Fold, from 0.
        pub fold: i64,
        /// What is looked for: `speaker`, `text`, `audio` (identical samples), `overlap` (segments of a recording), or
        /// `augmented` (augmented rows outside train or without their original there).
        pub check: String,
        /// The sides: `train-test`, `train-dev`, `dev-test`, `train+dev-test`; for `augmented` `train-dev-test`.
        pub between: String,
        /// How many speakers, texts or recordings are on both sides, or augmented rows where they must not be; null
        /// where the corpus does not tell.
        pub shared: Option<i64>,
        /// Whether the scheme allows it.
        pub allowed: bool,
        /// The first shared ones, at most three, in order.
        pub examples: Option<String>,
    }
}

table! {
    /// One row is a feature in a fold and group: the statistics that normalize it, fitted on train rows only
    /// (per speaker: on that speaker's utterances, without augmented copies).
    table "normalization" version 1 key ["fold", "group", "feature"] open { text: false, float: false }
    pub struct Normalization {
        /// Fold, from 0.
        pub fold: i64,
        /// Speaker, or `all` for corpus-wide statistics, which under scope `speaker` serve speakers with fewer than 8
        /// utterances.
        pub group: String,
        /// Feature column.
        pub feature: String,
        /// `z-score`, `min-max`, `robust` or `none`.
        pub method: String,
        /// Subtracted first; also what a missing value is replaced by.
        pub center: f64,
        /// Then divided by; the largest float64 for a constant column (scale below 1e-5 of the largest absolute value, or
        /// no value), which becomes 0 whatever other rows hold.
        pub scale: f64,
        /// Rows with a value that the statistics were fitted on.
        pub rows: i64,
        /// Whether rows of the test side were looked at (without their labels).
        pub transductive: bool,
    }
}
