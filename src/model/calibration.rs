//! Temperature scaling: Guo et al., On calibration of modern neural networks, 2017.

use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis};

use super::among_all;

/// Temperatures that are tried.
const RANGE: (f64, f64) = (0.05, 20.0);

/// The temperature that makes the log loss of these probabilities `rows x classes` least, when each is raised to the
/// power of 1 / temperature and each row scaled to the sum 1 again: 0.05 to 20, to three decimals, above 1 where the
/// probabilities are too bold. Rows of classes that are never given a probability are left out; without rows it is 1.
pub fn temperature(probabilities: ArrayView2<f32>, truth: &[usize]) -> f64 {
    let known = known(probabilities);
    let rows: Vec<(Vec<f64>, usize)> = probabilities
        .rows()
        .into_iter()
        .zip(truth)
        .filter_map(|(row, class)| Some((logits(row, &known), known.binary_search(class).ok()?)))
        .collect();
    if rows.is_empty() {
        return 1.0;
    }
    let loss = |log_temperature: f64| rows.iter().map(|(z, class)| log_loss(z, *class, log_temperature.exp())).sum();
    (minimum(loss, RANGE.0.ln(), RANGE.1.ln()).exp() * 1000.0).round() / 1000.0
}

/// What these probabilities `rows x classes` are under a temperature; classes that are never given one stay so.
pub fn tempered(probabilities: ArrayView2<f32>, temperature: f64) -> Array2<f32> {
    let known = known(probabilities);
    let mut of_known = probabilities.select(Axis(1), &known);
    temper(of_known.view_mut(), temperature);
    among_all(of_known.view(), &known, probabilities.ncols())
}

/// Whether a temperature is one that [`temperature`] could have found.
pub(super) fn is_sound(temperature: f64) -> bool {
    (RANGE.0..=RANGE.1).contains(&temperature)
}

/// Applies a temperature in place.
pub(super) fn temper(mut probabilities: ArrayViewMut2<f32>, temperature: f64) {
    for mut row in probabilities.rows_mut() {
        let powers: Vec<f64> = row.iter().map(|&p| (logit(p) / temperature).exp()).collect();
        let sum: f64 = powers.iter().sum();
        row.iter_mut().zip(powers).for_each(|(p, power)| *p = (power / sum) as f32);
    }
}

/// The classes that any row gives a probability.
fn known(probabilities: ArrayView2<f32>) -> Vec<usize> {
    (0..probabilities.ncols()).filter(|&class| probabilities.column(class).iter().any(|&p| p > 0.0)).collect()
}

fn logits(row: ArrayView1<f32>, classes: &[usize]) -> Vec<f64> {
    classes.iter().map(|&class| logit(row[class])).collect()
}

/// Where single precision ran out, the smallest number it has stands for the probability.
fn logit(p: f32) -> f64 {
    f64::from(p.max(f32::MIN_POSITIVE)).ln()
}

/// `-ln softmax(z / temperature)[class]`
fn log_loss(z: &[f64], class: usize, temperature: f64) -> f64 {
    let top = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = z.iter().map(|z| ((z - top) / temperature).exp()).sum();
    sum.ln() - (z[class] - top) / temperature
}

/// Where a function with one valley has it: golden-section search, to a hundredth of a thousandth.
fn minimum(f: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let (mut left, mut right) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
    let (mut f_left, mut f_right) = (f(left), f(right));
    while high - low > 1e-5 {
        if f_left <= f_right {
            (high, right, f_right) = (right, left, f_left);
            left = high - GOLDEN * (high - low);
            f_left = f(left);
        } else {
            (low, left, f_left) = (left, right, f_right);
            right = low + GOLDEN * (high - low);
            f_right = f(right);
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    /// 70 of 100 rows right at a claimed 0.9: the logit 2.197 should be ln(0.7 / 0.3) = 0.847.
    #[test]
    fn boldness_is_taken_back() {
        let p = Array2::from_shape_fn((100, 2), |(_, class)| [0.9_f32, 0.1][class]);
        let truth: Vec<_> = (0..100).map(|row| usize::from(row >= 70)).collect();
        let found = temperature(p.view(), &truth);
        assert!((found - 2.197_225 / 0.847_298).abs() < 1e-3, "{found}");
        let mut milder = p.clone();
        temper(milder.view_mut(), found);
        assert!(milder.column(0).iter().all(|p| (p - 0.7).abs() < 1e-3), "{milder}");
        assert_eq!(temperature(milder.view(), &truth), 1.0);
    }

    #[test]
    fn extremes_stay_in_range() {
        let sure = array![[1.0_f32, 0.0, 0.0], [0.0, 1.0, 0.0]];
        assert_eq!(temperature(sure.view(), &[1, 0]), 20.0);
        let timid = array![[0.34_f32, 0.33, 0.33], [0.33, 0.34, 0.33]];
        assert_eq!(temperature(timid.view(), &[0, 1]), 0.05);
        assert_eq!(temperature(sure.view(), &[2, 2]), 1.0, "class 2 is not known");
        assert_eq!(temperature(Array2::zeros((0, 3)).view(), &[]), 1.0);
    }

    #[test]
    fn a_class_without_probabilities_is_given_none() {
        let p = array![[0.8_f32, 0.0, 0.2], [0.5, 0.0, 0.5]];
        let milder = tempered(p.view(), 2.0);
        assert!((milder[[0, 0]] - 2.0 / 3.0).abs() < 1e-6 && (milder[[0, 2]] - 1.0 / 3.0).abs() < 1e-6, "{milder}");
        assert_eq!((milder[[0, 1]], milder[[1, 1]], milder[[1, 2]]), (0.0, 0.0, 0.5));
    }

    #[test]
    fn the_order_of_classes_stays() {
        let mut p = array![[0.2_f32, 0.5, 0.3], [0.0, 1e-30, 1.0]];
        temper(p.view_mut(), 20.0);
        assert!(p[[0, 1]] > p[[0, 2]] && p[[0, 2]] > p[[0, 0]]);
        assert!(p[[1, 2]] > p[[1, 1]] && p[[1, 1]] > p[[1, 0]] && p[[1, 0]] > 0.0);
        assert!(p.rows().into_iter().all(|row| (row.sum() - 1.0).abs() < 1e-6));
    }
}
