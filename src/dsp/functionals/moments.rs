use crate::dsp::{LANES, simd};

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

/// Moments of `values` in double precision; at least one value, all finite.
pub fn moments(values: &[f32]) -> Moments {
    simd(
        #[inline(always)]
        || {
            let n = values.len() as f64;
            let mean = frame_sum(values, |_, value| value) / n;
            let [square, cube, fourth] = central_sums(values, mean).map(|sum| sum / n);
            let std = square.sqrt();
            if std <= CONSTANT * mean.abs() || std == 0.0 {
                return Moments { mean, std: 0.0, skew: 0.0, kurtosis: 0.0 };
            }
            Moments { mean, std, skew: cube / (square * std), kurtosis: fourth / (square * square) - 3.0 }
        },
    )
}

/// Sums of the second, third and fourth powers of the distances from `mean`.
#[inline(always)]
fn central_sums(values: &[f32], mean: f64) -> [f64; 3] {
    let mut sums = [[0.0; LANES]; 3];
    let mut add = |distances: [f64; LANES]| {
        for lane in 0..LANES {
            let square = distances[lane] * distances[lane];
            sums[0][lane] += square;
            sums[1][lane] += square * distances[lane];
            sums[2][lane] += square * square;
        }
    };
    let (chunks, rest) = values.as_chunks::<LANES>();
    chunks.iter().for_each(|chunk| add(chunk.map(|value| f64::from(value) - mean)));
    let mut last = [0.0; LANES];
    last.iter_mut().zip(rest).for_each(|(distance, value)| *distance = f64::from(*value) - mean);
    add(last);
    sums.map(|sums| sums.iter().sum())
}

/// Mean of the magnitudes of `values`; at least one value, all finite.
pub fn mean_magnitude(values: &[f32]) -> f64 {
    let sum = simd(
        #[inline(always)]
        || frame_sum(values, |_, value| value.abs()),
    );
    sum / values.len() as f64
}

/// Sum over frames of what `term` makes of a frame's number and value, in eight interleaved partial sums, whatever the
/// CPU.
#[inline(always)]
pub(super) fn frame_sum(values: &[f32], term: impl Fn(f64, f64) -> f64) -> f64 {
    let mut sums = [0.0; LANES];
    let mut frames: [f64; LANES] = std::array::from_fn(|lane| lane as f64);
    let chunks = values.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for lane in 0..LANES {
            sums[lane] += term(frames[lane], f64::from(chunk[lane]));
            frames[lane] += LANES as f64;
        }
    }
    for (lane, value) in rest.iter().enumerate() {
        sums[lane] += term(frames[lane], f64::from(*value));
    }
    sums.iter().sum()
}

/// Sum of the products of two sequences, as long as the shorter one, likewise.
#[inline(always)]
pub(super) fn dot(left: &[f64], right: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    let length = left.len().min(right.len());
    let (left, right) = (left[..length].chunks_exact(LANES), right[..length].chunks_exact(LANES));
    let rest = left.remainder().iter().zip(right.remainder());
    let rest: f64 = rest.map(|(left, right)| left * right).sum();
    for (left, right) in left.zip(right) {
        for lane in 0..LANES {
            sums[lane] += left[lane] * right[lane];
        }
    }
    sums.iter().sum::<f64>() + rest
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
}
