use std::fmt;
use std::sync::Arc;

use realfft::num_complex::Complex32;
use realfft::{RealFftPlanner, RealToComplex};

use super::{LANES, Lanes};

/// FFT of the eight real frames of a block, by realfft.
#[derive(Clone)]
pub struct RealFft {
    plan: Arc<dyn RealToComplex<f32>>,
    /// One frame: `n`.
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

    /// Power spectra `|X|^2` of a block: `input` is `n` rows, `power` is `n / 2 + 1` rows.
    pub fn power(&mut self, input: &[Lanes], power: &mut [Lanes]) {
        self.transform(input, power, |bin| bin.norm_sqr());
    }

    /// Real parts of the spectra of a block; shapes as in [`Self::power`]. Of an even sequence it is the whole spectrum.
    pub fn real_part(&mut self, input: &[Lanes], real: &mut [Lanes]) {
        self.transform(input, real, |bin| bin.re);
    }

    /// Spectrum of one frame, which `fill` writes: `n` samples in, `n / 2 + 1` bins out.
    pub fn single(&mut self, fill: impl FnOnce(&mut [f32])) -> &[Complex32] {
        fill(&mut self.frame);
        self.plan
            .process_with_scratch(&mut self.frame, &mut self.spectrum, &mut self.scratch)
            .expect("all buffers come from the plan");
        &self.spectrum
    }

    fn transform(&mut self, input: &[Lanes], output: &mut [Lanes], value: impl Fn(Complex32) -> f32) {
        assert_eq!((input.len(), output.len()), (self.frame.len(), self.spectrum.len()));
        for lane in 0..LANES {
            let spectrum = self.single(|frame| {
                for (sample, row) in frame.iter_mut().zip(input) {
                    *sample = row.0[lane];
                }
            });
            for (row, &bin) in output.iter_mut().zip(spectrum) {
                row.0[lane] = value(bin);
            }
        }
    }
}

impl fmt::Debug for RealFft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RealFft({})", self.frame.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    fn noise(length: usize) -> Vec<Lanes> {
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state as f32 / u32::MAX as f32 - 0.5
        };
        (0..length).map(|_| Lanes(std::array::from_fn(|_| next()))).collect()
    }

    /// Bin `k` of the discrete Fourier transform of one lane, by its definition.
    fn naive_bin(input: &[Lanes], lane: usize, k: usize) -> (f64, f64) {
        let length = input.len();
        let term = |(n, row): (usize, &Lanes)| {
            let angle = TAU * (k * n % length) as f64 / length as f64;
            (f64::from(row.0[lane]) * angle.cos(), -f64::from(row.0[lane]) * angle.sin())
        };
        input.iter().enumerate().map(term).fold((0.0, 0.0), |sum, term| (sum.0 + term.0, sum.1 + term.1))
    }

    #[test]
    fn spectra_match_the_definition_in_every_lane() {
        for length in [8, 16, 32, 64, 128, 256, 512] {
            let input = noise(length);
            let mut fft = RealFft::new(length);
            let (mut power, mut real) = (vec![Lanes::ZERO; length / 2 + 1], vec![Lanes::ZERO; length / 2 + 1]);
            fft.power(&input, &mut power);
            fft.real_part(&input, &mut real);
            let scale = (length as f64).sqrt();
            for lane in 0..LANES {
                for bin in 0..=length / 2 {
                    let (re, im) = naive_bin(&input, lane, bin);
                    assert!((f64::from(real[bin].0[lane]) - re).abs() < 2e-6 * scale, "n {length} bin {bin}");
                    let difference = (f64::from(power[bin].0[lane]) - (re * re + im * im)).abs();
                    assert!(difference < 4e-6 * scale * scale, "n {length} bin {bin}");
                }
            }
        }
    }
}
