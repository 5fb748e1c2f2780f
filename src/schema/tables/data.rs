//! Tables of utterances: what was offered and refused, what was extracted, who learns and who is tested, on what scale.

use crate::schema::row::table;

table! {
    /// One row is an utterance of a corpus, with its labels.
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
        /// Speaker, with the corpus as prefix.
        pub speaker: Option<String>,
        /// `female`, `male` or what the corpus says.
        pub gender: Option<String>,
        /// What was said: the id of the sentence in its corpus, with the corpus as prefix.
        pub text_id: Option<String>,
        /// Intensity of the emotion, as the corpus states it.
        pub intensity: Option<String>,
        /// Language; an ISO 639-1 code if a preset sets it.
        pub language: Option<String>,
        /// The label as the corpus spells it.
        pub source_label: String,
        /// The label after the label map, which models learn.
        pub emotion: String,
        /// Size of the audio file in bytes.
        pub bytes: i64,
    }
}

table! {
    /// One row is what became of a source label of a corpus, with the number of utterances.
    table "labels" version 1 key ["corpus", "source_label", "action"] open { text: false, float: false }
    pub struct LabelCount {
        /// Name of the corpus in the pipeline file.
        pub corpus: String,
        /// The label as the corpus spells it.
        pub source_label: String,
        /// The emotion it became; null if it was dropped.
        pub emotion: Option<String>,
        /// `kept` (alone in its emotion), `merged` (with other source labels), `dropped` by the label map, or
        /// `filtered` by `filter` or `exclude`.
        pub action: String,
        /// Utterances with this source label and this action.
        pub utterances: i64,
    }
}

table! {
    /// One row is a refused file or utterance, with the stage and the cause.
    table "rejects" version 1 key ["stage", "corpus", "path", "utterance_id", "message"] open { text: false, float: false }
    pub struct Reject {
        /// Name of the corpus in the pipeline file.
        pub corpus: String,
        /// Path of the file relative to the source of its corpus.
        pub path: String,
        /// The utterance, if one was already known.
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
    /// One row is the file of an utterance as a run saw it, in the order of the utterances table. Kept under run/: it
    /// tells a rerun which files changed, and is no result.
    table "files" version 2 key ["utterance_id"] open { text: false, float: false }
    pub struct FileStamp {
        /// The utterance.
        pub utterance_id: String,
        /// Modification time or entity tag of its file.
        pub stamp: String,
    }
}

table! {
    /// One row is an utterance or an augmented copy of one: its keys and labels, facts about its audio, then one
    /// float32 column for each feature. Each file is sorted. An augmented row is in the file of its original.
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
        /// Speaker, with the corpus as prefix.
        pub speaker: Option<String>,
        /// `female`, `male` or what the corpus says.
        pub gender: Option<String>,
        /// What was said: the id of the sentence in its corpus, with the corpus as prefix.
        pub text_id: Option<String>,
        /// Intensity of the emotion, as the corpus states it.
        pub intensity: Option<String>,
        /// Language.
        pub language: Option<String>,
        /// The label as the corpus spells it.
        pub source_label: String,
        /// The label after the label map, which models learn.
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
        /// Why the signal is suspicious: `silent`, `cancels`, `beyond_full_scale`, `clipped`, `narrow_band`,
        /// `several_tracks`, or several of these, separated by spaces; null: it is not.
        pub signal: Option<String>,
        /// The utterance of which the row is an altered copy; null: the row is an utterance itself.
        pub augmented_from: Option<String>,
        /// How an augmented row was altered: `speed0.9`, `gain-6dB`, `noise20dB`; null: the row is an utterance itself.
        pub transform: Option<String>,
    }
}

table! {
    /// One row is a frame of an utterance, with one float32 column for each low-level descriptor. It is written on
    /// request only. The frames of an utterance are together, in order; those of an augmented copy follow those of its
    /// original.
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
        /// Unit of the value; `1` if it has none.
        pub unit: String,
        /// What the value means.
        pub description: String,
        /// Paper or toolkit that defines it.
        pub source: String,
    }
}

table! {
    /// One row is a bin of the distribution of a feature over the utterances of an accepted run, without augmented
    /// copies. `ser accept` keeps this table, and `[checks]` compares later runs with it.
    table "profile" version 1 key ["feature", "bin"] open { text: false, float: false }
    pub struct Profile {
        /// Column of the features table.
        pub feature: String,
        /// What the feature is about: `family` of the feature dictionary.
        pub family: String,
        /// 0 to 9: between neighbouring deciles of the feature; 10: its missing values.
        pub bin: i64,
        /// Lower end of the bin, included; null: there is none, or the bin is that of missing values.
        pub low: Option<f32>,
        /// Utterances in the bin. Values that repeat may leave bins empty.
        pub n: i64,
    }
}

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
        /// `train`, `dev`, `test`, or `seen` where columns are disjoint: like test, but of sentences that training has seen.
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

impl FeatureKeys {
    /// The keys of an utterance, without what its audio says.
    pub fn unheard(row: &Utterance) -> Self {
        Self {
            utterance_id: row.utterance_id.clone(),
            corpus: row.corpus.clone(),
            path: row.path.clone(),
            start_s: row.start_s,
            end_s: row.end_s,
            speaker: row.speaker.clone(),
            gender: row.gender.clone(),
            text_id: row.text_id.clone(),
            intensity: row.intensity.clone(),
            language: row.language.clone(),
            source_label: row.source_label.clone(),
            emotion: row.emotion.clone(),
            codec: String::new(),
            sample_rate_hz: 0,
            channels: 0,
            duration_s: 0.0,
            audio_hash: String::new(),
            signal: None,
            augmented_from: None,
            transform: None,
        }
    }
}
