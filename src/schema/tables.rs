//! Every published table, declared once.

mod corpora;
mod features;
mod figures;
mod results;
mod splits;

use super::{Row, TableDef};

pub use corpora::{FileStamp, LabelCount, Reject, Utterance};
pub use features::{FeatureInfo, FeatureKeys, FrameKeys};
pub use figures::{Calibration, Comparison, ConfusedPair, Metric};
pub use results::{Deployed, Fit, Importance, Inference, LearningCurve, Prediction, Tuning};
pub use splits::{Leakage, Normalization, SplitRow};

/// Every table that is a result, in the order of the stages that write them.
pub fn published_tables() -> Vec<TableDef> {
    vec![
        Utterance::table(),
        LabelCount::table(),
        Reject::table(),
        FeatureKeys::table(),
        FrameKeys::table(),
        FeatureInfo::table(),
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
        Inference::table(),
    ]
}
