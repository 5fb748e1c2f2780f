//! Tables of utterances: what was offered and refused, what was extracted, who learns and who is tested, on what scale.

use crate::schema::row::table;

table! {
    /// One row is an utterance that a corpus offers, with its labels.
    table "utterances" version 1 key ["utterance_id"] open { text: true, float: false }
    pub struct Utterance {
        /// `<corpus>/<key>`; unique.
        pub utterance_id: String,
        /// Name of the corpus in the pipeline file.
        pub corpus: String,
        /// Path of the audio relative to the source of its corpus.
        pub path: String,
        /// Start of the segment in seconds; null: the beginning of the file.
        pub start_s: Option<f64>,
        /// End of the segment in seconds; null: the end of the file.
        pub end_s: Option<f64>,
        /// Speaker, with the corpus before it.
        pub speaker: Option<String>,
        /// `female`, `male` or what the corpus says.
        pub gender: Option<String>,
        /// What was said: the sentence's id in its corpus, with the corpus before it.
        pub text_id: Option<String>,
        /// Intensity of the emotion as the corpus says it.
        pub intensity: Option<String>,
        /// Language, as an ISO 639-1 code where a preset sets it.
        pub language: Option<String>,
        /// The label as the corpus spells it.
        pub source_label: String,
        /// The label that models learn, after the label map.
        pub emotion: String,
        /// Size of the audio file in bytes.
        pub bytes: i64,
    }
}

table! {
    /// One row is what became of a source label of a corpus, and of how many utterances.
    table "labels" version 1 key ["corpus", "source_label", "action"] open { text: false, float: false }
    pub struct LabelCount {
        /// Name of the corpus in the pipeline file.
        pub corpus: String,
        /// The label as the corpus spells it.
        pub source_label: String,
        /// The emotion it became; null where it was dropped.
        pub emotion: Option<String>,
        /// `kept` (alone in its emotion), `merged` (with other source labels), `dropped` by the label map, or
        /// `filtered` by `filter` or `exclude`.
        pub action: String,
        /// Utterances that carry the source label and met this fate.
        pub utterances: i64,
    }
}

table! {
    /// One row is something refused: a file or an utterance, with the stage and the cause.
    table "rejects" version 1 key ["stage", "corpus", "path", "utterance_id", "message"] open { text: false, float: false }
    pub struct Reject {
        /// Name of the corpus in the pipeline file.
        pub corpus: String,
        /// Path of the file relative to the source of its corpus.
        pub path: String,
        /// The utterance, where one was already known.
        pub utterance_id: Option<String>,
        /// Stage that refused it.
        pub stage: String,
        /// Cause, one word of a documented list.
        pub code: String,
        /// What is wrong, in words.
        pub message: String,
    }
}

table! {
    /// One row is a source file as a run saw it. Kept under run/: it tells a rerun which files changed, and is no
    /// result.
    table "files" version 1 key ["corpus", "path"] open { text: false, float: false }
    pub struct FileStamp {
        /// Name of the corpus in the pipeline file.
        pub corpus: String,
        /// Path of the file relative to the source of its corpus.
        pub path: String,
        /// Size in bytes.
        pub bytes: i64,
        /// Modification time or entity tag.
        pub stamp: String,
    }
}

table! {
    /// One row is an utterance or an augmented copy of one: its keys and labels, facts about its audio, then one
    /// float32 column a feature. Each file is sorted; an augmented row stands in the file of its original.
    table "features" version 3 key ["utterance_id"] open { text: true, float: true }
    pub struct FeatureKeys {
        /// `<corpus>/<key>`; unique. An augmented copy: `<original>~<transform>`.
        pub utterance_id: String,
        /// Name of the corpus in the pipeline file.
        pub corpus: String,
        /// Path of the audio relative to the source of its corpus.
        pub path: String,
        /// Start of the segment in seconds; null: the beginning of the file.
        pub start_s: Option<f64>,
        /// End of the segment in seconds; null: the end of the file.
        pub end_s: Option<f64>,
        /// Speaker, with the corpus before it.
        pub speaker: Option<String>,
        /// `female`, `male` or what the corpus says.
        pub gender: Option<String>,
        /// What was said: the sentence's id in its corpus, with the corpus before it.
        pub text_id: Option<String>,
        /// Intensity of the emotion as the corpus says it.
        pub intensity: Option<String>,
        /// Language.
        pub language: Option<String>,
        /// The label as the corpus spells it.
        pub source_label: String,
        /// The label that models learn, after the label map.
        pub emotion: String,
        /// Codec of the audio file, as the decoder names it.
        pub codec: String,
        /// Sample rate of the audio file in Hz, before resampling.
        pub sample_rate_hz: i64,
        /// Channels of the audio file, before mixing to mono.
        pub channels: i64,
        /// Length of the decoded utterance, segment or augmented copy in seconds.
        pub duration_s: f64,
        /// BLAKE3 of the mono samples at the configured rate that the features were computed from, hexadecimal.
        pub audio_hash: String,
        /// Why the signal is suspicious: `silent`, `cancels`, `beyond_full_scale`, `narrow_band`, `several_tracks`, several
        /// with a space between; null: nothing is.
        pub signal: Option<String>,
        /// The utterance that an augmented row is an altered copy of; null: the row is an utterance itself.
        pub augmented_from: Option<String>,
        /// How an augmented row was altered: `speed0.9`, `gain-6dB`, `noise20dB`; null: not at all.
        pub transform: Option<String>,
    }
}

table! {
    /// One row is a frame of an utterance, then one float32 column a low-level descriptor. On request only. The frames
    /// of an utterance stand together, in order; those of an augmented copy follow its original's.
    table "frames" version 1 key ["utterance_id", "frame"] open { text: false, float: true }
    pub struct FrameKeys {
        /// The utterance.
        pub utterance_id: String,
        /// Number of the frame in its utterance, from 0.
        pub frame: i64,
        /// Centre of the frame in seconds from the start of the utterance.
        pub time_s: f64,
    }
}

table! {
    /// One row is a feature: a column of the features table.
    table "feature_dictionary" version 2 key ["name"] open { text: false, float: false }
    pub struct FeatureInfo {
        /// Column name: `<descriptor>[_d1|_d2][_voiced|_unvoiced]_<functional>`.
        pub name: String,
        /// Low-level descriptor, with `_d1` or `_d2` for its deltas.
        pub descriptor: String,
        /// What the descriptor is about: `cepstrum`, `mel bands`, `energy`, `spectral shape`, `pitch`, `voice quality`,
        /// `formants`.
        pub family: String,
        /// Functional that turns the descriptor's contour into one number.
        pub functional: String,
        /// Unit of the value; `1` where it has none.
        pub unit: String,
        /// What the value says.
        pub description: String,
        /// Paper or toolkit that defines it.
        pub source: String,
    }
}

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
