use super::{Lanes, simd};
use crate::config::MelPreset;

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
