//! The descriptors there are. A new one is a row here and a formula in [`crate::dsp`].

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::dsp::Lanes;
use crate::dsp::spectral::{
    Spectrum, alpha_ratio_db, bandwidth_hz, centroid_hz, crest, entropy, flatness, hammarberg_db, harmonicity,
    kurtosis, level_db, rolloff_hz, skewness, slope_db_khz, variance_hz2,
};

/// A descriptor that needs one spectrum and gives one value.
pub(super) type OfSpectrum = fn(&Spectrum) -> Lanes;

/// What a descriptor is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Description {
    /// What it is about: `family` of the feature dictionary.
    pub family: &'static str,
    /// Unit of its values; `1` where it has none.
    pub unit: &'static str,
    /// What a value says.
    pub text: &'static str,
    /// Paper or toolkit that defines it.
    pub source: &'static str,
}

pub(super) const LIBROSA: &str = "librosa 0.11 (McFee et al., 2015)";
const BOERSMA: &str = "Boersma 1993; Praat To Pitch (ac)";
const EYBEN: &str = "Eyben et al. 2016";
const HERMANSKY: &str = "Hermansky 1990";
const MAKHOUL: &str = "Makhoul 1975, selective linear prediction";
const PEETERS: &str = "Peeters 2004";

macro_rules! descriptors {
    ($($(#[$doc:meta])* $name:ident, $word:literal, $family:literal, $unit:literal, $text:literal, $source:expr
        $(, $value:expr)?;)*) => {
        /// A low-level descriptor: one or several values per frame. Column names begin with its word.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        pub enum Descriptor {
            $($(#[$doc])* #[serde(rename = $word)] $name,)*
        }

        impl Descriptor {
            /// All of them, in the order of the rows of a contour matrix.
            pub const ALL: [Self; [$($word),*].len()] = [$(Self::$name),*];

            /// What it is, mel bands and cepstra as librosa has them.
            pub(super) fn description(self) -> Description {
                match self {
                    $(Self::$name => Description { family: $family, unit: $unit, text: $text, source: $source },)*
                }
            }

            /// What computes it, where it needs one spectrum and gives one value.
            pub(super) fn of_spectrum(self) -> Option<OfSpectrum> {
                match self {
                    $($(Self::$name => Some($value),)?)*
                    _ => None,
                }
            }
        }
    };
}

descriptors! {
    /// Mel-frequency cepstral coefficients: `mfcc00`, `mfcc01`, ...
    Mfcc, "mfcc", "cepstrum", "dB", "Mel-frequency cepstral coefficient", LIBROSA;
    /// Mel band levels: `log_mel00`, `log_mel01`, ...
    LogMel, "log_mel", "mel bands", "dB", "Level of a mel band", LIBROSA;
    /// Mel bands before the logarithm: `mel_energy00`, `mel_energy01`, ...
    MelEnergy, "mel_energy", "mel bands", "1", "Mel band before the logarithm", LIBROSA;
    /// Root mean square amplitude.
    Rms, "rms", "energy", "1", "Root mean square amplitude, 1 is full scale", LIBROSA;
    /// Log energy in dB.
    LogEnergyDb, "log_energy_db", "energy", "dB", "Mean square amplitude re full scale, at least -100 dB", "HTK Book 5.8";
    /// Zero-crossing rate.
    Zcr, "zcr", "energy", "1", "Share of samples whose sign differs from the one before", LIBROSA;
    /// Loudness, as the ear weighs and compresses it.
    Loudness, "loudness", "energy", "1", "Loudness over bands one Bark wide, about 1 at full scale", HERMANSKY;
    /// Sharpness, in acum.
    SharpnessAcum, "sharpness_acum", "spectral shape", "acum", "Mean critical-band rate weighted by loudness", "Zwicker & Fastl 1990";
    /// Spectral centroid.
    SpectralCentroidHz, "spectral_centroid_hz", "spectral shape", "Hz", "Mean frequency weighted by magnitude", LIBROSA, centroid_hz;
    /// Spectral bandwidth.
    SpectralBandwidthHz, "spectral_bandwidth_hz", "spectral shape", "Hz", "Standard deviation of frequency weighted by magnitude", LIBROSA, bandwidth_hz;
    /// Spectral variance, the square of the bandwidth.
    SpectralVarianceHz2, "spectral_variance_hz2", "spectral shape", "Hz^2", "Variance of frequency weighted by magnitude", PEETERS, variance_hz2;
    /// Spectral skewness.
    SpectralSkewness, "spectral_skewness", "spectral shape", "1", "Skewness of frequency weighted by magnitude", PEETERS, skewness;
    /// Spectral kurtosis.
    SpectralKurtosis, "spectral_kurtosis", "spectral shape", "1", "Kurtosis of frequency weighted by magnitude", PEETERS, kurtosis;
    /// Frequency below which 85 % of the magnitude lies.
    SpectralRolloffHz, "spectral_rolloff_hz", "spectral shape", "Hz", "Frequency below which 85 % of the magnitude lies", LIBROSA, |spectrum| rolloff_hz(spectrum, 0.85);
    /// Frequency below which 25 % of the magnitude lies.
    SpectralRolloff25Hz, "spectral_rolloff25_hz", "spectral shape", "Hz", "Frequency below which 25 % of the magnitude lies", LIBROSA, |spectrum| rolloff_hz(spectrum, 0.25);
    /// Frequency below which half of the magnitude lies.
    SpectralRolloff50Hz, "spectral_rolloff50_hz", "spectral shape", "Hz", "Frequency below which half of the magnitude lies", LIBROSA, |spectrum| rolloff_hz(spectrum, 0.5);
    /// Frequency below which 75 % of the magnitude lies.
    SpectralRolloff75Hz, "spectral_rolloff75_hz", "spectral shape", "Hz", "Frequency below which 75 % of the magnitude lies", LIBROSA, |spectrum| rolloff_hz(spectrum, 0.75);
    /// Frequency below which 95 % of the magnitude lies.
    SpectralRolloff95Hz, "spectral_rolloff95_hz", "spectral shape", "Hz", "Frequency below which 95 % of the magnitude lies", LIBROSA, |spectrum| rolloff_hz(spectrum, 0.95);
    /// Spectral flatness.
    SpectralFlatness, "spectral_flatness", "spectral shape", "1", "Geometric over arithmetic mean of the power spectrum", LIBROSA, flatness;
    /// Spectral entropy.
    SpectralEntropy, "spectral_entropy", "spectral shape", "1", "Entropy of the power spectrum, share of its maximum", "Misra et al. 2004", entropy;
    /// How far the strongest bin stands out of the spectrum.
    SpectralCrest, "spectral_crest", "spectral shape", "1", "Largest over mean magnitude of the spectrum", PEETERS, crest;
    /// Change of the spectrum's shape.
    SpectralFlux, "spectral_flux", "spectral shape", "1", "Distance of the scaled magnitude spectrum from the frame before", PEETERS;
    /// Change of the spectrum's shape and level.
    MagnitudeFlux, "magnitude_flux", "spectral shape", "1", "Distance of the magnitude spectrum from the frame before", PEETERS;
    /// Spectral slope over all frequencies.
    SpectralSlopeDbKhz, "spectral_slope_db_khz", "spectral shape", "dB/kHz", "Slope of the spectrum", PEETERS, |spectrum| slope_db_khz(spectrum, 0.0, f32::INFINITY);
    /// Spectral slope of 0-500 Hz.
    Slope0To500DbKhz, "slope_0_500_db_khz", "spectral shape", "dB/kHz", "Slope of the spectrum from 0 to 500 Hz", EYBEN, |spectrum| slope_db_khz(spectrum, 0.0, 500.0);
    /// Spectral slope of 500-1500 Hz.
    Slope500To1500DbKhz, "slope_500_1500_db_khz", "spectral shape", "dB/kHz", "Slope of the spectrum from 500 to 1500 Hz", EYBEN, |spectrum| slope_db_khz(spectrum, 500.0, 1500.0);
    /// Spectral contrast in six bands: `spectral_contrast_db00`, ...
    SpectralContrastDb, "spectral_contrast_db", "spectral shape", "dB", "Strongest over weakest bin of octave band", "Jiang et al. 2002";
    /// How far harmonics stand out of the spectrum.
    SpectralHarmonicity, "spectral_harmonicity", "spectral shape", "1", "Height of the magnitude spectrum's peaks over its valleys, share of the sum", PEETERS, harmonicity;
    /// Alpha ratio.
    AlphaRatioDb, "alpha_ratio_db", "spectral shape", "dB", "Energy of 50-1000 Hz over 1-5 kHz", EYBEN, alpha_ratio_db;
    /// Hammarberg index.
    HammarbergDb, "hammarberg_db", "spectral shape", "dB", "Strongest bin of 0-2 kHz over 2-5 kHz", "Hammarberg et al. 1980", hammarberg_db;
    /// Energy of 250-650 Hz.
    Level250To650Db, "level_250_650_db", "spectral shape", "dB", "Energy of 250-650 Hz", EYBEN, |spectrum| level_db(spectrum, 250.0, 650.0);
    /// Energy of 1-4 kHz.
    Level1000To4000Db, "level_1000_4000_db", "spectral shape", "dB", "Energy of 1-4 kHz", EYBEN, |spectrum| level_db(spectrum, 1000.0, 4000.0);
    /// Fundamental frequency of voiced frames.
    F0Hz, "f0_hz", "pitch", "Hz", "Fundamental frequency of voiced frames", BOERSMA;
    /// Fundamental frequency of voiced frames on a musical scale.
    F0Semitones, "f0_semitones", "pitch", "semitone", "Fundamental frequency of voiced frames, above 27.5 Hz", BOERSMA;
    /// 1 in voiced frames, 0 in others.
    Voiced, "voiced", "pitch", "1", "1 in voiced frames, 0 in others", BOERSMA;
    /// How periodic a frame is.
    VoicingStrength, "voicing_strength", "pitch", "1", "Largest normalised autocorrelation at a pitch period", BOERSMA;
    /// Harmonics-to-noise ratio.
    HnrDb, "hnr_db", "voice quality", "dB", "Harmonics-to-noise ratio of frames that are not silent", BOERSMA;
    /// Jitter: how much neighbouring periods differ in length.
    JitterLocal, "jitter_local", "voice quality", "1", "Difference of neighbouring periods over their mean, voiced frames", "Praat Get jitter (local)";
    /// Shimmer: how much neighbouring periods differ in amplitude.
    ShimmerLocal, "shimmer_local", "voice quality", "1", "Amplitude difference of neighbouring periods over their mean, voiced frames", "Praat Get shimmer (local)";
    /// Cepstral peak prominence.
    CppDb, "cpp_db", "voice quality", "dB", "Cepstral peak prominence of voiced frames", "Hillenbrand et al. 1994";
    /// First over second harmonic.
    H1H2Db, "h1_h2_db", "voice quality", "dB", "First over second harmonic, voiced frames", "Hanson 1997";
    /// First harmonic over the strongest one near the third formant.
    H1A3Db, "h1_a3_db", "voice quality", "dB", "First harmonic over the strongest near formant 3, voiced frames", "Hanson 1997";
    /// Formant frequencies: `formant1_hz` to `formant3_hz`.
    FormantHz, "formant_hz", "formants", "Hz", "Frequency in voiced frames of formant", MAKHOUL;
    /// Formant bandwidths: `formant1_bandwidth_hz` to `formant3_bandwidth_hz`.
    FormantBandwidthHz, "formant_bandwidth_hz", "formants", "Hz", "Bandwidth in voiced frames of formant", MAKHOUL;
    /// Strongest harmonic near a formant over the first harmonic: `formant1_level_db` to `formant3_level_db`.
    FormantLevelDb, "formant_level_db", "formants", "dB", "Level above the first harmonic, in voiced frames, of the strongest near formant", EYBEN;
}

impl Descriptor {
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
            assert_eq!(serde_json::to_value(descriptor).expect("a word"), descriptor.to_string());
        }
        let schema = schemars::schema_for!(Descriptor).to_value().to_string();
        assert_eq!(schema.matches("\"const\":").count(), Descriptor::ALL.len());
    }
}
