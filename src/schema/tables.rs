//! Every published table, declared once.

mod corpora;
mod features;
mod results;
mod splits;

use super::{Row, TableDef};

pub use corpora::{FileStamp, LabelCount, Reject, Utterance};
pub use features::{FeatureInfo, FeatureKeys, FrameKeys};
pub use results::{Comparison, Fit, Inference, LearningCurve, Metric, Prediction};
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
        Fit::table(),
        Prediction::table(),
        LearningCurve::table(),
        Metric::table(),
        Comparison::table(),
        Inference::table(),
    ]
}
