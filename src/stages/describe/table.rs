use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::Serialize;

use crate::schema::{TableDef, published_tables};
use crate::storage::{Entry, Store};
use crate::table::{Outline, OutlineColumn, TableError, table_hash};

use super::super::StageError;

/// Columns of the first rows that are shown.
const SHOWN_COLUMNS: usize = 40;

/// A Parquet file, or a folder of such files that are parts of a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableDescription {
    /// Where it lies.
    pub place: String,
    /// Name and version of the table, `features/3`; null: it was not written by ser-etl.
    pub schema: Option<String>,
    /// What one row is, where it is a table of this version.
    pub description: Option<String>,
    /// Number of files.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Number of rows.
    pub rows: u64,
    /// Hash of the rows; null: not written by ser-etl, or in files whose hashes make no hash of the whole.
    pub content_hash: Option<String>,
    /// Hash of the parameters that determine the rows; null: not written by ser-etl.
    pub config_hash: Option<String>,
    /// Content hashes of the tables that it was made from.
    pub inputs: BTreeMap<String, String>,
    /// The columns, in order.
    pub columns: Vec<TableColumn>,
    /// The first rows of the first columns, as text; null is null.
    pub first_rows: Vec<Vec<Option<String>>>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableColumn {
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Number of nulls; null: the footers do not tell.
    pub nulls: Option<u64>,
    /// What it means, where the published schema says.
    pub description: Option<String>,
}

/// Describes the table in `files`.
pub(super) fn describe(
    place: &str,
    store: &dyn Store,
    files: &[Entry],
    rows: usize,
) -> Result<TableDescription, StageError> {
    let outlines = files.par_iter().map(|file| outline(store, file)).collect::<Result<Vec<_>, _>>()?;
    let Some(first) = outlines.first() else {
        let problem = "holds no Parquet files".to_owned();
        return Err(StageError::Indescribable { place: place.to_owned(), problem });
    };
    if let Some(other) = outlines.iter().position(|other| !is_same_table(first, other)) {
        let (one, other) = (&files[0].path, &files[other].path);
        let problem = format!("holds files of different tables, such as `{one}` and `{other}`; name one file");
        return Err(StageError::Indescribable { place: place.to_owned(), problem });
    }
    Ok(TableDescription {
        place: place.to_owned(),
        schema: first.footer.as_ref().map(|footer| footer.schema.clone()),
        description: definition(first).map(|table| table.description.to_owned()),
        files: files.len(),
        bytes: files.iter().map(|file| file.bytes).sum(),
        rows: outlines.iter().map(|outline| outline.rows).fold(0, u64::saturating_add),
        content_hash: content_hash(&outlines),
        config_hash: first.footer.as_ref().map(|footer| footer.config_hash.clone()),
        inputs: first.footer.as_ref().map(|footer| footer.inputs.clone()).unwrap_or_default(),
        columns: columns(&outlines),
        first_rows: first_rows(store, files, &outlines, rows)?,
    })
}

/// The first rows of a table, whose first files may have few.
fn first_rows(
    store: &dyn Store,
    files: &[Entry],
    outlines: &[Outline],
    rows: usize,
) -> Result<Vec<Vec<Option<String>>>, StageError> {
    let mut found = Vec::new();
    for (file, outline) in files.iter().zip(outlines) {
        if found.len() >= rows {
            break;
        }
        let get = |range| Ok::<_, StageError>(store.get_range(&file.path, range)?);
        found.extend(of_any_file(store, file, outline.first_rows(rows - found.len(), SHOWN_COLUMNS, get))?);
    }
    Ok(found)
}

/// What a file says of itself.
pub(super) fn outline(store: &dyn Store, file: &Entry) -> Result<Outline, StageError> {
    of_any_file(
        store,
        file,
        Outline::open(file.bytes, |range| Ok::<_, StageError>(store.get_range(&file.path, range)?)),
    )
}

/// An error with the file that it is about, which may be one of others: nobody here can write it again.
fn of_any_file<T>(store: &dyn Store, file: &Entry, read: Result<T, StageError>) -> Result<T, StageError> {
    read.map_err(|error| match error {
        StageError::Table(TableError::Unreadable { reason, .. }) => {
            let problem = format!("cannot be read as Parquet: {reason}");
            StageError::Indescribable { place: place_of(store, file), problem }
        }
        error => error,
    })
}

fn place_of(store: &dyn Store, file: &Entry) -> String {
    format!("{}/{}", store.root().trim_end_matches('/'), file.path)
}

/// Whether both are parts of one table.
fn is_same_table(one: &Outline, other: &Outline) -> bool {
    let schema = |outline: &Outline| outline.footer.as_ref().map(|footer| footer.schema.clone());
    let is_same = |(one, other): (&OutlineColumn, &OutlineColumn)| (&one.name, &one.kind) == (&other.name, &other.kind);
    schema(one) == schema(other)
        && one.columns.len() == other.columns.len()
        && one.columns.iter().zip(&other.columns).all(is_same)
}

/// The published definition of a table, where the file is of its version.
fn definition(outline: &Outline) -> Option<TableDef> {
    let schema = &outline.footer.as_ref()?.schema;
    published_tables().into_iter().find(|table| format!("{}/{}", table.name, table.version) == *schema)
}

/// The hash of one file, or that of the whole whose parts have the hashes of their rows.
fn content_hash(outlines: &[Outline]) -> Option<String> {
    let footers = outlines.iter().map(|outline| outline.footer.as_ref()).collect::<Option<Vec<_>>>()?;
    let first = *footers.first()?;
    if footers.len() == 1 {
        return Some(first.content_hash.clone());
    }
    let has_hashes =
        outlines.iter().zip(&footers).all(|(outline, footer)| footer.row_hashes.len() as u64 == outline.rows);
    let columns = [first.schema.as_str(), first.config_hash.as_str()];
    let rows = footers.iter().flat_map(|footer| footer.row_hashes.iter().copied());
    has_hashes.then(|| table_hash(name_of(&first.schema), columns.into_iter(), rows))
}

/// `features/3` -> `features`
fn name_of(schema: &str) -> &str {
    schema.split_once('/').map_or(schema, |(name, _)| name)
}

/// The columns of a table that lies in some files.
pub(super) fn columns(outlines: &[Outline]) -> Vec<TableColumn> {
    let definition = outlines.first().and_then(definition);
    let described = |name: &str| {
        let column = definition.as_ref()?.columns.iter().find(|column| column.name == name)?;
        Some(column.description.to_owned())
    };
    let nulls = |position: usize| outlines.iter().map(|outline| outline.columns[position].nulls).sum();
    let columns = outlines.first().map(|first| first.columns.as_slice()).unwrap_or_default().iter().enumerate();
    columns
        .map(|(position, column)| TableColumn {
            name: column.name.clone(),
            kind: column.kind.clone(),
            nulls: nulls(position),
            description: described(&column.name),
        })
        .collect()
}
