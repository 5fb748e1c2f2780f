//! WAV; RF64 and BW64, whose sizes have 64 bits; RIFX, whose numbers are big-endian; and Sony's Wave64.

use super::super::head::{Endian, read_at};
use super::super::tail::{Chunking, is_all_chunks};
use super::super::{AudioError, Source};
use super::fmt::{self, Coding};
use super::{Extent, Found, Layout, corrupt, cut};

/// The GUID that begins a file of Wave64.
pub const WAVE64: [u8; 16] =
    [b'r', b'i', b'f', b'f', 0x2e, 0x91, 0xcf, 0x11, 0xa5, 0xd6, 0x28, 0xdb, 0x04, 0xc1, 0x00, 0x00];
/// So many chunks are looked at for the format and the samples.
const CHUNKS: usize = 4_096;
/// More of a format chunk is of no use.
const FORMAT_BYTES: u64 = 64;

/// A chunk: its word, where its body begins, and its size as stated.
struct Chunk {
    word: [u8; 4],
    body: u64,
    bytes: u64,
}

/// How chunks follow each other.
#[derive(Clone, Copy)]
enum Chunks {
    /// A word and a size of four bytes, at even places.
    Riff(Endian),
    /// A GUID and a size of eight bytes that counts both, at multiples of eight.
    Wave64,
}

impl Chunks {
    fn endian(self) -> Endian {
        if let Self::Riff(endian) = self { endian } else { Endian::Little }
    }

    /// The chunk at `place`; none where the file ends before its size.
    fn read(self, source: &mut dyn Source, place: u64) -> Result<Option<Chunk>, AudioError> {
        let head = read_at(source, place, 24).map_err(corrupt)?;
        let Some(word) = head.get(..4).and_then(|word| word.try_into().ok()) else { return Ok(None) };
        let (size, head_bytes) = match self {
            Self::Riff(endian) => (endian.u32(&head, 4).map(u64::from), 8),
            Self::Wave64 => (Endian::Little.u64(&head, 16).map(|size| size.saturating_sub(24)), 24),
        };
        Ok(size.map(|bytes| Chunk { word, body: place + head_bytes, bytes }))
    }

    /// Where the next chunk begins. Some writers forget the byte that fills an odd one up.
    fn after(self, source: &mut dyn Source, chunk: &Chunk, base: u64) -> Result<u64, AudioError> {
        let end = chunk.body.saturating_add(chunk.bytes);
        match self {
            Self::Wave64 => {
                let bytes = (end - base).checked_next_multiple_of(8);
                Ok(bytes.map_or(u64::MAX, |bytes| base.saturating_add(bytes)))
            }
            Self::Riff(_) if chunk.bytes.is_multiple_of(2) => Ok(end),
            Self::Riff(_) => {
                let next = read_at(source, end, 5).map_err(corrupt)?;
                let is_word = |word: &[u8]| word.iter().all(|byte| (b' '..=b'~').contains(byte));
                let is_filled = next.first() == Some(&0) || !next.get(..4).is_some_and(is_word);
                Ok(end.saturating_add(u64::from(is_filled)))
            }
        }
    }
}

/// What the chunks say.
#[derive(Default)]
struct Told {
    coding: Option<Coding>,
    /// Frames that the fact chunk counts.
    counted: Option<u64>,
    /// Bytes of samples that the ds64 chunk states.
    long_bytes: Option<u64>,
    samples: Option<Extent>,
}

/// WAV, RIFX, RF64 and BW64. The outer size says nothing that the chunks do not.
pub fn find(source: &mut dyn Source, base: u64, end: u64) -> Result<Found, AudioError> {
    let word = read_at(source, base, 4).map_err(corrupt)?;
    let endian = if word == b"RIFX" { Endian::Big } else { Endian::Little };
    walk(source, Chunks::Riff(endian), base, base + 12, end)
}

/// Wave64.
pub fn find_wave64(source: &mut dyn Source, base: u64, end: u64) -> Result<Found, AudioError> {
    walk(source, Chunks::Wave64, base, base + 40, end)
}

fn walk(source: &mut dyn Source, chunks: Chunks, base: u64, first: u64, end: u64) -> Result<Found, AudioError> {
    let (mut told, mut place) = (Told::default(), first);
    for _ in 0..CHUNKS {
        if told.coding.is_some() && told.samples.is_some() {
            break;
        }
        let Some(chunk) = chunks.read(source, place)? else { break };
        told.hear(source, chunks, &chunk, end)?;
        place = chunks.after(source, &chunk, base)?;
    }
    match (told.coding, told.samples) {
        (Some(Coding::Samples(format)), Some(extent)) => {
            let chunks = Some(Chunking::Short(chunks.endian()));
            Ok(Found::Samples(Layout { format, extent, counted: told.counted, chunks }))
        }
        (Some(Coding::Mpeg), Some(extent)) => Ok(Found::Mpeg(extent)),
        _ if place >= end => Err(cut()),
        (None, _) => Err(corrupt("it has no format chunk")),
        (_, None) => Err(corrupt("it has no chunk of samples")),
    }
}

impl Told {
    fn hear(&mut self, source: &mut dyn Source, chunks: Chunks, chunk: &Chunk, end: u64) -> Result<(), AudioError> {
        let endian = chunks.endian();
        let body = |source: &mut dyn Source, most: u64| {
            read_at(source, chunk.body, chunk.bytes.min(most) as usize).map_err(corrupt)
        };
        match &chunk.word {
            b"fmt " if self.coding.is_none() => self.coding = Some(fmt::parse(&body(source, FORMAT_BYTES)?, endian)?),
            b"fact" => self.counted = endian.u32(&body(source, 4)?, 0).map(u64::from),
            b"ds64" => self.long_bytes = endian.u64(&body(source, 16)?, 8),
            b"data" if self.samples.is_none() => self.samples = Some(self.extent(source, chunks, chunk, end)?),
            _ => {}
        }
        Ok(())
    }

    /// Where the samples lie. A size of 0 with anything but chunks behind it was never written.
    fn extent(&self, source: &mut dyn Source, chunks: Chunks, chunk: &Chunk, end: u64) -> Result<Extent, AudioError> {
        let long = self.long_bytes.filter(|_| chunk.bytes == u64::from(u32::MAX));
        let stated = long.unwrap_or(chunk.bytes);
        let is_believed = stated > 0 || is_all_chunks(source, chunk.body, end, chunks.endian()).map_err(corrupt)?;
        Ok(Extent::new(chunk.body, Some(stated).filter(|_| is_believed), end))
    }
}
