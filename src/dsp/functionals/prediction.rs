use crate::dsp::{LANES, simd};

/// Frames that a value is predicted from.
const ORDER: usize = 5;

/// Residuals below this share of the power are rounding.
const ROUNDING: f64 = 1e-12;

/// Linear prediction of a contour about its mean: `x[t] = sum_k a[k] x[t - k]`, k = 1..=5.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// `a[1]` to `a[5]`.
    pub coefficients: [f64; ORDER],
    /// Power of what is left over that of the contour, 0..1; 1 where nothing is predicted.
    pub residual: f64,
}

/// Predicts a contour by the autocorrelation method and the Levinson-Durbin recursion (Makhoul, 1975, "Linear
/// prediction: a tutorial review"). `standard` has mean 0, as [`super::Curve::standardize`] leaves it; without power
/// all coefficients are 0.
pub fn predict(standard: &[f64]) -> Prediction {
    levinson_durbin(&simd(
        #[inline(always)]
        || autocorrelation(standard),
    ))
}

/// Sums of the products of values and those up to ORDER frames later, all lags in one pass.
#[inline(always)]
fn autocorrelation(standard: &[f64]) -> [f64; ORDER + 1] {
    let mut sums = [[0.0; LANES]; ORDER + 1];
    let chunks = standard.len().saturating_sub(ORDER) / LANES;
    for chunk in 0..chunks {
        let near = &standard[chunk * LANES..][..LANES + ORDER];
        for (lag, sums) in sums.iter_mut().enumerate() {
            for lane in 0..LANES {
                sums[lane] += near[lane] * near[lane + lag];
            }
        }
    }
    let rest = &standard[chunks * LANES..];
    std::array::from_fn(|lag| {
        let products = rest.iter().zip(rest.iter().skip(lag)).map(|(here, later)| here * later);
        sums[lag].iter().sum::<f64>() + products.sum::<f64>()
    })
}

/// `lagged`: the autocorrelation at lags 0 to 5.
fn levinson_durbin(lagged: &[f64; ORDER + 1]) -> Prediction {
    let (mut coefficients, mut error) = ([0.0; ORDER], lagged[0]);
    for order in 0..ORDER {
        if error <= ROUNDING * lagged[0] {
            break;
        }
        let predicted: f64 = (0..order).map(|k| coefficients[k] * lagged[order - k]).sum();
        let reflection = (lagged[order + 1] - predicted) / error;
        let before = coefficients;
        for k in 0..order {
            coefficients[k] -= reflection * before[order - 1 - k];
        }
        coefficients[order] = reflection;
        error *= 1.0 - reflection * reflection;
    }
    let residual = if lagged[0] > 0.0 { (error / lagged[0]).clamp(0.0, 1.0) } else { 1.0 };
    Prediction { coefficients, residual }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SIXTEEN, assert_near, standard};
    use super::*;

    #[test]
    fn coefficients_match_scipy() {
        // scipy.linalg.solve_toeplitz(r[:5], r[1:]), r the autocorrelation of x - mean(x); 1 - a @ r[1:] / r[0]
        let found = predict(&standard(&SIXTEEN));
        let want = [0.383_170_64, -0.136_096_66, -0.110_886_4, -0.470_772_87, 0.351_774_87];
        assert_near(&found.coefficients, &want, 1e-7);
        assert_near(&[found.residual], &[0.530_519_6], 1e-7);
    }

    #[test]
    fn a_damped_resonance_is_predicted_by_its_two_poles() {
        let (radius, angle) = (0.9_f64, 0.4_f64);
        let poles = [2.0 * radius * angle.cos(), -radius * radius];
        let mut ringing = vec![1.0, poles[0]];
        (2..500).for_each(|t| ringing.push(poles[0] * ringing[t - 1] + poles[1] * ringing[t - 2]));
        let found = predict(&ringing);
        assert_near(&found.coefficients, &[poles[0], poles[1], 0.0, 0.0, 0.0], 1e-9);
    }

    #[test]
    fn nothing_is_predicted_of_a_constant() {
        for contour in [&[0.0; 40][..], &[0.0], &[]] {
            assert_eq!(predict(contour), Prediction { coefficients: [0.0; ORDER], residual: 1.0 });
        }
        assert!(predict(&[1.0, -1.0]).coefficients.iter().all(|coefficient| coefficient.is_finite()));
    }
}
