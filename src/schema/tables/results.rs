//! Tables of models and what they predicted.

use crate::schema::row::table;

table! {
    /// One row is the fit of a model in a fold with one seed.
    table "fits" version 3 key ["model", "fold", "seed"] open { text: false, float: false }
    pub struct Fit {
        /// The model.
        pub model: String,
        /// Fold, from 0.
        pub fold: i64,
        /// 0: the fit behind all figures. Others repeat it with other random numbers, to show the spread.
        pub seed: i64,
        /// Rows that the model was fitted on: train rows, augmented ones included, and dev rows unless the model stops
        /// early.
        pub rows: i64,
        /// Dev rows that were held out; 0 if dev was trained on or absent.
        pub held_out: i64,
        /// Epochs trained; null for models without epochs.
        pub epochs: Option<i64>,
        /// Number that the logits were divided by after the fit, to calibrate the probabilities; null: not calibrated.
        pub temperature: Option<f64>,
        /// Share of the values of the fitted rows that were clipped because they were farther from the mean of their
        /// column than `inputs.clip` allows; null: the model does not clip, or is made of others.
        pub clipped_fitted: Option<f64>,
        /// The same share of the test rows. It is much higher if test speech is unlike the training speech.
        pub clipped_test: Option<f64>,
        /// What a reader of the results should know: chosen settings, numbers set by rules, fallbacks, samples, early
        /// stops, solvers that did not converge.
        pub notes: Option<String>,
        /// Hash of the model's parameters, its seed and its inputs.
        pub config_hash: String,
    }
}

table! {
    /// One row is an epoch of the training of a model in a fold.
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
    /// One row is a candidate, or the fusion of the best candidates, on the inner folds of a fold.
    table "tuning" version 1 key ["fold", "model", "trial"] open { text: false, float: false }
    pub struct Tuning {
        /// Outer fold, from 0.
        pub fold: i64,
        /// The model, or `fusion`.
        pub model: String,
        /// Number of the candidate among those of the pipeline, from 0.
        pub trial: i64,
        /// Settings that differ from those of the pipeline file; for `fusion`: the weights.
        pub settings: String,
        /// Number of inner folds that it was tried on.
        pub inner_folds: i64,
        /// Number of utterances that were held out in them.
        pub n: i64,
        /// Metric that candidates are ranked by.
        pub metric: String,
        /// The metric over all held-out rows; null: the candidate could not be fitted.
        pub score: Option<f64>,
        /// Whether the model was fitted with these settings in the outer fold.
        pub chosen: bool,
        /// Whether it is the model `selected` of the outer fold.
        pub selected: bool,
    }
}

table! {
    /// One row is a family of features: what the headline model loses without their information.
    table "importance" version 1 key ["model", "family"] open { text: false, float: false }
    pub struct Importance {
        /// The model.
        pub model: String,
        /// What the features are about: `family` of the feature dictionary.
        pub family: String,
        /// Features of the family.
        pub features: i64,
        /// Fall of the unweighted average recall when the values of the family are swapped among the test rows of each
        /// fold, with one swap for the whole family; mean of the repeats.
        pub drop: f64,
        /// Standard deviation of the drop over the repeats.
        pub deviation: f64,
        /// Number of swaps.
        pub repeats: i64,
        /// Test rows.
        pub n: i64,
    }
}

table! {
    /// One row is a model that was fitted on all utterances, for use on new recordings: models/<model>/all. It has no
    /// test figures: expect about those of the model of the same name in the folds. Without `train.deploy`, the table
    /// has no rows.
    table "deployed" version 1 key ["model"] open { text: false, float: false }
    pub struct Deployed {
        /// The model.
        pub model: String,
        /// Settings that differ from those of the pipeline file, chosen on inner folds of all utterances. For `fusion`:
        /// its weights. For `selected`: the model that was selected.
        pub settings: String,
        /// Rows that it was fitted on, augmented rows included. For a model made of others: the largest number of any
        /// of them.
        pub rows: i64,
        /// Dev rows that were held out for early stopping or calibration.
        pub held_out: i64,
        /// Number that its logits are divided by; null: not calibrated, or made of several models.
        pub temperature: Option<f64>,
        /// Hash of everything that determines the model: parameters, seed and inputs of its fits, and their weights.
        pub config_hash: String,
    }
}

table! {
    /// One row is an utterance, judged by a fit of a model in a fold, with one float32 column `p_<class>` for each
    /// class.
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
    /// One row is an unlabelled audio file, judged by a saved model, with one float32 column `p_<class>` for each
    /// class. `ser predict` writes this table.
    table "inferences" version 2 key ["path"] open { text: false, float: true }
    pub struct Inference {
        /// Path of the audio, relative to the deepest folder that contains all inputs.
        pub path: String,
        /// The input that was taken as one speaker, relative to the same folder; null if the model does not normalize
        /// by speaker.
        pub speaker: Option<String>,
        /// Length of the decoded audio in seconds.
        pub duration_s: f64,
        /// BLAKE3 of the mono samples at the model's rate, as in the features table.
        pub audio_hash: String,
        /// Why the signal is suspicious, as in the features table; null: it is not.
        pub signal: Option<String>,
        /// The emotion of the highest probability.
        pub predicted: String,
    }
}
