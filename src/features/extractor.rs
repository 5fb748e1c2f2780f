use super::analysis::Analysis;
use super::set::ColumnPlan;
use super::summary::Summary;
use crate::dsp::{Contours, delta};
use crate::features::{Delta, Selection};
use std::sync::Arc;

/// Extracts a feature set from utterance after utterance on one thread; plans and buffers are kept between calls.
#[derive(Debug, Clone)]
pub struct Extractor {
    plan: Arc<ColumnPlan>,
    analysis: Analysis,
    contours: Contours,
    /// The derivative that is being summed up.
    derivative: Vec<f32>,
    /// Whether each frame is voiced, where the set needs to know.
    voicing: Vec<bool>,
    /// The selected frames of the contour that is being summed up.
    selected: Vec<f32>,
    summary: Summary,
}

impl Extractor {
    pub(super) fn new(plan: Arc<ColumnPlan>) -> Self {
        let analysis = Analysis::new(&plan);
        Self {
            plan,
            analysis,
            contours: Contours::new(),
            derivative: Vec::new(),
            voicing: Vec::new(),
            selected: Vec::new(),
            summary: Summary::default(),
        }
    }

    /// Appends the features of one utterance to `out`, in the order of [`super::FeatureSet::names`].
    ///
    /// `samples`: mono at the set's sample rate, finite, 1 is full scale. A missing value is NaN; no value is infinite.
    pub fn extract(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        self.contours(samples);
        self.voicing.clear();
        self.voicing.extend(self.analysis.voicing());
        let hop_s = self.plan.params.frame.hop_samples as f64 / f64::from(self.plan.sample_rate_hz);
        for span in &self.plan.spans {
            let mut contour = self.contours.row(span.row);
            if span.delta != Delta::None {
                self.derivative.resize(contour.len(), 0.0);
                delta(contour, span.delta.order(), &mut self.derivative);
                contour = &self.derivative;
            }
            if span.frames != Selection::All {
                select(contour, &self.voicing, span.frames, &mut self.selected);
                contour = &self.selected;
            }
            self.summary.evaluate(contour, hop_s, &span.functionals, out);
        }
    }

    /// The contours that the last utterance's features were computed from, in the order of
    /// [`super::FeatureSet::contour_names`].
    pub fn take_contours(&mut self) -> Contours {
        std::mem::take(&mut self.contours)
    }

    /// The frame-level contours of one utterance, in the order of [`super::FeatureSet::contour_names`].
    pub fn contours(&mut self, samples: &[f32]) -> &Contours {
        self.analysis.run(&self.plan, samples, &mut self.contours);
        &self.contours
    }
}

/// Replaces `out` by `contour` with the frames that are not selected missing.
fn select(contour: &[f32], voicing: &[bool], frames: Selection, out: &mut Vec<f32>) {
    let wanted = frames == Selection::Voiced;
    out.clear();
    out.extend(contour.iter().zip(voicing).map(|(value, voiced)| if *voiced == wanted { *value } else { f32::NAN }));
}

#[cfg(test)]
mod tests {
    use crate::features::FeatureSet;
    use crate::features::FeaturesSection;
    use std::collections::BTreeMap;

    fn ready(set: &str) -> FeatureSet {
        let features = FeaturesSection::of_set(set);
        FeatureSet::new(&features.check(16000).expect("ready sets are legal"), 16000)
    }

    fn vowel(samples: usize) -> Vec<f32> {
        let phase = |i: usize, hz: f32| std::f32::consts::TAU * (i as f32 * hz / 16000.0).fract();
        (0..samples).map(|i| (1..12).map(|k| phase(i, 130.0 * k as f32).sin() / (10 * k) as f32).sum()).collect()
    }

    #[test]
    fn nothing_is_infinite_and_only_voices_are_missing() {
        let set = ready("rich");
        let voice = ["f0_", "hnr_", "jitter_", "shimmer_", "cpp_", "h1_", "formant"];
        let mut extractor = set.extractor();
        for samples in [vec![0.0; 8000], vec![1.0; 1], vec![-0.5; 100], vowel(700), vowel(16000)] {
            let mut values = Vec::new();
            extractor.extract(&samples, &mut values);
            assert_eq!(values.len(), set.names().len());
            for (value, name) in values.iter().zip(set.names()) {
                let of_voice = voice.iter().any(|start| name.starts_with(start)) || name.contains("_voiced_");
                let missing = value.is_nan() && of_voice;
                assert!(value.is_finite() || missing, "{name} is {value} over {} samples", samples.len());
            }
        }
    }

