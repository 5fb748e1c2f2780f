//! `model.json`: what a saved model is, in words and whole numbers.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{FORMAT, ModelPart, SavedModel};
use crate::dataset::{ALL, Method, Scope};
use crate::model::{ModelError, ModelSpec, calibration, tensors};

/// The file that describes the model.
pub(super) const CARD_FILE: &str = "model.json";

/// What stands for the digits of a card's own hash while it is taken.
const NO_DIGITS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// `model.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Card<R> {
    format: u64,
    /// BLAKE3 of the file of tensors, hexadecimal: weights of another model are no part of this one.
    weights: String,
    /// BLAKE3 of this very text, hexadecimal, with zeros for these digits: what damages a card shows.
    card: String,
    pub classes: Vec<String>,
    pub recipe: R,
    pub parts: Vec<PartCard>,
}

/// A part of the model; its weight is a tensor.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PartCard {
    pub spec: ModelSpec,
    /// Classes with training rows; the others have probability 0.
    trained_classes: Vec<String>,
    pub features: Vec<String>,
    pub config_hash: String,
    pub seed: u64,
    pub rows: usize,
    pub held_out: usize,
    /// Of three decimals, which JSON gives back bit for bit.
    pub temperature: Option<f64>,
    pub normalization: NormalizationCard,
    pub notes: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NormalizationCard {
    pub method: String,
    pub scope: String,
    pub transductive: bool,
    /// Rows of the tensors `normalization.center` and `normalization.scale`.
    pub groups: Vec<String>,
}

/// What every format has.
#[derive(Deserialize)]
struct Format {
    format: u64,
}

impl<R: Clone + Serialize + DeserializeOwned> Card<R> {
    /// The card of a model whose tensors are these bytes.
    pub fn new(saved: &SavedModel<R>, weights: &[u8]) -> Self {
        Self {
            format: FORMAT,
            weights: hash(weights),
            card: NO_DIGITS.to_owned(),
            classes: saved.classes.clone(),
            recipe: saved.recipe.clone(),
            parts: saved.parts.iter().map(|part| PartCard::new(part, &saved.classes)).collect(),
        }
    }

    /// The text of `model.json`, sealed.
    pub fn to_bytes(&self) -> Vec<u8> {
        let json = serde_json::to_string_pretty(self).expect("a card has no map with keys that are not text") + "\n";
        let seal = seal(json.as_bytes(), NO_DIGITS).expect("the digits are there");
        json.replacen(NO_DIGITS, &seal, 1).into_bytes()
    }

    /// Reads `model.json`. Refuses another format before anything else.
    pub fn read(bytes: &[u8]) -> Result<Self, ModelError> {
        let found = parse::<Format>(bytes)?.format;
        if found != FORMAT {
            return Err(ModelError::Version { found, known: FORMAT });
        }
        let card: Self = parse(bytes)?;
        if seal(bytes, &card.card).is_none_or(|seal| seal != card.card) {
            return Err(corrupt(
                "its text does not have the BLAKE3 of its `card`: it is damaged or was changed".to_owned(),
            ));
        }
        if is_sorted(&card.classes) { Ok(card) } else { Err(corrupt("classes must be sorted, each once".to_owned())) }
    }

    /// Refuses tensors that are not the model's.
    pub fn check_weights(&self, weights: &[u8]) -> Result<(), ModelError> {
        if self.weights == hash(weights) {
            return Ok(());
        }
        let reason = format!(
            "it does not have the BLAKE3 that `{CARD_FILE}` names: it is damaged or belongs to \
                              another model"
        );
        Err(tensors::corrupt(reason))
    }
}

impl PartCard {
    fn new(part: &ModelPart, classes: &[String]) -> Self {
        let scaler = &part.scaler;
        Self {
            spec: part.spec.clone(),
            trained_classes: part.model.present.iter().map(|&class| classes[class].clone()).collect(),
            features: scaler.features.clone(),
            config_hash: part.config_hash.clone(),
            seed: part.seed,
            rows: part.rows,
            held_out: part.held_out,
            temperature: part.model.temperature,
            normalization: NormalizationCard {
                method: scaler.method.as_str().to_owned(),
                scope: scaler.scope.as_str().to_owned(),
                transductive: scaler.is_transductive(),
                groups: scaler.groups.keys().cloned().collect(),
            },
            notes: part.notes.clone(),
        }
    }

    /// Checks the part by itself; returns its trained classes as indices into `classes`.
    pub fn check(&self, classes: &[String]) -> Result<Vec<usize>, ModelError> {
        if !is_sorted(&self.trained_classes) || !is_sorted(&self.normalization.groups) {
            return Err(corrupt("classes and groups must be sorted, each once".to_owned()));
        }
        if self.trained_classes.is_empty() || self.features.is_empty() {
            return Err(corrupt("there is no trained class or no feature".to_owned()));
        }
        if let Some(name) = first_double(&self.features) {
            return Err(corrupt(format!("feature `{name}` is there twice")));
        }
        if let Some(temperature) = self.temperature.filter(|&temperature| !calibration::is_sound(temperature)) {
            return Err(corrupt(format!("temperature {temperature} is not within 0.05 and 20")));
        }
        let index = |name: &String| {
            classes.binary_search(name).map_err(|_| corrupt(format!("trained class `{name}` is not a class")))
        };
        self.trained_classes.iter().map(index).collect()
    }
}

impl NormalizationCard {
    /// The method; refuses a word that this version does not know.
    pub fn method(&self) -> Result<Method, ModelError> {
        Method::from_word(&self.method).ok_or_else(|| corrupt(format!("normalization `{}` is unknown", self.method)))
    }

    /// The scope; refuses a word that this version does not know, and scope `corpus` without statistics of all rows.
    pub fn scope(&self) -> Result<Scope, ModelError> {
        match Scope::from_word(&self.scope) {
            None => Err(corrupt(format!("normalization of scope `{}` is unknown", self.scope))),
            Some(Scope::Corpus) if !self.groups.iter().any(|group| group == ALL) => {
                Err(corrupt("it carries no statistics to normalize by".to_owned()))
            }
            Some(scope) => Ok(scope),
        }
    }
}

/// The hash of a card's text with zeros for the digits of its seal; `None` where these are not in it.
fn seal(text: &[u8], digits: &str) -> Option<String> {
    let at = text.windows(NO_DIGITS.len()).position(|window| window == digits.as_bytes())?;
    let mut text = text.to_vec();
    text[at..at + NO_DIGITS.len()].copy_from_slice(NO_DIGITS.as_bytes());
    Some(hash(&text))
}

fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ModelError> {
    serde_json::from_slice(bytes).map_err(|error| corrupt(error.to_string()))
}

fn is_sorted(names: &[String]) -> bool {
    names.windows(2).all(|pair| pair[0] < pair[1])
}

fn first_double(names: &[String]) -> Option<&String> {
    let mut seen = BTreeSet::new();
    names.iter().find(|name| !seen.insert(name.as_str()))
}

/// An error about the card.
pub(super) fn corrupt(reason: String) -> ModelError {
    ModelError::Corrupt { file: CARD_FILE, reason }
}
