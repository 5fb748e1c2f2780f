//! Saved models of several parts.

use super::*;
use crate::model::{Logistic, NaiveBayes};

const WEIGHTS: [f64; 3] = [0.5, 0.2, 1.0 - 0.5 - 0.2];

/// Three models of the same data, and the weights that they are fused by.
fn parts(data: &Data) -> Vec<(SavedModel<String>, f64)> {
    let specs = [
        ModelSpec::Logistic(Logistic { inputs: pca(3, 0.5), ..Logistic::default() }),
        ModelSpec::NaiveBayes(NaiveBayes::default()),
        ModelSpec::Mlp(plain(&[4])),
    ];
    specs.iter().map(|spec| load::<String>(&save_fit(spec, data)).unwrap()).zip(WEIGHTS).collect()
}

fn fused(data: &Data) -> SavedModel<String> {
    SavedModel::fused(parts(data)).unwrap()
}

fn probabilities(saved: &SavedModel<String>, data: &Data) -> Vec<f32> {
    let each: Vec<Vec<f32>> =
        saved.parts.iter().map(|part| part.model.probabilities(data.rows.x.view()).into_iter().collect()).collect();
    let weights: Vec<f64> = saved.parts.iter().map(|part| part.weight).collect();
    mix(&each.iter().map(Vec::as_slice).collect::<Vec<_>>(), &weights)
}

#[test]
fn a_mixture_is_the_weighted_mean_and_one_part_is_itself() {
    assert_eq!(mix(&[&[1.0, 0.0], &[0.0, 1.0]], &[0.25, 0.75]), [0.25, 0.75]);
    let odd = [0.1_f32, 0.700_000_05, f32::MIN_POSITIVE];
    assert_eq!(mix(&[&odd], &[1.0]), odd);
}

#[test]
fn parts_come_back_bit_for_bit_in_their_order() {
    let data = blobs(3, 12, 5, 3);
    let whole = fused(&data);
    assert_eq!(whole.name(), "fusion of logistic, naive-bayes and mlp");
    let files = save(&whole);
    let back = load::<String>(&files).unwrap();
    assert!(save(&back) == files);
    assert_eq!(back.parts.iter().map(|part| part.weight).collect::<Vec<_>>(), WEIGHTS);
    assert_eq!(probabilities(&back, &data), probabilities(&whole, &data));
    let alone = parts(&data);
    for (part, (model, _)) in back.parts.iter().zip(&alone) {
        assert_eq!(part.spec, model.parts[0].spec);
        assert_eq!(
            part.model.probabilities(data.rows.x.view()),
            model.parts[0].model.probabilities(data.rows.x.view())
        );
    }
}

#[test]
fn a_fusion_of_one_is_the_same_files() {
    let data = blobs(3, 12, 5, 3);
    let (one, _) = parts(&data).remove(0);
    let files = save(&one);
    let again = SavedModel::fused(vec![(one, 1.0)]).unwrap();
    assert_eq!(again.name(), "logistic");
    assert!(save(&again) == files);
}

#[test]
fn what_does_not_fit_together_is_not_fused() {
    let data = blobs(3, 12, 5, 3);
    let refusal = |change: fn(&mut Vec<(SavedModel<String>, f64)>)| {
        let mut models = parts(&data);
        change(&mut models);
        SavedModel::fused(models).unwrap_err().to_string()
    };
    assert_eq!(refusal(Vec::clear), "cannot fuse models: there is none");
    assert!(refusal(|models| models[1].0.classes[0] = "b".to_owned()).contains("different classes"));
    assert!(refusal(|models| models[1].0.recipe.push('!')).contains("their features differently"));
    let scopes = refusal(|models| models[2].0.parts[0].scaler.scope = Scope::Speaker);
    assert!(scopes.contains("different scopes: `corpus` and `speaker`"), "{scopes}");
    for weight in [0.4, -0.2, f64::NAN, f64::INFINITY] {
        let mut models = parts(&data);
        models[1].1 = weight;
        let error = SavedModel::fused(models).unwrap_err().to_string();
        assert!(error.contains("0 to 1 and sum to 1"), "{weight}: {error}");
    }
}

