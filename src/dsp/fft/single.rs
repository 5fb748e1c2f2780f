use realfft::num_complex::Complex32;
use realfft::{RealFftPlanner, RealToComplex};
use std::fmt;
use std::sync::Arc;

/// FFT of one real frame, by realfft.
#[derive(Clone)]
pub struct RealFft {
    plan: Arc<dyn RealToComplex<f32>>,
    /// The frame: `n`.
    frame: Vec<f32>,
    /// Its spectrum: `n / 2 + 1`.
    spectrum: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

impl RealFft {
    /// Plans transforms of `length` real samples.
    pub fn new(length: usize) -> Self {
        let plan = RealFftPlanner::new().plan_fft_forward(length);
        Self { frame: plan.make_input_vec(), spectrum: plan.make_output_vec(), scratch: plan.make_scratch_vec(), plan }
    }

    /// Spectrum of a frame, which `fill` writes: `n` samples in, `n / 2 + 1` bins out.
    pub fn single(&mut self, fill: impl FnOnce(&mut [f32])) -> &[Complex32] {
        fill(&mut self.frame);
        self.plan
            .process_with_scratch(&mut self.frame, &mut self.spectrum, &mut self.scratch)
            .expect("all buffers come from the plan");
        &self.spectrum
    }
}

impl fmt::Debug for RealFft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RealFft({})", self.frame.len())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{lane, naive_bin, noisy};
    use super::*;

    #[test]
    fn the_spectrum_matches_the_definition() {
        for length in [1, 2, 8, 12, 512] {
            let (input, mut fft) = (noisy(length), RealFft::new(length));
            let spectrum = fft.single(|frame| lane(&input, 3, frame));
            assert_eq!(spectrum.len(), length / 2 + 1);
            for (bin, got) in spectrum.iter().enumerate() {
                let (re, im) = naive_bin(&input, 3, bin);
                let difference = (f64::from(got.re) - re).hypot(f64::from(got.im) - im);
                assert!(difference < 4e-6 * (length as f64).sqrt(), "n {length} bin {bin}");
            }
        }
    }
}
