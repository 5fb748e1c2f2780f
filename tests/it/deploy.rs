//! Saved models of several parts, and models fitted on all utterances, through the program.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use safetensors::SafeTensors;
use ser_etl::model;
use ser_etl::pipeline::SavedModel;
use ser_etl::schema::{Deployed, FeatureKeys, Fit, Metric, Prediction, Row, Tuning};

use crate::predict::{inferences, of_files, read, workplace};
use crate::util::job::{assert_same, run};
use crate::util::s3_server::Server;
use crate::util::{failure, ser, stdout};

/// Three folds of two speakers, two inner folds each; models see different columns under different normalizations.
const TUNED: [&str; 10] = [
    "--set",
    "split={scheme='group-k-fold', folds=3, dev=0.0}",
    "--set",
    "train={models=['mlp','logistic','majority'], calibration='temperature', mlp={hidden=[8], epochs=5}}",
    "--set",
    "evaluate.bootstrap=0",
    "--set",
    "fusion={models=['mlp','logistic'], method='stack'}",
    "--set",
    "tune={folds=2, space={train.mlp.l2=[0.1,1.0], train.columns=[['*'],['mfcc*']], normalize.method=['z-score','min-max']}}",
];
const DEPLOY: [&str; 2] = ["--set", "train.deploy=true"];
const MODELS: [&str; 5] = ["fusion", "logistic", "majority", "mlp", "selected"];

fn tuned(folder: &Path, flags: &[&str]) -> String {
    run(folder, &[&TUNED, flags].concat())
}

fn table<R: Row>(folder: &Path, out: &str) -> ser_etl::schema::Table<R> {
    read(&folder.join(out).join(format!("{}.parquet", R::table().name)))
}

/// Prediction and probabilities of a model's test rows in a fold, by path below the corpus.
fn of_fold(folder: &Path, model: &str, fold: i64) -> BTreeMap<String, (String, Vec<f32>)> {
    let table = table::<Prediction>(folder, "out");
    let is_wanted = |row: &Prediction| row.model == model && row.fold == fold && row.split == "test";
    let rows = table.rows.iter().enumerate().filter(|(_, row)| is_wanted(row));
    let path = |id: &str| format!("{}.wav", id.strip_prefix("synthetic/").expect("the corpus"));
    rows.map(|(at, row)| (path(&row.utterance_id), (row.predicted.clone(), table.float.row(at).to_vec()))).collect()
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    model::FILES.map(|file| (file.to_owned(), fs::read(folder.join(file)).expect(file))).into()
}

fn load(folder: &Path, place: &str) -> SavedModel {
    model::load(&files(&folder.join(place))).expect("a saved model")
}

/// The folders of the six speakers.
fn speakers(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder.join("corpus")).expect("readable");
    let folders = entries.map(|entry| entry.expect("readable").path()).filter(|path| path.is_dir());
    folders.map(|path| path.display().to_string()).collect()
}

#[test]
fn fusion_and_selected_are_models_like_any_other() {
    let folder = workplace();
    tuned(folder.path(), &[]);
    for (model, fold) in
        [("fusion", 0), ("fusion", 1), ("fusion", 2), ("selected", 0), ("selected", 1), ("selected", 2)]
    {
        let place = format!("out/models/{model}/fold-{fold}");
        stdout(&ser(folder.path(), &["predict", &place, "corpus", "--out", "predicted"]));
        let (files, tested) = (of_files(&inferences(folder.path(), "predicted")), of_fold(folder.path(), model, fold));
        assert_eq!((files.len(), tested.len()), (54, 18));
        for (path, want) in tested {
            assert_eq!(files[&path], want, "{place} {path}");
        }
    }
    for fold in 0..3 {
        let fused = load(folder.path(), &format!("out/models/fusion/fold-{fold}"));
        assert_eq!(fused.name(), "fusion of mlp and logistic");
        assert!(fused.parts.iter().all(|part| part.model.temperature().is_some()));
        let selected =
            table::<Tuning>(folder.path(), "out").rows.into_iter().find(|row| row.selected && row.fold == fold);
        let selected = selected.expect("a choice").model;
        let of = |model: &str| files(&folder.path().join(format!("out/models/{model}/fold-{fold}")));
        assert!(of("selected") == of(&selected), "fold {fold}: selected is {selected}");
    }
    assert!(!folder.path().join("out/models/mlp/all").exists(), "nothing was asked for");
    assert_eq!(table::<Deployed>(folder.path(), "out").rows.len(), 0);
}

