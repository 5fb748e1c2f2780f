use std::f64::consts::TAU;
use std::fmt;
use std::sync::Arc;

use realfft::num_complex::Complex32;
use realfft::{RealFftPlanner, RealToComplex};
use rustfft::{Fft, FftPlanner};

use super::{LANES, Lanes, simd};

/// Rows that are turned into complex numbers at a time, and those numbers.
const ROWS: usize = 8;
const PAIRS: usize = ROWS / 2;

/// FFT of the eight real frames of a block: rustfft's of half the length over pairs of samples, taken apart for all eight
/// at once (Press et al., Numerical Recipes, 12.3). realfft does the same frame by frame, and takes longer over the second
/// step than over the first.
#[derive(Clone)]
pub struct BlockFft {
    plan: Arc<dyn Fft<f32>>,
    /// The frames one after the other, a pair of samples each number: `LANES x n / 2`.
    frames: Vec<Complex32>,
    scratch: Vec<Complex32>,
    /// Their spectra side by side: `n / 2` rows each.
    re: Vec<Lanes>,
    im: Vec<Lanes>,
    /// Cosine and sine of `2 pi k / n` for k in 0..=n / 2.
    twiddles: Vec<(f32, f32)>,
}

impl BlockFft {
    /// Plans transforms of `length` real samples, a power of two from 8 on.
    pub fn new(length: usize) -> Self {
        let half = length / 2;
        let plan = FftPlanner::new().plan_fft_forward(half);
        let angle = |k: usize| TAU * k as f64 / length as f64;
        Self {
            frames: vec![Complex32::default(); LANES * half],
            scratch: vec![Complex32::default(); plan.get_inplace_scratch_len()],
            plan,
            re: vec![Lanes::ZERO; half],
            im: vec![Lanes::ZERO; half],
            twiddles: (0..=half).map(|k| (angle(k).cos() as f32, angle(k).sin() as f32)).collect(),
        }
    }

    /// Power spectra `|X|^2` of a block: `input` is `n` rows, `power` is `n / 2 + 1` rows.
    pub fn power(&mut self, input: &[Lanes], power: &mut [Lanes]) {
        self.transform(input, power, |re, im| re * re + im * im);
    }

    /// Real parts of the spectra of a block; shapes as in [`Self::power`]. Of an even sequence it is the whole spectrum.
    pub fn real_part(&mut self, input: &[Lanes], real: &mut [Lanes]) {
        self.transform(input, real, |re, _| re);
    }

    fn transform(&mut self, input: &[Lanes], output: &mut [Lanes], value: impl Fn(Lanes, Lanes) -> Lanes) {
        let half = self.re.len();
        assert_eq!((input.len(), output.len()), (2 * half, half + 1));
        simd(
            #[inline(always)]
            || pack(input, &mut self.frames),
        );
        self.plan.process_with_scratch(&mut self.frames, &mut self.scratch);
        simd(
            #[inline(always)]
            || {
                unpack(&self.frames, &mut self.re, &mut self.im);
                for (k, (output, (cos, sin))) in output.iter_mut().zip(&self.twiddles).enumerate() {
                    let (here, mirrored) = (k % half, (half - k) % half);
                    let (a_re, a_im) = (self.re[here], self.im[here]);
                    let (b_re, b_im) = (self.re[mirrored], self.im[mirrored]);
                    // spectra of the even and of the odd samples
                    let (even_re, even_im) = ((a_re + b_re) * 0.5, (a_im - b_im) * 0.5);
                    let (odd_re, odd_im) = ((a_im + b_im) * 0.5, (b_re - a_re) * 0.5);
                    let re = even_re + odd_re * *cos + odd_im * *sin;
                    let im = even_im + odd_im * *cos - odd_re * *sin;
                    *output = value(re, im);
                }
            },
        );
    }
}

/// `frames[lane][i] = rows[2 i][lane] + j rows[2 i + 1][lane]`.
#[inline(always)]
fn pack(rows: &[Lanes], frames: &mut [Complex32]) {
    let half = rows.len() / 2;
    for (block, rows) in rows.chunks_exact(ROWS).enumerate() {
        for lane in 0..LANES {
            let frame = &mut frames[lane * half + block * PAIRS..][..PAIRS];
            for (pair, number) in frame.iter_mut().enumerate() {
                *number = Complex32::new(rows[2 * pair].0[lane], rows[2 * pair + 1].0[lane]);
            }
        }
    }
}

/// `re[k][lane] + j im[k][lane] = frames[lane][k]`.
#[inline(always)]
fn unpack(frames: &[Complex32], re: &mut [Lanes], im: &mut [Lanes]) {
    let half = re.len();
    for (block, (re, im)) in re.chunks_exact_mut(PAIRS).zip(im.chunks_exact_mut(PAIRS)).enumerate() {
        for lane in 0..LANES {
            let frame = &frames[lane * half + block * PAIRS..][..PAIRS];
            for (k, number) in frame.iter().enumerate() {
                (re[k].0[lane], im[k].0[lane]) = (number.re, number.im);
            }
        }
    }
}

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

impl fmt::Debug for BlockFft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlockFft({})", 2 * self.re.len())
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
            let mut fft = BlockFft::new(length);
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
