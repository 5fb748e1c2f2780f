use super::{Lanes, Spectrum, simd};

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
