//! Tables of what was offered and what was refused.

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
