//! Fourier transforms of real sequences: those of a block at a time, each with the trick that its sequences allow, and
//! one alone. All rest on rustfft and realfft.

use std::fmt;
use std::sync::Arc;

use realfft::{RealFftPlanner, RealToComplex};
use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

use super::{LANES, Lanes, simd};

#[cfg(test)]
mod tests;

/// Rows of spectra that are laid side by side at a time.
const ROWS: usize = 8;

/// FFT of the eight real frames of a block: rustfft's of half the length over pairs of samples, taken apart for all
/// eight at once (Press et al., Numerical Recipes, 12.3). realfft does the same frame by frame, and takes longer over
/// the second step than over the first.
#[derive(Debug, Clone)]
pub struct BlockFft {
    /// Of each frame, a pair of samples each number: `LANES x n / 2`.
    fft: ComplexFft,
    /// A frame that is being written: `n`.
    frame: Vec<f32>,
    /// The spectra of the pairs side by side: `n / 2` rows each.
    re: Vec<Lanes>,
    im: Vec<Lanes>,
    /// Cosine and sine of `2 pi k / n` for k in 0..n / 2.
    waves: Vec<(f32, f32)>,
}

impl BlockFft {
    /// Plans transforms of `length` real samples, a power of two from 8 on.
    pub fn new(length: usize) -> Self {
        let half = length / 2;
        Self {
            fft: ComplexFft::new(LANES, half),
            frame: vec![0.0; length],
            re: vec![Lanes::ZERO; half],
            im: vec![Lanes::ZERO; half],
            waves: waves(length),
        }
    }

    /// Power spectra `|X|^2` of a block: `input` is `n` rows, `power` is `n / 2 + 1` rows.
    pub fn power(&mut self, input: &[Lanes], power: &mut [Lanes]) {
        assert_eq!(input.len(), self.frame.len());
        let lay_out = |lane: usize, frame: &mut [f32]| {
            frame.iter_mut().zip(input).for_each(|(sample, row)| *sample = row.0[lane]);
        };
        self.power_of(lay_out, power);
    }

    /// Power spectra of a block, frame by frame: `write` is given the number of each and its `n` samples to fill. What
    /// it leaves alone is as the frame before left it, and 0 at first.
    pub fn power_of(&mut self, mut write: impl FnMut(usize, &mut [f32]), power: &mut [Lanes]) {
        assert_eq!(power.len(), self.waves.len() + 1);
        for (lane, pairs) in self.fft.sequences().enumerate() {
            write(lane, &mut self.frame);
            for (number, pair) in pairs.iter_mut().zip(self.frame.as_chunks::<2>().0) {
                *number = Complex32::new(pair[0], pair[1]);
            }
        }
        self.fft.transform();
        simd(
            #[inline(always)]
            || {
                lay_side_by_side(self.fft.spectra(), &mut self.re, &mut self.im);
                separate(&self.re, &self.im, &self.waves, power);
            },
        );
    }
}

/// `re[k][lane] + j im[k][lane] = pairs[lane][k]`.
#[inline(always)]
fn lay_side_by_side(pairs: &[Complex32], re: &mut [Lanes], im: &mut [Lanes]) {
    let half = re.len();
    for (block, (re, im)) in re.chunks_mut(ROWS).zip(im.chunks_mut(ROWS)).enumerate() {
        for lane in 0..LANES {
            let numbers = &pairs[lane * half + block * ROWS..][..re.len()];
            for (k, number) in numbers.iter().enumerate() {
                (re[k].0[lane], im[k].0[lane]) = (number.re, number.im);
            }
        }
    }
}

