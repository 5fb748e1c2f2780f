use super::{Lanes, Spectrum, simd};

/// Change of the spectrum from frame to frame; keeps the last frame of the block before.
#[derive(Debug, Clone)]
pub struct Flux {
    /// Scaled magnitudes of the last frame seen.
    before: Vec<f32>,
    at_start: bool,
}

impl Flux {
    /// For spectra of `n_fft / 2 + 1` bins.
    pub fn new(n_fft: usize) -> Self {
        Self { before: vec![0.0; n_fft / 2 + 1], at_start: true }
    }

    /// Forgets the last utterance.
    pub fn reset(&mut self) {
        self.at_start = true;
    }

    /// Euclidean distance of the magnitudes, scaled to sum 1, from those of the frame before, 0..1.41 (Peeters 2004,
    /// 6.1.9 with Euclidean norm); 0 in the first frame. Blocks come in order.
    pub fn next(&mut self, spectrum: &Spectrum) -> Lanes {
        let mut flux = simd(
            #[inline(always)]
            || {
                let mut sum = Lanes::ZERO;
                for (magnitude, before) in spectrum.magnitude.iter().zip(&mut self.before) {
                    let scaled = *magnitude * spectrum.share;
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
