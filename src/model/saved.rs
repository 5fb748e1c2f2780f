//! Saved models: `model.json` says what the model is, `weights.safetensors` holds every number that predictions depend on.

use std::collections::BTreeMap;

use ndarray::ArrayView1;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::calibration;
use super::inputs::Inputs;
use super::tensors::{Tensors, WEIGHTS_FILE};
use super::{Epoch, Fitted, Model, ModelError, Problem, Stored};
use super::{logistic, majority, mlp, naive_bayes, svm, trees};
use crate::config::train::ModelSpec;
use crate::config::{Recipe, Scope};
use crate::schema::Track;

/// The file that describes the model.
const CARD_FILE: &str = "model.json";

/// The files of a saved model, in the order in which they are written: the card comes last.
pub const FILES: [&str; 2] = [WEIGHTS_FILE, CARD_FILE];

/// Raised when an older reader would misread the files.
pub const FORMAT: u64 = 2;

/// How the features were normalized before the fit: `(value - center) / scale`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Normalizer {
    /// The method's word in the pipeline file: `z-score`.
    pub method: String,
    /// The scope's word: `corpus`.
    pub scope: String,
    /// Whether statistics of test speakers enter.
    pub transductive: bool,
    /// Center and scale of each feature by group; finite.
    pub groups: BTreeMap<String, (Vec<f64>, Vec<f64>)>,
}

impl Normalizer {
    /// The track of the model's figures: transductive where speakers are normalized by their own statistics.
    pub fn track(&self) -> Track {
        if self.scope == Scope::Speaker.as_str() { Track::Transductive } else { Track::Inductive }
    }
}

/// A model with all that is needed to use it again and to say where it came from.
#[derive(Debug)]
pub struct SavedModel {
    /// The model.
    pub model: Model,
    /// Its parameters.
    pub spec: ModelSpec,
    /// Class names, sorted: the columns of its probabilities.
    pub classes: Vec<String>,
    /// Feature names, in the order of the columns it takes.
    pub features: Vec<String>,
    /// Hash of the configuration that it was trained under.
    pub config_hash: String,
    /// Seed of the fit.
    pub seed: u64,
    /// Rows that it was fitted on.
    pub rows: usize,
    /// Dev rows that were held out to stop early or to calibrate on.
    pub held_out: usize,
    /// How features come from audio.
    pub recipe: Recipe,
    /// What was done to the features before.
    pub normalizer: Normalizer,
    /// Loss by epoch.
    pub curve: Vec<Epoch>,
    /// Notes of the fit.
    pub notes: Vec<String>,
}

impl SavedModel {
    /// Puts a fit, its problem and its normalization together. Refuses a normalizer over another number of features.
    pub fn new(
        spec: ModelSpec,
        problem: &Problem,
        fitted: Fitted,
        normalizer: Normalizer,
        recipe: Recipe,
        config_hash: String,
    ) -> Result<Self, ModelError> {
        let want = problem.features.len();
        let lengths = normalizer.groups.values().flat_map(|(center, scale)| [center.len(), scale.len()]);
        if let Some(got) = lengths.into_iter().find(|&got| got != want) {
            return Err(ModelError::Shape { part: "normalizer", unit: "features", got, want });
        }
        Ok(Self {
            model: fitted.model,
            spec,
            classes: problem.classes.to_vec(),
            features: problem.features.to_vec(),
            config_hash,
            seed: problem.seed,
            rows: fitted.rows,
            held_out: fitted.held_out,
            recipe,
            normalizer,
            curve: fitted.curve,
            notes: fitted.notes,
        })
    }

    /// Where each of the model's features stands among the columns `names` of a table, which may have others too.
    /// Refuses a table that lacks some; names the first.
    pub fn columns_in(&self, names: &[String]) -> Result<Vec<usize>, ModelError> {
        let places: BTreeMap<_, _> = names.iter().enumerate().map(|(place, name)| (name, place)).collect();
        let missing: Vec<_> = self.features.iter().filter(|name| !places.contains_key(name)).cloned().collect();
        if !missing.is_empty() {
            return Err(ModelError::Features { missing: some(&missing), wanted: self.features.len() });
        }
        Ok(self.features.iter().map(|name| places[name]).collect())
    }
}

