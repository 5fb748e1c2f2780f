//! What was done, and what a reader must be warned of.

use std::collections::BTreeMap;

use super::table::Column::{Left, Right};
use super::table::table;
use crate::report::escape::{code, shorten, text};
use crate::report::{DevUse, Facts, FoldFacts, number};
use crate::schema::Leakage;

/// Folds beyond this number are summed up in one line.
const FOLDS_SHOWN: usize = 10;
/// Characters of the examples that a leakage row shows.
const EXAMPLES: usize = 120;

/// Whether what a model learns from and what it is tested on share speakers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sharing {
    Disjoint,
    /// At most so many in a fold.
    Shared(i64),
    Unknown,
}

/// One block a warning; none where there is nothing to warn of.
pub(super) fn warnings(facts: &Facts) -> Vec<String> {
    let mut warnings = Vec::new();
    match sharing(facts, "speaker") {
        Sharing::Disjoint => {}
        Sharing::Shared(count) => warnings.push(format!(
            "**The split is not speaker-disjoint.** Models learn from and are tested on utterances of the same {}, so \
             the figures below are flattering: expect lower ones for people the models have never heard.",
            number::plural(count, "speaker")
        )),
        Sharing::Unknown => warnings.push(
            "**The split cannot be checked for shared speakers.** The data does not say who speaks, so it is not \
             known to be speaker-disjoint: the figures below may be flattering for people the models have never \
             heard."
                .to_owned(),
        ),
    }
    if let Sharing::Shared(count) = sharing(facts, "audio") {
        warnings.push(format!(
            "**Identical recordings are on both sides of the split** ({}): the figures below are flattering.",
            number::plural(count, "recording")
        ));
    }
    if facts.normalization.transductive {
        warnings.push(
            "**Normalization is transductive.** It used statistics of the test speakers' own recordings (never \
             their labels). These figures hold where such recordings are at hand beforehand, and must not be \
             compared with figures that do without."
                .to_owned(),
        );
    }
    warnings
        .extend(facts.split.warnings.iter().map(|warning| format!("Split: {}.", text(warning.trim_end_matches('.')))));
    warnings.into_iter().map(|warning| format!("> ⚠ {warning}")).collect()
}

/// The protocol in one paragraph.
pub(super) fn protocol(facts: &Facts) -> Vec<String> {
    let mut sentences = vec![task(facts), split_words(facts)];
    sentences.extend(augmentation(facts));
    sentences.extend([shared_words(facts), normalization(facts), selection(facts)]);
    vec!["## Protocol".to_owned(), sentences.join(" ")]
}

/// Rows on each side of each fold.
pub(super) fn split(facts: &Facts) -> Vec<String> {
    let folds = &facts.split.folds;
    let columns = [Right("Fold"), Right("Train"), Right("Dev"), Right("Test"), Right("Test speakers")];
    let mut rows: Vec<Vec<String>> = folds.iter().take(FOLDS_SHOWN).map(fold_row).collect();
    if folds.len() > FOLDS_SHOWN {
        rows.push(rest_row(&folds[FOLDS_SHOWN..]));
    }
    let intro =
        "Utterances on each side: models learn from train, use dev as said under Training, and are tested on test.";
    vec!["## Split".to_owned(), intro.to_owned(), table(&columns, rows)]
}

/// What the sides share, summed up over folds.
pub(super) fn leakage(facts: &Facts) -> Vec<String> {
    if facts.leakage.is_empty() {
        return Vec::new();
    }
    let mut checks: BTreeMap<(&str, &str), Vec<&Leakage>> = BTreeMap::new();
    for row in &facts.leakage {
        checks.entry((&row.check, &row.between)).or_default().push(row);
    }
    let columns = [
        Left("Shared"),
        Left("Between"),
        Right("In a fold"),
        Right("Folds with any"),
        Left("Allowed"),
        Left("Examples"),
    ];
    let rows = checks.into_iter().map(|((check, between), rows)| leakage_row(check, between, &rows));
    let intro = "What two sides of a fold have in common: *audio* counts recordings whose samples are identical, \
                 *speaker* people, *text* sentences; *augmented* counts altered copies outside train or without their \
                 original there. *Allowed* says no where the split promises to share none.";
    vec!["## Leakage checks".to_owned(), intro.to_owned(), table(&columns, rows)]
}

fn task(facts: &Facts) -> String {
    let all: i64 = facts.corpora.iter().map(|corpus| corpus.utterances).sum();
    let left_out = match all - facts.split.utterances {
        0 => String::new(),
        count => format!(" {} of {} utterances stand in no fold.", number::count(count), number::count(all)),
    };
    let speakers = facts.split.speakers.map_or("unknown speakers".to_owned(), |count| number::plural(count, "speaker"));
    let names: Vec<String> = facts.corpora.iter().map(|corpus| code(&corpus.name)).collect();
    let classes: Vec<String> = facts.classes.iter().map(|class| text(class)).collect();
    let kind = if facts.synthetic { "synthetic utterances" } else { "utterances" };
    format!(
        "{} {} trained to tell {} emotions apart ({}) in {} {kind} of {speakers} ({}), each described by {} \
         features (set {}).{left_out}",
        capitalize(&number::plural(facts.models.len() as i64, "model")),
        if facts.models.len() == 1 { "was" } else { "were" },
        facts.classes.len(),
        number::list(&classes),
        number::count(facts.split.utterances),
        number::list(&names),
        number::count(facts.features.columns),
        code(&facts.features.set),
    )
}

