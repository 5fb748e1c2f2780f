use super::{Grid, LANES, Lanes, largest_distance, simd, square_sum};
use std::ops::Range;

/// Where neighbouring periods are looked for, in periods.
const NEAREST: f64 = 0.8;
const FARTHEST: f64 = 1.25;

/// A period less like its neighbour than this is none; at the ends of a voiced stretch more is asked.
const LIKE: f64 = 0.3;
const LIKE_AT_END: f64 = 0.7;

/// A period whose peak is below this share of the utterance's is none; at the ends of a voiced stretch more is asked.
const LOUD: f64 = 0.01;
const LOUD_AT_END: f64 = 0.023_333;

/// The half width of the window of a pulse's amplitude, in periods. Praat's is 0.2: then it matters which of a period's
/// peaks the pulses sit on, which is chance.
const AMPLITUDE_REACH: f64 = 0.5;

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
    peak: f64,
}

/// The place most like a period, and how like it is.
struct Match {
    at: f64,
    correlation: f64,
    peak: f64,
}

impl Periods {
    /// The pulses of an utterance in order. `periods`: the fundamental period of each frame of the grid in samples, NaN where
    /// unvoiced.
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
        measure(samples, &mut self.pulses);
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
            let Some(next) = self.most_alike(at, period, direction) else {
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

    /// The place a period away from `at` whose surroundings, one period long, are most like those of `at`: the maximum of
    /// the normalised correlation, between samples by a parabola. `None` where there is no room or no maximum.
    fn most_alike(&self, at: f64, period: f64, direction: f64) -> Option<Match> {
        let length = period.round() as usize + 1;
        let start = index(at - period / 2.0)?;
        let here = self.samples.get(start..start + length)?;
        let (near, far) = (at + direction * NEAREST * period, at + direction * FARTHEST * period);
        let first = index((near.min(far) - period / 2.0).floor())?;
        let last = index((near.max(far) - period / 2.0).ceil())?;
        let room = self.samples.get(first..last + length)?;
        let energy = f64::from(square_sum(here));
        let mut there = f64::from(square_sum(&room[..length]));
        let (mut best, mut place) = ([0.0, -1.0, 0.0], 0);
        let (mut three, mut products) = ([0.0; 3], Lanes::ZERO);
        for offset in 0..=last - first {
            if offset % LANES == 0 {
                products = products_at(here, &room[offset..]);
            }
            let norm = (energy * there).sqrt();
            let correlation = if norm > 0.0 { f64::from(products.0[offset % LANES]) / norm } else { 0.0 };
            three = [three[1], three[2], correlation];
            if offset > 0 && three[1] > best[1] && three[1] >= three[0] && three[1] >= three[2] {
                (best, place) = (three, offset - 1);
            }
            if let Some(next) = room.get(offset + length) {
                there = (there + f64::from(*next).powi(2) - f64::from(room[offset]).powi(2)).max(0.0);
            }
        }
        if best[1] <= -1.0 {
            return None;
        }
        let (slope, curvature) = (0.5 * (best[2] - best[0]), 2.0 * best[1] - best[0] - best[2]);
        let shift = if curvature > 0.0 { slope / curvature } else { 0.0 };
        Some(Match {
            at: at + (first + place) as f64 - start as f64 + shift,
            correlation: best[1] + 0.5 * slope * shift,
            peak: f64::from(largest_distance(&room[place..place + length], 0.0)),
        })
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

/// Fills in the amplitudes of the pulses that lie between two periods of like length.
fn measure(samples: &[f32], pulses: &mut [Pulse]) {
    for middle in 1..pulses.len().saturating_sub(1) {
        let at = pulses[middle].at;
        let (before, after) = (at - pulses[middle - 1].at, pulses[middle + 1].at - at);
        if before.max(after) <= PERIOD_FACTOR * before.min(after) {
            pulses[middle].amplitude = windowed_rms(samples, at, AMPLITUDE_REACH * before, AMPLITUDE_REACH * after);
        }
    }
}

/// Root mean square around a time under a Hann window that reaches so far to both sides.
fn windowed_rms(samples: &[f32], at: f64, left: f64, right: f64) -> f64 {
    let from = (at - left).ceil().max(0.0) as usize;
    let middle = (at.ceil().max(0.0) as usize).clamp(from, samples.len().max(from));
    let to = ((at + right).floor() as usize + 1).clamp(middle, samples.len().max(middle));
    let side = |range: Range<usize>, reach: f64| {
        let start = std::f64::consts::PI * (range.start as f64 - at) / reach;
        let side = samples.get(range).unwrap_or_default();
        simd(
            #[inline(always)]
            || weighted_energy(side, start, std::f64::consts::PI / reach),
        )
    };
    let (before, after) = (side(from..middle, left), side(middle..to, right));
    let (energy, weights) = (before.0 + after.0, before.1 + after.1);
    if weights > 0.0 { (energy / weights).sqrt() } else { 0.0 }
}

/// Sums of the squares of weighted samples and of their weights `(1 + cos angle) / 2`, the angle growing by `step` from
/// sample to sample: angles side by side are turned on together, which takes no cosine a sample.
#[inline(always)]
fn weighted_energy(samples: &[f32], start: f64, step: f64) -> (f64, f64) {
    let (mut sin, mut cos) = side_by_side(start, step);
    let (turn_sin, turn_cos) = (step * LANES as f64).sin_cos();
    let (mut energy, mut weights) = ([0.0; LANES], [0.0; LANES]);
    for chunk in samples.chunks(LANES) {
        // past the last sample neither it nor its weight counts
        let (mut values, mut counts) = ([0.0; LANES], [0.0; LANES]);
        values.iter_mut().zip(chunk).for_each(|(value, sample)| *value = f64::from(*sample));
        counts[..chunk.len()].fill(1.0);
        for lane in 0..LANES {
            let weight = counts[lane] * (0.5 + 0.5 * cos[lane]);
            energy[lane] += (weight * values[lane]).powi(2);
            weights[lane] += weight * weight;
            let turned = cos[lane] * turn_cos - sin[lane] * turn_sin;
            sin[lane] = sin[lane] * turn_cos + cos[lane] * turn_sin;
            cos[lane] = turned;
        }
    }
    (energy.iter().sum(), weights.iter().sum())
}

/// Sines and cosines of LANES angles from `start` on.
#[inline(always)]
fn side_by_side(start: f64, step: f64) -> ([f64; LANES], [f64; LANES]) {
    let (mut sin, mut cos) = ([start.sin(); LANES], [start.cos(); LANES]);
    let (step_sin, step_cos) = step.sin_cos();
    for lane in 1..LANES {
        sin[lane] = sin[lane - 1] * step_cos + cos[lane - 1] * step_sin;
        cos[lane] = cos[lane - 1] * step_cos - sin[lane - 1] * step_sin;
    }
    (sin, cos)
}

fn index(at: f64) -> Option<usize> {
    (at >= 0.0).then(|| at.round() as usize)
}

/// Sums of the products of `here` with `room` at the offsets 0 to 7; those for which there is no room are less.
fn products_at(here: &[f32], room: &[f32]) -> Lanes {
    let whole = (room.len() + 1).saturating_sub(LANES).min(here.len());
    simd(
        #[inline(always)]
        || {
            let mut sums = Lanes::ZERO;
            for (sample, there) in here[..whole].iter().zip(room.windows(LANES)) {
                sums += Lanes(std::array::from_fn(|lane| there[lane])) * *sample;
            }
            for (start, sample) in here.iter().enumerate().skip(whole) {
                for (sum, there) in sums.0.iter_mut().zip(&room[start.min(room.len())..]) {
                    *sum += sample * there;
                }
            }
            sums
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Edges;

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
