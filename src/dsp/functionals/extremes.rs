use super::{Curve, Spread};

/// Share of the range by which a peak must rise above the mean, and a valley must fall below it.
const MARGIN: f64 = 0.1;

/// Peaks, valleys, rises and falls of a contour.
///
/// A local maximum is higher than what is on both sides of it, a local minimum lower; on a plateau it lies at the first
/// frame. A peak is a local maximum at least 10 % of the range above the mean, a valley a local minimum as much below.
/// A rise leads from a local minimum to the next local maximum, a fall back; the ends of a contour, and of its parts
/// between missing frames, start and end rises and falls but are neither peaks nor valleys. A constant has none.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Extremes {
    /// Values of the peaks.
    pub peaks: Spread,
    /// Values of the valleys.
    pub valleys: Spread,
    /// Frames from each peak to the next with no frame missing between.
    pub peak_distances: Spread,
    /// Slopes of the rises per frame, above 0.
    pub rises: Spread,
    /// Slopes of the falls per frame, below 0.
    pub falls: Spread,
}

/// Finds the extremes of a contour; `turns` is a buffer.
pub fn extremes(curve: &Curve, turns: &mut Vec<usize>) -> Extremes {
    let mut found = Extremes::default();
    if !curve.is_constant() {
        let (mean, margin) = (curve.moments.mean, MARGIN * curve.range());
        for run in curve.values.split(|value| value.is_nan()) {
            find_turns(run, turns);
            found.add(run, turns, mean - margin, mean + margin);
        }
    }
    found
}

impl Extremes {
    /// Adds a part of the contour without missing frames, given its turns.
    fn add(&mut self, run: &[f32], turns: &[usize], low: f64, high: f64) {
        let (mut start, mut last_peak) = (0, None);
        for (index, &turn) in turns.iter().enumerate() {
            let (from, to) = (f64::from(run[start]), f64::from(run[turn]));
            let slope = (to - from) / (turn - start) as f64;
            let is_inside = index + 1 < turns.len();
            if to > from {
                self.rises.push(slope);
                if to >= high && is_inside {
                    self.peaks.push(to);
                    last_peak.into_iter().for_each(|last| self.peak_distances.push((turn - last) as f64));
                    last_peak = Some(turn);
                }
            } else {
                self.falls.push(slope);
                if to <= low && is_inside {
                    self.valleys.push(to);
                }
            }
            start = turn;
        }
    }
}

/// Replaces `turns` by the frames at which rises and falls end. Which way the next frame goes is hard to predict, so
/// nothing branches on it.
fn find_turns(run: &[f32], turns: &mut Vec<usize>) {
    turns.resize(run.len() + 1, 0);
    let (mut count, mut since, mut direction) = (0, 0, 0);
    for (frame, pair) in (1..).zip(run.windows(2)) {
        let step = i32::from(pair[1] > pair[0]) - i32::from(pair[1] < pair[0]);
        turns[count] = since;
        count += usize::from(step * direction < 0);
        if step != 0 {
            (since, direction) = (frame, step);
        }
    }
    turns[count] = since;
    turns.truncate(count + usize::from(direction != 0));
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SIXTEEN, assert_near, with_curve};
    use super::*;

    fn found(values: &[f32]) -> Extremes {
        with_curve(values, |curve| extremes(curve, &mut vec![9; 3]))
    }

    fn spread(spread: &Spread) -> [f64; 3] {
        [spread.count(), spread.mean_or(0.0), spread.std()]
    }

    #[test]
    fn extremes_match_scipy() {
        // scipy.signal.find_peaks(x, height=mean + 0.1 * numpy.ptp(x)), the same of -x, and the slopes
        // numpy.diff(x[e]) / numpy.diff(e) between all extremes e and the ends
        let found = found(&SIXTEEN);
        assert_near(&spread(&found.peaks), &[4.0, 5.375, 0.544_862_4], 1e-6);
        assert_near(&spread(&found.peak_distances), &[3.0, 11.0 / 3.0, 1.699_673_2], 1e-6);
        assert_near(&spread(&found.valleys), &[3.0, 3.5 / 3.0, 0.623_609_6], 1e-6);
        assert_near(&spread(&found.rises), &[6.0, 1.708_333_3, 0.940_042_8], 1e-6);
        assert_near(&spread(&found.falls), &[6.0, -1.166_666_7, 0.640_095_5], 1e-6);
    }

    #[test]
    fn a_plateau_is_one_peak_at_its_start() {
        let found = found(&[0.0, 2.0, 2.0, 2.0, 0.0, 0.0, 2.0, 0.0]);
        assert_eq!((found.peaks.count(), found.valleys.count()), (2.0, 1.0));
        assert_eq!((spread(&found.peak_distances), spread(&found.rises)), ([1.0, 5.0, 0.0], [2.0, 1.5, 0.5]));
        assert_near(&spread(&found.falls), &[2.0, -4.0 / 3.0, 2.0 / 3.0], 1e-12);
    }

    #[test]
    fn low_maxima_and_ends_are_no_peaks() {
        let found = found(&[9.0, 0.0, 1.0, 0.0, 9.0]);
        assert_eq!((found.peaks.count(), found.valleys.count(), found.rises.count()), (0.0, 2.0, 2.0));
    }

    #[test]
    fn gaps_are_not_bridged_and_a_constant_has_nothing() {
        let contour = [0.0, 5.0, 0.0, f32::NAN, 0.0, 5.0, f32::NAN, 0.0, 5.0, 0.0];
        let gaps = found(&contour);
        assert_eq!((gaps.peaks.count(), gaps.peak_distances.count(), gaps.rises.count()), (2.0, 0.0, 3.0));
        for values in [&[0.1; 50][..], &[3.0]] {
            assert_eq!(found(values), Extremes::default());
        }
    }
}
