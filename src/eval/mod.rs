//! Confusion matrices, metrics, intervals and tests: pure functions over predicted and true classes and their
//! probabilities, and over predicted and true numbers, in f64.
//!
//! [`Outcomes`] counts outcomes; its methods turn the counts into rows of the tables of figures. [`gaps`] and
//! [`seed_spreads`] read more out of those rows.

mod agreement;
mod bootstrap;
mod class_counts;
mod comparisons;
mod confusion;
mod drift;
mod error;
mod gaps;
mod losses;
mod measure;
mod metrics;
mod options;
mod outcomes;
mod permutation;
mod pool;
mod seeds;
mod wilcoxon;

pub use agreement::{Agreement, Agreements, Difference, Moments, Pair};
pub use bootstrap::{CONFIDENCE, MIN_CLUSTERS, Resampling, deviation, quantile};
pub use class_counts::ClassCounts;
pub use comparisons::SAME_PREDICTIONS;
pub use confusion::Confusion;
pub use drift::{DRIFT_BINS, deciles, drift_bin, stability_index};
pub use error::EvalError;
pub use gaps::{Gap, further_slices, gaps};
pub use losses::{BINS, Bin, Losses, SMALLEST_PROBABILITY};
pub use measure::{Measure, Sums};
pub use metrics::sort_metrics;
pub use options::{EvaluateSection, is_usual};
pub use outcomes::{Outcome, Outcomes};
pub use seeds::{SeedSpread, seed_spreads};

#[cfg(test)]
mod fixture;
