//! How far an MP3 file reaches, whatever the tag of its first frame counts.
//!
//! Symphonia plays what the tag counts and drops the rest without a word: of two files glued together, the second. So
//! the headers of all frames are walked first, which takes a thousandth of the time to decode them.

use std::io::{Read, Result, SeekFrom};
use std::ops::Range;

use super::Source;
use super::head::{Endian, id3v2_len, read_at};

/// Larger files are not walked, since they are read piece by piece.
const WALKED_BYTES: u64 = 64 << 20;
/// Between recordings, so many bytes are searched for the next frame.
const JUNK_BYTES: usize = 1 << 16;
/// A tag lies within so many bytes of its frame's beginning.
const TAG_BYTES: usize = 64;
/// Kilobits a second of layer 3, by MPEG version 1 and 2, from index 1 on.
const BIT_RATES: [[u32; 14]; 2] = [
    [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];
/// Sample rates of version 1; those of version 2 are halves, those of version 2.5 quarters.
const RATES_HZ: [u32; 3] = [44_100, 48_000, 32_000];

/// A run of frames behind one tag, or behind none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Where its first frame begins, the tag's included.
    pub start: u64,
    /// Frames to decode; none: to the end of the file.
    pub frames: Option<u64>,
    /// Whether the length that the tag counts is all there is, so that padding may be cut off there.
    pub ends_as_stated: bool,
}

/// A frame's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Frame {
    /// Version, layer and rate, which all frames of a recording share.
    kind: (u32, u32),
    bytes: u64,
    /// Where a tag would begin.
    tag_place: usize,
}

impl Frame {
    /// The header of a frame of layer 3; none where there is none, or where its length is free.
    fn read(head: &[u8]) -> Option<Self> {
        let word = Endian::Big.u32(head, 0)?;
        let field = |shift: u32, bits: u32| word >> shift & ((1 << bits) - 1);
        let (version, bit_rate, rate) = (field(19, 2), field(12, 4), field(10, 2));
        if field(21, 11) != 0x7ff || version == 1 || field(17, 2) != 1 || rate == 3 {
            return None;
        }
        let is_first = version == 3;
        let kilobits = *BIT_RATES[usize::from(!is_first)].get((bit_rate as usize).checked_sub(1)?)?;
        let rate_hz = RATES_HZ[rate as usize]
            >> match version {
                3 => 0,
                2 => 1,
                _ => 2,
            };
        let samples = if is_first { 1_152 } else { 576 };
        let bytes = u64::from(samples / 8 * kilobits * 1_000 / rate_hz + field(9, 1));
        let is_mono = field(6, 2) == 3;
        let side = match (is_first, is_mono) {
            (true, false) => 32,
            (true, true) | (false, false) => 17,
            (false, true) => 9,
        };
        Some(Self { kind: (version, rate_hz), bytes, tag_place: 4 + side })
    }

    /// Frames that a tag in the frame counts; none: there is no tag; 0: it does not know.
    fn tag(&self, frame: &[u8]) -> Option<u64> {
        let number = |place| Endian::Big.u32(frame, place).map_or(0, u64::from);
        match frame.get(self.tag_place..self.tag_place + 4) {
            Some(b"Xing" | b"Info") if number(self.tag_place + 4) & 1 == 1 => Some(number(self.tag_place + 8)),
            Some(b"Xing" | b"Info") => Some(0),
            // Fraunhofer's lies at the same place of every frame.
            _ if frame.get(36..40) == Some(b"VBRI") => Some(number(50)),
            _ => None,
        }
    }
}

/// The parts of an MP3 file that lies in `window`; none: it is not walked.
///
/// # Errors
/// The source cannot be read.
pub fn parts(source: &mut dyn Source, window: &Range<u64>) -> Result<Vec<Part>> {
    if window.end - window.start > WALKED_BYTES {
        return Ok(Vec::new());
    }
    let Some(mut place) = next_frame(source, window.start, window.end, None)? else { return Ok(Vec::new()) };
    let mut walk = Walk { kind: None, parts: Vec::new(), frames: 0, counted: None };
    while let Some(next) = walk.step(source, place, window.end)? {
        place = next;
    }
    Ok(walk.finish())
}

/// Frame after frame.
struct Walk {
    kind: Option<(u32, u32)>,
    parts: Vec<Part>,
    /// Of the last part, so far.
    frames: u64,
    /// What the tag of the last part counts.
    counted: Option<u64>,
}

