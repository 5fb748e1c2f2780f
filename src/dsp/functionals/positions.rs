use super::Curve;

/// Where the first frame with `value` lies: 0 at the first frame of the contour, 1 at the last; missing frames count.
pub fn position(curve: &Curve, value: f64) -> f64 {
    let frame = curve.values.iter().position(|other| f64::from(*other) == value).unwrap_or(0);
    frame as f64 / (curve.values.len() - 1).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::super::testing::with_curve;
    use super::*;

    #[test]
    fn the_first_frame_wins_and_missing_frames_count() {
        let contour = [f32::NAN, 1.0, 3.0, f32::NAN, 3.0, 1.0, f32::NAN, 2.0, 2.0];
        let found = with_curve(&contour, |curve| [position(curve, curve.max), position(curve, curve.min)]);
        assert_eq!(found, [0.25, 0.125]);
        assert_eq!(with_curve(&[7.0], |curve| position(curve, curve.max)), 0.0);
    }
}
