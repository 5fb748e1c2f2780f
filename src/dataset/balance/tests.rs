use super::*;
use proptest::prelude::*;

/// Units of the given rows' strata: `strata[unit]` lists the stratum of each of its rows.
fn world(strata: &[Vec<usize>]) -> (Vec<Unit>, Strata) {
    let mut units = Vec::new();
    let mut combined = Vec::<usize>::new();
    for (order, unit) in strata.iter().enumerate() {
        let rows = (combined.len()..combined.len() + unit.len()).collect();
        combined.extend(unit);
        units.push(Unit { order: order as u64, name: order.to_string(), rows });
    }
    let combined: Vec<u32> = combined.into_iter().map(|stratum| stratum as u32).collect();
    let levels = vec![combined.iter().map(|stratum| stratum + 1).collect()];
    let count = combined.iter().max().map_or(1, |last| *last as usize + 2);
    (units, Strata { combined, levels, count })
}

fn tally(units: &[Unit], strata: &Strata, sides: &[usize], count: usize) -> Vec<Vec<f64>> {
    let mut tally = vec![vec![0.0; strata.count]; count];
    for (unit, side) in units.iter().zip(sides) {
        add(&mut tally[*side], &strata.counts(unit), 1.0);
    }
    tally
}

#[test]
fn ravdess_classes_fill_five_folds_evenly() {
    let sizes = [192, 192, 192, 192, 192, 96, 192, 192];
    let rows: Vec<Vec<usize>> = (0..8).flat_map(|class| vec![vec![class]; sizes[class]]).collect();
    let (units, strata) = world(&rows);
    let tally = tally(&units, &strata, &by_quota(&units, &strata, &[0.2; 5]), 5);
    for fold in &tally {
        assert_eq!(fold[0], 288.0);
        assert!((0..8).all(|class| (fold[class + 1] - sizes[class] as f64 / 5.0).abs() < 1.0), "{fold:?}");
    }
}

#[test]
fn unequal_groups_come_close_to_their_shares() {
    // EMO-DB: utterances of its ten speakers.
    let sizes = [49, 58, 43, 38, 55, 35, 61, 69, 56, 71];
    let (units, strata) = world(&sizes.map(|size| (0..size).map(|row| row % 7).collect()));
    let tally = tally(&units, &strata, &by_balance(&units, &strata, &[0.2; 5]), 5);
    for fold in tally {
        assert!((fold[0] - 107.0).abs() <= 8.0, "{fold:?}");
    }
}

#[test]
fn a_small_share_still_gets_a_group() {
    let (units, strata) = world(&[vec![0; 10], vec![0; 10], vec![0; 10]]);
    let sides = by_balance(&units, &strata, &[0.01, 0.99]);
    assert_eq!(sides.iter().filter(|side| **side == 0).count(), 1);
}

proptest! {
    #[test]
    fn quotas_hold_in_each_stratum_and_in_all(
        sizes in prop::collection::vec(1usize..40, 1..12),
        test in 0.05f64..0.95,
        folds in 2usize..8,
    ) {
        let rows: Vec<Vec<usize>> = sizes.iter().enumerate().flat_map(|(s, size)| vec![vec![s]; *size]).collect();
        let (units, strata) = world(&rows);
        for shares in [vec![test, 1.0 - test], vec![1.0 / folds as f64; folds]] {
            let tally = tally(&units, &strata, &by_quota(&units, &strata, &shares), shares.len());
            for (share, tally) in shares.iter().zip(tally) {
                prop_assert!((tally[0] - share * rows.len() as f64).abs() < 1.0 + 1e-6);
                for (stratum, size) in sizes.iter().enumerate() {
                    prop_assert!((tally[stratum + 1] - share * *size as f64).abs() < 1.0 + 1e-6);
                }
            }
        }
    }

    #[test]
    fn balance_is_no_further_off_than_its_largest_group(
        groups in prop::collection::vec(prop::collection::vec(0usize..4, 1..12), 5..30),
    ) {
        let (units, strata) = world(&groups);
        let sides = by_balance(&units, &strata, &[0.2; 5]);
        let tally = tally(&units, &strata, &sides, 5);
        let rows: usize = groups.iter().map(Vec::len).sum();
        let largest = groups.iter().map(Vec::len).max().unwrap_or(0) as f64;
        for side in tally {
            prop_assert!(side[0] > 0.0);
            prop_assert!((side[0] - rows as f64 / 5.0).abs() <= 2.0 * largest, "{:?}", side);
        }
    }

    #[test]
    fn no_swap_is_left_that_helps(
        groups in prop::collection::vec(prop::collection::vec(0usize..3, 1..9), 4..14),
    ) {
        let (units, strata) = world(&groups);
        let sides = by_balance(&units, &strata, &[0.3, 0.7]);
        let distance = |sides: &[usize]| {
            let tally = tally(&units, &strata, sides, 2);
            let totals: Vec<f64> = (0..strata.count).map(|level| tally[0][level] + tally[1][level]).collect();
            let square = |side: usize, share: f64, level: usize| {
                (tally[side][level] - share * totals[level]).powi(2) / totals[level].max(1.0)
            };
            (0..strata.count).map(|level| square(0, 0.3, level) + square(1, 0.7, level)).sum::<f64>()
        };
        let found = distance(&sides);
        let largest = groups.iter().map(Vec::len).max().unwrap_or(0) as f64;
        let slack = 2.0 * LEAST_GAIN * largest * largest;
        for a in 0..units.len() {
            for b in 0..units.len() {
                let mut other = sides.clone();
                other.swap(a, b);
                prop_assert!(distance(&other) >= found - slack / 4.0);
            }
        }
    }
}
