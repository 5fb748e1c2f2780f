//! The pipeline file: TOML and overrides -> raw structs -> checked parameters. Unknown keys are refused.

mod audio;
mod corpus;
mod error;
mod evaluate;
mod features;
mod normalize;
mod split;
mod train;

pub use error::ConfigError;
pub use features::{
    Delta, Descriptor, FeatureSetParams, Features, Frame, FrameParams, Functional, Group, LogMel, LogMelParams, Mfcc,
    MfccParams, MfccPreset, Pitch, PitchParams, UserSet, Window,
};
