//! Facts for the tests of this room: a small experiment with real rows from the eval room.

use super::*;
use crate::eval::{Outcome, Outcomes, Resampling, gaps, seed_spreads};
use crate::schema::{LabelCount, Leakage, LearningCurve, Signal, Track};

/// Size of an experiment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape<'a> {
    pub models: &'a [&'a str],
    pub classes: &'a [&'a str],
    pub speakers: usize,
    pub folds: usize,
    /// Whether speakers and their gender are known.
    pub named: bool,
}

pub(super) const SMALL: Shape<'static> = Shape {
    models: &["mlp", "svm", "majority"],
    classes: &["anger", "happiness", "neutral"],
    speakers: 10,
    folds: 2,
    named: true,
};

/// Utterances of a speaker in a class.
const REPEATS: usize = 8;

/// A speaker-disjoint experiment on one corpus with falling skill from model to model.
pub(super) fn facts(shape: Shape<'_>) -> Facts {
    let outcomes = outcomes(shape);
    let resampling = Resampling { resamples: 500, seed: 1 };
    let metrics = outcomes.metrics(resampling);
    let utterances = (shape.speakers * shape.classes.len() * REPEATS) as i64;
    Facts {
        pipeline: "tiny".to_owned(),
        version: "0.1.0".to_owned(),
        seed: 1,
        synthetic: false,
        target: None,
        classes: shape.classes.iter().map(|class| (*class).to_owned()).collect(),
        corpora: vec![CorpusFacts {
            name: "ravdess".to_owned(),
            origin: "preset ravdess".to_owned(),
            utterances,
            speakers: shape.named.then_some(shape.speakers as i64),
            texts: Some(2),
            hours: Some(1.481),
            signals: vec![(Signal::NarrowBand, 12)],
        }],
        class_counts: shape.classes.iter().map(|class| class_count(class, shape)).collect(),
        labels: vec![label("angry", Some("anger"), "kept"), label("calm", None, "dropped")],
        rejects: Vec::new(),
        features: FeatureFacts {
            origin: FeatureOrigin::Set("standard".to_owned()),
            columns: 312,
            transforms: Vec::new(),
        },
        split: SplitFacts {
            protocol: None,
            disjoint: Vec::new(),
            scheme: "group-k-fold".to_owned(),
            words: format!("{} folds of whole speakers", shape.folds),
            folds: (0..shape.folds).map(|fold| fold_facts(fold, shape, utterances)).collect(),
            utterances,
            speakers: shape.named.then_some(shape.speakers as i64),
            warnings: Vec::new(),
        },
        balance: Vec::new(),
        votes: None,
        leakage: leakage(shape),
        normalization: NormalizationFacts {
            method: "z-score".to_owned(),
            scope: "corpus".to_owned(),
            transductive: false,
        },
        models: shape.models.iter().map(|model| model_facts(model)).collect(),
        fits: (shape.models.len() * shape.folds) as i64,
        headline: shape.models[0].to_owned(),
        resamples: 500,
        comparisons: outcomes.comparisons(&shape.models[..1], resampling).expect("models share their rows"),
        confused: outcomes.confusions(),
        calibration: outcomes.calibration(),
        gaps: gaps(&metrics, shape.models[0]),
        search: None,
        tuning: Vec::new(),
        importance: Vec::new(),
        deployed: Vec::new(),
        transfer: Vec::new(),
        seeds: seed_spreads(&metrics),
        metrics,
        confusions: shape
            .models
            .iter()
            .map(|model| ModelConfusion { model: (*model).to_owned(), confusion: outcomes.confusion(model) })
            .collect(),
        curves: (0..shape.folds as i64).flat_map(|fold| curve(shape.models[0], fold)).collect(),
        hashes: vec![HashRow { kind: HashKind::Config, name: "train".to_owned(), hash: "00ff".to_owned() }],
    }
}

