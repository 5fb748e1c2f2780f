//! Figures: by model, between models, by class and by slice.

use super::image;
use super::table::Column::{Left, Right};
use super::table::{Column, table};
use crate::eval::MIN_CLUSTERS;
use crate::report::escape::{code, text};
use crate::report::plots::Plot;
use crate::report::{Facts, ModelFacts, number};
use crate::schema::{Comparison, Metric};

const SUMMARY: [&str; 4] = ["uar", "accuracy", "macro_f1", "weighted_f1"];
/// Metrics whose differences the report shows; the table has all.
const COMPARED: [&str; 2] = ["uar", "accuracy"];
/// Slices shown beside classes and speakers, with their heading.
const SLICES: [(&str, &str); 3] = [("gender", "Gender"), ("corpus", "Corpus"), ("fold", "Fold")];

/// Each model on all test rows.
pub(super) fn results(facts: &Facts) -> Vec<String> {
    let mut blocks = vec!["## Results".to_owned()];
    blocks.extend(headline_sentence(facts));
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

/// The headline model against each other one.
pub(super) fn comparisons(facts: &Facts) -> Vec<String> {
    let others: Vec<&ModelFacts> =
        facts.ranked().into_iter().filter(|model| find(facts, &model.name, "uar").is_some()).collect();
    let Some(first) = others.first().and_then(|model| find(facts, &model.name, "uar")) else {
        return Vec::new();
    };
    let columns = [Left("Against"), Right("UAR difference"), Right("p"), Right("Accuracy difference"), Right("p")];
    let rows = others.iter().map(|model| {
        let cells = COMPARED.iter().flat_map(|metric| difference_cells(find(facts, &model.name, metric)));
        std::iter::once(code(&model.name)).chain(cells).collect()
    });
    let headline = code(&facts.headline);
    let words = format!(
        "{headline} minus the other model, on the same test utterances: above 0, {headline} is better. {}",
        test_words(first)
    );
    vec![format!("## {headline} against the other models"), table(&columns, rows), words]
}

/// Precision, recall and F1 of each class under the headline model, and the confusion matrices.
pub(super) fn classes(facts: &Facts) -> Vec<String> {
    let headline = code(&facts.headline);
    let columns = [Left("Emotion"), Right("Recall"), Right("Precision"), Right("F1"), Right("Test utterances")];
    let rows = facts.classes.iter().map(|class| class_row(facts, class));
    let words = "Recall: the share of an emotion's utterances that were recognized. Precision: the share of the \
                 utterances taken for it that are it (0 where none was). F1: their harmonic mean. A dash: the \
                 emotion is not in the test data.";
    let mut blocks = vec![format!("## Emotions under {headline}"), table(&columns, rows), words.to_owned()];
    let matrix = |model: &str| Plot::Confusion(model.to_owned());
    let alt = format!("Confusion matrix of {}", facts.headline);
    blocks.extend(image(facts, &matrix(&facts.headline), &alt));
    let others: Vec<String> = facts
        .confusions
        .iter()
        .filter(|row| row.model != facts.headline)
        .map(|row| format!("[{}]({})", text(&row.model), matrix(&row.model).path()))
        .collect();
    let tables = "The same figures of every model are rows of metrics.parquet (slice `class`).";
    blocks.push(match others.as_slice() {
        [] => tables.to_owned(),
        others => format!("Confusion matrices of the other models: {}. {tables}", number::list(others)),
    });
    blocks
}

/// The headline model by speaker, gender, corpus and fold.
pub(super) fn slices(facts: &Facts) -> Vec<String> {
    let rows: Vec<Vec<String>> = SLICES.iter().flat_map(|(slice, heading)| slice_rows(facts, slice, heading)).collect();
    let mut blocks = vec![format!("## Speakers and other slices under {}", code(&facts.headline))];
    blocks.extend(image(facts, &Plot::Speakers, "UAR of each test speaker"));
    blocks.extend(speaker_sentence(facts));
    if !rows.is_empty() {
        let columns: [Column; 5] =
            [Left("Slice"), Left("Group"), Right("UAR"), Right("Accuracy"), Right("Test utterances")];
        blocks.push(table(&columns, rows));
    }
    if blocks.len() > 1 { blocks } else { Vec::new() }
}

fn headline_sentence(facts: &Facts) -> Option<String> {
    let row = facts.metric(&facts.headline, "overall", "all", "uar")?;
    let chance = facts.chance().map_or(String::new(), |chance| format!("; guessing gives {chance:.3}"));
    Some(format!(
        "**{} reaches a UAR of {}** on {} test utterances{chance}.",
        code(&facts.headline),
        number::metric(Some(row)),
        number::count(row.n),
    ))
}

fn result_row(facts: &Facts, model: &ModelFacts) -> Vec<String> {
    let name = code(&model.name);
    let name = if model.name == facts.headline { format!("**{name}**") } else { name };
    let figure = |metric: &&str| facts.metric(&model.name, "overall", "all", metric);
    let rows: Vec<Option<&Metric>> = SUMMARY.iter().map(figure).collect();
    let n = rows[0].map_or("–".to_owned(), |row| number::count(row.n));
    std::iter::once(name).chain(rows.iter().map(|row| number::metric(*row))).chain([n]).collect()
}

fn explanation(facts: &Facts) -> String {
    let chance = facts.chance().map_or(String::new(), |chance| format!(" Guessing gives {chance:.3}."));
    let baseline = "*Baselines* are the models beside the headline one; `majority`, where it is listed, always \
                    answers the most frequent emotion.";
    format!(
        "*UAR* (unweighted average recall, or balanced accuracy) is the share of utterances recognized, computed \
         for each emotion and then averaged, so that a frequent emotion counts no more than a rare one.{chance} \
         *Accuracy* is the share of all utterances recognized. *Macro F1* averages the F1 of the emotions, \
         *weighted F1* weights each by its utterances. {baseline} {}",
        interval_words(facts),
    )
}

fn interval_words(facts: &Facts) -> String {
    let row = facts.metric(&facts.headline, "overall", "all", "uar");
    let note =
        row.and_then(|row| row.note.as_deref()).map(|note| format!(" Note: {}.", text(note))).unwrap_or_default();
    let interval = row.is_some_and(|row| row.low.is_some());
    let words = if interval {
        format!(
            "Brackets hold the *95 % interval*: the range in which the figure falls when the test speakers are \
             drawn anew {} times (bootstrap over speakers). It tells how much the figure hangs on who was tested, \
             not what another training run would give.",
            number::count(facts.resamples as i64)
        )
    } else {
        format!("There are no intervals: they need at least {MIN_CLUSTERS} known test speakers.")
    };
    words + &note
}

fn find<'a>(facts: &'a Facts, other: &str, metric: &str) -> Option<&'a Comparison> {
    facts.comparisons.iter().find(|row| row.model_b == other && row.metric == metric)
}

