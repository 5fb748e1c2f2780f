//! Differences between models, and which of them the test set can tell from chance.

use std::collections::BTreeSet;

use super::Column::{Left, Right};
use super::table;
use crate::eval::SAME_PREDICTIONS;
use crate::report::escape::{code, text};
use crate::report::{Facts, number};
use crate::schema::Comparison;

/// A corrected p value below this tells a difference from chance.
const LEVEL: f64 = 0.05;

/// A section for each model that others are compared with, the headline model's first.
pub(super) fn comparisons(facts: &Facts) -> Vec<String> {
    let compared: BTreeSet<&str> = facts.comparisons.iter().map(|row| row.model_a.as_str()).collect();
    let mut models: Vec<&str> = compared.into_iter().collect();
    models.sort_by_key(|model| *model != facts.headline);
    models.into_iter().flat_map(|model| section(facts, model)).collect()
}

fn section(facts: &Facts, model: &str) -> Vec<String> {
    let find = |other: &str, test: &str| {
        let wanted = (model, other, "uar", test);
        let key = |row: &&Comparison| (&*row.model_a, &*row.model_b, &*row.metric, &*row.test) == wanted;
        facts.comparisons.iter().find(key)
    };
    let ranked = facts.ranked();
    let pairs = ranked.iter().map(|other| &other.name);
    let tests = pairs.filter_map(|other| find(other, "permutation").zip(find(other, "wilcoxon")));
    let uar: Vec<(&Comparison, &Comparison)> = tests.collect();
    if uar.is_empty() {
        return Vec::new();
    }
    let differs = |(row, _): &&(&Comparison, &Comparison)| row.note != SAME_PREDICTIONS;
    let name = code(model);
    let heading = format!("## {name} against the other models");
    let different: Vec<_> = uar.iter().filter(differs).copied().collect();
    let Some((first, _)) = different.first() else {
        let others: Vec<String> = uar.iter().map(|(row, _)| code(&row.model_b)).collect();
        return vec![heading, format!("{name} makes the same predictions as {}.", number::list(&others))];
    };
    let columns = [
        Left("Against"),
        Right("UAR difference"),
        Right("p (permutation)"),
        Right("p (Wilcoxon)"),
        Right("Detectable"),
    ];
    let rows = uar.iter().map(|(permutation, wilcoxon)| {
        let name = code(&permutation.model_b);
        let cells = difference_cells((permutation, wilcoxon));
        std::iter::once(name).chain(cells).chain([number::figure(permutation.detectable)]).collect()
    });
    let after: Vec<String> = verdict(&different).into_iter().chain([test_words(facts, first)]).collect();
    vec![
        heading,
        format!("Above 0, {name} is better. comparisons.parquet has accuracy too."),
        table(&columns, rows),
        after.join(" "),
    ]
}

fn difference_cells((permutation, wilcoxon): (&Comparison, &Comparison)) -> [String; 3] {
    let difference = if permutation.note == SAME_PREDICTIONS {
        "the same predictions".to_owned()
    } else {
        number::difference(permutation.delta, permutation.low, permutation.high)
    };
    [difference, number::p_value(permutation.p_adjusted), number::p_value(wilcoxon.p_adjusted)]
}

/// How the tests were made, or why there are none.
fn test_words(facts: &Facts, row: &Comparison) -> String {
    if let Some(reason) = row.note.strip_prefix("none: ") {
        return format!("No interval and no p value: {}.", text(reason));
    }
    let differs = |row: &&Comparison| row.note != SAME_PREDICTIONS;
    let pairs: BTreeSet<_> = facts.comparisons.iter().filter(differs).map(|row| (&row.model_a, &row.model_b)).collect();
    format!(
        "[*p*](#terms): two-sided over {} ({}), corrected for {} (Holm).",
        number::plural(row.clusters, "speaker"),
        text(&row.note),
        number::plural(pairs.len() as i64, "comparison"),
    )
}

/// Which differences the tests tell from chance; nothing where nothing was tested.
fn verdict(uar: &[(&Comparison, &Comparison)]) -> Option<String> {
    if uar.iter().all(|(row, _)| row.p_adjusted.is_none()) {
        return None;
    }
    let sure = |row: &Comparison| row.p_adjusted.is_some_and(|p| p < LEVEL);
    let unsure = uar.iter().filter(|(permutation, wilcoxon)| !(sure(permutation) && sure(wilcoxon)));
    let unsure: Vec<String> = unsure.map(|(row, _)| code(&row.model_b)).collect();
    Some(match unsure.as_slice() {
        [] => format!("Every UAR difference is more than chance (p < {LEVEL} in both tests)."),
        some => format!("The UAR difference may be chance against {} (p ≥ {LEVEL} in a test).", number::list(some)),
    })
}
