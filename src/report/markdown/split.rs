//! The sides of each fold, and what they share.

use std::collections::BTreeMap;

use crate::report::escape::{code, shorten, text};
use crate::report::{Facts, FoldFacts, number};
use crate::schema::Leakage;

/// Characters of the examples of something shared.
const EXAMPLES: usize = 60;

/// The split, and fewest and most utterances on each side of a fold.
pub(super) fn words(facts: &Facts) -> String {
    let (scheme, folds) = (code(&facts.split.scheme), &facts.split.folds);
    let pooled = if folds.len() > 1 { " per fold; figures pool the folds" } else { "" };
    format!("Split {scheme}, seed {}: {}; {}{pooled}.", facts.seed, text(&facts.split.words), sides(folds))
}

fn sides(folds: &[FoldFacts]) -> String {
    let spread = |value: fn(&FoldFacts) -> i64| {
        let values = || folds.iter().map(value);
        number::range((values().min().unwrap_or(0), values().max().unwrap_or(0)))
    };
    let if_any = |rows: String, words: &str| if rows == "0" { String::new() } else { words.replace("{}", &rows) };
    let speakers: Option<Vec<i64>> = folds.iter().map(|fold| fold.test_speakers).collect();
    let speakers = speakers.and_then(|all| Some((*all.iter().min()?, *all.iter().max()?)));
    let speakers = match speakers {
        None => "unknown speakers".to_owned(),
        Some((1, 1)) => "1 speaker".to_owned(),
        Some(range) => format!("{} speakers", number::range(range)),
    };
    format!(
        "{}{} train{} and {} test utterances of {speakers}",
        spread(|fold| fold.train),
        if_any(spread(|fold| fold.augmented), " + {} augmented"),
        if_any(spread(|fold| fold.dev), ", {} dev"),
        spread(|fold| fold.test)
    )
}

/// What two sides of a fold share: what is found nowhere, then a line for pairs of sides that share the same.
pub(super) fn shared(facts: &Facts) -> Vec<String> {
    let mut checks: BTreeMap<&str, Vec<&Leakage>> = BTreeMap::new();
    // What the side seen shares with training is what it is for.
    let is_told = |row: &&Leakage| !(row.allowed && row.between.ends_with("-seen"));
    facts.leakage.iter().filter(is_told).for_each(|row| checks.entry(&row.check).or_default().push(row));
    let absent = checks.iter().filter(|(_, rows)| is_absent(rows));
    let absent: Vec<String> = absent.map(|(check, _)| check_words(facts, check)).collect();
    let absent = (!absent.is_empty()).then(|| format!("Not shared between sides: {}.", number::list(&absent)));
    let present = checks.iter().filter(|(_, rows)| !is_absent(rows));
    absent.into_iter().chain(present.flat_map(|(check, rows)| found(&check_words(facts, check), rows))).collect()
}

fn is_absent(rows: &[&Leakage]) -> bool {
    rows.iter().all(|row| row.shared == Some(0))
}

fn found(what: &str, rows: &[&Leakage]) -> Vec<String> {
    let mut pairs: BTreeMap<&str, Vec<&Leakage>> = BTreeMap::new();
    rows.iter().for_each(|row| pairs.entry(&row.between).or_default().push(row));
    let all = pairs.len();
    pairs.retain(|_, rows| !is_absent(rows));
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
        format!("Shared between {names}: {what}, {words}")
    };
    alike.into_iter().map(line).collect()
}

/// What a check of the leakage table counts.
fn check_words(facts: &Facts, check: &str) -> String {
    match check {
        "audio" => "identical recordings".to_owned(),
        "speaker" if facts.split.speakers.is_none() => "known speakers".to_owned(),
        "speaker" => "speakers".to_owned(),
        "text" => "spoken texts".to_owned(),
        "overlap" => "overlapping segments".to_owned(),
        "augmented" => "misplaced copies".to_owned(),
        other => text(other),
    }
}

/// How much is shared in a fold, whether that is allowed, and examples.
fn shared_words(rows: &[&Leakage]) -> String {
    let counts: Option<Vec<i64>> = rows.iter().map(|row| row.shared).collect();
    let span = counts.and_then(|counts| Some((*counts.iter().min()?, *counts.iter().max()?)));
    let count = span.map_or("number unknown".to_owned(), |span| format!("{} per fold", number::range(span)));
    let allowed = if rows.iter().all(|row| row.allowed) { "allowed" } else { "not allowed" };
    let examples = rows.iter().find_map(|row| row.examples.as_deref());
    let examples = examples.map_or(String::new(), |examples| format!(" ({})", text(&shorten(examples, EXAMPLES))));
    format!("{count}, {allowed}{examples}.")
}
