//! How settings were chosen, what the headline model listens to, and how far models carry from corpus to corpus.

use std::collections::{BTreeMap, BTreeSet};

use super::Column::{Left, Right};
use super::table;
use crate::report::escape::{code, text};
use crate::report::{Facts, Search, TransferFold, number};
use crate::schema::{FUSION, Tuning};

/// Nested selection: what was tried, and what it said of itself before the test rows were touched.
pub(super) fn selection(facts: &Facts) -> Vec<String> {
    let Some(search) = &facts.search else { return Vec::new() };
    let columns = [
        Left("Model"),
        Right("Candidates"),
        Right(metric_words(facts).1),
        Right("UAR on test rows"),
        Right("Folds that selected it"),
        Left("Settings that folds chose"),
    ];
    let mut blocks = vec!["## Selection on inner folds".to_owned(), search_words(facts, search)];
    let mut models: Vec<&str> = Vec::new();
    for row in &facts.tuning {
        if !models.contains(&row.model.as_str()) {
            models.push(&row.model);
        }
    }
    blocks.push(table(&columns, models.into_iter().map(|model| model_row(facts, model))));
    blocks.push(
        "Inner scores flatter, because they are the best of many; no choice has seen the test rows. All candidates are in \
         tuning.parquet."
            .to_owned(),
    );
    blocks
}

/// Permutation importance of families of features.
pub(super) fn importance(facts: &Facts) -> Vec<String> {
    let Some(first) = facts.importance.first() else { return Vec::new() };
    let mut rows: Vec<_> = facts.importance.iter().collect();
    rows.sort_by(|a, b| b.drop.total_cmp(&a.drop));
    let columns = [Left("Family"), Right("Features"), Right("UAR lost"), Right("Standard deviation")];
    let cells = rows.iter().map(|row| {
        vec![
            text(&row.family),
            number::count(row.features),
            format!("{:+.3}", row.drop + 0.0),
            format!("{:.3}", row.deviation),
        ]
    });
    let name = code(&first.model);
    let words = format!(
        "UAR that {name} loses when a family's values are swapped among the test utterances of a fold (mean of {}). \
         Correlated families lose little.",
        number::plural(first.repeats, "swap"),
    );
    vec![format!("## What {name} listens to"), words, table(&columns, cells)]
}

/// UAR of the headline model from each corpus to each other one.
pub(super) fn transfer(facts: &Facts) -> Vec<String> {
    if facts.transfer.is_empty() {
        return Vec::new();
    }
    let rows = facts.transfer.iter().map(|fold| transfer_row(facts, fold));
    let columns = [
        Left("Trained on"),
        Left("Tested on"),
        Right("UAR"),
        Right("Accuracy"),
        Right("Emotions"),
        Right("Test utterances"),
    ];
    vec!["## From corpus to corpus".to_owned(), "On emotions that both sides have.".to_owned(), table(&columns, rows)]
}

fn search_words(facts: &Facts, search: &Search) -> String {
    format!(
        "`{}` search among {}, on {} inner folds of each train side, by {}, grouped like the outer folds. `selected` is the \
         best model of each outer fold by these scores.{}",
        search.method,
        number::plural(search.candidates as i64, "candidate"),
        search.folds,
        metric_words(facts).0,
        search.seconds.map_or_else(String::new, |seconds| budget_words(facts, search, seconds)),
    )
}

/// What candidates were ranked by, and the header of its column.
fn metric_words(facts: &Facts) -> (&'static str, &'static str) {
    match facts.tuning.first().map(|row| row.metric.as_str()) {
        Some("log_loss") => ("log loss (the lower the better)", "Lowest log loss on inner folds"),
        Some("accuracy") => ("accuracy", "Best accuracy on inner folds"),
        _ => ("UAR", "Best UAR on inner folds"),
    }
}

/// How far a search with a budget came. What the search for models to put to use tried stands in no table, so that
/// nothing is promised of it.
fn budget_words(facts: &Facts, search: &Search, seconds: u64) -> String {
    let mut tried: BTreeMap<i64, i64> = BTreeMap::new();
    let candidates = facts.tuning.iter().filter(|row| row.model != FUSION);
    candidates.for_each(|row| *tried.entry(row.fold).or_default() += 1);
    let fewest = tried.values().copied().min().unwrap_or(0);
    let most = tried.values().copied().max().unwrap_or(0);
    let again = "another run may try fewer or more, so **this report need not come out the same again.**";
    let allowed = number::plural(seconds as i64, "second");
    let all = search.candidates as i64;
    if fewest < all {
        let tried = number::range((fewest, most));
        return format!(" Each fold tried {tried} of {} in the {allowed} allowed; {again}", number::count(all));
    }
    let of_deployed = format!(" The search on all utterances had {allowed} too, and {again}");
    let of_deployed = if facts.deployed.is_empty() { String::new() } else { of_deployed };
    format!(" All of them were tried in the {allowed} allowed.{of_deployed}")
}

fn model_row(facts: &Facts, model: &str) -> Vec<String> {
    let rows: Vec<&Tuning> = facts.tuning.iter().filter(|row| row.model == model).collect();
    let trials: BTreeSet<i64> = rows.iter().map(|row| row.trial).collect();
    let chosen: Vec<&&Tuning> = rows.iter().filter(|row| row.chosen).collect();
    let scores: Vec<f64> = chosen.iter().filter_map(|row| row.score).collect();
    let mean = (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64);
    vec![
        code(model),
        number::count(trials.len() as i64),
        number::figure(mean),
        number::figure(facts.uar(model)),
        number::count(rows.iter().filter(|row| row.selected).count() as i64),
        settings_words(&chosen),
    ]
}

/// The settings chosen most often, and by how many folds.
fn settings_words(chosen: &[&&Tuning]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    chosen.iter().for_each(|row| *counts.entry(row.settings.as_str()).or_default() += 1);
    let mut ranked: Vec<_> = counts.into_iter().collect();
    ranked.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let words = |(settings, count): &(&str, usize)| {
        let settings = if settings.is_empty() { "as in the pipeline".to_owned() } else { text(settings) };
        format!("{settings} ({count} of {})", chosen.len())
    };
    let shown: Vec<String> = ranked.iter().take(3).map(words).collect();
    let more = ranked.len().saturating_sub(shown.len()) as i64;
    let more = (more > 0).then(|| number::plural(more, "other"));
    shown.into_iter().chain(more).collect::<Vec<_>>().join("; ")
}

fn transfer_row(facts: &Facts, fold: &TransferFold) -> Vec<String> {
    let figure = |metric| facts.metric(&facts.headline, "fold", &fold.fold.to_string(), metric);
    let n = figure("uar").map_or("–".to_owned(), |row| number::count(row.n));
    let names = |names: &[String]| number::list(&names.iter().map(|name| code(name)).collect::<Vec<_>>());
    vec![
        names(&fold.train),
        names(&fold.test),
        number::metric(figure("uar")),
        number::metric(figure("accuracy")),
        number::count(fold.emotions),
        n,
    ]
}