#[test]
fn a_folder_of_parts_can_be_moved_by_itself_to_disk_and_s3() {
    let folder = workplace();
    tuned(folder.path(), &DEPLOY);
    let predict = |model: &str, out: &str| {
        stdout(&ser(folder.path(), &["predict", model, "corpus", "--out", out]));
        fs::read(folder.path().join(out).join("inferences.parquet")).expect("written")
    };
    let before = predict("out/models/fusion/all", "before");
    let server = Server::start();
    server.upload(&folder.path().join("out/models/fusion/all"), "elsewhere");
    server.upload(&folder.path().join("corpus"), "corpus");
    fs::rename(folder.path().join("out/models/fusion/all"), folder.path().join("moved")).expect("moved");
    fs::remove_dir_all(folder.path().join("out")).expect("removed");
    assert!(predict("moved", "after") == before);
    let flags = ["predict", "s3://bucket/elsewhere", "s3://bucket/corpus/**/*.wav", "--out", "s3://bucket/predicted"];
    assert!(stdout(&server.ser(folder.path(), &flags)).contains("54 utterances by fusion of mlp and logistic"));
    assert!(fs::read(server.objects().join("predicted/inferences.parquet")).expect("written") == before);
}

#[test]
fn all_utterances_make_models_and_no_figure() {
    let folder = workplace();
    tuned(folder.path(), &["--out", "without"]);
    let text = tuned(folder.path(), &DEPLOY);
    assert!(text.contains("12 fits, 12 of them new"), "{text}");
    let rows = table::<Deployed>(folder.path(), "out").rows;
    assert_eq!(rows.iter().map(|row| row.model.as_str()).collect::<Vec<_>>(), MODELS);
    assert!(rows.iter().all(|row| (row.rows, row.held_out) == (54, 0)));
    let words = |model: &str| rows.iter().find(|row| row.model == model).expect("a row").settings.clone();
    assert!(words("mlp").contains("train.mlp.l2 = ") && words("fusion").starts_with("mlp 0."), "{rows:?}");
    for model in MODELS {
        let place = format!("out/models/{model}/all");
        let printed = stdout(&ser(folder.path(), &["predict", &place, "corpus", "--out", model]));
        assert!(printed.contains("54 utterances"), "{printed}");
    }
    // What figures come from is the same as without.
    let (with, without) = (table::<Prediction>(folder.path(), "out"), table::<Prediction>(folder.path(), "without"));
    assert!(with.rows == without.rows && with.float.values == without.float.values);
    assert!(table::<Fit>(folder.path(), "out").rows == table::<Fit>(folder.path(), "without").rows);
    assert!(table::<Tuning>(folder.path(), "out").rows == table::<Tuning>(folder.path(), "without").rows);
    assert!(table::<Metric>(folder.path(), "out").rows == table::<Metric>(folder.path(), "without").rows);
    let report = |out: &str| fs::read_to_string(folder.path().join(out).join("report.md")).expect("a report");
    assert!(report("out").contains("`models/selected/all`") && !report("without").contains("/all`"));
    // Switched off, they go.
    let text = tuned(folder.path(), &[]);
    assert!(text.contains("9 fits, 0 of them new"), "{text}");
    assert_same(&folder.path().join("out"), &folder.path().join("without"));
}

#[test]
fn neither_threads_nor_a_kill_move_a_byte_of_them() {
    let folder = workplace();
    tuned(folder.path(), &[&DEPLOY[..], &["--out", "one", "--threads", "1"]].concat());
    tuned(folder.path(), &[&DEPLOY[..], &["--out", "two", "--threads", "2"]].concat());
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    assert_same(&one, &two);
    for file in ["train.json", "train/search/all/inner-1-0.parquet", "train/mlp/all/seed-0.json"] {
        fs::remove_file(two.join("run").join(file)).expect(file);
    }
    fs::remove_file(two.join("models/selected/all/model.json")).expect("a model");
    let damaged = two.join("models/logistic/all/weights.safetensors");
    fs::write(&damaged, &fs::read(&damaged).expect("readable")[..99]).expect("written");
    let again = || tuned(folder.path(), &[&DEPLOY[..], &["--out", "two"]].concat());
    let text = again();
    assert!(text.contains("12 fits, 2 of them new"), "{text}");
    assert_same(&one, &two);
    assert!(again().lines().filter(|line| line.contains("up to date")).count() == 6);
    // One model's settings concern that model alone: in three folds and on all utterances.
    let text = tuned(folder.path(), &[&DEPLOY[..], &["--out", "two", "--set", "train.mlp.epochs=6"]].concat());
    assert!(text.contains("12 fits, 4 of them new"), "{text}");
}

