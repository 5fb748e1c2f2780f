use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::options::{ConfigError, between};

/// The `[extract]` section: how the extract stage goes about its work. Nothing here moves a feature's value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Extract {
    /// Whether the frames table is written too: one row a frame, with every descriptor of the feature set (default
    /// false).
    pub frames: bool,
    /// Mean number of rows in a part of the features table, augmented ones included (default 2000; 1 to 1000000). A
    /// killed run loses at most the part in flight, and memory holds two parts. Larger parts of a wide table are faster
    /// to read a few columns of.
    pub part_rows: u32,
    /// Share of utterances that may be refused before the run counts as failed (default 0.01; 0 to 1).
    /// 0: one reject is one too many.
    pub max_reject_rate: f64,
}

impl Default for Extract {
    fn default() -> Self {
        Self { frames: false, part_rows: 2000, max_reject_rate: 0.01 }
    }
}

impl Extract {
    /// Checks the ranges.
    pub fn check(&self) -> Result<(), ConfigError> {
        between("extract.part_rows", self.part_rows, 1, 1_000_000)?;
        between("extract.max_reject_rate", self.max_reject_rate, 0.0, 1.0)
    }
}
