//! How far a distribution has moved from another: the population stability index (Siddiqi, Credit Risk Scorecards, 2006).

/// Bins of a distribution: those between deciles, and one for missing values.
pub const DRIFT_BINS: usize = 11;
/// The bin of missing values.
const MISSING: usize = DRIFT_BINS - 1;
/// A bin counts as holding at least this share, so that an empty one gives a finite index.
const LEAST_SHARE: f64 = 1e-4;

/// The nine deciles of values, ascending; missing values (NaN) are left out. None where all are missing.
pub fn deciles(values: &[f32]) -> Vec<f32> {
    let mut values = values.iter().copied().filter(|value| !value.is_nan()).collect::<Vec<_>>();
    values.sort_unstable_by(f32::total_cmp);
    let decile = |number: usize| values.get(number * values.len() / MISSING).copied();
    (1..MISSING).map_while(decile).collect()
}

/// The bin of a value between these deciles: 0 below all of them. A value that equals one is in the bin above it.
pub fn drift_bin(deciles: &[f32], value: f32) -> usize {
    if value.is_nan() { MISSING } else { deciles.partition_point(|decile| *decile <= value) }
}

/// The population stability index of two distributions over the same bins: the sum of `(q - p) ln(q / p)`, in nats. 0 where
/// the shares are the same; by custom, above 0.1 is a change and above 0.25 a large one. `n` values drawn from the expected
/// distribution give about `bins / n`.
pub fn stability_index(expected: &[u64], actual: &[u64]) -> f64 {
    let shares = |counts: &[u64]| {
        let all = counts.iter().sum::<u64>().max(1) as f64;
        counts.iter().map(|count| (*count as f64 / all).max(LEAST_SHARE)).collect::<Vec<_>>()
    };
    let pairs = shares(expected).into_iter().zip(shares(actual));
    pairs.map(|(p, q)| (q - p) * (q / p).ln()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(deciles: &[f32], values: &[f32]) -> Vec<u64> {
        let mut counts = vec![0; DRIFT_BINS];
        values.iter().for_each(|value| counts[drift_bin(deciles, *value)] += 1);
        counts
    }

    #[test]
    fn deciles_cut_values_into_tenths() {
        let values = (0..1000).rev().map(|value| value as f32).collect::<Vec<_>>();
        let edges = deciles(&values);
        assert_eq!(edges, (1..10).map(|edge| (100 * edge) as f32).collect::<Vec<_>>());
        assert_eq!(counts(&edges, &values), [&[100; 10][..], &[0]].concat());
        assert_eq!(counts(&edges, &[-1e9, 1e9, f32::NAN, 100.0, 99.9]), [2, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
        assert_eq!(deciles(&[f32::NAN]), [0.0; 0]);
        assert_eq!(counts(&[], &[f32::NAN, 1.0]), [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(counts(&deciles(&[3.0; 20]), &[3.0, 2.0]), [1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
    }

    #[test]
    fn the_index_is_that_of_the_formula() {
        // Two bins of 50 and 50 against 80 and 20: 0.3 ln 1.6 - 0.3 ln 0.4.
        let index = stability_index(&[50, 50], &[160, 40]);
        assert!((index - (0.3 * 1.6_f64.ln() - 0.3 * 0.4_f64.ln())).abs() < 1e-12, "{index}");
        assert_eq!(stability_index(&[3, 4, 0], &[30, 40, 0]), 0.0);
        assert!(stability_index(&[10, 0], &[0, 10]).is_finite());
        assert!(stability_index(&[], &[]) == 0.0 && stability_index(&[0, 0], &[1, 1]).is_finite());
    }

    #[test]
    fn a_shifted_distribution_has_a_large_index_and_a_sample_a_small_one() {
        let values = |from: usize| (0..2000).map(|at| ((at * 7919 + from) % 2003) as f32).collect::<Vec<_>>();
        let edges = deciles(&values(0));
        let index = |others: &[f32]| stability_index(&counts(&edges, &values(0)), &counts(&edges, others));
        assert!(index(&values(11)) < 0.01);
        let shifted = values(0).iter().map(|value| value + 600.0).collect::<Vec<_>>();
        assert!(index(&shifted) > 0.25);
    }
}
