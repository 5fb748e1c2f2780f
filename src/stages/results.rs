//! The figures that the report of a run leads with.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::eval::EvaluateSection;
use crate::schema::Metric;
use crate::storage::Store;

use super::{Record, StageError, StageName, ledger, output};

/// Figures over all test rows of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Results {
    /// The model that the report leads with.
    pub headline: String,
    /// `inductive` or `transductive`.
    pub track: String,
    /// Test rows.
    pub tested: i64,
    /// Those of each model, the headline model first, then by UAR.
    pub models: Vec<ModelResult>,
}

/// Figures of a model over all test rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelResult {
    /// The model.
    pub model: String,
    /// By metric: `uar`, `accuracy` and so on; those that are not defined are left out.
    pub figures: BTreeMap<String, Figure>,
}

/// A figure and its 95 % interval, where it has one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figure {
    /// The figure.
    pub value: f64,
    /// Lower end of the interval.
    pub low: Option<f64>,
    /// Upper end of the interval.
    pub high: Option<f64>,
}

impl ModelResult {
    /// The unweighted average recall.
    pub fn uar(&self) -> Option<Figure> {
        self.figures.get("uar").copied()
    }
}

/// The results of a run whose evaluate stage has finished; `None`: it tested nothing.
///
/// # Errors
/// The stage has not finished, or its table is not what it wrote.
pub fn results(out: &dyn Store) -> Result<Option<Results>, StageError> {
    let record = ledger::read_record(out, StageName::Evaluate)?;
    let record = record.ok_or(StageError::Unfinished { stage: StageName::Evaluate.as_str() })?;
    let mut overall = Vec::new();
    for batch in output::get_batches::<Metric>(out, StageName::Evaluate)?.1 {
        overall.extend(batch?.rows.into_iter().filter(|row| row.slice == "overall"));
    }
    let Some((track, tested)) = overall.first().map(|row| (row.track.clone(), row.n)) else { return Ok(None) };
    let mut models = BTreeMap::<String, BTreeMap<String, Figure>>::new();
    for row in overall {
        let figures = models.entry(row.model).or_default();
        if let Some(value) = row.value {
            figures.insert(row.metric, Figure { value, low: row.low, high: row.high });
        }
    }
    let headline = headline(&record, &models.keys().map(String::as_str).collect::<Vec<_>>())?;
    let mut models: Vec<_> = models.into_iter().map(|(model, figures)| ModelResult { model, figures }).collect();
    let uar = |model: &ModelResult| model.uar().map_or(-1.0, |uar| uar.value);
    models.sort_by(|a, b| (b.model == headline).cmp(&(a.model == headline)).then(uar(b).total_cmp(&uar(a))));
    Ok(Some(Results { headline, track, tested, models }))
}

/// The model that the report leads with, by the keys of the record.
fn headline(record: &Record, models: &[&str]) -> Result<String, StageError> {
    let text = |key: &str| record.keys.get(key).and_then(|value| value.as_str()).map(str::to_owned);
    let order = record.keys.get("train.models").and_then(|value| value.as_array()).cloned().unwrap_or_default();
    let place = |model: &&str| order.iter().position(|one| one.as_str() == Some(*model)).unwrap_or(order.len());
    let mut models = models.to_vec();
    models.sort_by_key(place);
    let section = EvaluateSection { compare: text("evaluate.compare"), ..EvaluateSection::default() };
    Ok(section.headline(&models)?.to_owned())
}
