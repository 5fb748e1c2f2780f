//! Tags behind the audio, which players of music add to files of every kind.

use std::io::Result;

use super::Source;
use super::head::{Endian, read_at};

/// Where the audio of a file ends that begins at `base`: before ID3v1, Lyrics3 and APE tags.
///
/// # Errors
/// The source cannot be read.
pub fn audio_end(source: &mut dyn Source, base: u64, mut end: u64) -> Result<u64> {
    // Each kind stands there once, in any order.
    for _ in 0..3 {
        let len = tag_len(source, base, end)?;
        if len == 0 {
            break;
        }
        end -= len;
    }
    Ok(end)
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
