//! What lies behind the sound of a file, and whether it may be sound.

use std::io::Result;
use std::ops::Range;

use super::head::{Endian, id3v2_len, read_at};
use super::{Source, tags};

/// Fewer bytes than these are no recording.
const CRUMBS: u64 = 256;
/// Chunks that end with the file although they state more are metadata all the same.
const METADATA: [&[u8; 4]; 14] = [
    b"LIST", b"id3 ", b"ID3 ", b"bext", b"iXML", b"axml", b"JUNK", b"junk", b"FLLR", b"PAD ", b"_PMX", b"cue ",
    b"smpl", b"PEAK",
];
/// More of it, which ends where it says: what else stands behind the samples of a WAV or an AIFF.
const TRAILERS: [&[u8; 4]; 16] = [
    b"fact", b"inst", b"acid", b"DISP", b"chna", b"levl", b"NAME", b"AUTH", b"(c) ", b"ANNO", b"COMT", b"MARK",
    b"INST", b"APPL", b"MIDI", b"AESD",
];
/// Words that begin another recording, or more samples of this one.
const RECORDINGS: [&[u8; 4]; 12] =
    [b"RIFF", b"RIFX", b"RF64", b"BW64", b"FORM", b"fLaC", b"OggS", b"caff", b".snd", b"data", b"SSND", b"NIST"];
/// So many bytes are looked through at a time, and so many tell what begins there.
const PIECE_BYTES: usize = 1 << 16;
const HEAD_BYTES: usize = 16;

/// How chunks follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chunking {
    /// As in WAV and AIFF: a word and a size of four bytes.
    Short(Endian),
    /// As in CAF: a word and a size of eight bytes, greatest first.
    Long,
}

/// Bytes between `from` and the end of the file that are neither chunk, tag nor padding: samples that would be lost.
///
/// # Errors
/// The source cannot be read.
pub fn unexplained(source: &mut dyn Source, from: u64, end: u64, chunks: Option<Chunking>) -> Result<u64> {
    let end = tags::footed_end(source, from.min(end), end)?;
    let mut place = from;
    while place < end {
        let head = read_at(source, place, 12)?;
        if head.get(..4).is_some_and(|word| RECORDINGS.iter().any(|other| word == *other)) {
            return Ok(end - place);
        }
        let tag = id3v2_len(&head);
        let chunk = chunks.and_then(|chunking| chunk_len(&head, chunking, end - place));
        match chunk.or((tag > 0).then_some(tag)) {
            Some(len) => place = place.saturating_add(len),
            // The byte that fills an odd chunk up may be missing or there.
            None if place == from && from % 2 == 1 => place += 1,
            None => break,
        }
        // Chunks begin at even places.
        if place % 2 == 1 && place < end && read_at(source, place, 1)? == [0] {
            place += 1;
        }
    }
    let rest = end.saturating_sub(place);
    Ok(if rest <= CRUMBS || changes(source, place..end)? == 0 { 0 } else { rest })
}

/// Where the samples end whose length nothing states: where chunks begin that end with the file, another header does,
/// or a tag of ID3.
///
/// # Errors
/// The source cannot be read.
pub fn samples_end(source: &mut dyn Source, start: u64, end: u64, chunks: Option<Chunking>) -> Result<u64> {
    let end = tags::footed_end(source, start.min(end), end)?;
    let place = first(source, start..end, |source, at, head| {
        Ok(begins_recording(head) || (begins_trailer(head) && is_trailer(source, at, end, chunks)?))
    })?;
    Ok(place.unwrap_or(end))
}

/// Where the header of another file begins in `within`.
///
/// # Errors
/// The source cannot be read.
pub fn recording(source: &mut dyn Source, within: Range<u64>) -> Result<Option<u64>> {
    first(source, within, |_, _, head| Ok(begins_recording(head)))
}

/// The first place in `within` of which `is_it` holds, which is given the place and some bytes that stand there.
fn first(
    source: &mut dyn Source,
    within: Range<u64>,
    is_it: impl Fn(&mut dyn Source, u64, &[u8]) -> Result<bool>,
) -> Result<Option<u64>> {
    let Range { start: mut place, end } = within;
    while place < end {
        let piece = read_at(source, place, PIECE_BYTES + HEAD_BYTES)?;
        for (at, head) in (place..end.min(place + PIECE_BYTES as u64)).zip((0..piece.len()).map(|at| &piece[at..])) {
            if is_it(source, at, head)? {
                return Ok(Some(at));
            }
        }
        place += PIECE_BYTES as u64;
    }
    Ok(None)
}

