//! The pipeline file: TOML and overrides -> raw structs -> checked parameters. Unknown keys are refused.

mod audio;
mod corpus;
mod error;
mod evaluate;
mod extract;
mod features;
mod hash;
mod keys;
mod normalize;
mod overrides;
mod pipeline;
mod split;
mod train;

pub use corpus::{Corpus, ManifestColumns, Origin, Preset};
pub use error::ConfigError;
pub use extract::Extract;
pub use hash::config_hash;
pub use pipeline::{Parameters, Pipeline, json_schema};
