//! The headline model by speaker, gender, corpus, fold and columns of the manifest, and where it serves some worse than
//! others.

use super::Column::{Left, Right};
use super::{Column, image, list, table};
use crate::eval::{Gap, further_slices};
use crate::report::escape::{code, text};
use crate::report::plots::Plot;
use crate::report::{Facts, number};
use crate::schema::Metric;

/// Slices shown beside classes and speakers, with their heading.
const SLICES: [(&str, &str); 3] = [("gender", "Gender"), ("corpus", "Corpus"), ("fold", "Fold")];

/// The headline model by speaker, gender, corpus and fold.
pub(super) fn slices(facts: &Facts) -> Vec<String> {
    let further = further_slices(&facts.metrics).into_iter().map(|slice| (slice, text(slice)));
    let all = SLICES.into_iter().map(|(slice, heading)| (slice, heading.to_owned())).chain(further);
    let rows: Vec<Vec<String>> = all.flat_map(|(slice, heading)| slice_rows(facts, slice, &heading)).collect();
    let mut blocks = vec![format!("## Speakers and groups under {}", code(&facts.headline))];
    blocks.extend(image(facts, &Plot::Speakers, "UAR of each test speaker"));
    if !rows.is_empty() {
        let columns: [Column; 5] =
            [Left("Slice"), Left("Group"), Right("UAR"), Right("Accuracy"), Right("Test utterances")];
        blocks.push(table(&columns, rows));
    }
    if !facts.gaps.is_empty() {
        blocks.push("Largest gaps:".to_owned());
        blocks.push(list(&facts.gaps.iter().map(gap_words).collect::<Vec<_>>()));
    }
    if blocks.len() > 1 { blocks } else { Vec::new() }
}

/// Rows of a slice that has more than one group and is not told elsewhere.
fn slice_rows(facts: &Facts, slice: &str, heading: &str) -> Vec<Vec<String>> {
    let groups = facts.groups(&facts.headline, slice);
    let is_shown = groups.len() > 1 && !(slice == "fold" && folds_are_told(facts));
    groups.into_iter().filter(|_| is_shown).map(|group| slice_row(facts, slice, heading, group)).collect()
}

/// Folds of one speaker are in the plot of speakers, and folds across corpora have a table of their own.
fn folds_are_told(facts: &Facts) -> bool {
    let folds = &facts.split.folds;
    let is_one_each = folds.iter().all(|fold| fold.test_speakers == Some(1));
    !facts.transfer.is_empty() || is_one_each && facts.groups(&facts.headline, "speaker").len() == folds.len()
}

fn slice_row(facts: &Facts, slice: &str, heading: &str, group: &str) -> Vec<String> {
    let figure = |metric: &str| facts.metric(&facts.headline, slice, group, metric);
    let n = figure("uar").map_or("–".to_owned(), |row| number::count(row.n));
    vec![heading.to_owned(), text(group), number::metric(figure("uar")), number::metric(figure("accuracy")), n]
}

/// The best and the worst group of a slice, and whether chance explains the gap.
fn gap_words(gap: &Gap) -> String {
    let figure = match gap.best.slice.as_str() {
        "gender" => "Genders: UAR".to_owned(),
        "corpus" => "Corpora: UAR".to_owned(),
        "speaker" => "Speakers: UAR".to_owned(),
        "class" => "Emotions: recall".to_owned(),
        slice => format!("{}: UAR", code(slice)),
    };
    let side = |row: &Metric| format!("{} for {}", number::figure(row.value), code(&row.group));
    let verdict = match gap.overlaps() {
        Some(false) => "hardly chance (intervals do not overlap)",
        Some(true) => "may be chance (intervals overlap)",
        None => "may be chance (no intervals)",
    };
    format!("{figure} {}, {}; {verdict}.", side(&gap.best), side(&gap.worst))
}
