//! Percentile bootstrap over clusters (Efron and Tibshirani 1993, ch. 13): speakers are drawn with replacement and
//! each keeps all its rows, because the rows of one speaker are not independent of each other.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Measure, Sums};
use crate::schema::plural;

/// Share of resamples between the two ends of an interval.
pub const CONFIDENCE: f64 = 0.95;
/// Fewest speakers for which an interval or a p value is given: resampling fewer says more about the method than
/// about speakers, and below 6 a two-sided permutation test cannot reach 0.05 at all (2 / 2^5 = 0.0625).
pub const MIN_CLUSTERS: usize = 8;

/// How often speakers are resampled, and from which seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resampling {
    /// Resamples, and draws of the permutation test; 0: no intervals and no p values.
    pub resamples: usize,
    /// Seed of ChaCha8; every slice and model starts from it anew, so that a figure does not depend on its neighbours.
    pub seed: u64,
}

/// How a figure spreads over resamples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Interval {
    pub low: f64,
    pub high: f64,
    /// Standard deviation over the resamples: the bootstrap's standard error of the figure.
    pub error: f64,
}

/// The interval of each measure of the pooled `clusters`; none where no resample defines the measure.
/// Why speakers cannot be resampled: how many of the rows have none, and how many speakers the figure rests on.
pub(super) fn obstacle(resampling: Resampling, unnamed: u64, rows: u64, speakers: usize) -> Option<String> {
    if resampling.resamples == 0 {
        Some("evaluate.bootstrap is 0".to_owned())
    } else if unnamed > 0 {
        Some(format!("{unnamed} of {rows} rows have no speaker"))
    } else if speakers < MIN_CLUSTERS {
        Some(format!("{}, at least {MIN_CLUSTERS} needed", plural(speakers, "speaker")))
    } else {
        None
    }
}

pub(super) fn intervals(clusters: &[Sums], measures: &[Measure], resampling: Resampling) -> Vec<Option<Interval>> {
    let mut pooled = empty_like(clusters);
    let mut values = vec![Vec::with_capacity(resampling.resamples); measures.len()];
    for_each_resample(clusters.len(), resampling, |weights| {
        pool(&mut pooled, clusters, weights);
        for (values, measure) in values.iter_mut().zip(measures) {
            values.extend(measure.of(&pooled));
        }
    });
    values.into_iter().map(percentile_interval).collect()
}

/// The interval of each measure's difference between two models whose clusters are the same speakers in the same order:
/// both are measured on the same resamples.
pub(super) fn paired_intervals(
    a: &[Sums],
    b: &[Sums],
    measures: &[Measure],
    resampling: Resampling,
) -> Vec<Option<Interval>> {
    let (mut pooled_a, mut pooled_b) = (empty_like(a), empty_like(b));
    let mut values = vec![Vec::with_capacity(resampling.resamples); measures.len()];
    for_each_resample(a.len(), resampling, |weights| {
        pool(&mut pooled_a, a, weights);
        pool(&mut pooled_b, b, weights);
        for (values, measure) in values.iter_mut().zip(measures) {
            values.extend(measure.of(&pooled_a).zip(measure.of(&pooled_b)).map(|(a, b)| a - b));
        }
    });
    values.into_iter().map(percentile_interval).collect()
}

/// Sums of the size of the clusters'.
pub(super) fn empty_like(clusters: &[Sums]) -> Sums {
    Sums::new(clusters.first().map_or(0, |cluster| cluster.counts.classes()))
}

/// Calls `see` with how often each cluster was drawn, once a resample.
pub(super) fn for_each_resample(clusters: usize, resampling: Resampling, mut see: impl FnMut(&[u64])) {
    let mut random = ChaCha8Rng::seed_from_u64(resampling.seed);
    let mut weights = vec![0; clusters];
    for _ in 0..resampling.resamples {
        weights.fill(0);
        for _ in 0..clusters {
            // u64, not usize: the draws are the same on every platform.
            weights[random.gen_range(0..clusters as u64) as usize] += 1;
        }
        see(&weights);
    }
}

fn pool(pooled: &mut Sums, clusters: &[Sums], weights: &[u64]) {
    pooled.clear();
    for (cluster, &weight) in clusters.iter().zip(weights).filter(|(_, weight)| **weight > 0) {
        pooled.add_weighted(cluster, weight);
    }
}

pub(super) fn percentile_interval(mut values: Vec<f64>) -> Option<Interval> {
    if values.is_empty() {
        return None;
    }
    values.sort_by(f64::total_cmp);
    let (error, tail) = (deviation(&values), (1.0 - CONFIDENCE) / 2.0);
    Some(Interval { low: quantile(&mut values, tail), high: quantile(&mut values, 1.0 - tail), error })
}

/// Standard deviation, dividing by n - 1; 0 for a single value.
pub fn deviation(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / (values.len() as f64 - 1.0).max(1.0)).sqrt()
}