/// The files of a model: name and bytes. The same model gives the same bytes.
pub fn save(saved: &SavedModel) -> Vec<(String, Vec<u8>)> {
    let mut tensors = Tensors::default();
    saved.model.inputs.store(&mut tensors);
    saved.model.inner.store(&mut tensors);
    store_normalizer(&saved.normalizer, saved.features.len(), &mut tensors);
    store_curve(&saved.curve, &mut tensors);
    let mut json = serde_json::to_vec_pretty(&Card::new(saved)).expect("a card has no map with keys that are not text");
    json.push(b'\n');
    vec![(WEIGHTS_FILE.to_owned(), tensors.to_bytes()), (CARD_FILE.to_owned(), json)]
}

/// Reads the files of a model. Refuses an unknown format, and anything that is missing or does not fit together.
pub fn load(files: &[(String, Vec<u8>)]) -> Result<SavedModel, ModelError> {
    let card: Card = read_card(find(files, CARD_FILE)?)?;
    let present = card.check()?;
    let tensors = Tensors::from_bytes(find(files, WEIGHTS_FILE)?)?;
    let normalizer = load_normalizer(&card, &tensors)?;
    let features = card.features.len();
    let inputs = Inputs::load(&card.spec.inputs(features), &tensors, features)?;
    let model = Model {
        kind: card.spec.kind(),
        classes: card.classes.len(),
        features,
        inner: load_inner(&card.spec, &tensors, inputs.count(features), present.len())?,
        inputs,
        present,
        temperature: card.temperature,
    };
    Ok(SavedModel {
        model,
        spec: card.spec,
        classes: card.classes,
        features: card.features,
        config_hash: card.config_hash,
        seed: card.seed,
        rows: card.rows,
        held_out: card.held_out,
        recipe: card.recipe,
        normalizer,
        curve: load_curve(&tensors)?,
        notes: card.notes,
    })
}

/// `model.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Card {
    format: u64,
    spec: ModelSpec,
    classes: Vec<String>,
    /// Classes with training rows; the others have probability 0.
    trained_classes: Vec<String>,
    features: Vec<String>,
    config_hash: String,
    seed: u64,
    rows: usize,
    held_out: usize,
    /// Of three decimals, which JSON gives back bit for bit.
    temperature: Option<f64>,
    recipe: Recipe,
    normalization: NormalizationCard,
    notes: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NormalizationCard {
    method: String,
    scope: String,
    transductive: bool,
    /// Rows of the tensors `normalization.center` and `normalization.scale`.
    groups: Vec<String>,
}

/// What every format has.
#[derive(Deserialize)]
struct Format {
    format: u64,
}

impl Card {
    fn new(saved: &SavedModel) -> Self {
        let normalizer = &saved.normalizer;
        Self {
            format: FORMAT,
            spec: saved.spec.clone(),
            classes: saved.classes.clone(),
            trained_classes: saved.model.present.iter().map(|&class| saved.classes[class].clone()).collect(),
            features: saved.features.clone(),
            config_hash: saved.config_hash.clone(),
            seed: saved.seed,
            rows: saved.rows,
            held_out: saved.held_out,
            temperature: saved.model.temperature,
            recipe: saved.recipe.clone(),
            normalization: NormalizationCard {
                method: normalizer.method.clone(),
                scope: normalizer.scope.clone(),
                transductive: normalizer.transductive,
                groups: normalizer.groups.keys().cloned().collect(),
            },
            notes: saved.notes.clone(),
        }
    }

    /// The trained classes as indices.
    fn check(&self) -> Result<Vec<usize>, ModelError> {
        let sorted = |names: &[String]| names.windows(2).all(|pair| pair[0] < pair[1]);
        if !sorted(&self.classes) || !sorted(&self.trained_classes) || !sorted(&self.normalization.groups) {
            return Err(corrupt("classes and groups must be sorted, each once".to_owned()));
        }
        if self.trained_classes.is_empty() || self.features.is_empty() {
            return Err(corrupt("there is no trained class or no feature".to_owned()));
        }
        if let Some(temperature) = self.temperature.filter(|&temperature| !calibration::is_sound(temperature)) {
            return Err(corrupt(format!("temperature {temperature} is not within 0.05 and 20")));
        }
        let index = |name: &String| {
            self.classes.binary_search(name).map_err(|_| corrupt(format!("trained class `{name}` is not a class")))
        };
        self.trained_classes.iter().map(index).collect()
    }
}

