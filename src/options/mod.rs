//! What every section of the pipeline file is read and checked with: one error, one wording of range checks, unknown keys,
//! hashes of parameters. A room keeps its section beside the code that the section configures.

mod checks;
mod error;
mod hash;
mod keys;
mod patterns;
pub mod read;

pub use checks::{between, not_negative, positive, require, share, used};
pub use error::ConfigError;
pub use hash::{config_hash, hash_number};
pub use keys::{check_keys, nearest};
pub use patterns::ColumnPatterns;
