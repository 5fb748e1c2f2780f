use super::{BlockLoader, Grid, LANES, Lanes, RealFft, level_in_place, povey, simd, symmetric_hamming, window};
use crate::config::{FrameParams, MelPreset, Window};

/// Steps of a 16-bit integer in full scale.
const FULL_SCALE: f32 = 32768.0;

/// Share of the sample before that pre-emphasis takes away.
const EMPHASIS: f32 = 0.97;

/// The spectra of a preset that prepares frames in a way of its own; [`MelPreset`] says how each does.
#[derive(Debug, Clone)]
pub struct FrontEnd {
    preset: MelPreset,
    grid: Grid,
    /// Loads one sample more on either side of the window.
    loader: BlockLoader,
    window: Vec<f32>,
    /// Prepared frames, padded with zeros: `n_fft` rows.
    frames: Vec<Lanes>,
    fft: RealFft,
    spectrum: Vec<Lanes>,
}

impl FrontEnd {
    /// Plans window and FFT; `None` for librosa, which takes spectra as [`super::PowerSpectra`] has them.
    pub fn new(preset: MelPreset, frame: &FrameParams) -> Option<Self> {
        let window = match preset {
            MelPreset::Librosa => return None,
            MelPreset::Kaldi => povey(frame.window_samples),
            MelPreset::Psf => window(Window::Rectangular, frame.window_samples),
            MelPreset::Htk => symmetric_hamming(frame.window_samples),
        };
        let (grid, loaded) = (Grid::new(frame), frame.window_samples + 2);
        Some(Self {
            preset,
            grid,
            loader: BlockLoader::new(vec![1.0; loaded], grid, loaded),
            window,
            frames: vec![Lanes::ZERO; frame.n_fft],
            fft: RealFft::new(frame.n_fft),
            spectrum: vec![Lanes::ZERO; frame.n_fft / 2 + 1],
        })
    }

    /// The spectra of the frames from `first_frame`: `n_fft / 2 + 1` rows; and what the preset puts in place of C0: the
    /// log energy of each frame.
    pub fn block(&mut self, samples: &[f32], first_frame: usize) -> (&[Lanes], Option<Lanes>) {
        let frame_energy = self.prepare(samples, first_frame);
        self.fft.power(&self.frames, &mut self.spectrum);
        let (preset, n_fft, spectrum) = (self.preset, self.frames.len(), &mut self.spectrum);
        let energy = simd(
            #[inline(always)]
            || match preset {
                MelPreset::Htk => {
                    spectrum.iter_mut().for_each(|bin| *bin = bin.sqrt());
                    None
                }
                MelPreset::Psf => {
                    spectrum.iter_mut().for_each(|bin| *bin = *bin * (1.0 / n_fft as f32));
                    Some(spectrum.iter().fold(Lanes::ZERO, |sum, bin| sum + *bin))
                }
                MelPreset::Kaldi | MelPreset::Librosa => Some(frame_energy),
            },
        );
        let energy = energy.map(|energy| {
            let mut level = [energy];
            level_in_place(preset, &mut level);
            level[0]
        });
        (&self.spectrum, energy)
    }

    /// Fills `frames`; returns the sum of each frame's squared samples before pre-emphasis.
    fn prepare(&mut self, samples: &[f32], first_frame: usize) -> Lanes {
        let length = self.window.len();
        let loaded = self.loader.load(samples, first_frame);
        let (preset, window, frames) = (self.preset, &self.window, &mut self.frames[..length]);
        let energy = simd(
            #[inline(always)]
            || {
                let scaled = |row: &Lanes| scale(preset, *row);
                frames.iter_mut().zip(&loaded[1..]).for_each(|(row, sample)| *row = scaled(sample));
                if preset == MelPreset::Kaldi {
                    remove_mean(frames);
                }
                let energy = frames.iter().fold(Lanes::ZERO, |sum, row| sum + *row * *row);
                // the HTK Book and Kaldi let the frame's first sample stand for the one before it
                let before = if preset == MelPreset::Psf { scaled(&loaded[0]) } else { frames[0] };
                emphasise(frames, before, window);
                energy
            },
        );
        if preset == MelPreset::Psf {
            self.end_with_zero(samples.len(), first_frame);
        }
        energy
    }

    /// Python_speech_features pads after pre-emphasis: the sample after the signal's last is zero.
    fn end_with_zero(&mut self, samples: usize, first_frame: usize) {
        let length = self.window.len();
        for lane in 0..LANES {
            let end = samples as isize - self.grid.start(first_frame + lane, length);
            if (0..length as isize).contains(&end) {
                self.frames[end as usize].0[lane] = 0.0;
            }
        }
    }
}

/// Samples on the scale of 16-bit integers.
#[inline(always)]
fn scale(preset: MelPreset, row: Lanes) -> Lanes {
    let scaled = row * FULL_SCALE;
    if preset == MelPreset::Psf { scaled.map(|x| x.trunc().clamp(-FULL_SCALE, FULL_SCALE - 1.0)) } else { scaled }
}

#[inline(always)]
fn remove_mean(frames: &mut [Lanes]) {
    let mean = frames.iter().fold(Lanes::ZERO, |sum, row| sum + *row) * (1.0 / frames.len() as f32);
    frames.iter_mut().for_each(|row| *row = *row - mean);
}

/// Takes a share of the sample before from each and applies the window.
#[inline(always)]
fn emphasise(frames: &mut [Lanes], mut before: Lanes, window: &[f32]) {
    for (row, weight) in frames.iter_mut().zip(window) {
        let sample = *row;
        *row = (sample - before * EMPHASIS) * *weight;
        before = sample;
    }
}
