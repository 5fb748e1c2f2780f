use super::{Lanes, POWER_FLOOR, Spectrum, simd};

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
