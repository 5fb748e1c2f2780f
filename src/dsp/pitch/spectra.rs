use crate::dsp::sums::{largest_of, sum_of};
use crate::dsp::{Cutter, Grid, LANES, Lanes, PairFft, PitchParams, inner_hann, simd};

/// Periods of the lowest pitch in a frame.
const PERIODS: f64 = 3.0;

/// Blocks whose spectra are kept until somebody asks again: ten seconds with 10 ms from frame to frame, 2 MB at 16 kHz.
const KEPT: usize = 128;

/// Power spectra of the long frames that a voice needs: three periods of the lowest pitch, mean removed, under Praat's
/// Hanning window, padded with zeros so that their autocorrelation does not wrap around.
#[derive(Debug, Clone)]
pub struct VoiceSpectra {
    cutter: Cutter,
    fft: PairFft,
    window: Vec<f32>,
    /// Samples to both sides of a frame's centre that its level is taken of.
    reach: usize,
    /// `n_fft / 2 + 1`.
    bins: usize,
    /// The spectra of the utterance's first blocks, `bins` rows each, and at the end those of any other.
    kept: Vec<Lanes>,
}

impl VoiceSpectra {
    /// Plans the frames of a grid.
    pub fn new(params: &PitchParams, sample_rate_hz: u32, grid: Grid) -> Self {
        let rate = f64::from(sample_rate_hz);
        let length = ((PERIODS * rate / params.min_hz) as usize / 2 * 2).max(4);
        let n_fft = (length * 3 / 2).next_power_of_two().max(8);
        Self {
            cutter: Cutter::new(length, grid),
            fft: PairFft::new(n_fft),
            window: inner_hann(length),
            reach: (rate / params.min_hz) as usize / 2,
            bins: n_fft / 2 + 1,
            kept: Vec::new(),
        }
    }

    /// Length of the FFT.
    pub fn n_fft(&self) -> usize {
        2 * (self.bins - 1)
    }

    /// The window, which is the length of a frame.
    pub fn window(&self) -> &[f32] {
        &self.window
    }

    /// `|X|^2` of the frames from `first_frame` (a multiple of [`LANES`]), `n_fft / 2 + 1` rows, and each frame's
    /// largest magnitude within half a period of the lowest pitch of its centre.
    pub fn block(&mut self, samples: &[f32], first_frame: usize) -> (&[Lanes], Lanes) {
        let (place, bins) = (place(first_frame), self.bins);
        if self.kept.len() < (place + 1) * bins {
            self.kept.resize((place + 1) * bins, Lanes::ZERO);
        }
        let power = &mut self.kept[place * bins..][..bins];
        let (frames, window, reach) = (self.cutter.frames(samples, first_frame), &self.window, self.reach);
        let mut peaks = Lanes::ZERO;
        let windowed = |lane: usize, out: &mut [f32]| {
            peaks.0[lane] = simd(
                #[inline(always)]
                || window_frame(frames[lane], window, reach, out),
            );
        };
        self.fft.power_of(windowed, power);
        (power, peaks)
    }

    /// The spectra of a block again, of the same samples that [`Self::block`] was last called with for it.
    pub fn again(&mut self, samples: &[f32], first_frame: usize) -> &[Lanes] {
        match place(first_frame) {
            KEPT => self.block(samples, first_frame).0,
            place => &self.kept[place * self.bins..][..self.bins],
        }
    }
}

/// Where among the kept blocks a block belongs.
fn place(first_frame: usize) -> usize {
    (first_frame / LANES).min(KEPT)
}

/// Subtracts the frame's mean and applies the window; returns the largest magnitude within `reach` samples of the
/// centre.
#[inline(always)]
fn window_frame(frame: &[f32], window: &[f32], reach: usize, out: &mut [f32]) -> f32 {
    let length = window.len();
    let mean = sum_of(frame, |sample| sample) / length as f32;
    let (out, frame) = (&mut out[..length], &frame[..length]);
    for i in 0..length {
        out[i] = (frame[i] - mean) * window[i];
    }
    largest_of(&out[length / 2 - reach..length / 2 + reach], f32::abs)
}
