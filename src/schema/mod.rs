//! The fixed words of the project: table definitions, emotions, splits, ids. Imports no other room.

mod packed;
mod row;
mod tables;
mod texts;
mod words;

pub use packed::Packed;
pub use row::{Cell, ColumnDef, Columns, Kind, Open, Row, Table, TableDef, Value};
pub use tables::{
    Calibration, Comparison, ConfusedPair, Deployed, Estimate, FeatureInfo, FeatureKeys, FileStamp, Fit, FrameKeys,
    Importance, Inference, LabelCount, Leader, Leakage, LearningCurve, Metric, Normalization, Prediction, Profile,
    Reject, SplitRow, Tuning, Utterance, published_tables,
};
pub use texts::Texts;
pub use words::{
    CANONICAL_EMOTIONS, FUSION, NOTE_OF_SEARCH, NOTE_OF_TABLE, OTHER_EMOTIONS, SELECTED, Side, Signal, Track,
    augmented_id, is_canonical_emotion, is_known_emotion, noun, plural, segment_key, speaker_id, utterance_id,
};

/// Prefix of the probability columns of the predictions table: `p_<class>`.
pub const PROBABILITY_PREFIX: &str = "p_";
