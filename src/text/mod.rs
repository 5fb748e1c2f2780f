//! Tables that are text: what kind of file they are, their cells, and which cells hold nothing. Pure: no disk.

mod delimited;
mod kind;
mod missing;

pub use delimited::{Delimited, Record, line_ends, separator_words, split_line};
pub use kind::{decode, decode_on, is_named_parquet, is_named_tabs, is_parquet, whole_characters};
pub use missing::is_missing;
