//! Saved models: `model.json` says what the model is, `weights.safetensors` holds every number that predictions depend
//! on.
//!
//! A model has one part, or several whose probabilities are averaged. Each part brings all that it needs, its tensors
//! under a prefix of its own, so that the folder can be moved without those that its parts were taken from.

mod card;
mod part;

use super::tensors::{self, Tensors, WEIGHTS_FILE};
use super::{Fitted, ModelError, ModelSpec, Problem};
use crate::dataset::{Scaler, Scope};
use crate::schema::Track;
use card::{CARD_FILE, Card, PartCard, corrupt};
pub use part::ModelPart;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The files of a saved model, in the order in which they are written: the card comes last.
pub const FILES: [&str; 2] = [WEIGHTS_FILE, CARD_FILE];

/// Raised when an older reader would misread the files.
pub const FORMAT: u64 = 5;

/// The tensor of the parts' weights.
const PART_WEIGHTS: &str = "weights";
/// How far from 1 the sum of weights may be: rounding.
const WEIGHT_TOLERANCE: f64 = 1e-6;

/// A model with all that is needed to use it again and to say where it came from. `R` is the recipe of its features, which
/// nothing in this room looks into.
#[derive(Debug)]
pub struct SavedModel<R> {
    /// Class names, sorted: the columns of its probabilities.
    pub classes: Vec<String>,
    /// How features come from audio.
    pub recipe: R,
    /// One, or several whose probabilities are averaged by their weights; all normalized in the same scope.
    pub parts: Vec<ModelPart>,
}

impl<R: PartialEq> SavedModel<R> {
    /// Puts a fit, its problem and its scaler together. Refuses a scaler of other features.
    pub fn new(
        spec: ModelSpec,
        problem: &Problem,
        fitted: Fitted,
        scaler: Scaler,
        recipe: R,
        config_hash: String,
    ) -> Result<Self, ModelError> {
        scaler.check_features(problem.features).map_err(|error| ModelError::Scaler { reason: error.to_string() })?;
        let part = ModelPart {
            weight: 1.0,
            model: fitted.model,
            spec,
            config_hash,
            seed: problem.seed,
            rows: fitted.rows,
            held_out: fitted.held_out,
            scaler,
            curve: fitted.curve,
            notes: fitted.notes,
        };
        Ok(Self { classes: problem.classes.to_vec(), recipe, parts: vec![part] })
    }

    /// The weighted mean of several models; of one with weight 1 it is that model. Refuses none at all, models of other
    /// classes or recipes, and weights that do not sum to 1.
    pub fn fused(models: Vec<(Self, f64)>) -> Result<Self, ModelError> {
        let unfit = |reason: String| ModelError::Fusion { reason };
        let mut models = models.into_iter();
        let (first, weight) = models.next().ok_or_else(|| unfit("there is none".to_owned()))?;
        let mut fused = first.weighted(weight);
        for (next, weight) in models {
            if next.classes != fused.classes || next.recipe != fused.recipe {
                return Err(unfit("they have different classes, or compute their features differently".to_owned()));
            }
            fused.parts.extend(next.weighted(weight).parts);
        }
        check_weights(&fused.parts).and_then(|()| check_scopes(&fused.parts)).map_err(unfit)?;
        Ok(fused)
    }

    fn weighted(mut self, weight: f64) -> Self {
        self.parts.iter_mut().for_each(|part| part.weight *= weight);
        self
    }

    /// What it is in a few words: `mlp`, `fusion of mlp and logistic`.
    pub fn name(&self) -> String {
        let kinds: Vec<&str> = self.parts.iter().map(|part| part.spec.kind().as_str()).collect();
        match kinds.split_last() {
            Some((last, others)) if !others.is_empty() => format!("fusion of {} and {last}", others.join(", ")),
            _ => kinds.concat(),
        }
    }

    /// The track of the model's figures: transductive where speakers or corpora are normalized by their own statistics.
    pub fn track(&self) -> Track {
        if self.scope().is_of_groups() { Track::Transductive } else { Track::Inductive }
    }

    /// Whose rows normalize what the model is given: the same of all its parts.
    pub fn scope(&self) -> Scope {
        self.parts[0].scaler.scope
    }
}

/// The files of a model: name and bytes. The same model gives the same bytes.
pub fn save<R: Clone + Serialize + DeserializeOwned>(saved: &SavedModel<R>) -> Vec<(String, Vec<u8>)> {
    let mut tensors = Tensors::default();
    tensors.put(PART_WEIGHTS, &[saved.parts.len()], saved.parts.iter().map(|part| part.weight));
    for (at, part) in saved.parts.iter().enumerate() {
        tensors.put_under(&prefix(at), part::tensors(part));
    }
    let weights = tensors.to_bytes();
    let card = Card::new(saved, &weights).to_bytes();
    vec![(WEIGHTS_FILE.to_owned(), weights), (CARD_FILE.to_owned(), card)]
}

/// Reads the files of a model. Refuses an unknown format, and anything that is missing or does not fit together.
pub fn load<R: Clone + Serialize + DeserializeOwned>(files: &[(String, Vec<u8>)]) -> Result<SavedModel<R>, ModelError> {
    let (card, weights) = (Card::<R>::read(find(files, CARD_FILE)?)?, find(files, WEIGHTS_FILE)?);
    card.check_weights(weights)?;
    let Card { classes, recipe, parts, .. } = card;
    let mut tensors = Tensors::from_bytes(weights)?;
    let weights = tensors.get::<f64>(PART_WEIGHTS, &[parts.len()])?;
    let part = |(at, (card, weight)): (usize, (PartCard, f64))| {
        part::load(card, weight, &classes, &tensors.take_under(&prefix(at))).map_err(|error| error.in_part(at))
    };
    let parts = parts.into_iter().zip(weights).enumerate().map(part).collect::<Result<Vec<_>, _>>()?;
    check_weights(&parts).map_err(tensors::corrupt)?;
    check_scopes(&parts).map_err(corrupt)?;
    Ok(SavedModel { classes, recipe, parts })
}

/// What the tensors of a part begin with.
fn prefix(part: usize) -> String {
    format!("part{part}.")
}

fn check_weights(parts: &[ModelPart]) -> Result<(), String> {
    let weights: Vec<f64> = parts.iter().map(|part| part.weight).collect();
    let sum: f64 = weights.iter().sum();
    // A weight that is no number is in no range.
    let is_sound = weights.iter().all(|weight| (0.0..=1.0).contains(weight)) && (sum - 1.0).abs() <= WEIGHT_TOLERANCE;
    if is_sound { Ok(()) } else { Err(format!("weights of parts must be 0 to 1 and sum to 1: {weights:?}")) }
}

fn check_scopes(parts: &[ModelPart]) -> Result<(), String> {
    let scope = |part: &ModelPart| part.scaler.scope.as_str();
    match parts.windows(2).find(|pair| scope(&pair[0]) != scope(&pair[1])) {
        None => Ok(()),
        Some(pair) => {
            Err(format!("parts are normalized in different scopes: `{}` and `{}`", scope(&pair[0]), scope(&pair[1])))
        }
    }
}

fn find<'a>(files: &'a [(String, Vec<u8>)], file: &'static str) -> Result<&'a [u8], ModelError> {
    files.iter().find(|(name, _)| name == file).map(|(_, bytes)| bytes.as_slice()).ok_or(ModelError::Missing { file })
}
