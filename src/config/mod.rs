//! The pipeline file: TOML and overrides -> raw structs -> checked parameters. Unknown keys are refused.

mod audio;
mod corpus;
mod error;
mod evaluate;
mod features;
mod normalize;
mod split;
pub mod train;

pub use error::ConfigError;
pub use train::Train;