/// A run without a search, of models with the pipeline's own settings.
fn configured(folder: &Path, flags: &[&str]) {
    let models = "train={models=['mlp','logistic'], deploy=true, mlp={hidden=[8], epochs=5}}";
    run(
        folder,
        &[&["--set", models, "--set", "evaluate.bootstrap=0", "--set", "fusion.method='average'"], flags].concat(),
    );
}

#[test]
fn they_learn_from_all_utterances_and_their_copies() {
    let folder = workplace();
    configured(folder.path(), &["--set", "augment.gain_db=[-6]"]);
    let saved = load(folder.path(), "out/models/fusion/all");
    assert_eq!(saved.parts.iter().map(|part| part.weight).collect::<Vec<_>>(), [0.5, 0.5]);
    let mut tables = Vec::new();
    for entry in fs::read_dir(folder.path().join("out/features")).expect("readable") {
        tables.push(read::<FeatureKeys>(&entry.expect("readable").path()));
    }
    let rows: usize = tables.iter().map(|table| table.rows.len()).sum();
    assert_eq!(rows, 108);
    for part in &saved.parts {
        assert_eq!((part.rows, part.held_out), (108, 0));
        let columns = part.columns_in(&tables[0].float.names).expect("all features");
        for (column, center) in columns.into_iter().zip(&part.scaler.groups["all"].center) {
            let values = tables.iter().flat_map(|table| (0..table.rows.len()).map(|row| table.float.row(row)[column]));
            let mean = values.map(f64::from).sum::<f64>() / rows as f64;
            assert!((mean - center).abs() < 1e-6 * mean.abs().max(1.0), "{mean} {center}");
        }
    }
    let report = fs::read_to_string(folder.path().join("out/report.md")).expect("a report");
    assert!(report.contains("with the settings of the pipeline file"), "{report}");
}

#[test]
fn who_stops_early_holds_dev_out_there_too() {
    let folder = workplace();
    configured(folder.path(), &["--set", "train.mlp.patience=2", "--set", "split={dev=0.3}"]);
    let rows = table::<Deployed>(folder.path(), "out").rows;
    let of = |model: &str| {
        let row = rows.iter().find(|row| row.model == model).expect("a row");
        (row.rows, row.held_out)
    };
    assert_eq!(of("logistic"), (54, 0), "dev is learned from where nothing stops on it");
    let (fitted, held_out) = of("mlp");
    assert!(held_out > 0 && held_out % 9 == 0 && fitted + held_out == 54, "whole speakers: {fitted} {held_out}");
    // Calibrated on dev where there are no inner folds: held out of every fit.
    configured(folder.path(), &["--set", "train.calibration=temperature", "--set", "split={dev=0.3}"]);
    let rows = table::<Deployed>(folder.path(), "out").rows;
    assert!(rows.iter().all(|row| row.held_out == held_out && row.rows == fitted), "{rows:?}");
    assert!(rows.iter().all(|row| row.temperature.is_some() == (row.model != "fusion")));
}

#[test]
fn speakers_are_normalized_one_by_one_in_every_part() {
    let folder = workplace();
    tuned(folder.path(), &[&DEPLOY[..], &["--set", "normalize.scope=speaker"]].concat());
    let speakers = speakers(folder.path());
    let inputs: Vec<&str> = speakers.iter().map(String::as_str).collect();
    let predict = |model: &str| stdout(&ser(folder.path(), &[&["predict", model], &inputs[..]].concat()));
    for (model, fold) in [("fusion", 1), ("selected", 2)] {
        predict(&format!("out/models/{model}/fold-{fold}"));
        let predicted = of_files(&inferences(folder.path(), "predictions"));
        for (path, want) in of_fold(folder.path(), model, fold) {
            assert_eq!(predicted[&path], want, "{model} {path}");
        }
    }
    assert!(predict("out/models/fusion/all").contains("speakers, as each input is one)"));
    let few = ["predict", "out/models/selected/all", "corpus/spk01_male/anger_*.wav"];
    let (code, error) = failure(&ser(folder.path(), &few));
    assert!(code == 3 && error.contains("at least 8"), "{code} {error}");
}

