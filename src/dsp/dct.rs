use super::{Contours, Lanes, simd};
use std::f64::consts::PI;

/// Coefficients computed together, so that their sums stay in registers.
pub(super) const GROUP: usize = 8;

/// Inputs summed before they join the total: C0 is large, and one long 32-bit sum would lose its last digits.
const PARTIAL: usize = 16;

/// The first rows of the orthonormal DCT-II: `c[k] = s sum_m x[m] cos(pi k (2m + 1) / 2M)`, s = sqrt(1/M) for k = 0 and
/// sqrt(2/M) above.
///
/// Row k is symmetric about the middle for even k and antisymmetric for odd k, so the inputs are first folded into sums
/// and differences of mirrored pairs, which halves the products.
#[derive(Debug, Clone)]
pub struct Dct {
    coefficients: usize,
    /// Pairs of mirrored inputs; an odd middle one pairs with itself.
    pairs: usize,
    /// Groups of even rows, then of odd ones.
    groups: Vec<CosineGroup>,
    folded: [Vec<Lanes>; 2],
}

/// Up to GROUP coefficients of one parity.
#[derive(Debug, Clone)]
struct CosineGroup {
    first: usize,
    /// `pairs` rows of the cosines of coefficients first, first + 2, ...; past the last coefficient they are zero.
    cosines: Vec<[f32; GROUP]>,
}

impl Dct {
    /// The first `coefficients` of the transform of `inputs` values.
    pub fn new(coefficients: usize, inputs: usize) -> Self {
        Self::scaled(coefficients, inputs, |_| 1.0)
    }

    /// The same with coefficient `k` multiplied by `factor(k)`.
    pub fn scaled(coefficients: usize, inputs: usize, factor: impl Fn(usize) -> f64) -> Self {
        let pairs = inputs.div_ceil(2);
        let cosine = |k: usize, m: usize| {
            let scale = if k == 0 { 1.0 } else { 2.0 } / inputs as f64;
            let share = if 2 * m + 1 == inputs { 0.5 } else { 1.0 };
            factor(k) * share * scale.sqrt() * (PI * k as f64 * (2 * m + 1) as f64 / (2 * inputs) as f64).cos()
        };
        let value = |k: usize, m: usize| if k < coefficients { cosine(k, m) as f32 } else { 0.0 };
        let group = |first: usize| CosineGroup {
            first,
            cosines: (0..pairs).map(|m| std::array::from_fn(|i| value(first + 2 * i, m))).collect(),
        };
        let starts = |parity: usize| (parity..coefficients).step_by(2 * GROUP);
        let groups = starts(0).chain(starts(1)).map(group).collect();
        Self { coefficients, pairs, groups, folded: [vec![Lanes::ZERO; pairs], vec![Lanes::ZERO; pairs]] }
    }

    /// Number of coefficients.
    pub fn coefficients(&self) -> usize {
        self.coefficients
    }

    /// Transforms a block of input rows, each first raised to at least `floor`, into rows of `contours` from
    /// `first_row` on, at the frames from `first_frame`.
    pub fn apply(
        &mut self,
        block: &[Lanes],
        floor: f32,
        contours: &mut Contours,
        first_row: usize,
        first_frame: usize,
    ) {
        simd(
            #[inline(always)]
            || {
                self.fold(block, Lanes::splat(floor));
                for group in &self.groups {
                    let sums = products(&group.cosines, &self.folded[group.first % 2]);
                    for (k, sum) in (group.first..self.coefficients).step_by(2).zip(sums) {
                        contours.write_block(first_row + k, first_frame, sum);
                    }
                }
            },
        );
    }

    #[inline(always)]
    fn fold(&mut self, block: &[Lanes], floor: Lanes) {
        let [sums, differences] = &mut self.folded;
        let mirrored = block.iter().zip(block.iter().rev()).take(self.pairs);
        for ((left, right), (sum, difference)) in mirrored.zip(sums.iter_mut().zip(differences)) {
            let (left, right) = (left.max(floor), right.max(floor));
            (*sum, *difference) = (left + right, left - right);
        }
    }
}

/// Sums over rows of `folded` times the cosines of each coefficient of a group.
#[inline(always)]
pub(super) fn products(cosines: &[[f32; GROUP]], folded: &[Lanes]) -> [Lanes; GROUP] {
    let mut totals = [Lanes::ZERO; GROUP];
    for (folded, cosines) in folded.chunks(PARTIAL).zip(cosines.chunks(PARTIAL)) {
        let mut sums = [Lanes::ZERO; GROUP];
        for (value, cosines) in folded.iter().zip(cosines) {
            for (sum, cosine) in sums.iter_mut().zip(cosines) {
                *sum += *value * *cosine;
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
        let mut contours = Contours::new();
        for (inputs, m) in (1..=41).flat_map(|inputs| (0..inputs).map(move |m| (inputs, m))) {
            let mut impulse = vec![Lanes::ZERO; inputs];
            impulse[m] = Lanes::splat(1.0);
            contours.reset(inputs, 8);
            Dct::new(inputs, inputs).apply(&impulse, 0.0, &mut contours, 0, 0);
            let energy: f32 = (0..inputs).map(|k| contours.row(k)[5].powi(2)).sum();
            assert!((energy - 1.0).abs() < 1e-5, "input {m} of {inputs}: {energy}");
        }
    }

    #[test]
    fn values_match_scipy_and_respect_the_floor() {
        // scipy.fft.dct([1, 2, 4, 8, 16, 32, 64, 128, 256, 512], norm="ortho")[:3]
        let block: Vec<Lanes> = (0..10).map(|i| Lanes::splat(2f32.powi(i))).collect();
        let mut contours = Contours::new();
        contours.reset(3, 8);
        Dct::new(3, 10).apply(&block, f32::MIN, &mut contours, 0, 0);
        for (k, want) in [323.501, -378.625_37, 246.669_31].into_iter().enumerate() {
            assert!((contours.row(k)[0] - want).abs() < 1e-2, "c{k} is {}", contours.row(k)[0]);
        }
        contours.reset(3, 8);
        Dct::new(3, 10).apply(&block, 512.0, &mut contours, 0, 0);
        assert!((contours.row(0)[0] - 512.0 * 10f32.sqrt()).abs() < 1e-2 && contours.row(1)[0].abs() < 1e-3);
    }
}
