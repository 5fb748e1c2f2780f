//! What the words of the report mean: each once, and only those that it uses.

use super::list;
use crate::eval::BINS;
use crate::report::{Facts, number};
use crate::schema::Track;

/// The terms, to which other sections link as `#terms`.
pub(super) fn terms(facts: &Facts) -> Vec<String> {
    let terms = figures().into_iter().chain(interval(facts)).chain(tests(facts)).chain(calibration(facts));
    let terms: Vec<String> = terms.chain([track(facts).to_owned()]).collect();
    vec!["## Terms".to_owned(), list(&terms)]
}

fn figures() -> [String; 2] {
    [
        "*UAR* (unweighted average recall): the mean recall of the emotions; a rare one counts as much as a frequent one."
            .to_owned(),
        "*Recall*: the share of an emotion's utterances that were recognized. *Precision*: the share of the utterances \
         taken for it that are it (0 if none are). *F1*: their harmonic mean; *macro F1* is its mean over emotions, \
         *weighted F1* weights each by its utterances. *Accuracy*: the share of all utterances recognized."
            .to_owned(),
    ]
}

fn interval(facts: &Facts) -> Option<String> {
    facts.metric(&facts.headline, "overall", "all", "uar")?.low?;
    Some(format!(
        "*95 % interval*, in brackets: where the figure falls if the test speakers are drawn anew (bootstrap, {} draws). \
         It shows how much depends on who was tested, not on another training.",
        number::count(facts.resamples as i64)
    ))
}

fn tests(facts: &Facts) -> Vec<String> {
    if facts.comparisons.iter().all(|row| row.p_adjusted.is_none()) {
        return Vec::new();
    }
    let p = "*p*: how often chance makes a difference this large if both models are equally good. The permutation test \
             swaps the models for whole speakers; Wilcoxon's ranks the speakers' figures.";
    let detectable = "*Detectable*: the smallest true difference in UAR that this test set shows in four of five cases \
                      (two-sided test at 5 %; 2.80 standard errors over speakers). A smaller one may be real too.";
    vec![p.to_owned(), detectable.to_owned()]
}

fn calibration(facts: &Facts) -> [String; 3] {
    let classes = facts.classes.len().max(1) as f64;
    [
        format!(
            "*Log loss*: the mean of -ln p(true emotion); {:.3} if all emotions are equally probable.",
            classes.ln()
        ),
        format!(
            "*Brier score*: the squared distance of the probabilities from the truth, 0 to 2; {:.3} if all emotions are \
             equally probable.",
            1.0 - 1.0 / classes
        ),
        format!(
            "*ECE* (expected calibration error): the mean distance of the highest probability from the share recognized, \
             over {BINS} bins. Chance adds to it, so its interval tends to be too high."
        ),
    ]
}

/// What all figures may have used.
fn track(facts: &Facts) -> &'static str {
    match facts.track() {
        Track::Inductive => "*Inductive track*: nothing of the test utterances was used before they were judged.",
        Track::Transductive => {
            "*Transductive track*: unlabelled statistics of the test speakers' own recordings were used."
        }
    }
}
