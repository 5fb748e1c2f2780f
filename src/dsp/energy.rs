use super::framing::copy_padded;
use super::sums::square_sum;
use super::{Grid, simd};

/// Mean square below which a frame counts as silent: -100 dB of full scale.
const SILENCE: f32 = 1e-10;

/// Magnitudes up to this count as zero when signs are compared (librosa's `threshold`).
const ZERO: f32 = 1e-10;

/// Root mean square of each frame, zeros outside the signal (librosa.feature.rms): amplitude, 1 is full scale. `out`
/// has [`Grid::frames`] values.
pub fn rms(samples: &[f32], grid: Grid, out: &mut [f32]) {
    let window = grid.window;
    let mut edge = vec![0.0; window];
    for (frame, out) in out.iter_mut().enumerate() {
        let start = grid.start(frame, window);
        let inside = usize::try_from(start).ok().and_then(|start| samples.get(start..start + window));
        let energy = inside.map(square_sum).unwrap_or_else(|| {
            copy_padded(samples, start, &mut edge);
            square_sum(&edge)
        });
        *out = (energy / window as f32).sqrt();
    }
}

/// Log energy of a frame from its RMS: `10 log10(max(1e-10, rms^2))` dB of full scale.
pub fn log_energy_db(rms: f32) -> f32 {
    10.0 * (rms * rms).max(SILENCE).log10()
}

/// Share of the samples of each frame at which the sign differs from the sample before, 0..1; the signal's end samples
/// are repeated outside it (librosa.feature.zero_crossing_rate). `out` has [`Grid::frames`] values.
pub fn zero_crossing_rate(samples: &[f32], grid: Grid, out: &mut [f32]) {
    let window = grid.window;
    for (frame, out) in out.iter_mut().enumerate() {
        let start = grid.start(frame, window);
        let end = (start + window as isize).clamp(0, samples.len() as isize) as usize;
        let start = (start.max(0) as usize).min(end);
        *out = sign_changes(&samples[start..end]) as f32 / window as f32;
    }
}

/// Neighbours of different sign.
fn sign_changes(samples: &[f32]) -> u32 {
    let Some((_, next)) = samples.split_first() else { return 0 };
    simd(
        #[inline(always)]
        || samples.iter().zip(next).map(|(a, b)| u32::from((*a < -ZERO) != (*b < -ZERO))).sum(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::Edges;

    const GRID: Grid = Grid { window: 400, hop: 160, edges: Edges::Centre };

    #[test]
    fn a_sine_has_its_known_energy_and_crossings() {
        // 1 kHz at 16 kHz: two crossings a millisecond, RMS 1/sqrt(2)
        let samples: Vec<f32> = (0..16000).map(|i| (i as f32 * std::f32::consts::TAU / 16.0 + 0.1).sin()).collect();
        let (mut energy, mut rates) = ([0.0; 101], [0.0; 101]);
        rms(&samples, GRID, &mut energy);
        zero_crossing_rate(&samples, GRID, &mut rates);
        for frame in 2..98 {
            assert!((energy[frame] - 0.5_f32.sqrt()).abs() < 1e-5);
            assert!((rates[frame] - 0.125).abs() <= 1.0 / 400.0);
        }
        assert!((log_energy_db(energy[50]) + 3.0103).abs() < 1e-3);
        assert!(energy[0] < 0.6 && rates[0] < 0.07, "the first frame is half outside the signal");
    }

    #[test]
    fn silence_is_finite() {
        let (mut energy, mut rates) = ([1.0], [1.0]);
        rms(&[0.0], GRID, &mut energy);
        zero_crossing_rate(&[0.0], GRID, &mut rates);
        assert_eq!((energy[0], rates[0], log_energy_db(0.0)), (0.0, 0.0, -100.0));
    }
}
