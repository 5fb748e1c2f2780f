use super::{Curve, Spread};

/// Lengths in frames of the stretches of a contour above the middle between its smallest and largest value, and of the
/// gaps between them, those at the ends included.
///
/// A constant above 0 is one stretch, any other one gap. Missing frames end a stretch or gap and belong to neither.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Stretches {
    /// Runs of frames above the middle.
    pub above: Spread,
    /// The longest of them.
    pub longest_above: f64,
    /// All others.
    pub below: Spread,
    /// The longest of them.
    pub longest_below: f64,
}

/// Cuts a contour into stretches and gaps; `ends` is a buffer.
pub fn stretches(curve: &Curve, ends: &mut Vec<usize>) -> Stretches {
    let middle = if curve.is_constant() { 0.0 } else { curve.min + 0.5 * curve.range() };
    let mut found = Stretches::default();
    for run in curve.values.split(|value| value.is_nan()) {
        find_ends(run, middle, ends);
        let mut start = 0;
        for &end in &*ends {
            let length = (end - start) as f64;
            if f64::from(run[start]) > middle {
                found.above.push(length);
                found.longest_above = found.longest_above.max(length);
            } else {
                found.below.push(length);
                found.longest_below = found.longest_below.max(length);
            }
            start = end;
        }
    }
    found
}

/// Replaces `ends` by the frames before which stretches and gaps end. Where that is is hard to predict, so nothing
/// branches on it.
fn find_ends(run: &[f32], middle: f64, ends: &mut Vec<usize>) {
    let is_above = |value: &f32| f64::from(*value) > middle;
    ends.resize(run.len() + 1, 0);
    let mut count = 0;
    for (frame, (before, here)) in (1..).zip(run.iter().zip(run.iter().skip(1))) {
        ends[count] = frame;
        count += usize::from(is_above(before) != is_above(here));
    }
    ends[count] = run.len();
    ends.truncate(count + usize::from(!run.is_empty()));
}

#[cfg(test)]
mod tests {
    use super::super::testing::with_curve;
    use super::*;

    fn found(values: &[f32]) -> ([f64; 4], [f64; 4]) {
        let found = with_curve(values, |curve| stretches(curve, &mut vec![9; 3]));
        let numbers = |lengths: &Spread, longest| [lengths.count(), lengths.mean_or(0.0), lengths.std(), longest];
        (numbers(&found.above, found.longest_above), numbers(&found.below, found.longest_below))
    }

    #[test]
    fn runs_of_ones_are_stretches_and_gaps_at_the_ends_count() {
        let voiced = [0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0];
        let gaps = [3.0, 5.0 / 3.0, (8.0_f64 / 9.0).sqrt(), 3.0];
        let (above, below) = found(&voiced);
        assert_eq!(above, [2.0, 3.0, 1.0, 4.0]);
        assert!(below.iter().zip(gaps).all(|(got, want)| (got - want).abs() < 1e-12), "{below:?}");
    }

    #[test]
    fn a_constant_is_one_stretch_or_one_gap() {
        assert_eq!(found(&[1.0; 7]), ([1.0, 7.0, 0.0, 7.0], [0.0; 4]));
        for value in [0.0, -0.1] {
            assert_eq!(found(&[value; 7]), ([0.0; 4], [1.0, 7.0, 0.0, 7.0]));
        }
    }

    #[test]
    fn missing_frames_end_what_they_touch() {
        let (above, below) = found(&[1.0, 1.0, f32::NAN, 1.0, 1.0, 0.0, f32::NAN]);
        assert_eq!((above, below), ([2.0, 2.0, 0.0, 2.0], [1.0, 1.0, 0.0, 1.0]));
    }
}
