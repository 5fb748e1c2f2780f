use ndarray::Array2;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

/// Rows whose target is a sum of two features and some noise.
fn rows(count: usize, features: usize, seed: u64) -> (Matrix, Vec<f64>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let x = Array2::from_shape_simple_fn((count, features), || rng.gen_range(-1.5_f32..1.5));
    let target = |row: ndarray::ArrayView1<f32>| f64::from(2.0 * row[0] - row[1]) + 3.0;
    let targets = x.rows().into_iter().map(|row| target(row) + rng.gen_range(-0.2..0.2)).collect();
    (Matrix::from(x), targets)
}

fn spec(model: RegressionModel, alpha: f64) -> RegressorSpec {
    RegressorSpec { model, alpha, dropout: 0.0 }
}

fn section(text: &str) -> Regression {
    toml::from_str::<RegressionSection>(text).expect("well-formed").check("arousal").expect("legal")
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let ((ma, sa), (mb, sb)) = (standard(a), standard(b));
    a.iter().zip(b).map(|(a, b)| (a - ma) * (b - mb)).sum::<f64>() / (a.len() as f64 * sa * sb)
}

#[test]
fn ridge_is_the_least_of_its_sum_whichever_way_it_is_solved() {
    for (count, features) in [(40, 5), (12, 30)] {
        let (x, targets) = rows(count, features, 1);
        let alpha = 2.5;
        let Regressor::Linear(found) =
            Regressor::fit(&spec(RegressionModel::Ridge, alpha), &section(""), &x, &targets, 1).expect("solved")
        else {
            panic!("a linear model")
        };
        let cost = |linear: &ridge::Linear| {
            let predicted = linear.predict(x.whole().expect("held").view());
            let errors: f64 = predicted.iter().zip(&targets).map(|(a, b)| (a - b).powi(2)).sum();
            errors + alpha * linear.weights.iter().map(|weight| weight * weight).sum::<f64>()
        };
        let least = cost(&found);
        for at in 0..=features {
            for by in [-1e-3, 1e-3] {
                let mut moved = found.clone();
                if at == features {
                    moved.intercept += by
                } else {
                    moved.weights[at] += by
                }
                assert!(cost(&moved) > least, "{count} {features} {at}");
            }
        }
    }
}

#[test]
fn networks_learn_what_ridge_learns_and_the_mean_learns_nothing() {
    let ((x, targets), (other, truth)) = (rows(400, 6, 2), rows(100, 6, 3));
    for text in ["mlp = { loss = 'ccc', hidden = [16] }", "mlp = { loss = 'mse', hidden = [], learning_rate = 0.01 }"] {
        let section = section(text);
        let networks = Regressor::fit(&spec(RegressionModel::Mlp, 0.0), &section, &x, &targets, 5).expect("trained");
        let predicted = networks.predict_all(&other).expect("read");
        assert!(correlation(&predicted, &truth) > 0.95, "{text}: {}", correlation(&predicted, &truth));
        let again = Regressor::fit(&spec(RegressionModel::Mlp, 0.0), &section, &x, &targets, 5).expect("trained");
        assert_eq!(again, networks, "the same bits");
    }
    let mean = Regressor::fit(&spec(RegressionModel::Mean, 0.0), &section(""), &x, &targets, 1).expect("a mean");
    assert_eq!(mean.predict_all(&other).expect("read"), vec![targets.iter().sum::<f64>() / 400.0; 100]);
}

#[test]
fn rows_and_targets_must_fit() {
    let (x, mut targets) = rows(10, 3, 1);
    let fit = |x: &Matrix, targets: &[f64]| {
        Regressor::fit(&spec(RegressionModel::Ridge, 1.0), &section(""), x, targets, 1).map(drop)
    };
    assert!(matches!(fit(&x, &targets[1..]), Err(ModelError::Shape { .. })));
    targets[0] = f64::NAN;
    assert!(matches!(fit(&x, &targets), Err(ModelError::Shape { .. })));
}
