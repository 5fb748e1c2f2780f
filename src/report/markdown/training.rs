//! How the models were trained, what it cost, and what identifies the run.

use super::image;
use super::table::Column::{Left, Right};
use super::table::table;
use crate::report::escape::{code, text};
use crate::report::plots::Plot;
use crate::report::{Facts, HashRow, ModelFacts, number};

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

fn hash_row(row: &HashRow) -> Vec<String> {
    vec![row.kind.as_str().to_owned(), code(&row.name), code(&row.hash)]
}
