//! report.md: its sections in order, each a list of blocks.

mod calibration;
mod comparisons;
mod data;
mod leaderboard;
mod protocol;
mod regression;
mod results;
mod seen;
mod selection;
mod slices;
mod split;
mod terms;
mod training;
mod versus;

use super::escape::text;
use super::plots::Plot;
use super::{Facts, number};
pub use leaderboard::leaderboard;
pub use versus::versus;

/// The whole report as Markdown (GitHub's dialect: tables, images by relative path). Ends with a newline.
///
/// The headline comes first, then its table, how it was tested, and what it means; terms are defined at the end. Every
/// string from data is escaped. Figures are those of `facts.metrics` and `facts.comparisons`, the rows of the
/// tables.
pub fn markdown(facts: &Facts) -> String {
    if let Some(target) = &facts.target {
        return regression::markdown(facts, target);
    }
    let sections = [
        vec![title(facts)],
        protocol::warnings(facts),
        results::results(facts),
        protocol::protocol(facts),
        comparisons::comparisons(facts),
        calibration::seeds(facts),
        selection::transfer(facts),
        seen::seen(facts),
        slices::slices(facts),
        calibration::calibration(facts),
        results::classes(facts),
        selection::importance(facts),
        training::training(facts),
        selection::selection(facts),
        data::data(facts),
        data::rejects(facts),
        training::deployed(facts),
        training::identity(facts),
        terms::terms(facts),
    ];
    let blocks: Vec<String> = sections.into_iter().flatten().collect();
    blocks.join("\n\n") + "\n"
}

fn title(facts: &Facts) -> String {
    let speech = if facts.synthetic { " on SYNTHETIC speech, not on people" } else { "" };
    format!("# {}: speech emotion recognition{speech}", text(&facts.pipeline))
}

/// Words of which each stands in a line of its own.
fn list(items: &[String]) -> String {
    items.iter().map(|item| format!("- {item}")).collect::<Vec<_>>().join("\n")
}

/// Plots that a line links to, which a page folds up; nothing without any.
fn plot_links(facts: &Facts, plots: impl Iterator<Item = (String, Plot)>) -> Option<String> {
    let there = Plot::all(facts);
    let links: Vec<String> = plots
        .filter(|(_, plot)| there.contains(plot))
        .map(|(model, plot)| format!("[{}]({})", text(&model), plot.path()))
        .collect();
    (!links.is_empty()).then(|| format!("The other models: {}.", number::list(&links)))
}

/// The image of a plot; nothing where the report has no such plot.
fn image(facts: &Facts, plot: &Plot, alt: &str) -> Option<String> {
    Plot::all(facts).contains(plot).then(|| format!("![{}]({})", text(alt), plot.path()))
}

/// A column of a Markdown table: its header and where its cells stand.
#[derive(Debug, Clone, Copy)]
enum Column {
    /// Words.
    Left(&'static str),
    /// Numbers.
    Right(&'static str),
}

/// A Markdown table; cells are escaped by who makes them. A column of dashes is left out: its section says why. A table
/// without any number is a sentence.
fn table(columns: &[Column], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let rows: Vec<Vec<String>> = rows.into_iter().collect();
    let told = |index: usize| rows.is_empty() || rows.iter().any(|row| row[index] != "–");
    let shown: Vec<usize> = (0..columns.len()).filter(|&index| told(index)).collect();
    if !rows.is_empty() && shown.iter().all(|&index| matches!(columns[index], Column::Left(_))) {
        let names: Vec<String> = rows.into_iter().filter_map(|row| row.into_iter().next()).collect();
        return format!("There are no figures of {}.", number::list(&names));
    }
    let header = shown.iter().map(|&index| match columns[index] {
        Column::Left(name) | Column::Right(name) => name,
    });
    let rule = shown.iter().map(|&index| match columns[index] {
        Column::Left(_) => "---",
        Column::Right(_) => "---:",
    });
    let mut lines = vec![line(header), line(rule)];
    lines.extend(rows.iter().map(|row| line(shown.iter().map(|&index| row[index].as_str()))));
    lines.join("\n")
}

fn line<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
}

#[cfg(test)]
mod figures_tests;
#[cfg(test)]
mod selection_tests;
#[cfg(test)]
mod tests;
