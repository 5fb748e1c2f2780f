use super::is_usual;
use crate::schema::Metric;
use std::collections::BTreeSet;

/// Slices whose gap is looked at, and the figure that it is a gap of.
const SLICES: [(&str, &str); 4] = [("gender", "uar"), ("corpus", "uar"), ("speaker", "uar"), ("class", "recall")];

/// The two groups of a slice that a model recognizes best and worst.
#[derive(Debug, Clone, PartialEq)]
pub struct Gap {
    /// Row of the best group.
    pub best: Metric,
    /// Row of the worst group.
    pub worst: Metric,
}

impl Gap {
    /// Whether the intervals of the two have a value in common; none where one has no interval.
    pub fn overlaps(&self) -> Option<bool> {
        Some(self.best.low? <= self.worst.high?)
    }
}

/// The largest gap of `model` in each slice that has more than one group with a figure: between genders, corpora and
/// speakers in UAR, between classes in recall, and between the groups of further slices in UAR. Of equal groups the first
/// counts.
pub fn gaps(metrics: &[Metric], model: &str) -> Vec<Gap> {
    let others = further_slices(metrics).into_iter().map(|slice| (slice, "uar"));
    SLICES.into_iter().chain(others).filter_map(|(slice, metric)| gap(metrics, (model, slice, metric))).collect()
}

/// Slices beside those that every table of metrics has, in order.
pub fn further_slices(metrics: &[Metric]) -> BTreeSet<&str> {
    metrics.iter().map(|row| row.slice.as_str()).filter(|slice| !is_usual(slice)).collect()
}

fn gap(metrics: &[Metric], wanted: (&str, &str, &str)) -> Option<Gap> {
    let of_slice = |row: &&Metric| (&*row.model, &*row.slice, &*row.metric) == wanted;
    let mut rows: Vec<(f64, &Metric)> =
        metrics.iter().filter(of_slice).filter_map(|row| Some((row.value?, row))).collect();
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (best, worst) = (rows.first()?, rows.last()?);
    (rows.len() > 1).then(|| Gap { best: best.1.clone(), worst: worst.1.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(slice: &str, group: &str, value: Option<f64>, interval: Option<(f64, f64)>) -> Metric {
        Metric {
            model: "mlp".to_owned(),
            slice: slice.to_owned(),
            group: group.to_owned(),
            metric: if slice == "class" { "recall" } else { "uar" }.to_owned(),
            value,
            low: interval.map(|ends| ends.0),
            high: interval.map(|ends| ends.1),
            n: 10,
            track: "inductive".to_owned(),
            note: None,
        }
    }

    #[test]
    fn the_gap_lies_between_the_best_and_the_worst_group() {
        let metrics = [
            row("gender", "female", Some(0.7), Some((0.65, 0.75))),
            row("gender", "male", Some(0.5), Some((0.4, 0.6))),
            row("speaker", "a", Some(0.5), None),
            row("speaker", "b", Some(0.9), None),
            row("speaker", "c", Some(0.7), None),
            row("class", "fear", None, None),
            row("class", "anger", Some(0.6), Some((0.5, 0.7))),
            row("class", "calm", Some(0.5), Some((0.4, 0.6))),
            row("corpus", "only", Some(0.6), None),
            row("accent", "north", Some(0.6), None),
            row("accent", "south", Some(0.7), None),
            row("device", "phone", Some(0.7), None),
        ];
        let found = gaps(&metrics, "mlp");
        let names: Vec<_> = found.iter().map(|gap| (gap.best.group.as_str(), gap.worst.group.as_str())).collect();
        assert_eq!(names, [("female", "male"), ("b", "a"), ("anger", "calm"), ("south", "north")]);
        let overlaps: Vec<_> = found.iter().map(Gap::overlaps).collect();
        assert_eq!(overlaps, [Some(false), None, Some(true), None]);
        assert_eq!(gaps(&metrics, "tree"), []);
    }
}
