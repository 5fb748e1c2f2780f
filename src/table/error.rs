use std::panic::{AssertUnwindSafe, catch_unwind};

/// Why a Parquet file is not the table it should be.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// Not a Parquet file, or a damaged one.
    #[error("table `{table}` cannot be read: {reason}; remove the file and run the stage that writes it again")]
    Unreadable {
        /// The table that was wanted.
        table: String,
        /// What the reader said.
        reason: String,
    },
    /// A table, but another one or another version.
    #[error("table `{table}`: the file holds `{found}`, wanted `{wanted}`; run the stage that writes it again")]
    WrongSchema {
        /// The table that was wanted.
        table: String,
        /// Name and version in the file.
        found: String,
        /// Name and version that this program reads.
        wanted: String,
    },
    /// A column is missing, has another type, or holds an illegal null.
    #[error("table `{table}`, column `{column}`: {problem}")]
    WrongColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Rows out of order or with the same key: a bug of the writer's.
    #[error("table `{table}`: row {row} ({key}) does not come after the row before it")]
    Unsorted {
        /// The table.
        table: String,
        /// Row number, from 0.
        row: usize,
        /// Its key.
        key: String,
    },
    /// The Parquet writer failed.
    #[error("table `{table}` cannot be written: {reason}")]
    Unwritable {
        /// The table.
        table: String,
        /// What the writer said.
        reason: String,
    },
}

/// The Parquet reader takes some of what a footer says for granted, and panics where a damaged one breaks it.
pub(super) fn guarded<T, E: From<TableError>>(table: &str, read: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
        let reason = "its footer contradicts its content".to_owned();
        Err(TableError::Unreadable { table: table.to_owned(), reason }.into())
    })
}
