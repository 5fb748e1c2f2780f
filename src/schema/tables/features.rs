//! Tables of what was extracted.

use crate::schema::row::table;

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
        /// Why the signal is suspicious: `silent`, `cancels`, `beyond_full_scale`, `narrow_band`, `several_tracks`, or
        /// several of these, separated by spaces; null: it is not.
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
