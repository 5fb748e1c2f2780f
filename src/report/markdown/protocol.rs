//! What was done, and what a reader must be warned of.

use super::{list, split};
use crate::report::escape::{code, text};
use crate::report::{DevUse, Facts, FeatureOrigin, NormalizationFacts, number};

/// Digits of a hash that are shown.
const HASH_DIGITS: usize = 8;

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
            "**The split is not speaker-disjoint.** Training and test share {}, so these figures flatter: expect lower \
             ones for new speakers.",
            number::plural(count, "speaker")
        )),
        Sharing::Unknown => warnings.push(
            "**The split cannot be checked for shared speakers.** The data does not name them, so these figures may \
             flatter: expect lower ones for new speakers."
                .to_owned(),
        ),
    }
    if let Sharing::Shared(count) = sharing(facts, "audio") {
        warnings.push(format!(
            "**Identical recordings are in training and test** ({}), so these figures flatter.",
            number::plural(count, "recording")
        ));
    }
    if facts.normalization.transductive {
        warnings.push(format!(
            "**Normalization is transductive.** It used unlabelled recordings of the {}, which you then need in use \
             too. Do not compare these figures with inductive ones.",
            of_whom(&facts.normalization)
        ));
    }
    warnings
        .extend(facts.split.warnings.iter().map(|warning| format!("Split: {}.", text(warning.trim_end_matches('.')))));
    warnings.into_iter().map(|warning| format!("> ⚠ {warning}")).collect()
}

/// How the figures came about: data, split, what its sides share, normalization and settings.
pub(super) fn protocol(facts: &Facts) -> Vec<String> {
    let mut lines = vec![task(facts)];
    lines.extend(features_of_others(facts));
    lines.push(split::words(facts));
    lines.extend(facts.split.protocol.as_deref().map(text));
    lines.extend(augmentation(facts));
    lines.extend(train_rows(facts));
    lines.extend(split::shared(facts));
    lines.extend([normalization(facts), settings(facts)]);
    vec!["## How it was tested".to_owned(), list(&lines)]
}

fn task(facts: &Facts) -> String {
    let all: i64 = facts.corpora.iter().map(|corpus| corpus.utterances).sum();
    let left_out = match all - facts.split.utterances {
        0 => String::new(),
        count => format!(" {} of {} utterances stand in no fold.", number::count(count), number::count(all)),
    };
    let speakers = facts.split.speakers.map_or("unknown speakers".to_owned(), |count| number::plural(count, "speaker"));
    let kind = if facts.synthetic { "synthetic utterances" } else { "utterances" };
    format!(
        "{}, {} emotions, {} {kind} of {speakers}, {} features ({}).{left_out}",
        number::plural(facts.models.len() as i64, "model"),
        facts.classes.len(),
        number::count(facts.split.utterances),
        number::count(facts.features.columns),
        match &facts.features.origin {
            FeatureOrigin::Set(set) => code(set),
            FeatureOrigin::Table { file, .. } => format!("of the table {}", code(file)),
        },
    )
}

/// Whose features they are, where another program computed them.
pub(super) fn features_of_others(facts: &Facts) -> Option<String> {
    let FeatureOrigin::Table { file, blake3 } = &facts.features.origin else { return None };
    Some(format!(
        "Features of others: the table {} ({}, BLAKE3 {}), not computed by ser-etl from the audio. Utterances with equal \
         features count as identical recordings.",
        code(file),
        number::plural(facts.features.columns, "column"),
        code(&blake3.chars().take(HASH_DIGITS).collect::<String>()),
    ))
}

pub(super) fn augmentation(facts: &Facts) -> Option<String> {
    let transforms: Vec<String> = facts.features.transforms.iter().map(|transform| code(transform)).collect();
    let words = |copies: String| format!("Training adds altered copies ({copies}); dev and test have none.");
    (!transforms.is_empty()).then(|| words(number::list(&transforms)))
}

/// What training does with its rows beside reading them.
fn train_rows(facts: &Facts) -> Vec<String> {
    let columns: Vec<String> = facts.balance.iter().map(|column| code(column)).collect();
    let balanced = (!columns.is_empty()).then(|| {
        format!(
            "Training rows are balanced by {}: those of the smaller groups count several times.",
            number::list(&columns)
        )
    });
    let voted = facts.votes.as_deref().map(|prefix| {
        format!(
            "`mlp` learns the votes of annotators (columns that begin with {}), not one emotion; figures are of the emotion.",
            code(prefix)
        )
    });
    balanced.into_iter().chain(voted).collect()
}

/// Whose recordings are normalized by themselves, where normalization is transductive.
fn of_whom(facts: &NormalizationFacts) -> &'static str {
    if facts.scope == "each-corpus" { "test corpora" } else { "test speakers" }
}

pub(super) fn normalization(facts: &Facts) -> String {
    let facts = &facts.normalization;
    let statistics = if facts.transductive {
        format!("transductive: statistics of the {}, from their own recordings without labels", of_whom(facts))
    } else {
        "inductive: statistics of the training side alone".to_owned()
    };
    match facts.method.as_str() {
        "none" => "No normalization.".to_owned(),
        method => format!("Normalization: {}, scope {}, {statistics}.", text(method), text(&facts.scope)),
    }
}

fn settings(facts: &Facts) -> String {
    let users = |dev_use: DevUse| -> Vec<String> {
        facts.models.iter().filter(|model| model.dev_use == dev_use).map(|model| code(&model.name)).collect()
    };
    let uses = [
        ("stops the training of", users(DevUse::EarlyStopping)),
        ("calibrates", users(DevUse::Calibration)),
        ("is learned from by", users(DevUse::Fitting)),
    ];
    let uses: Vec<_> = uses.into_iter().filter(|(_, models)| !models.is_empty()).collect();
    let dev = match uses.as_slice() {
        [] => String::new(),
        [("is learned from by", _)] => "All models learn from train and dev. ".to_owned(),
        [first @ .., ("is learned from by", _)] => format!("Dev {}; the others learn from it. ", dev_words(first)),
        all => format!("Dev {}. ", dev_words(all)),
    };
    let settings = match &facts.search {
        None => "All settings are those of the pipeline file.",
        Some(_) => "Settings were chosen on inner folds of the training side, without any test utterance.",
    };
    dev + settings
}

fn dev_words(uses: &[(&str, Vec<String>)]) -> String {
    uses.iter().map(|(does, models)| format!("{does} {}", number::list(models))).collect::<Vec<_>>().join(" and ")
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
