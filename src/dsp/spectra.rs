use super::{BlockFft, Cutter, Grid, Lanes, simd, window};
use crate::dsp::FrameParams;

/// The power spectra that every spectral descriptor shares: one window and one FFT a frame.
#[derive(Debug, Clone)]
pub struct PowerSpectra {
    cutter: Cutter,
    window: Vec<f32>,
    fft: BlockFft,
    power: Vec<Lanes>,
}

impl PowerSpectra {
    /// Plans window and FFT.
    pub fn new(frame: &FrameParams) -> Self {
        Self {
            cutter: Cutter::new(frame.window_samples, Grid::new(frame)),
            window: window(frame.window, frame.window_samples),
            fft: BlockFft::new(frame.n_fft),
            power: vec![Lanes::ZERO; frame.n_fft / 2 + 1],
        }
    }

    /// `|X|^2` of the frames from `first_frame`: `n_fft / 2 + 1` rows.
    pub fn block(&mut self, samples: &[f32], first_frame: usize) -> &[Lanes] {
        let (frames, window) = (self.cutter.frames(samples, first_frame), &self.window);
        let windowed = |lane: usize, out: &mut [f32]| {
            simd(
                #[inline(always)]
                || {
                    for (out, (sample, weight)) in out.iter_mut().zip(frames[lane].iter().zip(window)) {
                        *out = sample * weight;
                    }
                },
            );
        };
        self.fft.power_of(windowed, &mut self.power);
        &self.power
    }
}
