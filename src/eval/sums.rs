use super::{Losses, Margins};

/// All that the figures of a set of rows are computed from. Sums add up over sets of rows, and are few numbers, which
/// is what makes thousands of resamples cheap.
#[derive(Debug, Clone, PartialEq)]
pub struct Sums {
    /// What was recognized.
    pub margins: Margins,
    /// How good the probabilities were.
    pub losses: Losses,
}

impl Sums {
    /// The sums of no rows.
    pub fn new(classes: usize) -> Self {
        Self { margins: Margins::new(classes), losses: Losses::new(classes) }
    }

    /// Adds `weight` times `other`, which has as many classes.
    pub fn add_weighted(&mut self, other: &Self, weight: u64) {
        self.margins.add_weighted(&other.margins, weight);
        self.losses.add_weighted(&other.losses, weight);
    }

    /// Sets every number to zero.
    pub fn clear(&mut self) {
        self.margins.clear();
        self.losses.clear();
    }
}
