use super::tests::{check_tables, section};
use super::*;
use crate::eval::{SAME_PREDICTIONS, SeedSpread};
use crate::report::fixture::{SMALL, facts};
use crate::report::number;
use crate::schema::Comparison;

#[test]
fn the_track_of_all_figures_is_said_at_the_headline_figure_and_in_the_protocol() {
    let mut facts = facts(SMALL);
    facts.seeds.push(spread());
    for (transductive, track) in [(false, "inductive"), (true, "transductive")] {
        facts.normalization.transductive = transductive;
        let report = markdown(&facts);
        for heading in [
            "Results",
            "Spread over seeds",
            "`mlp` against the other models",
            "Emotions under `mlp`",
            "Calibration",
            "Speakers and groups under `mlp`",
        ] {
            assert!(report.contains(&format!("## {heading}\n")), "{heading}: {report}");
        }
        let first = section(&report, "## Results\n").trim().split("\n\n").next().expect("a block").to_owned();
        assert!(first.contains(&format!("test utterances ({track} track)")), "{first}");
        assert!(
            section(&report, "## How it was tested").contains(&format!(", {track}: statistics of the ")),
            "{report}"
        );
    }
}

#[test]
fn what_the_test_set_can_tell_is_said() {
    let mut facts = facts(SMALL);
    facts.comparisons.iter_mut().for_each(|row| (row.p_adjusted, row.detectable) = (Some(0.01), Some(0.0412)));
    let said = |facts: &Facts, words: &str| {
        let report = markdown(facts);
        let section = section(&report, "## `mlp` against the other models").to_owned();
        assert!(section.contains(words), "{words}: {section}");
    };
    said(&facts, "corrected for 2 comparisons (Holm)");
    said(&facts, "Every UAR difference is more than chance (p < 0.05 in both tests).");
    said(&facts, "| 0.041 |");
    let report = markdown(&facts);
    let terms = section(&report, "## Terms");
    assert!(terms.contains("this test set shows in four of five cases. Smaller ones may be real too."), "{terms}");
    let unsure = |row: &&mut Comparison| row.model_b == "svm" && row.metric == "uar" && row.test == "wilcoxon";
    facts.comparisons.iter_mut().find(unsure).unwrap().p_adjusted = Some(0.2);
    said(&facts, "The UAR difference may be chance against `svm` (p ≥ 0.05 in a test).");
}

#[test]
fn the_same_predictions_are_said_to_be_the_same() {
    let mut facts = facts(SMALL);
    for row in facts.comparisons.iter_mut().filter(|row| row.model_b == "svm") {
        let none =
            Comparison { low: None, high: None, p_value: None, p_adjusted: None, detectable: None, ..row.clone() };
        *row = Comparison { delta: 0.0, note: SAME_PREDICTIONS.to_owned(), ..none };
    }
    let report = markdown(&facts);
    let words = section(&report, "## `mlp` against the other models").to_owned();
    assert!(words.contains("| `svm` | the same predictions | – | – | – |"), "{words}");
    assert!(words.contains("corrected for 1 comparison (Holm)"), "{words}");
    assert!(!words.contains("against `svm`"), "{words}");
    facts.comparisons.retain(|row| row.model_b == "svm");
    let report = markdown(&facts);
    let alone = section(&report, "## `mlp` against");
    assert!(alone.contains("`mlp` makes the same predictions as `svm`.") && !alone.contains('|'), "{alone}");
    check_tables(&report);
}

#[test]
fn another_compared_model_has_a_section_of_its_own() {
    let mut facts = facts(SMALL);
    let swapped = facts.comparisons.iter().filter(|row| row.model_b == "majority").cloned();
    let swapped: Vec<Comparison> = swapped.map(|row| Comparison { model_a: "svm".to_owned(), ..row }).collect();
    facts.comparisons.extend(swapped);
    let report = markdown(&facts);
    let (first, second) = (report.find("## `mlp` against"), report.find("## `svm` against"));
    assert!(first.is_some() && first < second);
    assert!(section(&report, "## `svm` against").contains("| `majority` |"));
    assert!(report.contains("corrected for 3 comparisons"));
    check_tables(&report);
}

#[test]
fn confused_pairs_show_their_surest_mistake() {
    let facts = facts(SMALL);
    let report = markdown(&facts);
    let emotions = section(&report, "## Emotions under `mlp`");
    let mut pairs: Vec<_> = facts.confused.iter().filter(|row| row.model == "mlp").collect();
    pairs.sort_by(|a, b| b.share.total_cmp(&a.share));
    let row = pairs[0];
    let share = format!("{:.1} %", 100.0 * row.share);
    let surest = row.examples.split(' ').next().unwrap();
    let want = format!("- {} taken for {}: {} ({share}), `{surest}`\n", row.truth, row.predicted, row.n);
    assert!(emotions.contains(&want), "{want}: {emotions}");
    assert_eq!(emotions.matches("`ravdess/").count(), 5);
}

#[test]
fn gaps_are_sentences_that_weigh_chance() {
    let mut facts = facts(SMALL);
    let bullets = |facts: &Facts| -> Vec<String> {
        section(&markdown(facts), "Largest gaps:\n\n").trim().lines().map(str::to_owned).collect()
    };
    let lines = bullets(&facts);
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[0].starts_with("- Genders: UAR 0.") && lines[0].contains(" for `female`"), "{lines:?}");
    assert!(lines[1].starts_with("- Speakers: UAR ") && lines[1].ends_with("; may be chance (no intervals)."));
    assert!(lines[2].starts_with("- Emotions: recall 0."));
    for (low, verdict) in
        [(0.0, "may be chance (intervals overlap)."), (0.99, "hardly chance (intervals do not overlap).")]
    {
        (facts.gaps[2].best.low, facts.gaps[2].worst.high) = (Some(low), Some(0.5));
        let line = bullets(&facts).remove(2);
        assert!(line.ends_with(verdict), "{line}");
    }
}

#[test]
fn calibration_and_seeds_are_tables() {
    let mut facts = facts(SMALL);
    assert!(!markdown(&facts).contains("Spread over seeds"));
    facts.seeds.push(spread());
    let report = markdown(&facts);
    assert!(section(&report, "## Spread over seeds").contains("| `mlp` | 5 | 0.601 | 0.012 | 0.590 | 0.620 |"));
    let calibration = section(&report, "## Calibration");
    let figure = |metric| number::metric(facts.metric("svm", "overall", "all", metric));
    assert!(calibration.contains(&format!("| `svm` | {} |", ["log_loss", "brier", "ece"].map(figure).join(" | "))));
    assert!(calibration.contains("a log loss of 1.099, a Brier score of 0.667"), "{calibration}");
    assert!(calibration.contains("](report/reliability_mlp.svg)"));
    check_tables(&report);
}

fn spread() -> SeedSpread {
    SeedSpread { model: "mlp".to_owned(), seeds: 5, mean: 0.601, deviation: 0.012, lowest: 0.59, highest: 0.62 }
}
