//! Shares of the work of `ser predict` that workers have done: staged under run/predict, and joined by whoever publishes.
//!
//! A share is made of whole inputs. Its seal names each of them by a key of its files and the model, so it does not matter
//! how many shares there were, nor whether the same work was done twice.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::options;
use crate::schema::{Inference, Reject, Table};
use crate::stages::{Files, StageError, Written, output, written};
use crate::storage::Store;
use crate::table;

use super::predictor::{Predicted, class_columns, joined, sorted};

/// Where shares wait.
const STAGED: &str = "run/predict";
/// Column of a staged table: what [`Predicted::clipped`] holds.
const CLIPPED: &str = "clipped";

/// Says that a share is finished: written after the last of its files.
#[derive(Debug, Serialize, Deserialize)]
struct Seal {
    /// Keys of the inputs that it holds.
    inputs: BTreeSet<String>,
    /// The attempt that it vouches for.
    attempt: String,
    /// Its files.
    files: Files,
}

/// The rows of the inputs that are staged.
#[derive(Default)]
pub(super) struct Staged {
    /// Keys of these inputs.
    pub inputs: BTreeSet<String>,
    pub predicted: Predicted,
}

/// Stages what was predicted for the inputs with these keys.
pub(super) fn put(
    out: &dyn Store,
    inputs: BTreeSet<String>,
    mut predicted: Predicted,
    classes: &[String],
) -> Result<(), StageError> {
    let attempt = format!("{:016x}", rand::random::<u64>());
    let path = |ending: &str| format!("{STAGED}/{attempt}.{ending}.parquet");
    let none = BTreeMap::new();
    let table = staged_table(&predicted, classes);
    super::rejects::sort(&mut predicted.rejects);
    let rejects = Table::from(predicted.rejects);
    let files: [Written; 2] = [
        output::put(out, &path("inferences"), &table::write(&table, "", &none, false)?.0)?,
        output::put(out, &path("rejects"), &table::write(&rejects, "", &none, false)?.0)?,
    ];
    let name = options::config_hash(&inputs);
    let seal = Seal { inputs, attempt, files: files.into_iter().collect() };
    let path = format!("{STAGED}/{}.json", &name[..16]);
    if !written::put_new_json(out, &path, &seal)? {
        // Another attempt was faster, unless its answer was lost; its files hold the same.
        let kept = written::read_json::<Seal>(out, &path)?;
        if kept.is_none_or(|kept| kept.attempt != seal.attempt) {
            seal.files.keys().try_for_each(|path| out.remove(path))?;
        }
    }
    Ok(())
}

/// What is staged of the inputs with these keys, each once; shares whose files have changed are left out.
pub(super) fn find(out: &dyn Store, wanted: &BTreeSet<String>) -> Result<Staged, StageError> {
    let mut found = Staged::default();
    for entry in out.list(STAGED)?.into_iter().filter(|entry| entry.path.ends_with(".json")) {
        let Some(seal) = written::read_json::<Seal>(out, &entry.path)? else { continue };
        let new = seal.inputs.iter().all(|input| wanted.contains(input) && !found.inputs.contains(input));
        if new && !seal.inputs.is_empty() && seal.files.are_intact(out)? {
            joined(&mut found.predicted, read(out, &seal.files)?);
            found.inputs.extend(seal.inputs);
        }
    }
    Ok(found)
}

/// Takes away what was staged: it is published.
pub(super) fn clear(out: &dyn Store) -> Result<(), StageError> {
    out.list(STAGED)?.iter().try_for_each(|entry| Ok(out.remove(&entry.path)?))
}

fn staged_table(predicted: &Predicted, classes: &[String]) -> Table<Inference> {
    let mut names = class_columns(classes);
    names.push(CLIPPED.to_owned());
    let rows = predicted.probabilities.chunks(classes.len()).zip(&predicted.clipped);
    let values = rows.flat_map(|(probabilities, clipped)| probabilities.iter().copied().chain([*clipped as f32]));
    sorted(&predicted.rows, names, &values.collect::<Vec<_>>())
}

fn read(out: &dyn Store, files: &Files) -> Result<Predicted, StageError> {
    let mut predicted = Predicted::default();
    for path in files.keys() {
        let content = out.get(path)?;
        if path.ends_with("rejects.parquet") {
            predicted.rejects = output::of_file(out, path, table::read::<Reject>(content))?.0.rows;
            continue;
        }
        let table = output::of_file(out, path, table::read::<Inference>(content))?.0;
        for row in 0..table.rows.len() {
            let Some((clipped, probabilities)) = table.float.row(row).split_last() else { continue };
            predicted.probabilities.extend_from_slice(probabilities);
            predicted.clipped.push(f64::from(*clipped));
        }
        predicted.rows = table.rows;
    }
    Ok(predicted)
}
