//! Losses of a number, with their gradients.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the network is trained by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RegressionLoss {
    /// Mean squared error.
    Mse,
    /// 1 - CCC of each batch (Trigeorgis et al. 2016).
    Ccc,
}

impl RegressionLoss {
    /// The mean loss of a batch; `slope` becomes its derivative by each output.
    pub(super) fn of(self, outputs: &[f64], targets: &[f64], slope: &mut [f64]) -> f64 {
        match self {
            Self::Mse => mse(outputs, targets, slope),
            Self::Ccc => one_minus_ccc(outputs, targets, slope),
        }
    }
}

fn mse(outputs: &[f64], targets: &[f64], slope: &mut [f64]) -> f64 {
    let n = outputs.len() as f64;
    let mut sum = 0.0;
    for ((slope, output), target) in slope.iter_mut().zip(outputs).zip(targets) {
        *slope = 2.0 * (output - target) / n;
        sum += (output - target).powi(2);
    }
    sum / n
}

/// 1 - 2 s_xy / (s_x^2 + s_y^2 + (m_x - m_y)^2), Lin's concordance correlation coefficient (Lin 1989), moments dividing by
/// n. A batch of equal outputs and targets has no coefficient: loss 1, slope 0.
fn one_minus_ccc(outputs: &[f64], targets: &[f64], slope: &mut [f64]) -> f64 {
    let n = outputs.len() as f64;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / n;
    let (mx, my) = (mean(outputs), mean(targets));
    let pairs = || outputs.iter().zip(targets);
    let covariance = pairs().map(|(x, y)| (x - mx) * (y - my)).sum::<f64>() / n;
    let spread = pairs().map(|(x, y)| (x - mx).powi(2) + (y - my).powi(2)).sum::<f64>() / n + (mx - my).powi(2);
    if spread <= 0.0 {
        slope.fill(0.0);
        return 1.0;
    }
    for ((slope, x), y) in slope.iter_mut().zip(outputs).zip(targets) {
        // Of the numerator and the denominator by the output.
        let (up, down) = (2.0 * (y - my) / n, 2.0 * ((x - mx) + (mx - my)) / n);
        *slope = -(up * spread - 2.0 * covariance * down) / (spread * spread);
    }
    1.0 - 2.0 * covariance / spread
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUTS: [f64; 6] = [0.3, -1.2, 0.8, 2.0, -0.4, 0.1];
    const TARGETS: [f64; 6] = [0.5, -0.9, 1.4, 1.1, 0.2, -0.3];

    #[test]
    fn slopes_match_central_differences() {
        for loss in [RegressionLoss::Mse, RegressionLoss::Ccc] {
            let mut slope = [0.0; 6];
            loss.of(&OUTPUTS, &TARGETS, &mut slope);
            for at in 0..6 {
                let moved = |by: f64| {
                    let mut outputs = OUTPUTS;
                    outputs[at] += by;
                    loss.of(&outputs, &TARGETS, &mut [0.0; 6])
                };
                let numeric = (moved(1e-6) - moved(-1e-6)) / 2e-6;
                assert!((numeric - slope[at]).abs() < 1e-8, "{loss:?} {at}: {numeric} {}", slope[at]);
            }
        }
    }

    #[test]
    fn values_are_the_formulas() {
        let mut slope = [0.0; 6];
        // numpy: 1 - 2 * np.cov(x, y, bias=True)[0, 1] / (x.var() + y.var() + (x.mean() - y.mean()) ** 2)
        assert!((RegressionLoss::Ccc.of(&OUTPUTS, &TARGETS, &mut slope) - 0.188_927_335_640_138).abs() < 1e-9);
        assert!((RegressionLoss::Mse.of(&OUTPUTS, &TARGETS, &mut slope) - 0.303_333_333_333_333).abs() < 1e-12);
        assert!(RegressionLoss::Ccc.of(&TARGETS, &TARGETS, &mut slope).abs() < 1e-15);
        assert_eq!(RegressionLoss::Ccc.of(&[1.0, 1.0], &[1.0, 1.0], &mut slope[..2]), 1.0);
        assert_eq!(slope[..2], [0.0, 0.0]);
    }
}
