//! How columns read in the feature dictionary.

use super::descriptor::{Description, LIBROSA};
use super::functional::UnitRule;
use super::{Delta, Descriptor, FeatureSetParams, Functional, Selection};
use crate::dsp::MelPreset;

/// What a descriptor is under the options of a set.
pub(super) fn describe(params: &FeatureSetParams, descriptor: Descriptor) -> Description {
    let (mfcc, log_mel) = (params.mfcc.preset, params.log_mel.preset);
    let own = descriptor.description();
    match descriptor {
        Descriptor::Mfcc => {
            Description { unit: level_unit(mfcc), text: cepstrum_text(mfcc), source: toolkit(mfcc), ..own }
        }
        Descriptor::LogMel => Description { unit: level_unit(log_mel), source: toolkit(log_mel), ..own },
        Descriptor::MelEnergy => Description { source: toolkit(log_mel), ..own },
        _ => own,
    }
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

/// How a delta reads in a sentence.
pub(super) fn delta_text(delta: Delta) -> &'static str {
    match delta {
        Delta::None => "",
        Delta::D1 => ", first derivative per frame",
        Delta::D2 => ", second derivative per frame",
    }
}

/// How a selection of frames reads in a sentence.
pub(super) fn frames_text(frames: Selection) -> &'static str {
    match frames {
        Selection::All => "",
        Selection::Voiced => ", in voiced frames",
        Selection::Unvoiced => ", in unvoiced frames",
    }
}

/// Unit of a functional of a delta of a descriptor whose unit is `base`.
pub(super) fn unit(base: &str, delta: Delta, functional: Functional) -> String {
    let per_frame = match delta {
        Delta::None => "",
        Delta::D1 => "/frame",
        Delta::D2 => "/frame^2",
    };
    let unit = format!("{base}{per_frame}");
    match functional.unit_rule() {
        UnitRule::Same => unit,
        UnitRule::None => "1".to_owned(),
        UnitRule::PerSecond => format!("{unit}/s"),
        UnitRule::PerSecondSquared => format!("{unit}/s^2"),
        UnitRule::Rate => "1/s".to_owned(),
        UnitRule::Seconds => "s".to_owned(),
        UnitRule::Hertz => "Hz".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_functional_has_a_text_of_its_own_and_a_unit() {
        let numbered =
            ["p05", "p50", "range_05_95", "range_25_75", "up25", "up75", "lpc1", "lpc2", "dct0", "mod04", "mod08"];
        let numbered = numbered.into_iter().map(|word| word.parse().expect("legal"));
        let functionals: Vec<Functional> = Functional::named().chain(numbered).collect();
        let mut texts: Vec<String> = functionals.iter().map(|functional| functional.text()).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), functionals.len());
        assert!(functionals.iter().all(|one| !unit("dB", Delta::D1, *one).is_empty()));
    }

    #[test]
    fn units_follow_the_delta_and_the_functional() {
        let cases = [
            ("dB", Delta::None, "slope", "dB/s"),
            ("dB", Delta::D1, "slope", "dB/frame/s"),
            ("Hz", Delta::None, "curvature", "Hz/s^2"),
            ("Hz", Delta::D2, "peak_prominence", "Hz/frame^2"),
            ("Hz", Delta::None, "skew", "1"),
            ("Hz", Delta::None, "range_05_95", "Hz"),
            ("1", Delta::None, "stretch_mean_s", "s"),
            ("1", Delta::None, "stretch_rate", "1/s"),
            ("1", Delta::D1, "modulation_centroid_hz", "Hz"),
        ];
        for (base, delta, word, want) in cases {
            assert_eq!(unit(base, delta, word.parse().expect("legal")), want, "{word}");
        }
    }
}
