use super::{Lanes, Spectrum, simd};

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
