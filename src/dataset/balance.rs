//! Filling sides with units so that each side gets its share of every class.

use super::units::Unit;
use super::{DatasetError, Keys};
use std::collections::BTreeMap;

/// Above this many units a swap is not tried: pairs grow with the square, and many small units balance without.
const MAX_SWAP_UNITS: usize = 2000;
/// Rounds of improvement; they end by themselves much earlier.
const MAX_ROUNDS: usize = 50;
/// What a share of a whole number may be off by rounding.
const ROUNDING: f64 = 1e-9;
/// A gain below this part of a unit's own weight is not worth a change: without it, one more row in one group would
/// send other groups to other sides.
const LEAST_GAIN: f64 = 0.05;

/// What stratification looks at, a cell a row of the table.
#[derive(Debug)]
pub(super) struct Strata {
    /// The combination of the values of all columns: small numbers in the order of the values.
    combined: Vec<u32>,
    /// The number of each value of each column, numbered through; 0 is the level that every row has.
    levels: Vec<Vec<u32>>,
    /// How many levels there are.
    count: usize,
}

impl Strata {
    /// Numbers the values of the columns; a missing value is a value of its own.
    ///
    /// # Errors
    /// An unknown column.
    pub(super) fn new(keys: &Keys, columns: &[String]) -> Result<Self, DatasetError> {
        let mut combined = vec![0; keys.len()];
        let (mut levels, mut count) = (Vec::new(), 1);
        for column in columns {
            let numbers = numbered(keys.named("split.stratify_by", column)?.into_iter());
            combined = numbered(combined.into_iter().zip(numbers.iter().copied()));
            let next = count + numbers.iter().max().map_or(0, |last| last + 1);
            levels.push(numbers.into_iter().map(|number| count + number).collect());
            count = next;
        }
        Ok(Self { combined, levels, count: count as usize })
    }

    /// How many rows of `unit` each level has.
    fn counts(&self, unit: &Unit) -> Vec<f64> {
        let mut counts = vec![0.0; self.count];
        counts[0] = unit.rows.len() as f64;
        for level in self.levels.iter().flat_map(|levels| unit.rows.iter().map(|row| levels[*row])) {
            counts[level as usize] += 1.0;
        }
        counts
    }
}

/// The rank of each cell among the different ones.
fn numbered<T: Ord + Copy>(cells: impl Iterator<Item = T> + Clone) -> Vec<u32> {
    let mut ranks: BTreeMap<T, u32> = cells.clone().map(|cell| (cell, 0)).collect();
    (0..).zip(ranks.values_mut()).for_each(|(rank, slot)| *slot = rank);
    cells.map(|cell| ranks[&cell]).collect()
}

/// Sides for small units (an utterance, seldom two): in each stratum the units in seeded order fill side after side.
///
/// Each side gets its share of each stratum to within one utterance (units of several: to within half a unit more), and
/// what one stratum rounds away the next ones make up for. A new row moves at most the units next to the borders of its
/// own stratum and of those after it.
/// `units` are in seeded order; `shares` sum to 1. Returns a side for each unit.
pub(super) fn by_quota(units: &[Unit], strata: &Strata, shares: &[f64]) -> Vec<usize> {
    let mut sides = vec![0; units.len()];
    let mut filled = vec![0.0; shares.len()];
    let mut seen = 0.0;
    for members in strata_of(units, strata) {
        let size: usize = members.iter().map(|at| units[*at].rows.len()).sum();
        seen += size as f64;
        let quotas = quotas(shares, size, seen, &filled);
        let mut done = 0.0;
        for at in members {
            let weight = units[at].rows.len() as f64;
            let side = side_at(&quotas, done + weight / 2.0);
            sides[at] = side;
            filled[side] += weight;
            done += weight;
        }
    }
    sides
}

/// Units by stratum, that of their first row.
fn strata_of(units: &[Unit], strata: &Strata) -> impl Iterator<Item = Vec<usize>> {
    let mut members: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (at, unit) in units.iter().enumerate() {
        members.entry(strata.combined[unit.rows[0]]).or_default().push(at);
    }
    members.into_values()
}

/// How many of a stratum's `size` utterances go to each side: the whole part of its share, and one more for the sides
/// that lag most, `seen` utterances of this and earlier strata considered.
fn quotas(shares: &[f64], size: usize, seen: f64, filled: &[f64]) -> Vec<f64> {
    let mut quotas: Vec<f64> = shares.iter().map(|share| (share * size as f64 + ROUNDING).floor()).collect();
    let left = size - (quotas.iter().sum::<f64>() as usize).min(size);
    let mut sides: Vec<usize> = (0..shares.len()).collect();
    let lag: Vec<f64> = sides.iter().map(|side| shares[*side] * seen - filled[*side] - quotas[*side]).collect();
    sides.sort_by(|a, b| lag[*b].total_cmp(&lag[*a]));
    sides.into_iter().take(left).for_each(|side| quotas[side] += 1.0);
    quotas
}

fn side_at(quotas: &[f64], position: f64) -> usize {
    let mut end = 0.0;
    let within = quotas.iter().position(|quota| {
        end += quota;
        position <= end
    });
    within.unwrap_or(quotas.len() - 1)
}

/// The first candidate that no other undercuts by more than `slack`.
fn first_least(candidates: impl Iterator<Item = usize>, slack: f64, cost: impl Fn(usize) -> f64) -> usize {
    let mut best = (0, f64::INFINITY);
    for candidate in candidates {
        let cost = cost(candidate);
        if cost < best.1 - slack {
            best = (candidate, cost);
        }
    }
    best.0
}

