use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Shape of the analysis window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Window {
    /// Raised cosine down to 0.
    Hann,
    /// Raised cosine down to 0.08.
    Hamming,
    /// No window.
    Rectangular,
}

/// Which samples the frames hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Edges {
    /// Frame `t` is centred on sample `t * hop`; samples outside the signal are zero; `1 + n / hop` frames (librosa).
    Centre,
    /// Frame `t` starts at sample `t * hop`; whole frames only, `1 + (n - window) / hop`; a signal shorter than a
    /// window has one frame, padded with zeros at its end (Kaldi's `snip_edges`, which gives such a signal none).
    Snip,
    /// Frame `t` starts at sample `t * hop`; the last is padded with zeros; `1 + ceil((n - window) / hop)` frames, at
    /// least one (python_speech_features).
    PadEnd,
}

/// Whose MFCC conventions to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MfccPreset {
    /// librosa 0.11: power spectrum, Slaney mel bank, dB, orthonormal DCT-II.
    Librosa,
}

/// Which derivative of a descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Delta {
    /// The descriptor itself.
    None,
    /// Its first derivative per frame.
    D1,
    /// Its second derivative per frame.
    D2,
}

impl Delta {
    /// What column names append: nothing, `_d1` or `_d2`.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::D1 => "_d1",
            Self::D2 => "_d2",
        }
    }

    /// Order of the derivative: 0, 1, 2.
    pub fn order(self) -> usize {
        self as usize
    }
}