/// Whether the header of another file begins in `head`: by more than four bytes, which samples may hold by chance.
fn begins_recording(head: &[u8]) -> bool {
    let (Some(word), Some(form)) = (head.get(..4), head.get(8..12)) else { return false };
    match word {
        _ if head[4..].starts_with(b"ftyp") => head[..2] == [0, 0],
        b"RIFF" | b"RIFX" | b"RF64" | b"BW64" => form == b"WAVE",
        b"FORM" => matches!(form, b"AIFF" | b"AIFC"),
        b"caff" => head[4..].starts_with(b"\0\x01\0\0desc"),
        // The header of Matroska begins with its version, behind a size of one byte or of eight.
        b"\x1a\x45\xdf\xa3" => head[5..].starts_with(b"\x42\x86") || head[12..].starts_with(b"\x42\x86"),
        b"fLaC" => head[4..].starts_with(&[0, 0, 0, 34]),
        b"OggS" => head[4..].starts_with(&[0, 2, 0, 0, 0, 0, 0, 0, 0, 0]),
        b"NIST" => head.starts_with(b"NIST_1A\n"),
        _ => false,
    }
}

fn begins_trailer(head: &[u8]) -> bool {
    head.starts_with(b"ID3")
        || head.get(..4).is_some_and(|word| METADATA.iter().chain(&TRAILERS).any(|known| word == *known))
}

/// Whether chunks or a tag stand at `place` that end exactly with the file, or one byte before.
fn is_trailer(source: &mut dyn Source, place: u64, end: u64, chunks: Option<Chunking>) -> Result<bool> {
    let mut at = place;
    while at + 1 < end {
        let head = read_at(source, at, 12)?;
        let tag = Some(id3v2_len(&head)).filter(|len| *len > 0);
        let chunk = chunks.and_then(|chunking| chunk_len(&head, chunking, end - at));
        // Chunks of a file may lie at odd places, where the samples before were not filled up.
        let Some(len) = chunk.or(tag).filter(|len| *len <= end - at) else { return Ok(false) };
        at += len;
        at += u64::from(len % 2 == 1 && at < end && read_at(source, at, 1)? == [0]);
    }
    Ok(true)
}

/// Whether everything from `place` to `end` is chunks.
///
/// # Errors
/// The source cannot be read.
pub fn is_all_chunks(source: &mut dyn Source, mut place: u64, end: u64, endian: Endian) -> Result<bool> {
    while place < end {
        match chunk_len(&read_at(source, place, 8)?, Chunking::Short(endian), end - place) {
            Some(len) => place = place.saturating_add(len + len % 2),
            None => return Ok(end - place <= 1),
        }
    }
    Ok(true)
}

/// Length of the chunk that begins in `head`, without filling; none where none does.
fn chunk_len(head: &[u8], chunking: Chunking, left: u64) -> Option<u64> {
    let word = head.get(..4)?;
    let is_word = word.iter().all(|byte| byte.is_ascii_alphanumeric() || b" _-()".contains(byte));
    let len = match chunking {
        Chunking::Short(endian) => 8 + u64::from(endian.u32(head, 4)?),
        Chunking::Long => Endian::Big.u64(head, 4)?.checked_add(12)?,
    };
    (is_word && (len <= left || METADATA.iter().any(|known| word == *known))).then_some(len)
}

/// How many bytes differ from the one before: none of filling, most of sound.
///
/// # Errors
/// The source cannot be read.
pub fn changes(source: &mut dyn Source, within: Range<u64>) -> Result<u64> {
    let (mut changes, mut before, mut place) = (0, None, within.start);
    while place < within.end {
        let piece = read_at(source, place, (within.end - place).min(PIECE_BYTES as u64) as usize)?;
        let Some(last) = piece.last() else { break };
        changes += u64::from(before.is_some_and(|byte| byte != piece[0]));
        changes += piece.windows(2).filter(|pair| pair[0] != pair[1]).count() as u64;
        (before, place) = (Some(*last), place + piece.len() as u64);
    }
    Ok(changes)
}
