//! What symphonia does not tell of Matroska and WebM: which track is meant, what an encoder put before its sound, where
//! a live recording ends, and what stands behind the end.
//!
//! The numbers of elements and their defaults: RFC 9559.

use std::io::Result;
use std::ops::Range;

use super::head::{Endian, read_at};
use super::{Source, plain, tags};

const HEADER: u32 = 0x1a45_dfa3;
const SEGMENT: u32 = 0x1853_8067;
const VOID: u32 = 0xec;
const CHECKSUM: u32 = 0xbf;
const TRACKS: u32 = 0x1654_ae6b;
const TRACK: u32 = 0xae;
const TRACK_NUMBER: u32 = 0xd7;
const TRACK_TYPE: u32 = 0x83;
const FLAG_ENABLED: u32 = 0xb9;
const FLAG_DEFAULT: u32 = 0x88;
const CODEC: u32 = 0x86;
const CODEC_DELAY: u32 = 0x56aa;
const CLUSTER: u32 = 0x1f43_b675;
/// What lies in a segment: seek head, information, tracks, cues, attachments, chapters, tags, clusters, filling.
const IN_SEGMENT: [u32; 10] =
    [0x114d_9b74, 0x1549_a966, TRACKS, 0x1c53_bb6b, 0x1941_a469, 0x1043_a770, 0x1254_c367, CLUSTER, VOID, CHECKSUM];
/// What lies in a cluster: time, silent tracks, position, size of the one before, blocks of each kind.
const IN_CLUSTER: [u32; 7] = [0xe7, 0x5854, 0xa7, 0xab, 0xa3, 0xa0, 0xaf];
/// Type of a track that holds sound.
const SOUND: u64 = 2;
/// So many bytes of a codec's name are read.
const NAME_BYTES: u64 = 64;

/// What the elements of a file say.
#[derive(Debug, Default)]
pub struct Matroska {
    /// The recording was written live, without a size, and ends with a whole element: nothing is missing.
    pub is_whole_live: bool,
    /// Where the segment ends.
    pub end: u64,
    /// Something that is no part of it begins here.
    pub second: Option<u64>,
    tracks: Vec<Track>,
}

/// What one says about its own.
#[derive(Debug)]
struct Track {
    number: u32,
    is_sound: bool,
    is_enabled: bool,
    is_default: bool,
    codec: String,
    /// Nanoseconds that its encoder put before the first sample that is meant.
    delay: u64,
}

/// An element: its word and its body.
struct Element {
    word: u32,
    body: Range<u64>,
    /// To the end of what it lies in, since its size is not known.
    is_open: bool,
    /// It states an end beyond that of what it lies in.
    is_cut: bool,
}

/// Reads the elements of a file whose header stands at `base`; what cannot be read says nothing here.
///
/// # Errors
/// The source cannot be read.
pub fn find(source: &mut dyn Source, base: u64, end: u64) -> Result<Matroska> {
    let mut told = Matroska { end, ..Matroska::default() };
    let Some(header) = whole(source, base, end)? else { return Ok(told) };
    let Some(segment) = element(source, header.body.end, end)?.filter(|element| element.word == SEGMENT) else {
        return Ok(told);
    };
    let mut place = segment.body.start;
    while let Some(child) = whole(source, place, segment.body.end)?.filter(|child| !segment.is_open || child.is_known())
    {
        match child.word {
            TRACKS => told.tracks = tracks(source, child.body.clone())?,
            CLUSTER if !segment.is_open => break,
            _ => {}
        }
        // The blocks of a cluster without a size are looked at one by one.
        place = if child.is_open { child.body.start } else { child.body.end };
    }
    if segment.is_cut || (segment.is_open && is_cut(source, place, end)?) {
        return Ok(told);
    }
    told.is_whole_live = segment.is_open;
    told.end = if segment.is_open { place } else { segment.body.end };
    let mut behind = told.end;
    while let Some(filling) = whole(source, behind, end)?.filter(|next| [VOID, CHECKSUM].contains(&next.word)) {
        behind = filling.body.end;
    }
    let is_header = element(source, behind, end)?.is_some_and(|next| [HEADER, SEGMENT].contains(&next.word));
    let tail = tags::audio_end(source, behind, end)?;
    if is_header || plain::unexplained(source, behind, tail, None)? > 0 {
        told.second = Some(behind);
    }
    Ok(told)
}

