//! What kind of file a table is, told by its first bytes and its name.

use super::delimited::line_ends;

/// First bytes of files that are no table of text, and what to do about them.
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

/// Whether a table is Parquet, which another room reads.
pub fn is_parquet(bytes: &[u8], path: &str) -> bool {
    bytes.starts_with(b"PAR1") || (is_named_parquet(path) && described(bytes).is_none())
}

/// Whether a file has a name that Parquet files have.
pub fn is_named_parquet(path: &str) -> bool {
    has_extension(path, &["parquet", "parq", "pq"])
}

/// Whether a file has a name that tables with tabs between cells have.
pub fn is_named_tabs(path: &str) -> bool {
    has_extension(path, &["tsv", "tab"])
}

fn has_extension(path: &str, wanted: &[&str]) -> bool {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let extension = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map(|(_, extension)| extension);
    extension.is_some_and(|found| wanted.iter().any(|wanted| found.eq_ignore_ascii_case(wanted)))
}

/// The text of a table, without the mark of its byte order.
///
/// # Errors
/// What is wrong, with the line: not UTF-8; a file of another kind, with its name.
pub fn decode(bytes: &[u8]) -> Result<&str, String> {
    if let Some(other) = described(bytes) {
        return Err(format!("the file {other}"));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err("line 1: the text is UTF-16; save it as UTF-8".to_owned());
    }
    // A tool that adds the mark does not look whether there is one.
    Ok(decode_on(bytes, 1)?.trim_start_matches('\u{feff}'))
}

/// The text of a part of a table, which begins in line `first`.
///
/// # Errors
/// What is wrong, with the line: not UTF-8.
pub fn decode_on(bytes: &[u8], first: usize) -> Result<&str, String> {
    let line = |at: usize| first + line_ends(&String::from_utf8_lossy(&bytes[..at]));
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        let line = line(at);
        return Err(format!("line {line}: a NUL character: the text is UTF-16, or damaged; save it as UTF-8"));
    }
    std::str::from_utf8(bytes).map_err(|cause| {
        let line = line(cause.valid_up_to());
        format!("line {line}: not UTF-8; save it as UTF-8 (a Parquet table ends in .parquet)")
    })
}

/// How many of the bytes are whole characters: the last one may go on behind them.
pub fn whole_characters(bytes: &[u8]) -> usize {
    let begins = |at: &usize| bytes[*at] & 0xc0 != 0x80;
    match (bytes.len().saturating_sub(3)..bytes.len()).rev().find(begins) {
        Some(last) if bytes[last].leading_ones() as usize > bytes.len() - last => last,
        _ => bytes.len(),
    }
}

fn described(bytes: &[u8]) -> Option<&'static str> {
    OTHERS.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, words)| *words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_is_not_cut() {
        let text = "aü€🎻".as_bytes();
        let wholes = (0..=text.len()).map(|end| whole_characters(&text[..end])).collect::<Vec<_>>();
        assert_eq!(wholes, [0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10]);
        assert_eq!(decode_on(b"a\nb\xff", 7), Err(decode(b"1\n2\n3\n4\n5\n6\na\nb\xff").expect_err("no UTF-8")));
    }
}
