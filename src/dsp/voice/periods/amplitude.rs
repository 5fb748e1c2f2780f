use super::{PERIOD_FACTOR, Pulse};
use crate::dsp::{LANES, simd};
use std::f64::consts::PI;
use std::ops::Range;

/// The half width of the window of a pulse's amplitude, in periods. Praat's is 0.2: then it matters which of a period's
/// peaks the pulses sit on, which is chance.
const REACH: f64 = 0.5;

/// Fills in the amplitudes of the pulses that lie between two periods of like length.
pub fn measure(samples: &[f32], pulses: &mut [Pulse]) {
    for middle in 1..pulses.len().saturating_sub(1) {
        let at = pulses[middle].at;
        let (before, after) = (at - pulses[middle - 1].at, pulses[middle + 1].at - at);
        if before.max(after) <= PERIOD_FACTOR * before.min(after) {
            pulses[middle].amplitude = windowed_rms(samples, at, REACH * before, REACH * after);
        }
    }
}

/// Root mean square around a time (in samples) under a Hann window that reaches so many samples to both sides.
fn windowed_rms(samples: &[f32], at: f64, left: f64, right: f64) -> f64 {
    let from = (at - left).ceil().max(0.0) as usize;
    let middle = (at.ceil().max(0.0) as usize).clamp(from, samples.len().max(from));
    let to = ((at + right).floor() as usize + 1).clamp(middle, samples.len().max(middle));
    let side = |range: Range<usize>, reach: f64| {
        let start = PI * (range.start as f64 - at) / reach;
        let side = samples.get(range).unwrap_or_default();
        simd(
            #[inline(always)]
            || weighted_energy(side, start, PI / reach),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_weighs_samples_by_their_distance() {
        let samples: Vec<f32> = (0..300).map(|i| (i as f32 * 0.37).sin() + 0.002 * i as f32).collect();
        for (at, left, right) in [(150.3, 40.0, 55.5), (10.0, 30.0, 20.2), (290.8, 17.0, 60.0), (100.0, 3.1, 0.9)] {
            let (mut energy, mut weights) = (0.0, 0.0);
            for (i, sample) in samples.iter().enumerate() {
                let distance = i as f64 - at;
                let share = distance / if distance < 0.0 { left } else { right };
                let weight = if share.abs() < 1.0 { 0.5 + 0.5 * (PI * share).cos() } else { 0.0 };
                energy += (weight * f64::from(*sample)).powi(2);
                weights += weight * weight;
            }
            let got = windowed_rms(&samples, at, left, right);
            assert!((got - (energy / weights).sqrt()).abs() < 1e-9, "{got} at {at}");
        }
    }

    #[test]
    fn only_pulses_between_periods_of_like_length_have_an_amplitude() {
        let mut pulses = [10.0, 60.0, 110.0, 190.0, 240.0].map(|at| Pulse { at, amplitude: f64::NAN });
        measure(&[0.25; 300], &mut pulses);
        let known = pulses.map(|pulse| (!pulse.amplitude.is_nan()).then_some(pulse.amplitude));
        assert!(known[1].is_some_and(|amplitude| (amplitude - 0.25).abs() < 1e-9));
        assert_eq!([known[0], known[2], known[3], known[4]], [None; 4]);
    }
}
