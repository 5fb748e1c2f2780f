//! Forward and backward of each layer, next to each other. Everything writes into buffers that the caller keeps.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView1, ArrayView2, ArrayViewMut1, ArrayViewMut2};
use rand::RngCore;
use rand_chacha::ChaCha8Rng;

use super::activation::Real;

/// `z[rows, out] = x[rows, in] w[in, out] + b[out]`
pub(super) fn linear_forward<F: Real>(x: ArrayView2<F>, w: ArrayView2<F>, b: ArrayView1<F>, mut z: ArrayViewMut2<F>) {
    z.assign(&b);
    general_mat_mul(F::one(), &x, &w, F::one(), &mut z);
}

/// `dw[in, out] = x' dz`, `db[out] =` column sums of `dz`
pub(super) fn linear_backward<F: Real>(
    x: ArrayView2<F>,
    dz: ArrayView2<F>,
    mut dw: ArrayViewMut2<F>,
    mut db: ArrayViewMut1<F>,
) {
    general_mat_mul(F::one(), &x.t(), &dz, F::zero(), &mut dw);
    db.fill(F::zero());
    dz.rows().into_iter().for_each(|row| db += &row);
}

/// `dx[rows, in] = dz w'`
pub(super) fn linear_backward_input<F: Real>(dz: ArrayView2<F>, w: ArrayView2<F>, mut dx: ArrayViewMut2<F>) {
    general_mat_mul(F::one(), &dz, &w.t(), F::zero(), &mut dx);
}

/// Inverted dropout: silences each value with probability `rate` (to 1/65536) and scales the others by `1 / (1 -
/// rate)`, so that nothing is left to do in prediction. `slope` gets the same factors: its product with the gradient is
/// the backward; it is empty where there is none.
pub(super) fn dropout<F: Real>(rate: f64, rng: &mut ChaCha8Rng, values: &mut [F], slope: &mut [F]) {
    let mut factors = [F::zero(); BLOCK];
    let mut slopes = slope.chunks_mut(BLOCK);
    for values in values.chunks_mut(BLOCK) {
        draw_factors(rate, rng, &mut factors);
        values.iter_mut().zip(&factors).for_each(|(value, factor)| *value *= *factor);
        if let Some(slope) = slopes.next() {
            slope.iter_mut().zip(&factors).for_each(|(slope, factor)| *slope *= *factor);
        }
    }
}

/// Values that dropout draws at once.
const BLOCK: usize = 256;

fn draw_factors<F: Real>(rate: f64, rng: &mut ChaCha8Rng, factors: &mut [F; BLOCK]) {
    let threshold = (rate * 65536.0) as u16;
    let keep = F::of(1.0 / (1.0 - rate));
    let mut bytes = [0; 2 * BLOCK];
    rng.fill_bytes(&mut bytes);
    for (factor, pair) in factors.iter_mut().zip(bytes.chunks_exact(2)) {
        let drawn = u16::from_le_bytes([pair[0], pair[1]]);
        *factor = if drawn < threshold { F::zero() } else { keep };
    }
}

/// Backward of activation and dropout: `dz *= slope`, elementwise.
pub(super) fn activation_backward<F: Real>(dz: &mut [F], slope: &[F]) {
    dz.iter_mut().zip(slope).for_each(|(dz, slope)| *dz *= *slope);
}

/// Softmax in place: `z[rows, classes]` logits to probabilities, each row less its largest first.
pub(super) fn softmax<F: Real>(mut z: ArrayViewMut2<F>) {
    for mut row in z.rows_mut() {
        let top = row.fold(F::neg_infinity(), |top, &z| top.max(z));
        row.mapv_inplace(|z| (z - top).exp());
        let sum = row.sum();
        row.mapv_inplace(|e| e / sum);
    }
}

/// What the rows of a batch are: `share` of the class `y`, the rest of the class `others`; both `[rows]`.
pub(in crate::model) struct Targets<'a> {
    pub y: &'a [usize],
    pub others: &'a [usize],
    pub share: f64,
}

/// Backward of the mean cross-entropy through the softmax: probabilities in place to `dz = (sum(w) p - sum(w t)) /
/// rows`, where the sums are over the two classes of a row: `w` is the weight of the class times its share of the row,
/// and the target `t` is `1 - s + s/classes` for the class and `s/classes` for the others. Returns the summed loss
/// `-sum w t ln p`.
pub(super) fn cross_entropy<F: Real>(mut p: ArrayViewMut2<F>, of: &Targets, weights: &[F], smoothing: f64) -> f64 {
    let (rows, classes) = p.dim();
    let (spread, peak) = (F::of(smoothing / classes as f64), F::of(1.0 - smoothing));
    let (own, other) = (F::of(of.share), F::of(1.0 - of.share));
    let rows = F::of(rows as f64);
    let mut loss = 0.0;
    for ((mut row, &first), &second) in p.rows_mut().into_iter().zip(of.y).zip(of.others) {
        let parts = [(first, own * weights[first]), (second, other * weights[second])];
        let weight = parts[0].1 + parts[1].1;
        for (column, p) in row.iter_mut().enumerate() {
            let peaks = parts.iter().filter(|(class, _)| *class == column);
            let target = peaks.fold(weight * spread, |target, (_, weight)| target + *weight * peak);
            if target > F::zero() {
                loss -= (target * p.max(F::min_positive_value()).ln()).wide();
            }
            *p = (weight * *p - target) / rows;
        }
    }
    loss
}

