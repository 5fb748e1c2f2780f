use crate::dsp::simd;

/// Digits of a key, a byte each, the lowest first.
const DIGITS: usize = 4;

/// Values in ascending order.
#[derive(Debug, Clone, Default)]
pub struct Ascending {
    keys: Vec<u32>,
    other: Vec<u32>,
}

impl Ascending {
    /// Replaces the values, in any order; none is NaN.
    ///
    /// A radix sort: which of two values is larger is hard to predict, so that comparing takes longer.
    pub fn sort(&mut self, values: &[f32]) {
        self.keys.clear();
        self.keys.extend(values.iter().map(|value| key(*value)));
        self.other.resize(values.len(), 0);
        let mut counts = [[0_u32; 256]; DIGITS];
        for key in &self.keys {
            for (counts, digit) in counts.iter_mut().zip(key.to_le_bytes()) {
                counts[usize::from(digit)] += 1;
            }
        }
        for (digit, counts) in counts.iter().enumerate() {
            self.sort_by(digit, counts);
        }
    }

    /// Sorts by one digit and keeps the order of keys that share it; `counts` says how many keys have which.
    fn sort_by(&mut self, digit: usize, counts: &[u32; 256]) {
        let mut end = 0;
        let mut places = counts.map(|count| {
            end += count;
            end - count
        });
        for key in &self.keys {
            let place = &mut places[usize::from(key.to_le_bytes()[digit])];
            self.other[*place as usize] = *key;
            *place += 1;
        }
        std::mem::swap(&mut self.keys, &mut self.other);
    }

    /// The percentile `percent` (0..=100), between neighbours linearly (numpy's default); at least one value.
    pub fn percentile(&self, percent: f64) -> f64 {
        let last = self.keys.len() - 1;
        let position = percent / 100.0 * last as f64;
        let below = position.floor() as usize;
        let (low, high) = (self.value(below), self.value((below + 1).min(last)));
        low + (high - low) * position.fract()
    }

    fn value(&self, rank: usize) -> f64 {
        f64::from(from_key(self.keys[rank]))
    }
}

/// Smallest and largest of `values`; at least one, none NaN.
pub(super) fn smallest_and_largest(values: &[f32]) -> (f32, f32) {
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

    fn ascending(values: &[f32]) -> Ascending {
        let mut ascending = Ascending::default();
        ascending.sort(values);
        ascending
    }

    #[test]
    fn percentiles_match_numpy() {
        // numpy.percentile([4, 1, 8, 2], percent)
        let values = ascending(&[4.0, 1.0, 8.0, 2.0]);
        for (percent, want) in [(0.0, 1.0), (5.0, 1.15), (25.0, 1.75), (50.0, 3.0), (95.0, 7.4), (100.0, 8.0)] {
            assert!((values.percentile(percent) - want).abs() < 1e-12, "p{percent}");
        }
        assert_eq!(ascending(&[3.0]).percentile(37.0), 3.0);
    }

    proptest! {
        #[test]
        fn keys_sort_as_the_values_do(a: f32, b: f32) {
            prop_assert_eq!(key(a).cmp(&key(b)), a.total_cmp(&b));
            prop_assert_eq!(from_key(key(a)).to_bits(), a.to_bits());
        }

        #[test]
        fn the_ends_are_those_of_the_sorted_values(values in proptest::collection::vec(-1e30f32..1e30, 1..99)) {
            let (min, max) = smallest_and_largest(&values);
            let sorted = ascending(&values);
            prop_assert_eq!((f64::from(min), f64::from(max)), (sorted.percentile(0.0), sorted.percentile(100.0)));
        }
    }
}
