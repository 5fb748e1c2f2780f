use super::{LN_TO_DB, Lanes, ln_in_place, simd};

/// Power below which a bin counts as empty.
const POWER_FLOOR: f32 = 1e-10;

/// Share of the magnitude below the roll-off frequency, as in librosa.
const ROLLOFF_SHARE: f32 = 0.85;

/// Descriptors of the shape of the spectra of a block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpectralFrame {
    /// Mean frequency weighted by magnitude, Hz (librosa.feature.spectral_centroid); 0 in silence.
    pub centroid_hz: Lanes,
    /// Standard deviation of frequency weighted by magnitude, Hz (librosa.feature.spectral_bandwidth); 0 in silence.
    pub bandwidth_hz: Lanes,
    /// Frequency below which 85 % of the magnitude lies, Hz (librosa.feature.spectral_rolloff); 0 in silence.
    pub rolloff_hz: Lanes,
    /// Geometric over arithmetic mean of the power, 0..1 (librosa.feature.spectral_flatness); 1 in silence.
    pub flatness: Lanes,
    /// Entropy of the power over the bins as a share of its maximum, 0..1; 1 in silence.
    pub entropy: Lanes,
    /// Euclidean distance of the magnitudes, scaled to sum 1, from those of the frame before, 0..1.41; 0 at the start.
    pub flux: Lanes,
    /// Energy of 50-1000 Hz over that of 1-5 kHz, dB (Eyben et al., 2016); 0 in silence.
    pub alpha_ratio_db: Lanes,
    /// Largest bin of 0-2 kHz over that of 2-5 kHz, dB (Hammarberg et al., 1980); 0 in silence.
    pub hammarberg_db: Lanes,
}

/// Measures the shape of power spectra, block by block.
#[derive(Debug, Clone)]
pub struct SpectralShape {
    bin_hz: f32,
    magnitude: Vec<Lanes>,
    log_power: Vec<Lanes>,
    /// Scaled magnitudes of the last frame seen.
    before: Vec<f32>,
    at_start: bool,
}

impl SpectralShape {
    /// For spectra of `n_fft / 2 + 1` bins.
    pub fn new(sample_rate_hz: u32, n_fft: usize) -> Self {
        let bins = n_fft / 2 + 1;
        Self {
            bin_hz: sample_rate_hz as f32 / n_fft as f32,
            magnitude: vec![Lanes::ZERO; bins],
            log_power: vec![Lanes::ZERO; bins],
            before: vec![0.0; bins],
            at_start: true,
        }
    }

    /// Forgets the last utterance.
    pub fn reset(&mut self) {
        self.at_start = true;
    }

    /// The shape of the next block; `power` is `n_fft / 2 + 1` rows of `|X|^2`.
    pub fn measure(&mut self, power: &[Lanes]) -> SpectralFrame {
        self.log_power.copy_from_slice(power);
        ln_in_place(&mut self.log_power, POWER_FLOOR);
        simd(
            #[inline(always)]
            || {
                for (magnitude, power) in self.magnitude.iter_mut().zip(power) {
                    *magnitude = power.sqrt();
                }
                let total = self.magnitude.iter().fold(Lanes::ZERO, |sum, magnitude| sum + *magnitude);
                let share = total.map(|total| if total > f32::MIN_POSITIVE { 1.0 / total } else { 0.0 });
                let centroid_hz = self.mean_over_hz(share, |hz| hz);
                let variance = self.mean_over_hz(share, |hz| (hz - centroid_hz) * (hz - centroid_hz));
                let (flatness, entropy) = self.disorder(power);
                SpectralFrame {
                    centroid_hz,
                    bandwidth_hz: variance.sqrt(),
                    rolloff_hz: self.rolloff_hz(total),
                    flatness,
                    entropy,
                    flux: self.flux(share),
                    alpha_ratio_db: self.alpha_ratio_db(power),
                    hammarberg_db: self.hammarberg_db(),
                }
            },
        )
    }

    /// Mean of a function of frequency, weighted by magnitude.
    #[inline(always)]
    fn mean_over_hz(&self, share: Lanes, value: impl Fn(Lanes) -> Lanes) -> Lanes {
        let mut sum = Lanes::ZERO;
        for (bin, magnitude) in self.magnitude.iter().enumerate() {
            sum += *magnitude * value(Lanes::splat(bin as f32 * self.bin_hz));
        }
        sum * share
    }

    /// The first bin at which the running sum reaches the share: as many bins as stay below it.
    #[inline(always)]
    fn rolloff_hz(&self, total: Lanes) -> Lanes {
        let threshold = total * ROLLOFF_SHARE;
        let (mut sum, mut below) = (Lanes::ZERO, Lanes::ZERO);
        for magnitude in &self.magnitude {
            sum += *magnitude;
            below += sum.zip(threshold, |sum, threshold| if sum < threshold { 1.0 } else { 0.0 });
        }
        below * self.bin_hz
    }