/// Quantile by linear interpolation between order statistics (Hyndman and Fan's type 7, numpy's default); `share` in
/// [0, 1]. The values, at least one, end in another order.
pub fn quantile(values: &mut [f64], share: f64) -> f64 {
    let position = (values.len() - 1) as f64 * share;
    let below = position as usize;
    let (_, low, above) = values.select_nth_unstable_by(below, f64::total_cmp);
    let low = *low;
    let high = above.iter().copied().fold(f64::INFINITY, f64::min);
    if above.is_empty() { low } else { low + (position - below as f64) * (high - low) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::eval::{Confusion, Losses};

    /// Speakers that recognize `hits` of `rows` in each of two classes.
    fn speakers(rows: u64, hits: &[u64]) -> Vec<Sums> {
        let cell = |hit: u64, row: u64, class: usize| (class, if row < hit { class } else { 1 - class });
        let pairs = |&hit: &u64| (0..2).flat_map(move |class| (0..rows).map(move |row| cell(hit, row, class)));
        let counts = hits.iter().map(|hit| Confusion::from_pairs(2, pairs(hit)).class_counts());
        counts.map(|counts| Sums { counts, losses: Losses::new(2) }).collect()
    }

    fn uar_interval(clusters: &[Sums], seed: u64) -> Interval {
        intervals(clusters, &[Measure::Uar], Resampling { resamples: 500, seed })[0].unwrap()
    }

    #[test]
    fn quantiles_match_numpy() {
        // numpy.percentile([3, 1, 4, 1, 5, 9, 2, 6], [2.5, 97.5]) = [1, 8.475]
        let interval = percentile_interval(vec![3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0]).unwrap();
        assert!(interval.low == 1.0 && (interval.high - 8.475).abs() < 1e-12, "{interval:?}");
        assert_eq!(percentile_interval(Vec::new()), None);
    }

    #[test]
    fn the_spread_is_that_of_the_mean_over_speakers() {
        // Equal speakers: UAR is the mean of theirs, so its standard error is sd / sqrt(n), sd dividing by n.
        let hits: Vec<u64> = (0..24).map(|speaker| 10 + speaker % 7).collect();
        let recalls: Vec<f64> = hits.iter().map(|&hit| hit as f64 / 20.0).collect();
        let mean = recalls.iter().sum::<f64>() / 24.0;
        let deviation = (recalls.iter().map(|recall| (recall - mean).powi(2)).sum::<f64>() / 24.0).sqrt();
        let resampling = Resampling { resamples: 20_000, seed: 1 };
        let interval = intervals(&speakers(20, &hits), &[Measure::Uar], resampling)[0].unwrap();
        let error = deviation / 24_f64.sqrt();
        assert!((interval.error / error - 1.0).abs() < 0.03, "{interval:?}, standard error {error}");
        let want = 2.0 * 1.96 * error;
        assert!(((interval.high - interval.low) / want - 1.0).abs() < 0.05, "{interval:?}, width {want}");
    }

    #[test]
    fn equal_models_differ_by_nothing() {
        let a = speakers(10, &[3, 4, 5, 6, 7, 8, 9, 10]);
        let interval = paired_intervals(&a, &a, &Measure::SUMMARY, Resampling { resamples: 200, seed: 3 });
        assert!(interval.iter().all(|interval| *interval == Some(Interval { low: 0.0, high: 0.0, error: 0.0 })));
    }

    #[test]
    fn a_class_that_no_resample_holds_has_no_interval() {
        let clusters = speakers(5, &[1, 2, 3, 4, 5, 5, 5, 5]).into_iter().map(|_| Sums::new(2));
        let got = intervals(&clusters.collect::<Vec<_>>(), &[Measure::Recall(1)], Resampling { resamples: 9, seed: 0 });
        assert_eq!(got, [None]);
    }

    proptest! {
        #[test]
        fn intervals_hold_the_figure_and_stay_in_range(
            hits in prop::collection::vec(0_u64..=20, 8..30),
            seed in 0_u64..1000,
        ) {
            let clusters = speakers(20, &hits);
            let interval = uar_interval(&clusters, seed);
            let mut pooled = Sums::new(2);
            pool(&mut pooled, &clusters, &vec![1; clusters.len()]);
            let uar = pooled.counts.uar().unwrap();
            prop_assert!(0.0 <= interval.low && interval.low <= uar && uar <= interval.high && interval.high <= 1.0);
            prop_assert_eq!(interval, uar_interval(&clusters, seed));
        }

        #[test]
        fn more_speakers_of_the_same_kind_narrow_the_interval(seed in 0_u64..1000) {
            let few = speakers(20, &[4, 8, 10, 12, 16, 6, 14, 18]);
            let many: Vec<Sums> = few.iter().cycle().take(few.len() * 16).cloned().collect();
            let width = |interval: Interval| interval.high - interval.low;
            prop_assert!(width(uar_interval(&many, seed)) < 0.5 * width(uar_interval(&few, seed)));
        }
    }
}
