//! Tags behind the audio, which players of music add to files of every kind.

use std::io::Result;

use super::Source;
use super::head::{Endian, id3v2_len, read_at};

/// Each kind of tag stands there once, in any order.
const KINDS: usize = 3;
/// A tag of ID3v2 at the end has nothing there to tell it by: it is searched in so many last bytes.
const ID3V2_BYTES: u64 = 16 << 20;
/// A piece of so many bytes at a time, and the header of a tag.
const PIECE_BYTES: u64 = 1 << 16;
const HEAD_BYTES: usize = 10;

/// Where the audio of a file ends that begins at `base`: before ID3v1, ID3v2, Lyrics3 and APE tags.
///
/// # Errors
/// The source cannot be read.
pub fn audio_end(source: &mut dyn Source, base: u64, end: u64) -> Result<u64> {
    let end = footed_end(source, base, end)?;
    let len = id3v2_behind(source, base, end)?;
    if len > 0 { footed_end(source, base, end - len) } else { Ok(end) }
}

/// The same before tags that end with a word of their own: all but ID3v2, which a chunk may hold that ends with the file.
///
/// # Errors
/// The source cannot be read.
pub fn footed_end(source: &mut dyn Source, base: u64, mut end: u64) -> Result<u64> {
    for _ in 0..KINDS {
        let len = tag_len(source, base, end)?;
        if len == 0 {
            break;
        }
        end -= len;
    }
    Ok(end)
}

/// Length of the tag of ID3v2 that ends exactly at `end`; 0: none does.
fn id3v2_behind(source: &mut dyn Source, base: u64, end: u64) -> Result<u64> {
    let mut place = end.saturating_sub(ID3V2_BYTES).max(base);
    while place < end {
        let piece = read_at(source, place, PIECE_BYTES as usize + HEAD_BYTES)?;
        let ends_there = |(at, head): &(u64, &[u8])| head.starts_with(b"ID3") && *at + id3v2_len(head) == end;
        if let Some((at, _)) = (place..end).zip(piece.windows(HEAD_BYTES)).find(ends_there) {
            return Ok(end - at);
        }
        place += PIECE_BYTES;
    }
    Ok(0)
}

/// Length of the tag that ends at `end`; 0: none does.
fn tag_len(source: &mut dyn Source, base: u64, end: u64) -> Result<u64> {
    let start = end.saturating_sub(128).max(base);
    let last = read_at(source, start, (end - start) as usize)?;
    let len = if last.len() == 128 && last.starts_with(b"TAG") {
        128
    } else if let Some(footer) = last.len().checked_sub(32).map(|place| &last[place..])
        && footer.starts_with(b"APETAGEX")
    {
        let has_header = Endian::Little.u32(footer, 20).unwrap_or(0) >> 31 == 1;
        u64::from(Endian::Little.u32(footer, 12).unwrap_or(0)) + if has_header { 32 } else { 0 }
    } else if let Some(digits) = last.strip_suffix(b"LYRICS200").and_then(|rest| rest.last_chunk::<6>()) {
        std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<u64>().ok()).map_or(0, |size| size + 15)
    } else {
        0
    };
    Ok(if len <= end - base { len } else { 0 })
}
