use crate::config::PitchParams;
use crate::dsp::{BlockFft, BlockLoader, Grid, Lanes, simd};

/// Periods of the lowest pitch in a frame.
const PERIODS: f64 = 3.0;

/// Power spectra of the long frames that a voice needs: three periods of the lowest pitch, mean removed, under Praat's
/// Hanning window, padded with zeros so that their autocorrelation does not wrap around.
#[derive(Debug, Clone)]
pub struct VoiceSpectra {
    loader: BlockLoader,
    fft: BlockFft,
    window: Vec<f32>,
    /// Samples to both sides of a frame's centre that its level is taken of.
    reach: usize,
    rows: Vec<Lanes>,
    power: Vec<Lanes>,
}

impl VoiceSpectra {
    /// Plans the frames of a grid.
    pub fn new(params: &PitchParams, sample_rate_hz: u32, grid: Grid) -> Self {
        let rate = f64::from(sample_rate_hz);
        let length = ((PERIODS * rate / params.min_hz) as usize / 2 * 2).max(4);
        let n_fft = (length * 3 / 2).next_power_of_two().max(8);
        Self {
            loader: BlockLoader::new(vec![1.0; length], grid, n_fft),
            fft: BlockFft::new(n_fft),
            window: symmetric_hann(length),
            reach: (rate / params.min_hz) as usize / 2,
            rows: vec![Lanes::ZERO; n_fft],
            power: vec![Lanes::ZERO; n_fft / 2 + 1],
        }
    }

    /// Length of the FFT.
    pub fn n_fft(&self) -> usize {
        self.rows.len()
    }

    /// The window, which is the length of a frame.
    pub fn window(&self) -> &[f32] {
        &self.window
    }

    /// `|X|^2` of the frames from `first_frame`, `n_fft / 2 + 1` rows, and each frame's largest magnitude within half a
    /// period of the lowest pitch of its centre.
    pub fn block(&mut self, samples: &[f32], first_frame: usize) -> (&[Lanes], Lanes) {
        let block = self.loader.load(samples, first_frame);
        let offset = (block.len() - self.window.len()) / 2;
        let frame = &block[offset..offset + self.window.len()];
        let peaks = simd(
            #[inline(always)]
            || window_block(frame, &self.window, &mut self.rows, self.reach),
        );
        self.fft.power(&self.rows, &mut self.power);
        (&self.power, peaks)
    }
}

/// Praat's Hanning window: symmetric, without its zeros.
fn symmetric_hann(length: usize) -> Vec<f32> {
    let step = std::f64::consts::TAU / (length + 1) as f64;
    (1..=length).map(|i| (0.5 - 0.5 * (step * i as f64).cos()) as f32).collect()
}

/// Subtracts each frame's mean, applies the window and pads with zeros; returns the peak of each frame within `reach`
/// samples of its centre.
#[inline(always)]
fn window_block(frame: &[Lanes], window: &[f32], rows: &mut [Lanes], reach: usize) -> Lanes {
    let length = frame.len();
    let mean = frame.iter().fold(Lanes::ZERO, |sum, row| sum + *row) * (1.0 / length as f32);
    for (row, (sample, weight)) in rows.iter_mut().zip(frame.iter().zip(window)) {
        *row = (*sample - mean) * *weight;
    }
    rows[length..].fill(Lanes::ZERO);
    let centre = &rows[length / 2 - reach..length / 2 + reach];
    centre.iter().fold(Lanes::ZERO, |peak, row| peak.max(row.map(f32::abs)))
}
