use super::periods::PERIOD_FACTOR;
use super::{Grid, Pulse};

/// Shortest and longest legal period, seconds (Praat's voice report).
const SHORTEST_S: f64 = 0.0001;
const LONGEST_S: f64 = 0.02;

/// Neighbouring amplitudes that differ by more than this factor are left out, as periods are by [`PERIOD_FACTOR`].
const AMPLITUDE_FACTOR: f64 = 1.6;

/// Jitter of each frame: mean difference of neighbouring periods within `reach` samples of the frame's centre over the
/// mean period of the utterance, 0 or above; NaN where a frame has no such periods. Its mean over the frames is that of
/// Praat's `Get jitter (local)`: soft ends of a voice, where everything differs from its neighbour, weigh no more than
/// there.
///
/// `out`: one value a frame of the grid.
pub fn jitter_local(pulses: &[Pulse], sample_rate_hz: u32, grid: Grid, reach: f64, out: &mut [f32]) {
    let legal = legal_period(sample_rate_hz);
    let pair = |three: &[Pulse]| {
        let (first, second) = (three[1].at - three[0].at, three[2].at - three[1].at);
        let alike = first.max(second) <= PERIOD_FACTOR * first.min(second);
        (legal(first) && legal(second) && alike).then_some((first, second))
    };
    relative_change(pulses, 3, pair, grid, reach, out);
}

/// Shimmer of each frame: mean difference of the amplitudes of neighbouring periods over their mean (Praat's
/// `Get shimmer (local)`), 0 or above; else as [`jitter_local`].
pub fn shimmer_local(pulses: &[Pulse], sample_rate_hz: u32, grid: Grid, reach: f64, out: &mut [f32]) {
    let legal = legal_period(sample_rate_hz);
    let pair = |two: &[Pulse]| {
        let (first, second) = (two[0].amplitude, two[1].amplitude);
        // False where one is missing.
        let alike = first.max(second) <= AMPLITUDE_FACTOR * first.min(second);
        (legal(two[1].at - two[0].at) && alike && !first.is_nan() && !second.is_nan()).then_some((first, second))
    };
    relative_change(pulses, 2, pair, grid, reach, out);
}

fn legal_period(sample_rate_hz: u32) -> impl Fn(f64) -> bool {
    let rate = f64::from(sample_rate_hz);
    move |period| (SHORTEST_S * rate..=LONGEST_S * rate).contains(&period)
}

/// For each frame, the mean absolute difference of the pairs around it over the mean of all; `pair` makes one of
/// `width` neighbouring pulses, and belongs to where they begin and end.
fn relative_change(
    pulses: &[Pulse],
    width: usize,
    pair: impl Fn(&[Pulse]) -> Option<(f64, f64)>,
    grid: Grid,
    reach: f64,
    out: &mut [f32],
) {
    let (count, sum) = pulses
        .windows(width)
        .filter_map(&pair)
        .fold((0.0, 0.0), |(count, sum), (one, other)| (count + 1.0, sum + (one + other) / 2.0));
    let mut first = 0;
    for (frame, out) in out.iter_mut().enumerate() {
        let centre = grid.centre(frame) as f64;
        while pulses.get(first).is_some_and(|pulse| pulse.at < centre - reach) {
            first += 1;
        }
        let inside = pulses[first..].windows(width).take_while(|pulses| pulses[width - 1].at <= centre + reach);
        let (pairs, change) = inside
            .filter_map(&pair)
            .fold((0.0, 0.0), |(pairs, change), (one, other)| (pairs + 1.0, change + (one - other).abs()));
        *out = if pairs > 0.0 && sum > 0.0 { (change / pairs * count / sum) as f32 } else { f32::NAN };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::Edges;

    const GRID: Grid = Grid { window: 400, hop: 160, edges: Edges::Centre };

    fn frames(measure: fn(&[Pulse], u32, Grid, f64, &mut [f32]), pulses: &[Pulse]) -> Vec<f32> {
        let mut out = vec![0.0; 60];
        measure(pulses, 16000, GRID, 320.0, &mut out);
        out
    }

    #[test]
    fn alternating_periods_and_amplitudes_have_their_known_change() {
        // periods of 98 and 102 samples in turn: |difference| 4 over a mean of 100; amplitudes 0.9 and 1.1
        let pulse = |k: usize| Pulse {
            at: 100.0 * k as f64 + if k.is_multiple_of(2) { 1.0 } else { -1.0 },
            amplitude: if k.is_multiple_of(2) { 0.9 } else { 1.1 },
        };
        let pulses: Vec<Pulse> = (10..60).map(pulse).collect();
        let (jitter, shimmer) = (frames(jitter_local, &pulses), frames(shimmer_local, &pulses));
        assert!(jitter[10..35].iter().all(|value| (value - 0.04).abs() < 1e-6), "{jitter:?}");
        assert!(shimmer[10..35].iter().all(|value| (value - 0.2).abs() < 1e-6), "{shimmer:?}");
        assert!(jitter[45].is_nan() && shimmer[45].is_nan(), "no pulses there");
    }

    #[test]
    fn jumps_are_left_out() {
        // a missing pulse doubles one period
        let times = (0..20).filter(|k| *k != 10).map(|k| 100.0 * f64::from(k));
        let pulses: Vec<Pulse> = times.map(|at| Pulse { at, amplitude: f64::NAN }).collect();
        let jitter = frames(jitter_local, &pulses);
        assert!(jitter.iter().all(|value| value.is_nan() || *value == 0.0));
        assert!(frames(shimmer_local, &pulses).iter().all(|value| value.is_nan()), "no amplitudes");
    }
}
