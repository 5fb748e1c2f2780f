use super::{Edges, Lanes, simd};
use crate::options::{ConfigError, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Whose conventions of mel bands and cepstra to follow.
///
/// All but `librosa` bring a window of their own, scale samples to 16-bit integers, emphasise high frequencies
/// (`x[n] - 0.97 x[n - 1]`), space bands on the mel scale `2595 log10(1 + f / 700)`, take natural logarithms and weight
/// coefficient k of the orthonormal DCT-II by the lifter `1 + 11 sin(pi k / 22)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MelPreset {
    /// librosa 0.11: the frame's window, power spectrum, bands of equal area on Slaney's mel scale, dB, orthonormal
    /// DCT-II.
    Librosa,
    /// Kaldi's defaults without dither: the frame's mean removed, pre-emphasis within the frame, Povey window, power
    /// spectrum, bands from 20 Hz, C0 replaced by the log energy of the frame before pre-emphasis.
    Kaldi,
    /// python_speech_features 0.6: samples cut to 16-bit integers, pre-emphasis over the whole signal, no window, power
    /// spectrum over the length of the FFT, band edges at whole bins, C0 replaced by the log of the spectrum's sum.
    Psf,
    /// The HTK Book (Young et al., 3.4) with 26 bands: pre-emphasis within the frame, Hamming window, magnitude
    /// spectrum, band values of at least 1, C0 scaled as the other coefficients.
    Htk,
}

impl MelPreset {
    /// How the toolkit cuts frames.
    pub fn edges(self) -> Edges {
        match self {
            Self::Librosa => Edges::Centre,
            Self::Kaldi | Self::Htk => Edges::Snip,
            Self::Psf => Edges::PadEnd,
        }
    }
}

impl fmt::Display for MelPreset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// Options of the descriptors `log_mel` and `mel_energy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogMel {
    /// Toolkit whose conventions to follow. Default: `librosa`.
    pub preset: MelPreset,
    /// Number of mel bands. Default: 23 for `kaldi`, 26 for the others. Legal: 1 to 512.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bands: Option<usize>,
    /// Range in dB below the loudest level of the utterance; lower levels are raised to the bottom of this range. 0: no
    /// limit. `mel_energy` is not limited. Preset `librosa` only. Default: 80. Legal: 0 or above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_db: Option<f64>,
}

impl Default for LogMel {
    fn default() -> Self {
        Self { preset: MelPreset::Librosa, bands: None, top_db: None }
    }
}

/// Checked options of the mel bands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogMelParams {
    /// Whose conventions to follow.
    pub preset: MelPreset,
    /// Number of bands.
    pub bands: usize,
    /// Range below the loudest value in dB, if limited.
    pub top_db: Option<f64>,
}

impl LogMel {
    /// The bands that the preset fills in; keys begin with `key`.
    ///
    /// # Errors
    /// The first value that the preset cannot honour.
    pub fn check(&self, key: &str) -> Result<LogMelParams, ConfigError> {
        let bands = self.bands.unwrap_or(self.preset.bands(26));
        let params = LogMelParams { preset: self.preset, bands, top_db: self.preset.top_db(key, self.top_db)? };
        params.check(key).map(|()| params)
    }
}

impl LogMelParams {
    /// Checks the numbers, also of what was read back from a file.
    ///
    /// # Errors
    /// The first number out of range.
    pub fn check(&self, key: &str) -> Result<(), ConfigError> {
        check_bands(&format!("{key}.bands"), self.bands)?;
        check_top_db(key, self.top_db)
    }
}

impl MelPreset {
    /// The number of bands that the toolkit has by default; for librosa, cepstra and bands have different ones.
    pub(super) fn bands(self, of_librosa: usize) -> usize {
        match self {
            Self::Librosa => of_librosa,
            Self::Kaldi => 23,
            Self::Psf | Self::Htk => 26,
        }
    }

    /// The range below the loudest value: of librosa 80 dB by default, and none where it is set to 0.
    pub(super) fn top_db(self, key: &str, top_db: Option<f64>) -> Result<Option<f64>, ConfigError> {
        match (self, top_db) {
            (Self::Librosa, _) => Ok(Some(top_db.unwrap_or(80.0)).filter(|top_db| *top_db != 0.0)),
            (_, None) => Ok(None),
            (_, Some(top_db)) => {
                let problem = format!("the preset {self} has no such limit (only librosa has one); remove this key");
                Err(ConfigError::new(format!("{key}.top_db"), top_db, problem))
            }
        }
    }
}

