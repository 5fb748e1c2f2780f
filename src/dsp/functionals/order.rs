use super::Curve;
use crate::dsp::simd;

/// Buckets of equal width from the smallest to the largest value.
const BUCKETS: usize = 256;

/// 2^23: a number below it that is added to it stands, rounded, in the lowest bits of the sum.
const WHOLE: f32 = 8_388_608.0;

/// Values in ascending order, as far as somebody has asked for it: which of two values is larger is hard to predict, so
/// that sorting all of them would take longer than everything else.
#[derive(Debug, Clone, Default)]
pub struct Ascending {
    /// The bucket of each value as it came.
    buckets: Vec<u8>,
    /// The values, bucket after bucket.
    values: Vec<f32>,
    /// Where each bucket ends among the values.
    ends: Vec<usize>,
    /// Whether its values are in ascending order.
    is_sorted: Vec<bool>,
}

impl Ascending {
    /// Replaces the values by those of a curve that are present.
    pub fn load(&mut self, curve: &Curve) {
        let values = curve.present;
        self.choose_buckets(values, curve.min as f32, curve.max as f32);
        let mut counts = [0; BUCKETS];
        self.buckets.iter().for_each(|bucket| counts[usize::from(*bucket)] += 1);
        let mut end = 0;
        let mut places = counts.map(|count: usize| {
            end += count;
            end - count
        });
        self.values.resize(values.len(), 0.0);
        for (value, bucket) in values.iter().zip(&self.buckets) {
            let place = &mut places[usize::from(*bucket)];
            self.values[*place] = *value;
            *place += 1;
        }
        self.ends.clear();
        self.ends.extend(places);
        self.is_sorted.clear();
        self.is_sorted.resize(BUCKETS, false);
    }

    /// Chooses the bucket of each value, `min` and `max` being the smallest and the largest: of two values the larger
    /// one is never in an earlier bucket.
    fn choose_buckets(&mut self, values: &[f32], min: f32, max: f32) {
        let last = (BUCKETS - 1) as f32;
        let scale = last / (max - min);
        // what is not a number, where the range is zero or beyond all floats, goes to the last bucket
        let bucket = |value: f32| {
            let place = (value - min) * scale;
            (if place < last { place } else { last } + WHOLE).to_bits() as u8
        };
        self.buckets.resize(values.len(), 0);
        simd(
            #[inline(always)]
            || self.buckets.iter_mut().zip(values).for_each(|(out, value)| *out = bucket(*value)),
        );
    }

    /// The percentile `percent` (0..=100), between neighbours linearly (numpy's default).
    pub fn percentile(&mut self, percent: f64) -> f64 {
        let last = self.values.len() - 1;
        let position = percent / 100.0 * last as f64;
        let below = position.floor() as usize;
        let (low, high) = (self.ranked(below), self.ranked((below + 1).min(last)));
        low + (high - low) * position.fract()
    }

    /// The value that `rank` others precede.
    fn ranked(&mut self, rank: usize) -> f64 {
        let bucket = self.ends.partition_point(|end| *end <= rank);
        if !std::mem::replace(&mut self.is_sorted[bucket], true) {
            let start = bucket.checked_sub(1).map_or(0, |before| self.ends[before]);
            self.values[start..self.ends[bucket]].sort_unstable_by(f32::total_cmp);
        }
        f64::from(self.values[rank])
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::with_curve;
    use super::*;
    use proptest::prelude::*;

    fn ascending(values: &[f32]) -> Ascending {
        let mut ascending = Ascending::default();
        with_curve(values, |curve| ascending.load(curve));
        ascending
    }

    #[test]
    fn percentiles_match_numpy() {
        // numpy.percentile([4, 1, 8, 2], percent)
        let mut values = ascending(&[4.0, 1.0, 8.0, 2.0]);
        for (percent, want) in [(0.0, 1.0), (5.0, 1.15), (25.0, 1.75), (50.0, 3.0), (95.0, 7.4), (100.0, 8.0)] {
            assert!((values.percentile(percent) - want).abs() < 1e-12, "p{percent}");
        }
        assert_eq!(ascending(&[3.0]).percentile(37.0), 3.0);
    }

    proptest! {
        #[test]
        fn ranks_are_those_of_the_sorted_values(
            values in prop_oneof![
                proptest::collection::vec(proptest::num::f32::NORMAL | proptest::num::f32::SUBNORMAL | proptest::num::f32::ZERO, 1..300),
                proptest::collection::vec((0..9).prop_map(|value| value as f32), 1..300),
            ],
            ranks in proptest::collection::vec(any::<proptest::sample::Index>(), 9),
        ) {
            let mut found = ascending(&values);
            let mut sorted = values.clone();
            sorted.sort_by(f32::total_cmp);
            for rank in ranks {
                let rank = rank.index(values.len());
                prop_assert_eq!(found.ranked(rank), f64::from(sorted[rank]));
            }
        }
    }
}
