//! What a model says of data that it was not made for, through the program: speech unlike all that it was trained on,
//! fits that did not converge, speakers with too few utterances.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ser_etl::schema::{Fit, Normalization};

use crate::predict::{inferences, read, workplace};
use crate::util::job::{self, run};
use crate::util::{ser, stdout};

/// Makes 16-bit mono WAV files sound as if through a wall: a low pass at 1 kHz of 201 coefficients.
fn muffle(folder: &Path) {
    const HEADER: usize = 44;
    let rate = 16_000.0_f64;
    let coefficient = |at: i32| {
        let (x, window) =
            (2000.0 / rate * f64::from(at), 0.54 + 0.46 * (std::f64::consts::PI * f64::from(at) / 100.0).cos());
        let sinc = if at == 0 { 1.0 } else { (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x) };
        2000.0 / rate * sinc * window
    };
    let filter: Vec<f64> = (-100..=100).map(coefficient).collect();
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            muffle(&entry);
            continue;
        }
        let mut bytes = fs::read(&entry).expect("a file");
        let sample = |pair: &[u8]| f64::from(i16::from_le_bytes([pair[0], pair[1]]));
        let samples: Vec<f64> = bytes[HEADER..].chunks_exact(2).map(sample).collect();
        let padded = [&[0.0; 100][..], &samples, &[0.0; 100]].concat();
        for (at, cell) in bytes[HEADER..].chunks_exact_mut(2).enumerate() {
            let sum: f64 = padded[at..at + 201].iter().zip(&filter).map(|(sample, factor)| sample * factor).sum();
            cell.copy_from_slice(&(sum.round() as i16).to_le_bytes());
        }
        fs::write(&entry, bytes).expect("written");
    }
}

fn fits(folder: &Path) -> Vec<Fit> {
    read::<Fit>(&folder.join("out/fits.parquet")).rows
}

/// Where everything that was trained on is muffled, clear speech lies far outside of it.
#[test]
fn clear_speech_under_a_muffled_model_is_warned_of_and_keeps_its_classes_apart() {
    let folder = workplace();
    stdout(&ser(
        folder.path(),
        &[
            "synth",
            "clear",
            "--speakers",
            "6",
            "--sentences",
            "1",
            "--repetitions",
            "3",
            "--emotions",
            "anger,neutral,sadness",
        ],
    ));
    muffle(&folder.path().join("corpus"));
    let models = ["mlp", "logistic", "svm", "kernel-ridge"];
    let flags = ["--set", "features.set=standard", "--set", "train.mlp={}"];
    run(folder.path(), &[&flags[..], &["--set", "train.models=['mlp', 'logistic', 'svm', 'kernel-ridge']"]].concat());
    for model in models {
        let place = format!("out/models/{model}/fold-0");
        let said = |inputs: &str, out: &str| {
            let output = ser(folder.path(), &["predict", &place, inputs, "--out", out]);
            stdout(&output);
            String::from_utf8_lossy(&output.stderr).into_owned()
        };
        assert!(!said("corpus", "alike").contains("unlike the training data"), "{model}");
        let warned = said("clear", "unlike");
        assert!(
            warned.contains("(in 54 files more than 2 %) are beyond the range of the training data"),
            "{model} {warned}"
        );
        let table = inferences(folder.path(), "unlike");
        let classes: BTreeSet<&str> = table.rows.iter().map(|row| row.predicted.as_str()).collect();
        let top = |row: usize| table.float.row(row).iter().copied().fold(0.0, f32::max);
        let sure = (0..table.rows.len()).filter(|row| top(*row) > 0.9995).count();
        assert!(classes.len() > 1 && sure < 6, "{model}: {classes:?}, {sure} of 54 at 1.000");
    }
    for fit in fits(folder.path()) {
        let (fitted, test) = (fit.clipped_fitted.expect("clips"), fit.clipped_test.expect("clips"));
        assert!(fitted < 0.01 && test < 0.02, "{}: {fitted} {test}", fit.model);
    }
}

#[test]
fn what_did_not_converge_says_so() {
    let folder = job::workplace();
    let said = |flags: &[&str]| {
        run(folder.path(), &[&["--set", "train.models=['mlp', 'logistic', 'svm']"], flags].concat());
        let report = fs::read_to_string(folder.path().join("out/report.md")).expect("a report");
        let notes = |fit: Fit| fit.notes.filter(|notes| notes.contains("did not converge")).map(|_| fit.model);
        let models: Vec<String> = fits(folder.path()).into_iter().filter_map(notes).collect();
        assert_eq!(report.matches("did not converge").count(), models.len(), "{report}");
        models
    };
    let none: [&str; 0] = [];
    assert_eq!(said(&["--set", "train.mlp={}"]), none, "defaults converge");
    let cut = ["--set", "train.mlp={epochs=1}", "--set", "train.logistic={max_iterations=1}"];
    assert_eq!(said(&cut), ["logistic", "mlp"]);
    // One column leaves no class to itself.
    let hard = ["--set", "train.columns=['mfcc05_mean']", "--set", "train.svm={c=1e12, kernel='linear'}"];
    assert!(said(&hard).contains(&"svm".to_owned()));
    assert_eq!(said(&["--set", "train.mlp={epochs=3}"]), ["mlp"]);
    assert_eq!(said(&["--set", "train.mlp={epochs=5, patience=10}"]), ["mlp"]);
}

/// Nine files a speaker, of whom one loses two.
#[test]
fn speakers_with_too_few_utterances_are_counted_and_normalized_by_the_train_side() {
    let folder = workplace();
    let flags = ["--set", "normalize.scope=speaker", "--set", "train.models=['naive-bayes']"];
    let groups = || -> BTreeSet<String> {
        let rows = read::<Normalization>(&folder.path().join("out/normalization.parquet")).rows;
        rows.into_iter().map(|row| row.group).collect()
    };
    let said = || {
        let output = ser(folder.path(), &[&["run", "pipeline.toml"], &flags[..]].concat());
        stdout(&output);
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(!said().contains("too few"));
    assert!(groups().len() == 6 && !groups().contains("all"));
    for name in ["anger_s01_r1.wav", "anger_s01_r2.wav"] {
        fs::remove_file(folder.path().join("corpus/spk02_female").join(name)).expect("removed");
    }
    let warned = said();
    assert!(warned.contains("1 speaker of fewer than 8 utterances, too few for own statistics; those of the train side were used (first: `synthetic/spk02`)"), "{warned}");
    assert!(groups().len() == 6 && groups().contains("all") && !groups().contains("synthetic/spk02"));
}