/// Whether what stands at the end of a live recording is the beginning of one of its elements.
fn is_cut(source: &mut dyn Source, place: u64, end: u64) -> Result<bool> {
    let head = read_at(source, place, end.saturating_sub(place).min(12) as usize)?;
    let is_filling = head.iter().all(|byte| *byte == 0);
    // Of a head that is cut itself, nothing is known.
    Ok(!is_filling && (head.len() < 12 || element(source, place, end)?.is_some_and(|element| element.is_known())))
}

impl Element {
    /// Whether it may lie in a segment or a cluster.
    fn is_known(&self) -> bool {
        IN_SEGMENT.contains(&self.word) || IN_CLUSTER.contains(&self.word)
    }
}

/// The element at `place`; none where there is none, or not all of it.
fn whole(source: &mut dyn Source, place: u64, end: u64) -> Result<Option<Element>> {
    Ok(element(source, place, end)?.filter(|element| !element.is_cut))
}

/// The element at `place`, as much of it as is there; none where there is none.
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
    let stated_end = if is_open { end } else { start.saturating_add(size) };
    Ok(Some(Element { word, body: start..stated_end.min(end), is_open, is_cut: stated_end > end }))
}

fn tracks(source: &mut dyn Source, within: Range<u64>) -> Result<Vec<Track>> {
    let (mut tracks, mut place) = (Vec::new(), within.start);
    while let Some(entry) = whole(source, place, within.end)? {
        place = entry.body.end;
        if entry.word == TRACK {
            tracks.push(Track::read(source, entry.body)?);
        }
    }
    Ok(tracks)
}

impl Track {
    fn read(source: &mut dyn Source, within: Range<u64>) -> Result<Self> {
        let codec = String::new();
        let mut track = Self { number: 0, is_sound: false, is_enabled: true, is_default: true, codec, delay: 0 };
        let mut place = within.start;
        while let Some(field) = whole(source, place, within.end)? {
            place = field.body.end;
            match field.word {
                TRACK_NUMBER => track.number = u32::try_from(unsigned(source, field.body)?).unwrap_or(0),
                TRACK_TYPE => track.is_sound = unsigned(source, field.body)? == SOUND,
                FLAG_ENABLED => track.is_enabled = unsigned(source, field.body)? != 0,
                FLAG_DEFAULT => track.is_default = unsigned(source, field.body)? != 0,
                CODEC_DELAY => track.delay = unsigned(source, field.body)?,
                CODEC => {
                    let len = (field.body.end - field.body.start).min(NAME_BYTES) as usize;
                    track.codec = String::from_utf8_lossy(&read_at(source, field.body.start, len)?).into_owned();
                }
                _ => {}
            }
        }
        Ok(track)
    }
}

/// A number of up to eight bytes.
fn unsigned(source: &mut dyn Source, body: Range<u64>) -> Result<u64> {
    let bytes = read_at(source, body.start, (body.end - body.start).min(8) as usize)?;
    let padded = [vec![0; 8 - bytes.len()], bytes].concat();
    Ok(Endian::Big.u64(&padded, 0).unwrap_or(0))
}

impl Matroska {
    /// The tracks of sound, those before the others that are marked as the default, those last that may not be used.
    pub fn tracks_of_sound(&self) -> Vec<u32> {
        let mut tracks = self.tracks.iter().filter(|track| track.is_sound).collect::<Vec<_>>();
        tracks.sort_by_key(|track| (!track.is_enabled, !track.is_default));
        tracks.into_iter().map(|track| track.number).collect()
    }

    /// The codec of the first track of sound, as Matroska calls it.
    pub fn codec(&self) -> Option<String> {
        let first = self.tracks_of_sound().first().copied()?;
        let track = self.tracks.iter().find(|track| track.number == first)?;
        Some(format!("{} of Matroska", track.codec.trim_end_matches('\0').escape_debug()))
    }

    /// Nanoseconds that an encoder put before the first sample that is meant.
    pub fn delay_ns(&self, track: u32) -> u64 {
        self.tracks.iter().find(|other| other.number == track).map_or(0, |track| track.delay)
    }

    /// The same in samples at `rate_hz`.
    pub fn delay(&self, track: u32, rate_hz: u32) -> u64 {
        ((u128::from(self.delay_ns(track)) * u128::from(rate_hz) + 500_000_000) / 1_000_000_000) as u64
    }
}
