//! Figures by model and by class.

use super::Column::{Left, Right};
use super::{image, list, plot_links, table};
use crate::eval::deviation;
use crate::report::escape::{code, shorten, text};
use crate::report::plots::Plot;
use crate::report::{Facts, ModelFacts, number};
use crate::schema::{ConfusedPair, SELECTED};

const SUMMARY: [&str; 4] = ["uar", "accuracy", "macro_f1", "weighted_f1"];
/// Confused pairs that the report shows.
const PAIRS: usize = 5;
/// Characters of an example's id.
const EXAMPLE: usize = 80;

/// Each model on all test rows.
pub(super) fn results(facts: &Facts) -> Vec<String> {
    let mut blocks = vec!["## Results".to_owned()];
    blocks.extend(headline_sentence(facts));
    blocks.push(result_table(facts));
    blocks.extend(fold_words(facts));
    let words: Vec<String> = lead_words(facts).into_iter().chain(interval_words(facts)).collect();
    blocks.extend((!words.is_empty()).then(|| words.join(" ")));
    blocks.extend(image(facts, &Plot::Results, "UAR of each model with its interval"));
    blocks
}

/// Precision, recall and F1 of each class under the headline model, and the confusion matrices.
pub(super) fn classes(facts: &Facts) -> Vec<String> {
    let columns = [Left("Emotion"), Right("Recall"), Right("Precision"), Right("F1"), Right("Test utterances")];
    let (known, absent): (Vec<&String>, Vec<&String>) = facts.classes.iter().partition(|class| {
        facts.metric(&facts.headline, "class", class, "recall").is_some_and(|row| row.value.is_some())
    });
    let mut blocks = vec![format!("## Emotions under {}", code(&facts.headline))];
    blocks.push(table(&columns, known.into_iter().map(|class| class_row(facts, class))));
    if !absent.is_empty() {
        let absent: Vec<String> = absent.into_iter().map(|class| text(class)).collect();
        blocks.push(format!("Not in the test data: {}.", number::list(&absent)));
    }
    let matrix = |model: &str| Plot::Confusion(model.to_owned());
    let alt = format!("Confusion matrix of {}", facts.headline);
    blocks.extend(image(facts, &matrix(&facts.headline), &alt));
    let others = facts.confusions.iter().filter(|row| row.model != facts.headline);
    blocks.extend(plot_links(facts, others.map(|row| (row.model.clone(), matrix(&row.model)))));
    blocks.extend(confused(facts));
    blocks
}

/// What the headline model takes for what most often.
fn confused(facts: &Facts) -> Vec<String> {
    let mut pairs: Vec<&ConfusedPair> = facts.confused.iter().filter(|row| row.model == facts.headline).collect();
    if pairs.is_empty() {
        return Vec::new();
    }
    pairs.sort_by(|a, b| b.share.total_cmp(&a.share));
    let line = |row: &ConfusedPair| {
        let share = 100.0 * row.share;
        format!(
            "{} taken for {}: {} ({share:.1} %), {}",
            text(&row.truth),
            text(&row.predicted),
            number::count(row.n),
            code(&shorten(first_id(&row.examples), EXAMPLE))
        )
    };
    let lines: Vec<String> = pairs.into_iter().take(PAIRS).map(line).collect();
    vec!["Most frequent confusions, each with its surest mistake:".to_owned(), list(&lines)]
}

/// The first of some utterance ids with a blank between them. An id may hold blanks too; each begins with its corpus.
fn first_id(ids: &str) -> &str {
    let corpus = ids.split_inclusive('/').next().unwrap_or_default();
    let end = ids.match_indices(' ').find(|(at, _)| ids[at + 1..].starts_with(corpus));
    end.map_or(ids, |(at, _)| &ids[..at])
}

fn headline_sentence(facts: &Facts) -> Option<String> {
    let row = facts.metric(&facts.headline, "overall", "all", "uar")?;
    let chance = facts.chance().map_or(String::new(), |chance| format!("; guessing gives {chance:.3}"));
    Some(format!(
        "**{} reaches a UAR of {}** on {} ({} track){chance}.",
        code(&facts.headline),
        number::metric(Some(row)),
        number::plural(row.n, "test utterance"),
        facts.track(),
    ))
}

/// Why this model leads, where there are others and one of them may have done better.
fn lead_words(facts: &Facts) -> Option<String> {
    let why = match facts.headline.as_str() {
        SELECTED => "on inner folds",
        _ => "by the pipeline file or its default",
    };
    let name = code(&facts.headline);
    let words = format!("Quote {name}: it was chosen before testing ({why}). The best row of a test table flatters.");
    (facts.models.len() > 1).then_some(words)
}

/// The table of results; test utterances have a column where they differ, since the headline has the number.
fn result_table(facts: &Facts) -> String {
    let ranked = facts.ranked();
    let tested = |model: &ModelFacts| facts.metric(&model.name, "overall", "all", "uar").map(|row| row.n);
    let alike = ranked.iter().all(|model| tested(model) == tested(ranked[0]));
    let mut columns = vec![Left("Model"), Right("UAR"), Right("Accuracy"), Right("Macro F1"), Right("Weighted F1")];
    columns.extend((!alike).then_some(Right("Test utterances")));
    let row = |model: &ModelFacts| {
        let name = code(&model.name);
        let name = if model.name == facts.headline { format!("**{name}** (headline)") } else { name };
        let figures = SUMMARY.map(|metric| number::metric(facts.metric(&model.name, "overall", "all", metric)));
        let n = (!alike).then(|| tested(model).map_or("–".to_owned(), number::count));
        std::iter::once(name).chain(figures).chain(n).collect()
    };
    table(&columns, ranked.iter().map(|model| row(model)))
}

/// The mean over folds, beside the pooled figures; none where there is one fold, or one without a figure.
fn fold_words(facts: &Facts) -> Option<String> {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let folds = facts.of_folds("uar")?;
    let (uar, accuracy) = (mean(&folds), mean(&facts.of_folds("accuracy")?));
    let deviation = deviation(&folds);
    Some(format!(
        "These figures pool all folds. The mean over the {} folds, which most papers give: {} has a UAR of {uar:.3} (standard \
         deviation {deviation:.3}) and an accuracy of {accuracy:.3}.",
        folds.len(),
        code(&facts.headline),
    ))
}

/// What the brackets are, or why there are none.
fn interval_words(facts: &Facts) -> Vec<String> {
    let Some(row) = facts.metric(&facts.headline, "overall", "all", "uar") else { return Vec::new() };
    let brackets = row.low.map(|_| "Brackets: [95 % intervals](#terms) over speakers.".to_owned());
    let note = row.note.as_deref().map(|note| format!("Note: {}.", text(note)));
    brackets.into_iter().chain(note).collect()
}

fn class_row(facts: &Facts, class: &str) -> Vec<String> {
    let figure = |metric: &str| facts.metric(&facts.headline, "class", class, metric);
    let n = figure("recall").map_or("–".to_owned(), |row| number::count(row.n));
    let cells = ["recall", "precision", "f1"].map(|metric| number::metric(figure(metric)));
    std::iter::once(text(class)).chain(cells).chain([n]).collect()
}

#[cfg(test)]
mod tests {
    use super::first_id;

    #[test]
    fn the_first_id_is_whole_whatever_blanks_it_holds() {
        for (ids, want) in [
            ("c/1 c/5 c/2", "c/1"),
            ("c/my corpus/angry 01 c/my corpus/sad 02", "c/my corpus/angry 01"),
            ("c/one and only", "c/one and only"),
            ("", ""),
        ] {
            assert_eq!(first_id(ids), want);
        }
    }
}
