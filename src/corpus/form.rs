//! Manifests that are text.

use super::ManifestTable;
use super::error::CorpusError;
use super::json::parse_json;
use super::paths::extension;
use crate::corpus::Corpus;
use crate::text::{Delimited, decode, is_named_tabs};

/// Reads a manifest that is text: JSON lines or an array of JSON objects where its name or its beginning says so, else
/// cells with a separator between them.
///
/// # Errors
/// [`CorpusError::Manifest`] with the line: not UTF-8, no header, no rows, two columns of one name, a row of another
/// length, a quotation mark that is not closed where it should be; a file of another kind, with its name.
pub fn parse_text(config: &Corpus, bytes: &[u8], manifest: &str) -> Result<ManifestTable, CorpusError> {
    let error = |problem| CorpusError::Manifest { manifest: manifest.to_owned(), problem };
    let text = decode(bytes).map_err(error)?;
    let is_json = matches!(extension(manifest).as_deref(), Some("json" | "jsonl" | "ndjson"))
        || text.trim_start().starts_with("{\"")
        || text.trim_start().starts_with("[{");
    let table = if is_json { parse_json(text) } else { read_cells(text, config.separator(), is_named_tabs(manifest)) };
    let table = table.map_err(error)?;
    table.check(manifest)?;
    Ok(table)
}

/// All rows of a table of cells; an empty cell is null.
fn read_cells(text: &str, separator: Option<char>, tabs: bool) -> Result<ManifestTable, String> {
    let mut cells = Delimited::open(text, separator, tabs)?;
    let mut table = ManifestTable::of_columns(cells.columns.clone());
    table.separator = Some(cells.separator);
    while let Some(row) = cells.row()? {
        table.lines.push(row.line);
        table.push(row.cells.iter().map(|cell| Some(cell.as_ref()).filter(|cell| !cell.is_empty())));
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::is_parquet;

    fn read(bytes: &[u8], manifest: &str) -> Result<ManifestTable, CorpusError> {
        let config = toml::from_str("name = 'c'\nsource = 'd'\nmanifest = 'm'").expect("sound TOML");
        parse_text(&config, bytes, manifest)
    }

    #[test]
    fn other_kinds_of_files_are_named() {
        let cases: [(&[u8], &str, &str); 12] = [
            (b"/annex/objects/MD5E-s9--0a.csv\n", "m.csv", "git annex get"),
            (b"outs:\n- md5: 0a\n  path: m.csv\n", "m.csv.dvc", "dvc pull"),
            (b"\x1f\x8b\x08\0", "m.csv.gz", "gunzip"),
            (b"PK\x03\x04", "m.xlsx", "Excel workbook"),
            (b"version https://git-lfs.github.com/spec/v1\n", "m.csv", "git lfs pull"),
            (b"version https://git-lfs.github.com/spec/v1\n", "m.parquet", "git lfs pull"),
            (b"<!DOCTYPE html>", "m.csv", "a web page"),
            (b"\xff\xfea\0", "m.csv", "UTF-16"),
            (b"a\0,\0b\0\n\0", "m.csv", "line 1: a NUL character: the text is UTF-16, or damaged"),
            (b"a,b\r\n1,2\r\n\0\0\0", "m.csv", "line 3: a NUL character"),
            (b"a,b\r\n1,2\r\n1,\xff\r\n", "m.csv", "line 3: not UTF-8"),
            (b"a,b\r1,2\r1,\xff\r", "m.csv", "line 3: not UTF-8"),
        ];
        for (bytes, name, want) in cases {
            assert!(!is_parquet(bytes, name), "{name}");
            let error = read(bytes, name).expect_err(want).to_string();
            assert!(error.contains(want), "{error}\nshould say {want}");
        }
        assert!(is_parquet(b"PAR1", "m") && is_parquet(b"??", "m.PARQUET") && !is_parquet(b"path,emotion", "m.csv"));
    }

    #[test]
    fn marks_of_the_byte_order_belong_to_no_name() {
        let table = read("\u{feff}\u{feff}\"speaker\",path\ns,a.wav\n".as_bytes(), "m.csv").expect("sound");
        assert_eq!(table.columns, ["speaker", "path"]);
    }

    #[test]
    fn json_is_known_by_name_and_by_its_beginning() {
        for (text, name) in
            [("{\"path\": \"a\"}\n", "m.csv"), ("{ \"path\": \"a\"}", "m.jsonl"), ("[{\"path\":\"a\"}]", "m")]
        {
            assert_eq!(read(text.as_bytes(), name).expect(text).columns, ["path"], "{name}");
        }
    }
}
