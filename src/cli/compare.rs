use crate::eval::{EvaluateSection, Measure, Resampling};
use crate::options::ConfigError;
use crate::report::{self, Gate};
use crate::stages::{self, RunPlace, StageError};
use crate::storage::{self, Storage};

use super::args::CompareOptions;
use super::output;
use super::run::{folder_of, here, join};

/// Prints the comparison of two runs; a gate that fails is an error after that.
pub(super) fn run(options: &CompareOptions) -> anyhow::Result<()> {
    let gates = gates(options)?;
    let bootstrap = EvaluateSection { bootstrap: options.bootstrap, ..EvaluateSection::default() }.check();
    bootstrap.map_err(|error| ConfigError { key: "--bootstrap".to_owned(), ..error })?;
    let file = options.out.as_deref().map(file).transpose()?;
    let params = Storage::default();
    let (a, b) = (storage::open(&options.run_a, &params)?, storage::open(&options.run_b, &params)?);
    let place_a = RunPlace { given: &options.run_a, out: a.as_ref() };
    let place_b = RunPlace { given: &options.run_b, out: b.as_ref() };
    let resampling = Resampling { resamples: options.bootstrap, seed: options.seed };
    let mut versus = stages::compare(&place_a, &place_b, options.model.as_deref(), resampling)?;
    versus.gates = gates;
    let text = report::versus(&versus);
    let lines = format!("{}\n", text.trim_end());
    let is_all = file.is_none() && options.max_drop.is_empty();
    let printed = if is_all { output::result(&lines) } else { output::print(&lines) };
    if let Some((folder, name)) = file {
        storage::open(&folder, &params)?.put(&name, text.as_bytes())?;
    }
    // A gate that fails is the worse news.
    versus.broken().map_or(Ok(()), |words| Err(StageError::Regression(words)))?;
    Ok(printed?)
}

/// The folder and the name of a file.
fn file(text: &str) -> anyhow::Result<(String, String)> {
    let (folder, name) = folder_of(&join(&here()?, text));
    if name.is_empty() {
        return Err(ConfigError::new("--out", format!("{text:?}"), "wanted the name of a file").into());
    }
    Ok((folder, name))
}

/// What was asked for: where it is anything, the runs must share enough to tell.
fn gates(options: &CompareOptions) -> Result<Vec<Gate>, ConfigError> {
    if !(0.0..=1.0).contains(&options.min_shared) {
        return Err(ConfigError::new("--min-shared", options.min_shared, "legal are 0 to 1"));
    }
    let shared = Gate::MinShared(options.min_shared);
    let shared = std::iter::once(shared).filter(|_| !options.max_drop.is_empty());
    shared.map(Ok).chain(options.max_drop.iter().map(|text| max_drop(text))).collect()
}

/// `uar=0.02`
fn max_drop(text: &str) -> Result<Gate, ConfigError> {
    let legal = Measure::SUMMARY.map(Measure::as_str);
    let problem = format!("wanted METRIC=X, X from 0 to 1; metrics are {}", legal.join(", "));
    let (metric, drop) = text.split_once('=').unwrap_or_default();
    let drop = drop.parse::<f64>().ok().filter(|drop| legal.contains(&metric) && (0.0..=1.0).contains(drop));
    let max_drop = drop.ok_or_else(|| ConfigError::new("--max-drop", text, problem))?;
    Ok(Gate::MaxDrop { metric: metric.to_owned(), max_drop })
}
