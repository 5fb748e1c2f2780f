use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::dsp::VectorLevel;
use crate::options::{ConfigError, between};

/// The `[extract]` section: how the extract stage works. Nothing here changes the value of a feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ExtractSection {
    /// Whether to write the frames table too: one row for each frame, with every descriptor of the feature set (default
    /// false).
    pub frames: bool,
    /// Mean number of rows in a part of the features table, augmented rows included (default 2000; 1 to 1000000). A
    /// killed run loses at most the part that it was working on. Memory holds two parts. With larger parts, a few
    /// columns of a wide table are read faster.
    pub part_rows: u32,
    /// The vector instructions that every part must have been computed with: `avx-fma`, `sse4.1`, `neon` or `scalar`.
    /// Other machines then refuse to compute a part. Default: any; parts of several levels are a warning, since their
    /// last digits differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vector_level: Option<VectorLevel>,
    /// Largest share of utterances that may be refused; above it, the run fails (default 0.01; 0 to 1). 0: a single
    /// reject fails the run.
    pub max_reject_rate: f64,
}

impl Default for ExtractSection {
    fn default() -> Self {
        Self { frames: false, part_rows: 2000, vector_level: None, max_reject_rate: 0.01 }
    }
}

impl ExtractSection {
    /// Checks the ranges.
    pub fn check(&self) -> Result<(), ConfigError> {
        between("extract.part_rows", self.part_rows, 1, 1_000_000)?;
        between("extract.max_reject_rate", self.max_reject_rate, 0.0, 1.0)
    }
}