    /// Flatness and entropy of the power, each bin at least [`POWER_FLOOR`].
    #[inline(always)]
    fn disorder(&self, power: &[Lanes]) -> (Lanes, Lanes) {
        let bins = power.len() as f32;
        let (mut sum, mut log_sum, mut product_sum) = (Lanes::ZERO, Lanes::ZERO, Lanes::ZERO);
        for (power, log) in power.iter().zip(&self.log_power) {
            let power = power.max(Lanes::splat(POWER_FLOOR));
            sum += power;
            log_sum += *log;
            product_sum += power * *log;
        }
        let mean_log = log_sum * (1.0 / bins);
        let flatness = mean_log.map(f32::exp) / (sum * (1.0 / bins));
        let entropy = (sum.map(f32::ln) - product_sum / sum) * (1.0 / bins.ln());
        (flatness, entropy)
    }

    #[inline(always)]
    fn flux(&mut self, share: Lanes) -> Lanes {
        let mut sum = Lanes::ZERO;
        for (magnitude, before) in self.magnitude.iter().zip(&mut self.before) {
            let scaled = *magnitude * share;
            let [a, b, c, d, e, f, g, last] = scaled.0;
            let change = scaled - Lanes([*before, a, b, c, d, e, f, g]);
            sum += change * change;
            *before = last;
        }
        let mut flux = sum.sqrt();
        if std::mem::take(&mut self.at_start) {
            flux.0[0] = 0.0;
        }
        flux
    }

    #[inline(always)]
    fn alpha_ratio_db(&self, power: &[Lanes]) -> Lanes {
        let energy = |low_hz: f32, high_hz: f32| {
            let bins = &power[self.bin_from(low_hz)..self.bin_from(high_hz)];
            bins.iter().fold(Lanes::splat(POWER_FLOOR), |sum, power| sum + *power)
        };
        (energy(50.0, 1000.0).map(f32::ln) - energy(1000.0, 5000.0).map(f32::ln)) * LN_TO_DB
    }

    #[inline(always)]
    fn hammarberg_db(&self) -> Lanes {
        let peak = |low_hz: f32, high_hz: f32| {
            let bins = &self.log_power[self.bin_from(low_hz)..self.bin_from(high_hz)];
            bins.iter().fold(Lanes::splat(POWER_FLOOR.ln()), |peak, log| peak.max(*log))
        };
        (peak(0.0, 2000.0) - peak(2000.0, 5000.0)) * LN_TO_DB
    }

    /// The first bin at or above a frequency; one past the last where the spectrum ends below it.
    fn bin_from(&self, hz: f32) -> usize {
        ((hz / self.bin_hz).ceil() as usize).min(self.magnitude.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape_of(power: &[(usize, f32)]) -> SpectralFrame {
        let mut rows = vec![Lanes::ZERO; 257];
        for (bin, value) in power {
            rows[*bin] = Lanes::splat(*value);
        }
        SpectralShape::new(16000, 512).measure(&rows)
    }

    #[test]
    fn two_lines_have_their_known_shape() {
        // bins 16 and 48 are 500 and 1500 Hz, magnitudes 3 and 1
        let shape = shape_of(&[(16, 9.0), (48, 1.0)]);
        let entropy = -(0.9 * 0.9_f32.ln() + 0.1 * 0.1_f32.ln()) / 257_f32.ln();
        for (name, got, want, tolerance) in [
            ("centroid", shape.centroid_hz, 750.0, 1e-2),
            ("bandwidth", shape.bandwidth_hz, 187_500_f32.sqrt(), 1e-2),
            ("rolloff", shape.rolloff_hz, 1500.0, 0.0),
            ("entropy", shape.entropy, entropy, 1e-4),
            ("alpha ratio", shape.alpha_ratio_db, 9.542_43, 1e-3),
            ("Hammarberg", shape.hammarberg_db, 109.542_43, 1e-3),
        ] {
            assert!((got.0[2] - want).abs() <= tolerance, "{name} is {} for {want}", got.0[2]);
        }
        assert_eq!((shape.flux.0[0], shape.flux.0[1]), (0.0, 0.0));
    }

    #[test]
    fn silence_and_white_noise_are_flat() {
        for power in [0.0, 4.0] {
            let shape = SpectralShape::new(16000, 512).measure(&[Lanes::splat(power); 257]);
            assert!((shape.flatness.0[0] - 1.0).abs() < 1e-4, "flatness {}", shape.flatness.0[0]);
            assert!((shape.entropy.0[0] - 1.0).abs() < 1e-4, "entropy {}", shape.entropy.0[0]);
            assert!(shape.hammarberg_db.0[0].abs() < 1e-3);
        }
        let silent = shape_of(&[]);
        assert_eq!((silent.centroid_hz.0[0], silent.bandwidth_hz.0[0], silent.rolloff_hz.0[0]), (0.0, 0.0, 0.0));
        assert_eq!(silent.flux, Lanes::ZERO);
    }

    #[test]
    fn flux_compares_with_the_frame_before_across_blocks() {
        let mut shape = SpectralShape::new(16000, 512);
        let block = |bin: usize| {
            let mut rows = vec![Lanes::ZERO; 257];
            rows[bin] = Lanes::splat(5.0);
            rows
        };
        assert_eq!(shape.measure(&block(10)).flux, Lanes::ZERO);
        let flux = shape.measure(&block(20)).flux;
        assert!((flux.0[0] - 2_f32.sqrt()).abs() < 1e-6 && flux.0[1..] == [0.0; 7]);
    }
}
