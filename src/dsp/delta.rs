use super::simd;

/// Frames that a delta looks at, as in librosa.
pub const DELTA_WIDTH: usize = 9;

/// Frames that are filtered together.
const CHUNK: usize = 32;

/// The `order`-th (1 or 2) derivative of a contour per frame: a Savitzky-Golay filter of polynomial order `order` over
/// [`DELTA_WIDTH`] frames (librosa.feature.delta, scipy.signal.savgol_filter with `mode="interp"`).
///
/// At the ends the polynomial of the first or last full window goes on. A contour with fewer frames than the width is
/// filtered with the largest odd width that fits; below 3 frames the delta is zero. A window that touches a missing
/// value (NaN) gives a missing value.
pub fn delta(contour: &[f32], order: usize, out: &mut [f32]) {
    let width = DELTA_WIDTH.min(contour.len().saturating_sub(1) | 1);
    if width < 3 {
        return out.fill(0.0);
    }
    let half = width / 2;
    let weights = &weights(width, order)[..width];
    let inner = contour.len() - 2 * half;
    for (chunk, out) in out[half..half + inner].chunks_mut(CHUNK).enumerate() {
        filter(&contour[chunk * CHUNK..], weights, out);
    }
    // a polynomial of order n has a constant n-th derivative
    let (first, last) = (out[half], out[contour.len() - 1 - half]);
    out[..half].fill(first);
    out[contour.len() - half..].fill(last);
}

/// Writes up to CHUNK sums of weighted frames, the first of which starts at the first frame of `contour`.
fn filter(contour: &[f32], weights: &[f64], out: &mut [f32]) {
    simd(
        #[inline(always)]
        || {
            let mut sums = [0.0; CHUNK];
            for (tap, weight) in weights.iter().enumerate() {
                for (sum, value) in sums.iter_mut().zip(&contour[tap..tap + out.len()]) {
                    *sum += f64::from(*value) * weight;
                }
            }
            out.iter_mut().zip(sums).for_each(|(out, sum)| *out = sum as f32);
        },
    );
}

/// Weights of the least-squares derivative at the middle of `width` frames: for order 1 the slope of a line, for order
/// 2 twice the leading coefficient of a parabola.
fn weights(width: usize, order: usize) -> [f64; DELTA_WIDTH] {
    let half = (width / 2) as f64;
    let positions = || (0..width).map(|i| i as f64 - half);
    // the monic orthogonal polynomial of the order: x, or x^2 minus its mean
    let mean_square = positions().map(|x| x * x).sum::<f64>() / width as f64;
    let polynomial = |x: f64| if order == 1 { x } else { x * x - mean_square };
    let norm: f64 = positions().map(|x| polynomial(x).powi(2)).sum();
    let mut weights = [0.0; DELTA_WIDTH];
    for (weight, x) in weights.iter_mut().zip(positions()) {
        *weight = order as f64 * polynomial(x) / norm;
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deltas(contour: &[f32], order: usize) -> Vec<f32> {
        let mut out = vec![f32::NAN; contour.len()];
        delta(contour, order, &mut out);
        out
    }

    #[test]
    fn polynomials_have_their_derivatives_at_every_length() {
        for frames in 3..30 {
            let line: Vec<f32> = (0..frames).map(|t| 2.0 - 0.5 * t as f32).collect();
            assert!(deltas(&line, 1).iter().all(|d| (d + 0.5).abs() < 1e-5), "{frames} frames");
            assert!(deltas(&line, 2).iter().all(|d| d.abs() < 1e-5));
            let parabola: Vec<f32> = (0..frames).map(|t| 3.0 * (t * t) as f32).collect();
            assert!(deltas(&parabola, 2).iter().all(|d| (d - 6.0).abs() < 1e-3), "{frames} frames");
        }
    }

    #[test]
    fn few_frames_give_zero_and_gaps_stay_gaps() {
        assert_eq!(deltas(&[5.0], 1), [0.0]);
        assert_eq!(deltas(&[5.0, 9.0], 2), [0.0, 0.0]);
        assert!(deltas(&[], 1).is_empty());
        let mut contour = vec![1.0; 30];
        contour[10] = f32::NAN;
        for (frame, delta) in deltas(&contour, 1).iter().enumerate() {
            assert_eq!(delta.is_nan(), (6..=14).contains(&frame), "frame {frame}");
        }
    }

    #[test]
    fn values_match_scipy() {
        // scipy.signal.savgol_filter([1, 4, 9, 7, 3, 8, 2, 6, 5, 1, 0], 9, polyorder=n, deriv=n)
        let contour = [1.0, 4.0, 9.0, 7.0, 3.0, 8.0, 2.0, 6.0, 5.0, 1.0, 0.0];
        for (order, want) in SAVGOL.into_iter().enumerate() {
            for (got, want) in deltas(&contour, order + 1).iter().zip(want) {
                assert!((got - want).abs() < 1e-5, "order {}: {got} for {want}", order + 1);
            }
        }
    }

    const SAVGOL: [[f32; 11]; 2] = [
        [0.15, 0.15, 0.15, 0.15, 0.15, -0.45, -0.866667, -0.866667, -0.866667, -0.866667, -0.866667],
        [
            -0.357143, -0.357143, -0.357143, -0.357143, -0.357143, -0.240260, -0.073593, -0.073593, -0.073593,
            -0.073593, -0.073593,
        ],
    ];
}
