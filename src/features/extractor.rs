use super::analysis::Analysis;
use super::functional::Summary;
use super::set::Plan;
use crate::config::Delta;
use crate::dsp::{Contours, delta};
use std::sync::Arc;

/// Extracts a feature set from utterance after utterance on one thread; plans and buffers are kept between calls.
#[derive(Debug, Clone)]
pub struct Extractor {
    plan: Arc<Plan>,
    analysis: Analysis,
    contours: Contours,
    /// The derivative that is being summed up.
    derivative: Vec<f32>,
    summary: Summary,
}

impl Extractor {
    pub(super) fn new(plan: Arc<Plan>) -> Self {
        let analysis = Analysis::new(&plan);
        Self { plan, analysis, contours: Contours::new(), derivative: Vec::new(), summary: Summary::default() }
    }

    /// Appends the features of one utterance to `out`, in the order of [`super::FeatureSet::names`].
    ///
    /// `samples`: mono at the set's sample rate, finite, 1 is full scale. A missing value is NaN; no value is infinite.
    pub fn extract(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        self.contours(samples);
        let hop_s = self.plan.params.frame.hop_samples as f64 / f64::from(self.plan.sample_rate_hz);
        for span in &self.plan.spans {
            let mut contour = self.contours.row(span.row);
            if span.delta != Delta::None {
                self.derivative.resize(contour.len(), 0.0);
                delta(contour, span.delta.order(), &mut self.derivative);
                contour = &self.derivative;
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

#[cfg(test)]
mod tests {
    use crate::config::Features;
    use crate::features::FeatureSet;

    fn ready(set: &str) -> FeatureSet {
        let features = Features { set: set.to_owned(), ..Features::default() };
        FeatureSet::new(&features.check(16000).expect("ready sets are legal"), 16000)
    }

    fn vowel(samples: usize) -> Vec<f32> {
        let phase = |i: usize, hz: f32| std::f32::consts::TAU * (i as f32 * hz / 16000.0).fract();
        (0..samples).map(|i| (1..12).map(|k| phase(i, 130.0 * k as f32).sin() / (10 * k) as f32).sum()).collect()
    }

    #[test]
    fn nothing_is_infinite_and_only_pitch_is_missing() {
        let set = ready("standard");
        let mut extractor = set.extractor();
        for samples in [vec![0.0; 8000], vec![1.0; 1], vec![-0.5; 100], vowel(700), vowel(16000)] {
            let mut values = Vec::new();
            extractor.extract(&samples, &mut values);
            assert_eq!(values.len(), set.names().len());
            for (value, name) in values.iter().zip(set.names()) {
                let missing = value.is_nan() && name.starts_with("f0_");
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
