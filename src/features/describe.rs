mod functional;

pub(super) use functional::{delta_text, frames_text, functional_text, unit};

use crate::config::{Descriptor, FeatureSetParams, MelPreset};

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
const EYBEN: &str = "Eyben et al. 2016";
const HERMANSKY: &str = "Hermansky 1990";
const MAKHOUL: &str = "Makhoul 1975, selective linear prediction";
const PEETERS: &str = "Peeters 2004";

pub(super) fn describe(params: &FeatureSetParams, descriptor: Descriptor) -> Description {
    let (unit, text, source) = match descriptor {
        Descriptor::Mfcc => {
            let preset = params.mfcc.preset;
            (level_unit(preset), cepstrum_text(preset), toolkit(preset))
        }
        Descriptor::LogMel => {
            let preset = params.log_mel.preset;
            (level_unit(preset), "Level of a mel band", toolkit(preset))
        }
        Descriptor::MelEnergy => ("1", "Mel band before the logarithm", toolkit(params.log_mel.preset)),
        Descriptor::Rms => ("1", "Root mean square amplitude, 1 is full scale", LIBROSA),
        Descriptor::LogEnergyDb => ("dB", "Mean square amplitude re full scale, at least -100 dB", "HTK Book 5.8"),
        Descriptor::Zcr => ("1", "Share of samples whose sign differs from the one before", LIBROSA),
        Descriptor::Loudness => ("1", "Loudness over bands one Bark wide, about 1 at full scale", HERMANSKY),
        Descriptor::SharpnessAcum => ("acum", "Mean critical-band rate weighted by loudness", "Zwicker & Fastl 1990"),
        Descriptor::SpectralCentroidHz => ("Hz", "Mean frequency weighted by magnitude", LIBROSA),
        Descriptor::SpectralBandwidthHz => ("Hz", "Standard deviation of frequency weighted by magnitude", LIBROSA),
        Descriptor::SpectralVarianceHz2 => ("Hz^2", "Variance of frequency weighted by magnitude", PEETERS),
        Descriptor::SpectralSkewness => ("1", "Skewness of frequency weighted by magnitude", PEETERS),
        Descriptor::SpectralKurtosis => ("1", "Kurtosis of frequency weighted by magnitude", PEETERS),
        Descriptor::SpectralRolloffHz => ("Hz", "Frequency below which 85 % of the magnitude lies", LIBROSA),
        Descriptor::SpectralRolloff25Hz => ("Hz", "Frequency below which 25 % of the magnitude lies", LIBROSA),
        Descriptor::SpectralRolloff50Hz => ("Hz", "Frequency below which half of the magnitude lies", LIBROSA),
        Descriptor::SpectralRolloff75Hz => ("Hz", "Frequency below which 75 % of the magnitude lies", LIBROSA),
        Descriptor::SpectralRolloff95Hz => ("Hz", "Frequency below which 95 % of the magnitude lies", LIBROSA),
        Descriptor::SpectralFlatness => ("1", "Geometric over arithmetic mean of the power spectrum", LIBROSA),
        Descriptor::SpectralEntropy => {
            ("1", "Entropy of the power spectrum, share of its maximum", "Misra et al. 2004")
        }
        Descriptor::SpectralFlux => ("1", "Distance of the scaled magnitude spectrum from the frame before", PEETERS),
        Descriptor::MagnitudeFlux => ("1", "Distance of the magnitude spectrum from the frame before", PEETERS),
        Descriptor::SpectralSlopeDbKhz => ("dB/kHz", "Slope of the spectrum", PEETERS),
        Descriptor::Slope0To500DbKhz => ("dB/kHz", "Slope of the spectrum from 0 to 500 Hz", EYBEN),
        Descriptor::Slope500To1500DbKhz => ("dB/kHz", "Slope of the spectrum from 500 to 1500 Hz", EYBEN),
        Descriptor::SpectralContrastDb => ("dB", "Strongest over weakest bin of octave band", "Jiang et al. 2002"),
        Descriptor::SpectralHarmonicity => {
            ("1", "Height of the magnitude spectrum's peaks over its valleys, share of the sum", PEETERS)
        }
        Descriptor::AlphaRatioDb => ("dB", "Energy of 50-1000 Hz over 1-5 kHz", EYBEN),
        Descriptor::HammarbergDb => ("dB", "Strongest bin of 0-2 kHz over 2-5 kHz", "Hammarberg et al. 1980"),
        Descriptor::Level250To650Db => ("dB", "Energy of 250-650 Hz", EYBEN),
        Descriptor::Level1000To4000Db => ("dB", "Energy of 1-4 kHz", EYBEN),
        Descriptor::F0Hz => ("Hz", "Fundamental frequency of voiced frames", BOERSMA),
        Descriptor::F0Semitones => ("semitone", "Fundamental frequency of voiced frames, above 27.5 Hz", BOERSMA),
        Descriptor::Voiced => ("1", "1 in voiced frames, 0 in others", BOERSMA),
        Descriptor::VoicingStrength => ("1", "Largest normalised autocorrelation at a pitch period", BOERSMA),
        Descriptor::HnrDb => ("dB", "Harmonics-to-noise ratio of frames that are not silent", BOERSMA),
        Descriptor::JitterLocal => {
            ("1", "Difference of neighbouring periods over their mean, voiced frames", "Praat Get jitter (local)")
        }
        Descriptor::ShimmerLocal => (
            "1",
            "Amplitude difference of neighbouring periods over their mean, voiced frames",
            "Praat Get shimmer (local)",
        ),
        Descriptor::CppDb => ("dB", "Cepstral peak prominence of voiced frames", "Hillenbrand et al. 1994"),
        Descriptor::H1H2Db => ("dB", "First over second harmonic, voiced frames", "Hanson 1997"),
        Descriptor::H1A3Db => ("dB", "First harmonic over the strongest near formant 3, voiced frames", "Hanson 1997"),
        Descriptor::FormantHz => ("Hz", "Frequency in voiced frames of formant", MAKHOUL),
        Descriptor::FormantBandwidthHz => ("Hz", "Bandwidth in voiced frames of formant", MAKHOUL),
        Descriptor::FormantLevelDb => {
            ("dB", "Level above the first harmonic, in voiced frames, of the strongest near formant", EYBEN)
        }
    };
    Description { unit, text, source }
}

/// librosa's levels are decibels, the others' natural logarithms.
fn level_unit(preset: MelPreset) -> &'static str {
    if preset == MelPreset::Librosa { "dB" } else { "1" }
}

fn cepstrum_text(preset: MelPreset) -> &'static str {
    match preset {
        MelPreset::Librosa | MelPreset::Htk => "Mel-frequency cepstral coefficient",
        MelPreset::Kaldi | MelPreset::Psf => "Mel-frequency cepstral coefficient (0: log energy)",
    }
}

fn toolkit(preset: MelPreset) -> &'static str {
    match preset {
        MelPreset::Librosa => LIBROSA,
        MelPreset::Kaldi => "Kaldi (Povey et al., 2011)",
        MelPreset::Psf => "python_speech_features 0.6",
        MelPreset::Htk => "HTK Book 5 (Young et al.)",
    }
}
