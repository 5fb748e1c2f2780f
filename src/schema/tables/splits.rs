//! Tables of who learns and who is tested, and on what scale.

use crate::schema::row::table;

table! {
    /// One row is an utterance in a fold, or an augmented copy of one. Copies are always train, and so are their
    /// originals.
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
        /// What the check counts: `speaker`, `text`, `audio` (identical samples), `overlap` (overlapping segments of a
        /// recording), or `augmented` (augmented rows outside train, or whose original is not on train).
        pub check: String,
        /// The sides: `train-test`, `train-dev`, `dev-test`, `train+dev-test`; for `augmented` `train-dev-test`.
        pub between: String,
        /// How many speakers, texts or recordings are on both sides, or how many augmented rows are misplaced; null if
        /// the corpus does not tell.
        pub shared: Option<i64>,
        /// Whether the scheme allows it.
        pub allowed: bool,
        /// Up to three of the shared ones, the first in order.
        pub examples: Option<String>,
    }
}

table! {
    /// One row has the statistics that normalize a feature in a fold and group. They are fitted on train rows only (for
    /// each speaker: on the utterances of that speaker, without augmented copies).
    table "normalization" version 1 key ["fold", "group", "feature"] open { text: false, float: false }
    pub struct Normalization {
        /// Fold, from 0.
        pub fold: i64,
        /// Speaker, or `all` for the statistics of the whole train side. With scope `speaker`, `all` serves speakers
        /// with fewer than 8 utterances.
        pub group: String,
        /// Feature column.
        pub feature: String,
        /// `z-score`, `min-max`, `robust` or `none`.
        pub method: String,
        /// Subtracted first. A missing value is replaced by it.
        pub center: f64,
        /// Divisor. It is the largest float64 for a constant column (scale below 1e-5 of the largest absolute value, or
        /// no value), so the column becomes 0 in all rows.
        pub scale: f64,
        /// Number of rows with a value that the statistics were fitted on.
        pub rows: i64,
        /// Whether rows of the test side were used (without their labels).
        pub transductive: bool,
    }
}
