//! What was done, and what a reader must be warned of.

use crate::report::escape::{code, text};
use crate::report::{DevUse, Facts, number};

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
            "**The split is not speaker-disjoint.** Models learn from and are tested on the same {}, so these figures \
             flatter. Expect lower ones for people whom the models have never heard.",
            number::plural(count, "speaker")
        )),
        Sharing::Unknown => warnings.push(
            "**The split cannot be checked for shared speakers.** The data does not say who speaks, so these figures \
             may flatter. Expect lower ones for people whom the models have never heard."
                .to_owned(),
        ),
    }
    if let Sharing::Shared(count) = sharing(facts, "audio") {
        warnings.push(format!(
            "**Identical recordings are on both sides of the split** ({}), so these figures flatter.",
            number::plural(count, "recording")
        ));
    }
    if facts.normalization.transductive {
        warnings.push(
            "**Normalization is transductive.** It used the test speakers' own recordings, but never their labels. \
             These figures hold only where such recordings are at hand beforehand. Do not compare them with inductive \
             figures."
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
    vec!["## How it was tested".to_owned(), sentences.join(" ")]
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
        "{} learned to tell {} emotions apart ({}) in {} {kind} of {speakers} ({}), by {} features (set {}).{left_out}",
        number::plural(facts.models.len() as i64, "model"),
        facts.classes.len(),
        number::list(&classes),
        number::count(facts.split.utterances),
        number::list(&names),
        number::count(facts.features.columns),
        code(&facts.features.set),
    )
}

fn split_words(facts: &Facts) -> String {
    let pooled = match facts.split.folds.len() {
        0 | 1 => "No".to_owned(),
        folds => format!("Figures are of all {folds} folds together; no"),
    };
    format!(
        "The split ({}, seed {}) is {}. {pooled} model was tested on what it had learned from.",
        code(&facts.split.scheme),
        facts.seed,
        text(&facts.split.words)
    )
}

fn augmentation(facts: &Facts) -> Option<String> {
    let transforms: Vec<String> = facts.features.transforms.iter().map(|transform| code(transform)).collect();
    (!transforms.is_empty()).then(|| {
        format!(
            "Models also learn from altered copies of the train utterances ({}); dev and test have none.",
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
        "Test shares {}, {} and {} with train and dev.",
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
            "Features are normalized ({}, scope {}) by the training side alone.",
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
    let dev = match (stopped.as_slice(), fitted.as_slice()) {
        ([], []) => String::new(),
        ([], _) => "All models learned from train and dev. ".to_owned(),
        (stopped, []) => format!("Dev decided when the training of {} stopped. ", number::list(stopped)),
        (stopped, fitted) => format!(
            "Dev decided when the training of {} stopped; {} learned from train and dev. ",
            number::list(stopped),
            number::list(fitted)
        ),
    };
    let settings = match &facts.search {
        None => "All settings are those of the pipeline file.",
        Some(_) => "Settings were chosen on inner folds of the training side, without any test utterance.",
    };
    dev + settings
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
