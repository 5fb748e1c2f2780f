use super::*;
use crate::model::TrainSection;

const OFF: Resampling = Resampling { resamples: 0, seed: 1 };

/// Models that each recognize one utterance of two more than the one before.
fn tally_of(models: &[&str]) -> Outcomes {
    let mut outcomes = Outcomes::new(&classes(&["p_calm".to_owned(), "p_fear".to_owned()]), Track::Transductive);
    for (rank, model) in models.iter().enumerate() {
        for (row, truth) in ["calm", "fear"].into_iter().enumerate() {
            let predicted = if row < rank { truth } else { "calm" };
            let probabilities = if predicted == "calm" { [0.75, 0.25] } else { [0.25, 0.75] };
            let utterance_id = format!("c/{row}");
            let outcome = Outcome {
                utterance_id: &utterance_id,
                model,
                fold: 0,
                seed: 0,
                truth,
                predicted,
                probabilities: &probabilities,
                corpus: "c",
                speaker: None,
                gender: None,
                groups: &[],
            };
            outcomes.add(&outcome).expect("known classes");
        }
    }
    outcomes
}

#[test]
fn models_beside_the_configured_ones_are_listed_after_them() {
    let specs = TrainSection::default().check().expect("the usual models");
    let outcomes = tally_of(&["fusion", "mlp", "selected"]);
    let configured: Vec<&str> = specs.iter().map(|spec| spec.kind().as_str()).collect();
    assert_eq!(facts::model_names(&specs, &outcomes), [&configured[..], &["fusion", "selected"]].concat());
}

#[test]
fn the_selected_model_is_compared_beside_the_headline() {
    let pairs = |models: &[&str], headline: &str| {
        let rows = figures(&tally_of(models), headline, OFF).expect("paired rows").comparisons;
        let mut pairs: Vec<_> = rows.into_iter().map(|row| format!("{} {}", row.model_a, row.model_b)).collect();
        pairs.dedup();
        pairs
    };
    assert_eq!(pairs(&["mlp", "tree"], "mlp"), ["mlp tree"]);
    assert_eq!(pairs(&["mlp", "selected", "tree"], "mlp"), ["mlp selected", "mlp tree", "selected tree"]);
    assert_eq!(pairs(&["mlp", "selected", "tree"], "selected"), ["selected mlp", "selected tree"]);
}

#[test]
fn the_summary_carries_its_track() {
    let metrics = tally_of(&["mlp", "tree", "selected", "fusion"]).metrics(OFF);
    assert_eq!(summarize(&metrics, "mlp"), "mlp UAR 0.500; best baseline tree 0.500, transductive");
    assert_eq!(summarize(&metrics, "selected"), "selected UAR 1.000; best baseline tree 0.500, transductive");
    assert_eq!(summarize(&tally_of(&["mlp"]).metrics(OFF), "mlp"), "mlp UAR 0.500, transductive");
    assert_eq!(summarize(&metrics, "lstm"), "lstm: no figure");
}