fn split_words(facts: &Facts) -> String {
    let folds = facts.split.folds.len();
    let pooled = if folds > 1 {
        format!(
            "The test utterances of all {folds} folds are put together before a figure is computed; each was judged \
             by a model that had not learned from it."
        )
    } else {
        "Each test utterance was judged by a model that had not learned from it.".to_owned()
    };
    format!(
        "The split is {} (scheme {}, seed {}). {pooled}",
        text(&facts.split.words),
        code(&facts.split.scheme),
        facts.seed
    )
}

fn augmentation(facts: &Facts) -> Option<String> {
    let transforms: Vec<String> = facts.features.transforms.iter().map(|transform| code(transform)).collect();
    (!transforms.is_empty()).then(|| {
        format!(
            "Models learn from altered copies of the train utterances too ({}); dev and test have none.",
            number::list(&transforms)
        )
    })
}

fn shared_words(facts: &Facts) -> String {
    let describe = |check: &str, name: &str| match sharing(facts, check) {
        Sharing::Disjoint if check == "speaker" && facts.split.speakers.is_none() => format!("no known {name}"),
        Sharing::Disjoint => format!("no {name}"),
        Sharing::Shared(count) => format!("up to {}", number::plural(count, name)),
        Sharing::Unknown => format!("an unknown number of {name}s"),
    };
    format!(
        "What models learn from and what they are tested on share {}, {} and {}.",
        describe("speaker", "speaker"),
        describe("text", "spoken text"),
        describe("audio", "identical recording"),
    )
}

fn normalization(facts: &Facts) -> String {
    let facts = &facts.normalization;
    match (facts.method.as_str(), facts.transductive) {
        ("none", _) => "Features are not normalized.".to_owned(),
        (method, false) => format!(
            "Features are normalized ({}, scope {}) with statistics of the training side alone.",
            text(method),
            text(&facts.scope)
        ),
        (method, true) => format!(
            "Features are normalized ({}, scope {}); the statistics of test speakers come from their own \
             recordings, without labels.",
            text(method),
            text(&facts.scope)
        ),
    }
}

fn selection(facts: &Facts) -> String {
    let users = |dev_use: DevUse| -> Vec<String> {
        facts.models.iter().filter(|model| model.dev_use == dev_use).map(|model| code(&model.name)).collect()
    };
    let (stopped, fitted) = (users(DevUse::EarlyStopping), users(DevUse::Fitting));
    let mut words = String::new();
    if stopped.is_empty() && !fitted.is_empty() {
        words += "Nothing here needed the dev side: every model learned from train and dev together. ";
    } else if !stopped.is_empty() {
        words += &format!("The dev side decided when the training of {} stopped. ", number::list(&stopped));
    }
    if !stopped.is_empty() && !fitted.is_empty() {
        words +=
            &format!("Models without early stopping ({}) learned from train and dev together. ", number::list(&fitted));
    }
    words
        + match &facts.search {
            None => "All other settings are those of the pipeline file; this run chose none of them.",
            Some(_) => "Settings were chosen on inner folds of the training side; no choice has seen a test utterance.",
        }
}

/// The most that the sides models learn from share with test in a fold.
fn sharing(facts: &Facts, check: &str) -> Sharing {
    let rows = || facts.leakage.iter().filter(|row| row.check == check && row.between == "train+dev-test");
    let most = rows().filter_map(|row| row.shared).max();
    match most {
        Some(count) if count > 0 => Sharing::Shared(count),
        Some(_) if rows().all(|row| row.shared.is_some()) => Sharing::Disjoint,
        _ => Sharing::Unknown,
    }
}

fn fold_row(fold: &FoldFacts) -> Vec<String> {
    vec![
        fold.fold.to_string(),
        train_cell(number::count(fold.train), number::count(fold.augmented)),
        number::count(fold.dev),
        number::count(fold.test),
        number::count_or_unknown(fold.test_speakers),
    ]
}

fn train_cell(utterances: String, augmented: String) -> String {
    if augmented == "0" { utterances } else { format!("{utterances} + {augmented} augmented") }
}

fn rest_row(folds: &[FoldFacts]) -> Vec<String> {
    let spread = |value: fn(&FoldFacts) -> i64| {
        let values = || folds.iter().map(value);
        number::range((values().min().unwrap_or(0), values().max().unwrap_or(0)))
    };
    let speakers: Option<Vec<i64>> = folds.iter().map(|fold| fold.test_speakers).collect();
    let speakers = speakers.and_then(|all| Some((*all.iter().min()?, *all.iter().max()?)));
    vec![
        format!("{} more", folds.len()),
        train_cell(spread(|fold| fold.train), spread(|fold| fold.augmented)),
        spread(|fold| fold.dev),
        spread(|fold| fold.test),
        speakers.map_or("unknown".to_owned(), number::range),
    ]
}

fn leakage_row(check: &str, between: &str, rows: &[&Leakage]) -> Vec<String> {
    let counts: Option<Vec<i64>> = rows.iter().map(|row| row.shared).collect();
    let span = counts.as_ref().and_then(|counts| Some((*counts.iter().min()?, *counts.iter().max()?)));
    let with_any = counts.map(|counts| counts.iter().filter(|&&count| count > 0).count());
    let examples = rows.iter().find_map(|row| row.examples.as_deref()).unwrap_or_default();
    let allowed = rows.iter().all(|row| row.allowed);
    vec![
        text(check),
        text(&between.replace('+', " with ").replace('-', " and ")),
        span.map_or("unknown".to_owned(), number::range),
        with_any.map_or("unknown".to_owned(), |folds| format!("{folds} of {}", rows.len())),
        if allowed { "yes" } else { "no" }.to_owned(),
        text(&shorten(examples, EXAMPLES)),
    ]
}

fn capitalize(words: &str) -> String {
    let mut characters = words.chars();
    characters.next().map_or(String::new(), |first| first.to_uppercase().chain(characters).collect())
}
