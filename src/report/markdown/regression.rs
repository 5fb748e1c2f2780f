//! The report where a number is predicted.

use super::Column::{Left, Right};
use super::{data, list, protocol, split, table, title, training};
use crate::eval::further_slices;
use crate::report::escape::{code, text};
use crate::report::{Facts, number};
use crate::schema::{Metric, Tuning};

/// Figures of each model, in the order of the table.
const FIGURES: [&str; 3] = ["ccc", "pearson", "rmse"];

/// The whole report.
pub(super) fn markdown(facts: &Facts, target: &str) -> String {
    let sections = [
        vec![title(facts)],
        protocol::warnings(facts),
        results(facts, target),
        tested(facts, target),
        differences(facts),
        slices(facts),
        chosen(facts),
        data::data(facts),
        data::rejects(facts),
        training::identity(facts),
        vec![TERMS.to_owned()],
    ];
    let blocks: Vec<String> = sections.into_iter().flatten().collect();
    blocks.join("\n\n") + "\n"
}

const TERMS: &str = "## Terms

- **CCC**: Lin's concordance correlation coefficient, from -1 to 1. It is 1 where every prediction equals the truth; an offset or \
                     another spread lowers it, unlike Pearson's correlation. One number for all gives 0.
- **RMSE**: root of the mean squared error, in the units of the target.
- **Interval**: 95 % of the figures of 2.5 to 97.5 % that come out when the test speakers are drawn again and again, with \
                     replacement.
- **selected**: in each fold, the model that did best on inner folds of the train side, without any test utterance.";

fn figure(facts: &Facts, model: &str, metric: &str) -> String {
    number::metric(facts.metric(model, "overall", "all", metric))
}

fn results(facts: &Facts, target: &str) -> Vec<String> {
    let mut blocks = vec!["## Results".to_owned()];
    if let Some(row) = facts.metric(&facts.headline, "overall", "all", "ccc") {
        blocks.push(format!(
            "**{} reaches a CCC of {}** for {} on {} ({} track).",
            code(&facts.headline),
            number::metric(Some(row)),
            code(target),
            number::plural(row.n, "test utterance"),
            facts.track(),
        ));
    }
    let mut models: Vec<&Metric> =
        facts.metrics.iter().filter(|row| row.slice == "overall" && row.metric == "ccc").collect();
    models.sort_by(|a, b| b.value.unwrap_or(-2.0).total_cmp(&a.value.unwrap_or(-2.0)));
    let columns = [Left("Model"), Right("CCC"), Right("Pearson"), Right("RMSE")];
    let row = |row: &&Metric| {
        let name = code(&row.model);
        let name = if row.model == facts.headline { format!("**{name}** (headline)") } else { name };
        std::iter::once(name).chain(FIGURES.map(|metric| figure(facts, &row.model, metric))).collect()
    };
    blocks.push(table(&columns, models.iter().map(row)));
    if let Some(folds) = facts.of_folds("ccc") {
        let mean = folds.iter().sum::<f64>() / folds.len() as f64;
        blocks.push(format!(
            "These figures pool all folds. The mean over the {} folds: {} has a CCC of {mean:.3}.",
            folds.len(),
            code(&facts.headline)
        ));
    }
    let note = facts.metric(&facts.headline, "overall", "all", "ccc").and_then(|row| row.note.as_deref());
    blocks.extend(note.map(|note| format!("Note: {}.", text(note))));
    blocks
}

fn tested(facts: &Facts, target: &str) -> Vec<String> {
    let mut lines = vec![
        format!(
            "The number is that of the column {}; {} in folds.",
            code(target),
            number::plural(facts.split.utterances, "utterance")
        ),
        split::words(facts),
    ];
    lines.extend(facts.split.protocol.as_deref().map(text));
    lines.extend(protocol::features_of_others(facts));
    lines.extend(protocol::augmentation(facts));
    lines.extend(split::shared(facts));
    lines.push(protocol::normalization(facts));
    lines.push(
        "Parts of the target's range are spread over the sides like classes. Settings were chosen on inner folds of the \
         training side, by CCC, without any test utterance."
            .to_owned(),
    );
    vec!["## How it was tested".to_owned(), list(&lines)]
}

fn differences(facts: &Facts) -> Vec<String> {
    if facts.comparisons.is_empty() {
        return Vec::new();
    }
    let columns = [Left("Compared with"), Right("Difference in CCC")];
    let rows =
        facts.comparisons.iter().map(|row| vec![code(&row.model_b), number::difference(row.delta, row.low, row.high)]);
    vec![
        format!("## {} against the others", code(&facts.headline)),
        "On the same test utterances. An interval without 0 is a difference that chance alone hardly makes.".to_owned(),
        table(&columns, rows),
    ]
}

fn slices(facts: &Facts) -> Vec<String> {
    let further = further_slices(&facts.metrics);
    let all = ["gender", "corpus", "fold"].into_iter().chain(further);
    let mut rows = Vec::new();
    for slice in all {
        let groups = facts.groups(&facts.headline, slice);
        for group in groups.iter().filter(|_| groups.len() > 1) {
            let figure = |metric: &str| facts.metric(&facts.headline, slice, group, metric);
            let n = figure("ccc").map_or("–".to_owned(), |row| number::count(row.n));
            rows.push(vec![text(slice), text(group), number::metric(figure("ccc")), number::metric(figure("rmse")), n]);
        }
    }
    if rows.is_empty() {
        return Vec::new();
    }
    let columns = [Left("Slice"), Left("Group"), Right("CCC"), Right("RMSE"), Right("Test utterances")];
    vec![format!("## Groups under {}", code(&facts.headline)), table(&columns, rows)]
}

/// How often each setting was chosen.
fn chosen(facts: &Facts) -> Vec<String> {
    let mut rows: Vec<(&str, &str, usize, f64)> = Vec::new();
    for row in facts.tuning.iter().filter(|row| !row.settings.is_empty()) {
        let Tuning { model, settings, chosen, score, .. } = row;
        let score = score.unwrap_or(f64::NEG_INFINITY);
        match rows.iter_mut().find(|known| (known.0, known.1) == (model.as_str(), settings.as_str())) {
            Some(known) => {
                known.2 += usize::from(*chosen);
                known.3 = known.3.max(score);
            }
            None => rows.push((model, settings, usize::from(*chosen), score)),
        }
    }
    if rows.is_empty() {
        return Vec::new();
    }
    let columns = [Left("Model"), Left("Settings"), Right("Folds that chose it"), Right("Best CCC on inner folds")];
    let row = |(model, settings, count, score): (&str, &str, usize, f64)| {
        vec![code(model), code(settings), number::count(count as i64), format!("{score:.3}")]
    };
    vec!["## Settings".to_owned(), table(&columns, rows.into_iter().map(row))]
}
