/// Position (relative to the middle) and height of the parabola through a maximum and its two neighbours; a maximum as
/// high as both is its own vertex.
pub(super) fn parabolic_peak([left, here, right]: [f64; 3]) -> (f64, f64) {
    let (slope, curvature) = (0.5 * (right - left), 2.0 * here - left - right);
    if curvature > 0.0 { (slope / curvature, here + 0.5 * slope * slope / curvature) } else { (0.0, here) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parabola_has_its_own_vertex() {
        for top in [-0.5, -0.2, 0.0, 0.4] {
            let (position, height) = parabolic_peak([-1.0, 0.0, 1.0].map(|x: f64| 3.0 - 2.0 * (x - top).powi(2)));
            assert!((position - top).abs() < 1e-12 && (height - 3.0).abs() < 1e-12, "{position} and {height}");
        }
        assert_eq!(parabolic_peak([0.7; 3]), (0.0, 0.7));
    }
}
