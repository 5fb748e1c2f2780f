use audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Resampler};

/// Least input frames that the resampler transforms at a time.
const CHUNK: usize = 1_024;
/// Resamplers kept: more source rates than this in one run are built again when they return.
const KEPT: usize = 8;

/// Resamplers to one rate, kept for the source rates seen.
pub struct Resamplers {
    to_hz: u32,
    kept: Vec<(u32, Fft<f32>)>,
}

impl Resamplers {
    /// Nothing is built before it is needed.
    pub fn new(to_hz: u32) -> Self {
        Self { to_hz, kept: Vec::new() }
    }

    /// Resamples `samples` from `from_hz`; `round(len * to / from)` samples come out, at least one.
    ///
    /// Synchronous FFT resampling with a windowed-sinc low-pass (Blackman-Harris squared), whose delay is trimmed.
    /// Before the first and after the last sample lies silence.
    pub fn resample(&mut self, samples: &[f32], from_hz: u32) -> Vec<f32> {
        let to_hz = self.to_hz;
        let input = SequentialSlice::new(samples, 1, samples.len())
            .expect("one channel of the slice's own length always fits the slice");
        let mut output = self
            .resampler(from_hz)
            .process_all(&input, samples.len(), None)
            .expect("a resampler of one channel accepts one channel of the stated length")
            .take_data();
        // rubato rounds the length up.
        output.truncate(resampled_len(samples.len(), from_hz, to_hz));
        output
    }

    fn resampler(&mut self, from_hz: u32) -> &mut Fft<f32> {
        let place = self.kept.iter().position(|(rate_hz, _)| *rate_hz == from_hz).unwrap_or_else(|| {
            if self.kept.len() == KEPT {
                self.kept.remove(0);
            }
            let chunk = chunk_frames(from_hz, self.to_hz);
            let resampler = Fft::new(from_hz as usize, self.to_hz as usize, chunk, 1, FixedSync::Both)
                .expect("rates and chunk are above zero");
            self.kept.push((from_hz, resampler));
            self.kept.len() - 1
        });
        &mut self.kept[place].1
    }
}

/// Frames of a transform: a power of two, at least 2, times the smallest block that both rates share, `CHUNK` or more.
///
/// Powers of two are fast, and an odd number of frames would put the low-pass, and so all that comes out, half a sample
/// off its middle.
fn chunk_frames(from_hz: u32, to_hz: u32) -> usize {
    let (mut common, mut rest) = (from_hz, to_hz);
    while rest != 0 {
        (common, rest) = (rest, common % rest);
    }
    let block = (from_hz / common) as usize;
    block * CHUNK.div_ceil(block).next_power_of_two().max(2)
}

/// Length after resampling: `len * to / from`, rounded to the nearest, at least 1.
fn resampled_len(len: usize, from_hz: u32, to_hz: u32) -> usize {
    let (len, from, to) = (len as u128, u128::from(from_hz), u128::from(to_hz));
    let rounded = (2 * len * to + from) / (2 * from);
    usize::try_from(rounded).unwrap_or(usize::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(hz: f64, rate_hz: u32, len: usize) -> Vec<f32> {
        (0..len).map(|n| (std::f64::consts::TAU * hz * n as f64 / f64::from(rate_hz)).sin() as f32).collect()
    }

    #[test]
    fn lengths_are_rounded_to_the_nearest() {
        let cases = [(3, 48_000, 16_000, 1), (4, 48_000, 16_000, 1), (5, 48_000, 16_000, 2), (1, 96_000, 8_000, 1)];
        for (len, from, to, want) in cases {
            assert_eq!(Resamplers::new(to).resample(&vec![0.25; len], from).len(), want, "{len} from {from} to {to}");
        }
        for (from, to) in [(44_100, 16_000), (8_000, 16_000), (22_050, 16_000), (11_127, 16_000)] {
            for len in [1, 2, 100, 1_023, 1_024, 1_025, 5_000] {
                let want = (len as f64 * f64::from(to) / f64::from(from)).round().max(1.0) as usize;
                assert_eq!(Resamplers::new(to).resample(&vec![0.25; len], from).len(), want, "{len} from {from}");
            }
        }
    }

    #[test]
    fn a_sine_keeps_its_frequency_amplitude_and_phase() {
        for from in [8_000, 11_127, 22_050, 32_000, 44_100, 48_000, 96_000] {
            let got = Resamplers::new(16_000).resample(&sine(1_000.0, from, from as usize), from);
            let want = sine(1_000.0, 16_000, 16_000);
            // Away from the ends, where the signal starts and stops at once.
            let inner = 1_500..14_500;
            let worst = inner.map(|n| (got[n] - want[n]).abs()).fold(0.0, f32::max);
            assert!(worst < 1e-3, "{from} Hz: {worst}");
        }
    }

    #[test]
    fn content_above_half_the_new_rate_is_gone() {
        let got = Resamplers::new(16_000).resample(&sine(9_000.0, 48_000, 48_000), 48_000);
        let worst = got[1_500..14_500].iter().fold(0.0_f32, |worst, sample| worst.max(sample.abs()));
        assert!(worst < 1e-3, "{worst}");
    }

    #[test]
    fn a_used_resampler_is_as_good_as_a_new_one() {
        let mut used = Resamplers::new(16_000);
        let noise: Vec<f32> = (0..7_777_u32).map(|n| (n.wrapping_mul(2_654_435_761) as f32 / 2e9) - 1.0).collect();
        for from in (0..12).map(|n| 20_000 + 2_000 * n) {
            used.resample(&noise, from);
        }
        assert_eq!(used.kept.len(), KEPT);
        let want = Resamplers::new(16_000).resample(&noise, 42_000);
        assert_eq!(used.resample(&noise, 42_000), want);
    }
}
