//! A fit with its normalization, in and out of tensors.

use std::collections::BTreeMap;

use ndarray::ArrayView1;

use super::card::{NormalizationCard, PartCard};
use crate::dataset::{Scaler, Scaling};
use crate::model::fitted_inputs::FittedInputs;
use crate::model::tensors::{self, Tensors};
use crate::model::{Epoch, Model, ModelError, ModelSpec};

/// A fit among those that make up a saved model.
#[derive(Debug)]
pub struct ModelPart {
    /// Its share in the probabilities: 0 to 1, and 1 over all parts.
    pub weight: f64,
    /// The model.
    pub model: Model,
    /// Its parameters.
    pub spec: ModelSpec,
    /// Hash of the configuration that it was trained under.
    pub config_hash: String,
    /// Seed of the fit.
    pub seed: u64,
    /// Rows that it was fitted on.
    pub rows: usize,
    /// Dev rows that were held out to stop early or to calibrate on.
    pub held_out: usize,
    /// How features are normalized before; it names them, in the order of the columns that the model takes.
    pub scaler: Scaler,
    /// Loss by epoch.
    pub curve: Vec<Epoch>,
    /// Notes of the fit.
    pub notes: Vec<String>,
}

impl ModelPart {
    /// Where each of the part's features stands among the columns `names` of a table, which may have others too.
    /// Refuses a table that lacks some; names the first.
    pub fn columns_in(&self, names: &[String]) -> Result<Vec<usize>, ModelError> {
        let places: BTreeMap<_, _> = names.iter().enumerate().map(|(place, name)| (name, place)).collect();
        let missing: Vec<_> = self.scaler.features.iter().filter(|name| !places.contains_key(name)).cloned().collect();
        if !missing.is_empty() {
            return Err(ModelError::Features { missing: some(&missing), wanted: self.scaler.features.len() });
        }
        Ok(self.scaler.features.iter().map(|name| places[name]).collect())
    }
}

/// The numbers that the part's predictions depend on, and its curve.
pub(super) fn tensors(part: &ModelPart) -> Tensors {
    let mut tensors = Tensors::default();
    part.model.inputs.store(&mut tensors);
    part.model.inner.store(&mut tensors);
    store_scaler(&part.scaler, &mut tensors);
    store_curve(&part.curve, &mut tensors);
    tensors
}

/// The part back from its card and its tensors.
pub(super) fn load(
    card: PartCard,
    weight: f64,
    classes: &[String],
    tensors: &Tensors,
) -> Result<ModelPart, ModelError> {
    let present = card.check(classes)?;
    let features = card.features.len();
    let scaler = load_scaler(card.normalization, card.features, tensors)?;
    let inputs = FittedInputs::load(&card.spec.inputs(card.rows, features), tensors, features)?;
    let model = Model {
        kind: card.spec.kind(),
        classes: classes.len(),
        features,
        inner: card.spec.options().load(tensors, inputs.count(features), present.len())?,
        inputs,
        present,
        temperature: card.temperature,
    };
    Ok(ModelPart {
        weight,
        model,
        spec: card.spec,
        config_hash: card.config_hash,
        seed: card.seed,
        rows: card.rows,
        held_out: card.held_out,
        scaler,
        curve: load_curve(tensors)?,
        notes: card.notes,
    })
}

fn store_scaler(scaler: &Scaler, tensors: &mut Tensors) {
    let shape = [scaler.groups.len(), scaler.features.len()];
    let groups = scaler.groups.values();
    tensors.put("normalization.center", &shape, groups.clone().flat_map(|group| group.center.iter().copied()));
    tensors.put("normalization.scale", &shape, groups.flat_map(|group| group.scale.iter().copied()));
}

fn load_scaler(card: NormalizationCard, features: Vec<String>, tensors: &Tensors) -> Result<Scaler, ModelError> {
    let (method, scope, transductive) = (card.method()?, card.scope()?, card.transductive);
    let center = tensors.matrix::<f64>("normalization.center", card.groups.len(), features.len())?;
    let scale = tensors.matrix::<f64>("normalization.scale", card.groups.len(), features.len())?;
    if scale.iter().any(|scale| *scale <= 0.0) {
        return Err(tensors::corrupt("a feature is normalized by a scale that is not above 0".to_owned()));
    }
    let scaling = |(center, scale): (ArrayView1<f64>, ArrayView1<f64>)| Scaling {
        center: center.to_vec(),
        scale: scale.to_vec(),
        // How many rows there were is in the normalization table.
        rows: vec![0; center.len()],
        transductive,
    };
    let scalings = center.rows().into_iter().zip(scale.rows()).map(scaling);
    Ok(Scaler { method, scope, features, groups: card.groups.into_iter().zip(scalings).collect() })
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
