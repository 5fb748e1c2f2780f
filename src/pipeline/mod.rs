//! The pipeline file: the sections of all rooms, put together. TOML and overrides -> raw structs -> checked parameters.
//! Unknown keys are refused.

mod checks;
mod extract;
mod file;
mod overrides;
mod tables;

pub use checks::ChecksSection;
pub use extract::ExtractSection;
pub use file::{Parameters, Pipeline, TaskKind, json_schema};
pub use tables::TablesSection;

/// A saved model that says where its features come from.
pub type SavedModel = crate::model::SavedModel<crate::features::Provenance>;
