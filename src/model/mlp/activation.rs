//! Activations: value and slope at once, without a branch, so that the loop over a layer vectorises.

use ndarray::NdFloat;
use pulp::Arch;

use crate::model::Activation;

/// A float that the network can be made of: f32 to train, f64 to check gradients.
pub(in crate::model) trait Real: NdFloat {
    /// The nearest value.
    fn of(value: f64) -> Self;
    /// The value in double precision.
    fn wide(self) -> f64;
}

impl Real for f32 {
    #[inline(always)]
    fn of(value: f64) -> Self {
        value as f32
    }
    #[inline(always)]
    fn wide(self) -> f64 {
        f64::from(self)
    }
}

impl Real for f64 {
    #[inline(always)]
    fn of(value: f64) -> Self {
        value
    }
    #[inline(always)]
    fn wide(self) -> f64 {
        self
    }
}

/// Replaces each `z` by its activation, and `slope` by the derivative there; both of one length.
pub(super) fn activate<F: Real>(activation: Activation, z: &mut [F], slope: &mut [F]) {
    match activation {
        Activation::Relu => each(z, slope, relu),
        Activation::Tanh => each(z, slope, tanh_and_slope),
        Activation::Gelu => each(z, slope, gelu),
    }
}

#[inline(always)]
fn each<F: Real>(z: &mut [F], slope: &mut [F], value_and_slope: impl Fn(F) -> (F, F)) {
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for (z, slope) in z.iter_mut().zip(slope) {
                (*z, *slope) = value_and_slope(*z);
            }
        },
    );
}

#[inline(always)]
fn relu<F: Real>(z: F) -> (F, F) {
    if z > F::zero() { (z, F::one()) } else { (F::zero(), F::zero()) }
}

#[inline(always)]
fn tanh_and_slope<F: Real>(z: F) -> (F, F) {
    let t = tanh(z);
    (t, F::one() - t * t)
}

/// Hendrycks and Gimpel, 2016: 0.5 z (1 + tanh(sqrt(2/pi) (z + 0.044715 z^3))).
#[inline(always)]
fn gelu<F: Real>(z: F) -> (F, F) {
    let (half, root, cubic) = (F::of(0.5), F::of(0.797_884_560_802_865_4), F::of(0.044_715));
    let t = tanh(root * (z + cubic * z * z * z));
    let inner_slope = root * (F::one() + F::of(3.0) * cubic * z * z);
    let value = half * z * (F::one() + t);
    (value, half * (F::one() + t) + half * z * (F::one() - t * t) * inner_slope)
}

/// Rational approximation of tanh, within 1e-6: the odd 13 / even 6 one of Eigen's generic packet math.
#[inline(always)]
fn tanh<F: Real>(x: F) -> F {
    const ODD: [f64; 7] = [
        -2.760_768_477_423_55e-16,
        2.000_187_904_824_77e-13,
        -8.604_671_522_137_35e-11,
        5.122_297_090_371_14e-8,
        1.485_722_357_179_79e-5,
        6.372_619_288_754_36e-4,
        4.893_524_558_917_86e-3,
    ];
    const EVEN: [f64; 4] =
        [1.198_258_394_667_02e-6, 1.185_347_056_866_54e-4, 2.268_434_632_439e-3, 4.893_525_185_543_85e-3];
    let limit = F::of(7.905_311);
    let x = if x > limit { limit } else { x };
    let x = if x < -limit { -limit } else { x };
    let square = x * x;
    let mut numerator = F::of(ODD[0]);
    for coefficient in &ODD[1..] {
        numerator = numerator * square + F::of(*coefficient);
    }
    let mut denominator = F::of(EVEN[0]);
    for coefficient in &EVEN[1..] {
        denominator = denominator * square + F::of(*coefficient);
    }
    x * numerator / denominator
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_match_the_formulas() {
        let points: Vec<f64> = (-1200..=1200).map(|i| f64::from(i) / 100.0).collect();
        let gelu = |z: f64| 0.5 * z * (1.0 + (0.797_884_560_8 * (z + 0.044_715 * z * z * z)).tanh());
        let formulas: [(Activation, fn(f64) -> f64); 3] =
            [(Activation::Relu, |z| z.max(0.0)), (Activation::Tanh, f64::tanh), (Activation::Gelu, gelu)];
        for (activation, formula) in formulas {
            let mut z: Vec<f32> = points.iter().map(|&z| z as f32).collect();
            let mut slope = vec![0.0; z.len()];
            activate(activation, &mut z, &mut slope);
            for (got, &point) in z.iter().zip(&points) {
                let want = formula(point);
                assert!((f64::from(*got) - want).abs() < 2e-6 * want.abs().max(1.0), "{activation:?}({point})");
            }
        }
    }
}
