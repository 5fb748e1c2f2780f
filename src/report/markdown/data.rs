//! What went in: corpora, labels, and what was refused.

use std::collections::BTreeMap;

use super::Column::{Left, Right};
use super::{image, list, table};
use crate::report::escape::{code, shorten, text};
use crate::report::plots::Plot;
use crate::report::{CorpusFacts, Facts, number};
use crate::schema::{LabelCount, Signal};

/// Characters of an example's path.
const EXAMPLE: usize = 80;

/// The corpora, the distribution of classes, and what became of labels.
pub(super) fn data(facts: &Facts) -> Vec<String> {
    let corpora: Vec<String> = facts.corpora.iter().map(corpus_words).collect();
    let mut blocks = vec!["## Data".to_owned(), list(&corpora)];
    blocks.extend(signals(facts));
    blocks.extend(image(facts, &Plot::Classes, "Utterances by emotion"));
    blocks.extend(labels(facts));
    if facts.rejects.is_empty() {
        blocks.push("Nothing was refused.".to_owned());
    }
    blocks
}

/// What was refused, by cause.
pub(super) fn rejects(facts: &Facts) -> Vec<String> {
    if facts.rejects.is_empty() {
        return Vec::new();
    }
    let columns = [Left("Stage"), Left("Cause"), Right("Count"), Left("First")];
    let rows = facts.rejects.iter().map(|row| {
        vec![text(&row.stage), code(&row.code), number::count(row.count), code(&shorten(&row.example, EXAMPLE))]
    });
    let words = "These were refused and are in no figure; rejects.parquet has each.";
    vec!["## Rejects".to_owned(), words.to_owned(), table(&columns, rows)]
}

/// Which signals are suspicious; none: nothing to say.
fn signals(facts: &Facts) -> Option<String> {
    let kind = |corpus: &CorpusFacts, (signal, count): &(Signal, usize)| {
        let (name, word) = (code(&corpus.name), code(signal.as_str()));
        format!("{} of {name} {word} ({})", number::count(*count as i64), signal.meaning())
    };
    let kinds = facts.corpora.iter().flat_map(|corpus| corpus.signals.iter().map(|signal| kind(corpus, signal)));
    let kinds = kinds.collect::<Vec<_>>().join(", ");
    let words = "Utterances with suspicious signals (column `signal`)";
    (!kinds.is_empty()).then(|| format!("{words}: {kinds}."))
}

/// What became of each source label: a line for each corpus and fate. Labels that kept their name are in the plot.
fn labels(facts: &Facts) -> Vec<String> {
    let mut fates: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    let as_it_was = |row: &LabelCount| row.action == "kept" && row.emotion.as_ref() == Some(&row.source_label);
    for row in facts.labels.iter().filter(|row| !as_it_was(row)) {
        fates.entry((&row.corpus, &row.action)).or_default().push(label_words(row));
    }
    let lines = fates.into_iter().map(|((corpus, fate), labels)| {
        let fate = match fate {
            "merged" => "merged with other labels",
            "dropped" => "dropped by the label map",
            "filtered" => "filtered out by the pipeline file",
            other => other,
        };
        format!("Labels of {} {}: {}.", code(corpus), text(fate), labels.join(", "))
    });
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() { Vec::new() } else { vec![list(&lines)] }
}

fn label_words(row: &LabelCount) -> String {
    let renamed = row.emotion.as_ref().filter(|emotion| **emotion != row.source_label);
    let renamed = renamed.map_or(String::new(), |emotion| format!(" as {}", text(emotion)));
    format!("{}{renamed} ({})", text(&row.source_label), number::count(row.utterances))
}

fn corpus_words(corpus: &CorpusFacts) -> String {
    let counted =
        |count: Option<i64>, word: &str| count.map_or(format!("unknown {word}s"), |count| number::plural(count, word));
    format!(
        "{} ({}): {}, {}, {}{}.",
        code(&corpus.name),
        text(&corpus.origin),
        number::plural(corpus.utterances, "utterance"),
        counted(corpus.speakers, "speaker"),
        counted(corpus.texts, "text"),
        corpus.hours.map_or_else(String::new, |hours| format!(", {hours:.2} hours")),
    )
}
