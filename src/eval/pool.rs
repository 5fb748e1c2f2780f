use std::collections::BTreeMap;

use super::bootstrap::{Interval, intervals, obstacle};
use super::outcomes::Cells;
use super::{Measure, Resampling, Sums};

/// Rows of a slice's group, by speaker.
pub(super) struct Pool {
    pub total: Sums,
    /// Sums a speaker.
    pub speakers: BTreeMap<String, Sums>,
    /// Rows whose speaker is unknown.
    pub unnamed: u64,
}

impl Pool {
    pub(super) fn of(cells: &Cells, classes: usize) -> Self {
        let mut pool = Self { total: Sums::new(classes), speakers: BTreeMap::new(), unnamed: 0 };
        for (cell, count) in cells {
            let sums = count.sums();
            pool.total.add_weighted(&sums, 1);
            match &cell.speaker {
                Some(speaker) => {
                    let sum = pool.speakers.entry(speaker.clone()).or_insert_with(|| Sums::new(classes));
                    sum.add_weighted(&sums, 1);
                }
                None => pool.unnamed += sums.counts.total(),
            }
        }
        pool
    }

    /// Why speakers cannot be resampled; `speakers` is how many the figure rests on.
    pub(super) fn obstacle(&self, speakers: usize, resampling: Resampling) -> Option<String> {
        obstacle(resampling, self.unnamed, self.total.counts.total(), speakers)
    }

    /// The interval of each measure; none where speakers cannot be resampled.
    pub(super) fn intervals(&self, measures: &[Measure], resampling: Resampling) -> Vec<Option<Interval>> {
        match self.obstacle(self.speakers.len(), resampling) {
            Some(_) => vec![None; measures.len()],
            None => {
                let clusters: Vec<Sums> = self.speakers.values().cloned().collect();
                intervals(&clusters, measures, resampling)
            }
        }
    }
}