/// The files with other weights in them, or with tensors taken out or renamed.
pub(super) fn with_tensors(
    files: &[(String, Vec<u8>)],
    change: impl Fn(&mut Tensors),
) -> Result<SavedModel<String>, ModelError> {
    let mut tensors = Tensors::from_bytes(&files[0].1).unwrap();
    change(&mut tensors);
    let mut files = [(files[0].0.clone(), tensors.to_bytes()), files[1].clone()];
    recard(&mut files);
    load::<String>(&files)
}

#[test]
fn damaged_parts_are_refused_in_words() {
    let data = blobs(3, 12, 5, 3);
    let files = save(&fused(&data));
    let weights = |weights: &[f64]| {
        let change = |tensors: &mut Tensors| tensors.put("weights", &[weights.len()], weights.iter().copied());
        with_tensors(&files, change).unwrap_err().to_string()
    };
    assert!(weights(&[0.5, 0.2, 0.2]).contains("sum to 1: [0.5, 0.2, 0.2]"));
    assert!(weights(&[1.5, 0.5, -1.0]).contains("0 to 1"));
    assert!(weights(&[f64::NAN, 0.5, 0.5]).contains("tensor `weights` holds a value that is not finite"));
    assert!(weights(&[0.5, 0.5]).contains("tensor `weights` has shape [2], not [3]"));
    let without = |prefix: &str| {
        let change = |tensors: &mut Tensors| drop(tensors.take_under(prefix));
        with_tensors(&files, change).unwrap_err().to_string()
    };
    assert!(without("weights").contains("tensor `weights` is missing"));
    let error = without("part1.");
    assert!(error.contains("weights.safetensors` of the saved model is corrupt: part 1: tensor"), "{error}");
}

#[test]
fn a_card_must_have_the_parts_that_there_are_tensors_of() {
    let data = blobs(3, 12, 5, 3);
    let files = save(&fused(&data));
    let card: serde_json::Value = serde_json::from_slice(&files[1].1).unwrap();
    let with = |change: fn(&mut serde_json::Value)| {
        let mut card = card.clone();
        change(&mut card);
        let card = (files[1].0.clone(), serde_json::to_vec_pretty(&card).unwrap());
        let mut files = [files[0].clone(), card];
        assert!(load::<String>(&files).unwrap_err().to_string().contains("does not have the BLAKE3"));
        recard(&mut files);
        load::<String>(&files).unwrap_err().to_string()
    };
    let cases: [(fn(&mut serde_json::Value), &str); 5] = [
        (|card| drop(card["parts"].as_array_mut().unwrap().pop()), "tensor `weights` has shape [3], not [2]"),
        (|card| card["parts"] = serde_json::json!([]), "tensor `weights` has shape [3], not [0]"),
        (|card| card["parts"][2]["normalization"]["scope"] = "speaker".into(), "different scopes"),
        (|card| card["parts"].as_array_mut().unwrap().swap(0, 1), "part 0: tensor `"),
        (
            |card| card["parts"][0]["features"][1] = card["parts"][0]["features"][0].clone(),
            "feature `f000` is there twice",
        ),
    ];
    for (change, want) in cases {
        let error = with(change);
        assert!(error.contains(want), "{want}: {error}");
    }
}

#[test]
fn damaged_bytes_of_parts_are_refused_or_give_numbers() {
    let data = blobs(3, 8, 3, 3);
    let files = save(&fused(&data));
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    for _ in 0..500 {
        let mut damaged = files.clone();
        let bytes = &mut damaged[rng.gen_range(0..2)].1;
        let at = rng.gen_range(0..bytes.len());
        bytes[at] ^= 1 << rng.gen_range(0..8);
        recard(&mut damaged);
        if let Ok(saved) = load::<String>(&damaged) {
            for part in &saved.parts {
                let x = Array2::zeros((2, part.model.features()));
                assert_eq!(part.model.probabilities(x.view()).dim(), (2, saved.classes.len()));
            }
        }
    }
}
