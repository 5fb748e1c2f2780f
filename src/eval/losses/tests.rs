use proptest::prelude::*;

use super::*;
use crate::eval::Resampling;
use crate::eval::fixture::{Shape, add_fit, outcomes};

const PROBABILITIES: [[f32; 3]; 8] = [
    [0.7, 0.2, 0.1],
    [0.1, 0.8, 0.1],
    [0.2, 0.2, 0.6],
    [0.4, 0.35, 0.25],
    [0.05, 0.9, 0.05],
    [0.0, 1.0, 0.0],
    [0.3, 0.3, 0.4],
    [0.25, 0.5, 0.25],
];
const TRUTH: [usize; 8] = [0, 1, 2, 1, 0, 2, 2, 1];

fn top(probabilities: &[f32]) -> usize {
    (0..probabilities.len()).rev().max_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b])).expect("a class")
}

fn losses<'a>(rows: impl IntoIterator<Item = (usize, &'a [f32; 3])>) -> Losses {
    let mut losses = Losses::new(3);
    rows.into_iter().for_each(|(truth, row)| losses.add(truth, top(row), row));
    losses
}

fn example() -> Losses {
    losses(TRUTH.into_iter().zip(&PROBABILITIES))
}

fn close(got: Option<f64>, want: f64) {
    assert!(got.is_some_and(|got| (got - want).abs() < 1e-12), "{got:?} is not {want}");
}

#[test]
fn losses_match_scikit_learn() {
    // scikit-learn 1.9.1, p float32 as float64: log_loss(t, p clipped at 2**-23), and
    // brier_score_loss(t, p, scale_by_half=False); by class the same of the rows of that truth.
    let losses = example();
    close(losses.log_loss(), 2.836_002_691_500_541);
    close(losses.brier(), 0.714_374_995_399_266_6);
    let by_class = [
        (1.676_203_609_810_730_5, 0.927_499_982_193_112_7),
        (0.655_370_952_833_856_8, 0.360_000_002_781_550_14),
        (5.789_833_817_960_432_5, 0.926_666_663_487_752_7),
    ];
    for (class, (log_loss, brier)) in by_class.into_iter().enumerate() {
        close(losses.log_loss_of(class), log_loss);
        close(losses.brier_of(class), brier);
    }
}

#[test]
fn the_calibration_error_is_that_of_its_definition() {
    // numpy 2.4.6, the sum over 15 bins (lo, hi] of share * |accuracy - mean confidence| of the authors' code.
    close(example().ece(), 0.437_499_992_549_419_4);
}

#[test]
fn impossible_truths_cost_a_bounded_loss() {
    let losses = losses([(2, &[0.0, 1.0, 0.0])]);
    close(losses.log_loss(), 23.0 * std::f64::consts::LN_2);
    close(losses.brier(), 2.0);
    close(losses.ece(), 1.0);
}

#[test]
fn perfect_rows_cost_nothing_and_no_rows_have_no_figure() {
    let perfect = losses([(1, &[0.0, 1.0, 0.0])]);
    assert_eq!([perfect.log_loss(), perfect.brier(), perfect.ece()], [Some(0.0); 3]);
    assert_eq!([perfect.log_loss_of(0), perfect.brier_of(0)], [None; 2]);
    let none = Losses::new(3);
    assert_eq!([none.log_loss(), none.brier(), none.ece()], [None; 3]);
}

#[test]
fn bins_hold_their_upper_edge() {
    for (confidence, bin) in [(0.0, 0), (1.0 / 15.0, 0), (0.07, 1), (0.2, 2), (0.21, 3), (0.999, 14), (1.0, 14)] {
        assert_eq!(bin_of(confidence), bin, "{confidence}");
    }
    assert_eq!((Bin::edges()[0], Bin::edges()[14].1), ((0.0, 1.0 / 15.0), 1.0));
}

