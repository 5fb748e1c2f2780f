use super::{ComplexFft, LANES, Lanes, simd, waves};
use rustfft::num_complex::Complex32;

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

#[cfg(test)]
mod tests {
    use super::super::testing::{naive_bin, noisy};
    use super::*;

    #[test]
    fn even_sequences_match_the_definition_in_every_lane() {
        for length in [8, 64, 256] {
            let half = noisy(length / 2 + 1);
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
}
