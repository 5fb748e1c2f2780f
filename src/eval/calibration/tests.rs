use super::*;
use crate::eval::fixture::{Shape, add_fit, tally};
use crate::eval::{BINS, Resampling};

#[test]
fn bins_add_up_to_the_table_of_metrics() {
    let shape = Shape { speakers: 10, rows: 30 };
    let mut tally = tally(&["mlp", "tree"], shape);
    add_fit(&mut tally, "mlp", 1, 2, shape);
    let rows = tally.calibration();
    let keys: Vec<_> = rows.iter().map(|row| (row.model.as_str(), row.bin)).collect();
    assert!(keys.is_sorted() && keys.len() == 2 * BINS);
    let metrics = tally.metrics(Resampling { resamples: 100, seed: 1 });
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
