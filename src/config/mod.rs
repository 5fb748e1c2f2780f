//! The pipeline file: TOML and overrides -> raw structs -> checked parameters. Unknown keys are refused.

mod audio;
mod augment;
mod corpus;
mod error;
mod evaluate;
mod extract;
mod features;
mod fusion;
mod hash;
mod keys;
mod normalize;
mod overrides;
mod pipeline;
mod read;
mod recipe;
mod split;
mod storage;
pub mod train;
mod tune;

pub use audio::Audio;
pub use augment::{Augment, Transform};
pub use corpus::{Corpus, ManifestColumns, Origin, Preset, usual_extensions};
pub use error::ConfigError;
pub use evaluate::Evaluate;
pub use extract::Extract;
pub use features::{
    Delta, Descriptor, Edges, FeatureSetParams, Features, Frame, FrameParams, Functional, Group, LogMel, LogMelParams,
    MelPreset, Mfcc, MfccParams, Pitch, PitchParams, Selection, UserSet, Window,
};
pub use fusion::{Fusion, FusionMethod, FusionParams};
pub use hash::{config_hash, hash_number};
pub use keys::nearest;
pub use normalize::{Export, Method, Normalize, NormalizeParams, Scope};
pub use pipeline::{FUSION, Parameters, Pipeline, SELECTED, json_schema};
pub use recipe::Recipe;
pub use split::{Scheme, Split, SplitParams};
pub use storage::{S3, Storage};
pub use train::{ModelKind, ModelSpec, Train};
pub use tune::{Candidate, ColumnPatterns, Search, Tune, TuneMetric, TuneParams, View};
