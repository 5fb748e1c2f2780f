//! Splits, leakage, normalization, labelled rows. The only user of Polars.
//!
//! Polars sorts, filters, counts and finds what is unique or repeated, always in a stated order. It is built without its
//! engine of expressions, and so without joins: an utterance is found by its place among the sorted ids. Whatever adds
//! floating-point numbers is a plain loop in row order, since the order of a library's reductions is its own business,
//! and the same input must give the same bytes.

mod assign;
mod augmented;
mod balance;
mod checks;
mod error;
mod examples;
mod features;
mod fold;
mod keys;
mod leakage;
mod normalize;
mod scaler;
mod split;
#[cfg(test)]
mod testing;
mod units;

pub use assign::{Assignment, Frozen, assign, assign_given, inner_folds, whole};
pub use error::DatasetError;
pub use examples::{Examples, Rows, Sides, TrainRows, check_train_rows, classes, normalized};
pub use features::{Features, FeaturesBuilder};
pub use fold::{Fold, FoldReader};
pub use keys::{Keys, KeysBuilder};
pub use leakage::{leakage, violations};
pub use normalize::{Export, Method, NormalizeParams, NormalizeSection, Scope};
pub use scaler::{ALL, MIN_UTTERANCES, Scaler, Scaling, Scalings, check_speakers};
pub use split::{Scheme, SplitParams, SplitSection};
