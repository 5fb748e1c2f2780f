use super::moments::{Moments, moments};
use crate::dsp::simd;

/// A contour as functionals see it, with what most of them start from.
#[derive(Debug, Clone, Copy)]
pub struct Curve<'a> {
    /// One value a frame: finite, or NaN where it is missing.
    pub values: &'a [f32],
    /// The values that are present, in time order; at least one.
    pub present: &'a [f32],
    /// Seconds from one frame to the next.
    pub hop_s: f64,
    /// Moments of the values that are present.
    pub moments: Moments,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
}

impl<'a> Curve<'a> {
    /// A curve over `values`, frames `hop_s` seconds apart; `None` where all are missing. `buffer` holds what is
    /// present if not all is.
    pub fn new(values: &'a [f32], hop_s: f64, buffer: &'a mut Vec<f32>) -> Option<Self> {
        let present = present(values, buffer);
        if present.is_empty() {
            return None;
        }
        let (min, max) = smallest_and_largest(present);
        let moments = moments(present);
        Some(Self { values, present, hop_s, moments, min: f64::from(min), max: f64::from(max) })
    }

    /// Whether the values differ by no more than rounding.
    pub fn is_constant(&self) -> bool {
        self.moments.std == 0.0
    }

    /// Whether no frame is missing.
    pub fn is_whole(&self) -> bool {
        self.present.len() == self.values.len()
    }

    /// Largest minus smallest value.
    pub fn range(&self) -> f64 {
        self.max - self.min
    }

    /// Seconds for which values are present: one hop a frame.
    pub fn present_s(&self) -> f64 {
        self.present.len() as f64 * self.hop_s
    }

    /// Replaces `out` by the contour shifted to mean 0 and scaled to standard deviation 1; missing frames, and all of a
    /// constant, are 0.
    pub fn standardize(&self, out: &mut Vec<f64>) {
        let scale = if self.is_constant() { 0.0 } else { 1.0 / self.moments.std };
        let mean = self.moments.mean;
        let standard = |value: f32| {
            let standard = (f64::from(value) - mean) * scale;
            if standard.is_nan() { 0.0 } else { standard }
        };
        out.resize(self.values.len(), 0.0);
        simd(
            #[inline(always)]
            || out.iter_mut().zip(self.values).for_each(|(out, value)| *out = standard(*value)),
        );
    }
}

/// The values that are present: all of them, or copied to `buffer`.
fn present<'a>(values: &'a [f32], buffer: &'a mut Vec<f32>) -> &'a [f32] {
    if !values.iter().fold(false, |missing, value| missing | value.is_nan()) {
        return values;
    }
    buffer.clear();
    buffer.extend(values.iter().filter(|value| !value.is_nan()));
    buffer
}

/// Smallest and largest of `values`; at least one, none NaN.
fn smallest_and_largest(values: &[f32]) -> (f32, f32) {
    let (min, max) = simd(
        #[inline(always)]
        || {
            let start = (u32::MAX, u32::MIN);
            values.iter().map(|value| key(*value)).fold(start, |(min, max), key| (min.min(key), max.max(key)))
        },
    );
    (from_key(min), from_key(max))
}

const SIGN: u32 = 1 << 31;

/// An integer that sorts as the value does (as `f32::total_cmp`).
#[inline(always)]
fn key(value: f32) -> u32 {
    let bits = value.to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

/// The value of a [`key`].
fn from_key(key: u32) -> f32 {
    f32::from_bits(if key & SIGN == 0 { !key } else { key ^ SIGN })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_gap_is_left_out_and_stands_at_the_mean() {
        let (mut buffer, mut standard) = (vec![9.0], Vec::new());
        let values = [f32::NAN, 1.0, f32::NAN, 3.0];
        let curve = Curve::new(&values, 0.01, &mut buffer).expect("two values are present");
        curve.standardize(&mut standard);
        assert_eq!((curve.present, curve.min, curve.max, curve.range()), (&[1.0, 3.0][..], 1.0, 3.0, 2.0));
        assert_eq!((standard, curve.present_s()), (vec![0.0, -1.0, 0.0, 1.0], 0.02));
    }

    #[test]
    fn nothing_present_is_no_curve() {
        for values in [&[][..], &[f32::NAN; 3]] {
            assert!(Curve::new(values, 0.01, &mut Vec::new()).is_none());
        }
    }

    proptest! {
        #[test]
        fn keys_sort_as_the_values_do(a: f32, b: f32) {
            prop_assert_eq!(key(a).cmp(&key(b)), a.total_cmp(&b));
            prop_assert_eq!(from_key(key(a)).to_bits(), a.to_bits());
        }

        #[test]
        fn the_ends_are_those_of_the_sorted_values(mut values in proptest::collection::vec(-1e30f32..1e30, 1..99)) {
            let (min, max) = smallest_and_largest(&values);
            values.sort_by(f32::total_cmp);
            prop_assert_eq!((min, max), (values[0], values[values.len() - 1]));
        }
    }
}
