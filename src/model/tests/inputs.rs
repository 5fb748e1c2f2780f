//! What models are given, and what fits share.

use rayon::prelude::*;

use super::*;
use crate::config::train::{Inputs, KernelRidge, Logistic, Mlp, ModelSpec, Svm};

#[test]
fn shared_work_changes_no_bit() {
    let (train, dev) = (blobs(4, 12, 60, 1), blobs(4, 5, 60, 2));
    let alone = Problem { dev: Some((dev.x.view(), &dev.y)), ..train.problem() };
    let shared = Shared::new(&alone);
    let clip = |inputs| Inputs { clip: Some(1.5), ..inputs };
    let inputs = [pca(9, 0.0), pca(9, 0.7), pca(30, 0.0), select(7), clip(pca(9, 0.0)), clip(select(7))];
    let specs: Vec<_> = (inputs.iter())
        .flat_map(|&inputs| {
            let mlp = Mlp { inputs, epochs: 3, ..plain(&[8]) };
            let ridge = |alpha| ModelSpec::KernelRidge(KernelRidge { alpha, inputs, ..KernelRidge::default() });
            [ModelSpec::Mlp(Mlp { patience: 2, ..mlp.clone() }), ModelSpec::Mlp(mlp), ridge(0.1), ridge(1.0)]
        })
        .collect();
    let p = |spec: &ModelSpec, problem| fit(spec, &problem).unwrap().model.probabilities(dev.x.view());
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
    let noise = Data::new(blobs(4, 30, 40, 8).x, blobs(4, 30, 40, 9).y, 4);
    for column in (0..40).filter(|column| column % 5 != 3) {
        data.x.column_mut(column).assign(&noise.x.column(column));
    }
    data
}

#[test]
fn selection_finds_the_columns_that_matter() {
    let data = needles();
    let spec = ModelSpec::Logistic(Logistic { inputs: select(8), ..Logistic::default() });
    let model = fit(&spec, &data.problem()).unwrap().model;
    assert!(data.accuracy(&model) > 0.9);
    let mut moved = data.x.clone();
    (0..40).filter(|column| column % 5 != 3).for_each(|column| moved.column_mut(column).fill(1e9));
    assert_eq!(model.probabilities(moved.view()), model.probabilities(data.x.view()));
}

#[test]
fn clipping_tames_outliers() {
    let data = blobs(3, 20, 5, 1);
    let spec = |clip| {
        let inputs = Inputs { clip, ..Inputs::default() };
        ModelSpec::Mlp(Mlp { inputs, ..plain(&[8]) })
    };
    let model = fit(&spec(Some(3.0)), &data.problem()).unwrap().model;
    let at = |value: f32| model.probabilities(Array2::from_elem((1, 5), value).view());
    assert_eq!(at(3.0), at(1e6));
    assert_ne!(at(2.0), at(3.0));
    let wide = fit(&spec(Some(1e6)), &data.problem()).unwrap().model;
    let free = fit(&spec(None), &data.problem()).unwrap().model;
    assert_eq!(wide.probabilities(data.x.view()), free.probabilities(data.x.view()));
}

#[test]
fn the_svm_takes_five_hundred_columns() {
    let data = blobs(3, 8, 501, 1);
    let fitted = fit(&ModelSpec::Svm(Svm::default()), &data.problem()).unwrap();
    assert_eq!(fitted.notes[0], "svm is given 500 principal components");
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
        (Inputs { clip: Some(2.0), ..select(2) }, "\"clip\": 2.0", "\"clip\": -2.0", "inputs are clipped to -2"),
    ] {
        let mut files = save_fit(&ModelSpec::Logistic(Logistic { inputs, ..Logistic::default() }), &data);
        let card = String::from_utf8(files[1].1.clone()).unwrap();
        assert!(card.contains(from), "{card}");
        files[1].1 = card.replace(from, to).into_bytes();
        let error = load(&files).unwrap_err().to_string();
        assert!(error.contains(want), "{error}");
    }
}