/// The same where each row has a target share of every class: `shares[rows, classes]`, each row of sum 1. Of shares that
/// are all of one class, it is [`cross_entropy`].
pub(super) fn cross_entropy_of_shares<F: Real>(
    mut p: ArrayViewMut2<F>,
    shares: ArrayView2<F>,
    weights: &[F],
    smoothing: f64,
) -> f64 {
    let (rows, classes) = p.dim();
    let (spread, peak) = (F::of(smoothing / classes as f64), F::of(1.0 - smoothing));
    let rows = F::of(rows as f64);
    let mut loss = 0.0;
    for (mut row, shares) in p.rows_mut().into_iter().zip(shares.rows()) {
        let weighted = || shares.iter().zip(weights).map(|(share, weight)| *share * *weight);
        let weight = weighted().fold(F::zero(), |sum, weighted| sum + weighted);
        for (p, share) in row.iter_mut().zip(weighted()) {
            let target = weight * spread + share * peak;
            if target > F::zero() {
                loss -= (target * p.max(F::min_positive_value()).ln()).wide();
            }
            *p = (weight * *p - target) / rows;
        }
    }
    loss
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn softmax_survives_large_logits() {
        let mut z = array![[1e30_f32, 1e30, 0.0], [-1e30, 0.0, 0.0]];
        softmax(z.view_mut());
        assert_eq!(z, array![[0.5, 0.5, 0.0], [0.0, 0.5, 0.5]]);
    }

    #[test]
    fn dropout_keeps_the_mean_and_its_share() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let (mut values, mut slope) = (vec![1.0_f32; 100_000], vec![2.0_f32; 100_000]);
        dropout(0.3, &mut rng, &mut values, &mut slope);
        let silent = values.iter().filter(|&&value| value == 0.0).count() as f64 / 1e5;
        assert!((silent - 0.3).abs() < 0.01, "{silent}");
        assert!((values.iter().sum::<f32>() / 1e5 - 1.0).abs() < 0.02);
        assert!(values.iter().zip(&slope).all(|(value, slope)| 2.0 * value == *slope));
    }

    #[test]
    fn cross_entropy_of_a_sure_and_right_row_is_zero() {
        let mut p: Array2<f64> = array![[1.0, 0.0], [0.5, 0.5]];
        let loss = cross_entropy(p.view_mut(), &Targets { y: &[0, 1], others: &[0, 1], share: 1.0 }, &[1.0, 3.0], 0.0);
        assert!((loss - 3.0 * 2.0_f64.ln()).abs() < 1e-12);
        assert_eq!(p, array![[0.0, 0.0], [0.75, -0.75]]);
    }

    #[test]
    fn shares_of_one_class_are_that_class_and_others_are_a_mixture() {
        let of_classes = |y: &[usize], others: &[usize], share: f64| {
            let mut p: Array2<f64> = array![[0.5, 0.25, 0.25], [0.1, 0.2, 0.7]];
            let loss = cross_entropy(p.view_mut(), &Targets { y, others, share }, &[1.0, 2.0, 3.0], 0.1);
            (loss, p)
        };
        let of_shares = |shares: Array2<f64>| {
            let mut p: Array2<f64> = array![[0.5, 0.25, 0.25], [0.1, 0.2, 0.7]];
            let loss = cross_entropy_of_shares(p.view_mut(), shares.view(), &[1.0, 2.0, 3.0], 0.1);
            (loss, p)
        };
        for ((loss, p), (other_loss, other)) in [
            (of_classes(&[0, 2], &[0, 2], 1.0), of_shares(array![[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])),
            (of_classes(&[0, 2], &[1, 0], 0.75), of_shares(array![[0.75, 0.25, 0.0], [0.25, 0.0, 0.75]])),
        ] {
            assert!((loss - other_loss).abs() < 1e-12, "{loss} {other_loss}");
            assert!((&p - &other).iter().all(|difference| difference.abs() < 1e-15), "{p} {other}");
        }
    }

    #[test]
    fn a_mixed_row_has_two_targets() {
        let mut p: Array2<f64> = array![[0.5, 0.25, 0.25]];
        let targets = Targets { y: &[0], others: &[2], share: 0.75 };
        let loss = cross_entropy(p.view_mut(), &targets, &[1.0, 1.0, 3.0], 0.0);
        assert!((loss - (0.75 * 2.0_f64.ln() + 0.75 * 4.0_f64.ln())).abs() < 1e-12, "{loss}");
        assert_eq!(p, array![[0.0, 0.375, -0.375]]);
    }
}
