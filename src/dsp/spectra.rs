use super::{BlockFft, BlockLoader, Grid, Lanes, window};
use crate::config::FrameParams;

/// The power spectra that every spectral descriptor shares: one window and one FFT a frame.
#[derive(Debug, Clone)]
pub struct PowerSpectra {
    loader: BlockLoader,
    fft: BlockFft,
    power: Vec<Lanes>,
}

impl PowerSpectra {
    /// Plans window and FFT.
    pub fn new(frame: &FrameParams) -> Self {
        let window = window(frame.window, frame.window_samples);
        Self {
            loader: BlockLoader::new(window, Grid::new(frame), frame.n_fft),
            fft: BlockFft::new(frame.n_fft),
            power: vec![Lanes::ZERO; frame.n_fft / 2 + 1],
        }
    }

    /// `|X|^2` of the frames from `first_frame`: `n_fft / 2 + 1` rows.
    pub fn block(&mut self, samples: &[f32], first_frame: usize) -> &[Lanes] {
        self.fft.power(self.loader.load(samples, first_frame), &mut self.power);
        &self.power
    }
}
