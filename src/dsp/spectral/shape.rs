//! The descriptors, a function each; [`Flux`] keeps the frame before.

use super::super::{LN_TO_DB, simd};
use super::{Lanes, POWER_FLOOR, Spectrum};

/// Number of bands of [`contrast_db`].
pub const CONTRAST_BANDS: usize = 6;

/// Octave bands from 200 Hz up, below it one more: as in librosa.feature.spectral_contrast.
const EDGES_HZ: [f32; CONTRAST_BANDS + 1] = [0.0, 200.0, 400.0, 800.0, 1600.0, 3200.0, f32::INFINITY];

/// Mean frequency weighted by magnitude, Hz, 0 to half the sample rate (librosa.feature.spectral_centroid):
/// `sum f |X| / sum |X|`; 0 in silence.
pub fn centroid_hz(spectrum: &Spectrum) -> Lanes {
    spectrum.centroid_hz
}

/// Standard deviation of frequency weighted by magnitude, Hz (librosa.feature.spectral_bandwidth, p = 2); 0 in silence.
pub fn bandwidth_hz(spectrum: &Spectrum) -> Lanes {
    variance_hz2(spectrum).sqrt()
}

/// Variance of frequency weighted by magnitude, Hz^2 (Peeters 2004, 6.1.2 "spectral spread", squared); 0 in silence.
pub fn variance_hz2(spectrum: &Spectrum) -> Lanes {
    central_moment(spectrum, |deviation| deviation * deviation)
}

/// Skewness of frequency weighted by magnitude (Peeters 2004, 6.1.3): third central moment over the standard deviation
/// cubed, above 0 where low frequencies dominate; 0 for a single line and in silence.
pub fn skewness(spectrum: &Spectrum) -> Lanes {
    let variance = variance_hz2(spectrum);
    let third = central_moment(spectrum, |deviation| deviation * deviation * deviation);
    third * inverse(variance * variance.sqrt())
}

/// Kurtosis of frequency weighted by magnitude (Peeters 2004, 6.1.4), not less 3: fourth central moment over the
/// variance squared, at least 1; 0 for a single line and in silence.
pub fn kurtosis(spectrum: &Spectrum) -> Lanes {
    let variance = variance_hz2(spectrum);
    let fourth = central_moment(spectrum, |deviation| deviation * deviation * (deviation * deviation));
    fourth * inverse(variance * variance)
}

fn central_moment(spectrum: &Spectrum, value: impl Fn(Lanes) -> Lanes) -> Lanes {
    simd(
        #[inline(always)]
        || {
            let mut sum = Lanes::ZERO;
            for (bin, magnitude) in spectrum.magnitude.iter().enumerate() {
                sum += *magnitude * value(Lanes::splat(spectrum.hz(bin)) - spectrum.centroid_hz);
            }
            sum * spectrum.share
        },
    )
}

/// `1 / value`, 0 for what is no more than rounding of a single line's spread.
fn inverse(value: Lanes) -> Lanes {
    value.map(|value| if value > 1.0 { 1.0 / value } else { 0.0 })
}

/// Frequency below which `share` (0..1) of the magnitude lies, Hz, 0 to half the sample rate
/// (librosa.feature.spectral_rolloff, whose default share is 0.85); 0 in silence.
pub fn rolloff_hz(spectrum: &Spectrum, share: f32) -> Lanes {
    simd(
        #[inline(always)]
        || {
            // the first bin at which the running sum reaches the share: as many bins as stay below it
            let threshold = spectrum.total * share;
            let (mut sum, mut below) = (Lanes::ZERO, Lanes::ZERO);
            for magnitude in &spectrum.magnitude {
                sum += *magnitude;
                below += sum.zip(threshold, |sum, threshold| if sum < threshold { 1.0 } else { 0.0 });
            }
            below * spectrum.bin_hz
        },
    )
}