/// The three figures of rows, straight from their definitions.
fn slow(rows: &[(usize, [f32; 3])]) -> [f64; 3] {
    let n = rows.len() as f64;
    let log_loss: f64 = rows.iter().map(|(truth, p)| -f64::from(p[*truth].max(f32::EPSILON)).ln()).sum();
    let square = |truth: usize, class: usize, p: f32| (f64::from(p) - if truth == class { 1.0 } else { 0.0 }).powi(2);
    let brier: f64 =
        rows.iter().map(|(truth, p)| (0..3).map(|class| square(*truth, class, p[class])).sum::<f64>()).sum();
    let mut ece = 0.0;
    for (low, high) in Bin::edges() {
        let confidence = |row: &(usize, [f32; 3])| f64::from(row.1[top(&row.1)]);
        let inside: Vec<_> = rows.iter().filter(|row| confidence(row) > low && confidence(row) <= high).collect();
        let hits = inside.iter().filter(|(truth, p)| top(p) == *truth).count() as f64;
        ece += (hits - inside.iter().map(|row| confidence(row)).sum::<f64>()).abs() / n;
    }
    [log_loss / n, brier / n, ece]
}

fn row() -> impl Strategy<Value = (usize, [f32; 3])> {
    (0_usize..3, [0_u16..1000, 0_u16..1000, 1_u16..1000]).prop_map(|(truth, shares)| {
        let sum: u16 = shares.iter().sum();
        (truth, shares.map(|share| f32::from(share) / f32::from(sum)))
    })
}

proptest! {
    #[test]
    fn weighted_sums_are_repeated_rows(
        parts in prop::collection::vec((prop::collection::vec(row(), 1..8), 1_u64..4), 1..6),
    ) {
        let mut sum = Losses::new(3);
        let mut repeated = Vec::new();
        for (rows, weight) in &parts {
            sum.add_weighted(&losses(rows.iter().map(|(truth, p)| (*truth, p))), *weight);
            (0..*weight).for_each(|_| repeated.extend(rows.iter().copied()));
        }
        let figures = [sum.log_loss(), sum.brier(), sum.ece()].map(|figure| figure.expect("there are rows"));
        for (got, want) in figures.into_iter().zip(slow(&repeated)) {
            prop_assert!((got - want).abs() < 1e-9, "{got} is not {want}");
        }
        prop_assert!(figures[0] >= 0.0 && (0.0..=2.0).contains(&figures[1]) && (0.0..=1.0).contains(&figures[2]));
    }
}

#[test]
fn bins_add_up_to_the_table_of_metrics() {
    let shape = Shape { speakers: 10, rows: 30 };
    let mut outcomes = outcomes(&["mlp", "tree"], shape);
    add_fit(&mut outcomes, "mlp", 1, 2, shape);
    let rows = outcomes.calibration();
    let keys: Vec<_> = rows.iter().map(|row| (row.model.as_str(), row.bin)).collect();
    assert!(keys.is_sorted() && keys.len() == 2 * BINS);
    let metrics = outcomes.metrics(Resampling { resamples: 100, seed: 1 });
    for model in ["mlp", "tree"] {
        let rows: Vec<_> = rows.iter().filter(|row| row.model == model).collect();
        let n: i64 = rows.iter().map(|row| row.n).sum();
        let gap = |row: &&Calibration| Some(row.n as f64 * (row.accuracy? - row.confidence?).abs());
        let ece = rows.iter().filter_map(gap).sum::<f64>() / n as f64;
        let figure = |metric: &str| {
            let wanted =
                |row: &&crate::schema::Metric| row.model == model && row.slice == "overall" && row.metric == metric;
            metrics.iter().find(wanted).unwrap()
        };
        assert!(n == 300 && (ece - figure("ece").value.unwrap()).abs() < 1e-12, "{model}: {ece}");
        for metric in ["log_loss", "brier"] {
            let row = figure(metric);
            assert!(row.low <= row.value && row.value <= row.high && row.low < row.high, "{row:?}");
        }
        let inside = |row: &&Calibration| row.confidence.is_none_or(|mean| row.low < mean && mean <= row.high);
        assert!(rows.iter().all(inside));
        assert!(rows.iter().all(|row| (row.n == 0) == row.accuracy.is_none()));
    }
}
