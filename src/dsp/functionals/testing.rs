use super::Curve;

/// Sixteen frames that numpy and scipy gave reference values for.
pub const SIXTEEN: [f32; 16] = [2.0, 3.5, 3.0, 5.5, 4.0, 1.0, 1.5, 0.5, 2.5, 6.0, 5.0, 5.5, 3.0, 2.0, 4.5, 4.0];

/// What `work` makes of the curve over `values`, frames 10 ms apart.
pub fn with_curve<R>(values: &[f32], work: impl FnOnce(&Curve) -> R) -> R {
    work(&Curve::new(values, 0.01, &mut Vec::new()).expect("a value is present"))
}

/// `values` with mean 0 and deviation 1.
pub fn standard(values: &[f32]) -> Vec<f64> {
    let mut standard = Vec::new();
    with_curve(values, |curve| curve.standardize(&mut standard));
    standard
}

/// Fails where a number differs from the wanted one by more than `tolerance`.
pub fn assert_near(got: &[f64], want: &[f64], tolerance: f64) {
    let near = got.len() == want.len() && got.iter().zip(want).all(|(got, want)| (got - want).abs() <= tolerance);
    assert!(near, "{got:?} for {want:?}");
}