/// Power of the spectra of real frames, from the spectra of their pairs of samples: bins that mirror each other come of
/// the same two numbers.
#[inline(always)]
fn separate(re: &[Lanes], im: &[Lanes], waves: &[(f32, f32)], power: &mut [Lanes]) {
    let half = waves.len();
    let (re, im, power) = (&re[..half], &im[..half], &mut power[..half + 1]);
    // the sums of the even and of the odd samples are real
    let (even, odd) = (re[0], im[0]);
    (power[0], power[half]) = ((even + odd) * (even + odd), (even - odd) * (even - odd));
    for k in 1..=half / 2 {
        let ((a_re, a_im), (b_re, b_im)) = ((re[k], im[k]), (re[half - k], im[half - k]));
        let (cos, sin) = waves[k];
        // spectra of the even and of the odd samples, the latter turned
        let (even_re, even_im) = ((a_re + b_re) * 0.5, (a_im - b_im) * 0.5);
        let (odd_re, odd_im) = ((a_im + b_im) * 0.5, (b_re - a_re) * 0.5);
        let (turned_re, turned_im) = (odd_re * cos + odd_im * sin, odd_im * cos - odd_re * sin);
        power[k] = square(even_re + turned_re, even_im + turned_im);
        power[half - k] = square(even_re - turned_re, even_im - turned_im);
    }
}

#[inline(always)]
fn square(re: Lanes, im: Lanes) -> Lanes {
    re * re + im * im
}

/// FFT of the eight real frames of a block, two of them the real and the imaginary part of one sequence for rustfft
/// (Press et al., Numerical Recipes, 12.3): faster than [`BlockFft`], but the rounding of one frame shows in the other,
/// so that neighbouring frames should be of like size.
#[derive(Debug, Clone)]
pub struct PairFft {
    /// Of pairs of frames: `LANES / 2 x n`.
    fft: ComplexFft,
    /// The two frames of a pair that is being written: `n` samples each.
    frames: [Vec<f32>; 2],
}

impl PairFft {
    /// Plans transforms of `length` real samples, a power of two from 8 on.
    pub fn new(length: usize) -> Self {
        Self { fft: ComplexFft::new(LANES / 2, length), frames: [vec![0.0; length], vec![0.0; length]] }
    }

    /// Power spectra of a block, as [`BlockFft::power_of`]; what `write` leaves alone is as two frames before
    /// left it.
    pub fn power_of(&mut self, mut write: impl FnMut(usize, &mut [f32]), power: &mut [Lanes]) {
        let [first, second] = &mut self.frames;
        assert_eq!(power.len(), first.len() / 2 + 1);
        for (pair, numbers) in self.fft.sequences().enumerate() {
            write(2 * pair, first);
            write(2 * pair + 1, second);
            for (number, (re, im)) in numbers.iter_mut().zip(first.iter().zip(&*second)) {
                *number = Complex32::new(*re, *im);
            }
        }
        self.fft.transform();
        simd(
            #[inline(always)]
            || {
                for (k, power) in power.iter_mut().enumerate() {
                    let (here, mirrored) = self.fft.mirrored_rows(k);
                    let (sum, difference) = (here + mirrored, (here - mirrored).0);
                    let crossed = Lanes(std::array::from_fn(|lane| difference[lane ^ 1]));
                    *power = (sum * sum + crossed * crossed) * 0.25;
                }
            },
        );
    }
}

/// FFT of the real, even sequences of a block, whose spectra are real and even too: rustfft's of half the length over
/// pairs of sequences, one the real and one the imaginary part (Press et al., Numerical Recipes, 12.4.2, "cosft1").
///
/// Sequences should be of like size: the rounding of one shows in the other.
#[derive(Debug, Clone)]
pub struct EvenFft {
    /// Of pairs of folded sequences: `LANES / 2 x n / 2`.
    fft: ComplexFft,
    /// Cosine and sine of `2 pi i / n` for i in 0..n / 2.
    waves: Vec<(f32, f32)>,
}

impl EvenFft {
    /// Plans transforms of sequences of `length`, a power of two from 8 on.
    pub fn new(length: usize) -> Self {
        Self { fft: ComplexFft::new(LANES / 2, length / 2), waves: waves(length) }
    }

