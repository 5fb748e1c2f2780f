//! Confusion matrices, metrics, intervals and tests: pure functions over predicted and true classes and their
//! probabilities, in f64.
//!
//! [`Tally`] counts outcomes; its methods turn the counts into rows of the tables of figures. [`gaps`] and
//! [`seed_spreads`] read more out of those rows.

mod bootstrap;
mod calibration;
mod comparisons;
mod confused;
mod confusion;
mod error;
mod gaps;
mod holm;
mod losses;
mod margins;
mod measure;
mod metrics;
mod permutation;
mod pool;
mod quantile;
mod seeds;
mod sums;
mod tally;
mod wilcoxon;

pub use bootstrap::{CONFIDENCE, MIN_CLUSTERS, Resampling};
pub use comparisons::SAME_PREDICTIONS;
pub use confusion::Confusion;
pub use error::EvalError;
pub use gaps::{Gap, gaps};
pub use losses::{BINS, Bin, Losses, SMALLEST_PROBABILITY};
pub use margins::Margins;
pub use measure::Measure;
pub use quantile::quantile;
pub use seeds::{SeedSpread, seed_spreads};
pub use sums::Sums;
pub use tally::{Outcome, Tally};

#[cfg(test)]
mod fixture;
