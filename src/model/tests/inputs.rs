//! What models are given, and what fits share.

use rayon::prelude::*;

use super::*;
use crate::model::{Inputs, KernelRidge, Logistic, Mlp, ModelSpec, Shape, Svm};

#[test]
fn shared_work_changes_no_bit() {
    let (train, dev) = (blobs(4, 12, 60, 1), blobs(4, 5, 60, 2));
    let alone = Problem { dev: Some(dev.lent()), ..train.problem() };
    let shared = Shared::new(&alone);
    let clip = |inputs| Inputs { clip: 1.5, ..inputs };
    let inputs = [pca(9, 0.0), pca(9, 0.7), pca(30, 0.0), select(7), clip(pca(9, 0.0)), clip(select(7))];
    let specs: Vec<_> = (inputs.iter())
        .flat_map(|&inputs| {
            let mlp = Mlp { inputs, epochs: Some(3), ..plain(&[8]) };
            let ridge = |alpha| ModelSpec::KernelRidge(KernelRidge { alpha, inputs, ..KernelRidge::default() });
            [ModelSpec::Mlp(Mlp { patience: 2, ..mlp.clone() }), ModelSpec::Mlp(mlp), ridge(0.1), ridge(1.0)]
        })
        .collect();
    let p = |spec: &ModelSpec, problem| fit(spec, &problem).unwrap().model.probabilities(dev.rows.x.view());
    let together: Vec<_> =
        in_pool(3, || specs.par_iter().map(|spec| p(spec, Problem { shared: Some(&shared), ..alone })).collect());
    for (spec, together) in specs.iter().zip(together) {
        assert_eq!(p(spec, alone), together, "{spec:?}");
    }
    let other = Problem { shared: Some(&shared), ..dev.problem() };
    assert_eq!(fit(&specs[0], &other).unwrap_err(), ModelError::Shared);
}

/// Eight of 40 columns tell the classes apart.
fn needles() -> Data {
    let mut data = blobs(4, 30, 40, 7);
    let noise = Data::new(blobs(4, 30, 40, 8).rows.x.to_owned(), blobs(4, 30, 40, 9).rows.y, 4);
    for column in (0..40).filter(|column| column % 5 != 3) {
        data.rows.x.column_mut(column).assign(&noise.rows.x.column(column));
    }
    data
}

#[test]
fn selection_finds_the_columns_that_matter() {
    let data = needles();
    let spec = ModelSpec::Logistic(Logistic { inputs: select(8), ..Logistic::default() });
    let model = fit(&spec, &data.problem()).unwrap().model;
    assert!(data.accuracy(&model) > 0.9);
    let mut moved = data.rows.x.clone();
    (0..40).filter(|column| column % 5 != 3).for_each(|column| moved.column_mut(column).fill(1e9));
    assert_eq!(model.probabilities(moved.view()), model.probabilities(data.rows.x.view()));
}

/// Columns with a mean of 2 and a standard deviation of 1, 10 and 0.
#[test]
fn what_lies_beyond_the_training_rows_is_clipped_and_counted() {
    let mut data = blobs(3, 40, 3, 1);
    for (mut column, width) in data.rows.x.columns_mut().into_iter().zip([1.0, 10.0, 0.0]) {
        let (mean, deviation) = (column.mean().unwrap(), column.std(0.0));
        column.mapv_inplace(|value| 2.0 + width * (value - mean) / deviation);
    }
    for own in specs() {
        if own.kind() == ModelKind::Majority {
            continue;
        }
        let with = |clip| {
            let inputs = Inputs { clip, ..own.inputs(120, 3) };
            let fitted = fit(&own.settled(inputs, &Shape { rows: 120, columns: 3, variance: 3.0 }).0, &data.problem());
            fitted.map(|fitted| (fitted.model, fitted.clipped)).unwrap()
        };
        let (model, clipped) = with(3.0);
        let at = |model: &Model, row: [f32; 3]| model.probabilities(Array2::from(vec![row]).view());
        assert_eq!(clipped, Some(0.0), "{own:?}");
        assert_eq!(at(&model, [5.001, 32.01, 2.0]), at(&model, [1e6, 1e6, 1e6]), "{own:?}");
        let unseen = ndarray::array![[1e6_f32, 1e6, 7.0], [2.0, 2.0, 2.0], [2.0, 31.9, -7.0]];
        assert_eq!(model.clipped(unseen.view()), Some(4.0 / 9.0), "{own:?}");
        let (free, clipped) = with(0.0);
        assert_eq!((clipped, free.clipped(unseen.view())), (None, None));
    }
}

#[test]
fn the_svm_takes_five_hundred_columns() {
    let data = blobs(3, 8, 501, 1);
    let fitted = fit(&ModelSpec::Svm(Svm::default()), &data.problem()).unwrap();
    assert_eq!(fitted.notes[0], "set by the table: 500 principal components");
    assert_eq!(fitted.notes[1], "there are only 23 principal components, where 500 were asked for");
    assert!(data.accuracy(&fitted.model) > 0.9);
    let few = blobs(3, 8, 30, 1);
    assert!(fit(&ModelSpec::Svm(Svm::default()), &few.problem()).unwrap().notes.is_empty());
}

/// Inputs that are not those of the card.
#[test]
fn misfit_inputs_are_refused() {
    let data = blobs(3, 8, 6, 3);
    for (inputs, from, to, want) in [
        (select(2), "\"select\"", "\"pca\"", "tensor `inputs.scale` is missing"),
        (pca(2, 0.0), "\"pca\"", "\"select\"", "tensor `inputs.column` is missing"),
        (pca(2, 0.0), "\"pca\"", "\"all\"", "tensor `logistic.weight` has shape"),
        (Inputs { clip: 0.0, ..select(2) }, "\"clip\": 0.0", "\"clip\": 2.0", "tensor `inputs.low` is missing"),
    ] {
        let spec = ModelSpec::Logistic(Logistic { inputs, ..Logistic::default() });
        let error = changed_card(&spec, &data, from, to);
        assert!(error.contains(want), "{error}");
    }
}
