use super::Curve;
use super::moments::frame_sum;
use crate::dsp::simd;

/// The line and the parabola that fit a contour best, by least squares over the frames that are present.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Regression {
    /// Slope of the line per second; 0 for a single frame.
    pub slope: f64,
    /// Value of the line at the first frame that is present.
    pub offset: f64,
    /// Root mean square distance of the contour from the line; 0 for a constant.
    pub linear_error: f64,
    /// Quadratic coefficient of the parabola per square second; 0 for a constant and below three frames.
    pub curvature: f64,
    /// Root mean square distance of the contour from the parabola; 0 for a constant.
    pub quadratic_error: f64,
    /// The centre of gravity in time: 0 at the first frame of the contour, 1 at the last; missing frames count. A frame
    /// weighs its value minus the smallest, which the sums of the line give. 0.5 for a constant (Peeters, 2004, "A
    /// large set of audio features for sound description").
    pub temporal_centroid: f64,
}

/// Fits a line and a parabola to a contour.
pub fn regression(curve: &Curve) -> Regression {
    let times = Times::of(curve);
    let mean = curve.moments.mean;
    let products = sum(curve, |time, value| (time - times.mean) * (value - mean));
    let line_slope = if times.squares > 0.0 { products / times.squares } else { 0.0 };
    let offset = mean + line_slope * (times.first - times.mean);
    let found = Regression { slope: line_slope / curve.hop_s, offset, temporal_centroid: 0.5, ..Regression::default() };
    if curve.is_constant() { found } else { with_errors(found, &times, products, curve) }
}

/// The times of the frames that are present, counted in frames.
struct Times {
    first: f64,
    mean: f64,
    /// Sums of the powers of the times from their mean.
    squares: f64,
    cubes: f64,
    fourths: f64,
}

impl Times {
    fn of(curve: &Curve) -> Self {
        let n = curve.present.len() as f64;
        if curve.is_whole() {
            let squares = n * (n * n - 1.0) / 12.0;
            let fourths = squares * (3.0 * n * n - 7.0) / 20.0;
            return Self { first: 0.0, mean: (n - 1.0) / 2.0, squares, cubes: 0.0, fourths };
        }
        let mean = sum(curve, |time, _| time) / n;
        Self {
            first: curve.values.iter().position(|value| !value.is_nan()).unwrap_or(0) as f64,
            mean,
            squares: sum(curve, |time, _| (time - mean).powi(2)),
            cubes: sum(curve, |time, _| (time - mean).powi(2) * (time - mean)),
            fourths: sum(curve, |time, _| (time - mean).powi(2).powi(2)),
        }
    }
}

/// Sum over the frames that are present of what `term` makes of a frame's number and value.
fn sum(curve: &Curve, term: impl Fn(f64, f64) -> f64) -> f64 {
    simd(
        #[inline(always)]
        || frame_sum(curve.values, |time, value| if value.is_nan() { 0.0 } else { term(time, value) }),
    )
}

/// `products`: the sum of the products of times and values from their means.
fn with_errors(found: Regression, times: &Times, products: f64, curve: &Curve) -> Regression {
    let (n, mean) = (curve.present.len() as f64, curve.moments.mean);
    let centroid = times.mean + products / (n * (mean - curve.min));
    let found = Regression { temporal_centroid: (centroid / (curve.values.len() - 1) as f64).clamp(0.0, 1.0), ..found };
    let power = n * curve.moments.std.powi(2);
    let linear = (power - products * products / times.squares).max(0.0);
    let linear_error = (linear / n).sqrt();
    // what a line leaves of the squared times: time^2 - skew time - squares / n
    let skew = times.cubes / times.squares;
    let norm = times.fourths - skew * times.cubes - times.squares * times.squares / n;
    if n < 3.0 || norm <= 0.0 {
        return Regression { linear_error, quadratic_error: linear_error, ..found };
    }
    let square_products = sum(curve, |time, value| (time - times.mean).powi(2) * (value - mean));
    let product = square_products - skew * products;
    let quadratic_error = ((linear - product * product / norm).max(0.0) / n).sqrt();
    Regression { linear_error, curvature: product / norm / curve.hop_s.powi(2), quadratic_error, ..found }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SIXTEEN, assert_near, with_curve};
    use super::*;

    fn numbers(values: &[f32]) -> [f64; 6] {
        let found = with_curve(values, regression);
        let Regression { slope, offset, linear_error, curvature, quadratic_error, temporal_centroid } = found;
        [slope, offset, linear_error, curvature, quadratic_error, temporal_centroid]
    }

    #[test]
    fn fits_match_numpy() {
        // numpy.polyfit(t, x, 1), numpy.polyfit(t, x, 2), the root mean squares of what they leave, and
        // numpy.average(t / 0.15, weights=x - min(x)); t = 0, 0.01, ..., 0.15
        let want = [8.161_764_7, 2.731_617_6, 1.592_845_0, 58.648_459, 1.588_985_8, 0.540_659_34];
        assert_near(&numbers(&SIXTEEN), &want, 1e-6);
        let mut gaps = SIXTEEN;
        [0, 4, 5, 11].into_iter().for_each(|frame| gaps[frame] = f32::NAN);
        let want = [2.384_196_2, 3.241_825_6, 1.588_437_1, 168.212_364, 1.559_299_8, 0.566_666_67];
        assert_near(&numbers(&gaps), &want, 1e-6);
    }

    #[test]
    fn lines_and_parabolas_leave_nothing_even_over_an_hour() {
        for frames in [3, 16, 360_000] {
            let line: Vec<f32> = (0..frames).map(|t| 1.0 + 0.25 * t as f32).collect();
            let found = with_curve(&line, regression);
            let scale = f64::from(line[frames - 1]);
            assert_near(&[found.slope, found.offset, found.curvature / scale], &[25.0, 1.0, 0.0], 1e-8);
            assert!(found.linear_error <= 1e-6 * scale && found.quadratic_error <= found.linear_error);
        }
        let parabola: Vec<f32> = (0..50).map(|t| (3 * t * t) as f32).collect();
        let found = with_curve(&parabola, regression);
        assert_near(&[found.curvature / 30_000.0, found.quadratic_error], &[1.0, 0.0], 1e-4);
    }

    #[test]
    fn too_little_for_a_fit_has_no_slope() {
        assert_eq!(numbers(&[f32::NAN, 4.0]), [0.0, 4.0, 0.0, 0.0, 0.0, 0.5]);
        assert_eq!(numbers(&[0.1; 333]), [0.0, f64::from(0.1_f32), 0.0, 0.0, 0.0, 0.5]);
        assert_near(&numbers(&[1.0, f32::NAN, 5.0]), &[200.0, 1.0, 0.0, 0.0, 0.0, 1.0], 1e-7);
    }
}
