use crate::config::{Delta, Descriptor, FeatureSetParams, Functional, MelPreset};

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

/// How a functional reads in a sentence.
pub(super) fn functional_text(functional: Functional) -> String {
    match functional {
        Functional::Mean => "mean".to_owned(),
        Functional::Std => "standard deviation (dividing by n)".to_owned(),
        Functional::Min => "minimum".to_owned(),
        Functional::Max => "maximum".to_owned(),
        Functional::Range => "maximum minus minimum".to_owned(),
        Functional::Percentile(percent) => format!("percentile {percent}"),
        Functional::Iqr => "75th minus 25th percentile".to_owned(),
        Functional::Skew => "skewness".to_owned(),
        Functional::Kurtosis => "excess kurtosis".to_owned(),
        Functional::Slope => "regression slope per second".to_owned(),
    }
}

/// How a delta reads in a sentence.
pub(super) fn delta_text(delta: Delta) -> &'static str {
    match delta {
        Delta::None => "",
        Delta::D1 => ", first derivative per frame",
        Delta::D2 => ", second derivative per frame",
    }
}

/// Unit of a functional of a delta of a descriptor whose unit is `base`.
pub(super) fn unit(base: &str, delta: Delta, functional: Functional) -> String {
    let per_frame = match delta {
        Delta::None => "",
        Delta::D1 => "/frame",
        Delta::D2 => "/frame^2",
    };
    match functional {
        Functional::Skew | Functional::Kurtosis => "1".to_owned(),
        Functional::Slope => format!("{base}{per_frame}/s"),
        _ => format!("{base}{per_frame}"),
    }
}
