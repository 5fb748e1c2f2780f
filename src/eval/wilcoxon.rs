//! Wilcoxon signed-rank test (Wilcoxon 1945) over speakers: whether the differences of paired figures lie to both
//! sides of zero alike. Zero differences are ranked and then left out (Pratt 1959), equal ones share their mean rank.

use statrs::function::erf::erfc;

use super::permutation::TIE;

/// Up to this many differences beside zero the p value is exact.
const EXACT: usize = 50;

/// The outcome of the test.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wilcoxon {
    /// Two-sided p value.
    pub p_value: f64,
    /// How it was computed, in words.
    pub note: String,
}

/// Tests paired differences, one a speaker. The p value is exact, given the ranks, for up to [`EXACT`] differences
/// beside zero, with ties as well (Streitberg and Roehmel 1986), else the normal approximation with corrections for
/// ties and continuity.
pub(super) fn wilcoxon(differences: &[f64]) -> Wilcoxon {
    let ranks = signed_ranks(differences);
    let zeros = differences.len() - ranks.len();
    let (p_value, how) = match ranks.len() {
        0 => (1.0, "nothing to rank"),
        1..=EXACT => (exact(&ranks), "exact"),
        _ => (approximate(&ranks), "normal approximation"),
    };
    let note = match zeros {
        0 => how.to_owned(),
        _ => format!("{how}, {zeros} of {} speakers without a difference", differences.len()),
    };
    Wilcoxon { p_value, note }
}

/// Twice the rank of each difference beside zero (so that means of ranks are whole), and whether it is above zero.
fn signed_ranks(differences: &[f64]) -> Vec<(usize, bool)> {
    let mut sorted = differences.to_vec();
    sorted.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    let mut ranks = Vec::with_capacity(sorted.len());
    let mut start = 0;
    while start < sorted.len() {
        let size = sorted[start].abs();
        let end = start + sorted[start..].iter().take_while(|difference| difference.abs() - size <= TIE).count();
        // The mean of the ranks start + 1 ..= end, twice.
        let doubled = start + 1 + end;
        if size > TIE {
            ranks.extend(sorted[start..end].iter().map(|difference| (doubled, *difference > 0.0)));
        }
        start = end;
    }
    ranks
}

/// The smaller of the two sums of doubled ranks, and their total.
fn sums(ranks: &[(usize, bool)]) -> (usize, usize) {
    let total = ranks.iter().map(|(rank, _)| rank).sum();
    let above: usize = ranks.iter().filter(|(_, above)| *above).map(|(rank, _)| rank).sum();
    (above.min(total - above), total)
}

/// Share of all 2^n choices of signs whose smaller sum is no larger than the observed one.
fn exact(ranks: &[(usize, bool)]) -> f64 {
    let (smaller, total) = sums(ranks);
    // ways[s]: how many sets of ranks add up to s; below 2^50, so exact in f64.
    let mut ways = vec![0.0; total + 1];
    ways[0] = 1.0;
    for &(rank, _) in ranks {
        for sum in (rank..=total).rev() {
            ways[sum] += ways[sum - rank];
        }
    }
    let tail: f64 = ways[..=smaller].iter().sum();
    (2.0 * tail / 2_f64.powi(ranks.len() as i32)).min(1.0)
}

/// From a normal distribution of mean S / 2 and variance sum(r^2) / 4, which holds for tied ranks too, with half a rank
/// taken off for continuity.
fn approximate(ranks: &[(usize, bool)]) -> f64 {
    let (smaller, total) = sums(ranks);
    let squares: f64 = ranks.iter().map(|(rank, _)| (*rank as f64).powi(2)).sum();
    let distance = (total as f64 / 2.0 - smaller as f64 - 1.0).max(0.0);
    erfc(distance / (squares / 4.0).sqrt() / std::f64::consts::SQRT_2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(got: f64, want: f64) {
        assert!((got - want).abs() < 1e-12, "{got} is not {want}");
    }

    #[test]
    fn darwins_maize_has_the_published_p_value() {
        // Fisher 1935, ch. 3: cross- and self-fertilized plants. scipy 1.17.1, wilcoxon(d): 24, 0.041259765625
        let maize = [6.0, 8.0, 14.0, 16.0, 23.0, 24.0, 28.0, 29.0, 41.0, -48.0, 49.0, 56.0, 60.0, -67.0, 75.0];
        let test = wilcoxon(&maize);
        close(test.p_value, 0.041_259_765_625);
        assert_eq!(test.note, "exact");
    }

    #[test]
    fn ties_and_zeros_stay_exact() {
        // scipy 1.17.1: wilcoxon(d, zero_method="pratt", method=PermutationMethod(n_resamples=inf)): 0.056640625
        let steps = [2, -1, 0, 3, 1, 1, -2, 0, 4, 2, 3, 1];
        let test = wilcoxon(&steps.map(|step| f64::from(step) / 20.0));
        close(test.p_value, 58.0 / 1024.0);
        assert_eq!(test.note, "exact, 2 of 12 speakers without a difference");
    }

    #[test]
    fn many_differences_match_scipys_approximation() {
        // scipy 1.17.1: wilcoxon(d, zero_method="pratt", method="approx", correction=True): 752.5, 0.23639626066511843
        let steps = [
            4, 6, -6, 6, 1, 1, 3, -2, 8, -6, -2, -1, 2, 0, -5, -6, -6, -6, -4, 8, -4, 3, 5, -3, -2, 0, -3, 8, -4, 7, 5,
            6, -5, -1, 3, 1, 3, 4, 3, -6, 8, 2, 7, -2, -1, 7, -4, -6, -1, 4, -5, 7, -1, -3, 2, 7, 7, 7, -2, -6,
        ];
        let test = wilcoxon(&steps.map(f64::from));
        assert!((test.p_value - 0.236_396_260_665_118_43).abs() < 1e-9, "{test:?}");
        assert_eq!(test.note, "normal approximation, 2 of 60 speakers without a difference");
    }

    #[test]
    fn equal_figures_tell_nothing() {
        let test = wilcoxon(&[0.0; 9]);
        assert_eq!((test.p_value, test.note.as_str()), (1.0, "nothing to rank, 9 of 9 speakers without a difference"));
        assert_eq!(wilcoxon(&[1.0; 8]).p_value, 2.0 / 256.0);
    }

    proptest! {
        #[test]
        fn the_exact_p_value_is_that_of_all_signs(steps in prop::collection::vec(-4_i32..=4, 1..11)) {
            let differences: Vec<f64> = steps.iter().map(|step| f64::from(*step) * 0.1).collect();
            let ranks = signed_ranks(&differences);
            let (smaller, total) = sums(&ranks);
            let as_small = (0..1_u32 << ranks.len()).filter(|signs| {
                let sum: usize = (0..ranks.len()).filter(|at| signs >> at & 1 == 1).map(|at| ranks[at].0).sum();
                sum.min(total - sum) <= smaller
            });
            let want = as_small.count() as f64 / f64::from(1_u32 << ranks.len());
            prop_assert!((wilcoxon(&differences).p_value - want).abs() < 1e-12);
        }

        #[test]
        fn swapping_the_models_changes_nothing(values in prop::collection::vec(-1.0_f64..1.0, 1..80)) {
            let swapped: Vec<f64> = values.iter().map(|value| -value).collect();
            prop_assert_eq!(wilcoxon(&values), wilcoxon(&swapped));
        }
    }
}
