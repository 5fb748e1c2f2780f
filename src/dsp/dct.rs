use super::{Contours, Lanes, simd};
use std::f64::consts::PI;

/// Coefficients computed together, so that their sums stay in registers.
const GROUP: usize = 8;

/// Inputs summed before they join the total: C0 is large, and one long 32-bit sum would lose its last digits.
const PARTIAL: usize = 16;

/// The first rows of the orthonormal DCT-II: `c[k] = s sum_m x[m] cos(pi k (2m + 1) / 2M)`, s = sqrt(1/M) for k = 0 and
/// sqrt(2/M) above.
#[derive(Debug, Clone)]
pub struct Dct {
    coefficients: usize,
    inputs: usize,
    /// `groups x inputs` rows of GROUP cosines; rows past the last coefficient are zero.
    matrix: Vec<[f32; GROUP]>,
}

impl Dct {
    /// The first `coefficients` of the transform of `inputs` values.
    pub fn new(coefficients: usize, inputs: usize) -> Self {
        let cosine = |k: usize, m: usize| {
            let scale = if k == 0 { 1.0 } else { 2.0 } / inputs as f64;
            scale.sqrt() * (PI * k as f64 * (2 * m + 1) as f64 / (2 * inputs) as f64).cos()
        };
        let value = |k: usize, m: usize| if k < coefficients { cosine(k, m) as f32 } else { 0.0 };
        let matrix = (0..coefficients.div_ceil(GROUP))
            .flat_map(|group| (0..inputs).map(move |m| std::array::from_fn(|i| value(group * GROUP + i, m))))
            .collect();
        Self { coefficients, inputs, matrix }
    }

    /// Number of coefficients.
    pub fn coefficients(&self) -> usize {
        self.coefficients
    }

    /// Transforms a block of `inputs` rows, each first raised to at least `floor`, into `coefficients` rows of
    /// `contours` from `first_row` on, at the frames from `first_frame`.
    pub fn apply(&self, block: &[Lanes], floor: f32, contours: &mut Contours, first_row: usize, first_frame: usize) {
        simd(#[inline(always)] || {
            for (group, cosines) in self.matrix.chunks_exact(self.inputs).enumerate() {
                let sums = products(cosines, block, Lanes::splat(floor));
                let first = group * GROUP;
                for (k, sum) in (first..self.coefficients).zip(sums) {
                    contours.write_block(first_row + k, first_frame, sum);
                }
            }
        });
    }
}

#[inline(always)]
fn products(cosines: &[[f32; GROUP]], block: &[Lanes], floor: Lanes) -> [Lanes; GROUP] {
    let mut totals = [Lanes::ZERO; GROUP];
    for (block, cosines) in block.chunks(PARTIAL).zip(cosines.chunks(PARTIAL)) {
        let mut sums = [Lanes::ZERO; GROUP];
        for (value, cosines) in block.iter().zip(cosines) {
            let value = value.max(floor);
            for (sum, cosine) in sums.iter_mut().zip(cosines) {
                *sum += value * *cosine;
            }
        }
        for (total, sum) in totals.iter_mut().zip(sums) {
            *total += sum;
        }
    }
    totals
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transform_is_orthonormal() {
        let inputs = 20;
        let dct = Dct::new(inputs, inputs);
        let mut contours = Contours::new();
        for m in 0..inputs {
            let mut impulse = vec![Lanes::ZERO; inputs];
            impulse[m] = Lanes::splat(1.0);
            contours.reset(inputs, 8);
            dct.apply(&impulse, 0.0, &mut contours, 0, 0);
            let energy: f32 = (0..inputs).map(|k| contours.row(k)[5].powi(2)).sum();
            assert!((energy - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn values_match_scipy_and_respect_the_floor() {
        // scipy.fft.dct([1, 2, 4, 8, 16, 32, 64, 128, 256, 512], norm="ortho")[:3]
        let block: Vec<Lanes> = (0..10).map(|i| Lanes::splat(2f32.powi(i))).collect();
        let mut contours = Contours::new();
        contours.reset(3, 8);
        Dct::new(3, 10).apply(&block, f32::MIN, &mut contours, 0, 0);
        for (k, want) in [323.501_0, -378.625_37, 246.669_31].into_iter().enumerate() {
            assert!((contours.row(k)[0] - want).abs() < 1e-2, "c{k} is {}", contours.row(k)[0]);
        }
        contours.reset(3, 8);
        Dct::new(3, 10).apply(&block, 512.0, &mut contours, 0, 0);
        assert!((contours.row(0)[0] - 512.0 * 10f32.sqrt()).abs() < 1e-2 && contours.row(1)[0].abs() < 1e-3);
    }
}
