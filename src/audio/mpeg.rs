//! How far the frames of an MP3 or of ADTS reach, whatever the tag of the first frame counts, and what else is there.
//!
//! Symphonia plays what the tag counts and drops the rest without a word: of two files glued together, the second. So
//! the headers of all frames are walked first, which takes a thousandth of the time to decode them.

use std::io::Result;
use std::ops::Range;

use super::frame::{Coding, Frame, HEAD_BYTES, Kind, TAG_BYTES};
use super::head::{id3v2_len, read_at};
use super::{Source, tags, tail};

/// Before the first frame, so many bytes of something else may stand.
const JUNK_BYTES: u64 = 1 << 16;
/// The next frame is searched in pieces of so many bytes.
const PIECE_BYTES: u64 = 1 << 16;
/// Behind the last frame, fewer bytes than these are junk, as taggers leave it; of PCM they are half a second.
const REST_BYTES: u64 = 1 << 14;
/// So many frames must follow one that would have a whole file refused: by chance, bytes look like two.
const STRANGERS: usize = 2;

/// A run of frames behind one tag, or behind none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameRun {
    /// Where its first frame begins, the tag's included.
    pub start: u64,
    /// Frames to decode; none: to the end of the file.
    pub frames: Option<u64>,
    /// Whether the length that the tag counts is all there is, so that padding may be cut off there.
    pub ends_as_stated: bool,
}

/// What the frames of a file say.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Mpeg {
    /// What is coded; none: no frames are found.
    pub coding: Option<Coding>,
    /// One after the other.
    pub parts: Vec<FrameRun>,
    /// Here begins what may be sound and is not of these frames: a recording of another kind, or much that is no tag.
    pub second: Option<u64>,
}

/// Walks the frames of a file that lie in `window`.
///
/// # Errors
/// The source cannot be read.
pub fn find(source: &mut dyn Source, window: &Range<u64>) -> Result<Mpeg> {
    let window = window.start..tags::audio_end(source, window.start, window.end)?;
    let Some(mut place) = first_frame(source, &window, |_| true)? else { return Ok(Mpeg::default()) };
    let mut walk = Walk { kind: None, parts: Vec::new(), second: None, frames: 0, counted: None };
    while let Some(next) = walk.step(source, place, window.end)? {
        place = next;
    }
    Ok(walk.finish())
}

/// Where the first frame begins whose coding will do, behind tags and at most a little junk.
///
/// # Errors
/// The source cannot be read.
pub fn first_frame(
    source: &mut dyn Source,
    window: &Range<u64>,
    will_do: impl Fn(Coding) -> bool,
) -> Result<Option<u64>> {
    let start = behind_tags(source, window.start)?;
    let within = start..start.saturating_add(JUNK_BYTES).min(window.end);
    search(source, within, window.end, 1, |kind| will_do(kind.coding))
}

/// Frame after frame.
struct Walk {
    kind: Option<Kind>,
    parts: Vec<FrameRun>,
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
            self.parts.push(FrameRun { start: place, frames: None, ends_as_stated: true });
            self.counted = tag;
        }
        self.kind = Some(frame.kind);
        self.frames += u64::from(tag.is_none());
        Ok(Some(place + frame.bytes))
    }

    /// Where the next frame of the same kind begins. What has a header of another kind before it is another recording.
    fn jump(&mut self, source: &mut dyn Source, place: u64, end: u64) -> Result<Option<u64>> {
        let (place, kind) = (behind_tags(source, place)?, self.kind);
        let next = search(source, place..end, end, 1, |other| kind.is_none_or(|kind| kind == other))?;
        let gap = place..next.unwrap_or(end).max(place);
        if kind.is_some() && self.second.is_none() {
            let stranger = search(source, gap.clone(), end, STRANGERS, |other| Some(other) != kind)?;
            let recording = tail::recording(source, gap.clone())?;
            let is_much = next.is_none() && tail::changes(source, gap.clone())? > REST_BYTES;
            self.second = stranger.into_iter().chain(recording).min().or(is_much.then_some(gap.start));
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
        Mpeg { coding: self.kind.map(|kind| kind.coding), parts: self.parts, second: self.second }
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
    will_do: impl Fn(Kind) -> bool,
) -> Result<Option<u64>> {
    let mut place = within.start;
    while place < within.end {
        let wanted = (within.end - place).min(PIECE_BYTES);
        // A header may reach beyond the piece.
        let piece = read_at(source, place, wanted as usize + HEAD_BYTES)?;
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

    #[test]
    fn long_recordings_are_walked_to_their_end() {
        let (count, end) = (170_000, 170_001 * 417);
        assert!(end > 64 << 20);
        assert_eq!(
            found([tagged(count, count as usize), tagged(7, 7)].concat()),
            [(0, Some(u64::from(count)), true), (end, None, true)]
        );
    }

    #[test]
    fn what_may_be_sound_behind_the_frames_is_told() {
        let second = |rest: &[u8]| {
            let bytes = [tagged(5, 5), rest.to_vec()].concat();
            let end = bytes.len() as u64;
            find(&mut Cursor::new(bytes), &(0..end)).expect("read").second
        };
        let noise = |len: u32| (0..len).map(|n| (n.wrapping_mul(2_654_435_761) >> 25) as u8).collect::<Vec<_>>();
        let tag = [b"TAG".to_vec(), vec![b' '; 125]].concat();
        for rest in [&[][..], &[0; 100_000], &noise(16_000), &[&noise(16_000), &tag[..]].concat(), &frames(1)[..400]] {
            assert_eq!(second(rest), None, "{} bytes", rest.len());
        }
        assert_eq!(second(&noise(20_000)), Some(6 * 417));
        let wav = b"RIFF\x24\0\0\0WAVEfmt ";
        assert_eq!(second(&[&noise(100), &wav[..]].concat()), Some(6 * 417 + 100));
        assert_eq!(second(&[&wav[..], &frames(3)].concat()), Some(6 * 417), "between frames");
        let adts = [&[0xff, 0xf1, 0x60, 0x40, 0x04, 0x1f, 0xfc][..], &[0; 25]].concat().repeat(3);
        assert_eq!(second(&adts), Some(6 * 417));
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
