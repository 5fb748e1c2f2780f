//! Figures by model and by class.

use super::table::Column::{Left, Right};
use super::table::table;
use super::{image, list};
use crate::config::SELECTED;
use crate::eval::MIN_CLUSTERS;
use crate::report::escape::{code, shorten, text};
use crate::report::plots::Plot;
use crate::report::{Facts, ModelFacts, number};
use crate::schema::{ConfusedPair, Metric};

const SUMMARY: [&str; 4] = ["uar", "accuracy", "macro_f1", "weighted_f1"];
/// Confused pairs that the report shows, and characters of their examples.
const PAIRS: usize = 5;
const EXAMPLES: usize = 240;

/// Each model on all test rows.
pub(super) fn results(facts: &Facts) -> Vec<String> {
    let mut blocks = vec!["## Results".to_owned()];
    blocks.extend(headline_sentence(facts));
    blocks.extend(lead_words(facts));
    let columns = [
        Left("Model"),
        Right("UAR"),
        Right("Accuracy"),
        Right("Macro F1"),
        Right("Weighted F1"),
        Right("Test utterances"),
    ];
    blocks.push(table(&columns, facts.ranked().into_iter().map(|model| result_row(facts, model))));
    blocks.push(explanation(facts));
    blocks.extend(image(facts, &Plot::Results, "UAR of each model with its interval"));
    blocks
}

/// Precision, recall and F1 of each class under the headline model, and the confusion matrices.
pub(super) fn classes(facts: &Facts) -> Vec<String> {
    let headline = code(&facts.headline);
    let columns = [Left("Emotion"), Right("Recall"), Right("Precision"), Right("F1"), Right("Test utterances")];
    let rows = facts.classes.iter().map(|class| class_row(facts, class));
    let words = [
        "*Recall*: the share of an emotion's utterances that were recognized.",
        "*Precision*: the share of the utterances taken for it that are it (0 where none was).",
        "*F1*: their harmonic mean.",
        "A dash: the emotion is not in the test data.",
    ];
    let mut blocks =
        vec![format!("## Emotions under {headline}"), table(&columns, rows), list(&words.map(str::to_owned))];
    let matrix = |model: &str| Plot::Confusion(model.to_owned());
    let alt = format!("Confusion matrix of {}", facts.headline);
    blocks.extend(image(facts, &matrix(&facts.headline), &alt));
    let others: Vec<String> = facts
        .confusions
        .iter()
        .filter(|row| row.model != facts.headline)
        .map(|row| format!("[{}]({})", text(&row.model), matrix(&row.model).path()))
        .collect();
    if !others.is_empty() {
        blocks.push(format!("Confusion matrices of the other models: {}.", number::list(&others)));
    }
    blocks.push("The same figures of every model are rows of metrics.parquet (slice `class`).".to_owned());
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
    let columns =
        [Left("Labelled"), Left("Taken for"), Right("Utterances"), Right("Share of the emotion"), Left("Examples")];
    let rows = pairs.into_iter().take(PAIRS).map(|row| {
        vec![
            text(&row.truth),
            text(&row.predicted),
            number::count(row.n),
            format!("{:.1} %", 100.0 * row.share),
            code(&shorten(&row.examples, EXAMPLES)),
        ]
    });
    let words = format!(
        "What {} confuses most, by the share of the labelled emotion's utterances; the examples are the mistakes it \
         was surest of. All pairs of every model are rows of confusions.parquet.",
        code(&facts.headline)
    );
    vec![words, table(&columns, rows)]
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
    let name = code(&facts.headline);
    let why = match facts.headline.as_str() {
        SELECTED => "inner folds chose it before any test figure was known",
        _ => "the pipeline file says so (`evaluate.compare` or its default), whatever the test figures",
    };
    (facts.models.len() > 1).then(|| {
        format!(
            "{name} leads this report, and its figure is the one to quote, because {why}. The table is in the order of \
             the test figures; whichever happens to be its first row is flattered by being picked for that."
        )
    })
}

fn result_row(facts: &Facts, model: &ModelFacts) -> Vec<String> {
    let name = code(&model.name);
    let name = if model.name == facts.headline { format!("**{name}** (headline)") } else { name };
    let figure = |metric: &&str| facts.metric(&model.name, "overall", "all", metric);
    let rows: Vec<Option<&Metric>> = SUMMARY.iter().map(figure).collect();
    let n = rows[0].map_or("–".to_owned(), |row| number::count(row.n));
    std::iter::once(name).chain(rows.iter().map(|row| number::metric(*row))).chain([n]).collect()
}

fn explanation(facts: &Facts) -> String {
    let chance = facts.chance().map_or(String::new(), |chance| format!(" Guessing gives {chance:.3}."));
    list(&[
        format!(
            "*UAR* (unweighted average recall, or balanced accuracy): the share of utterances recognized, computed for \
             each emotion and then averaged, so that a frequent emotion counts no more than a rare one.{chance}"
        ),
        "*Accuracy*: the share of all utterances recognized.".to_owned(),
        "*Macro F1*: the mean F1 of the emotions; *weighted F1* weights each by its utterances.".to_owned(),
        "*Baselines*: the models beside the headline one. `majority`, where it is listed, always answers the most \
         frequent emotion."
            .to_owned(),
        interval_words(facts),
    ])
}

fn interval_words(facts: &Facts) -> String {
    let row = facts.metric(&facts.headline, "overall", "all", "uar");
    let note =
        row.and_then(|row| row.note.as_deref()).map(|note| format!(" Note: {}.", text(note))).unwrap_or_default();
    let interval = row.is_some_and(|row| row.low.is_some());
    let words = if interval {
        format!(
            "*Brackets*: the 95 % interval, the range in which the figure falls when the test speakers are drawn anew \
             {} times (bootstrap over speakers). It tells how much the figure hangs on who was tested, not what \
             another training run would give.",
            number::count(facts.resamples as i64)
        )
    } else {
        format!("There are no intervals: they need at least {MIN_CLUSTERS} known test speakers.")
    };
    words + &note
}

fn class_row(facts: &Facts, class: &str) -> Vec<String> {
    let figure = |metric: &str| facts.metric(&facts.headline, "class", class, metric);
    let n = figure("recall").map_or("–".to_owned(), |row| number::count(row.n));
    let cells = ["recall", "precision", "f1"].map(|metric| number::metric(figure(metric)));
    std::iter::once(text(class)).chain(cells).chain([n]).collect()
}
