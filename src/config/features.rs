//! The `[features]` section: which descriptors and functionals become columns, and how frames are cut.

mod check;
mod descriptor;
mod functional;
mod mel;
mod resolved;
mod words;

pub use descriptor::Descriptor;
pub use functional::Functional;
pub use words::{Delta, Edges, MelPreset, Selection, Window};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The `[features]` section.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Features {
    /// Which set to extract: `mfcc-energy`, `standard`, `rich` or the name of one of `sets`. Default: `standard`.
    pub set: String,
    /// Sets of your own, by name: `[features.sets.NAME]`.
    pub sets: BTreeMap<String, UserSet>,
}

impl Default for Features {
    fn default() -> Self {
        Self { set: "standard".to_owned(), sets: BTreeMap::new() }
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

/// How frames are cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Frame {
    /// Shape of the window, which is periodic. All mel presets except `librosa` use their own. Default: `hann`.
    pub window: Window,
    /// Length of a frame in milliseconds, rounded to samples at the configured rate. Default: 25. Legal: above 0, up to
    /// 1000.
    pub window_ms: f64,
    /// Time from one frame to the next in milliseconds, rounded to samples. Default: 10. Legal: above 0, up to 1000.
    pub hop_ms: f64,
    /// Length of the FFT in samples: a power of two, no shorter than the window. Default: the smallest possible.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n_fft: Option<usize>,
    /// Where the frames lie in the signal, for all descriptors of the set. Default: that of the mel preset in use
    /// (`librosa`: `centre`, `kaldi` and `htk`: `snip`, `psf`: `pad-end`); without a mel preset, `centre`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edges: Option<Edges>,
}

impl Default for Frame {
    fn default() -> Self {
        Self { window: Window::Hann, window_ms: 25.0, hop_ms: 10.0, n_fft: None, edges: None }
    }
}

/// Options of the descriptor `mfcc`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mfcc {
    /// Toolkit whose conventions to follow. Default: `librosa`.
    pub preset: MelPreset,
    /// Number of coefficients, C0 included. Default: 13. Legal: 1 to `mel_bands`.
    pub coefficients: usize,
    /// Number of mel bands. Default: 128 for `librosa`, 23 for `kaldi`, 26 for `psf` and `htk`. Legal: 1 to 512.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mel_bands: Option<usize>,
    /// Range in dB below the loudest level of the utterance; lower levels are raised to the bottom of this range. 0: no
    /// limit. Preset `librosa` only. Default: 80. Legal: 0 or above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_db: Option<f64>,
}

impl Default for Mfcc {
    fn default() -> Self {
        Self { preset: MelPreset::Librosa, coefficients: 13, mel_bands: None, top_db: None }
    }
}

/// Options of the descriptors `log_mel` and `mel_energy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogMel {
    /// Toolkit whose conventions to follow. Default: `librosa`.
    pub preset: MelPreset,
    /// Number of mel bands. Default: 23 for `kaldi`, 26 for the others. Legal: 1 to 512.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bands: Option<usize>,
    /// Range in dB below the loudest level of the utterance; lower levels are raised to the bottom of this range. 0: no
    /// limit. `mel_energy` is not limited. Preset `librosa` only. Default: 80. Legal: 0 or above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_db: Option<f64>,
}

impl Default for LogMel {
    fn default() -> Self {
        Self { preset: MelPreset::Librosa, bands: None, top_db: None }
    }
}

/// Options of the pitch descriptors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Pitch {
    /// Lowest pitch in Hz; frames are three of its periods long. Default: 75. Legal: 20 or above.
    pub min_hz: f64,
    /// Highest pitch in Hz. Default: 600. Legal: above `min_hz`, below a quarter of the sample rate.
    pub max_hz: f64,
}

impl Default for Pitch {
    fn default() -> Self {
        Self { min_hz: 75.0, max_hz: 600.0 }
    }
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

/// Checked frame cutting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrameParams {
    /// Shape of the window.
    pub window: Window,
    /// Length of a frame in samples.
    pub window_samples: usize,
    /// Samples from one frame to the next.
    pub hop_samples: usize,
    /// Length of the FFT: a power of two, at least `window_samples`.
    pub n_fft: usize,
    /// Which samples the frames hold.
    pub edges: Edges,
}

/// Checked options of the cepstra.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MfccParams {
    /// Whose conventions to follow.
    pub preset: MelPreset,
    /// Number of coefficients.
    pub coefficients: usize,
    /// Number of mel bands.
    pub mel_bands: usize,
    /// Range below the loudest value in dB, if limited.
    pub top_db: Option<f64>,
}

/// Checked options of the mel bands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogMelParams {
    /// Whose conventions to follow.
    pub preset: MelPreset,
    /// Number of bands.
    pub bands: usize,
    /// Range below the loudest value in dB, if limited.
    pub top_db: Option<f64>,
}

/// Checked options of the pitch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PitchParams {
    /// Lowest pitch in Hz.
    pub min_hz: f64,
    /// Highest pitch in Hz.
    pub max_hz: f64,
}
