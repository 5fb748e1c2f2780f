use crate::config::Functional;
use crate::dsp::{Moments, moments, percentile, slope_per_second};

/// Evaluates functionals over contours, with a buffer that is kept.
#[derive(Debug, Clone, Default)]
pub(super) struct Summary {
    /// The values that are present, in time order until sorted.
    present: Vec<f32>,
    sorted: bool,
}

impl Summary {
    /// Appends the value of each functional over `contour` (frames `hop_s` seconds apart); NaN frames are left out, and
    /// without a frame left every value is NaN.
    pub fn evaluate(&mut self, contour: &[f32], hop_s: f64, functionals: &[Functional], out: &mut Vec<f32>) {
        self.present.clear();
        self.present.extend(contour.iter().filter(|value| !value.is_nan()));
        self.sorted = false;
        if self.present.is_empty() {
            return out.extend(functionals.iter().map(|_| f32::NAN));
        }
        let moments = moments(&self.present);
        let slope = |functional| if functional == Functional::Slope { slope_per_second(contour, hop_s) } else { 0.0 };
        out.extend(functionals.iter().map(|one| self.value(*one, &moments, slope(*one)) as f32));
    }

    fn value(&mut self, functional: Functional, moments: &Moments, slope: f64) -> f64 {
        match functional {
            Functional::Mean => moments.mean,
            Functional::Std => moments.std,
            Functional::Skew => moments.skew,
            Functional::Kurtosis => moments.kurtosis,
            Functional::Slope => slope,
            Functional::Min => self.percentile(0),
            Functional::Max => self.percentile(100),
            Functional::Range => self.percentile(100) - self.percentile(0),
            Functional::Percentile(percent) => self.percentile(percent),
            Functional::Iqr => self.percentile(75) - self.percentile(25),
        }
    }

    fn percentile(&mut self, percent: u8) -> f64 {
        if !std::mem::replace(&mut self.sorted, true) {
            self.present.sort_unstable_by(f32::total_cmp);
        }
        percentile(&self.present, f64::from(percent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Functional; 11] = [
        Functional::Mean,
        Functional::Std,
        Functional::Min,
        Functional::Max,
        Functional::Range,
        Functional::Percentile(50),
        Functional::Percentile(95),
        Functional::Iqr,
        Functional::Skew,
        Functional::Kurtosis,
        Functional::Slope,
    ];

    fn values(contour: &[f32]) -> Vec<f32> {
        let mut out = Vec::new();
        Summary::default().evaluate(contour, 0.01, &ALL, &mut out);
        out
    }

    #[test]
    fn functionals_match_numpy_and_skip_gaps() {
        // numpy and scipy.stats over [3, 1, 4, 1, 5], the slope over frames 0, 1, 3, 4, 5 of 10 ms
        let got = values(&[3.0, 1.0, f32::NAN, 4.0, 1.0, 5.0]);
        let want = [2.8, 1.6, 1.0, 5.0, 4.0, 3.0, 4.8, 3.0, 0.035_156, -1.581_055, 32.558_14];
        for ((got, want), functional) in got.iter().zip(want).zip(ALL) {
            assert!((got - want).abs() < 1e-4, "{functional} is {got} for {want}");
        }
    }

    #[test]
    fn nothing_present_is_missing_and_one_value_is_finite() {
        assert!(values(&[f32::NAN; 5]).iter().chain(&values(&[])).all(|value| value.is_nan()));
        assert_eq!(values(&[2.0]), [2.0, 0.0, 2.0, 2.0, 0.0, 2.0, 2.0, 0.0, 0.0, 0.0, 0.0]);
    }
}
