use super::Curve;
use crate::dsp::simd;

/// Share of the frames that are present whose value is above `percent` % of the way from the smallest to the largest,
/// 0..1; 0 for a constant.
pub fn share_above(curve: &Curve, percent: f64) -> f64 {
    if curve.is_constant() {
        return 0.0;
    }
    let level = curve.min + percent / 100.0 * curve.range();
    let above = simd(
        #[inline(always)]
        || curve.present.iter().filter(|value| f64::from(**value) > level).count(),
    );
    above as f64 / curve.present.len() as f64
}

/// How often neighbouring frames lie on two sides of `level`; a value on the level is above, and a gap is not crossed.
/// 0 for a constant.
pub fn crossings(curve: &Curve, level: f64) -> usize {
    count_steps(curve, |before, after| ((before < level) & (after >= level)) | ((before >= level) & (after < level)))
}

/// Share of the steps between neighbouring frames that go up, 0..1; steps beside a gap are none. 0 for a constant and
/// where there is no step.
pub fn rise_share(curve: &Curve) -> f64 {
    let steps = count_steps(curve, |before, after| !before.is_nan() & !after.is_nan());
    let rises = count_steps(curve, |before, after| after > before);
    rises as f64 / steps.max(1) as f64
}

#[inline(always)]
fn count_steps(curve: &Curve, counts: impl Fn(f64, f64) -> bool) -> usize {
    if curve.is_constant() {
        return 0;
    }
    simd(
        #[inline(always)]
        || {
            let steps = curve.values.iter().zip(&curve.values[1..]);
            steps.filter(|(before, after)| counts(f64::from(**before), f64::from(**after))).count()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SIXTEEN, with_curve};
    use super::*;

    #[test]
    fn shares_are_counted_above_the_level() {
        // numpy.mean(x > min(x) + share * numpy.ptp(x))
        let shares = |values: &[f32]| [25.0, 75.0].map(|percent| with_curve(values, |c| share_above(c, percent)));
        assert_eq!(shares(&SIXTEEN), [0.8125, 0.25]);
        assert_eq!(shares(&[0.0, f32::NAN, 1.0, 4.0]), [1.0 / 3.0; 2]);
        assert_eq!(shares(&[2.0; 9]), [0.0; 2]);
    }

    #[test]
    fn a_sine_crosses_twice_a_period_and_rises_half_the_time() {
        let sine: Vec<f32> = (0..1000).map(|t| (0.1 + std::f32::consts::TAU * t as f32 / 50.0).sin()).collect();
        assert_eq!(with_curve(&sine, |curve| crossings(curve, 0.0)), 39);
        assert!((with_curve(&sine, rise_share) - 0.5).abs() < 1e-3);
    }

    #[test]
    fn gaps_are_not_crossed() {
        let contour = [-1.0, 1.0, f32::NAN, -1.0, 0.0, 0.0, -2.0];
        assert_eq!(with_curve(&contour, |curve| (crossings(curve, 0.0), rise_share(curve))), (3, 0.5));
        assert_eq!(with_curve(&[3.0], |curve| (crossings(curve, 0.0), rise_share(curve))), (0, 0.0));
    }
}