impl Walk {
    /// Looks at the frame at `place` and says where the next one is.
    fn step(&mut self, source: &mut dyn Source, place: u64, end: u64) -> Result<Option<u64>> {
        let mut head = [0; TAG_BYTES];
        source.seek(SeekFrom::Start(place))?;
        let len = Read::take(&mut *source, end.saturating_sub(place).min(TAG_BYTES as u64)).read(&mut head)?;
        let frame = Frame::read(&head[..len]).filter(|frame| self.kind.is_none_or(|kind| kind == frame.kind));
        let Some(frame) = frame.filter(|frame| place + frame.bytes <= end) else {
            return next_frame(source, place, end, self.kind);
        };
        let tag = frame.tag(&head[..len]);
        if self.kind.is_none() || tag.is_some() {
            self.close();
            self.parts.push(Part { start: place, frames: None, ends_as_stated: true });
            self.counted = tag;
        }
        self.kind = Some(frame.kind);
        self.frames += u64::from(tag.is_none());
        Ok(Some(place + frame.bytes))
    }

    /// Ends the last part.
    fn close(&mut self) {
        if let Some(part) = self.parts.last_mut() {
            part.frames = Some(self.frames);
            part.ends_as_stated = self.counted.is_some_and(|counted| counted >= self.frames);
        }
        self.frames = 0;
    }

    fn finish(mut self) -> Vec<Part> {
        self.close();
        if let Some(last) = self.parts.last_mut() {
            last.frames = None;
        }
        self.parts.retain(|part| part.frames != Some(0));
        self.parts
    }
}

/// Where the next frame begins that another one follows, of the same kind; tags are jumped over.
fn next_frame(source: &mut dyn Source, place: u64, end: u64, kind: Option<(u32, u32)>) -> Result<Option<u64>> {
    let mut place = place;
    loop {
        let tag = id3v2_len(&read_at(source, place, 10)?);
        if tag == 0 {
            break;
        }
        place += tag;
    }
    let junk = read_at(source, place, JUNK_BYTES)?;
    for start in (0..junk.len()).filter(|start| junk[*start] == 0xff) {
        let Some(frame) = Frame::read(&junk[start..]).filter(|frame| kind.is_none_or(|kind| kind == frame.kind)) else {
            continue;
        };
        let after = place + start as u64 + frame.bytes;
        let follows =
            after < end && Frame::read(&read_at(source, after, 4)?).is_some_and(|next| next.kind == frame.kind);
        if follows {
            return Ok(Some(place + start as u64));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    /// Frames of MPEG 1, layer 3, 128 kbit/s, 44.1 kHz, stereo: 417 bytes.
    fn frames(count: usize) -> Vec<u8> {
        let mut frame = vec![0; 417];
        frame[..4].copy_from_slice(&[0xff, 0xfb, 0x90, 0x00]);
        frame.repeat(count)
    }

    fn tagged(count: u32, frames_behind: usize) -> Vec<u8> {
        let mut bytes = frames(1);
        bytes[36..44].copy_from_slice(b"Xing\x00\x00\x00\x01");
        bytes[44..48].copy_from_slice(&count.to_be_bytes());
        [bytes, frames(frames_behind)].concat()
    }

    fn found(bytes: Vec<u8>) -> Vec<(u64, Option<u64>, bool)> {
        let end = bytes.len() as u64;
        let parts = parts(&mut Cursor::new(bytes), &(0..end)).expect("read");
        parts.into_iter().map(|part| (part.start, part.frames, part.ends_as_stated)).collect()
    }

    #[test]
    fn a_tag_begins_a_part() {
        assert_eq!(found(tagged(5, 5)), [(0, None, true)]);
        assert_eq!(found([tagged(5, 5), tagged(7, 7)].concat()), [(0, Some(5), true), (6 * 417, None, true)]);
        let between = [tagged(5, 5), b"TAG".to_vec(), vec![b' '; 125], b"ID3\x04\0\0\0\0\0\x05-----".to_vec()].concat();
        let start = between.len() as u64;
        assert_eq!(found([between, tagged(7, 7)].concat()), [(0, Some(5), true), (start, None, true)]);
    }

    #[test]
    fn a_tag_that_counts_too_few_states_no_end() {
        for counted in [0, 4] {
            assert_eq!(found(tagged(counted, 5)), [(0, None, false)], "{counted}");
        }
        assert_eq!(found(tagged(6, 5)), [(0, None, true)]);
        assert_eq!(found(frames(5)), [(0, None, false)]);
    }

    #[test]
    fn what_is_no_mp3_has_no_parts() {
        assert_eq!(found(vec![0xff; 5_000]), []);
        assert_eq!(found(Vec::new()), []);
        assert_eq!(found(frames(1)), []);
    }
}
