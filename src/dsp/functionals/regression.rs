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
    /// weighs its value minus the smallest, which the sums of the line give. 0.5 for a constant (Peeters, 2004, "A large
    /// set of audio features for sound description").
    pub temporal_centroid: f64,
}

/// Fits a line and a parabola to a contour.
pub fn regression(curve: &Curve) -> Regression {
    let line = line(curve);
    let first = curve.values.iter().position(|value| !value.is_nan()).unwrap_or(0) as f64;
    let offset = line.mean_value + line.slope * (first - line.mean_time);
    let slope = line.slope / curve.hop_s;
    let found = Regression { slope, offset, temporal_centroid: 0.5, ..Regression::default() };
    if curve.is_constant() { found } else { with_errors(found, &line, curve) }
}

/// A line through frames, whose times are counted in frames.
struct Line {
    mean_time: f64,
    mean_value: f64,
    slope: f64,
    /// Sum of the squares of the times from their mean.
    squares: f64,
    /// Sum of the products of times and values from their means.
    products: f64,
}

fn line(curve: &Curve) -> Line {
    let present = || curve.values.iter().enumerate().filter(|(_, value)| !value.is_nan());
    let n = curve.present.len() as f64;
    let (mut time_sum, mut value_sum) = (0.0, 0.0);
    for (frame, value) in present() {
        time_sum += frame as f64;
        value_sum += f64::from(*value);
    }
    let (mean_time, mean_value) = (time_sum / n, value_sum / n);
    let (mut products, mut squares) = (0.0, 0.0);
    for (frame, value) in present() {
        let time = frame as f64 - mean_time;
        products += time * (f64::from(*value) - mean_value);
        squares += time * time;
    }
    let slope = if squares > 0.0 { products / squares } else { 0.0 };
    Line { mean_time, mean_value, slope, squares, products }
}

fn with_errors(found: Regression, line: &Line, curve: &Curve) -> Regression {
    let n = curve.present.len() as f64;
    let centroid = line.mean_time + line.products / (n * (curve.moments.mean - curve.min));
    let found = Regression { temporal_centroid: (centroid / (curve.values.len() - 1) as f64).clamp(0.0, 1.0), ..found };
    let power = n * curve.moments.std.powi(2);
    let linear = (power - line.slope * line.products).max(0.0);
    let linear_error = (linear / n).sqrt();
    let (mean_time, mean_value) = (line.mean_time, line.mean_value);
    let [cubes, fourths, square_products] = simd(
        #[inline(always)]
        || {
            // a missing value is not a number, and neither is what is computed of it
            let present = |value: f64, term: f64| if value.is_nan() { 0.0 } else { term };
            [
                frame_sum(curve.values, |time, value| present(value, (time - mean_time).powi(2) * (time - mean_time))),
                frame_sum(curve.values, |time, value| present(value, (time - mean_time).powi(2).powi(2))),
                frame_sum(curve.values, |time, value| {
                    present(value, (time - mean_time).powi(2) * (value - mean_value))
                }),
            ]
        },
    );
    // what a line leaves of the squared times: time^2 - skew time - squares / n
    let skew = cubes / line.squares;
    let norm = fourths - skew * cubes - line.squares * line.squares / n;
    if n < 3.0 || norm <= 0.0 {
        return Regression { linear_error, quadratic_error: linear_error, ..found };
    }
    let product = square_products - skew * line.products;
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
