use super::Lanes;
use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};
use std::fmt;
use std::sync::Arc;

/// Complex FFTs, by rustfft, of sequences that lie one after the other.
#[derive(Clone)]
pub struct ComplexFft {
    plan: Arc<dyn Fft<f32>>,
    length: usize,
    /// The sequences, then their spectra in their place: `sequences x length`.
    numbers: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

impl ComplexFft {
    /// Plans transforms of `length` numbers.
    pub fn new(sequences: usize, length: usize) -> Self {
        let plan = FftPlanner::new().plan_fft_forward(length);
        Self {
            length,
            numbers: vec![Complex32::default(); sequences * length],
            scratch: vec![Complex32::default(); plan.get_inplace_scratch_len()],
            plan,
        }
    }

    /// Room for the sequences, one after the other.
    pub fn sequences(&mut self) -> std::slice::ChunksExactMut<'_, Complex32> {
        self.numbers.chunks_exact_mut(self.length)
    }

    /// Puts the spectra of the sequences in their place.
    pub fn transform(&mut self) {
        self.plan.process_with_scratch(&mut self.numbers, &mut self.scratch);
    }

    /// The spectra, one after the other.
    pub fn spectra(&self) -> &[Complex32] {
        &self.numbers
    }

    /// Numbers `k` and `-k` of the spectra of `LANES / 2` sequences, real part before imaginary part.
    #[inline(always)]
    pub fn mirrored_rows(&self, k: usize) -> (Lanes, Lanes) {
        (self.row(k), self.row(if k == 0 { 0 } else { self.length - k }))
    }

    #[inline(always)]
    fn row(&self, k: usize) -> Lanes {
        let number = |lane: usize| self.numbers[lane / 2 * self.length + k];
        Lanes(std::array::from_fn(|lane| if lane % 2 == 0 { number(lane).re } else { number(lane).im }))
    }
}

impl fmt::Debug for ComplexFft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ComplexFft({} x {})", self.numbers.len() / self.length, self.length)
    }
}
