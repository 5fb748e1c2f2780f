//! Typed Parquet read and write: the schema is checked at both ends and the footer says what a table was made of.
//! The only user of `arrow` and `parquet`.

mod convert;
mod error;
mod fetched;
mod footer;
mod hash;
mod manifest;
mod numbers;
mod outline;
mod read;
mod thrift;
mod write;

use error::guarded;

pub use error::TableError;
pub use footer::{Footer, read_footer};
pub use hash::{ContentHash, RowHash, row_hashes, table_hash};
pub use manifest::{TextTable, read_text_columns};
pub use numbers::{NumbersFile, Piece};
pub use outline::{Outline, OutlineColumn};
pub use read::{Batches, RowsFile, append, check_columns, column_names, read, read_keys};
pub use write::{Block, Writer, write, write_in_groups};

#[cfg(test)]
mod tests;