/// Sides for large units (a speaker, a session): greedy in seeded order, as scikit-learn's StratifiedGroupKFold, then
/// moves and swaps while they help notably (see [`LEAST_GAIN`]).
///
/// What is minimised is the chi-square distance between the counts of each level on each side and their shares, with
/// one level that all rows have, so that sizes count as much as all values of a column. No side stays empty.
/// `units` are in seeded order, at least as many as sides; `shares` are above 0 and sum to 1. Returns a side for each
/// unit.
pub(super) fn by_balance(units: &[Unit], strata: &Strata, shares: &[f64]) -> Vec<usize> {
    let counts: Vec<Vec<f64>> = units.iter().map(|unit| strata.counts(unit)).collect();
    let mut state = Balance::new(counts, strata.count, shares);
    for unit in 0..units.len() {
        state.place(unit, units.len() - unit);
    }
    for _ in 0..MAX_ROUNDS {
        if !state.improve() {
            break;
        }
    }
    state.side_of
}

/// Counts against their targets while units are put on sides.
struct Balance {
    /// Rows of each unit on each level: units x levels.
    counts: Vec<Vec<f64>>,
    /// Rows on each level.
    totals: Vec<f64>,
    /// Rows above target, per side and level.
    excess: Vec<Vec<f64>>,
    /// Units per side.
    members: Vec<usize>,
    /// Side of each unit placed so far.
    side_of: Vec<usize>,
}

impl Balance {
    fn new(counts: Vec<Vec<f64>>, levels: usize, shares: &[f64]) -> Self {
        let mut totals = vec![0.0; levels];
        for unit in &counts {
            add(&mut totals, unit, 1.0);
        }
        let excess = shares.iter().map(|share| totals.iter().map(|total| -share * total).collect()).collect();
        Self { counts, totals, excess, members: vec![0; shares.len()], side_of: Vec::new() }
    }

    /// Puts the next unit where it costs least; on an empty side once no more than those can be filled.
    fn place(&mut self, unit: usize, units_left: usize) {
        let empty: Vec<usize> = (0..self.members.len()).filter(|side| self.members[*side] == 0).collect();
        let candidates = if units_left <= empty.len() { empty } else { (0..self.members.len()).collect() };
        let side =
            first_least(candidates.into_iter(), self.slack(unit), |side| self.cost(side, &self.counts[unit], 1.0));
        add(&mut self.excess[side], &self.counts[unit], 1.0);
        self.members[side] += 1;
        self.side_of.push(side);
    }

    /// Change of the distance when `change` times `sign` is added to a side: sum over levels of
    /// ((excess + change)^2 - excess^2) / total.
    fn cost(&self, side: usize, change: &[f64], sign: f64) -> f64 {
        let levels = self.excess[side].iter().zip(change).zip(&self.totals);
        let filled = levels.filter(|(_, total)| **total > 0.0);
        filled.map(|((excess, change), total)| change * (2.0 * sign * excess + change) / total).sum()
    }

    /// The gain below which the unit stays where it is: sum over levels of count^2 / total, times [`LEAST_GAIN`].
    fn slack(&self, unit: usize) -> f64 {
        let levels = self.counts[unit].iter().zip(&self.totals).filter(|(_, total)| **total > 0.0);
        LEAST_GAIN * levels.map(|(count, total)| count * count / total).sum::<f64>()
    }

    /// One round of moves and swaps; whether any was made.
    fn improve(&mut self) -> bool {
        let mut any = false;
        for unit in 0..self.counts.len() {
            any |= self.try_move(unit);
            if self.counts.len() <= MAX_SWAP_UNITS {
                for other in unit + 1..self.counts.len() {
                    any |= self.try_swap(unit, other);
                }
            }
        }
        any
    }

    fn try_move(&mut self, unit: usize) -> bool {
        let from = self.side_of[unit];
        if self.members[from] == 1 {
            return false;
        }
        let leave = self.cost(from, &self.counts[unit], -1.0);
        let others = (0..self.members.len()).filter(|side| *side != from);
        let to = first_least(others, 0.0, |side| self.cost(side, &self.counts[unit], 1.0));
        if leave + self.cost(to, &self.counts[unit], 1.0) >= -self.slack(unit) {
            return false;
        }
        self.shift(unit, from, to);
        true
    }

    fn try_swap(&mut self, a: usize, b: usize) -> bool {
        let (from, to) = (self.side_of[a], self.side_of[b]);
        if from == to {
            return false;
        }
        let change: Vec<f64> = self.counts[a].iter().zip(&self.counts[b]).map(|(a, b)| a - b).collect();
        if self.cost(from, &change, -1.0) + self.cost(to, &change, 1.0) >= -self.slack(a).max(self.slack(b)) {
            return false;
        }
        self.shift(a, from, to);
        self.shift(b, to, from);
        true
    }

    fn shift(&mut self, unit: usize, from: usize, to: usize) {
        add(&mut self.excess[from], &self.counts[unit], -1.0);
        add(&mut self.excess[to], &self.counts[unit], 1.0);
        self.members[from] -= 1;
        self.members[to] += 1;
        self.side_of[unit] = to;
    }
}

fn add(to: &mut [f64], counts: &[f64], sign: f64) {
    for (to, count) in to.iter_mut().zip(counts) {
        *to += sign * count;
    }
}

#[cfg(test)]
mod tests;
