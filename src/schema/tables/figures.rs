//! Tables of figures: what predictions come to. `track` is `inductive` (nothing of the test utterances was used before
//! they were judged) or `transductive` (unlabelled statistics of the test speakers' own recordings were): figures of
//! one track must not be compared with those of the other.

use crate::schema::row::table;

table! {
    /// One row is a metric of a model on a slice of the test rows, pooled over folds.
    table "metrics" version 2 key ["model", "slice", "group", "metric"] open { text: false, float: false }
    pub struct Metric {
        /// The model.
        pub model: String,
        /// `overall`, `class`, `speaker`, `gender`, `corpus`, `fold`, or `seed` for a model fitted with several seeds.
        pub slice: String,
        /// The class, speaker, ... ; `all` for the overall slice.
        pub group: String,
        /// `uar`, `accuracy`, `macro_f1`, `weighted_f1`, `precision`, `recall`, `f1`, `log_loss`, `brier`, `ece`.
        pub metric: String,
        /// The figure, in [0, 1]; `log_loss` in nats (a probability below 2^-23 counts as 2^-23), `brier` in [0, 2];
        /// null if it is not defined.
        pub value: Option<f64>,
        /// Lower end of the 95 % interval; null if there is none.
        pub low: Option<f64>,
        /// Upper end of the 95 % interval; null if there is none.
        pub high: Option<f64>,
        /// Test rows of the slice.
        pub n: i64,
        /// `inductive` or `transductive`: what was known of the test speakers in advance. Never compare figures across
        /// tracks.
        pub track: String,
        /// Why a figure or an interval is missing, or what else a reader must know.
        pub note: Option<String>,
    }
}

table! {
    /// One row is a test of a pair of models on the same test rows.
    table "comparisons" version 2 key ["model_a", "model_b", "metric", "test"] open { text: false, float: false }
    pub struct Comparison {
        /// The model of interest.
        pub model_a: String,
        /// The model it is compared with.
        pub model_b: String,
        /// Metric that is compared.
        pub metric: String,
        /// `permutation` (paired, over speakers) or `wilcoxon` (signed ranks of speakers' figures).
        pub test: String,
        /// Value of `model_a` minus value of `model_b`.
        pub delta: f64,
        /// Lower end of the 95 % interval of the difference; null if there is none.
        pub low: Option<f64>,
        /// Upper end of the 95 % interval of the difference; null if there is none.
        pub high: Option<f64>,
        /// Two-sided p value; null if there is no test.
        pub p_value: Option<f64>,
        /// `p_value` after Holm's correction for all pairs that have a p value of this metric and test.
        pub p_adjusted: Option<f64>,
        /// Smallest true difference that a test at 5 % on these test speakers finds with a chance of 80 %.
        pub detectable: Option<f64>,
        /// Number of speakers (clusters) in the test.
        pub clusters: i64,
        /// `inductive` or `transductive`, as in the metrics table.
        pub track: String,
        /// How the p value was computed, or why there is none.
        pub note: String,
    }
}

table! {
    /// One row is a bin of the highest probabilities of a model, over all test rows.
    table "calibration" version 1 key ["model", "bin"] open { text: false, float: false }
    pub struct Calibration {
        /// The model.
        pub model: String,
        /// The bin, from 0.
        pub bin: i64,
        /// Lower edge, excluded (0 is in the first bin).
        pub low: f64,
        /// Upper edge, included.
        pub high: f64,
        /// Test rows whose highest probability is in the bin.
        pub n: i64,
        /// Mean of their highest probabilities; null without rows.
        pub confidence: Option<f64>,
        /// Share of these rows that was recognized; null without rows.
        pub accuracy: Option<f64>,
        /// `inductive` or `transductive`, as in the metrics table.
        pub track: String,
    }
}

table! {
    /// One row is an emotion that a model took for another emotion, in test rows.
    table "confusions" version 1 key ["model", "truth", "predicted"] open { text: false, float: false }
    pub struct ConfusedPair {
        /// The model.
        pub model: String,
        /// The labelled emotion.
        pub truth: String,
        /// The other emotion that it was taken for.
        pub predicted: String,
        /// Test rows of `truth` that were taken for `predicted`.
        pub n: i64,
        /// Their share of the test rows of `truth`.
        pub share: f64,
        /// Up to 5 of their utterance ids, separated by spaces, most probable mistake first.
        pub examples: String,
        /// `inductive` or `transductive`, as in the metrics table.
        pub track: String,
    }
}
