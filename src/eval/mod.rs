//! Confusion matrices, metrics, intervals and tests: pure functions over predicted and true classes, in f64.
//!
//! [`Tally`] counts outcomes; [`Tally::metrics`] and [`Tally::comparisons`] turn the counts into rows of the tables.

mod bootstrap;
mod comparisons;
mod confusion;
mod margins;
mod measure;
mod metrics;
mod permutation;
mod tally;

pub use bootstrap::{CONFIDENCE, MIN_CLUSTERS, Resampling};
pub use confusion::Confusion;
pub use margins::Margins;
pub use measure::Measure;
pub use tally::{EvalError, Outcome, Tally};
