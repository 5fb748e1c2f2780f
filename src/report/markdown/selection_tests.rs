use super::tests::{check_tables, section};
use super::*;
use crate::report::fixture::{SMALL, facts};
use crate::report::{Search, TransferFold};
use crate::schema::{Deployed, Importance, Tuning};

fn trial(fold: i64, model: &str, trial: i64, score: f64, chosen: bool) -> Tuning {
    Tuning {
        fold,
        model: model.to_owned(),
        trial,
        settings: format!("train.{model}.x = {trial}"),
        inner_folds: 3,
        n: 100,
        metric: "uar".to_owned(),
        score: Some(score),
        chosen,
        selected: chosen && model == "mlp",
    }
}

fn deployed(model: &str, settings: &str) -> Deployed {
    Deployed {
        model: model.to_owned(),
        settings: settings.to_owned(),
        rows: 1240,
        held_out: 0,
        temperature: None,
        config_hash: "00".to_owned(),
    }
}

fn tuned() -> Facts {
    let search = Search { method: "grid".to_owned(), candidates: 3, folds: 3, seconds: None };
    let tuning = vec![
        trial(0, "mlp", 0, 0.5, true),
        trial(0, "mlp", 1, 0.4, false),
        trial(0, "svm", 2, 0.3, true),
        trial(1, "mlp", 0, 0.4, false),
        trial(1, "mlp", 1, 0.6, true),
        trial(1, "svm", 2, 0.3, true),
    ];
    Facts { search: Some(search), tuning, ..facts(SMALL) }
}

#[test]
fn a_search_says_what_it_tried_and_what_folds_chose() {
    let report = markdown(&tuned());
    let section = section(&report, "## Selection on inner folds");
    assert!(section.contains("`grid` search among 3 candidates, on 3 inner folds"), "{section}");
    assert!(section.contains("| `mlp` | 2 | 0.550 |"), "{section}");
    assert!(section.contains("train.mlp.x = 0 (1 of 2); train.mlp.x = 1 (1 of 2)"), "{section}");
    assert!(section.contains("train.svm.x = 2 (2 of 2)"), "{section}");
    assert!(
        markdown(&Facts { headline: "selected".to_owned(), ..tuned() })
            .contains("Quote `selected`: it was chosen before testing (on inner folds)")
    );
    assert!(report.contains("Settings were chosen on inner folds") && !report.contains("All settings are those"));
    check_tables(&report);
    assert!(!markdown(&facts(SMALL)).contains("inner folds"));
}

#[test]
fn a_budget_in_seconds_voids_the_promise_of_equal_bytes() {
    let mut facts = tuned();
    let search = facts.search.as_mut().expect("a search");
    (search.seconds, search.candidates) = (Some(60), 104);
    facts.tuning.push(trial(1, "svm", 7, 0.2, false));
    facts.tuning.push(trial(0, "fusion", 104, 0.2, true));
    let report = markdown(&facts);
    assert!(report.contains("Each fold tried 3 to 4 of 104 in the 60 seconds allowed"), "{report}");
    assert!(report.contains("**this report need not come out the same again.**"));
    assert!(!markdown(&tuned()).contains("need not come out"));
}

#[test]
fn a_budget_that_was_large_enough_is_no_warning() {
    let mut facts = tuned();
    facts.search.as_mut().expect("a search").seconds = Some(60);
    let report = markdown(&facts);
    assert!(report.contains("All of them were tried in the 60 seconds allowed."), "{report}");
    assert!(!report.contains("need not come out"), "{report}");
    facts.deployed = vec![deployed("mlp", "")];
    assert!(
        markdown(&facts).contains("**this report need not come out the same again.**"),
        "who knows of the last search"
    );
}

#[test]
fn the_metric_of_a_search_is_named_with_its_direction() {
    let with = |metric: &str| {
        let mut facts = tuned();
        facts.tuning.iter_mut().for_each(|row| metric.clone_into(&mut row.metric));
        markdown(&facts)
    };
    for (metric, words, column) in [
        ("uar", "by UAR,", "| Best UAR on inner folds |"),
        ("accuracy", "by accuracy,", "| Best accuracy on inner folds |"),
        ("log_loss", "by log loss (the lower the better),", "| Lowest log loss on inner folds |"),
    ] {
        let report = with(metric);
        assert!(report.contains(words) && report.contains(column), "{metric}: {report}");
    }
}

#[test]
fn families_are_ranked_by_what_they_are_worth() {
    let row = |family: &str, drop: f64| Importance {
        model: "mlp".to_owned(),
        family: family.to_owned(),
        features: 12,
        drop,
        deviation: 0.01,
        repeats: 5,
        n: 100,
    };
    let facts = Facts { importance: vec![row("energy", 0.02), row("pitch", 0.11)], ..facts(SMALL) };
    let report = markdown(&facts);
    let section = section(&report, "## What `mlp` listens to");
    assert!(section.find("| pitch | 12 | +0.110 | 0.010 |") < section.find("| energy | 12 | +0.020 | 0.010 |"));
    assert!(section.contains("| pitch |") && section.contains("mean of 5 swaps"), "{section}");
}

#[test]
fn folds_across_corpora_are_a_table() {
    let fold = |fold, train: &str, test: &str| TransferFold {
        fold,
        train: vec![train.to_owned()],
        test: vec![test.to_owned()],
        emotions: 3,
    };
    let facts = Facts { transfer: vec![fold(0, "a", "b"), fold(1, "b", "a")], ..facts(SMALL) };
    let report = markdown(&facts);
    let section = section(&report, "## From corpus to corpus");
    for (number, start) in [(0, "| `a` | `b` |"), (1, "| `b` | `a` |")] {
        let uar = facts.metric("mlp", "fold", &number.to_string(), "uar").and_then(|row| row.value).expect("a figure");
        assert!(section.contains(&format!("{start} {uar:.3}")), "{section}");
    }
}

#[test]
fn what_is_put_to_use_is_said_to_be_untested() {
    let different = vec![deployed("mlp", ""), deployed("selected", "mlp with train.mlp.l2 = 0.5")];
    let report = markdown(&Facts { deployed: different, ..tuned() });
    let section = section(&report, "## Models for new recordings");
    assert!(section.contains("so no figure here is theirs"), "{section}");
    assert!(section.contains("chosen anew on inner folds of all utterances"), "{section}");
    assert!(section.contains("- `models/mlp/all`: as in the pipeline; 1,240 rows."), "{section}");
    assert!(section.contains("- `models/selected/all`: mlp with train.mlp.l2 = 0.5; 1,240"), "{section}");
    let alike = vec![deployed("mlp", ""), deployed("svm", "")];
    let report = markdown(&Facts { deployed: alike, ..tuned() });
    assert!(report.contains("- `models/<model>/all`: as in the pipeline; 1,240 rows."), "{report}");
    assert!(!markdown(&tuned()).contains("## Models for"));
}
