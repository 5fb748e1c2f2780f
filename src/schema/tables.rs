//! Every published table, declared once.

mod data;
mod results;

use super::{Row, TableDef};

pub use data::{
    FeatureInfo, FeatureKeys, FileStamp, FrameKeys, LabelCount, Leakage, Normalization, Profile, Reject, SplitRow,
    Utterance,
};
pub use results::{
    Calibration, Comparison, ConfusedPair, Deployed, Estimate, Fit, Importance, Inference, Leader, LearningCurve,
    Metric, Prediction, Tuning,
};

/// Every table that is a result, in the order of the stages that write them.
pub fn published_tables() -> Vec<TableDef> {
    vec![
        Utterance::table(),
        LabelCount::table(),
        Reject::table(),
        FeatureKeys::table(),
        FrameKeys::table(),
        FeatureInfo::table(),
        Profile::table(),
        SplitRow::table(),
        Leakage::table(),
        Normalization::table(),
        Tuning::table(),
        Fit::table(),
        Prediction::table(),
        LearningCurve::table(),
        Importance::table(),
        Deployed::table(),
        Metric::table(),
        Comparison::table(),
        Calibration::table(),
        ConfusedPair::table(),
        Estimate::table(),
        Inference::table(),
        Leader::table(),
    ]
}
