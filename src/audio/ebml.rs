//! What symphonia does not tell of Matroska and WebM: where a live recording ends, and what an encoder put before it.

use std::io::Result;
use std::ops::Range;

use super::Source;
use super::head::{Endian, read_at};

const HEADER: u32 = 0x1a45_dfa3;
const SEGMENT: u32 = 0x1853_8067;
const TRACKS: u32 = 0x1654_ae6b;
const TRACK: u32 = 0xae;
const TRACK_NUMBER: u32 = 0xd7;
const CODEC_DELAY: u32 = 0x56aa;
const CLUSTER: u32 = 0x1f43_b675;

/// What the elements of a file say.
#[derive(Debug, Default)]
pub struct Matroska {
    /// The recording was written live, without a size, and ends with a whole element: nothing is missing.
    pub is_whole_live: bool,
    /// Another file begins here.
    pub second: Option<u64>,
    /// Tracks, and nanoseconds that their encoders put before the first sample that is meant.
    delays: Vec<(u32, u64)>,
}

/// An element: its word and its body; `is_open`: to the end of what it lies in, since its size is not known.
struct Element {
    word: u32,
    body: Range<u64>,
    is_open: bool,
}

/// Reads the elements of a file whose header stands at `base`; what cannot be read says nothing here.
///
/// # Errors
/// The source cannot be read.
pub fn find(source: &mut dyn Source, base: u64, end: u64) -> Result<Matroska> {
    let mut told = Matroska::default();
    let Some(header) = element(source, base, end)? else { return Ok(told) };
    let Some(segment) = element(source, header.body.end, end)?.filter(|element| element.word == SEGMENT) else {
        return Ok(told);
    };
    let mut place = segment.body.start;
    while let Some(child) = element(source, place, segment.body.end)? {
        match child.word {
            TRACKS => told.delays = delays(source, child.body.clone())?,
            CLUSTER if !segment.is_open => break,
            _ => {}
        }
        // The blocks of a cluster without a size are looked at one by one.
        place = if child.is_open { child.body.start } else { child.body.end };
    }
    told.is_whole_live = segment.is_open && place == end;
    let next = element(source, segment.body.end, end)?;
    told.second = next.filter(|next| next.word == HEADER).map(|_| segment.body.end);
    Ok(told)
}

/// The element at `place`; none where there is none, or not all of it.
fn element(source: &mut dyn Source, place: u64, end: u64) -> Result<Option<Element>> {
    if place >= end {
        return Ok(None);
    }
    let head = read_at(source, place, 12.min(end - place) as usize)?;
    let Some(first) = head.first() else { return Ok(None) };
    let word_len = first.leading_zeros() as usize + 1;
    let Some(size_head) = head.get(word_len).filter(|_| word_len <= 4) else { return Ok(None) };
    let word = head[..word_len].iter().fold(0, |word, byte| word << 8 | u32::from(*byte));
    let size_len = size_head.leading_zeros() as usize + 1;
    let Some(size) = head.get(word_len..word_len + size_len).filter(|_| size_len <= 8) else { return Ok(None) };
    let bits = 7 * size_len as u32;
    let size = size.iter().fold(0, |size, byte| size << 8 | u64::from(*byte)) & ((1 << bits) - 1);
    let start = place + (word_len + size_len) as u64;
    let is_open = size == (1 << bits) - 1;
    let body = start..if is_open { end } else { start.saturating_add(size) };
    Ok((body.end <= end).then_some(Element { word, body, is_open }))
}

fn delays(source: &mut dyn Source, tracks: Range<u64>) -> Result<Vec<(u32, u64)>> {
    let (mut delays, mut place) = (Vec::new(), tracks.start);
    while let Some(track) = element(source, place, tracks.end)? {
        place = track.body.end;
        let (mut number, mut delay, mut inner) = (0, 0, track.body.start);
        while let Some(field) = element(source, inner, track.body.end)?.filter(|_| track.word == TRACK) {
            inner = field.body.end;
            match field.word {
                TRACK_NUMBER => number = unsigned(source, field.body)?,
                CODEC_DELAY => delay = unsigned(source, field.body)?,
                _ => {}
            }
        }
        delays.push((u32::try_from(number).unwrap_or(0), delay));
    }
    Ok(delays)
}

/// A number of up to eight bytes.
fn unsigned(source: &mut dyn Source, body: Range<u64>) -> Result<u64> {
    let bytes = read_at(source, body.start, (body.end - body.start).min(8) as usize)?;
    let padded = [vec![0; 8 - bytes.len()], bytes].concat();
    Ok(Endian::Big.u64(&padded, 0).unwrap_or(0))
}

impl Matroska {
    /// Samples at `rate_hz` that an encoder put before the first one that is meant.
    pub fn delay(&self, track: u32, rate_hz: u32) -> u64 {
        let delay = self.delays.iter().find(|(number, _)| *number == track).map_or(0, |(_, delay)| *delay);
        ((u128::from(delay) * u128::from(rate_hz) + 500_000_000) / 1_000_000_000) as u64
    }
}
