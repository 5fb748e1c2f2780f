//! The pages of an Ogg file, of which symphonia passes over what it cannot use without a word: damaged pages, what lies
//! between pages and behind the last, pages that stand there twice.
//!
//! RFC 3533; a page has at most 65,307 bytes.

use std::collections::BTreeMap;
use std::io::Result;
use std::ops::Range;

use symphonia::core::checksum::Crc32;
use symphonia::core::io::Monitor;

use super::error::corrupt;
use super::head::{Endian, read_at};
use super::{AudioError, Source, names, tail};

/// A page begins with so many bytes, then as many lengths as the last of them says.
const HEAD_BYTES: usize = 27;
/// The checksum is computed with zeros in its place.
const CHECKSUM: Range<usize> = 22..26;
/// Streams that symphonia finds a track in, by their first bytes.
const READ: [&[u8]; 3] = [b"\x01vorbis", b"\x7fFLAC", b"OpusHead"];
/// Numbers of pages start anew behind 2^32; what is farther ahead than half of them lies behind.
const FAR: u32 = 1 << 31;

/// A page, or what looks like one.
struct Page {
    bytes: u64,
    serial: u32,
    number: u32,
    is_first: bool,
    is_last: bool,
    /// What it holds.
    body: Vec<u8>,
    is_whole: bool,
    is_sound: bool,
}

impl Page {
    /// The page at `place`; none where no header stands there.
    fn read(source: &mut dyn Source, place: u64) -> Result<Option<Self>> {
        let mut head = read_at(source, place, HEAD_BYTES)?;
        if head.len() < HEAD_BYTES || !head.starts_with(b"OggS\0") {
            return Ok(None);
        }
        let number = |place| Endian::Little.u32(&head, place).unwrap_or_default();
        let (serial, sequence, checksum) = (number(14), number(18), number(CHECKSUM.start));
        let (flags, segments) = (head[5], usize::from(head[26]));
        let lengths = read_at(source, place + HEAD_BYTES as u64, segments)?;
        let len = lengths.iter().map(|len| usize::from(*len)).sum::<usize>();
        let body = read_at(source, place + (HEAD_BYTES + segments) as u64, len)?;
        head[CHECKSUM].fill(0);
        let mut computed = Crc32::new(0);
        [&head, &lengths, &body].into_iter().for_each(|bytes| computed.process_buf_bytes(bytes));
        Ok(Some(Self {
            bytes: (HEAD_BYTES + segments + len) as u64,
            serial,
            number: sequence,
            is_first: flags & 2 != 0,
            is_last: flags & 4 != 0,
            is_whole: lengths.len() == segments && body.len() == len,
            is_sound: computed.crc() == checksum,
            body,
        }))
    }
}

/// A stream among those of the file.
struct Stream {
    /// Of its last page so far.
    number: u32,
    has_ended: bool,
}

/// The bytes of an Ogg file that begins at `base`, up to the end of its last page.
///
/// # Errors
/// `corrupt` where pages are damaged, missing or there twice; `chained_streams`; `audio_after_end`; `no_audio_track` and
/// `unsupported_codec` where no stream is one of Vorbis, FLAC or Opus. What is cut short is left to the reader.
pub fn find(source: &mut dyn Source, base: u64, end: u64) -> std::result::Result<Range<u64>, AudioError> {
    let mut streams = BTreeMap::<u32, Stream>::new();
    let (mut place, mut are_begun, mut first_bytes) = (base, false, Vec::new());
    loop {
        let page = Page::read(source, place).map_err(corrupt)?;
        let is_cut = page.as_ref().map_or(end - place < HEAD_BYTES as u64, |page| !page.is_whole);
        let Some(page) = page.filter(|page| page.is_whole && page.is_sound) else {
            check_rest(source, place..end, &streams, is_cut)?;
            break;
        };
        if page.is_first {
            if are_begun {
                return Err(AudioError::ChainedStreams);
            }
            let stream = Stream { number: page.number, has_ended: page.is_last };
            if streams.insert(page.serial, stream).is_some() {
                return Err(corrupt("the first page of a stream stands there twice"));
            }
            first_bytes.push(page.body);
        } else {
            are_begun = true;
            let stream = streams.get_mut(&page.serial);
            let stream = stream
                .ok_or_else(|| corrupt(format!("the page at byte {place} is of a stream without a beginning")))?;
            stream.follow(&page)?;
        }
        place += page.bytes;
    }
    let is_read = |bytes: &Vec<u8>| READ.iter().any(|word| bytes.starts_with(word));
    if !first_bytes.is_empty() && !first_bytes.iter().any(is_read) {
        let name = first_bytes.iter().find_map(|bytes| names::ogg_codec(bytes));
        return Err(
            name.map_or(AudioError::NoAudioTrack, |name| AudioError::UnsupportedCodec { detail: name.to_owned() })
        );
    }
    Ok(base..place)
}

impl Stream {
    fn follow(&mut self, page: &Page) -> std::result::Result<(), AudioError> {
        let wanted = self.number.wrapping_add(1);
        match page.number.wrapping_sub(wanted) {
            0 => {}
            ahead if ahead < FAR => {
                let detail = format!(
                    "of the pages of a stream, number {} follows {}; some are missing",
                    page.number, self.number
                );
                return Err(corrupt(detail));
            }
            _ => {
                return Err(corrupt(format!(
                    "page {} of a stream stands there twice, or behind a later one",
                    page.number
                )));
            }
        }
        *self = Self { number: page.number, has_ended: page.is_last };
        Ok(())
    }
}

