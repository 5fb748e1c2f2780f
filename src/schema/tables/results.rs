//! Tables of models and what they predicted.

use crate::schema::row::table;

table! {
    /// One row is a model's fit in a fold with one seed.
    table "fits" version 3 key ["model", "fold", "seed"] open { text: false, float: false }
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
        /// What the model's logits were divided by after the fit, so that its probabilities are calibrated; null: not
        /// at all.
        pub temperature: Option<f64>,
        /// Share of the values of the rows learned from that lay farther from their column's mean than `inputs.clip`
        /// lets them, and were brought back; null: the model clips nothing, or is made of others.
        pub clipped_fitted: Option<f64>,
        /// The same of the test rows: much more than of the rows learned from, where test speech is unlike them.
        pub clipped_test: Option<f64>,
        /// What a reader of the results should know: the settings chosen, numbers set by rules, fallbacks, samples,
        /// early stops, solvers that did not converge.
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
    /// One row is a candidate, or the fusion of the best, on the inner folds of a fold.
    table "tuning" version 1 key ["fold", "model", "trial"] open { text: false, float: false }
    pub struct Tuning {
        /// Outer fold, from 0.
        pub fold: i64,
        /// The model, or `fusion`.
        pub model: String,
        /// Number of the candidate among those of the pipeline, from 0.
        pub trial: i64,
        /// Where it differs from the pipeline's own settings; for `fusion`: the weights.
        pub settings: String,
        /// Inner folds that it was tried on.
        pub inner_folds: i64,
        /// Utterances that were held out in them.
        pub n: i64,
        /// Metric that candidates are ranked by.
        pub metric: String,
        /// The metric over all rows held out; null: it could not be fitted.
        pub score: Option<f64>,
        /// Whether the model was fitted with these settings in the outer fold.
        pub chosen: bool,
        /// Whether it is the outer fold's `selected` model.
        pub selected: bool,
    }
}

table! {
    /// One row is a family of features: what the headline model loses when they tell it nothing.
    table "importance" version 1 key ["model", "family"] open { text: false, float: false }
    pub struct Importance {
        /// The model.
        pub model: String,
        /// What the features are about: `family` of the feature dictionary.
        pub family: String,
        /// Features of the family.
        pub features: i64,
        /// Unweighted average recall of the test rows less that after their values of the family were swapped among the
        /// test rows of each fold, one swap for the whole family; mean of the repeats.
        pub drop: f64,
        /// Standard deviation of the drop over the repeats.
        pub deviation: f64,
        /// Swaps.
        pub repeats: i64,
        /// Test rows.
        pub n: i64,
    }
}

table! {
    /// One row is a model that was fitted on all utterances, to be used on new recordings: models/<model>/all. It makes
    /// no figure; what to expect of it is what the folds say of the model of that name. Without `train.deploy` there
    /// are none.
    table "deployed" version 1 key ["model"] open { text: false, float: false }
    pub struct Deployed {
        /// The model.
        pub model: String,
        /// Where it differs from the pipeline's own settings, as chosen on inner folds of all utterances; of `fusion`
        /// the weights, of `selected` what was selected.
        pub settings: String,
        /// Rows that it was fitted on, augmented rows among them; of a model made of others, the most of any.
        pub rows: i64,
        /// Dev rows that it held out to stop early or to be calibrated on.
        pub held_out: i64,
        /// What its logits are divided by; null: not calibrated, or made of several models.
        pub temperature: Option<f64>,
        /// Hash of what determines the model: parameters, seed and inputs of the fits that it is made of, and their
        /// weights.
        pub config_hash: String,
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
    /// One row is an audio file without a label under a saved model, then one float32 column `p_<class>` a class.
    /// Written by `ser predict`, as a table by itself.
    table "inferences" version 2 key ["path"] open { text: false, float: true }
    pub struct Inference {
        /// Path of the audio, relative to the deepest folder that all inputs lie in.
        pub path: String,
        /// The input that was taken as one speaker, relative to the same folder; null where the model takes nothing
        /// from the speakers that it is used on.
        pub speaker: Option<String>,
        /// Length of the decoded audio in seconds.
        pub duration_s: f64,
        /// BLAKE3 of the mono samples at the model's rate, as in the features table.
        pub audio_hash: String,
        /// Why the signal is suspicious, as in the features table; null: nothing is.
        pub signal: Option<String>,
        /// The emotion of the highest probability.
        pub predicted: String,
    }
}
