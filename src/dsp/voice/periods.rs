mod alike;
mod amplitude;

use super::{Grid, largest_distance};
use alike::{NEAREST, most_alike};
use std::ops::Range;

/// A period less like its neighbour than this is none; at the ends of a voiced stretch more is asked.
const LIKE: f64 = 0.3;
const LIKE_AT_END: f64 = 0.7;

/// A period whose peak is below this share of the utterance's is none; at the ends of a voiced stretch more is asked.
const LOUD: f64 = 0.01;
const LOUD_AT_END: f64 = 0.023_333;

/// Periods longer than another by this factor are not compared (Praat's "maximum period factor").
pub(super) const PERIOD_FACTOR: f64 = 1.3;

/// One opening of the vocal folds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pulse {
    /// Time in samples from the start.
    pub at: f64,
    /// Root mean square around it under a Hann window; NaN where a neighbouring period is missing or of another length.
    pub amplitude: f64,
}

/// Finds the periods of voiced speech by correlating each with the next (Praat's `To PointProcess (cc)`, Boersma &
/// Weenink), from the middle of each voiced stretch outwards; buffers are kept.
#[derive(Debug, Clone, Default)]
pub struct Periods {
    pulses: Vec<Pulse>,
    /// Those left of a stretch's middle, backwards.
    left: Vec<f64>,
}

/// What the search needs to know.
struct Voice<'a> {
    samples: &'a [f32],
    /// Fundamental period in samples of each frame, NaN where unvoiced.
    periods: &'a [f64],
    grid: Grid,
    /// Largest magnitude of the samples.
    peak: f64,
}

impl Periods {
    /// The pulses of an utterance in order. `periods`: the fundamental period of each frame of the grid in samples, NaN
    /// where unvoiced.
    pub fn find(&mut self, samples: &[f32], periods: &[f64], grid: Grid) -> &[Pulse] {
        self.pulses.clear();
        let voice = Voice { samples, periods, grid, peak: f64::from(largest_distance(samples, 0.0)) };
        let mut before = f64::NEG_INFINITY;
        for stretch in voiced_stretches(periods) {
            // Half a frame more at both ends, as far as the pitch is known.
            let half = grid.hop as f64 / 2.0;
            let from = grid.centre(stretch.start) as f64 - half;
            let to = grid.centre(stretch.end - 1) as f64 + half;
            self.stretch(&voice, from, to, before);
            before = self.pulses.last().map_or(before, |pulse| pulse.at);
        }
        amplitude::measure(samples, &mut self.pulses);
        &self.pulses
    }

    /// Adds the pulses of a voiced stretch that come well after `before`.
    fn stretch(&mut self, voice: &Voice, from: f64, to: f64, before: f64) {
        let Some(period) = voice.period((from + to) / 2.0) else { return };
        let Some(middle) = voice.highest((from + to) / 2.0, period) else { return };
        self.left.clear();
        voice.walk(middle, -1.0, |at| at < from, |at, period| at - before > NEAREST * period, &mut self.left);
        let pulse = |at: f64| Pulse { at, amplitude: f64::NAN };
        self.pulses.extend(self.left.iter().rev().map(|at| pulse(*at)));
        self.pulses.push(pulse(middle));
        self.left.clear();
        voice.walk(middle, 1.0, |at| at > to, |_, _| true, &mut self.left);
        self.pulses.extend(self.left.iter().map(|at| pulse(*at)));
    }
}

