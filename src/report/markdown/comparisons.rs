//! Differences between models, and which of them the test set can tell from chance.

use std::collections::BTreeSet;

use super::table::Column::{Left, Right};
use super::{list, table::table};
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
    let find = |other: &str, metric: &str, test: &str| {
        let wanted = (model, other, metric, test);
        let key = |row: &&Comparison| (&*row.model_a, &*row.model_b, &*row.metric, &*row.test) == wanted;
        facts.comparisons.iter().find(key)
    };
    let ranked = facts.ranked();
    let tests = |metric: &'static str| -> Vec<(&Comparison, &Comparison)> {
        let pairs = ranked.iter().map(|other| &other.name);
        pairs.filter_map(|other| find(other, metric, "permutation").zip(find(other, metric, "wilcoxon"))).collect()
    };
    let uar = tests("uar");
    if uar.is_empty() {
        return Vec::new();
    }
    let columns = [
        Left("Against"),
        Right("UAR difference"),
        Right("p (permutation)"),
        Right("p (Wilcoxon)"),
        Right("Detectable"),
        Right("Accuracy difference"),
        Right("p (permutation)"),
        Right("p (Wilcoxon)"),
    ];
    let rows = uar.iter().zip(tests("accuracy")).map(|(uar, accuracy)| {
        let mut cells = vec![code(&uar.0.model_b)];
        cells.extend(difference_cells(*uar));
        cells.push(number::figure(uar.0.detectable));
        cells.extend(difference_cells(accuracy));
        cells
    });
    let name = code(model);
    let intro = format!("{name} minus the other model, on the same test utterances: above 0, {name} is better.");
    let heading = format!("## {name} against the other models");
    vec![heading, intro, table(&columns, rows), list(&test_words(facts, &uar))]
}

fn difference_cells((permutation, wilcoxon): (&Comparison, &Comparison)) -> [String; 3] {
    let difference = if permutation.note == SAME_PREDICTIONS {
        "the same predictions".to_owned()
    } else {
        number::difference(permutation.delta, permutation.low, permutation.high)
    };
    [difference, number::p_value(permutation.p_adjusted), number::p_value(wilcoxon.p_adjusted)]
}

/// How the tests were made, or why there are none, and what they could and could not show.
fn test_words(facts: &Facts, uar: &[(&Comparison, &Comparison)]) -> Vec<String> {
    let differs = |row: &&Comparison| row.note != SAME_PREDICTIONS;
    let uar: Vec<_> = uar.iter().copied().filter(|(permutation, _)| differs(permutation)).collect();
    let Some((permutation, _)) = uar.first() else { return Vec::new() };
    if let Some(reason) = permutation.note.strip_prefix("none: ") {
        return vec![format!("There is neither interval nor p value: {}.", text(reason))];
    }
    let pairs: BTreeSet<_> = facts.comparisons.iter().filter(differs).map(|row| (&row.model_a, &row.model_b)).collect();
    let brackets = "*Brackets*: 95 % interval of the difference (paired bootstrap over speakers).";
    let p = format!(
        "*p*: how often a difference at least this large comes about by chance, were the two models equally good. One \
         test swaps the models for whole speakers ({}), Wilcoxon's ranks the speakers' figures. Both are two-sided, \
         rest on {}, and are corrected for {} by Holm's method.",
        text(&permutation.note),
        number::plural(permutation.clusters, "speaker"),
        number::plural(pairs.len() as i64, "comparison"),
    );
    let mut words = vec![brackets.to_owned(), p];
    words.extend(detectable_words(&uar).into_iter().flatten());
    words
}

fn detectable_words(uar: &[(&Comparison, &Comparison)]) -> Option<[String; 2]> {
    let sizes: Vec<f64> = uar.iter().filter_map(|(row, _)| row.detectable).collect();
    let (smallest, largest) = (sizes.iter().copied().reduce(f64::min)?, sizes.iter().copied().reduce(f64::max)?);
    let sure = |row: &Comparison| row.p_adjusted.is_some_and(|p| p < LEVEL);
    let unsure = uar.iter().filter(|(permutation, wilcoxon)| !(sure(permutation) && sure(wilcoxon)));
    let unsure: Vec<String> = unsure.map(|(row, _)| code(&row.model_b)).collect();
    let verdict = match unsure.as_slice() {
        [] => "Both tests tell every difference in UAR from chance.".to_owned(),
        some => format!("Not told from chance by both tests: the difference from {}.", number::list(some)),
    };
    let range = if uar.len() == 1 { format!("{smallest:.3}") } else { format!("{smallest:.3} to {largest:.3}") };
    let detectable = format!(
        "*Detectable*: the smallest true difference in UAR that this test set would reveal in four of five cases \
         (two-sided test at 5 %; 2.80 standard errors of the difference over speakers), here {range}; a smaller one \
         can be real and yet not show."
    );
    Some([detectable, verdict])
}