/// Slope of the regression line through the levels of the bins from `low_hz` to `high_hz`, dB per kHz (Eyben et al.
/// 2016; Peeters 2004, 6.1.5, on a logarithmic scale); 0 in silence and where the band has fewer than two bins.
pub fn slope_db_khz(spectrum: &Spectrum, low_hz: f32, high_hz: f32) -> Lanes {
    let bins = spectrum.bins(low_hz, high_hz);
    if bins.len() < 2 {
        return Lanes::ZERO;
    }
    let middle = (bins.start + bins.end - 1) as f32 / 2.0;
    let count = bins.len() as f32;
    // sum of the squared distances of the bins from their middle
    let spread = count * (count * count - 1.0) / 12.0;
    let products = simd(
        #[inline(always)]
        || {
            let mut sum = Lanes::ZERO;
            for (bin, log) in bins.clone().zip(&spectrum.log_power[bins.clone()]) {
                sum += *log * (bin as f32 - middle);
            }
            sum
        },
    );
    products * (LN_TO_DB * 1000.0 / (spread * spectrum.bin_hz))
}

/// Energy of 50-1000 Hz over that of 1-5 kHz, dB (Eyben et al. 2016); 0 in silence.
pub fn alpha_ratio_db(spectrum: &Spectrum) -> Lanes {
    level_db(spectrum, 50.0, 1000.0) - level_db(spectrum, 1000.0, 5000.0)
}

/// Strongest bin of 0-2 kHz over that of 2-5 kHz, dB (Hammarberg et al. 1980); 0 in silence.
pub fn hammarberg_db(spectrum: &Spectrum) -> Lanes {
    (peak(spectrum, 0.0, 2000.0) - peak(spectrum, 2000.0, 5000.0)) * LN_TO_DB
}

/// Energy of the bins from `low_hz` to `high_hz`, dB of the spectrum's own unit, at least -100; a sine of full scale in
/// the band has 10 log10 of the squared half of the window's sum.
pub fn level_db(spectrum: &Spectrum, low_hz: f32, high_hz: f32) -> Lanes {
    let energy = simd(
        #[inline(always)]
        || {
            let bins = &spectrum.power[spectrum.bins(low_hz, high_hz)];
            bins.iter().fold(Lanes::splat(POWER_FLOOR), |sum, power| sum + *power)
        },
    );
    energy.map(f32::ln) * LN_TO_DB
}

/// Natural logarithm of the strongest bin's power.
fn peak(spectrum: &Spectrum, low_hz: f32, high_hz: f32) -> Lanes {
    simd(
        #[inline(always)]
        || {
            let bins = &spectrum.log_power[spectrum.bins(low_hz, high_hz)];
            bins.iter().fold(Lanes::splat(POWER_FLOOR.ln()), |peak, log| peak.max(*log))
        },
    )
}

/// Level of the strongest over that of the weakest bin in each of six bands (0, 200, 400, 800, 1600, 3200 Hz and up),
/// dB, 0 or above (Jiang et al. 2002, with neighbourhoods of one bin): high where harmonics stand out; 0 in silence.
pub fn contrast_db(spectrum: &Spectrum) -> [Lanes; CONTRAST_BANDS] {
    std::array::from_fn(|band| {
        let bins = &spectrum.log_power[spectrum.bins(EDGES_HZ[band], EDGES_HZ[band + 1])];
        let Some((first, rest)) = bins.split_first() else { return Lanes::ZERO };
        simd(
            #[inline(always)]
            || {
                let extremes = |(low, high): (Lanes, Lanes), log: &Lanes| (low.min(*log), high.max(*log));
                let (low, high) = rest.iter().fold((*first, *first), extremes);
                (high - low) * LN_TO_DB
            },
        )
    })
}

/// Geometric over arithmetic mean of the power, 0..1 (librosa.feature.spectral_flatness); 1 in silence.
pub fn flatness(spectrum: &Spectrum) -> Lanes {
    let (sum, log_sum, _) = sums(spectrum);
    let per_bin = 1.0 / spectrum.power.len() as f32;
    (log_sum * per_bin).map(f32::exp) / (sum * per_bin)
}

