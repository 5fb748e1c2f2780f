//! What the perceptron alone does.

use super::*;
use crate::model::{ClassWeights, Mlp, ModelSpec, Optimizer, Schedule};

#[test]
fn the_perceptron_balances_classes_when_asked() {
    let mut data = blobs(2, 60, 2, 1);
    let keep: Vec<_> = (0..120).filter(|&row| data.rows.y[row] == 0 || row % 12 == 0).collect();
    data = Data::new(data.rows.x.select(Axis(0), &keep) * 0.2, keep.iter().map(|&row| data.rows.y[row]).collect(), 2);
    let rare = |class_weights| {
        let mlp = Mlp { class_weights, ..plain(&[]) };
        let p = fit(&ModelSpec::Mlp(mlp), &data.problem()).unwrap().model.probabilities(data.rows.x.view());
        p.column(1).sum()
    };
    assert!(
        rare(ClassWeights::Balanced) > 1.3 * rare(ClassWeights::None),
        "{} {}",
        rare(ClassWeights::Balanced),
        rare(ClassWeights::None)
    );
}

/// Every optimizer, schedule and regulariser at once must at least learn; the first one is pinned.
#[test]
fn the_loss_falls_as_pinned() {
    let data = blobs(4, 30, 6, 1);
    let base = Mlp { dropout: 0.2, l2: 0.01, label_smoothing: 0.1, epochs: Some(5), ..plain(&[16, 8]) };
    let curve = |mlp: &Mlp| -> Vec<f64> {
        fit(&ModelSpec::Mlp(mlp.clone()), &data.problem()).unwrap().curve.iter().map(|e| e.train_loss).collect()
    };
    for (got, want) in curve(&base).into_iter().zip(PINNED) {
        assert!((got - want).abs() < 1e-4, "{:?}", curve(&base));
    }
    for optimizer in [Optimizer::Adam, Optimizer::Adamw, Optimizer::Sgd] {
        for schedule in [Schedule::Constant, Schedule::Cosine, Schedule::Step] {
            let losses = curve(&Mlp { optimizer, schedule, input_dropout: 0.1, epochs: Some(15), ..base.clone() });
            assert!(losses[14] < 0.9 * losses[0], "{optimizer:?} {schedule:?} {losses:?}");
        }
    }
}

/// Recorded from the first run of this test, on x86-64 with AVX2; elsewhere the last digits may differ.
const PINNED: [f64; 5] = [1.569_863, 1.274_494, 1.146_042, 1.065_270, 0.984_033];

#[test]
fn a_wild_learning_rate_is_an_error() {
    let data = blobs(3, 20, 4, 1);
    let wild = Mlp { optimizer: Optimizer::Sgd, learning_rate: 1e30, ..plain(&[16]) };
    let error = fit(&ModelSpec::Mlp(wild), &data.problem()).unwrap_err().to_string();
    assert!(error.contains("train.mlp.learning_rate"), "{error}");
}

#[test]
fn one_member_is_the_first_of_many() {
    let data = blobs(3, 20, 4, 3);
    let at = |members, seed| {
        let fitted = fit(&ModelSpec::Mlp(Mlp { members, ..plain(&[8]) }), &Problem { seed, ..data.problem() }).unwrap();
        (fitted.model.probabilities(data.rows.x.view()), fitted.curve)
    };
    let ((one, curve), (three, of_first)) = (at(1, 5), at(3, 5));
    assert_eq!(curve, of_first);
    assert_ne!(one, three);
    assert_ne!(at(3, 5).0, at(3, 6).0);
}
