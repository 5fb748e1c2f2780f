//! The seam between audio and numbers. Whatever turns an utterance into features stands behind it: the acoustic sets do,
//! and the stages know nothing else of them.

use super::{Extractor, FeatureSet, Recipe};
use crate::dsp::Contours;
use crate::schema::FeatureInfo;

/// Turns the samples of an utterance into a vector, whose columns have names, and into frames, whose contours have names.
pub trait Featurizer: Send + Sync {
    /// Names of the vector's columns, in order.
    fn names(&self) -> &[String];

    /// The dictionary row of each column, in the same order.
    fn dictionary(&self) -> Vec<FeatureInfo>;

    /// Names of the contours, in order.
    fn contour_names(&self) -> &[String];

    /// Centre of a frame in seconds from the start of the utterance.
    fn frame_time_s(&self, frame: usize) -> f64;

    /// Plans and buffers for one thread.
    fn worker(&self) -> Box<dyn FeatureWorker>;
}

/// Computes features of utterance after utterance on one thread.
pub trait FeatureWorker: Send {
    /// Appends the vector of an utterance to `out`; a missing value is NaN, and no value is infinite. `samples`: mono at the rate of the recipe,
    /// finite, 1 is full scale.
    fn extract(&mut self, samples: &[f32], out: &mut Vec<f32>);

    /// The frames that the last vector was computed from.
    fn take_contours(&mut self) -> Contours;
}

impl Recipe {
    /// What computes the features of the recipe. In a run, a feature set meets its sample rate here and nowhere else.
    pub fn featurizer(&self) -> Box<dyn Featurizer> {
        Box::new(FeatureSet::new(&self.features, self.audio.sample_rate_hz))
    }
}

impl Featurizer for FeatureSet {
    fn names(&self) -> &[String] {
        self.names()
    }

    fn dictionary(&self) -> Vec<FeatureInfo> {
        self.dictionary()
    }

    fn contour_names(&self) -> &[String] {
        self.contour_names()
    }

    fn frame_time_s(&self, frame: usize) -> f64 {
        self.frame_time_s(frame)
    }

    fn worker(&self) -> Box<dyn FeatureWorker> {
        Box::new(self.extractor())
    }
}

impl FeatureWorker for Extractor {
    fn extract(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        self.extract(samples, out);
    }

    fn take_contours(&mut self) -> Contours {
        self.take_contours()
    }
}
