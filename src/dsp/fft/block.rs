use super::{ComplexFft, LANES, Lanes, simd, waves};
use rustfft::num_complex::Complex32;

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

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_power, lane, noisy};
    use super::*;

    #[test]
    fn spectra_match_the_definition_in_every_lane() {
        for length in [8, 16, 32, 64, 128, 256, 512] {
            let (input, mut fft) = (noisy(length), BlockFft::new(length));
            let mut power = vec![Lanes::ZERO; length / 2 + 1];
            fft.power(&input, &mut power);
            assert_power(&input, &power);
            power.fill(Lanes::ZERO);
            fft.power_of(|frame, out| lane(&input, frame, out), &mut power);
            assert_power(&input, &power);
        }
    }
}