/// Refuses a number of bands out of range.
pub(super) fn check_bands(key: &str, bands: usize) -> Result<(), ConfigError> {
    require((1..=512).contains(&bands), key, bands, "1 to 512 is legal")
}

/// Refuses a range below the loudest value that is none.
pub(super) fn check_top_db(key: &str, top_db: Option<f64>) -> Result<(), ConfigError> {
    let legal = top_db.is_none_or(|top_db| top_db > 0.0 && top_db.is_finite());
    require(legal, format!("{key}.top_db"), top_db.unwrap_or_default(), "0 (no limit) or above is legal")
}

/// A bank of filters over the bins of a spectrum: those of a preset, or any other.
#[derive(Debug, Clone)]
pub struct MelBank {
    /// First bin and number of weights of each band.
    spans: Vec<(usize, usize)>,
    /// The bands' weights, one after the other.
    weights: Vec<f32>,
}

impl MelBank {
    /// The `bands` filters of a preset over the `n_fft / 2 + 1` bins of a spectrum, up to half the sample rate. A band
    /// too narrow to hold a bin is always 0.
    pub fn of(preset: MelPreset, sample_rate_hz: u32, n_fft: usize, bands: usize) -> Self {
        match preset {
            MelPreset::Librosa => Self::slaney(sample_rate_hz, n_fft, bands),
            MelPreset::Kaldi => Self::mel_triangles(sample_rate_hz, n_fft, bands, 20.0),
            MelPreset::Psf => Self::whole_bins(sample_rate_hz, n_fft, bands),
            MelPreset::Htk => Self::mel_triangles(sample_rate_hz, n_fft, bands, 0.0),
        }
    }

    /// Triangles of equal area on Slaney's mel scale from 0 Hz (librosa.filters.mel with `htk=False, norm="slaney"`).
    fn slaney(sample_rate_hz: u32, n_fft: usize, bands: usize) -> Self {
        let rate = f64::from(sample_rate_hz);
        let edges: Vec<f64> = spaced(0.0, slaney_mel(rate / 2.0), bands).map(slaney_hz).collect();
        let bin_hz = rate / n_fft as f64;
        Self::new(bands, n_fft / 2 + 1, |band, bin| {
            let edge = &edges[band..band + 3];
            triangle(edge, bin as f64 * bin_hz) * 2.0 / (edge[2] - edge[0])
        })
    }

    /// Triangles of height 1 whose sides are straight on the mel scale, from `low_hz` (Kaldi's MelBanks, HTK's HSigP).
    fn mel_triangles(sample_rate_hz: u32, n_fft: usize, bands: usize, low_hz: f64) -> Self {
        let rate = f64::from(sample_rate_hz);
        let edges: Vec<f64> = spaced(mel(low_hz), mel(rate / 2.0), bands).collect();
        let bin_hz = rate / n_fft as f64;
        Self::new(bands, n_fft / 2 + 1, |band, bin| triangle(&edges[band..band + 3], mel(bin as f64 * bin_hz)))
    }

    /// Triangles of height 1 from 0 Hz whose edges are whole bins (python_speech_features.get_filterbanks).
    fn whole_bins(sample_rate_hz: u32, n_fft: usize, bands: usize) -> Self {
        let rate = f64::from(sample_rate_hz);
        let edge = |mel: f64| ((n_fft + 1) as f64 * 700.0 * (10_f64.powf(mel / 2595.0) - 1.0) / rate) as usize;
        let edges: Vec<usize> = spaced(0.0, mel(rate / 2.0), bands).map(edge).collect();
        Self::new(bands, n_fft / 2 + 1, |band, bin| {
            let (left, peak, right) = (edges[band], edges[band + 1], edges[band + 2]);
            if (left..peak).contains(&bin) {
                (bin - left) as f64 / (peak - left) as f64
            } else if (peak..right).contains(&bin) {
                (right - bin) as f64 / (right - peak) as f64
            } else {
                0.0
            }
        })
    }

    /// `bands` filters over `bins` bins, with the weight of each bin in each band.
    pub fn new(bands: usize, bins: usize, weight: impl Fn(usize, usize) -> f64) -> Self {
        let mut bank = Self { spans: Vec::with_capacity(bands), weights: Vec::new() };
        for band in 0..bands {
            let weight = |bin: usize| weight(band, bin);
            let inside: Vec<usize> = (0..bins).filter(|bin| weight(*bin) > 0.0).collect();
            bank.spans.push((inside.first().copied().unwrap_or(0), inside.len()));
            bank.weights.extend(inside.into_iter().map(|bin| weight(bin) as f32));
        }
        bank
    }

