//! How the models were trained, and what identifies the run.

use std::collections::BTreeMap;

use super::{image, list};
use crate::report::escape::{code, printable, text};
use crate::report::plots::Plot;
use crate::report::{Facts, FeatureOrigin, HashRow, ModelFacts, number};

/// The models and their learning curves.
pub(super) fn training(facts: &Facts) -> Vec<String> {
    let first = facts.models.first().map_or((0, 0), |model| model.rows_fitted);
    let alike = facts.models.iter().all(|model| model.rows_fitted == first);
    let rows = if alike { format!(", each on {} rows", number::range(first)) } else { String::new() };
    let words = format!("{}{rows}:", number::plural(facts.fits, "fit"));
    let models: Vec<String> = facts.models.iter().map(|model| model_words(model, alike)).collect();
    let mut blocks = vec!["## Training".to_owned(), words, list(&models)];
    for model in &facts.models {
        let alt = format!("Learning curves of {}", model.name);
        blocks.extend(image(facts, &Plot::Curves(model.name.clone()), &alt));
    }
    blocks
}

/// The models that were fitted on all utterances: a line for those with the same settings and rows.
pub(super) fn deployed(facts: &Facts) -> Vec<String> {
    if facts.deployed.is_empty() {
        return Vec::new();
    }
    let how = match &facts.search {
        None => "with the settings of the pipeline file",
        Some(_) => "with settings chosen anew on inner folds of all utterances",
    };
    let use_of_them = match facts.features.origin {
        FeatureOrigin::Set(_) => "",
        FeatureOrigin::Table { .. } => " They need features of the same program, so `ser predict` refuses them.",
    };
    let words = format!(
        "Every model was also fitted on all utterances, {how}. Nothing was left to test these models on, so no figure \
         here is theirs: expect about the figures of the same model above, on similar speech.{use_of_them}"
    );
    let mut alike: BTreeMap<(&str, i64, i64), Vec<String>> = BTreeMap::new();
    for row in &facts.deployed {
        let folder = code(&format!("models/{}/all", row.model));
        alike.entry((&row.settings, row.rows, row.held_out)).or_default().push(folder);
    }
    let is_one = alike.len() == 1 && facts.deployed.len() > 1;
    let lines = alike.into_iter().map(|((settings, rows, held_out), folders)| {
        let folders = if is_one { "`models/<model>/all`".to_owned() } else { number::list(&folders) };
        let settings = if settings.is_empty() { "as in the pipeline".to_owned() } else { text(settings) };
        let rows = number::plural(rows, "row");
        let held_out = if held_out == 0 { String::new() } else { format!(", {} held out", number::count(held_out)) };
        format!("{folders}: {settings}; {rows}{held_out}.")
    });
    vec!["## Models for new recordings".to_owned(), words, list(&lines.collect::<Vec<_>>())]
}

/// Version, seed and hashes.
pub(super) fn identity(facts: &Facts) -> Vec<String> {
    let words = format!(
        "ser-etl {}, seed {}. The same input, configuration and seed give the same BLAKE3 hashes:",
        text(&facts.version),
        facts.seed
    );
    let mut blocks = vec!["## Reproducing".to_owned(), words];
    if !facts.hashes.is_empty() {
        let lines: Vec<String> = facts.hashes.iter().map(hash_line).collect();
        blocks.push(format!("```\n{}\n```", lines.join("\n")));
    }
    blocks
}

/// What a model is, how long it trained, and what else must be known.
fn model_words(model: &ModelFacts, rows_alike: bool) -> String {
    let rows = (!rows_alike).then(|| format!("{} rows", number::range(model.rows_fitted)));
    let epochs = model.epochs.map(|epochs| format!("{} epochs", number::range(epochs)));
    let notes = model.notes.iter().map(|note| text(note));
    let words = std::iter::once(text(&model.title)).chain(rows).chain(epochs).chain(notes);
    format!("{}: {}.", code(&model.name), words.collect::<Vec<_>>().join("; "))
}

/// A line of a block of code, where nothing is markup.
fn hash_line(row: &HashRow) -> String {
    format!("{}  {}/{}", printable(&row.hash), row.kind.as_str(), printable(&row.name))
}
