use super::moments::dot;
use crate::dsp::simd;
use std::f64::consts::PI;

/// Cosines that a contour is described by, the constant left out.
const COSINES: usize = 9;

/// The first coefficients of the DCT-II of contours, on a scale that does not depend on their length:
/// `c[k] = 2 / N sum_t x[t] cos(pi k (2t + 1) / 2N)`. The table of the last length is kept.
#[derive(Debug, Clone, Default)]
pub struct Cosines {
    /// A row each cosine, `N` values long.
    rows: [Vec<f64>; COSINES],
}

impl Cosines {
    /// Coefficient `k` (1..=9) of a contour; shifts of the contour do not change it.
    pub fn coefficient(&mut self, contour: &[f64], k: usize) -> f64 {
        if self.rows[0].len() != contour.len() {
            self.plan(contour.len());
        }
        let sum = simd(
            #[inline(always)]
            || dot(contour, &self.rows[k - 1]),
        );
        2.0 * sum / contour.len() as f64
    }

    fn plan(&mut self, frames: usize) {
        let first = |t: usize| (PI * (2 * t + 1) as f64 / (2 * frames) as f64).cos();
        self.rows.iter_mut().for_each(|row| row.resize(frames, 0.0));
        for t in 0..frames {
            // cos (k + 1) x = 2 cos x cos k x - cos (k - 1) x
            let (step, mut before, mut here) = (2.0 * first(t), 1.0, first(t));
            for row in &mut self.rows {
                row[t] = here;
                (before, here) = (here, step * here - before);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SIXTEEN, assert_near};
    use super::*;

    fn coefficients(cosines: &mut Cosines, contour: &[f64]) -> [f64; COSINES] {
        std::array::from_fn(|index| cosines.coefficient(contour, index + 1))
    }

    #[test]
    fn coefficients_match_scipy_at_every_length() {
        // scipy.fft.dct(x)[1:10] / 16
        let want = [
            -0.559_044_32,
            0.325_928_76,
            0.716_748_57,
            -0.824_105_04,
            -1.568_811_48,
            0.491_652_4,
            0.099_624_35,
            0.044_194_17,
            0.264_786_58,
        ];
        let mut cosines = Cosines::default();
        assert_near(&[cosines.coefficient(&[5.0; 3], 1)], &[0.0], 1e-12);
        assert_near(&coefficients(&mut cosines, &SIXTEEN.map(f64::from)), &want, 1e-8);
    }

    #[test]
    fn a_cosine_has_its_own_coefficient_alone_at_any_length() {
        for frames in [20, 370, 360_000] {
            let cosine = |t: usize| 3.0 * (PI * 4.0 * (2 * t + 1) as f64 / (2 * frames) as f64).cos();
            let contour: Vec<f64> = (0..frames).map(cosine).collect();
            let want = [0.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 0.0, 0.0];
            assert_near(&coefficients(&mut Cosines::default(), &contour), &want, 1e-9);
        }
    }
}
