//! What a finished or unfinished run holds, and what a table holds, for people and for programs. Reads records, footers and
//! small tables only.

mod place;
mod run;
mod table;

use serde::Serialize;

use crate::storage::Storage;

use super::StageError;

pub use run::{ModelDescription, RunDescription, StageDescription, StageState, TableLine, tables_of};
pub use table::{TableColumn, TableDescription};

use place::Place;

/// What lies at a place.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Described {
    /// The output of a run, or of `ser predict`.
    Run(RunDescription),
    /// A Parquet file, or a folder of such files that are parts of a table.
    Table(TableDescription),
}

/// Describes the run or table at `place`, with up to `rows` first rows of a table.
///
/// # Errors
/// Nothing is there, or it is neither a run nor a table; storage fails.
pub fn describe(place: &str, storage: &Storage, rows: usize) -> Result<Described, StageError> {
    match Place::find(place, storage)? {
        Place::Run(out) => Ok(Described::Run(run::describe(out.as_ref())?)),
        Place::Table { store, files } => Ok(Described::Table(table::describe(place, store.as_ref(), &files, rows)?)),
    }
}
