mod functional;

pub(super) use functional::{delta_text, frames_text, functional_text, unit};

use crate::config::Descriptor;

/// What a descriptor is.
pub(super) struct Description {
    /// Unit of its values; `1` where it has none.
    pub unit: &'static str,
    /// What a value says.
    pub text: &'static str,
    /// Paper or toolkit that defines it.
    pub source: &'static str,
}

const LIBROSA: &str = "librosa 0.11 (McFee et al., 2015)";
const BOERSMA: &str = "Boersma 1993; Praat To Pitch (ac)";

pub(super) fn describe(descriptor: Descriptor) -> Description {
    let (unit, text, source) = match descriptor {
        Descriptor::Mfcc => ("dB", "Mel-frequency cepstral coefficient", LIBROSA),
        Descriptor::LogMel => ("dB", "Level of a mel band", LIBROSA),
        Descriptor::Rms => ("1", "Root mean square amplitude, 1 is full scale", LIBROSA),
        Descriptor::LogEnergyDb => ("dB", "Mean square amplitude re full scale, at least -100 dB", "HTK Book 5.8"),
        Descriptor::Zcr => ("1", "Share of samples whose sign differs from the one before", LIBROSA),
        Descriptor::SpectralCentroidHz => ("Hz", "Mean frequency weighted by magnitude", LIBROSA),
        Descriptor::SpectralBandwidthHz => ("Hz", "Standard deviation of frequency weighted by magnitude", LIBROSA),
        Descriptor::SpectralRolloffHz => ("Hz", "Frequency below which 85 % of the magnitude lies", LIBROSA),
        Descriptor::SpectralFlatness => ("1", "Geometric over arithmetic mean of the power spectrum", LIBROSA),
        Descriptor::SpectralEntropy => {
            ("1", "Entropy of the power spectrum, share of its maximum", "Misra et al. 2004")
        }
        Descriptor::SpectralFlux => {
            ("1", "Distance of the scaled magnitude spectrum from the frame before", "Peeters 2004")
        }
        Descriptor::AlphaRatioDb => ("dB", "Energy of 50-1000 Hz over 1-5 kHz", "Eyben et al. 2016"),
        Descriptor::HammarbergDb => ("dB", "Strongest bin of 0-2 kHz over 2-5 kHz", "Hammarberg et al. 1980"),
        Descriptor::F0Hz => ("Hz", "Fundamental frequency of voiced frames", BOERSMA),
        Descriptor::F0Semitones => ("semitone", "Fundamental frequency of voiced frames, above 27.5 Hz", BOERSMA),
        Descriptor::Voiced => ("1", "1 in voiced frames, 0 in others", BOERSMA),
        Descriptor::VoicingStrength => ("1", "Largest normalised autocorrelation at a pitch period", BOERSMA),
    };
    Description { unit, text, source }
}
