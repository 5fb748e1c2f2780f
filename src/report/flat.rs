//! Figures as one flat JSON object, for DVC, MLflow and shells.

use std::collections::BTreeMap;

use serde_json::Number;

use crate::schema::Metric;

/// The figures over all test rows, by `<model>.<metric>`, and those of the `headline` model by `<metric>` too. The ends
/// of an interval have the suffixes `.low` and `.high`. Every value is a number: what is not defined is left out.
pub fn flat(metrics: &[Metric], headline: &str) -> String {
    let mut found = BTreeMap::<String, Number>::new();
    for row in metrics.iter().filter(|row| row.slice == "overall") {
        let names =
            [Some(format!("{}.{}", row.model, row.metric)), (row.model == headline).then(|| row.metric.clone())];
        for name in names.into_iter().flatten() {
            for (suffix, figure) in [("", row.value), (".low", row.low), (".high", row.high)] {
                found.extend(figure.and_then(Number::from_f64).map(|number| (format!("{name}{suffix}"), number)));
            }
        }
        if row.model == headline {
            found.insert("test_rows".to_owned(), row.n.into());
        }
    }
    // A map of texts to numbers: its JSON cannot fail.
    serde_json::to_string_pretty(&found).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(model: &str, slice: &str, metric: &str, value: Option<f64>, ends: Option<(f64, f64)>) -> Metric {
        Metric {
            model: model.to_owned(),
            slice: slice.to_owned(),
            group: "all".to_owned(),
            metric: metric.to_owned(),
            value,
            low: ends.map(|ends| ends.0),
            high: ends.map(|ends| ends.1),
            n: 7,
            track: "inductive".to_owned(),
            note: None,
        }
    }

    #[test]
    fn every_overall_figure_has_a_key_and_those_of_the_headline_two() {
        let metrics = [
            metric("mlp", "overall", "uar", Some(0.5), Some((0.25, 0.75))),
            metric("mlp", "overall", "ece", None, None),
            metric("mlp", "overall", "log_loss", Some(f64::INFINITY), None),
            metric("mlp", "speaker", "accuracy", Some(1.0), None),
            metric("svm", "overall", "uar", Some(0.125), None),
        ];
        let want = r#"{
  "mlp.uar": 0.5,
  "mlp.uar.high": 0.75,
  "mlp.uar.low": 0.25,
  "svm.uar": 0.125,
  "test_rows": 7,
  "uar": 0.5,
  "uar.high": 0.75,
  "uar.low": 0.25
}
"#;
        assert_eq!(flat(&metrics, "mlp"), want);
        assert_eq!(flat(&[], "mlp"), "{}\n");
    }
}
