use crate::dsp::{
    Ascending, Cosines, Curve, Extremes, ModulationAnalyzer, ModulationSpectrum, Prediction, Regression, Stretches,
    crossings, extremes, mean_magnitude, position, predict, regression, rise_share, share_above, stretches,
};
use crate::features::Functional;

/// Evaluates functionals over contours; plans and buffers are kept between calls.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    present: Vec<f32>,
    tools: Tools,
}

/// What families work with.
#[derive(Debug, Clone, Default)]
struct Tools {
    ascending: Ascending,
    /// The contour with mean 0 and deviation 1.
    standard: Vec<f64>,
    /// Frames at which something ends.
    frames: Vec<usize>,
    cosines: Cosines,
    modulation: ModulationAnalyzer,
}

impl Summary {
    /// Appends the value of each functional over `contour`, whose frames are `hop_s` seconds apart: finite, or NaN
    /// where missing. Without a frame that is present every value is NaN; otherwise all are finite.
    pub fn evaluate(&mut self, contour: &[f32], hop_s: f64, functionals: &[Functional], out: &mut Vec<f32>) {
        let Some(curve) = Curve::new(contour, hop_s, &mut self.present) else {
            return out.extend(functionals.iter().map(|_| f32::NAN));
        };
        let mut families = Families::new(curve, &mut self.tools);
        out.extend(functionals.iter().map(|functional| finite(families.value(*functional))));
    }
}

/// The nearest value of 32 bits: one past their range stays in it.
fn finite(value: f64) -> f32 {
    value.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32
}

/// Families of functionals over one contour, each computed when the first of its functionals is asked for.
struct Families<'a> {
    curve: Curve<'a>,
    tools: &'a mut Tools,
    is_ranked: bool,
    is_standardized: bool,
    regression: Option<Regression>,
    extremes: Option<Extremes>,
    stretches: Option<Stretches>,
    prediction: Option<Prediction>,
    modulation: Option<ModulationSpectrum>,
}

impl<'a> Families<'a> {
    fn new(curve: Curve<'a>, tools: &'a mut Tools) -> Self {
        Self {
            curve,
            tools,
            is_ranked: false,
            is_standardized: false,
            regression: None,
            extremes: None,
            stretches: None,
            prediction: None,
            modulation: None,
        }
    }

    fn value(&mut self, functional: Functional) -> f64 {
        let Curve { hop_s, moments, min, max, .. } = self.curve;
        let mean = moments.mean;
        match functional {
            Functional::Mean => mean,
            Functional::Std => moments.std,
            Functional::Rms => (mean * mean + moments.std * moments.std).sqrt(),
            Functional::MeanAbs => mean_magnitude(self.curve.present),
            Functional::Skew => moments.skew,
            Functional::Kurtosis => moments.kurtosis,
            Functional::Min => min,
            Functional::Max => max,
            Functional::Range => max - min,
            Functional::Iqr => self.percentile(75) - self.percentile(25),
            Functional::Percentile(percent) => self.percentile(percent),
            Functional::PercentileRange(low, high) => self.percentile(high) - self.percentile(low),
            Functional::Slope => self.regression().slope,
            Functional::Offset => self.regression().offset,
            Functional::LinearError => self.regression().linear_error,
            Functional::Curvature => self.regression().curvature,
            Functional::QuadraticError => self.regression().quadratic_error,
            Functional::MaxPosition => position(&self.curve, max),
            Functional::MinPosition => position(&self.curve, min),
            Functional::TemporalCentroid => self.regression().temporal_centroid,
            Functional::PeakRate => self.extremes().peaks.count() / self.curve.present_s(),
            Functional::PeakDistanceMean => self.extremes().peak_distances.mean_or(0.0) * hop_s,
            Functional::PeakDistanceStd => self.extremes().peak_distances.std() * hop_s,
            Functional::PeakMean => self.extremes().peaks.mean_or(mean),
            Functional::PeakProminence => self.extremes().peaks.mean_or(mean) - mean,
            Functional::ValleyMean => self.extremes().valleys.mean_or(mean),
            Functional::RiseSlopeMean => self.extremes().rises.mean_or(0.0) / hop_s,
            Functional::RiseSlopeStd => self.extremes().rises.std() / hop_s,
            Functional::FallSlopeMean => self.extremes().falls.mean_or(0.0) / hop_s,
            Functional::FallSlopeStd => self.extremes().falls.std() / hop_s,
            Functional::RiseShare => rise_share(&self.curve),
            Functional::Up(percent) => share_above(&self.curve, f64::from(percent)),
            Functional::ZeroCrossings => self.crossings(0.0),
            Functional::MeanCrossings => self.crossings(mean),
            Functional::Lpc(k) => self.prediction().coefficients[usize::from(k) - 1],
            Functional::LpcGain => self.prediction().residual,
            Functional::Dct(0) => mean,
            Functional::Dct(k) => self.cosine(usize::from(k)),
            Functional::Modulation(hz) => self.modulation().shares[hz.ilog2() as usize],
            Functional::ModulationCentroidHz => self.modulation().centroid_hz,
            Functional::StretchRate => self.stretches().above.count() / self.curve.present_s(),
            Functional::StretchMeanS => self.stretches().above.mean_or(0.0) * hop_s,
            Functional::StretchStdS => self.stretches().above.std() * hop_s,
            Functional::StretchMaxS => self.stretches().longest_above * hop_s,
            Functional::GapMeanS => self.stretches().below.mean_or(0.0) * hop_s,
            Functional::GapStdS => self.stretches().below.std() * hop_s,
            Functional::GapMaxS => self.stretches().longest_below * hop_s,
        }
    }

    fn percentile(&mut self, percent: u8) -> f64 {
        if !std::mem::replace(&mut self.is_ranked, true) {
            self.tools.ascending.load(&self.curve);
        }
        self.tools.ascending.percentile(f64::from(percent))
    }

    fn crossings(&self, level: f64) -> f64 {
        crossings(&self.curve, level) as f64 / self.curve.present_s()
    }

    fn regression(&mut self) -> Regression {
        *self.regression.get_or_insert_with(|| regression(&self.curve))
    }

    fn extremes(&mut self) -> Extremes {
        *self.extremes.get_or_insert_with(|| extremes(&self.curve, &mut self.tools.frames))
    }

    fn stretches(&mut self) -> Stretches {
        *self.stretches.get_or_insert_with(|| stretches(&self.curve, &mut self.tools.frames))
    }

    fn prediction(&mut self) -> Prediction {
        self.standardize();
        *self.prediction.get_or_insert_with(|| predict(&self.tools.standard))
    }

    fn modulation(&mut self) -> ModulationSpectrum {
        self.standardize();
        let Tools { standard, modulation, .. } = &mut *self.tools;
        *self.modulation.get_or_insert_with(|| modulation.measure(standard, self.curve.hop_s))
    }

    fn cosine(&mut self, k: usize) -> f64 {
        self.standardize();
        self.curve.moments.std * self.tools.cosines.coefficient(&self.tools.standard, k)
    }

    fn standardize(&mut self) {
        if !std::mem::replace(&mut self.is_standardized, true) {
            self.curve.standardize(&mut self.tools.standard);
        }
    }
}

#[cfg(test)]
mod tests;
