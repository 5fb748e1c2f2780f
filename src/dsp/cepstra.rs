use super::MelPreset;
use super::decibel::POWER_FLOOR;
use super::mel::{check_bands, check_top_db};
use super::{Contours, Dct, LANES, Lanes, MelBank, ln_in_place, power_to_db};
use crate::options::{ConfigError, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::f64::consts::{PI, SQRT_2};

/// Options of the descriptor `mfcc`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mfcc {
    /// Toolkit whose conventions to follow. Default: `librosa`.
    pub preset: MelPreset,
    /// Number of coefficients, C0 included. Default: 13. Legal: 1 to `mel_bands`.
    pub coefficients: usize,
    /// Number of mel bands. Default: 128 for `librosa`, 23 for `kaldi`, 26 for `psf` and `htk`. Legal: 1 to 512.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mel_bands: Option<usize>,
    /// Range in dB below the loudest level of the utterance; lower levels are raised to the bottom of this range. 0: no
    /// limit. Preset `librosa` only. Default: 80. Legal: 0 or above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_db: Option<f64>,
}

impl Default for Mfcc {
    fn default() -> Self {
        Self { preset: MelPreset::Librosa, coefficients: 13, mel_bands: None, top_db: None }
    }
}

/// Checked options of the cepstra.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MfccParams {
    /// Whose conventions to follow.
    pub preset: MelPreset,
    /// Number of coefficients.
    pub coefficients: usize,
    /// Number of mel bands.
    pub mel_bands: usize,
    /// Range below the loudest value in dB, if limited.
    pub top_db: Option<f64>,
}

impl Mfcc {
    /// The numbers that the preset fills in; keys begin with `key`.
    ///
    /// # Errors
    /// The first value that the preset cannot honour.
    pub fn check(&self, key: &str) -> Result<MfccParams, ConfigError> {
        let mel_bands = self.mel_bands.unwrap_or(self.preset.bands(128));
        let top_db = self.preset.top_db(key, self.top_db)?;
        let params = MfccParams { preset: self.preset, coefficients: self.coefficients, mel_bands, top_db };
        params.check(key).map(|()| params)
    }
}

impl MfccParams {
    /// Checks the numbers, also of what was read back from a file.
    ///
    /// # Errors
    /// The first number out of range.
    pub fn check(&self, key: &str) -> Result<(), ConfigError> {
        let Self { coefficients, mel_bands, top_db, .. } = *self;
        check_bands(&format!("{key}.mel_bands"), mel_bands)?;
        let problem = format!("1 to {mel_bands} (`mel_bands`) is legal");
        require((1..=mel_bands).contains(&coefficients), format!("{key}.coefficients"), coefficients, problem)?;
        check_top_db(key, top_db)
    }
}

/// Length of the lifter of Kaldi, python_speech_features and the HTK Book.
const LIFTER: f64 = 22.0;

/// Replaces energies by a preset's levels: dB for librosa, natural logarithms for the others. Each has its own least
/// energy: 1e-10 (librosa's `amin`), 1.2e-7 (Kaldi), 2.2e-16 (python_speech_features, which puts it in place of 0), 1
/// (HTK's `melfloor`).
pub fn level_in_place(preset: MelPreset, energies: &mut [Lanes]) {
    match preset {
        MelPreset::Librosa => power_to_db(energies, POWER_FLOOR),
        MelPreset::Kaldi => ln_in_place(energies, f32::EPSILON),
        MelPreset::Psf => ln_in_place(energies, f64::EPSILON as f32),
        MelPreset::Htk => ln_in_place(energies, 1.0),
    }
}

/// Rows of eight frames that are kept between utterances: 4 MB, over a minute of 128 bands.
const KEPT_ROWS: usize = 1 << 17;

/// Mel bands of an utterance, gathered block by block: `blocks x bands` rows.
#[derive(Debug, Clone)]
pub struct MelFrames {
    bank: MelBank,
    /// Whose levels to take; `None` leaves energies.
    levels: Option<MelPreset>,
    top_db: Option<f32>,
    blocks: Vec<Lanes>,
}

impl MelFrames {
    /// Levels of bands ([`level_in_place`]); those lower than the utterance's largest minus `top_db` are raised to
    /// that.
    pub fn levels(preset: MelPreset, bank: MelBank, top_db: Option<f64>) -> Self {
        Self { bank, levels: Some(preset), top_db: top_db.map(|top_db| top_db as f32), blocks: Vec::new() }
    }

    /// Bands before the logarithm.
    pub fn energies(bank: MelBank) -> Self {
        Self { bank, levels: None, top_db: None, blocks: Vec::new() }
    }

    /// Forgets the last utterance and makes room for `frames`.
    pub fn reset(&mut self, frames: usize) {
        self.blocks.clear();
        self.blocks.reserve(frames.div_ceil(LANES) * self.bank.bands());
    }

    /// Appends the block whose spectra are `spectrum`.
    pub fn push(&mut self, spectrum: &[Lanes]) {
        let at = self.blocks.len();
        self.blocks.resize(at + self.bank.bands(), Lanes::ZERO);
        let block = &mut self.blocks[at..];
        self.bank.apply(spectrum, block);
        if let Some(preset) = self.levels {
            level_in_place(preset, block);
        }
    }

    /// Writes the bands to the rows of `contours` from `first_row` on.
    pub fn write(&mut self, contours: &mut Contours, first_row: usize) {
        let floor = Lanes::splat(self.floor());
        for (block, rows) in self.blocks.chunks_exact(self.bank.bands()).enumerate() {
            for (band, row) in rows.iter().enumerate() {
                contours.write_block(first_row + band, block * LANES, row.max(floor));
            }
        }
        self.clear();
    }