    /// Number of bands.
    pub fn bands(&self) -> usize {
        self.spans.len()
    }

    /// Band energies of a block: `power` is `n_fft / 2 + 1` rows, `energies` is [`Self::bands`] rows.
    pub fn apply(&self, power: &[Lanes], energies: &mut [Lanes]) {
        simd(
            #[inline(always)]
            || {
                let mut weights = self.weights.as_slice();
                for (energy, (first, count)) in energies.iter_mut().zip(&self.spans) {
                    let (own, rest) = weights.split_at(*count);
                    let mut sum = Lanes::ZERO;
                    for (power, weight) in power[*first..].iter().zip(own) {
                        sum += *power * *weight;
                    }
                    (*energy, weights) = (sum, rest);
                }
            },
        );
    }
}

/// The edges and peaks of `bands` filters, equally spaced from `low` to `high`.
fn spaced(low: f64, high: f64, bands: usize) -> impl Iterator<Item = f64> {
    (0..bands + 2).map(move |i| low + (high - low) * i as f64 / (bands + 1) as f64)
}

/// A triangle over the edges (left, peak, right), 1 at the peak and 0 outside.
fn triangle(edge: &[f64], at: f64) -> f64 {
    let rising = (at - edge[0]) / (edge[1] - edge[0]);
    let falling = (edge[2] - at) / (edge[2] - edge[1]);
    rising.min(falling).max(0.0)
}

/// The mel scale of the HTK Book (5.4).
fn mel(hz: f64) -> f64 {
    2595.0 * (1.0 + hz / 700.0).log10()
}

const LINEAR_HZ_PER_MEL: f64 = 200.0 / 3.0;
const BREAK_HZ: f64 = 1000.0;
const BREAK_MEL: f64 = BREAK_HZ / LINEAR_HZ_PER_MEL;

/// Logarithmic step above the break: 27 mels from 1 kHz to 6.4 kHz (Slaney, Auditory Toolbox, 1998).
fn log_step() -> f64 {
    6.4_f64.ln() / 27.0
}

fn slaney_mel(hz: f64) -> f64 {
    if hz < BREAK_HZ { hz / LINEAR_HZ_PER_MEL } else { BREAK_MEL + (hz / BREAK_HZ).ln() / log_step() }
}

fn slaney_hz(mel: f64) -> f64 {
    if mel < BREAK_MEL { mel * LINEAR_HZ_PER_MEL } else { BREAK_HZ * ((mel - BREAK_MEL) * log_step()).exp() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scale_matches_librosa() {
        // librosa.hz_to_mel([60, 1000, 4000, 8000])
        for (hz, mel) in [(60.0, 0.9), (1000.0, 15.0), (4000.0, 35.163_76), (8000.0, 45.245_64)] {
            assert!((slaney_mel(hz) - mel).abs() < 1e-4, "{hz} Hz is {} mel", slaney_mel(hz));
            assert!((slaney_hz(mel) - hz).abs() < 1e-1);
        }
    }

    #[test]
    fn banks_match_the_toolkits() {
        let mut impulse = vec![Lanes::ZERO; 257];
        for (preset, bands, weights) in BANKS {
            let bank = MelBank::of(preset, 16000, 512, bands);
            let mut energies = vec![Lanes::ZERO; bands];
            for (bin, band, want) in weights {
                impulse.fill(Lanes::ZERO);
                impulse[bin] = Lanes::splat(1.0);
                bank.apply(&impulse, &mut energies);
                let got = energies[band].0[3];
                assert!((got - want).abs() < 1e-5 * want, "{preset} bin {bin} band {band}: {got} for {want}");
            }
        }
    }

    /// Bin, band and weight by librosa.filters.mel(sr=16000, n_fft=512, n_mels=40), by kaldi_native_fbank's MelBanks of
    /// 23 bands from 20 Hz, and by python_speech_features' get_filterbanks(26, 512, 16000).
    const BANKS: [(MelPreset, usize, [(usize, usize, f32); 3]); 3] = [
        (MelPreset::Librosa, 40, [(3, 0, 0.009_864_137), (100, 28, 0.002_460_437_4), (200, 37, 0.001_527_463_9)]),
        (MelPreset::Kaldi, 23, [(1, 0, 0.149_327_35), (45, 10, 0.338_563_38), (240, 22, 0.570_078_9)]),
        (MelPreset::Psf, 26, [(1, 0, 0.5), (19, 5, 0.25), (240, 25, 0.64)]),
    ];
}
