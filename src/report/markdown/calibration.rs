//! How far the models' probabilities can be believed, and how far fits differ by chance.

use super::Column::{Left, Right};
use super::{image, plot_links, table};
use crate::eval::SeedSpread;
use crate::report::escape::code;
use crate::report::plots::Plot;
use crate::report::{Facts, ModelFacts, number};
use crate::schema::FUSION;

const FIGURES: [&str; 3] = ["log_loss", "brier", "ece"];

/// Log loss, Brier score and calibration error of each model, and the reliability diagrams.
pub(super) fn calibration(facts: &Facts) -> Vec<String> {
    let columns = [Left("Model"), Right("Log loss (nats)"), Right("Brier score"), Right("ECE")];
    let rows = facts.ranked().into_iter().map(|model| row(facts, model));
    let classes = facts.classes.len().max(1) as f64;
    let (log_loss, brier) = (classes.ln(), 1.0 - 1.0 / classes);
    let intro =
        format!("Less is better. Equal probabilities give a log loss of {log_loss:.3}, a Brier score of {brier:.3}.");
    let mut blocks = vec!["## Calibration".to_owned(), intro, table(&columns, rows)];
    blocks.extend(temperatures(facts));
    let alt = format!("Reliability diagram of {}", facts.headline);
    blocks.extend(image(facts, &Plot::Reliability(facts.headline.clone()), &alt));
    let others = facts.models.iter().filter(|model| model.name != facts.headline);
    blocks.extend(plot_links(facts, others.map(|model| (model.name.clone(), Plot::Reliability(model.name.clone())))));
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
    let words = "Fits that differ in their random numbers only. All other figures are those of seed 0.";
    vec!["## Spread over seeds".to_owned(), words.to_owned(), table(&columns, facts.seeds.iter().map(seed_row))]
}

fn row(facts: &Facts, model: &ModelFacts) -> Vec<String> {
    let name = code(&model.name);
    let name = if model.name == facts.headline { format!("**{name}**") } else { name };
    let figures = FIGURES.map(|metric| number::metric(facts.metric(&model.name, "overall", "all", metric)));
    std::iter::once(name).chain(figures).collect()
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
            "Probabilities were calibrated on rows outside the fit, by temperature: {}. Above 1, the model was \
             overconfident. Predictions stay the same.{}",
            number::list(&ranges),
            of_fusion(facts)
        )
    })
}

fn of_fusion(facts: &Facts) -> &'static str {
    if facts.models.iter().any(|model| model.name == FUSION) {
        " `fusion` averages the calibrated probabilities, so its predictions can change; the average itself is \
         underconfident (Ranjan and Gneiting 2010)."
    } else {
        ""
    }
}

fn seed_row(row: &SeedSpread) -> Vec<String> {
    let figures = [row.mean, row.deviation, row.lowest, row.highest].map(|figure| number::figure(Some(figure)));
    [code(&row.model), number::count(row.seeds as i64)].into_iter().chain(figures).collect()
}