    /// The first `out.len()` rows of the spectra (at most `n / 2 + 1`); `half` is the sequences up to their middle,
    /// `n / 2 + 1` rows.
    pub fn transform(&mut self, half: &[Lanes], out: &mut [Lanes]) {
        assert_eq!(half.len(), self.waves.len() + 1);
        let first_odd = simd(
            #[inline(always)]
            || self.fold(half),
        );
        self.fft.transform();
        simd(
            #[inline(always)]
            || self.unfold(first_odd, out),
        );
    }

    /// Folds the sequences to half their length; returns row 1 of their spectra.
    #[inline(always)]
    fn fold(&mut self, half: &[Lanes]) -> Lanes {
        let length = self.waves.len();
        let mut pairs = self.fft.sequences();
        let mut pairs: [&mut [Complex32]; LANES / 2] = std::array::from_fn(|_| pairs.next().expect("a chunk a pair"));
        let mut sum = (half[0] + half[length]) * -0.5;
        for (i, (cos, sin)) in self.waves.iter().enumerate() {
            let (here, mirrored) = (half[i], half[length - i]);
            let folded = (here + mirrored) * 0.5 - (here - mirrored) * *sin;
            for (pair, values) in pairs.iter_mut().zip(folded.0.as_chunks::<2>().0) {
                pair[i] = Complex32::new(values[0], values[1]);
            }
            sum += here * *cos;
        }
        sum * 2.0
    }

    /// Even rows are the sums of mirrored numbers; odd ones each differ from the odd one before by their difference.
    #[inline(always)]
    fn unfold(&self, first_odd: Lanes, out: &mut [Lanes]) {
        let mut odd = first_odd;
        for (k, rows) in out.chunks_mut(2).enumerate() {
            let (here, mirrored) = self.fft.mirrored_rows(k);
            let difference = (here - mirrored).0;
            if k > 0 {
                odd += Lanes(std::array::from_fn(|lane| {
                    if lane % 2 == 0 { -difference[lane + 1] } else { difference[lane - 1] }
                }));
            }
            rows[0] = here + mirrored;
            if let Some(row) = rows.get_mut(1) {
                *row = odd;
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

impl fmt::Debug for RealFft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RealFft({})", self.frame.len())
    }
}

/// Complex FFTs, by rustfft, of sequences that lie one after the other.
#[derive(Clone)]
struct ComplexFft {
    plan: Arc<dyn Fft<f32>>,
    length: usize,
    /// The sequences, then their spectra in their place: `sequences x length`.
    numbers: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

impl ComplexFft {
    /// Plans transforms of `length` numbers.
    fn new(sequences: usize, length: usize) -> Self {
        let plan = FftPlanner::new().plan_fft_forward(length);
        Self {
            length,
            numbers: vec![Complex32::default(); sequences * length],
            scratch: vec![Complex32::default(); plan.get_inplace_scratch_len()],
            plan,
        }
    }

    /// Room for the sequences, one after the other.
    fn sequences(&mut self) -> std::slice::ChunksExactMut<'_, Complex32> {
        self.numbers.chunks_exact_mut(self.length)
    }

    /// Puts the spectra of the sequences in their place.
    fn transform(&mut self) {
        self.plan.process_with_scratch(&mut self.numbers, &mut self.scratch);
    }

    /// The spectra, one after the other.
    fn spectra(&self) -> &[Complex32] {
        &self.numbers
    }

    /// Numbers `k` and `-k` of the spectra of `LANES / 2` sequences, real part before imaginary part.
    #[inline(always)]
    fn mirrored_rows(&self, k: usize) -> (Lanes, Lanes) {
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

/// Cosine and sine of `2 pi i / n` for i in 0..n / 2.
fn waves(length: usize) -> Vec<(f32, f32)> {
    let angle = |i: usize| std::f64::consts::TAU * i as f64 / length as f64;
    (0..length / 2).map(|i| (angle(i).cos() as f32, angle(i).sin() as f32)).collect()
}
