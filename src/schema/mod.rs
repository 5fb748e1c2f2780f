//! The fixed words of the project: table definitions, emotions, splits, ids. Imports no other room.

mod emotions;
mod ids;
mod row;
mod signal;
mod splits;
mod tables;
mod track;
mod words;

pub use emotions::{CANONICAL_EMOTIONS, is_canonical_emotion};
pub use ids::{augmented_id, segment_key, speaker_id, utterance_id};
pub use row::{Cell, ColumnDef, Columns, Kind, Open, Row, Table, TableDef, Value};
pub use signal::Signal;
pub use splits::Split;
pub use tables::{
    Calibration, Comparison, ConfusedPair, Deployed, FeatureInfo, FeatureKeys, FileStamp, Fit, FrameKeys, Importance,
    Inference, LabelCount, Leakage, LearningCurve, Metric, Normalization, Prediction, Reject, SplitRow, Tuning,
    Utterance, published_tables,
};
pub use track::Track;
pub use words::{FUSION, SELECTED, noun, plural};

/// Prefix of the probability columns of the predictions table: `p_<class>`.
pub const PROBABILITY_PREFIX: &str = "p_";
