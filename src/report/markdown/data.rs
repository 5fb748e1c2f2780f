//! What went in: corpora, labels, and what was refused.

use super::image;
use super::table::Column::{Left, Right};
use super::table::table;
use crate::report::escape::{code, shorten, text};
use crate::report::plots::Plot;
use crate::report::{CorpusFacts, Facts, number};
use crate::schema::{LabelCount, Signal};

/// Characters of an example's path.
const EXAMPLE: usize = 80;

/// The corpora and the distribution of classes.
pub(super) fn corpora(facts: &Facts) -> Vec<String> {
    let columns = [
        Left("Corpus"),
        Left("Read by"),
        Right("Utterances"),
        Right("Speakers"),
        Right("Texts"),
        Right("Audio (hours)"),
    ];
    let mut blocks = vec!["## Data".to_owned(), table(&columns, facts.corpora.iter().map(corpus_row))];
    blocks.extend(signals(facts));
    blocks.extend(image(facts, &Plot::Classes, "Utterances by emotion"));
    blocks
}

/// Which signals are suspicious; none: nothing to say.
fn signals(facts: &Facts) -> Option<String> {
    let kind = |corpus: &CorpusFacts, (signal, count): &(Signal, usize)| {
        let (name, word) = (code(&corpus.name), code(signal.as_str()));
        format!("{} of {name} {word} ({})", number::count(*count as i64), signal.meaning())
    };
    let kinds = facts.corpora.iter().flat_map(|corpus| corpus.signals.iter().map(|signal| kind(corpus, signal)));
    let kinds = kinds.collect::<Vec<_>>().join(", ");
    let words = "Utterances with suspicious signals, which the column `signal` of the features table marks";
    (!kinds.is_empty()).then(|| format!("{words}: {kinds}."))
}

/// What became of each source label.
pub(super) fn labels(facts: &Facts) -> Vec<String> {
    if facts.labels.is_empty() {
        return Vec::new();
    }
    let columns = [Left("Corpus"), Left("Source label"), Right("Utterances"), Left("Became"), Left("How")];
    let intro = "What became of each label that the corpora use: *kept* alone in its emotion, *merged* with other \
                 labels, *dropped* by the label map, or *filtered* out by the pipeline file.";
    vec!["## Label accounting".to_owned(), intro.to_owned(), table(&columns, facts.labels.iter().map(label_row))]
}

/// What was refused, by cause.
pub(super) fn rejects(facts: &Facts) -> Vec<String> {
    let heading = "## Rejects".to_owned();
    if facts.rejects.is_empty() {
        return vec![heading, "Nothing was refused.".to_owned()];
    }
    let columns = [Left("Stage"), Left("Cause"), Right("Count"), Left("First")];
    let rows = facts.rejects.iter().map(|row| {
        vec![text(&row.stage), code(&row.code), number::count(row.count), code(&shorten(&row.example, EXAMPLE))]
    });
    let words = "Files and utterances that were refused and are in no figure; each is a row of rejects.parquet.";
    vec![heading, words.to_owned(), table(&columns, rows)]
}

fn corpus_row(corpus: &CorpusFacts) -> Vec<String> {
    vec![
        code(&corpus.name),
        text(&corpus.origin),
        number::count(corpus.utterances),
        number::count_or_unknown(corpus.speakers),
        number::count_or_unknown(corpus.texts),
        format!("{:.2}", corpus.hours),
    ]
}

fn label_row(row: &LabelCount) -> Vec<String> {
    vec![
        code(&row.corpus),
        text(&row.source_label),
        number::count(row.utterances),
        row.emotion.as_deref().map_or("–".to_owned(), text),
        text(&row.action),
    ]
}