fn test_words(row: &Comparison) -> String {
    if let Some(reason) = row.test.strip_prefix("none: ") {
        return format!("There is neither interval nor p value: {}.", text(reason));
    }
    format!(
        "Brackets: 95 % interval of the difference (paired bootstrap over speakers). p: how often a difference at \
         least this large comes about by chance, were the two models equally good (two-sided test: {}; {}). The p \
         values are not corrected for their number.",
        text(&row.test),
        number::plural(row.clusters, "speaker"),
    )
}

fn difference_cells(row: Option<&Comparison>) -> [String; 2] {
    let dash = || "–".to_owned();
    row.map_or([dash(), dash()], |row| [number::difference(row.delta, row.low, row.high), number::p_value(row.p_value)])
}

fn class_row(facts: &Facts, class: &str) -> Vec<String> {
    let figure = |metric: &str| facts.metric(&facts.headline, "class", class, metric);
    let n = figure("recall").map_or("–".to_owned(), |row| number::count(row.n));
    let cells = ["recall", "precision", "f1"].map(|metric| number::metric(figure(metric)));
    std::iter::once(text(class)).chain(cells).chain([n]).collect()
}

/// Rows of a slice that has more than one group.
fn slice_rows(facts: &Facts, slice: &str, heading: &str) -> Vec<Vec<String>> {
    let groups = facts.groups(&facts.headline, slice);
    let many = groups.len() > 1;
    groups.into_iter().filter(|_| many).map(|group| slice_row(facts, slice, heading, group)).collect()
}

fn slice_row(facts: &Facts, slice: &str, heading: &str, group: &str) -> Vec<String> {
    let figure = |metric: &str| facts.metric(&facts.headline, slice, group, metric);
    let n = figure("uar").map_or("–".to_owned(), |row| number::count(row.n));
    vec![heading.to_owned(), text(group), number::metric(figure("uar")), number::metric(figure("accuracy")), n]
}

fn speaker_sentence(facts: &Facts) -> Option<String> {
    let figure = |speaker| Some((speaker, facts.metric(&facts.headline, "speaker", speaker, "uar")?.value?));
    let speakers: Vec<(&str, f64)> = facts.groups(&facts.headline, "speaker").into_iter().filter_map(figure).collect();
    let worst = speakers.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    let best = speakers.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    (speakers.len() > 1).then(|| {
        format!(
            "UAR by speaker runs from {:.3} ({}) to {:.3} ({}). A single speaker's figure rests on few utterances.",
            worst.1,
            code(worst.0),
            best.1,
            code(best.0)
        )
    })
}
