use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

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

impl fmt::Display for Edges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// Whose conventions of mel bands and cepstra to follow.
///
/// All but `librosa` bring a window of their own, scale samples to 16-bit integers, emphasise high frequencies
/// (`x[n] - 0.97 x[n - 1]`), space bands on the mel scale `2595 log10(1 + f / 700)`, take natural logarithms and weight
/// coefficient k of the orthonormal DCT-II by the lifter `1 + 11 sin(pi k / 22)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MelPreset {
    /// librosa 0.11: the frame's window, power spectrum, bands of equal area on Slaney's mel scale, dB, orthonormal
    /// DCT-II.
    Librosa,
    /// Kaldi's defaults without dither: the frame's mean removed, pre-emphasis within the frame, Povey window, power
    /// spectrum, bands from 20 Hz, C0 replaced by the log energy of the frame before pre-emphasis.
    Kaldi,
    /// python_speech_features 0.6: samples cut to 16-bit integers, pre-emphasis over the whole signal, no window, power
    /// spectrum over the length of the FFT, band edges at whole bins, C0 replaced by the log of the spectrum's sum.
    Psf,
    /// The HTK Book (Young et al., 3.4) with 26 bands: pre-emphasis within the frame, Hamming window, magnitude
    /// spectrum, band values of at least 1, C0 scaled as the other coefficients.
    Htk,
}

impl MelPreset {
    /// How the toolkit cuts frames.
    pub(super) fn edges(self) -> Edges {
        match self {
            Self::Librosa => Edges::Centre,
            Self::Kaldi | Self::Htk => Edges::Snip,
            Self::Psf => Edges::PadEnd,
        }
    }
}

impl fmt::Display for MelPreset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// Which frames functionals see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Selection {
    /// Every frame.
    All,
    /// Frames that the pitch tracker takes for voiced.
    Voiced,
    /// All others.
    Unvoiced,
}

impl Selection {
    /// What column names append: nothing, `_voiced` or `_unvoiced`.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::All => "",
            Self::Voiced => "_voiced",
            Self::Unvoiced => "_unvoiced",
        }
    }
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
