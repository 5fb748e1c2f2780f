use super::{Lanes, simd};
use std::f64::consts::TAU;

/// A complex value of each frame of a block.
#[derive(Debug, Clone, Copy, Default)]
struct Complex {
    re: Lanes,
    im: Lanes,
}

/// A complex factor that all frames share.
#[derive(Debug, Clone, Copy)]
struct Twiddle {
    re: f32,
    im: f32,
}

/// FFT of eight real frames at once; the length is a power of two, at least 8.
///
/// The `n` real samples are packed into `n / 2` complex ones, transformed by Stockham's self-sorting radix-4 algorithm
/// (a last radix-2 pass where needed), and unpacked (Press et al., Numerical Recipes, 3rd ed., section 12.3.2).
/// Each frame has a SIMD lane of its own, so there is nothing to shuffle.
#[derive(Debug, Clone)]
pub struct RealFft {
    /// The radix-4 passes: three twiddles for every butterfly position.
    passes: Vec<Vec<[Twiddle; 3]>>,
    /// `exp(-2 pi i k / n)` for k in 0..=n/4.
    unpack: Vec<Twiddle>,
    data: Vec<Complex>,
    scratch: Vec<Complex>,
}

impl RealFft {
    /// Plans transforms of `length` real samples.
    pub fn new(length: usize) -> Self {
        assert!(length.is_power_of_two() && length >= 8, "the FFT length {length} is not a power of two from 8");
        let half = length / 2;
        let lengths = std::iter::successors(Some(half), |n| Some(n / 4)).take_while(|n| *n >= 4);
        Self {
            passes: lengths.map(pass_twiddles).collect(),
            unpack: (0..=length / 4).map(|k| twiddle(k, length)).collect(),
            data: vec![Complex::default(); half],
            scratch: vec![Complex::default(); half],
        }
    }

    /// Number of real samples of a frame.
    pub fn len(&self) -> usize {
        2 * self.data.len()
    }

    /// Never: a plan has at least 8 samples.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// Power spectra `|X|^2` of a block: `input` is `n` rows, `power` is `n / 2 + 1` rows.
    pub fn power(&mut self, input: &[Lanes], power: &mut [Lanes]) {
        assert_eq!((input.len(), power.len()), (self.len(), self.len() / 2 + 1));
        simd(
            #[inline(always)]
            || {
                self.transform(input);
                unpack(
                    &self.data,
                    &self.unpack,
                    #[inline(always)]
                    |bin, re, im| power[bin] = re * re + im * im,
                );
            },
        );
    }

    /// Real parts of the spectra of a block; shapes as in [`Self::power`]. Of an even sequence it is the whole spectrum.
    pub fn real_part(&mut self, input: &[Lanes], real: &mut [Lanes]) {
        assert_eq!((input.len(), real.len()), (self.len(), self.len() / 2 + 1));
        simd(
            #[inline(always)]
            || {
                self.transform(input);
                unpack(
                    &self.data,
                    &self.unpack,
                    #[inline(always)]
                    |bin, re, _| real[bin] = re,
                );
            },
        );
    }

    /// Complex FFT of the even samples (real parts) and odd samples (imaginary parts) into `data`.
    #[inline(always)]
    fn transform(&mut self, input: &[Lanes]) {
        let (packed, _) = input.as_chunks::<2>();
        let (first, later) = self.passes.split_first().expect("a length of 8 or more has a radix-4 pass");
        radix4(first, 1, packed, &mut self.data);
        let mut stride = 4;
        for pass in later {
            radix4(pass, stride, &self.data, &mut self.scratch);
            std::mem::swap(&mut self.data, &mut self.scratch);
            stride *= 4;
        }
        if stride < self.data.len() {
            radix2(&self.data, &mut self.scratch);
            std::mem::swap(&mut self.data, &mut self.scratch);
        }
    }
}

fn twiddle(k: usize, length: usize) -> Twiddle {
    let angle = -TAU * k as f64 / length as f64;
    Twiddle { re: angle.cos() as f32, im: angle.sin() as f32 }
}

fn pass_twiddles(length: usize) -> Vec<[Twiddle; 3]> {
    (0..length / 4).map(|p| [twiddle(p, length), twiddle(2 * p, length), twiddle(3 * p, length)]).collect()
}

/// One decimation-in-frequency pass: `stride` interleaved transforms of length `4 * pass.len()`.
#[inline(always)]
fn radix4<T: Copy + Into<Complex>>(pass: &[[Twiddle; 3]], stride: usize, from: &[T], to: &mut [Complex]) {
    let quarter = pass.len() * stride;
    let (first, rest) = from.split_at(quarter);
    let (second, rest) = rest.split_at(quarter);
    let (third, fourth) = rest.split_at(quarter);
    for (p, (twiddles, to)) in pass.iter().zip(to.chunks_exact_mut(4 * stride)).enumerate() {
        let at = p * stride..(p + 1) * stride;
        let inputs = [&first[at.clone()], &second[at.clone()], &third[at.clone()], &fourth[at]];
        if p == 0 {
            butterflies(stride, inputs, to, |value, _| value);
        } else {
            butterflies(stride, inputs, to, |value, which| value.times(twiddles[which]));
        }
    }
}

