//! The headline model by speaker, gender, corpus and fold, and where it serves some worse than others.

use super::Column::{Left, Right};
use super::{Column, image, list, table};
use crate::eval::Gap;
use crate::report::escape::{code, text};
use crate::report::plots::Plot;
use crate::report::{Facts, number};
use crate::schema::Metric;

/// Slices shown beside classes and speakers, with their heading.
const SLICES: [(&str, &str); 3] = [("gender", "Gender"), ("corpus", "Corpus"), ("fold", "Fold")];

/// The headline model by speaker, gender, corpus and fold.
pub(super) fn slices(facts: &Facts) -> Vec<String> {
    let rows: Vec<Vec<String>> = SLICES.iter().flat_map(|(slice, heading)| slice_rows(facts, slice, heading)).collect();
    let mut blocks = vec![format!("## Speakers and groups under {}", code(&facts.headline))];
    blocks.extend(image(facts, &Plot::Speakers, "UAR of each test speaker"));
    if !rows.is_empty() {
        let columns: [Column; 5] =
            [Left("Slice"), Left("Group"), Right("UAR"), Right("Accuracy"), Right("Test utterances")];
        blocks.push(table(&columns, rows));
    }
    if !facts.gaps.is_empty() {
        let sentences: Vec<String> = facts.gaps.iter().filter_map(gap_sentence).collect();
        blocks.push(list(&sentences));
    }
    if blocks.len() > 1 { blocks } else { Vec::new() }
}

/// Rows of a slice that has more than one group.
fn slice_rows(facts: &Facts, slice: &str, heading: &str) -> Vec<Vec<String>> {
    let groups = facts.groups(&facts.headline, slice);
    let many = groups.len() > 1;
    groups.into_iter().filter(|_| many).map(|group| slice_row(facts, slice, heading, group)).collect()
}

fn slice_row(facts: &Facts, slice: &str, heading: &str, group: &str) -> Vec<String> {
    let figure = |metric: &str| facts.metric(&facts.headline, slice, group, metric);
    let n = figure("uar").map_or("–".to_owned(), |row| number::count(row.n));
    vec![heading.to_owned(), text(group), number::metric(figure("uar")), number::metric(figure("accuracy")), n]
}

/// A gap in one sentence or two.
fn gap_sentence(gap: &Gap) -> Option<String> {
    let (between, figure) = match gap.best.slice.as_str() {
        "gender" => ("genders", "UAR"),
        "corpus" => ("corpora", "UAR"),
        "speaker" => ("speakers", "UAR"),
        _ => ("emotions", "recall"),
    };
    let side =
        |row: &Metric| format!("{} for {} (n = {})", number::metric(Some(row)), code(&row.group), number::count(row.n));
    let verdict = match gap.overlaps() {
        Some(false) => "Chance is an unlikely cause: the intervals do not overlap.",
        Some(true) => "It may be chance: the intervals overlap.",
        None => "It may be chance: no intervals.",
    };
    let (best, worst) = (side(&gap.best), side(&gap.worst));
    Some(format!("Between {between}: {figure} {best}, {worst}; {:.3} apart. {verdict}", gap.difference()?))
}