fn find<'a>(files: &'a [(String, Vec<u8>)], file: &'static str) -> Result<&'a [u8], ModelError> {
    files.iter().find(|(name, _)| name == file).map(|(_, bytes)| bytes.as_slice()).ok_or(ModelError::Missing { file })
}

fn read_card(bytes: &[u8]) -> Result<Card, ModelError> {
    fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ModelError> {
        serde_json::from_slice(bytes).map_err(|error| corrupt(error.to_string()))
    }
    match parse::<Format>(bytes)?.format {
        FORMAT => parse(bytes),
        found => Err(ModelError::Version { found, known: FORMAT }),
    }
}

fn load_inner(
    spec: &ModelSpec,
    tensors: &Tensors,
    inputs: usize,
    classes: usize,
) -> Result<Box<dyn Stored>, ModelError> {
    match spec {
        ModelSpec::Mlp(spec) => mlp::load(spec, tensors, inputs, classes),
        ModelSpec::Logistic(_) => logistic::load(tensors, inputs, classes),
        ModelSpec::Svm(spec) => svm::load(spec, tensors, inputs, classes),
        ModelSpec::NaiveBayes(_) => naive_bayes::load(tensors, inputs, classes),
        ModelSpec::Tree(_) | ModelSpec::Forest(_) => trees::load(tensors, inputs, classes),
        ModelSpec::Majority => majority::load(tensors, classes),
    }
}

fn store_normalizer(normalizer: &Normalizer, features: usize, tensors: &mut Tensors) {
    let shape = [normalizer.groups.len(), features];
    let groups = normalizer.groups.values();
    tensors.put("normalization.center", &shape, groups.clone().flat_map(|(center, _)| center.iter().copied()));
    tensors.put("normalization.scale", &shape, groups.flat_map(|(_, scale)| scale.iter().copied()));
}

fn load_normalizer(card: &Card, tensors: &Tensors) -> Result<Normalizer, ModelError> {
    let NormalizationCard { method, scope, transductive, groups } = &card.normalization;
    let center = tensors.matrix::<f64>("normalization.center", groups.len(), card.features.len())?;
    let scale = tensors.matrix::<f64>("normalization.scale", groups.len(), card.features.len())?;
    let rows = center.rows().into_iter().zip(scale.rows()).map(|(center, scale)| (center.to_vec(), scale.to_vec()));
    let groups = groups.iter().cloned().zip(rows).collect();
    Ok(Normalizer { method: method.clone(), scope: scope.clone(), transductive: *transductive, groups })
}

/// One row an epoch: learning rate, training loss and, where dev was held out, its loss, accuracy and recall.
fn store_curve(curve: &[Epoch], tensors: &mut Tensors) {
    let row = |epoch: &Epoch| {
        let dev = [epoch.dev_loss, epoch.dev_accuracy, epoch.dev_uar].into_iter().flatten();
        [epoch.learning_rate, epoch.train_loss].into_iter().chain(dev).collect::<Vec<_>>()
    };
    let rows: Vec<_> = curve.iter().map(row).collect();
    tensors.put("curve", &[rows.len(), rows.first().map_or(2, Vec::len)], rows.concat());
}

fn load_curve(tensors: &Tensors) -> Result<Vec<Epoch>, ModelError> {
    let epochs = tensors.len::<f64>("curve")?;
    let rows = tensors.matrix::<f64>("curve", epochs, 5).or_else(|_| tensors.matrix("curve", epochs, 2))?;
    let epoch = |(index, row): (usize, ArrayView1<f64>)| Epoch {
        epoch: index + 1,
        learning_rate: row[0],
        train_loss: row[1],
        dev_loss: row.get(2).copied(),
        dev_accuracy: row.get(3).copied(),
        dev_uar: row.get(4).copied(),
    };
    Ok(rows.rows().into_iter().enumerate().map(epoch).collect())
}

/// Names for a message: the first three, and how many more.
fn some(names: &[String]) -> String {
    let shown: Vec<_> = names.iter().take(3).map(|name| format!("`{name}`")).collect();
    match names.len() {
        0..=3 => shown.join(", "),
        count => format!("{} and {} more", shown.join(", "), count - 3),
    }
}

fn corrupt(reason: String) -> ModelError {
    ModelError::Corrupt { file: CARD_FILE, reason }
}
