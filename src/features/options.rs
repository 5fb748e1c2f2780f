//! The `[features]` section: which descriptors and functionals become columns, and how frames are cut.

mod check;
mod table;
mod words;

pub(super) use check::{VERSION, check_groups, uses_pitch};
pub use table::{Chosen, TableColumn, TableParams};
pub use words::{Delta, Selection};

use super::{Descriptor, Functional};
use crate::dsp::{Frame, FrameParams, LogMel, LogMelParams, Mfcc, MfccParams, Pitch, PitchParams};
use crate::options::ColumnPatterns;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The set that is extracted where none is named.
const DEFAULT_SET: &str = "standard";

/// The `[features]` section: a set that is computed from the audio, or a table that others computed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FeaturesSection {
    /// Which set to extract: `mfcc-energy`, `standard`, `rich` or the name of one of `sets`. Default: `standard`. Not
    /// with `table`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set: Option<String>,
    /// Sets of your own, by name: `[features.sets.NAME]`. Not with `table`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sets: BTreeMap<String, UserSet>,
    /// A table of features that another program computed, such as openSMILE: Parquet or CSV, with one row for each
    /// utterance, on disk (relative to the pipeline file) or `s3://bucket/key`. It takes the place of the audio. Default:
    /// none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// The column of the table that says which utterance a row belongs to: by utterance id or by the path of the audio.
    /// Default: `utterance_id`, `file`, `path`, `name` or `filename`, the first that is there. Only with `table`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The columns of the table that are features: patterns such as `["F0*", "!*_stddev"]`. Default: every column of
    /// numbers except the id, `start`, `end`, `frameTime` and columns without a name. Only with `table`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<ColumnPatterns>,
}

impl FeaturesSection {
    /// The section that asks for a set.
    pub fn of_set(name: &str) -> Self {
        Self { set: Some(name.to_owned()), ..Self::default() }
    }

    /// The name of the set that is computed where there is no table.
    pub fn set_name(&self) -> &str {
        self.set.as_deref().unwrap_or(DEFAULT_SET)
    }

    /// Moves the place that the section names.
    pub fn relocate(&mut self, place: impl Fn(&str) -> String) {
        self.table = self.table.as_deref().map(place);
    }
}

/// A feature set: how frames are cut and described, and the groups of columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserSet {
    /// How frames are cut.
    #[serde(default)]
    pub frame: Frame,
    /// Options of the descriptor `mfcc`.
    #[serde(default)]
    pub mfcc: Mfcc,
    /// Options of the descriptors `log_mel` and `mel_energy`.
    #[serde(default)]
    pub log_mel: LogMel,
    /// Options of the pitch descriptors (`f0_hz`, `f0_semitones`, `voiced`, `voicing_strength`).
    #[serde(default)]
    pub pitch: Pitch,
    /// Groups of columns. A group has a column for every combination of its descriptors, deltas, selections of frames
    /// and functionals. At least one group.
    pub groups: Vec<Group>,
}

/// A group of columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Descriptors of the group. At least one.
    pub descriptors: Vec<Descriptor>,
    /// Which deltas of each descriptor to use: the descriptor itself (`none`), its first (`d1`) or second (`d2`) delta.
    /// Default: `["none"]`.
    #[serde(default = "no_delta")]
    pub deltas: Vec<Delta>,
    /// Which frames to use: `all`, `voiced`, `unvoiced`. Deltas are computed on the whole contour. Default: `["all"]`.
    #[serde(default = "all_frames")]
    pub frames: Vec<Selection>,
    /// Functionals that turn each contour into columns. At least one.
    pub functionals: Vec<Functional>,
}

fn no_delta() -> Vec<Delta> {
    vec![Delta::None]
}

fn all_frames() -> Vec<Selection> {
    vec![Selection::All]
}

impl Group {
    /// What is taken of each descriptor, in column order.
    pub fn contours(&self) -> impl Iterator<Item = (Delta, Selection)> + '_ {
        self.deltas.iter().flat_map(|delta| self.frames.iter().map(|frames| (*delta, *frames)))
    }

    /// Whether some column takes voiced or unvoiced frames alone.
    pub fn needs_voicing(&self) -> bool {
        self.frames.iter().any(|selection| *selection != Selection::All)
    }
}

/// A checked feature set, in samples; its hash decides whether features are computed anew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureSetParams {
    /// Version of the formulas.
    pub version: u32,
    /// How frames are cut.
    pub frame: FrameParams,
    /// Cepstra.
    pub mfcc: MfccParams,
    /// Mel bands.
    pub log_mel: LogMelParams,
    /// Pitch.
    pub pitch: PitchParams,
    /// The columns.
    pub groups: Vec<Group>,
}

#[cfg(test)]
mod tests;
