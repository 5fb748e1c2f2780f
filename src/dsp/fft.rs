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
        let half = self.re.len();
        assert_eq!((input.len(), power.len()), (2 * half, half + 1));
        simd(
            #[inline(always)]
            || pack(input, &mut self.frames),
        );
        self.plan.process_with_scratch(&mut self.frames, &mut self.scratch);
        simd(
            #[inline(always)]
            || {
                unpack(&self.frames, &mut self.re, &mut self.im);
                for (k, (power, (cos, sin))) in power.iter_mut().zip(&self.twiddles).enumerate() {
                    let (here, mirrored) = (k % half, (half - k) % half);
                    let (a_re, a_im) = (self.re[here], self.im[here]);
                    let (b_re, b_im) = (self.re[mirrored], self.im[mirrored]);
                    // spectra of the even and of the odd samples
                    let (even_re, even_im) = ((a_re + b_re) * 0.5, (a_im - b_im) * 0.5);
                    let (odd_re, odd_im) = ((a_im + b_im) * 0.5, (b_re - a_re) * 0.5);
                    let re = even_re + odd_re * *cos + odd_im * *sin;
                    let im = even_im + odd_im * *cos - odd_re * *sin;
                    *power = re * re + im * im;
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

/// FFT of the real, even sequences of a block, whose spectra are real and even too: two of them are the real and the
/// imaginary part of one sequence for rustfft, and need not be told apart afterwards.
///
/// Sequences should be of like size: the rounding of one shows in the other.
#[derive(Clone)]
pub struct EvenFft {
    plan: Arc<dyn Fft<f32>>,
    /// Pairs of sequences, one after the other: `LANES / 2 x n`.
    pairs: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

impl EvenFft {
    /// Plans transforms of sequences of `length`.
    pub fn new(length: usize) -> Self {
        let plan = FftPlanner::new().plan_fft_forward(length);
        Self {
            pairs: vec![Complex32::default(); LANES / 2 * length],
            scratch: vec![Complex32::default(); plan.get_inplace_scratch_len()],
            plan,
        }
    }

    /// The first `out.len()` rows of the spectra (at most `n / 2 + 1`); `half` is the sequences up to their middle,
    /// `n / 2 + 1` rows.
    pub fn transform(&mut self, half: &[Lanes], out: &mut [Lanes]) {
        let length = self.pairs.len() * 2 / LANES;
        assert_eq!(half.len(), length / 2 + 1);
        simd(
            #[inline(always)]
            || {
                for (i, row) in half.iter().chain(half[1..length / 2].iter().rev()).enumerate() {
                    for (pair, values) in row.0.as_chunks::<2>().0.iter().enumerate() {
                        self.pairs[pair * length + i] = Complex32::new(values[0], values[1]);
                    }
                }
            },
        );
        self.plan.process_with_scratch(&mut self.pairs, &mut self.scratch);
        simd(
            #[inline(always)]
            || {
                for (k, row) in out.iter_mut().enumerate() {
                    for (pair, values) in row.0.as_chunks_mut::<2>().0.iter_mut().enumerate() {
                        let number = self.pairs[pair * length + k];
                        *values = [number.re, number.im];
                    }
                }
            },
        );
    }
}

impl fmt::Debug for EvenFft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EvenFft({})", self.pairs.len() * 2 / LANES)
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
    fn even_sequences_match_the_definition_in_every_lane() {
        for length in [8, 64, 256] {
            let half = noise(length / 2 + 1);
            let whole: Vec<Lanes> = half.iter().chain(half[1..length / 2].iter().rev()).copied().collect();
            for rows in [1, length / 2 + 1] {
                let mut got = vec![Lanes::ZERO; rows];
                EvenFft::new(length).transform(&half, &mut got);
                for (bin, lane) in (0..rows).flat_map(|bin| (0..LANES).map(move |lane| (bin, lane))) {
                    let (want, _) = naive_bin(&whole, lane, bin);
                    let difference = (f64::from(got[bin].0[lane]) - want).abs();
                    assert!(difference < 4e-6 * (length as f64).sqrt(), "n {length} bin {bin}");
                }
            }
        }
    }

    #[test]
    fn spectra_match_the_definition_in_every_lane() {
        for length in [8, 16, 32, 64, 128, 256, 512] {
            let input = noise(length);
            let mut fft = BlockFft::new(length);
            let mut power = vec![Lanes::ZERO; length / 2 + 1];
            fft.power(&input, &mut power);
            let scale = (length as f64).sqrt();
            for lane in 0..LANES {
                for (bin, row) in power.iter().enumerate() {
                    let (re, im) = naive_bin(&input, lane, bin);
                    let difference = (f64::from(row.0[lane]) - (re * re + im * im)).abs();
                    assert!(difference < 4e-6 * scale * scale, "n {length} bin {bin}");
                }
            }
        }
    }
}