    #[test]
    fn an_unvoiced_utterance_has_no_pitch_and_a_vowel_has() {
        let set = ready("standard");
        let column = set.names().iter().position(|name| name == "f0_semitones_mean").expect("the set has F0");
        let mut extractor = set.extractor();
        let mut values = Vec::new();
        extractor.extract(&[0.0; 8000], &mut values);
        assert!(values[column].is_nan());
        values.clear();
        extractor.extract(&vowel(16000), &mut values);
        assert!((values[column] - 12.0 * (130.0_f32 / 27.5).log2()).abs() < 0.05, "{}", values[column]);
    }

    fn own(groups: &str) -> FeatureSet {
        let sets = BTreeMap::from([("own".to_owned(), toml::from_str(groups).expect("the test's set is legal TOML"))]);
        let features = FeaturesSection { sets, ..FeaturesSection::of_set("own") };
        FeatureSet::new(&features.check(16000).expect("the test's set is legal"), 16000)
    }

    #[test]
    fn voiced_columns_see_voiced_frames_only() {
        let set = own(
            r#"groups = [{ descriptors = ["rms"], frames = ["all", "voiced", "unvoiced"], functionals = ["mean"] }]"#,
        );
        assert_eq!(set.names(), ["rms_mean", "rms_voiced_mean", "rms_unvoiced_mean"]);
        let mut samples = vowel(16000);
        samples.resize(32000, 0.0);
        let mut extractor =
            own(r#"groups = [{ descriptors = ["rms", "voiced"], functionals = ["mean"] }]"#).extractor();
        let contours = extractor.contours(&samples);
        let frames = || contours.row(0).iter().zip(contours.row(1));
        let mean = |wanted: f32| {
            let chosen: Vec<f32> = frames().filter(|(_, voiced)| **voiced == wanted).map(|(rms, _)| *rms).collect();
            chosen.iter().sum::<f32>() / chosen.len() as f32
        };
        let mut values = Vec::new();
        set.extractor().extract(&samples, &mut values);
        assert!((values[1] - mean(1.0)).abs() < 1e-6 && (values[2] - mean(0.0)).abs() < 1e-6, "{values:?}");
        assert!(values[1] > 10.0 * values[2]);
    }

    #[test]
    fn a_delta_is_taken_before_frames_are_selected() {
        let group = r#"descriptors = ["rms"], deltas = ["d1"], functionals = ["max"]"#;
        let set = own(&format!("groups = [{{ {group}, frames = [\"all\", \"voiced\"] }}]"));
        let mut samples = vec![0.0; 16000];
        samples.extend(vowel(16000));
        let mut values = Vec::new();
        set.extractor().extract(&samples, &mut values);
        assert!(values[1] > 0.0 && values[1] <= values[0], "the onset rises in voiced frames: {values:?}");
    }

    #[test]
    fn frames_that_are_not_there_give_missing_values() {
        let set = own(
            r#"groups = [{ descriptors = ["rms", "f0_hz"], frames = ["voiced", "unvoiced"], functionals = ["mean", "std"] }]"#,
        );
        let mut values = Vec::new();
        set.extractor().extract(&[0.0; 8000], &mut values);
        let missing: Vec<bool> = values.iter().map(|value| value.is_nan()).collect();
        assert_eq!(missing, [true, true, false, false, true, true, true, true]);
    }

    #[test]
    fn a_used_extractor_gives_the_values_of_a_fresh_one() {
        let set = ready("standard");
        let mut used = set.extractor();
        used.extract(&vowel(20000), &mut Vec::new());
        let (mut first, mut second) = (Vec::new(), Vec::new());
        used.extract(&vowel(5000), &mut first);
        set.extractor().extract(&vowel(5000), &mut second);
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&first), bits(&second));
    }
}
