//! What kind of file a manifest is, told by its first bytes and its name.

use super::ManifestTable;
use super::csv::{line_ends, parse_delimited};
use super::error::CorpusError;
use super::json::parse_json;
use super::paths::extension;
use crate::corpus::Corpus;

/// First bytes of files that are no manifest, and what to do about them.
const OTHERS: [(&[u8], &str); 18] = [
    (b"\x1f\x8b", "is compressed with gzip; unpack it (`gunzip`)"),
    (b"\x28\xb5\x2f\xfd", "is compressed with zstd; unpack it (`unzstd`)"),
    (b"\xfd7zXZ", "is compressed with xz; unpack it (`unxz`)"),
    (b"BZh", "is compressed with bzip2; unpack it (`bunzip2`)"),
    (b"PK\x03\x04", "is an Excel workbook or another zip archive; save the sheet as `CSV UTF-8`, or unpack it"),
    (b"\xd0\xcf\x11\xe0", "is an Excel workbook; save the sheet as `CSV UTF-8`"),
    (b"ARROW1", "is an Arrow (Feather) file; write it as Parquet"),
    (b"Obj\x01", "is an Avro file; write it as Parquet"),
    (b"ORC\x08", "is an ORC file; write it as Parquet"),
    (b"\x89HDF", "is an HDF5 file; write it as Parquet"),
    (b"\x80\x03", "is a Python pickle; write it as CSV or Parquet"),
    (b"\x80\x04", "is a Python pickle; write it as CSV or Parquet"),
    (b"\x80\x05", "is a Python pickle; write it as CSV or Parquet"),
    (b"SQLite format 3", "is an SQLite database; write its table as CSV or Parquet"),
    (b"version https://git-lfs", "is a Git LFS pointer, not the file itself; run `git lfs pull`"),
    (b"/annex/objects/", "is a git-annex pointer, not the file itself; run `git annex get`"),
    (b"outs:\n", "is a DVC pointer, not the file itself; run `dvc pull` and name the file without .dvc"),
    (b"<!DOCTYPE", "is a web page; download the file itself"),
];

/// Whether a manifest is Parquet, which another room reads.
pub fn is_parquet(bytes: &[u8], manifest: &str) -> bool {
    bytes.starts_with(b"PAR1") || (is_named_parquet(manifest) && described(bytes).is_none())
}

/// Whether a file has a name that Parquet files have.
pub fn is_named_parquet(path: &str) -> bool {
    matches!(extension(path).as_deref(), Some("parquet" | "parq" | "pq"))
}

/// Reads a manifest that is text: JSON lines or an array of JSON objects where its name or its beginning says so, else
/// cells with a separator between them.
///
/// # Errors
/// [`CorpusError::Manifest`] with the line: not UTF-8, no header, no rows, two columns of one name, a row of another
/// length, a quotation mark that is not closed where it should be; a file of another kind, with its name.
pub fn parse_text(config: &Corpus, bytes: &[u8], manifest: &str) -> Result<ManifestTable, CorpusError> {
    let error = |problem| CorpusError::Manifest { manifest: manifest.to_owned(), problem };
    if let Some(other) = described(bytes) {
        return Err(error(format!("the file {other}")));
    }
    let text = decode(bytes).map_err(error)?;
    let is_json = matches!(extension(manifest).as_deref(), Some("json" | "jsonl" | "ndjson"))
        || text.trim_start().starts_with("{\"")
        || text.trim_start().starts_with("[{");
    let table = if is_json {
        parse_json(text)
    } else {
        let tabs = matches!(extension(manifest).as_deref(), Some("tsv" | "tab"));
        parse_delimited(text, config.separator(), tabs)
    };
    let table = table.map_err(error)?;
    table.check(manifest)?;
    Ok(table)
}

fn described(bytes: &[u8]) -> Option<&'static str> {
    OTHERS.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, words)| *words)
}

fn decode(bytes: &[u8]) -> Result<&str, String> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err("line 1: the text is UTF-16; save it as UTF-8".to_owned());
    }
    let line = |at: usize| 1 + line_ends(&String::from_utf8_lossy(&bytes[..at]));
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        let line = line(at);
        return Err(format!("line {line}: a NUL character: the text is UTF-16, or damaged; save it as UTF-8"));
    }
    let text = std::str::from_utf8(bytes).map_err(|cause| {
        let line = line(cause.valid_up_to());
        format!("line {line}: not UTF-8; save it as UTF-8 (a Parquet manifest ends in .parquet)")
    })?;
    // A tool that adds the mark does not look whether there is one.
    Ok(text.trim_start_matches('\u{feff}'))
}

#[cfg(test)]
mod tests {
    use super::*;

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
