use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A low-level descriptor: one value a frame, or several. The words are those that column names begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Descriptor {
    /// Mel-frequency cepstral coefficients: `mfcc00`, `mfcc01`, ...
    Mfcc,
    /// Mel band levels: `log_mel00`, `log_mel01`, ...
    LogMel,
    /// Mel bands before the logarithm: `mel_energy00`, `mel_energy01`, ...
    MelEnergy,
    /// Root mean square amplitude.
    Rms,
    /// Log energy in dB.
    LogEnergyDb,
    /// Zero-crossing rate.
    Zcr,
    /// Spectral centroid.
    SpectralCentroidHz,
    /// Spectral bandwidth.
    SpectralBandwidthHz,
    /// Frequency below which 85 % of the magnitude lies.
    SpectralRolloffHz,
    /// Spectral flatness.
    SpectralFlatness,
    /// Spectral entropy.
    SpectralEntropy,
    /// Spectral flux.
    SpectralFlux,
    /// Alpha ratio.
    AlphaRatioDb,
    /// Hammarberg index.
    HammarbergDb,
    /// Fundamental frequency of voiced frames.
    F0Hz,
    /// Fundamental frequency of voiced frames on a musical scale.
    F0Semitones,
    /// 1 in voiced frames, 0 in others.
    Voiced,
    /// How periodic a frame is.
    VoicingStrength,
}

impl fmt::Display for Descriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}
