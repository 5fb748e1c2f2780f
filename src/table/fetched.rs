use std::ops::Range;

use bytes::buf::Reader;
use bytes::{Buf, Bytes};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{ChunkReader, Length};
use parquet::schema::types::SchemaDescriptor;

/// A file of which only some ranges are in memory.
pub(super) struct Fetched {
    /// Size of the whole file.
    bytes: u64,
    /// Where each piece begins, and the piece.
    pieces: Vec<(u64, Bytes)>,
}

impl Fetched {
    /// Fetches the ranges of a file of `bytes` bytes.
    pub(super) fn new<E>(
        bytes: u64,
        ranges: impl Iterator<Item = Range<u64>>,
        fetch: impl Fn(Range<u64>) -> std::result::Result<Bytes, E>,
    ) -> std::result::Result<Self, E> {
        let pieces = ranges.map(|range| Ok((range.start, fetch(range)?))).collect::<std::result::Result<_, E>>()?;
        Ok(Self { bytes, pieces })
    }

    /// The bytes from `start` to the end of the piece they are in.
    fn from(&self, start: u64) -> Result<Bytes> {
        let inside = |(begin, piece): &&(u64, Bytes)| (*begin..*begin + piece.len() as u64).contains(&start);
        let (begin, piece) = self.pieces.iter().find(inside).ok_or_else(|| absent(start))?;
        Ok(piece.slice((start - begin) as usize..))
    }
}

/// The leaves of some columns: one each, but of nested ones.
pub(super) fn leaves(schema: &SchemaDescriptor, columns: &[usize]) -> Vec<usize> {
    (0..schema.num_columns()).filter(|leaf| columns.contains(&schema.get_column_root_idx(*leaf))).collect()
}

/// From the first byte of some leaves of a row group to the last: tables keep their keys together, before the floats.
pub(super) fn span(group: &RowGroupMetaData, leaves: &[usize]) -> Range<u64> {
    let ranges = leaves.iter().map(|leaf| group.column(*leaf).byte_range());
    let (start, end) =
        ranges.fold((u64::MAX, 0), |(start, end), (at, len)| (start.min(at), end.max(at.saturating_add(len))));
    start.min(end)..end
}

fn absent(start: u64) -> ParquetError {
    ParquetError::EOF(format!("byte {start} lies outside the columns that are read"))
}

impl Length for Fetched {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for Fetched {
    type T = Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(self.from(start)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let bytes = self.from(start)?;
        if bytes.len() < length { Err(absent(start + length as u64)) } else { Ok(bytes.slice(..length)) }
    }
}
