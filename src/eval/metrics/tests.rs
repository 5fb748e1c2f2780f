use proptest::prelude::*;

use super::*;
use crate::eval::fixture::{Shape, add_fit, classes, outcome, outcomes};
use crate::eval::{Confusion, Losses};

const RESAMPLING: Resampling = Resampling { resamples: 300, seed: 7 };

fn find<'a>(rows: &'a [Metric], slice: &str, group: &str, metric: &str) -> &'a Metric {
    let wanted = |row: &&Metric| (&*row.slice, &*row.group, &*row.metric) == (slice, group, metric);
    rows.iter().find(wanted).expect("the row is there")
}

#[test]
fn every_slice_is_there_and_sorted() {
    let rows = outcomes(&["tree", "mlp"], Shape { speakers: 10, rows: 12 }).metrics(RESAMPLING);
    let count = |slice: &str| rows.iter().filter(|row| row.model == "mlp" && row.slice == slice).count();
    let counts = ["class", "corpus", "fold", "gender", "overall", "speaker"].map(count);
    assert_eq!(counts, [3 * 5, 7, 3 * 7, 2 * 7, 7, 10 * 7]);
    assert!(rows.iter().all(|row| row.slice != "seed" && row.track == "inductive"));
    let keys: Vec<_> = rows.iter().map(|row| (&row.model, &row.slice, &row.group, &row.metric)).collect();
    assert!(keys.is_sorted());
}

#[test]
fn intervals_need_eight_speakers() {
    let rows = outcomes(&["mlp"], Shape { speakers: 10, rows: 12 }).metrics(RESAMPLING);
    let overall = find(&rows, "overall", "all", "uar");
    assert!(overall.low < overall.value && overall.value < overall.high);
    assert_eq!((overall.n, overall.note.as_deref()), (120, None));
    let gender = find(&rows, "gender", "male", "uar");
    assert_eq!((gender.low, gender.high, gender.n), (None, None, 60));
    assert_eq!(gender.note.as_deref(), Some("no interval: 5 speakers, at least 8 needed"));
    let speaker = find(&rows, "speaker", "c/03", "accuracy");
    assert_eq!(speaker.note.as_deref(), Some("no interval: 1 speaker, at least 8 needed"));
}

#[test]
fn no_bootstrap_and_no_speakers_say_so() {
    let off = Resampling { resamples: 0, seed: 1 };
    let rows = outcomes(&["mlp"], Shape { speakers: 10, rows: 3 }).metrics(off);
    let note = &find(&rows, "overall", "all", "uar").note;
    assert_eq!(note.as_deref(), Some("no interval: evaluate.bootstrap is 0"));
    let rows = nameless(&[("anger", "anger"), ("fear", "anger")]).metrics(RESAMPLING);
    let note = &find(&rows, "overall", "all", "accuracy").note;
    assert_eq!(note.as_deref(), Some("no interval: 2 of 2 rows have no speaker"));
    assert!(rows.iter().all(|row| row.slice != "speaker" && row.slice != "gender"));
}

#[test]
fn absent_and_unpredicted_classes_are_noted() {
    let rows = nameless(&[("anger", "anger"), ("fear", "anger")]).metrics(RESAMPLING);
    let uar = find(&rows, "overall", "all", "uar");
    assert_eq!(uar.value, Some(0.5));
    assert!(uar.note.as_deref().is_some_and(|note| note.starts_with("1 of 3 classes absent from the truth")));
    let fear = find(&rows, "class", "fear", "precision");
    assert_eq!((fear.value, fear.n), (Some(0.0), 1));
    assert!(fear.note.as_deref().is_some_and(|note| note.starts_with("class never predicted")));
    let neutral = find(&rows, "class", "neutral", "recall");
    assert_eq!((neutral.value, neutral.n), (None, 0));
}

fn nameless(pairs: &[(&str, &str)]) -> Outcomes {
    let mut outcomes = Outcomes::new(&classes(), Track::Inductive);
    for (row, (truth, predicted)) in pairs.iter().enumerate() {
        outcomes.add(&outcome(&format!("c/{row}"), truth, predicted)).unwrap();
    }
    outcomes
}

#[test]
fn seeds_are_a_slice_and_figures_are_those_of_the_first() {
    let shape = Shape { speakers: 10, rows: 12 };
    let mut outcomes = outcomes(&["mlp", "tree"], shape);
    let before = outcomes.metrics(RESAMPLING);
    add_fit(&mut outcomes, "mlp", 1, 2, shape);
    let mut rows = outcomes.metrics(RESAMPLING);
    let (overall, first) = (find(&rows, "overall", "all", "brier"), find(&rows, "seed", "0", "brier"));
    assert_eq!((first.model.as_str(), first.value, first.n), ("mlp", overall.value, 120));
    assert_eq!((first.low, first.note.as_deref()), (None, Some("no interval: the seeds show how far fits differ")));
    assert!(find(&rows, "seed", "1", "uar").value < find(&rows, "seed", "0", "uar").value);
    rows.retain(|row| row.slice != "seed");
    assert_eq!(rows, before);
}

#[test]
fn losses_of_classes_pool_to_those_of_all() {
    let rows = outcomes(&["mlp"], Shape { speakers: 10, rows: 13 }).metrics(RESAMPLING);
    for metric in ["log_loss", "brier"] {
        let classes = classes();
        let sum: f64 = classes
            .iter()
            .map(|class| find(&rows, "class", class, metric))
            .map(|row| row.value.unwrap() * row.n as f64)
            .sum();
        let overall = find(&rows, "overall", "all", metric);
        assert!((sum / overall.n as f64 - overall.value.unwrap()).abs() < 1e-12, "{metric}");
    }
}

#[test]
fn a_transductive_tally_says_so_in_every_row() {
    let mut outcomes = Outcomes::new(&classes(), Track::Transductive);
    outcomes.add(&outcome("c/1", "fear", "anger")).unwrap();
    assert!(outcomes.metrics(RESAMPLING).iter().all(|row| row.track == "transductive"));
}

proptest! {
    #[test]
    fn figures_are_shares_whatever_the_order_of_rows_and_classes(
        pairs in prop::collection::vec((0_usize..4, 0_usize..4), 1..60),
        turn in 0_usize..4,
    ) {
        let figures = |confusion: Confusion| {
            let sums = Sums { counts: confusion.class_counts(), losses: Losses::new(4) };
            Measure::SUMMARY.map(|measure| measure.of(&sums).unwrap())
        };
        let plain = figures(Confusion::from_pairs(4, pairs.iter().copied()));
        let turned = pairs.iter().rev().map(|(truth, predicted)| ((truth + turn) % 4, (predicted + turn) % 4));
        for (a, b) in plain.into_iter().zip(figures(Confusion::from_pairs(4, turned))) {
            prop_assert!((0.0..=1.0).contains(&a) && (a - b).abs() < 1e-12);
        }
    }
}
