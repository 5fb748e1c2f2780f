//! A look at the Thrift structures of a Parquet file before the Parquet reader sees them.
//!
//! The reader skips what it does not know, and a list of booleans takes it no bytes an element: a footer of a hundred
//! bytes can name billions of them, which are then counted one by one.

use parquet::errors::{ParquetError, Result};
use parquet::file::FOOTER_SIZE;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::ChunkReader;

/// How deep structures may lie in one another, as in the Parquet reader.
const MOST_DEPTH: u8 = 64;

/// More rows than this in a byte of a file are none: every table has a key that differs from row to row.
pub(super) const MOST_ROWS_PER_BYTE: u64 = 16;

/// Field of a page header that holds how many bytes follow it.
const COMPRESSED_PAGE_SIZE: i64 = 3;

/// Refuses a footer that names more than its bytes can hold; `tail` is the end of a file. A tail that is too short to
/// hold the footer is left to the reader.
pub(super) fn check_footer(tail: &[u8]) -> Result<()> {
    let end = tail.len().saturating_sub(FOOTER_SIZE);
    let Some(length) = tail.get(end..end + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes) else {
        return Ok(());
    };
    let footer = end.checked_sub(length as usize).map(|start| &tail[start..end]);
    if footer.is_none_or(|footer| Walk { left: footer }.structure(MOST_DEPTH).is_some()) { Ok(()) } else { damaged() }
}

/// Refuses a file that claims more rows than it can hold, and page headers that name more than their bytes can hold, in
/// the columns at `positions`.
pub(super) fn check_pages(
    file: &impl ChunkReader,
    metadata: &ParquetMetaData,
    positions: impl Iterator<Item = usize> + Clone,
) -> Result<()> {
    let rows = metadata.row_groups().iter().map(|group| group.num_rows().unsigned_abs());
    if rows.fold(0, u64::saturating_add) > MOST_ROWS_PER_BYTE * file.len() {
        return damaged();
    }
    check_groups(file, metadata.row_groups().iter(), positions)
}

/// Refuses page headers that name more than their bytes can hold, in the columns at `positions` of some row groups.
pub(super) fn check_groups<'a>(
    file: &impl ChunkReader,
    groups: impl Iterator<Item = &'a RowGroupMetaData>,
    positions: impl Iterator<Item = usize> + Clone,
) -> Result<()> {
    for group in groups {
        for column in positions.clone().map(|position| group.column(position)) {
            let (start, length) = column.byte_range();
            let length = usize::try_from(length).map_err(|error| ParquetError::General(error.to_string()))?;
            let chunk = file.get_bytes(start, length)?;
            let mut left = &chunk[..];
            while !left.is_empty() {
                let (header, page) = page_lengths(left).map_or_else(damaged, Ok)?;
                left = left.get(header..).and_then(|left| left.get(page..)).map_or_else(damaged, Ok)?;
            }
        }
    }
    Ok(())
}

fn damaged<T>() -> Result<T> {
    Err(ParquetError::General("a structure names more than it can hold".to_owned()))
}

/// Bytes of the page header that `bytes` begin with, and of the page behind it; `None` where the header is damaged.
fn page_lengths(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut walk = Walk { left: bytes };
    let page = usize::try_from(walk.structure(MOST_DEPTH)?).ok()?;
    Some((bytes.len() - walk.left.len(), page))
}

/// What is still to be walked over.
struct Walk<'a> {
    left: &'a [u8],
}

impl Walk<'_> {
    /// Walks over a structure; the value of its field [`COMPRESSED_PAGE_SIZE`], 0 where it has none.
    fn structure(&mut self, depth: u8) -> Option<i64> {
        let depth = depth.checked_sub(1)?;
        let (mut field, mut found) = (0_i64, 0);
        loop {
            let header = self.byte()?;
            let (delta, kind) = (header >> 4, header & 0x0f);
            if kind == 0 {
                return Some(found);
            }
            field = if delta == 0 { zigzag(self.varint()?) } else { field.checked_add(i64::from(delta))? };
            match kind {
                // a boolean field is its type
                1 | 2 => {}
                4..=6 if field == COMPRESSED_PAGE_SIZE => found = zigzag(self.varint()?),
                _ => self.value(kind, depth)?,
            }
        }
    }

    /// Walks over a value that is no field: an element of a list, set or map.
    fn value(&mut self, kind: u8, depth: u8) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            // Parquet has no lists of booleans where readers look.
            1 | 2 => None,
            3 => self.byte().map(|_| ()),
            4..=6 => self.varint().map(|_| ()),
            7 => self.skip(8),
            8 => {
                let bytes = usize::try_from(self.varint()?).ok()?;
                self.skip(bytes)
            }
            9 | 10 => {
                let header = self.byte()?;
                let count = if header >> 4 == 15 { self.varint()? } else { u64::from(header >> 4) };
                self.elements(count, &[header & 0x0f], depth)
            }
            11 => match self.varint()? {
                0 => Some(()),
                count => {
                    let kinds = self.byte()?;
                    self.elements(count, &[kinds >> 4, kinds & 0x0f], depth)
                }
            },
            12 => self.structure(depth).map(|_| ()),
            _ => None,
        }
    }

    /// Walks over `count` elements of the given kinds, each of which takes at least a byte.
    fn elements(&mut self, count: u64, kinds: &[u8], depth: u8) -> Option<()> {
        if count > self.left.len() as u64 {
            return None;
        }
        (0..count).try_for_each(|_| kinds.iter().try_for_each(|kind| self.value(*kind, depth)))
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn byte(&mut self) -> Option<u8> {
        let (byte, left) = self.left.split_first()?;
        self.left = left;
        Some(*byte)
    }

    fn skip(&mut self, bytes: usize) -> Option<()> {
        self.left = self.left.get(bytes..)?;
        Some(())
    }
}

fn zigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_sound(structure: &[u8]) -> bool {
        let length = (structure.len() as u32).to_le_bytes();
        check_footer(&[structure, &length, b"PAR1"].concat()).is_ok()
    }

    #[test]
    fn lists_hold_no_more_than_their_bytes() {
        // field 1: a list of three bytes; then the end
        assert!(is_sound(&[0x19, 0x33, 1, 2, 1, 0]));
        // ... of 2^31 - 1 integers, then of three booleans
        assert!(!is_sound(&[0x19, 0xf5, 0xff, 0xff, 0xff, 0xff, 0x07, 1, 2, 1, 0]));
        assert!(!is_sound(&[0x19, 0x31, 1, 2, 1, 0]));
        assert!(!is_sound(&[0x19, 0x33, 1, 2]), "cut off");
        assert!(!is_sound(&[0x1c; 200]), "too deep");
    }

    #[test]
    fn a_page_header_tells_where_the_next_one_is() {
        // fields 1 to 3 as integers: 0, 100, 60; field 5: an empty structure; then the end and the page
        let header = [0x15, 0, 0x15, 200, 1, 0x15, 120, 0x2c, 0, 0];
        assert_eq!(page_lengths(&[&header[..], &[9; 60]].concat()), Some((header.len(), 60)));
        assert!(page_lengths(&header[..6]).is_none());
    }
}
