//! The sides of each fold, and what they share.

use std::collections::BTreeMap;

use super::list;
use crate::report::escape::{shorten, text};
use crate::report::{Facts, FoldFacts, number};
use crate::schema::Leakage;

/// Lines of folds beyond this number are summed up in one.
const LINES: usize = 10;
/// Characters of the examples of something shared.
const EXAMPLES: usize = 120;

/// Utterances on each side of each fold, and what the sides share.
pub(super) fn split(facts: &Facts) -> Vec<String> {
    let mut blocks = vec!["## Split".to_owned(), list(&folds(&facts.split.folds))];
    if !facts.leakage.is_empty() {
        blocks.extend(["What two sides of a fold share:".to_owned(), list(&leakage(facts))]);
    }
    blocks
}

/// A line for folds in a row that are alike.
fn folds(folds: &[FoldFacts]) -> Vec<String> {
    let alike = folds.chunk_by(|a, b| fold_words(std::slice::from_ref(a)) == fold_words(std::slice::from_ref(b)));
    let runs: Vec<&[FoldFacts]> = alike.collect();
    let shown: usize = runs.iter().take(LINES).map(|run| run.len()).sum();
    let rest = &folds[shown..];
    let lines = runs.into_iter().take(LINES).map(|run| match run {
        [fold] => format!("Fold {}: {}", fold.fold, fold_words(run)),
        _ => format!("Folds {}: {}", number::range((run[0].fold, run[run.len() - 1].fold)), fold_words(run)),
    });
    let rest = (!rest.is_empty()).then(|| format!("{} more: {}", rest.len(), fold_words(rest)));
    lines.chain(rest).collect()
}

/// Fewest and most utterances on each side of some folds.
fn fold_words(folds: &[FoldFacts]) -> String {
    let spread = |value: fn(&FoldFacts) -> i64| {
        let values = || folds.iter().map(value);
        number::range((values().min().unwrap_or(0), values().max().unwrap_or(0)))
    };
    let augmented = match spread(|fold| fold.augmented) {
        none if none == "0" => String::new(),
        rows => format!(" + {rows} augmented"),
    };
    let speakers: Option<Vec<i64>> = folds.iter().map(|fold| fold.test_speakers).collect();
    let speakers = speakers.and_then(|all| Some((*all.iter().min()?, *all.iter().max()?)));
    let speakers = match speakers {
        None => "unknown speakers".to_owned(),
        Some((1, 1)) => "1 speaker".to_owned(),
        Some(range) => format!("{} speakers", number::range(range)),
    };
    format!(
        "{}{augmented} train, {} dev and {} test utterances of {speakers}.",
        spread(|fold| fold.train),
        spread(|fold| fold.dev),
        spread(|fold| fold.test)
    )
}

/// What is found nowhere, then a line for pairs of sides that share the same.
fn leakage(facts: &Facts) -> Vec<String> {
    let mut checks: BTreeMap<&str, Vec<&Leakage>> = BTreeMap::new();
    facts.leakage.iter().for_each(|row| checks.entry(&row.check).or_default().push(row));
    let nowhere = |rows: &[&Leakage]| rows.iter().all(|row| row.shared == Some(0));
    let absent = |allowed: bool, words: &str| {
        let those = checks.iter().filter(|(_, rows)| nowhere(rows) && rows.iter().all(|row| row.allowed) == allowed);
        let names: Vec<String> = those.map(|(check, _)| check_words(check)).collect();
        (!names.is_empty()).then(|| format!("{words}: {}.", number::list(&names)))
    };
    let found = checks.iter().filter(|(_, rows)| !nowhere(rows)).flat_map(|(check, rows)| found(check, rows));
    let absent = [absent(false, "Not shared, as the split promises"), absent(true, "Not shared, though allowed")];
    absent.into_iter().flatten().chain(found).collect()
}

fn found(check: &str, rows: &[&Leakage]) -> Vec<String> {
    let mut pairs: BTreeMap<&str, Vec<&Leakage>> = BTreeMap::new();
    rows.iter().for_each(|row| pairs.entry(&row.between).or_default().push(row));
    let all = pairs.len();
    let mut alike: Vec<(String, Vec<String>)> = Vec::new();
    for (between, rows) in pairs {
        let words = shared_words(&rows);
        let name = text(&between.replace('+', " or ").replace('-', " and "));
        match alike.iter_mut().find(|(other, _)| *other == words) {
            Some((_, names)) => names.push(name),
            None => alike.push((words, vec![name])),
        }
    }
    let line = |(words, names): (String, Vec<String>)| {
        let names = if all > 1 && names.len() == all { "any two sides".to_owned() } else { names.join("; ") };
        format!("Shared between {names}: {}, {words}", check_words(check))
    };
    alike.into_iter().map(line).collect()
}

/// What a check of the leakage table counts.
fn check_words(check: &str) -> String {
    match check {
        "audio" => "identical recordings".to_owned(),
        "speaker" => "speakers".to_owned(),
        "text" => "spoken texts".to_owned(),
        "overlap" => "overlapping segments".to_owned(),
        "augmented" => "altered copies that are out of place".to_owned(),
        other => text(other),
    }
}

/// How much is shared in a fold, whether it may be, and examples.
fn shared_words(rows: &[&Leakage]) -> String {
    let counts: Option<Vec<i64>> = rows.iter().map(|row| row.shared).collect();
    let span = counts.as_ref().and_then(|counts| Some((*counts.iter().min()?, *counts.iter().max()?)));
    let with_any = counts.map_or(0, |counts| counts.iter().filter(|&&count| count > 0).count());
    let count = match span {
        None => "number unknown".to_owned(),
        Some(span) => {
            format!("{} a fold, in {with_any} of {}", number::range(span), number::plural(rows.len() as i64, "fold"))
        }
    };
    let allowed = if rows.iter().all(|row| row.allowed) { "allowed" } else { "not allowed" };
    let examples = rows.iter().find_map(|row| row.examples.as_deref());
    let examples = examples.map_or(String::new(), |examples| format!(" ({})", text(&shorten(examples, EXAMPLES))));
    format!("{count}, {allowed}{examples}.")
}
