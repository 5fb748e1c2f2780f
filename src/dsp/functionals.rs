/// Mean and central moments of a set of values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation, dividing by n.
    pub std: f64,
    /// Skewness `m3 / m2^1.5`; 0 for a constant.
    pub skew: f64,
    /// Excess kurtosis `m4 / m2^2 - 3`; 0 for a constant.
    pub kurtosis: f64,
}

/// Deviations smaller than this share of the mean are rounding of 32-bit values: the contour is constant.
const CONSTANT: f64 = 1e-7;

/// Partial sums kept side by side; their order never depends on the CPU.
const SUMS: usize = 8;

/// Moments of `values` in double precision; at least one value, all finite.
pub fn moments(values: &[f32]) -> Moments {
    super::simd(
        #[inline(always)]
        || {
            let n = values.len() as f64;
            let [mean] = power_sums(values, |value| [value]).map(|sum| sum / n);
            let [square, cube, fourth] = power_sums(values, |value| {
                let (deviation, square) = (value - mean, (value - mean) * (value - mean));
                [square, square * deviation, square * square]
            })
            .map(|sum| sum / n);
            let std = square.sqrt();
            if std <= CONSTANT * mean.abs() || std == 0.0 {
                return Moments { mean, std: 0.0, skew: 0.0, kurtosis: 0.0 };
            }
            Moments { mean, std, skew: cube / (square * std), kurtosis: fourth / (square * square) - 3.0 }
        },
    )
}

#[inline(always)]
fn power_sums<const N: usize>(values: &[f32], terms: impl Fn(f64) -> [f64; N]) -> [f64; N] {
    let mut sums = [[0.0; SUMS]; N];
    let chunks = values.chunks_exact(SUMS);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (lane, value) in chunk.iter().enumerate() {
            for (sums, term) in sums.iter_mut().zip(terms(f64::from(*value))) {
                sums[lane] += term;
            }
        }
    }
    for (lane, value) in rest.iter().enumerate() {
        for (sums, term) in sums.iter_mut().zip(terms(f64::from(*value))) {
            sums[lane] += term;
        }
    }
    sums.map(|sums| sums.iter().sum())
}

/// The percentile `percent` (0..=100) of ascending values, between neighbours linearly (numpy's default); at least one value.
pub fn percentile(sorted: &[f32], percent: f64) -> f64 {
    let position = percent / 100.0 * (sorted.len() - 1) as f64;
    let below = position.floor() as usize;
    let (low, high) = (f64::from(sorted[below]), f64::from(sorted[(below + 1).min(sorted.len() - 1)]));
    low + (high - low) * position.fract()
}

/// Slope per second of the regression line through the values of `contour` that are present (not NaN), frames being
/// `hop_s` seconds apart; 0 where fewer than two are.
pub fn slope_per_second(contour: &[f32], hop_s: f64) -> f64 {
    let present = || contour.iter().enumerate().filter(|(_, value)| !value.is_nan());
    let (mut n, mut time_sum, mut value_sum) = (0.0, 0.0, 0.0);
    for (frame, value) in present() {
        n += 1.0;
        time_sum += frame as f64;
        value_sum += f64::from(*value);
    }
    let (mut products, mut squares) = (0.0, 0.0);
    for (frame, value) in present() {
        let time = frame as f64 - time_sum / n;
        products += time * (f64::from(*value) - value_sum / n);
        squares += time * time;
    }
    if squares > 0.0 { products / squares / hop_s } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_match_scipy() {
        // numpy.mean, numpy.std, scipy.stats.skew, scipy.stats.kurtosis of [1, 2, 2, 3, 3, 3, 4, 4, 9, 20]
        let got = moments(&[1.0, 2.0, 2.0, 3.0, 3.0, 3.0, 4.0, 4.0, 9.0, 20.0]);
        let want = Moments { mean: 5.1, std: 5.374_941_860, skew: 2.066_123_921, kurtosis: 2.996_454_845 };
        for (got, want) in
            [(got.mean, want.mean), (got.std, want.std), (got.skew, want.skew), (got.kurtosis, want.kurtosis)]
        {
            assert!((got - want).abs() < 1e-6, "{got} for {want}");
        }
    }

    #[test]
    fn a_constant_has_no_shape() {
        for value in [0.0, 0.1, -1_131.370_9, 1e-12] {
            for n in [1, 2, 7, 333] {
                let got = moments(&vec![value; n]);
                assert!((got.mean - f64::from(value)).abs() < 1e-9);
                assert_eq!((got.std, got.skew, got.kurtosis), (0.0, 0.0, 0.0), "{n} times {value}");
            }
        }
    }

    #[test]
    fn percentiles_match_numpy() {
        let sorted = [1.0, 2.0, 4.0, 8.0];
        for (percent, want) in [(0.0, 1.0), (5.0, 1.15), (25.0, 1.75), (50.0, 3.0), (95.0, 7.4), (100.0, 8.0)] {
            assert!((percentile(&sorted, percent) - want).abs() < 1e-12, "p{percent}");
        }
        assert_eq!(percentile(&[3.0], 37.0), 3.0);
    }

    #[test]
    fn slope_is_per_second_and_skips_gaps() {
        let mut line: Vec<f32> = (0..50).map(|t| 1.0 + 0.25 * t as f32).collect();
        assert!((slope_per_second(&line, 0.01) - 25.0).abs() < 1e-9);
        line[3..20].fill(f32::NAN);
        assert!((slope_per_second(&line, 0.01) - 25.0).abs() < 1e-9);
        assert_eq!(slope_per_second(&[4.0], 0.01), 0.0);
        assert_eq!(slope_per_second(&[f32::NAN], 0.01), 0.0);
    }
}
