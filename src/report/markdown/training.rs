//! How the models were trained, what it cost, and what identifies the run.

use super::image;
use super::table::Column::{Left, Right};
use super::table::table;
use crate::report::escape::{code, text};
use crate::report::plots::Plot;
use crate::report::{Facts, HashRow, ModelFacts, number};
use crate::schema::Deployed;

/// The models and their learning curves.
pub(super) fn training(facts: &Facts) -> Vec<String> {
    let columns = [
        Left("Model"),
        Left("What it is"),
        Right("Rows learned from, a fold"),
        Left("Dev side"),
        Right("Epochs"),
        Left("Notes"),
    ];
    let mut blocks = vec!["## Training".to_owned(), table(&columns, facts.models.iter().map(model_row))];
    for model in &facts.models {
        let alt = format!("Learning curves of {}", model.name);
        blocks.extend(image(facts, &Plot::Curves(model.name.clone()), &alt));
    }
    blocks
}

/// The models that were fitted on all utterances.
pub(super) fn deployed(facts: &Facts) -> Vec<String> {
    if facts.deployed.is_empty() {
        return Vec::new();
    }
    let (how, chosen) = match &facts.search {
        None => ("with the settings of the pipeline file", "Settings"),
        Some(_) => (
            "by the same procedure: settings were chosen anew on inner folds of all utterances, whose scores are not \
             shown since they are too good",
            "Chosen on inner folds",
        ),
    };
    let words = format!(
        "For use on new recordings, every model was also fitted on all utterances at once, {how}. Nothing was left to \
         test these models on, and no figure of this report is theirs: what to expect of them is what the folds say \
         of the model of the same name, for speech like that of the test sides. `ser predict` takes the folder."
    );
    let columns = [Left("Folder"), Left(chosen), Right("Rows learned from"), Right("Held out")];
    vec!["## Models for new recordings".to_owned(), words, table(&columns, facts.deployed.iter().map(deployed_row))]
}

/// Rows and features; never seconds, which differ from run to run.
pub(super) fn cost(facts: &Facts) -> Vec<String> {
    let hours: f64 = facts.corpora.iter().map(|corpus| corpus.hours).sum();
    let folds = facts.split.folds.len();
    let augmented = match facts.features.augmented {
        0 => String::new(),
        rows => format!(" and {} augmented ones", number::count(rows)),
    };
    let words = format!(
        "{hours:.2} hours of audio became {} rows{augmented} of {} features; {} over {} made {}.",
        number::count(facts.features.rows),
        number::count(facts.features.columns),
        number::plural(facts.models.len() as i64, "model"),
        number::plural(folds as i64, "fold"),
        number::plural(facts.fits, "fit"),
    );
    vec!["## Cost".to_owned(), words]
}

/// Version, seed and hashes.
pub(super) fn identity(facts: &Facts) -> Vec<String> {
    let words = format!(
        "Made by ser-etl {} with seed {}. The same input, configuration and seed give the same rows, and these \
         hashes (BLAKE3): configuration is what determines a stage's rows, a table's hash is that of its rows.",
        text(&facts.version),
        facts.seed
    );
    let mut blocks = vec!["## Reproducing".to_owned(), words];
    if !facts.hashes.is_empty() {
        let columns = [Left("Of"), Left("Name"), Left("Hash")];
        blocks.push(table(&columns, facts.hashes.iter().map(hash_row)));
    }
    blocks
}

fn model_row(model: &ModelFacts) -> Vec<String> {
    let notes: Vec<String> = model.notes.iter().map(|note| text(note)).collect();
    vec![
        code(&model.name),
        text(&model.title),
        number::range(model.rows_fitted),
        model.dev_use.as_str().to_owned(),
        model.epochs.map_or("–".to_owned(), number::range),
        notes.join("; "),
    ]
}

fn deployed_row(row: &Deployed) -> Vec<String> {
    let settings = if row.settings.is_empty() { "as in the pipeline".to_owned() } else { text(&row.settings) };
    let folder = code(&format!("models/{}/all", row.model));
    vec![folder, settings, number::count(row.rows), number::count(row.held_out)]
}

fn hash_row(row: &HashRow) -> Vec<String> {
    vec![row.kind.as_str().to_owned(), code(&row.name), code(&row.hash)]
}
