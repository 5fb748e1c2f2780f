use super::{Lanes, Spectrum, simd};

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
