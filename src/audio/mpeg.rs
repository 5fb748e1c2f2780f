//! How far an MP3 file reaches, whatever the tag of its first frame counts.
//!
//! Symphonia plays what the tag counts and drops the rest without a word: of two files glued together, the second. So
//! the headers of all frames are walked first, which takes a thousandth of the time to decode them.

use std::io::Result;
use std::ops::Range;

use super::Source;
use super::head::{Endian, id3v2_len, read_at};

/// Larger files are not walked, since they are read piece by piece.
const WALKED_BYTES: u64 = 64 << 20;
/// Before the first frame, so many bytes of something else may stand.
const JUNK_BYTES: u64 = 1 << 16;
/// The next frame is searched in pieces of so many bytes.
const PIECE_BYTES: u64 = 1 << 16;
/// So many frames must follow one that would have a whole file refused: by chance, bytes look like two.
const STRANGERS: usize = 2;
/// A tag lies within so many bytes of its frame's beginning.
const TAG_BYTES: u64 = 64;
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

/// Rate in Hz and whether it has one channel, of the frame that begins in `head`: what a recording keeps to its end.
pub fn shape(head: &[u8]) -> Option<(u32, bool)> {
    Frame::read(head).map(|frame| (frame.kind.1, head[3] >> 6 == 3))
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

    /// Whether so many more of its kind follow it, where it begins at `place` in a file that ends at `end`.
    fn is_followed(&self, source: &mut dyn Source, place: u64, end: u64, followers: usize) -> Result<bool> {
        let mut place = place + self.bytes;
        for _ in 0..followers {
            let next = if place < end { Self::read(&read_at(source, place, 4)?) } else { None };
            let Some(next) = next.filter(|next| next.kind == self.kind) else { return Ok(false) };
            place += next.bytes;
        }
        Ok(true)
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

/// What the frames of an MP3 file say.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Mpeg {
    /// None: it is not walked.
    pub parts: Vec<Part>,
    /// A recording of another rate or version begins here.
    pub second: Option<u64>,
}

/// Walks the frames of an MP3 file that lies in `window`.
///
/// # Errors
/// The source cannot be read.
pub fn find(source: &mut dyn Source, window: &Range<u64>) -> Result<Mpeg> {
    if window.end - window.start > WALKED_BYTES {
        return Ok(Mpeg::default());
    }
    let Some(mut place) = first_frame(source, window)? else { return Ok(Mpeg::default()) };
    let mut walk = Walk { kind: None, parts: Vec::new(), second: None, frames: 0, counted: None };
    while let Some(next) = walk.step(source, place, window.end)? {
        place = next;
    }
    Ok(walk.finish())
}

/// Where the first frame begins, behind tags and at most a little junk.
///
/// # Errors
/// The source cannot be read.
pub fn first_frame(source: &mut dyn Source, window: &Range<u64>) -> Result<Option<u64>> {
    let start = behind_tags(source, window.start)?;
    let within = start..start.saturating_add(JUNK_BYTES).min(window.end);
    search(source, within, window.end, 1, |_| true)
}

/// Frame after frame.
struct Walk {
    kind: Option<(u32, u32)>,
    parts: Vec<Part>,
    second: Option<u64>,
    /// Of the last part, so far.
    frames: u64,
    /// What the tag of the last part counts.
    counted: Option<u64>,
}

impl Walk {
    /// Looks at the frame at `place` and says where the next one is.
    fn step(&mut self, source: &mut dyn Source, place: u64, end: u64) -> Result<Option<u64>> {
        let head = read_at(source, place, end.saturating_sub(place).min(TAG_BYTES) as usize)?;
        let frame = Frame::read(&head).filter(|frame| self.kind.is_none_or(|kind| kind == frame.kind));
        let Some(frame) = frame.filter(|frame| place + frame.bytes <= end) else {
            return self.jump(source, place, end);
        };
        let tag = frame.tag(&head);
        if self.kind.is_none() || tag.is_some() {
            self.close();
            self.parts.push(Part { start: place, frames: None, ends_as_stated: true });
            self.counted = tag;
        }
        self.kind = Some(frame.kind);
        self.frames += u64::from(tag.is_none());
        Ok(Some(place + frame.bytes))
    }

    /// Where the next frame of the same kind begins. What another kind has before it is another recording.
    fn jump(&mut self, source: &mut dyn Source, place: u64, end: u64) -> Result<Option<u64>> {
        let (place, kind) = (behind_tags(source, place)?, self.kind);
        let next = search(source, place..end, end, 1, |other| kind.is_none_or(|kind| kind == other))?;
        let gap = place..next.unwrap_or(end);
        if kind.is_some() && self.second.is_none() {
            self.second = search(source, gap, end, STRANGERS, |other| Some(other) != kind)?;
        }
        Ok(next)
    }

    /// Ends the last part.
    fn close(&mut self) {
        if let Some(part) = self.parts.last_mut() {
            part.frames = Some(self.frames);
            part.ends_as_stated = self.counted.is_some_and(|counted| counted >= self.frames);
        }
        self.frames = 0;
    }

    fn finish(mut self) -> Mpeg {
        self.close();
        if let Some(last) = self.parts.last_mut() {
            last.frames = None;
        }
        self.parts.retain(|part| part.frames != Some(0));
        Mpeg { parts: self.parts, second: self.second }
    }
}

/// Where the ID3v2 tags end that begin at `place`.
fn behind_tags(source: &mut dyn Source, mut place: u64) -> Result<u64> {
    while let len @ 1.. = id3v2_len(&read_at(source, place, 10)?) {
        place += len;
    }
    Ok(place)
}

/// Where a frame begins in `within` whose kind will do, and that so many more follow up to `end`.
fn search(
    source: &mut dyn Source,
    within: Range<u64>,
    end: u64,
    followers: usize,
    will_do: impl Fn((u32, u32)) -> bool,
) -> Result<Option<u64>> {
    let mut place = within.start;
    while place < within.end {
        let wanted = (within.end - place).min(PIECE_BYTES);
        // A header may reach beyond the piece.
        let piece = read_at(source, place, wanted as usize + 3)?;
        for start in (0..piece.len().min(wanted as usize)).filter(|start| piece[*start] == 0xff) {
            let frame = Frame::read(&piece[start..]).filter(|frame| will_do(frame.kind));
            let start = place + start as u64;
            if let Some(frame) = frame
                && frame.is_followed(source, start, end, followers)?
            {
                return Ok(Some(start));
            }
        }
        place += wanted;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Read, Seek, SeekFrom};

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
        let mpeg = find(&mut Cursor::new(bytes), &(0..end)).expect("read");
        mpeg.parts.into_iter().map(|part| (part.start, part.frames, part.ends_as_stated)).collect()
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
    fn recordings_are_found_behind_any_junk() {
        for len in [70_000, 65_536, 131_071, 1_000_000] {
            let between = [tagged(5, 5), vec![0; len]].concat();
            let start = between.len() as u64;
            assert_eq!(found([between, tagged(7, 7)].concat()), [(0, Some(5), true), (start, None, true)], "{len}");
        }
    }

    /// A source that hands out a byte at a time.
    struct Drops(Cursor<Vec<u8>>);

    impl Read for Drops {
        fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
            let len = buffer.len().min(1);
            self.0.read(&mut buffer[..len])
        }
    }

    impl Seek for Drops {
        fn seek(&mut self, position: SeekFrom) -> Result<u64> {
            self.0.seek(position)
        }
    }

    #[test]
    fn tags_are_read_whole_wherever_a_read_ends() {
        let bytes = [tagged(5, 5), tagged(7, 7)].concat();
        let window = 0..bytes.len() as u64;
        let whole = find(&mut Cursor::new(bytes.clone()), &window).expect("read");
        assert_eq!((whole.parts.len(), find(&mut Drops(Cursor::new(bytes)), &window).expect("read")), (2, whole));
    }

    #[test]
    fn a_recording_of_another_rate_is_another_recording() {
        let mut other = frames(5);
        other.chunks_mut(417).for_each(|frame| frame[2] = 0x94);
        // At 48 kHz, frames have 384 bytes.
        let other = other.chunks(417).flat_map(|frame| frame[..384].to_vec()).collect::<Vec<_>>();
        for bytes in [[frames(5), other.clone()].concat(), [frames(5), other.clone(), frames(5)].concat()] {
            let end = bytes.len() as u64;
            let mpeg = find(&mut Cursor::new(bytes), &(0..end)).expect("read");
            assert_eq!(mpeg.second, Some(5 * 417));
        }
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
