//! How far the models' probabilities can be believed, and how far fits differ by chance.

use super::table::Column::{Left, Right};
use super::table::table;
use super::{image, list};
use crate::config::FUSION;
use crate::eval::{BINS, SeedSpread};
use crate::report::escape::{code, text};
use crate::report::plots::Plot;
use crate::report::{Facts, ModelFacts, number};

const FIGURES: [&str; 3] = ["log_loss", "brier", "ece"];

/// Log loss, Brier score and calibration error of each model, and the reliability diagrams.
pub(super) fn calibration(facts: &Facts) -> Vec<String> {
    let columns = [Left("Model"), Right("Log loss (nats)"), Right("Brier score"), Right("ECE")];
    let rows = facts.ranked().into_iter().map(|model| row(facts, model));
    let intro = "How far a model's probabilities can be believed: in each column, less is better.".to_owned();
    let mut blocks = vec!["## Calibration".to_owned(), intro, table(&columns, rows), words(facts)];
    blocks.extend(temperatures(facts));
    let alt = format!("Reliability diagram of {}", facts.headline);
    blocks.extend(image(facts, &Plot::Reliability(facts.headline.clone()), &alt));
    blocks.extend(links(facts));
    blocks
}

/// The UAR of models that were fitted with several seeds.
pub(super) fn seeds(facts: &Facts) -> Vec<String> {
    if facts.seeds.is_empty() {
        return Vec::new();
    }
    let columns = [
        Left("Model"),
        Right("Seeds"),
        Right("Mean UAR"),
        Right("Standard deviation"),
        Right("Lowest"),
        Right("Highest"),
    ];
    let words = "Fits that differ in their random numbers alone. All other figures are those of the first fit (seed 0), \
                 whatever the others reach; the figures of each seed are rows of metrics.parquet (slice `seed`).";
    vec!["## Spread over seeds".to_owned(), table(&columns, facts.seeds.iter().map(seed_row)), words.to_owned()]
}

fn row(facts: &Facts, model: &ModelFacts) -> Vec<String> {
    let name = code(&model.name);
    let name = if model.name == facts.headline { format!("**{name}**") } else { name };
    let figures = FIGURES.map(|metric| number::metric(facts.metric(&model.name, "overall", "all", metric)));
    std::iter::once(name).chain(figures).collect()
}

fn words(facts: &Facts) -> String {
    let classes = facts.classes.len().max(1) as f64;
    let log_loss = format!(
        "*Log loss*: the mean negative logarithm of the probability given to the true emotion; {:.3} where every emotion \
         has the same.",
        classes.ln()
    );
    let brier = format!(
        "*Brier score*: the squared distance from a probability of 1 for the true emotion and 0 for the others, from 0 \
         to 2; {:.3} where every emotion has the same probability.",
        1.0 - 1.0 / classes
    );
    let ece = format!(
        "*ECE* (expected calibration error): how far the highest probability is from the share recognized, averaged \
         over {BINS} bins; chance adds to it, so that its interval leans upwards."
    );
    list(&[log_loss, brier, ece])
}

/// The temperatures of calibrated models.
fn temperatures(facts: &Facts) -> Option<String> {
    let range = |model: &ModelFacts| {
        let (low, high) = model.temperature?;
        Some(format!("{} {low:.2} to {high:.2}", code(&model.name)))
    };
    let ranges: Vec<String> = facts.models.iter().filter_map(range).collect();
    (!ranges.is_empty()).then(|| {
        format!(
            "Probabilities were calibrated by a temperature on rows that the fit had not seen, {}: above 1 the model had \
             been too sure of itself. That moves no prediction of a model.{}",
            number::list(&ranges),
            of_fusion(facts)
        )
    })
}

fn of_fusion(facts: &Facts) -> &'static str {
    if facts.models.iter().any(|model| model.name == FUSION) {
        " `fusion` averages the calibrated probabilities, so that temperatures can move its predictions. The average is not \
         calibrated again; one of calibrated models is less sure of itself than it could be (Ranjan and Gneiting 2010)."
    } else {
        ""
    }
}

fn links(facts: &Facts) -> Option<String> {
    let others = facts.models.iter().filter(|model| model.name != facts.headline);
    let plots = others.map(|model| (model, Plot::Reliability(model.name.clone())));
    let there = Plot::all(facts);
    let links: Vec<String> = plots
        .filter(|(_, plot)| there.contains(plot))
        .map(|(model, plot)| format!("[{}]({})", text(&model.name), plot.path()))
        .collect();
    (!links.is_empty()).then(|| format!("Reliability diagrams of the other models: {}.", number::list(&links)))
}

fn seed_row(row: &SeedSpread) -> Vec<String> {
    let figures = [row.mean, row.deviation, row.lowest, row.highest].map(|figure| number::figure(Some(figure)));
    [code(&row.model), number::count(row.seeds as i64)].into_iter().chain(figures).collect()
}
