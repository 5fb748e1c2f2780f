//! A fit with its normalization, in and out of tensors.

use std::collections::BTreeMap;

use ndarray::ArrayView1;

use super::card::{NormalizationCard, PartCard};
use crate::config::train::ModelSpec;
use crate::model::inputs::Inputs;
use crate::model::tensors::Tensors;
use crate::model::{Epoch, Model, ModelError, Stored};
use crate::model::{kernel_ridge, logistic, majority, mlp, naive_bayes, svm, trees};

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

/// A fit among those that make up a saved model.
#[derive(Debug)]
pub struct Part {
    /// Its share in the probabilities: 0 to 1, and 1 over all parts.
    pub weight: f64,
    /// The model.
    pub model: Model,
    /// Its parameters.
    pub spec: ModelSpec,
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
    /// What was done to the features before.
    pub normalizer: Normalizer,
    /// Loss by epoch.
    pub curve: Vec<Epoch>,
    /// Notes of the fit.
    pub notes: Vec<String>,
}

impl Part {
    /// Where each of the part's features stands among the columns `names` of a table, which may have others too.
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

/// The numbers that the part's predictions depend on, and its curve.
pub(super) fn tensors(part: &Part) -> Tensors {
    let mut tensors = Tensors::default();
    part.model.inputs.store(&mut tensors);
    part.model.inner.store(&mut tensors);
    store_normalizer(&part.normalizer, part.features.len(), &mut tensors);
    store_curve(&part.curve, &mut tensors);
    tensors
}

/// The part back from its card and its tensors.
pub(super) fn load(card: PartCard, weight: f64, classes: &[String], tensors: &Tensors) -> Result<Part, ModelError> {
    let present = card.check(classes)?;
    let features = card.features.len();
    let normalizer = load_normalizer(card.normalization, features, tensors)?;
    let inputs = Inputs::load(&card.spec.inputs(card.rows, features), tensors, features)?;
    let model = Model {
        kind: card.spec.kind(),
        classes: classes.len(),
        features,
        inner: load_inner(&card.spec, tensors, inputs.count(features), present.len())?,
        inputs,
        present,
        temperature: card.temperature,
    };
    Ok(Part {
        weight,
        model,
        spec: card.spec,
        features: card.features,
        config_hash: card.config_hash,
        seed: card.seed,
        rows: card.rows,
        held_out: card.held_out,
        normalizer,
        curve: load_curve(tensors)?,
        notes: card.notes,
    })
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
        ModelSpec::KernelRidge(_) => kernel_ridge::load(tensors, inputs, classes),
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

fn load_normalizer(card: NormalizationCard, features: usize, tensors: &Tensors) -> Result<Normalizer, ModelError> {
    let NormalizationCard { method, scope, transductive, groups } = card;
    let center = tensors.matrix::<f64>("normalization.center", groups.len(), features)?;
    let scale = tensors.matrix::<f64>("normalization.scale", groups.len(), features)?;
    let rows = center.rows().into_iter().zip(scale.rows()).map(|(center, scale)| (center.to_vec(), scale.to_vec()));
    Ok(Normalizer { method, scope, transductive, groups: groups.into_iter().zip(rows).collect() })
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