/// Refuses what lies where no sound page begins, unless it is filling, a tag, or a page that is cut off with the file.
fn check_rest(
    source: &mut dyn Source,
    rest: Range<u64>,
    streams: &BTreeMap<u32, Stream>,
    is_cut: bool,
) -> std::result::Result<(), AudioError> {
    let bytes = tail::unexplained(source, rest.start, rest.end, None).map_err(corrupt)?;
    let have_ended = !streams.is_empty() && streams.values().all(|stream| stream.has_ended);
    match bytes {
        0 => Ok(()),
        bytes if have_ended => Err(AudioError::AudioAfterEnd { bytes }),
        _ if is_cut => Ok(()),
        _ => Err(corrupt(format!("at byte {} stands no page, or a damaged one", rest.start))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    /// A page of one packet of less than 255 bytes; flags: 2 at the first page of a stream, 4 at its last.
    fn page(serial: u32, number: u32, flags: u8, packet: &[u8]) -> Vec<u8> {
        let mut page = [&b"OggS\0"[..], &[flags], &[0; 8], &serial.to_le_bytes(), &number.to_le_bytes()].concat();
        page.extend([0, 0, 0, 0, 1, packet.len() as u8]);
        page.extend(packet);
        let mut crc = Crc32::new(0);
        crc.process_buf_bytes(&page);
        page[CHECKSUM].copy_from_slice(&crc.crc().to_le_bytes());
        page
    }

    /// The pages of a stream, numbered from `first` on.
    fn stream(serial: u32, first: u32, count: u32) -> Vec<Vec<u8>> {
        let flags = |n| if n == 0 { 2 } else { 4 * u8::from(n + 1 == count) };
        (0..count).map(|n| page(serial, first.wrapping_add(n), flags(n), b"\x01vorbis and more")).collect()
    }

    fn found(file: &[u8]) -> std::result::Result<u64, AudioError> {
        find(&mut Cursor::new(file), 0, file.len() as u64).map(|window| window.end)
    }

    fn said(pages: &[Vec<u8>]) -> String {
        found(&pages.concat()).map_or_else(|error| format!("{}: {error}", error.code()), |_| "ok".to_owned())
    }

    #[test]
    fn pages_follow_each_other() {
        for first in [0, 7, u32::MAX - 2] {
            let pages = stream(1, first, 6);
            assert_eq!(said(&pages), "ok");
            for lost in 1..5 {
                let said = said(&[&pages[..lost], &pages[lost + 1..]].concat());
                assert!(said.starts_with("corrupt") && said.contains("some are missing"), "{said}");
            }
            for twice in 0..6 {
                let said = said(&[&pages[..=twice], &pages[twice..]].concat());
                assert!(said.starts_with("corrupt") && said.contains("stands there twice"), "{said}");
            }
            let swapped = [&pages[..2], &pages[3..4], &pages[2..3], &pages[4..]].concat();
            assert!(said(&swapped).starts_with("corrupt"));
        }
    }

    #[test]
    fn streams_side_by_side_have_numbers_of_their_own() {
        let (a, b) = (stream(1, 0, 5), stream(2, 70, 5));
        let mixed = a.iter().zip(&b).flat_map(|(a, b)| [a.clone(), b.clone()]).collect::<Vec<_>>();
        assert_eq!(said(&mixed), "ok");
        assert!(said(&[&a[..3], &b[1..]].concat()).contains("a stream without a beginning"));
        assert!(said(&[&a[..], &b[..]].concat()).starts_with("chained_streams"));
    }

    #[test]
    fn damaged_pages_and_bytes_between_pages_are_corrupt() {
        let pages = stream(1, 0, 6);
        for at in 1..6 {
            let mut damaged = pages.clone();
            damaged[at][30] ^= 1;
            assert!(said(&damaged).starts_with("corrupt: the file is corrupt: at byte"), "page {at}");
            let between = [&pages[..at], &[(0..999).map(|n| n as u8).collect()], &pages[at..]].concat();
            assert!(said(&between).starts_with("corrupt"), "before page {at}");
        }
    }

    #[test]
    fn the_last_page_ends_the_file_but_for_filling_and_tags() {
        let file = stream(1, 0, 6).concat();
        let (end, tag) = (file.len() as u64, [b"TAG".to_vec(), vec![b'x'; 125]].concat());
        let noise = (0..9_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect::<Vec<_>>();
        let id3 = [&b"ID3\x04\0\0\0\0\x20\x00"[..], &noise[..4_096]].concat();
        for harmless in [&[][..], &tag, &id3, &[&id3[..], &tag].concat(), &[0; 100_000], &[7; 200]] {
            assert_eq!(found(&[&file, harmless].concat()), Ok(end));
        }
        for rest in [&noise[..], &b"RIFF"[..], &[&noise[..], &tag].concat(), &file[..30]] {
            let error = found(&[&file, rest].concat()).unwrap_err();
            assert_eq!(error.code(), "audio_after_end", "{} bytes", rest.len());
        }
    }

    #[test]
    fn a_file_that_is_cut_is_left_to_the_reader() {
        let file = stream(1, 0, 6).concat();
        for len in 1..file.len() {
            assert!(found(&file[..len]).is_ok(), "{len} bytes");
        }
    }

    #[test]
    fn streams_without_sound_that_is_read_are_named() {
        let of = |packet: &[u8]| said(&[page(1, 0, 2, packet), page(1, 1, 4, b"more")]);
        assert!(
            of(b"Speex   1.2").starts_with("unsupported_codec") && of(b"Speex   1.2").contains("Speex; convert it")
        );
        assert!(of(b"\x80theora").starts_with("no_audio_track"));
        assert_eq!(of(b"OpusHead"), "ok");
    }
}
