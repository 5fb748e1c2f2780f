use super::{Lanes, Spectrum, simd};

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
