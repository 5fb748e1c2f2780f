use super::{LN_TO_DB, Lanes, Spectrum, simd};

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