    /// Gives back at once what a long utterance took; what a short one took serves the next.
    fn clear(&mut self) {
        self.blocks.clear();
        self.blocks.shrink_to(KEPT_ROWS);
    }

    /// The level below which values are cut.
    fn floor(&self) -> f32 {
        let Some(top_db) = self.top_db else { return f32::MIN };
        let largest = self.blocks.iter().fold(Lanes::splat(f32::MIN), |largest, row| largest.max(*row));
        largest.0.into_iter().fold(f32::MIN, f32::max) - top_db
    }
}

/// Mel-frequency cepstral coefficients of an utterance, gathered block by block.
#[derive(Debug, Clone)]
pub struct Cepstra {
    mel: MelFrames,
    dct: Dct,
    /// What replaces C0, a value a block; empty where C0 stays.
    energies: Vec<Lanes>,
}

impl Cepstra {
    /// Plans mel bank and DCT for spectra of `n_fft / 2 + 1` bins.
    pub fn new(params: &MfccParams, sample_rate_hz: u32, n_fft: usize) -> Self {
        let bank = MelBank::of(params.preset, sample_rate_hz, n_fft, params.mel_bands);
        Self {
            mel: MelFrames::levels(params.preset, bank, params.top_db),
            dct: Dct::scaled(params.coefficients, params.mel_bands, |k| weight(params.preset, k)),
            energies: Vec::new(),
        }
    }

    /// Forgets the last utterance and makes room for `frames`.
    pub fn reset(&mut self, frames: usize) {
        self.mel.reset(frames);
        self.energies.clear();
        self.energies.reserve(frames.div_ceil(LANES));
    }

    /// Appends the block whose spectra are `spectrum`; `energy` replaces C0 where the preset has it so.
    pub fn push(&mut self, spectrum: &[Lanes], energy: Option<Lanes>) {
        self.mel.push(spectrum);
        self.energies.extend(energy);
    }

    /// Writes the coefficients to the rows of `contours` from `first_row` on.
    pub fn write(&mut self, contours: &mut Contours, first_row: usize) {
        let floor = self.mel.floor();
        for (block, rows) in self.mel.blocks.chunks_exact(self.mel.bank.bands()).enumerate() {
            self.dct.apply(rows, floor, contours, first_row, block * LANES);
        }
        for (block, energy) in self.energies.iter().enumerate() {
            contours.write_block(first_row, block * LANES, *energy);
        }
        self.mel.clear();
    }
}

/// Weight of coefficient `k` of the orthonormal DCT: the lifter, and for HTK's C0 the factor sqrt(2 / N) of the others.
fn weight(preset: MelPreset, k: usize) -> f64 {
    match preset {
        MelPreset::Librosa => 1.0,
        MelPreset::Htk if k == 0 => SQRT_2,
        MelPreset::Kaldi | MelPreset::Psf | MelPreset::Htk => 1.0 + LIFTER / 2.0 * (PI * k as f64 / LIFTER).sin(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::{Edges, FrameParams, Window};
    use crate::dsp::{Grid, PowerSpectra};

    /// Cepstra of the preset librosa over 40 bands.
    fn cepstra(samples: &[f32], top_db: Option<f64>) -> Contours {
        let (window, edges) = (Window::Hann, Edges::Centre);
        let frame = FrameParams { window, window_samples: 400, hop_samples: 160, n_fft: 512, edges };
        let params = MfccParams { preset: MelPreset::Librosa, coefficients: 13, mel_bands: 40, top_db };
        let (mut spectra, mut cepstra) = (PowerSpectra::new(&frame), Cepstra::new(&params, 16000, 512));
        let (mut contours, frames) = (Contours::new(), Grid::new(&frame).frames(samples.len()));
        contours.reset(13, frames);
        cepstra.reset(frames);
        for first_frame in (0..frames).step_by(LANES) {
            cepstra.push(spectra.block(samples, first_frame), None);
        }
        cepstra.write(&mut contours, 0);
        contours
    }

    #[test]
    fn silence_and_short_signals_are_finite() {
        for (samples, frames) in [(vec![0.0; 1600], 11), (vec![0.5; 1], 1), (vec![0.25; 399], 3)] {
            let contours = cepstra(&samples, Some(80.0));
            assert_eq!((contours.rows(), contours.frames()), (13, frames));
            assert!((0..13).all(|row| contours.row(row).iter().all(|value| value.is_finite())));
        }
        let contours = cepstra(&[0.0; 1600], None);
        // every band at the floor of -100 dB
        assert!((contours.row(0)[4] + 100.0 * 40f32.sqrt()).abs() < 1e-3 && contours.row(1)[4].abs() < 1e-3);
    }

    #[test]
    fn gain_moves_only_the_first_coefficient() {
        let signal: Vec<f32> = (0..8000).map(|i| 0.01 * (i as f32 * 0.3).sin() * (i as f32 * 0.011).cos()).collect();
        let loud: Vec<f32> = signal.iter().map(|sample| sample * 10.0).collect();
        let (soft, strong) = (cepstra(&signal, Some(20.0)), cepstra(&loud, Some(20.0)));
        for row in 0..13 {
            let shift = if row == 0 { 20.0 * 40f32.sqrt() } else { 0.0 };
            for (soft, strong) in soft.row(row).iter().zip(strong.row(row)) {
                assert!((strong - soft - shift).abs() < 1e-2, "c{row}: {soft} and {strong}");
            }
        }
    }
}
