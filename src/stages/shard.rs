//! Which of several workers does which share of the work.

use std::fmt;
use std::str::FromStr;

/// One of several shares: `3/16` is the third of sixteen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// From 1 to `of`.
    number: usize,
    of: usize,
}

/// Most shares.
const MOST: usize = 100_000;

impl Shard {
    /// The pieces of work that belong to this share, ascending; `weights` says how large each piece is. Every piece is
    /// in one share. The largest come first, each to the share that has the least so far (longest processing time first,
    /// Graham 1969), so no share has more than 4/3 of what the best deal would give its largest.
    pub fn members(self, weights: &[u64]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..weights.len()).collect();
        order.sort_by_key(|piece| std::cmp::Reverse(weights[*piece]));
        // A piece without weight counts all the same: a share of many would take long.
        let mut loads = vec![0u64; self.of];
        let mut members = Vec::new();
        for piece in order {
            let least = (0..self.of).min_by_key(|share| loads[*share]).unwrap_or(0);
            loads[least] = loads[least].saturating_add(weights[piece].max(1));
            members.extend((least + 1 == self.number).then_some(piece));
        }
        members.sort_unstable();
        members
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match numbers {
            Some((number, of)) if (1..=of).contains(&number) && of <= MOST => Ok(Self { number, of }),
            _ => Err(format!("wanted NUMBER/COUNT, from 1/16 to 16/16, and at most {MOST} shards")),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_piece_is_in_one_share_and_shares_are_even(
            weights in prop::collection::vec(0u64..1000, 0..60),
            of in 1usize..20,
        ) {
            let shares = (1..=of).map(|number| Shard { number, of }.members(&weights)).collect::<Vec<_>>();
            let mut all = shares.concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..weights.len()).collect::<Vec<_>>());
            let load = |share: &Vec<usize>| share.iter().map(|piece| weights[*piece].max(1)).sum::<u64>();
            let (most, sum) = (shares.iter().map(load).max().unwrap_or(0), shares.iter().map(load).sum::<u64>());
            let largest = weights.iter().map(|weight| (*weight).max(1)).max().unwrap_or(0);
            prop_assert!(most <= sum / of as u64 + largest, "{} of {} with {}", most, sum, largest);
        }
    }

    #[test]
    fn shards_are_read_as_they_are_written() {
        for text in ["1/1", "3/16", "16/16"] {
            assert_eq!(text.parse::<Shard>().map(|shard| shard.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "3", "0/4", "5/4", "1/0", "-1/4", "1/4/2", "a/b", "1/1000000"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}