/// Entropy of the power over the bins as a share of its maximum, 0..1 (Misra et al. 2004); 1 in silence.
pub fn entropy(spectrum: &Spectrum) -> Lanes {
    let (sum, _, product_sum) = sums(spectrum);
    (sum.map(f32::ln) - product_sum / sum) * (1.0 / (spectrum.power.len() as f32).ln())
}

/// Largest over mean magnitude, 1 for a flat spectrum and in silence, at most the number of bins (Peeters 2004, "spectral crest measure").
pub fn crest(spectrum: &Spectrum) -> Lanes {
    let largest = spectrum.magnitude.iter().fold(Lanes::ZERO, |largest, magnitude| largest.max(*magnitude));
    (largest * spectrum.share * spectrum.magnitude.len() as f32).max(Lanes::splat(1.0))
}

/// Sums of the power, of its logarithm, and of their product; each bin at least [`POWER_FLOOR`].
fn sums(spectrum: &Spectrum) -> (Lanes, Lanes, Lanes) {
    simd(
        #[inline(always)]
        || {
            let (mut sum, mut log_sum, mut product_sum) = (Lanes::ZERO, Lanes::ZERO, Lanes::ZERO);
            for (power, log) in spectrum.power.iter().zip(&spectrum.log_power) {
                let power = power.max(Lanes::splat(POWER_FLOOR));
                sum += power;
                log_sum += *log;
                product_sum += power * *log;
            }
            (sum, log_sum, product_sum)
        },
    )
}

/// How far the magnitude spectrum's peaks stand out of its valleys, 0..1: the sum of the heights of all peaks over
/// their neighbouring valleys, `sum |m[k+1] - m[k]| / 2`, over the sum of the magnitudes. Near 0 for a smooth spectrum,
/// near 1 for separate lines; 0 in silence.
pub fn harmonicity(spectrum: &Spectrum) -> Lanes {
    simd(
        #[inline(always)]
        || {
            let mut sum = Lanes::ZERO;
            for (here, next) in spectrum.magnitude.iter().zip(&spectrum.magnitude[1..]) {
                sum += (*next - *here).map(f32::abs);
            }
            sum * 0.5 * spectrum.share
        },
    )
}

/// Change of the spectrum from frame to frame; keeps the last frame of the block before.
#[derive(Debug, Clone)]
pub struct Flux {
    /// What all magnitudes are multiplied by; `None`: each frame's are scaled to sum 1.
    gain: Option<f32>,
    /// Scaled magnitudes of the last frame seen.
    before: Vec<f32>,
    at_start: bool,
}

impl Flux {
    /// Of spectra of `n_fft / 2 + 1` bins, scaled to sum 1: what changes is their shape (Peeters 2004, 6.1.9).
    pub fn of_shape(n_fft: usize) -> Self {
        Self { gain: None, before: vec![0.0; n_fft / 2 + 1], at_start: true }
    }

    /// Of spectra of `n_fft / 2 + 1` bins, in which a sine of full scale has the height 1 at a `gain` of two over the
    /// sum of the window: what changes is shape and level.
    pub fn of_level(n_fft: usize, gain: f32) -> Self {
        Self { gain: Some(gain), ..Self::of_shape(n_fft) }
    }

    /// Forgets the last utterance.
    pub fn reset(&mut self) {
        self.at_start = true;
    }

    /// Euclidean distance of the scaled magnitudes from those of the frame before, 0 or above, of shape at most 1.41; 0
    /// in the first frame. Blocks come in order.
    pub fn next(&mut self, spectrum: &Spectrum) -> Lanes {
        let scale = self.gain.map_or(spectrum.share, Lanes::splat);
        let mut flux = simd(
            #[inline(always)]
            || {
                let mut sum = Lanes::ZERO;
                for (magnitude, before) in spectrum.magnitude.iter().zip(&mut self.before) {
                    let scaled = *magnitude * scale;
                    let [a, b, c, d, e, f, g, last] = scaled.0;
                    let change = scaled - Lanes([*before, a, b, c, d, e, f, g]);
                    sum += change * change;
                    *before = last;
                }
                sum.sqrt()
            },
        );
        if std::mem::take(&mut self.at_start) {
            flux.0[0] = 0.0;
        }
        flux
    }
}
