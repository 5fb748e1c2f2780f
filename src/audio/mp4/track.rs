//! What an MP4 says about each of its tracks.

use std::io::Result;
use std::ops::Range;

use super::super::Source;
use super::super::head::Endian;
use super::boxes::{bytes, descend};

/// So many bytes are read of the table of durations.
const TABLE_BYTES: u64 = 1 << 24;

/// So many edits are believed.
const EDITS: usize = 4_096;

/// A row of the edit list.
#[derive(Debug, Clone, Copy)]
pub struct Edit {
    /// In ticks of the movie; 0: to the end of the media.
    pub duration: u64,
    /// Where it begins, in ticks of the media; -1: nothing is played.
    pub start: i64,
    /// In 16 and 16 bits.
    pub rate: u32,
}

/// A track.
#[derive(Debug, Default)]
pub struct Trak {
    /// Its number.
    pub id: u32,
    /// Ticks a second of its media.
    pub scale: u64,
    /// Length of its media in ticks, by its header; 0: not known.
    pub ticks: u64,
    /// Players play it unless told otherwise.
    pub is_enabled: bool,
    /// It holds sound.
    pub is_sound: bool,
    /// Length in ticks of the samples that its own tables list, not those of fragments.
    pub table_ticks: u64,
    /// What is played of it; empty: everything.
    pub edits: Vec<Edit>,
    /// Where its tables of samples lie.
    pub tables: Range<u64>,
}

impl Trak {
    /// Reads the boxes of a track.
    ///
    /// # Errors
    /// The source cannot be read.
    pub fn read(source: &mut dyn Source, within: Range<u64>) -> Result<Self> {
        let mut track = Self::default();
        if let Some(head) = descend(source, within.clone(), &[b"tkhd"])? {
            let head = bytes(source, &head, 24)?;
            let place = if head.first() == Some(&1) { 20 } else { 12 };
            track.id = Endian::Big.u32(&head, place).unwrap_or(0);
            track.is_enabled = head.get(3).is_some_and(|flags| flags & 1 == 1);
        }
        if let Some(head) = descend(source, within.clone(), &[b"mdia", b"mdhd"])? {
            (track.scale, track.ticks) = times(&bytes(source, &head, 32)?).unwrap_or((0, 0));
        }
        if let Some(handler) = descend(source, within.clone(), &[b"mdia", b"hdlr"])? {
            track.is_sound = bytes(source, &handler, 12)?.ends_with(b"soun");
        }
        if let Some(list) = descend(source, within.clone(), &[b"edts", b"elst"])? {
            track.edits = edits(&bytes(source, &list, 8 + 20 * EDITS as u64)?);
        }
        track.tables = descend(source, within, &[b"mdia", b"minf", b"stbl"])?.unwrap_or_default();
        if let Some(durations) = descend(source, track.tables.clone(), &[b"stts"])? {
            track.table_ticks = sum(&bytes(source, &durations, TABLE_BYTES)?);
        }
        Ok(track)
    }
}

/// Reads the body of an edit list.
fn edits(list: &[u8]) -> Vec<Edit> {
    let is_long = list.first() == Some(&1);
    let count = Endian::Big.u32(list, 4).unwrap_or(0) as usize;
    let edit = |index: usize| {
        let place = 8 + index * if is_long { 20 } else { 12 };
        let (duration, start, rate) = if is_long {
            (Endian::Big.u64(list, place)?, Endian::Big.u64(list, place + 8)?.cast_signed(), place + 16)
        } else {
            let start = Endian::Big.u32(list, place + 4)?.cast_signed();
            (u64::from(Endian::Big.u32(list, place)?), i64::from(start), place + 8)
        };
        Some(Edit { duration, start, rate: Endian::Big.u32(list, rate)? })
    };
    (0..count.min(EDITS)).map_while(edit).collect()
}

/// The sum of a table of durations: how many samples, and the ticks of each.
fn sum(durations: &[u8]) -> u64 {
    let row = |row: usize| {
        let number = |place| Endian::Big.u32(durations, 8 + 8 * row + place).map(u64::from);
        Some(number(0)?.saturating_mul(number(4)?))
    };
    let rows = Endian::Big.u32(durations, 4).unwrap_or(0) as usize;
    (0..rows).map_while(row).fold(0, u64::saturating_add)
}

/// Ticks at another scale, which is not 0, rounded to the nearest.
pub fn scaled(ticks: u64, from: u64, to: u64) -> u64 {
    let scaled = (u128::from(ticks) * u128::from(to) + u128::from(from) / 2) / u128::from(from.max(1));
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

/// Time scale and duration of a movie's or a medium's header; a duration of 0 is not known.
pub fn times(head: &[u8]) -> Option<(u64, u64)> {
    let (scale, duration) = match head.first()? {
        1 => (Endian::Big.u32(head, 20)?, Endian::Big.u64(head, 24)?),
        _ => (Endian::Big.u32(head, 12)?, u64::from(Endian::Big.u32(head, 16)?)),
    };
    // All ones: not known.
    let is_known = duration != u64::MAX && duration != u64::from(u32::MAX);
    Some((u64::from(scale), if is_known { duration } else { 0 }))
}
