//! CSV and TSV text -> rows.

use super::error::CorpusError;
use super::manifest::ManifestTable;
use super::paths::extension;

/// Reads a manifest from delimited text: tabs where `manifest` (its path or address) ends in `.tsv` or `.tab`, commas
/// else. UTF-8, with or without a byte order mark. The first line is the header; a column without a name is called
/// `column_<number>`. Spaces around a cell are not part of it, an empty cell is null, blank lines do not count.
///
/// # Errors
/// [`CorpusError::Manifest`] with the line: not UTF-8, no header, no rows, two columns of one name, a row of another
/// length.
pub fn parse_delimited(bytes: &[u8], manifest: &str) -> Result<ManifestTable, CorpusError> {
    let text = decode(bytes).map_err(|problem| error(manifest, problem))?;
    let tabs = matches!(extension(manifest).as_deref(), Some("tsv" | "tab"));
    let mut reader = ::csv::ReaderBuilder::new()
        .delimiter(if tabs { b'\t' } else { b',' })
        .trim(::csv::Trim::All)
        .from_reader(text.as_bytes());
    let header = reader.headers().map_err(|cause| error(manifest, describe(&cause)))?;
    if header.iter().all(str::is_empty) {
        return Err(error(manifest, "line 1: the header is missing; the file is empty".to_owned()));
    }
    let columns = header.iter().enumerate().map(|(index, name)| column_name(index, name)).collect();
    let mut table = ManifestTable { columns, rows: Vec::new() };
    for record in reader.records() {
        let record = record.map_err(|cause| error(manifest, describe(&cause)))?;
        table.rows.push(record.iter().map(|cell| Some(cell.to_owned()).filter(|cell| !cell.is_empty())).collect());
    }
    table.check(manifest)?;
    Ok(table)
}

fn decode(bytes: &[u8]) -> Result<&str, String> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err("line 1: the text is UTF-16; save it as UTF-8".to_owned());
    }
    let text = std::str::from_utf8(bytes).map_err(|cause| {
        let line = 1 + bytes[..cause.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        format!("line {line}: not UTF-8; save it as UTF-8 (a Parquet manifest ends in .parquet)")
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn column_name(index: usize, name: &str) -> String {
    if name.is_empty() { format!("column_{}", index + 1) } else { name.to_owned() }
}

fn describe(cause: &::csv::Error) -> String {
    match cause.kind() {
        ::csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = pos.as_ref().map_or(0, ::csv::Position::line);
            format!(
                "line {line}: {len} cells where the header has {expected_len} columns; quote cells that contain the \
                 delimiter"
            )
        }
        _ => cause.to_string(),
    }
}

fn error(manifest: &str, problem: String) -> CorpusError {
    CorpusError::Manifest { manifest: manifest.to_owned(), problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(table: &ManifestTable) -> String {
        let row =
            |row: &Vec<Option<String>>| row.iter().map(|c| c.as_deref().unwrap_or("-")).collect::<Vec<_>>().join("|");
        let rows: Vec<String> = table.rows.iter().map(row).collect();
        format!("{}; {}", table.columns.join("|"), rows.join("; "))
    }

    #[test]
    fn sound_tables() {
        let cases: [(&str, &[u8], &str); 7] = [
            ("m.csv", b"a,b\n1,2\n", "a|b; 1|2"),
            ("m.csv", b"\xef\xbb\xbfa,b\r\n1,\r\n\r\n,2\r\n", "a|b; 1|-; -|2"),
            ("m.TSV", b"a\tb\n1,5\t2\n", "a|b; 1,5|2"),
            ("s3://x/m.tab", b"a\tb\n1\t2", "a|b; 1|2"),
            ("m.csv", b"a , b\n 1,\"x,\ny \"\n", "a|b; 1|x,\ny"),
            ("m.csv", b",b\n0,2\n", "column_1|b; 0|2"),
            ("manifest", "a\nü|\"\"\n".as_bytes(), "a; ü|\"\""),
        ];
        for (name, text, want) in cases {
            assert_eq!(cells(&parse_delimited(text, name).expect(want)), want, "{name}");
        }
    }

    #[test]
    fn unsound_tables_name_the_line() {
        let cases: [(&[u8], &str); 8] = [
            (b"", "line 1: the header is missing"),
            (b"\n\n", "line 1: the header is missing"),
            (b"a,b\n", "no rows"),
            (b"a,b\n1,2\n1,2,3\n", "line 3: 3 cells where the header has 2 columns"),
            (b"a,b\n1\n", "line 2: 1 cells"),
            (b"a,b,a\n1,2,3\n", "column \"a\" occurs twice"),
            (b"a,b\n1,\xff\n", "line 2: not UTF-8"),
            (b"\xff\xfea\0", "UTF-16"),
        ];
        for (text, want) in cases {
            let error = parse_delimited(text, "m.csv").expect_err(want).to_string();
            assert!(error.starts_with("manifest \"m.csv\": ") && error.contains(want), "{error}\nshould say {want}");
        }
    }
}