fn outcomes(shape: Shape<'_>) -> Outcomes {
    let classes: Vec<String> = shape.classes.iter().map(|class| (*class).to_owned()).collect();
    let mut outcomes = Outcomes::new(&classes, Track::Inductive);
    for (rank, model) in shape.models.iter().enumerate() {
        for row in 0..shape.speakers * classes.len() * REPEATS {
            let (speaker, class) = (row / (classes.len() * REPEATS), row % classes.len());
            // A fixed scatter of hits: fewer for later models and for some speakers.
            let hit = (row * 37 + speaker * 11) % 100 < 78 - 9 * (speaker % 5) - 8 * rank;
            let predicted = if hit { class } else { (class + row * 7 / 3) % classes.len() };
            let speaker_id = format!("ravdess/{speaker:02}");
            let outcome = Outcome {
                utterance_id: &format!("ravdess/{row:05}"),
                model,
                fold: (speaker % shape.folds) as i64,
                seed: 0,
                truth: &classes[class],
                predicted: &classes[predicted],
                probabilities: &probabilities(classes.len(), predicted, 0.35 + (row % 60) as f32 / 100.0),
                corpus: "ravdess",
                speaker: shape.named.then_some(&speaker_id),
                gender: shape.named.then_some(["female", "male"][speaker % 2]),
                groups: &[],
            };
            outcomes.add(&outcome).expect("classes are the fixture's own");
        }
    }
    outcomes
}

/// `top` for the predicted class, the rest shared by the others.
fn probabilities(classes: usize, predicted: usize, top: f32) -> Vec<f32> {
    let top = if classes == 1 { 1.0 } else { top };
    let rest = (1.0 - top) / (classes.max(2) - 1) as f32;
    (0..classes).map(|class| if class == predicted { top } else { rest }).collect()
}

fn class_count(class: &str, shape: Shape<'_>) -> ClassCount {
    let utterances = (shape.speakers * REPEATS) as i64;
    ClassCount { corpus: "ravdess".to_owned(), class: class.to_owned(), utterances }
}

fn label(source: &str, emotion: Option<&str>, action: &str) -> LabelCount {
    LabelCount {
        corpus: "ravdess".to_owned(),
        source_label: source.to_owned(),
        emotion: emotion.map(str::to_owned),
        action: action.to_owned(),
        utterances: 80,
    }
}

fn fold_facts(fold: usize, shape: Shape<'_>, utterances: i64) -> FoldFacts {
    let test = utterances / shape.folds as i64;
    let speakers = shape.speakers as i64 / shape.folds as i64;
    let train = utterances - test - 24;
    FoldFacts { fold: fold as i64, train, augmented: 0, dev: 24, test, test_speakers: Some(speakers) }
}

fn leakage(shape: Shape<'_>) -> Vec<Leakage> {
    let row = |fold: usize, check: &str, shared: i64| Leakage {
        scheme: "group-k-fold".to_owned(),
        fold: fold as i64,
        check: check.to_owned(),
        between: "train+dev-test".to_owned(),
        shared: (shape.named || check != "speaker").then_some(shared),
        allowed: check == "text",
        examples: (shared > 0).then(|| "ravdess/01, ravdess/02".to_owned()),
    };
    (0..shape.folds).flat_map(|fold| [row(fold, "audio", 0), row(fold, "speaker", 0), row(fold, "text", 2)]).collect()
}

fn model_facts(name: &str) -> ModelFacts {
    let mlp = name == "mlp";
    ModelFacts {
        name: name.to_owned(),
        title: if mlp { "multilayer perceptron, 256 and 128 hidden units" } else { "baseline" }.to_owned(),
        rows_fitted: (96, 96),
        dev_use: if mlp { DevUse::EarlyStopping } else { DevUse::Fitting },
        epochs: mlp.then_some((20, 25)),
        temperature: None,
        notes: Vec::new(),
    }
}

fn curve(model: &str, fold: i64) -> impl Iterator<Item = LearningCurve> {
    let model = model.to_owned();
    (1..=25 - 5 * (fold % 2)).map(move |epoch| {
        let fallen = (-0.15 * epoch as f64).exp();
        let wobble = ((epoch * (fold + 3)) as f64).sin();
        LearningCurve {
            model: model.clone(),
            fold,
            epoch,
            learning_rate: 1e-3,
            train_loss: 0.2 + 1.8 * fallen,
            dev_loss: Some(1.0 + 0.9 * fallen + 0.05 * wobble),
            dev_uar: Some(0.6 - 0.45 * fallen + 0.02 * wobble),
        }
    })
}
