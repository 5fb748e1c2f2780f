//! Tables of models and their figures.

use crate::schema::row::table;

table! {
    /// One row is a model's fit in a fold with one seed.
    table "fits" version 2 key ["model", "fold", "seed"] open { text: false, float: false }
    pub struct Fit {
        /// The model.
        pub model: String,
        /// Fold, from 0.
        pub fold: i64,
        /// 0: the fit that figures come from; others repeat it with other random numbers, to show their spread.
        pub seed: i64,
        /// Rows that the model was fitted on: train with augmented rows, and dev where the model does not stop early.
        pub rows: i64,
        /// Dev rows held out to stop early; 0 where dev was trained on or absent.
        pub held_out: i64,
        /// Epochs trained; null for models without epochs.
        pub epochs: Option<i64>,
        /// What a reader of the results should know: fallbacks, samples, early stops.
        pub notes: Option<String>,
        /// Hash of the model's parameters, its seed and its inputs.
        pub config_hash: String,
    }
}

table! {
    /// One row is an epoch of a model's training in a fold.
    table "learning_curves" version 1 key ["model", "fold", "epoch"] open { text: false, float: false }
    pub struct LearningCurve {
        /// The model.
        pub model: String,
        /// Fold, from 0.
        pub fold: i64,
        /// Epoch, from 1.
        pub epoch: i64,
        /// Learning rate of the epoch's last step.
        pub learning_rate: f64,
        /// Mean training loss over the epoch (cross-entropy and penalty, in nats).
        pub train_loss: f64,
        /// Mean cross-entropy on dev in nats; null without a dev side.
        pub dev_loss: Option<f64>,
        /// Unweighted average recall on dev; null without a dev side.
        pub dev_uar: Option<f64>,
    }
}

table! {
    /// One row is an utterance under a model's fit in a fold, then one float32 column `p_<class>` a class.
    table "predictions" version 2 key ["model", "fold", "seed", "utterance_id"] open { text: false, float: true }
    pub struct Prediction {
        /// The utterance.
        pub utterance_id: String,
        /// The model.
        pub model: String,
        /// Fold, from 0.
        pub fold: i64,
        /// The fit: see `seed` of the fits table.
        pub seed: i64,
        /// Side of the fold: `test`, or `dev` for a model that was not fitted on it.
        pub split: String,
        /// The labelled emotion.
        pub truth: String,
        /// The emotion of the highest probability.
        pub predicted: String,
    }
}

table! {
    /// One row is an audio file without a label under a saved model, then one float32 column `p_<class>` a class. Written by
    /// `ser predict`, as a table by itself.
    table "inferences" version 1 key ["path"] open { text: false, float: true }
    pub struct Inference {
        /// Path of the audio, relative to the deepest folder that all inputs lie in.
        pub path: String,
        /// The input that was taken as one speaker, relative to the same folder; null where the model takes nothing from the
        /// speakers that it is used on.
        pub speaker: Option<String>,
        /// Length of the decoded audio in seconds.
        pub duration_s: f64,
        /// BLAKE3 of the mono samples at the model's rate, as in the features table.
        pub audio_hash: String,
        /// The emotion of the highest probability.
        pub predicted: String,
    }
}

table! {
    /// One row is a metric of a model on a slice of the test rows, pooled over folds.
    table "metrics" version 1 key ["model", "slice", "group", "metric"] open { text: false, float: false }
    pub struct Metric {
        /// The model.
        pub model: String,
        /// `overall`, `class`, `speaker`, `gender`, `corpus` or `fold`.
        pub slice: String,
        /// The class, speaker, ... ; `all` for the overall slice.
        pub group: String,
        /// `uar`, `accuracy`, `macro_f1`, `weighted_f1`, `precision`, `recall`, `f1`.
        pub metric: String,
        /// The figure; null where it is not defined.
        pub value: Option<f64>,
        /// Lower end of the 95 % interval; null where none can be given.
        pub low: Option<f64>,
        /// Upper end of the 95 % interval; null where none can be given.
        pub high: Option<f64>,
        /// Test rows of the slice.
        pub n: i64,
        /// Why a figure or an interval is missing, or what else must be known to read it.
        pub note: Option<String>,
    }
}

table! {
    /// One row is a pair of models compared on the same test rows.
    table "comparisons" version 1 key ["model_a", "model_b", "metric"] open { text: false, float: false }
    pub struct Comparison {
        /// The model of interest.
        pub model_a: String,
        /// The model it is compared with.
        pub model_b: String,
        /// Metric that is compared.
        pub metric: String,
        /// Value of `model_a` minus value of `model_b`.
        pub delta: f64,
        /// Lower end of the 95 % interval of the difference; null where none can be given.
        pub low: Option<f64>,
        /// Upper end of the 95 % interval of the difference; null where none can be given.
        pub high: Option<f64>,
        /// Two-sided p value; null where the test cannot be made.
        pub p_value: Option<f64>,
        /// The test, or why there is none.
        pub test: String,
        /// Speakers (clusters) that the test rests on.
        pub clusters: i64,
    }
}
