//! report.md: its sections in order, each a list of blocks.

mod calibration;
mod comparisons;
mod data;
mod protocol;
mod results;
mod selection;
mod slices;
mod table;
mod training;
mod versus;

use super::Facts;
use super::escape::text;
use super::plots::Plot;
use crate::schema::Track;
pub use versus::versus;

/// The whole report as Markdown (GitHub's dialect: tables, images by relative path). Ends with a newline.
///
/// Every string from data is escaped. Figures are those of `facts.metrics` and `facts.comparisons`, the rows of the
/// tables.
pub fn markdown(facts: &Facts) -> String {
    let sections = [
        vec![title(facts), track(facts).to_owned()],
        protocol::warnings(facts),
        protocol::protocol(facts),
        results::results(facts),
        calibration::seeds(facts),
        comparisons::comparisons(facts),
        selection::selection(facts),
        selection::transfer(facts),
        results::classes(facts),
        calibration::calibration(facts),
        slices::slices(facts),
        selection::importance(facts),
        data::corpora(facts),
        data::labels(facts),
        data::rejects(facts),
        protocol::split(facts),
        protocol::leakage(facts),
        training::training(facts),
        training::deployed(facts),
        training::cost(facts),
        training::identity(facts),
    ];
    let blocks: Vec<String> = sections.into_iter().flatten().collect();
    blocks.join("\n\n") + "\n"
}

fn title(facts: &Facts) -> String {
    let speech = if facts.synthetic { " on SYNTHETIC speech, not on people" } else { "" };
    format!("# {}: speech emotion recognition{speech}", text(&facts.pipeline))
}

/// What all figures may have used, said once.
fn track(facts: &Facts) -> &'static str {
    match facts.track() {
        Track::Inductive => {
            "All figures are of the *inductive* track: nothing of the test utterances was used before they were judged."
        }
        Track::Transductive => {
            "All figures are of the *transductive* track: unlabelled statistics of the test speakers' own recordings \
             were used. They must not be compared with inductive figures."
        }
    }
}

/// Words of which each stands in a line of its own.
fn list(items: &[String]) -> String {
    items.iter().map(|item| format!("- {item}")).collect::<Vec<_>>().join("\n")
}

/// The image of a plot; nothing where the report has no such plot.
fn image(facts: &Facts, plot: &Plot, alt: &str) -> Option<String> {
    Plot::all(facts).contains(plot).then(|| format!("![{}]({})", text(alt), plot.path()))
}

#[cfg(test)]
mod figures_tests;
#[cfg(test)]
mod selection_tests;
#[cfg(test)]
mod tests;
