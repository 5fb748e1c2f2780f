//! Joins, splits, leakage, normalization, matrices. The only user of Polars.
//!
//! Polars reads, sorts, joins and counts; whatever adds floating-point numbers is a plain loop in row order, since the
//! order of a query engine's reductions is its own business, and the same input must give the same bytes.

mod assign;
mod augmented;
mod balance;
mod checks;
mod columns;
mod error;
mod examples;
mod features;
mod keys;
mod leakage;
mod normalize;
mod scaler;
mod split;
#[cfg(test)]
mod testing;
mod units;

pub use assign::{Assignment, WHOLE, assign, inner_folds, whole};
pub use columns::ColumnPatterns;
pub use error::DatasetError;
pub use examples::{Examples, Rows, Sides, classes, normalized};
pub use features::Features;
pub use keys::Keys;
pub use leakage::{leakage, violations};
pub use normalize::{Export, Method, Normalize, NormalizeParams, Scope};
pub use scaler::{ALL, MIN_UTTERANCES, Scaler, Scaling, check_speakers};
pub use split::{Scheme, Split, SplitParams};

use crate::schema::SplitRow;

/// The rows of each fold of a splits table, which is sorted by fold.
pub fn folds(rows: &[SplitRow]) -> impl Iterator<Item = &[SplitRow]> {
    rows.chunk_by(|a, b| a.scheme == b.scheme && a.fold == b.fold)
}
