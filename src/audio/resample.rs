use audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Indexing, Resampler};

/// Least input frames that the resampler transforms at a time.
const CHUNK: usize = 1_024;
/// Resamplers kept: more source rates than this in one run are built again when they return.
const KEPT: usize = 8;

/// Resamplers to one rate, kept for the source rates seen.
pub struct Resamplers {
    to_hz: u32,
    kept: Vec<(u32, Fft<f32>)>,
}

/// A signal on its way to another rate: it keeps what came out, and of what went in less than a block.
pub struct Resampling {
    from_hz: u32,
    to_hz: u32,
    /// Samples pushed so far.
    len: usize,
    output: Vec<f32>,
    /// None where both rates are the same.
    blocks: Option<Blocks>,
}

/// Transforms block after block.
struct Blocks {
    resampler: Fft<f32>,
    /// Samples that do not make a block yet.
    waiting: Vec<f32>,
    /// Samples that are yet to come out before the first that belongs to the signal.
    delay: usize,
}

impl Resamplers {
    /// Nothing is built before it is needed.
    pub fn new(to_hz: u32) -> Self {
        Self { to_hz, kept: Vec::new() }
    }

    /// The rate that signals are brought to, in Hz.
    pub fn rate_hz(&self) -> u32 {
        self.to_hz
    }

    /// Begins a signal at `from_hz`. Several may be on their way at once; end each with [`Resamplers::finish`].
    pub fn begin(&mut self, from_hz: u32) -> Resampling {
        let blocks = (from_hz != self.to_hz).then(|| Blocks::new(self.take(from_hz)));
        Resampling { from_hz, to_hz: self.to_hz, len: 0, output: Vec::new(), blocks }
    }

    /// Ends a signal: `round(len * to / from)` samples come out, at least one, whatever pieces it was pushed in.
    pub fn finish(&mut self, signal: Resampling) -> Vec<f32> {
        let Resampling { from_hz, to_hz, len, mut output, blocks } = signal;
        if let Some(mut blocks) = blocks {
            let wanted = resampled_len(len, from_hz, to_hz);
            while output.len() < wanted {
                blocks.transform(&mut output);
            }
            output.truncate(wanted);
            if self.kept.len() == KEPT {
                self.kept.remove(0);
            }
            self.kept.push((from_hz, blocks.resampler));
        }
        output
    }

    /// Resamples a whole signal.
    pub fn resample(&mut self, samples: &[f32], from_hz: u32) -> Vec<f32> {
        let mut signal = self.begin(from_hz);
        signal.push(samples);
        self.finish(signal)
    }

    fn take(&mut self, from_hz: u32) -> Fft<f32> {
        if let Some(place) = self.kept.iter().position(|(rate_hz, _)| *rate_hz == from_hz) {
            let (_, mut resampler) = self.kept.remove(place);
            resampler.reset();
            return resampler;
        }
        let chunk = chunk_frames(from_hz, self.to_hz);
        Fft::new(from_hz as usize, self.to_hz as usize, chunk, 1, FixedSync::Both)
            .expect("rates and chunk are above zero")
    }
}

impl Resampling {
    /// The next samples of the signal.
    ///
    /// Synchronous FFT resampling with a windowed-sinc low-pass (Blackman-Harris squared), whose delay is trimmed.
    /// Before the first and after the last sample lies silence.
    pub fn push(&mut self, samples: &[f32]) {
        self.len += samples.len();
        match &mut self.blocks {
            None => self.output.extend_from_slice(samples),
            Some(blocks) => blocks.push(samples, &mut self.output),
        }
    }
}

impl Blocks {
    fn new(resampler: Fft<f32>) -> Self {
        let delay = resampler.output_delay();
        Self { resampler, waiting: Vec::new(), delay }
    }

    fn push(&mut self, mut samples: &[f32], output: &mut Vec<f32>) {
        let block = self.resampler.input_frames_next();
        while self.waiting.len() + samples.len() >= block {
            let (now, later) = samples.split_at(block - self.waiting.len());
            self.waiting.extend_from_slice(now);
            self.transform(output);
            samples = later;
        }
        self.waiting.extend_from_slice(samples);
    }

    /// Resamples what waits, as a block that silence fills up.
    fn transform(&mut self, output: &mut Vec<f32>) {
        const FITS: &str = "one channel of a slice's own length always fits the slice";
        let (start, frames) = (output.len(), self.resampler.output_frames_next());
        output.resize(start + frames, 0.0);
        let from = SequentialSlice::new(&self.waiting, 1, self.waiting.len()).expect(FITS);
        let mut to = SequentialSlice::new_mut(&mut output[start..], 1, frames).expect(FITS);
        let share = Indexing::new().partial_len(self.waiting.len());
        self.resampler.process_into_buffer(&from, &mut to, Some(&share)).expect("a block comes of a block or less");
        self.waiting.clear();
        let early = self.delay.min(frames);
        output.drain(start..start + early);
        self.delay -= early;
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

    /// All at once, by rubato itself.
    fn at_once(samples: &[f32], from_hz: u32, to_hz: u32) -> Vec<f32> {
        let input = SequentialSlice::new(samples, 1, samples.len()).expect("one channel");
        let mut resampler = Resamplers::new(to_hz).take(from_hz);
        let output = resampler.process_all(&input, samples.len(), None).expect("one channel");
        let mut output = output.take_data();
        output.truncate(resampled_len(samples.len(), from_hz, to_hz));
        output
    }

    #[test]
    fn a_signal_in_pieces_is_bit_for_bit_the_signal_as_a_whole() {
        let noise: Vec<f32> = (0..20_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) as f32 / 2e9) - 1.0).collect();
        for (from, to) in [(48_000, 16_000), (44_100, 16_000), (8_000, 16_000), (11_127, 16_000), (96_000, 22_050)] {
            let mut resamplers = Resamplers::new(to);
            for len in [1, 2, 1_023, 1_024, 1_536, 3_071, 3_072, 3_073, 4_608, 20_000] {
                let want = at_once(&noise[..len], from, to);
                for piece in [1, 1_152, 4_096, 20_000] {
                    let mut signal = resamplers.begin(from);
                    noise[..len].chunks(piece).for_each(|samples| signal.push(samples));
                    assert!(resamplers.finish(signal) == want, "{len} samples, {from} to {to} Hz, {piece} at a time");
                }
            }
        }
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
