//! What the words of the report mean: each once, and only those that it uses.

use super::list;
use crate::eval::BINS;
use crate::report::{Facts, number};

/// The terms, to which other sections link as `#terms`.
pub(super) fn terms(facts: &Facts) -> Vec<String> {
    let uar = "*UAR*: the mean recall of the emotions.".to_owned();
    let ece =
        format!("*ECE*: calibration error over {BINS} bins. Chance adds to it, so its interval tends to be too high.");
    let terms: Vec<String> = [uar].into_iter().chain(interval(facts)).chain(tests(facts)).chain([ece]).collect();
    vec!["## Terms".to_owned(), list(&terms)]
}

fn interval(facts: &Facts) -> Option<String> {
    facts.metric(&facts.headline, "overall", "all", "uar")?.low?;
    Some(format!(
        "*95 % interval*: where the figure falls with other test speakers (bootstrap, {} draws). It says nothing about \
         another training.",
        number::count(facts.resamples as i64)
    ))
}

fn tests(facts: &Facts) -> Vec<String> {
    if facts.comparisons.iter().all(|row| row.p_adjusted.is_none()) {
        return Vec::new();
    }
    let p =
        "*p*: the permutation test swaps the models for whole speakers; Wilcoxon's ranks the speakers' differences.";
    let detectable = "*Detectable*: the smallest true difference in UAR that this test set shows in four of five cases. \
                      Smaller ones may be real too.";
    vec![p.to_owned(), detectable.to_owned()]
}