impl Voice<'_> {
    /// Adds pulse after pulse from `start` in one direction until the place is `outside` the stretch or the pitch ends.
    fn walk(
        &self,
        start: f64,
        direction: f64,
        outside: impl Fn(f64) -> bool,
        legal: impl Fn(f64, f64) -> bool,
        found: &mut Vec<f64>,
    ) {
        let mut at = start;
        while let Some(period) = self.period(at) {
            let Some(next) = most_alike(self.samples, at, period, direction) else {
                at += direction * period;
                if outside(at) {
                    return;
                }
                continue;
            };
            at = next.at;
            let end = outside(at);
            let (like, loud) = if end { (LIKE_AT_END, LOUD_AT_END) } else { (LIKE, LOUD) };
            if next.correlation > like && next.peak > loud * self.peak && legal(at, period) {
                found.push(at);
            }
            if end {
                return;
            }
        }
    }

    /// The fundamental period at a time, between frames linearly; `None` where it is unvoiced.
    fn period(&self, at: f64) -> Option<f64> {
        let frames = (at - self.grid.centre(0) as f64) / self.grid.hop as f64;
        let place = frames.clamp(0.0, (self.periods.len() - 1) as f64);
        let (low, share) = (place.floor() as usize, place.fract());
        let (left, right) = (self.periods[low], self.periods[(low + 1).min(self.periods.len() - 1)]);
        let period = match (left.is_nan(), right.is_nan()) {
            // Frequencies are interpolated, not periods.
            (false, false) => 1.0 / ((1.0 - share) / left + share / right),
            _ if share < 0.5 => left,
            _ => right,
        };
        (!period.is_nan()).then_some(period)
    }

    /// The largest sample within half a period of a time.
    fn highest(&self, at: f64, period: f64) -> Option<f64> {
        let from = (at - period / 2.0).max(0.0) as usize;
        let to = ((at + period / 2.0) as usize + 1).min(self.samples.len());
        let window = self.samples.get(from..to)?;
        let highest = window.iter().enumerate().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
        highest.map(|(index, _)| (from + index) as f64)
    }
}

/// Runs of frames that are voiced.
fn voiced_stretches(periods: &[f64]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + periods[at..].iter().position(|period| !period.is_nan())?;
        let end = periods[start..].iter().position(|period| period.is_nan()).map_or(periods.len(), |gap| start + gap);
        at = end;
        Some(start..end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::Edges;

    const GRID: Grid = Grid { window: 400, hop: 160, edges: Edges::Centre };

    /// Damped pulses at the given times (samples), each as high as its amplitude.
    fn train(pulses: &[(f64, f64)], samples: usize) -> Vec<f32> {
        let ring = |time: f64| if time < 0.0 { 0.0 } else { (-time / 25.0).exp() * (time * 0.35).sin() };
        (0..samples)
            .map(|i| pulses.iter().map(|(at, height)| height * ring(i as f64 - at)).sum::<f64>() as f32)
            .collect()
    }

    #[test]
    fn every_pulse_of_a_train_is_found_once() {
        let times: Vec<(f64, f64)> = (1..150).map(|k| (106.7 * f64::from(k), 0.5)).collect();
        let samples = train(&times, 16000);
        let periods = vec![106.7; 101];
        let mut finder = Periods::default();
        let pulses = finder.find(&samples, &periods, GRID);
        assert!((140..=150).contains(&pulses.len()), "{} pulses", pulses.len());
        for pair in pulses.windows(2).skip(2).take(130) {
            assert!((pair[1].at - pair[0].at - 106.7).abs() < 0.1, "{pair:?}");
            assert!((pair[1].amplitude / pair[0].amplitude - 1.0).abs() < 0.05, "{pair:?}");
        }
    }

    #[test]
    fn only_voiced_stretches_have_pulses() {
        let times: Vec<(f64, f64)> = (1..150).map(|k| (100.0 * f64::from(k), 0.5)).collect();
        let mut periods = vec![100.0; 101];
        periods[30..60].fill(f64::NAN);
        let mut finder = Periods::default();
        let pulses = finder.find(&train(&times, 16000), &periods, GRID);
        let inside = pulses.iter().filter(|pulse| (4900.0..9400.0).contains(&pulse.at)).count();
        assert!(inside == 0 && pulses.len() > 90, "{inside} of {}", pulses.len());
        assert!(pulses.windows(2).all(|pair| pair[0].at < pair[1].at));
    }

    #[test]
    fn silence_and_short_signals_have_none_or_few() {
        let mut finder = Periods::default();
        assert!(finder.find(&[0.0; 1600], &[f64::NAN; 11], GRID).is_empty());
        assert!(finder.find(&[0.5; 20], &[100.0], GRID).len() <= 1);
        assert!(finder.find(&[0.0; 1600], &[100.0; 11], GRID).len() <= 1);
    }
}
