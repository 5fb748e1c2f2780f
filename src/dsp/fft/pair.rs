use super::{ComplexFft, LANES, Lanes, simd};
use rustfft::num_complex::Complex32;

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

    /// Power spectra of a block, as [`super::BlockFft::power_of`]; what `write` leaves alone is as two frames before
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

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_power, lane, noisy};
    use super::*;

    #[test]
    fn spectra_match_the_definition_in_every_lane() {
        for length in [8, 16, 32, 64, 128, 256, 512] {
            let (input, mut power) = (noisy(length), vec![Lanes::ZERO; length / 2 + 1]);
            PairFft::new(length).power_of(|frame, out| lane(&input, frame, out), &mut power);
            assert_power(&input, &power);
        }
    }
}
