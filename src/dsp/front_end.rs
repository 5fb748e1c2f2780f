use super::{
    BlockFft, BlockLoader, Cutter, Grid, LANES, Lanes, level_in_place, povey, simd, symmetric_hamming, window,
};
use crate::dsp::{FrameParams, MelPreset, Window};

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
    fft: BlockFft,
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
            loader: BlockLoader::new(loaded, grid),
            window,
            frames: vec![Lanes::ZERO; frame.n_fft],
            fft: BlockFft::new(frame.n_fft),
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

    /// Zeroes the sample after the last of the signal: python_speech_features pads after pre-emphasis.
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

/// Samples on the scale of 16-bit integers; python_speech_features sees integers, cut towards zero.
#[inline(always)]
fn scale(preset: MelPreset, row: Lanes) -> Lanes {
    let scaled = row * FULL_SCALE;
    if preset == MelPreset::Psf { scaled.map(|x| f32::from(x as i16)) } else { scaled }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::{Cepstra, Contours};
    use crate::dsp::{Edges, MfccParams};

    /// Cepstra of a preset over 26 bands, at 16 kHz.
    fn cepstra(preset: MelPreset, edges: Edges, samples: &[f32]) -> Contours {
        let frame = FrameParams { window: Window::Hann, window_samples: 400, hop_samples: 160, n_fft: 512, edges };
        let mut front_end = FrontEnd::new(preset, &frame).expect("a preset with a front end");
        let params = MfccParams { preset, coefficients: 13, mel_bands: 26, top_db: None };
        let (mut cepstra, mut contours) = (Cepstra::new(&params, 16000, 512), Contours::new());
        let frames = Grid::new(&frame).frames(samples.len());
        contours.reset(13, frames);
        cepstra.reset(frames);
        for first_frame in (0..frames).step_by(LANES) {
            let (spectrum, energy) = front_end.block(samples, first_frame);
            cepstra.push(spectrum, energy);
        }
        cepstra.write(&mut contours, 0);
        contours
    }

    fn two_tones(samples: usize) -> Vec<f32> {
        let tones = |i: f64| 8000.0 * (0.3 * i).sin() * (0.011 * i).cos() + 500.0 * (1.7 * i).sin();
        (0..samples).map(|i| (tones(i as f64).round() / 32768.0) as f32).collect()
    }

    #[test]
    fn the_padded_end_matches_python_speech_features() {
        // python_speech_features.mfcc(signal, 16000, nfft=512)[-1]
        let wanted = [
            (300, [19.37653, 9.31544, 0.01932, -30.55617, -36.84482, 19.52463, -8.20036, 37.70683, 13.61063, -28.7459]),
            (500, [19.3908, 8.9265, 10.03539, -37.41528, -50.57097, 33.97232, -12.127, 42.77835, 25.89445, -42.37733]),
        ];
        for (samples, want) in wanted {
            let contours = cepstra(MelPreset::Psf, Edges::PadEnd, &two_tones(samples));
            for (k, want) in want.into_iter().enumerate() {
                let got = contours.row(k)[contours.frames() - 1];
                assert!((got - want).abs() < 1e-3, "c{k} of {samples} samples: {got} for {want}");
            }
        }
    }

    #[test]
    fn kaldi_takes_a_constant_offset_away() {
        let samples = two_tones(8000);
        let moved: Vec<f32> = samples.iter().map(|x| x + 0.25).collect();
        let (want, got) =
            (cepstra(MelPreset::Kaldi, Edges::Snip, &samples), cepstra(MelPreset::Kaldi, Edges::Snip, &moved));
        for k in 0..13 {
            for (got, want) in got.row(k).iter().zip(want.row(k)) {
                assert!((got - want).abs() < 1e-2, "c{k}: {got} for {want}");
            }
        }
    }

    #[test]
    fn python_speech_features_see_whole_16_bit_steps() {
        let samples = two_tones(8000);
        let moved: Vec<f32> = samples.iter().map(|x| x + 0.4_f32.copysign(*x) / FULL_SCALE).collect();
        let (want, got) =
            (cepstra(MelPreset::Psf, Edges::PadEnd, &samples), cepstra(MelPreset::Psf, Edges::PadEnd, &moved));
        assert_eq!(got, want);
        assert!(cepstra(MelPreset::Kaldi, Edges::Snip, &samples) != cepstra(MelPreset::Kaldi, Edges::Snip, &moved));
    }

    #[test]
    fn silence_is_finite() {
        for preset in [MelPreset::Kaldi, MelPreset::Psf, MelPreset::Htk] {
            let contours = cepstra(preset, Edges::Snip, &[0.0; 1000]);
            assert!((0..13).all(|k| contours.row(k).iter().all(|value| value.is_finite())), "{preset}");
        }
    }
}
