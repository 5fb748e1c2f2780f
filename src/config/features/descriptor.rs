use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A low-level descriptor: one or several values per frame. Column names begin with its word.
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
    /// Loudness, as the ear weighs and compresses it.
    Loudness,
    /// Sharpness, in acum.
    SharpnessAcum,
    /// Spectral centroid.
    SpectralCentroidHz,
    /// Spectral bandwidth.
    SpectralBandwidthHz,
    /// Spectral variance, the square of the bandwidth.
    SpectralVarianceHz2,
    /// Spectral skewness.
    SpectralSkewness,
    /// Spectral kurtosis.
    SpectralKurtosis,
    /// Frequency below which 85 % of the magnitude lies.
    SpectralRolloffHz,
    /// Frequency below which 25 % of the magnitude lies.
    #[serde(rename = "spectral_rolloff25_hz")]
    SpectralRolloff25Hz,
    /// Frequency below which half of the magnitude lies.
    #[serde(rename = "spectral_rolloff50_hz")]
    SpectralRolloff50Hz,
    /// Frequency below which 75 % of the magnitude lies.
    #[serde(rename = "spectral_rolloff75_hz")]
    SpectralRolloff75Hz,
    /// Frequency below which 95 % of the magnitude lies.
    #[serde(rename = "spectral_rolloff95_hz")]
    SpectralRolloff95Hz,
    /// Spectral flatness.
    SpectralFlatness,
    /// Spectral entropy.
    SpectralEntropy,
    /// Change of the spectrum's shape.
    SpectralFlux,
    /// Change of the spectrum's shape and level.
    MagnitudeFlux,
    /// Spectral slope over all frequencies.
    SpectralSlopeDbKhz,
    /// Spectral slope of 0-500 Hz.
    #[serde(rename = "slope_0_500_db_khz")]
    Slope0To500DbKhz,
    /// Spectral slope of 500-1500 Hz.
    #[serde(rename = "slope_500_1500_db_khz")]
    Slope500To1500DbKhz,
    /// Spectral contrast in six bands: `spectral_contrast_db00`, ...
    SpectralContrastDb,
    /// How far harmonics stand out of the spectrum.
    SpectralHarmonicity,
    /// Alpha ratio.
    AlphaRatioDb,
    /// Hammarberg index.
    HammarbergDb,
    /// Energy of 250-650 Hz.
    #[serde(rename = "level_250_650_db")]
    Level250To650Db,
    /// Energy of 1-4 kHz.
    #[serde(rename = "level_1000_4000_db")]
    Level1000To4000Db,
    /// Fundamental frequency of voiced frames.
    F0Hz,
    /// Fundamental frequency of voiced frames on a musical scale.
    F0Semitones,
    /// 1 in voiced frames, 0 in others.
    Voiced,
    /// How periodic a frame is.
    VoicingStrength,
    /// Harmonics-to-noise ratio.
    HnrDb,
    /// Jitter: how much neighbouring periods differ in length.
    JitterLocal,
    /// Shimmer: how much neighbouring periods differ in amplitude.
    ShimmerLocal,
    /// Cepstral peak prominence.
    CppDb,
    /// First over second harmonic.
    #[serde(rename = "h1_h2_db")]
    H1H2Db,
    /// First harmonic over the strongest one near the third formant.
    #[serde(rename = "h1_a3_db")]
    H1A3Db,
    /// Formant frequencies: `formant1_hz` to `formant3_hz`.
    FormantHz,
    /// Formant bandwidths: `formant1_bandwidth_hz` to `formant3_bandwidth_hz`.
    FormantBandwidthHz,
    /// Strongest harmonic near a formant over the first harmonic: `formant1_level_db` to `formant3_level_db`.
    FormantLevelDb,
}

impl Descriptor {
    /// All of them, in the order of the rows of a contour matrix.
    pub const ALL: [Self; 44] = [
        Self::Mfcc,
        Self::LogMel,
        Self::MelEnergy,
        Self::Rms,
        Self::LogEnergyDb,
        Self::Zcr,
        Self::Loudness,
        Self::SharpnessAcum,
        Self::SpectralCentroidHz,
        Self::SpectralBandwidthHz,
        Self::SpectralVarianceHz2,
        Self::SpectralSkewness,
        Self::SpectralKurtosis,
        Self::SpectralRolloffHz,
        Self::SpectralRolloff25Hz,
        Self::SpectralRolloff50Hz,
        Self::SpectralRolloff75Hz,
        Self::SpectralRolloff95Hz,
        Self::SpectralFlatness,
        Self::SpectralEntropy,
        Self::SpectralFlux,
        Self::MagnitudeFlux,
        Self::SpectralSlopeDbKhz,
        Self::Slope0To500DbKhz,
        Self::Slope500To1500DbKhz,
        Self::SpectralContrastDb,
        Self::SpectralHarmonicity,
        Self::AlphaRatioDb,
        Self::HammarbergDb,
        Self::Level250To650Db,
        Self::Level1000To4000Db,
        Self::F0Hz,
        Self::F0Semitones,
        Self::Voiced,
        Self::VoicingStrength,
        Self::HnrDb,
        Self::JitterLocal,
        Self::ShimmerLocal,
        Self::CppDb,
        Self::H1H2Db,
        Self::H1A3Db,
        Self::FormantHz,
        Self::FormantBandwidthHz,
        Self::FormantLevelDb,
    ];

    /// Those that follow the pitch tracker.
    pub const VOICE: [Self; 13] = [
        Self::F0Hz,
        Self::F0Semitones,
        Self::Voiced,
        Self::VoicingStrength,
        Self::HnrDb,
        Self::JitterLocal,
        Self::ShimmerLocal,
        Self::CppDb,
        Self::H1H2Db,
        Self::H1A3Db,
        Self::FormantHz,
        Self::FormantBandwidthHz,
        Self::FormantLevelDb,
    ];

    /// What it is about, in the words of the `family` column of the feature dictionary.
    pub fn family(self) -> &'static str {
        match self {
            Self::Mfcc => "cepstrum",
            Self::LogMel | Self::MelEnergy => "mel bands",
            Self::Rms | Self::LogEnergyDb | Self::Zcr | Self::Loudness => "energy",
            Self::F0Hz | Self::F0Semitones | Self::Voiced | Self::VoicingStrength => "pitch",
            Self::HnrDb | Self::JitterLocal | Self::ShimmerLocal | Self::CppDb | Self::H1H2Db | Self::H1A3Db => {
                "voice quality"
            }
            Self::FormantHz | Self::FormantBandwidthHz | Self::FormantLevelDb => "formants",
            _ => "spectral shape",
        }
    }
}

impl fmt::Display for Descriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_listed_in_order() {
        for (number, descriptor) in Descriptor::ALL.into_iter().enumerate() {
            assert_eq!(descriptor as usize, number);
        }
        let schema = schemars::schema_for!(Descriptor).to_value().to_string();
        assert_eq!(schema.matches("\"const\":").count(), Descriptor::ALL.len());
    }
}