/// Lets the hashes of a saved model's card fit the weights that lie beside it and its own text.
pub fn recard(folder: &Path) {
    let weights = fs::read(folder.join(model::FILES[0])).expect("readable");
    let path = folder.join(model::FILES[1]);
    let mut card: serde_json::Value = serde_json::from_slice(&fs::read(&path).expect("readable")).expect("a card");
    card["weights"] = blake3::hash(&weights).to_hex().as_str().into();
    card["card"] = "0".repeat(64).into();
    card["card"] = blake3::hash(card.to_string().as_bytes()).to_hex().as_str().into();
    fs::write(path, card.to_string()).expect("written");
}

/// Overwrites the weights of a saved model's parts.
fn put_weights(folder: &Path, weights: &[f64]) {
    let path = folder.join(model::FILES[0]);
    let mut bytes = fs::read(&path).expect("readable");
    let tensors = SafeTensors::deserialize(&bytes).expect("tensors");
    let data = tensors.tensor("weights").expect("weights").data();
    let (at, length) = (data.as_ptr() as usize - bytes.as_ptr() as usize, data.len());
    let new: Vec<u8> = weights.iter().flat_map(|weight| weight.to_le_bytes()).collect();
    assert_eq!(new.len(), length);
    bytes[at..at + length].copy_from_slice(&new);
    fs::write(path, bytes).expect("written");
    recard(folder);
}

#[test]
fn damaged_folders_of_parts_are_refused_in_words() {
    let folder = workplace();
    configured(folder.path(), &[]);
    let model = folder.path().join("out/models/fusion/all");
    let good = files(&model);
    let check = |word: &str| {
        let (code, error) = failure(&ser(folder.path(), &["predict", "out/models/fusion/all", "corpus"]));
        assert!(code == 3 && error.contains(word) && error.contains("out/models/fusion/all"), "{word}: {code} {error}");
        good.iter().for_each(|(name, bytes)| fs::write(model.join(name), bytes).expect("written"));
    };
    put_weights(&model, &[0.5, 0.4]);
    fs::write(model.join("model.json"), &good[1].1).expect("written");
    check("it does not have the BLAKE3 that `model.json` names");
    put_weights(&model, &[0.5, 0.4]);
    check("sum to 1: [0.5, 0.4]");
    put_weights(&model, &[1.5, -0.5]);
    check("must be 0 to 1");
    put_weights(&model, &[f64::NAN, 0.5]);
    check("tensor `weights` holds a value that is not finite");
    fs::write(model.join("weights.safetensors"), &good[0].1[..good[0].1.len() - 9]).expect("written");
    check("`weights.safetensors` of the saved model is corrupt: it does not have");
    let alone = fs::read(folder.path().join("out/models/mlp/all/weights.safetensors")).expect("readable");
    fs::write(model.join("weights.safetensors"), alone).expect("written");
    recard(&model);
    check("tensor `weights` has shape [1], not [2]");
    let card = String::from_utf8(good[1].1.clone()).expect("text");
    let cases = [
        ("\"format\": 5", "\"format\": 4", "has format 4; this version reads format 5: train the model again"),
        ("\"model\": \"logistic\"", "\"model\": \"naive-bayes\"", "corrupt"),
        ("\"scope\": \"corpus\"", "\"scope\": \"speaker\"", "does not have the BLAKE3 of its `card`"),
        ("\"parts\": [", "\"parts\": [] , \"rest\": [", "corrupt"),
    ];
    for (from, to, word) in cases {
        assert!(card.contains(from), "{from} in {card}");
        fs::write(model.join("model.json"), card.replacen(from, to, 1)).expect("written");
        check(word);
    }
    fs::remove_file(model.join("weights.safetensors")).expect("removed");
    check("no file `weights.safetensors`");
    stdout(&ser(folder.path(), &["predict", "out/models/fusion/all", "corpus"]));
}

#[test]
fn wrong_values_of_the_key_are_refused() {
    let folder = workplace();
    for (flag, word) in [
        ("train.deploy=maybe", "train.deploy"),
        ("train.deply=true", "did you mean `deploy`"),
        ("tune.space.train.deploy=[true,false]", "tune.space.train.deploy"),
    ] {
        let (code, error) = failure(&ser(folder.path(), &["run", "pipeline.toml", "--set", flag]));
        assert!(code == 2 && error.contains(word), "{flag}: {code} {error}");
    }
}
