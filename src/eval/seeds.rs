use super::bootstrap::deviation;
use crate::schema::Metric;

/// How the UAR of a model differs between fits that differ in their random numbers alone.
#[derive(Debug, Clone, PartialEq)]
pub struct SeedSpread {
    /// The model.
    pub model: String,
    /// Number of fits.
    pub seeds: usize,
    /// Mean UAR.
    pub mean: f64,
    /// Standard deviation of the UAR, dividing by n - 1.
    pub deviation: f64,
    /// Smallest UAR.
    pub lowest: f64,
    /// Largest UAR.
    pub highest: f64,
}

/// The spread of each model that has rows of the slice `seed`, in the order of `metrics`, which are sorted by model.
pub fn seed_spreads(metrics: &[Metric]) -> Vec<SeedSpread> {
    let rows: Vec<&Metric> = metrics.iter().filter(|row| row.slice == "seed" && row.metric == "uar").collect();
    rows.chunk_by(|a, b| a.model == b.model).filter_map(spread).collect()
}

fn spread(rows: &[&Metric]) -> Option<SeedSpread> {
    let values: Vec<f64> = rows.iter().filter_map(|row| row.value).collect();
    let model = rows.first()?.model.clone();
    (!values.is_empty()).then(|| SeedSpread {
        model,
        seeds: values.len(),
        mean: values.iter().sum::<f64>() / values.len() as f64,
        deviation: deviation(&values),
        lowest: values.iter().copied().fold(f64::INFINITY, f64::min),
        highest: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::Resampling;
    use crate::eval::fixture::{Shape, add_fit, outcomes};

    #[test]
    fn spreads_are_of_models_with_several_seeds() {
        let shape = Shape { speakers: 9, rows: 12 };
        let mut outcomes = outcomes(&["mlp", "tree"], shape);
        add_fit(&mut outcomes, "mlp", 1, 1, shape);
        add_fit(&mut outcomes, "mlp", 2, 2, shape);
        let metrics = outcomes.metrics(Resampling { resamples: 0, seed: 1 });
        let [spread] = seed_spreads(&metrics).try_into().expect("one model");
        let uars: Vec<f64> = metrics
            .iter()
            .filter(|row| row.slice == "seed" && row.metric == "uar")
            .filter_map(|row| row.value)
            .collect();
        let mean = (uars[0] + uars[1] + uars[2]) / 3.0;
        let variance = uars.iter().map(|uar| (uar - mean).powi(2)).sum::<f64>() / 2.0;
        assert_eq!((spread.model.as_str(), spread.seeds, spread.mean), ("mlp", 3, mean));
        assert!((spread.deviation - variance.sqrt()).abs() < 1e-15 && spread.deviation > 0.05, "{spread:?}");
        assert_eq!((spread.highest, spread.lowest), (uars[0], uars[2]));
    }
}
