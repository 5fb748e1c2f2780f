//! Paired permutation test over speakers (Good 2005, ch. 3; approximate randomization, Noreen 1989): if two models were
//! equally good, swapping all their predictions for a speaker would change nothing but chance.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::bootstrap::empty_like;
use super::{Measure, Resampling, Sums};

/// Differences closer than this count as equal: rounding must not make the observed one beat itself.
pub(super) const TIE: f64 = 1e-12;

/// The outcome of the test for several measures.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Permutation {
    /// Two-sided p values, one a measure; none where a measure is not defined.
    pub p_values: Vec<Option<f64>>,
    /// How they were computed, in words.
    pub note: String,
}

/// Tests each measure's difference between two models whose clusters are the same speakers in the same order.
///
/// All 2^n swaps are made where there are no more than `resamples` of them; else as many are drawn, and the
/// observed one is counted among them, so that p is never 0: (1 + hits) / (1 + draws).
pub(super) fn permutation(a: &[Sums], b: &[Sums], measures: &[Measure], resampling: Resampling) -> Permutation {
    let clusters = a.len();
    let all = u32::try_from(clusters).ok().and_then(|clusters| 2_usize.checked_pow(clusters));
    match all.filter(|&all| all <= resampling.resamples) {
        Some(all) => {
            let swaps = (0..all).map(|bits| (0..clusters).map(|cluster| (bits >> cluster) & 1 == 1).collect());
            let p_values = shares(&count_hits(a, b, measures, swaps), 0, all);
            Permutation { p_values, note: format!("all {all} swaps") }
        }
        None => {
            let mut random = ChaCha8Rng::seed_from_u64(resampling.seed);
            let draws = resampling.resamples;
            let swaps = (0..draws).map(|_| (0..clusters).map(|_| random.r#gen()).collect());
            let p_values = shares(&count_hits(a, b, measures, swaps), 1, draws);
            Permutation { p_values, note: format!("{draws} draws") }
        }
    }
}

/// How many of the `swaps` give a difference at least as large as the observed one, a measure each.
fn count_hits(
    a: &[Sums],
    b: &[Sums],
    measures: &[Measure],
    swaps: impl Iterator<Item = Vec<bool>>,
) -> Vec<Option<usize>> {
    let observed = differences(a, b, measures, &vec![false; a.len()]);
    let mut hits: Vec<Option<usize>> = observed.iter().map(|difference| difference.map(|_| 0)).collect();
    for swapped in swaps {
        let differences = differences(a, b, measures, &swapped);
        for ((hits, observed), difference) in hits.iter_mut().zip(&observed).zip(differences) {
            let reached = observed.zip(difference).is_some_and(|(seen, new)| new.abs() >= seen.abs() - TIE);
            *hits = hits.map(|hits| hits + usize::from(reached));
        }
    }
    hits
}

fn differences(a: &[Sums], b: &[Sums], measures: &[Measure], swapped: &[bool]) -> Vec<Option<f64>> {
    let (mut pooled_a, mut pooled_b) = (empty_like(a), empty_like(b));
    for ((a, b), &swap) in a.iter().zip(b).zip(swapped) {
        let (a, b) = if swap { (b, a) } else { (a, b) };
        pooled_a.add_weighted(a, 1);
        pooled_b.add_weighted(b, 1);
    }
    measures.iter().map(|measure| Some(measure.of(&pooled_a)? - measure.of(&pooled_b)?)).collect()
}

fn shares(hits: &[Option<usize>], observed: usize, draws: usize) -> Vec<Option<f64>> {
    hits.iter().map(|hits| hits.map(|hits| (hits + observed) as f64 / (draws + observed) as f64)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::{Confusion, Losses};

    const UAR: [Measure; 1] = [Measure::Uar];

    /// A speaker with 10 rows in each of two classes, `hits` of each recognized.
    fn speaker(hits: usize) -> Sums {
        let pairs = |class: usize| (0..10).map(move |row| (class, if row < hits { class } else { 1 - class }));
        let counts = Confusion::from_pairs(2, pairs(0).chain(pairs(1))).class_counts();
        Sums { counts, losses: Losses::new(2) }
    }

    fn speakers(hits: &[usize]) -> Vec<Sums> {
        hits.iter().map(|&hits| speaker(hits)).collect()
    }

    #[test]
    fn one_sided_wins_give_two_over_all_swaps() {
        let (a, b) = (speakers(&[9; 8]), speakers(&[5; 8]));
        let test = permutation(&a, &b, &UAR, Resampling { resamples: 2000, seed: 1 });
        assert_eq!(test.p_values, [Some(2.0 / 256.0)]);
        assert_eq!(test.note, "all 256 swaps");
    }

    #[test]
    fn equal_models_have_p_one() {
        let a = speakers(&[1, 2, 3, 4, 5, 6, 7, 8]);
        let resampling = Resampling { resamples: 2000, seed: 1 };
        assert_eq!(permutation(&a, &a, &UAR, resampling).p_values, [Some(1.0)]);
    }

    #[test]
    fn swaps_match_a_sign_flip_test() {
        // With equal speakers UAR is a mean over speakers, and swapping is flipping the sign of the difference:
        // scipy 1.x: permutation_test((a, b), lambda x, y: mean(x - y), permutation_type="samples", n_resamples=inf)
        let (a, b) = (speakers(&[7, 8, 6, 9, 5, 7, 8, 6, 4]), speakers(&[5, 8, 7, 6, 5, 4, 7, 6, 5]));
        let test = permutation(&a, &b, &UAR, Resampling { resamples: 512, seed: 1 });
        assert_eq!(test.p_values, [Some(0.25)]);
    }

    #[test]
    fn draws_agree_with_all_swaps() {
        let (a, b) = (speakers(&[7, 8, 6, 9, 5, 7, 8, 6, 4]), speakers(&[5, 8, 7, 6, 5, 4, 7, 6, 5]));
        let exact = permutation(&a, &b, &UAR, Resampling { resamples: 512, seed: 1 });
        let drawn = permutation(&a, &b, &UAR, Resampling { resamples: 511, seed: 1 });
        assert!(drawn.note == "511 draws", "{}", drawn.note);
        let difference = exact.p_values[0].unwrap() - drawn.p_values[0].unwrap();
        assert!(difference.abs() < 0.07, "{difference}"); // 3 standard errors of a share of 511
        assert_eq!(drawn, permutation(&a, &b, &UAR, Resampling { resamples: 511, seed: 1 }));
    }
}
