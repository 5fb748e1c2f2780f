use super::{Contours, Dct, Grid, LANES, Lanes, MelBank, PowerSpectra, power_to_db};
use crate::config::{FrameParams, MfccParams};

/// librosa's smallest mel power before the logarithm (`amin` of `power_to_db`).
const POWER_FLOOR: f32 = 1e-10;

/// Log-mel spectra of an utterance, gathered block by block, in dB: `blocks x bands` rows.
#[derive(Debug, Clone)]
pub struct MelFrames {
    bank: MelBank,
    top_db: Option<f32>,
    blocks: Vec<Lanes>,
}

impl MelFrames {
    /// Log-mel spectra over `bands`; values lower than the utterance's largest minus `top_db` are raised to that.
    pub fn new(sample_rate_hz: u32, n_fft: usize, bands: usize, top_db: Option<f32>) -> Self {
        Self { bank: MelBank::slaney(sample_rate_hz, n_fft, bands), top_db, blocks: Vec::new() }
    }

    /// Number of bands.
    pub fn bands(&self) -> usize {
        self.bank.bands()
    }

    /// Forgets the last utterance and makes room for `frames`.
    pub fn reset(&mut self, frames: usize) {
        self.blocks.clear();
        self.blocks.reserve(frames.div_ceil(LANES) * self.bands());
    }

    /// Appends the block whose power spectra are `power`.
    pub fn push(&mut self, power: &[Lanes]) {
        let at = self.blocks.len();
        self.blocks.resize(at + self.bands(), Lanes::ZERO);
        let block = &mut self.blocks[at..];
        self.bank.apply(power, block);
        power_to_db(block, POWER_FLOOR);
    }

    /// The level below which values are cut, in dB.
    pub fn floor_db(&self) -> f32 {
        let Some(top_db) = self.top_db else { return f32::MIN };
        let largest = self.blocks.iter().fold(Lanes::splat(f32::MIN), |largest, row| largest.max(*row));
        largest.0.into_iter().fold(f32::MIN, f32::max) - top_db
    }

    /// Writes the log-mel spectra to the rows of `contours` from `first_row` on.
    pub fn write(&self, contours: &mut Contours, first_row: usize) {
        let floor = Lanes::splat(self.floor_db());
        for (block, rows) in self.blocks.chunks_exact(self.bands()).enumerate() {
            for (band, row) in rows.iter().enumerate() {
                contours.write_block(first_row + band, block * LANES, row.max(floor));
            }
        }
    }

    /// Writes the cepstra to the rows of `contours` from `first_row` on.
    pub fn write_cepstra(&self, dct: &mut Dct, contours: &mut Contours, first_row: usize) {
        let floor = self.floor_db();
        for (block, rows) in self.blocks.chunks_exact(self.bands()).enumerate() {
            dct.apply(rows, floor, contours, first_row, block * LANES);
        }
    }
}

/// Mel-frequency cepstral coefficients of whole utterances, frame by frame.
#[derive(Debug, Clone)]
pub struct MfccExtractor {
    grid: Grid,
    spectra: PowerSpectra,
    mel: MelFrames,
    dct: Dct,
}

impl MfccExtractor {
    /// Plans window, FFT, mel bank and DCT.
    pub fn new(frame: &FrameParams, mfcc: &MfccParams, sample_rate_hz: u32) -> Self {
        let top_db = mfcc.top_db.map(|top_db| top_db as f32);
        Self {
            grid: Grid::new(frame),
            spectra: PowerSpectra::new(frame),
            mel: MelFrames::new(sample_rate_hz, frame.n_fft, mfcc.mel_bands, top_db),
            dct: Dct::new(mfcc.coefficients, mfcc.mel_bands),
        }
    }

    /// Shapes `contours` to `coefficients x frames` and fills it.
    pub fn extract(&mut self, samples: &[f32], contours: &mut Contours) {
        let frames = self.grid.frames(samples.len());
        contours.reset(self.dct.coefficients(), frames);
        self.mel.reset(frames);
        for first_frame in (0..frames).step_by(LANES) {
            self.mel.push(self.spectra.block(samples, first_frame));
        }
        self.mel.write_cepstra(&mut self.dct, contours, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Edges, MfccPreset, Window};

    fn extractor(top_db: Option<f64>) -> MfccExtractor {
        let (window, edges) = (Window::Hann, Edges::Centre);
        let frame = FrameParams { window, window_samples: 400, hop_samples: 160, n_fft: 512, edges };
        let mfcc = MfccParams { preset: MfccPreset::Librosa, coefficients: 13, mel_bands: 40, top_db };
        MfccExtractor::new(&frame, &mfcc, 16000)
    }

    #[test]
    fn silence_and_short_signals_are_finite() {
        let mut contours = Contours::new();
        for (samples, frames) in [(vec![0.0; 1600], 11), (vec![0.5; 1], 1), (vec![0.25; 399], 3)] {
            extractor(Some(80.0)).extract(&samples, &mut contours);
            assert_eq!((contours.rows(), contours.frames()), (13, frames));
            assert!((0..13).all(|row| contours.row(row).iter().all(|value| value.is_finite())));
        }
        extractor(None).extract(&[0.0; 1600], &mut contours);
        // every band at the floor of -100 dB
        assert!((contours.row(0)[4] + 100.0 * 40f32.sqrt()).abs() < 1e-3 && contours.row(1)[4].abs() < 1e-3);
    }

    #[test]
    fn gain_moves_only_the_first_coefficient() {
        let signal: Vec<f32> = (0..8000).map(|i| 0.01 * (i as f32 * 0.3).sin() * (i as f32 * 0.011).cos()).collect();
        let loud: Vec<f32> = signal.iter().map(|sample| sample * 10.0).collect();
        let (mut soft, mut strong) = (Contours::new(), Contours::new());
        extractor(Some(20.0)).extract(&signal, &mut soft);
        extractor(Some(20.0)).extract(&loud, &mut strong);
        for row in 0..13 {
            let shift = if row == 0 { 20.0 * 40f32.sqrt() } else { 0.0 };
            for (soft, strong) in soft.row(row).iter().zip(strong.row(row)) {
                assert!((strong - soft - shift).abs() < 1e-2, "c{row}: {soft} and {strong}");
            }
        }
    }
}
