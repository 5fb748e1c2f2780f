//! Tables of models, of what they predicted, and of figures: what predictions come to.
//!
//! `track` is `inductive` (nothing of the test utterances was used before they were judged) or `transductive` (unlabelled
//! statistics of the test speakers' own recordings were): figures of one track must not be compared with those of the
//! other.

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
        /// Side of the fold: `test`, `seen` (see the splits table), or `dev` for a model that was not fitted on it.
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

table! {
    /// One row is a metric of a model on a slice of the test rows (slice `seen`: of the rows beside them), pooled over
    /// folds.
    table "metrics" version 2 key ["model", "slice", "group", "metric"] open { text: false, float: false }
    pub struct Metric {
        /// The model.
        pub model: String,
        /// `overall`, `class`, `speaker`, `gender`, `corpus`, `fold`, a column of `evaluate.slices`, `seed` for a model
        /// fitted with several seeds, or `seen` for rows beside the test rows, of sentences that training has seen.
        pub slice: String,
        /// The class, speaker, ... ; `all` for the slices `overall` and `seen`.
        pub group: String,
        /// `uar`, `accuracy`, `macro_f1`, `weighted_f1`, `precision`, `recall`, `f1`, `log_loss`, `brier`, `ece`; of regression `ccc`,
        /// `pearson` and `rmse`.
        pub metric: String,
        /// The figure, in [0, 1]; `log_loss` in nats (a probability below 2^-23 counts as 2^-23), `brier` in [0, 2], `ccc`
        /// and `pearson` in [-1, 1], `rmse` in units of the target; null if it is not defined.
        pub value: Option<f64>,
        /// Lower end of the 95 % interval; null if there is none.
        pub low: Option<f64>,
        /// Upper end of the 95 % interval; null if there is none.
        pub high: Option<f64>,
        /// Rows of the slice. A row on the side `seen` of several folds counts several times.
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
        /// `permutation` (paired, over speakers), `wilcoxon` (signed ranks of speakers' figures), or of regression
        /// `bootstrap` (speakers drawn with replacement: an interval and no p value).
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

table! {
    /// One row is a test row of a regressor (`task = "regression"`).
    table "estimates" version 1 key ["model", "fold", "utterance_id"] open { text: false, float: false }
    pub struct Estimate {
        /// The utterance.
        pub utterance_id: String,
        /// The model.
        pub model: String,
        /// The fold, from 0.
        pub fold: i64,
        /// The number that the corpus gives, in the units of the target column.
        pub truth: f64,
        /// The number that the model gives.
        pub predicted: f64,
    }
}

table! {
    /// One row is a model of a run, or a published figure, of one protocol: the same test utterances in the same folds.
    table "leaderboard" version 1 key ["system", "model", "features"] open { text: false, float: false }
    pub struct Leader {
        /// The run as it was given, or the name of the published system.
        pub system: String,
        /// The model of the run, or what the published system is.
        pub model: String,
        /// Whether others have published it.
        pub published: bool,
        /// Whether it was trained on more than the corpus, such as a network of speech without labels.
        pub pretrained: bool,
        /// What the model sees.
        pub features: String,
        /// `inductive` or `transductive`, as in the metrics table; null where it is not published.
        pub track: Option<String>,
        /// UAR of all test rows together; null where it is not published.
        pub uar: Option<f64>,
        /// Lower end of its 95 % interval; null if there is none.
        pub low: Option<f64>,
        /// Upper end of its 95 % interval; null if there is none.
        pub high: Option<f64>,
        /// Mean of the UARs of the folds; null where a fold lacks a class.
        pub uar_folds: Option<f64>,
        /// Their standard deviation, dividing by folds - 1; null with `uar_folds`, of one fold, and where it is not published.
        pub uar_folds_std: Option<f64>,
        /// Accuracy of all test rows together; null where it is not published.
        pub accuracy: Option<f64>,
        /// Macro F1 of all test rows together; null where it is not published.
        pub macro_f1: Option<f64>,
        /// Test rows; null where it is not published.
        pub n: Option<i64>,
        /// Where the figure is from, and what to know of it.
        pub source: String,
    }
}