/// `stride` butterflies that share their twiddles.
#[inline(always)]
fn butterflies<T: Copy + Into<Complex>>(
    stride: usize,
    [a, b, c, d]: [&[T]; 4],
    to: &mut [Complex],
    rotate: impl Fn(Complex, usize) -> Complex,
) {
    let (to0, rest) = to.split_at_mut(stride);
    let (to1, rest) = rest.split_at_mut(stride);
    let (to2, to3) = rest.split_at_mut(stride);
    for q in 0..stride {
        let [a, b, c, d]: [Complex; 4] = [a[q].into(), b[q].into(), c[q].into(), d[q].into()];
        let (sum, difference) = (a.plus(c), a.minus(c));
        let (other, turned) = (b.plus(d), b.minus(d).times_i());
        to0[q] = sum.plus(other);
        to1[q] = rotate(difference.minus(turned), 0);
        to2[q] = rotate(sum.minus(other), 1);
        to3[q] = rotate(difference.plus(turned), 2);
    }
}

#[inline(always)]
fn radix2(from: &[Complex], to: &mut [Complex]) {
    let half = from.len() / 2;
    for q in 0..half {
        to[q] = from[q].plus(from[q + half]);
        to[q + half] = from[q].minus(from[q + half]);
    }
}

/// Turns the packed transform into bins 0..=n/2, handed to `emit(bin, re, im)`.
#[inline(always)]
fn unpack(packed: &[Complex], twiddles: &[Twiddle], mut emit: impl FnMut(usize, Lanes, Lanes)) {
    let half = packed.len();
    let first = packed[0];
    emit(0, first.re + first.im, Lanes::ZERO);
    emit(half, first.re - first.im, Lanes::ZERO);
    for k in 1..=half / 2 {
        let (low, high) = (packed[k], packed[half - k]);
        // even = (Z[k] + conj Z[half - k]) / 2, odd = -i (Z[k] - conj Z[half - k]) / 2
        let even = Complex { re: (low.re + high.re) * 0.5, im: (low.im - high.im) * 0.5 };
        let odd = Complex { re: (low.im + high.im) * 0.5, im: (high.re - low.re) * 0.5 };
        let turned = odd.times(twiddles[k]);
        emit(k, even.re + turned.re, even.im + turned.im);
        emit(half - k, even.re - turned.re, turned.im - even.im);
    }
}

impl From<[Lanes; 2]> for Complex {
    #[inline(always)]
    fn from([re, im]: [Lanes; 2]) -> Self {
        Self { re, im }
    }
}

impl Complex {
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        Self { re: self.re + other.re, im: self.im + other.im }
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        Self { re: self.re - other.re, im: self.im - other.im }
    }

    #[inline(always)]
    fn times_i(self) -> Self {
        Self { re: self.im.map(|im| -im), im: self.re }
    }

    #[inline(always)]
    fn times(self, by: Twiddle) -> Self {
        Self { re: self.re * by.re - self.im * by.im, im: self.re * by.im + self.im * by.re }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::LANES;

    fn noise(length: usize) -> Vec<Lanes> {
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state as f32 / u32::MAX as f32 - 0.5
        };
        (0..length).map(|_| Lanes(std::array::from_fn(|_| next()))).collect()
    }

    #[test]
    fn spectra_match_realfft_at_every_length_and_lane() {
        for length in [8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096] {
            let input = noise(length);
            let mut fft = RealFft::new(length);
            let (mut power, mut real) = (vec![Lanes::ZERO; length / 2 + 1], vec![Lanes::ZERO; length / 2 + 1]);
            fft.power(&input, &mut power);
            fft.real_part(&input, &mut real);
            let oracle = realfft::RealFftPlanner::<f64>::new().plan_fft_forward(length);
            for lane in 0..LANES {
                let mut samples: Vec<f64> = input.iter().map(|row| f64::from(row.0[lane])).collect();
                let mut spectrum = oracle.make_output_vec();
                oracle.process(&mut samples, &mut spectrum).expect("lengths come from the plan");
                for (bin, want) in spectrum.iter().enumerate() {
                    let scale = (length as f64).sqrt();
                    assert!((f64::from(real[bin].0[lane]) - want.re).abs() < 2e-6 * scale, "n {length} bin {bin}");
                    assert!((f64::from(power[bin].0[lane]) - want.norm_sqr()).abs() < 4e-6 * scale * scale);
                }
            }
        }
    }
}
