//! What symphonia does not know about native FLAC files.

use std::io::Result;
use std::ops::Range;

use super::head::{Endian, read_at};
use super::source::Patch;
use super::{Source, tags};

/// The smallest block that the format allows, in samples.
const SMALLEST_BLOCK: u16 = 16;
/// A frame's header has at most so many bytes.
const FRAME_HEAD_BYTES: usize = 16;
/// So many blocks of metadata are looked through for the first frame.
const METADATA_BLOCKS: usize = 1_024;

/// A native FLAC file as it is decoded.
pub struct Flac {
    /// Without tags before and behind.
    pub window: Range<u64>,
    /// Block sizes that fit the frames.
    pub patch: Option<Patch>,
    /// Where the first frame begins.
    pub first_frame: u64,
}

/// Looks at the header of a file whose `fLaC` stands at `base`.
///
/// # Errors
/// The source cannot be read.
pub fn find(source: &mut dyn Source, base: u64, end: u64) -> Result<Flac> {
    let end = tags::audio_end(source, base, end)?;
    let head = read_at(source, base, 12)?;
    let mut place = base + 4;
    for _ in 0..METADATA_BLOCKS {
        let block = read_at(source, place, 4)?;
        let Some(word) = Endian::Big.u32(&block, 0) else { break };
        place += 4 + u64::from(word & 0x00ff_ffff);
        if word >> 31 == 1 {
            break;
        }
    }
    let frame = read_at(source, place, FRAME_HEAD_BYTES)?;
    let blocks = Endian::Big.u16(&head, 8).zip(Endian::Big.u16(&head, 10));
    let mended = blocks.and_then(|blocks| mended(blocks, &frame));
    let patch = mended.map(|(least, most)| (base + 8, [least.to_be_bytes(), most.to_be_bytes()].concat()));
    Ok(Flac { window: base..end, patch, first_frame: place })
}

/// Least and most samples of a block, where the stated ones are not what symphonia can do with such frames.
///
/// libFLAC takes the block size from each frame. Symphonia refuses a least of 0, which writers to a pipe leave, and
/// loses every frame whose blocking strategy does not fit: with fixed blocks, least and most must be equal, and frames
/// are counted in blocks of that size, which is the first one's.
fn mended((least, most): (u16, u16), frame: &[u8]) -> Option<(u16, u16)> {
    let fitting = match Endian::Big.u16(frame, 0)? {
        0xfff8 => {
            let block = block_len(frame).filter(|len| *len >= SMALLEST_BLOCK).unwrap_or(most);
            (block.max(SMALLEST_BLOCK), block.max(SMALLEST_BLOCK))
        }
        0xfff9 => {
            let most = if most >= SMALLEST_BLOCK { most } else { u16::MAX };
            let is_legal = (SMALLEST_BLOCK..most).contains(&least);
            (if is_legal { least } else { SMALLEST_BLOCK.min(most - 1) }, most)
        }
        _ => (least, most),
    };
    (fitting != (least, most)).then_some(fitting)
}

/// Samples of the block whose frame begins so (RFC 9639, section 9.1); none: they are not legal.
fn block_len(frame: &[u8]) -> Option<u16> {
    // The number of the frame, in the manner of UTF-8, stands before what the code leaves open.
    let number_bytes = frame.get(4)?.leading_ones().max(1) as usize;
    let place = 4 + number_bytes;
    match frame.get(2)? >> 4 {
        1 => Some(192),
        code @ 2..=5 => Some(144 << code),
        6 => frame.get(place).map(|len| u16::from(*len) + 1),
        7 => Endian::Big.u16(frame, place)?.checked_add(1),
        code @ 8.. => Some(1 << code),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn block_sizes_fit_the_frames() {
        // Code 12 stands for 4,096 samples.
        let (fixed, variable) = (&[0xff, 0xf8, 0xc5, 0x08, 0][..], &[0xff, 0xf9, 0xc5, 0x08, 0][..]);
        assert_eq!(mended((4096, 4096), fixed), None);
        for stated in [(0, 4096), (1152, 4096), (16, 65535), (65535, 65535), (0, 0)] {
            assert_eq!(mended(stated, fixed), Some((4096, 4096)), "{stated:?}");
        }
        assert_eq!(mended((256, 4096), variable), None);
        assert_eq!(mended((0, 4096), variable), Some((16, 4096)));
        assert_eq!(mended((4096, 4096), variable), Some((16, 4096)));
        assert_eq!(mended((0, 0), variable), Some((16, u16::MAX)));
        assert_eq!(mended((0, 4096), &[0x12, 0x34, 0, 0, 0]), None);
        // A file of less than the smallest block.
        assert_eq!(mended((4096, 4096), &[0xff, 0xf8, 0x65, 0x08, 0, 9]), None);
    }

    #[test]
    fn block_lengths_are_those_of_the_standard() {
        let lens = (1..=15).map(|code| block_len(&[0xff, 0xf8, code << 4, 0, 0, 0x12, 0x33]));
        let want = [192, 576, 1152, 2304, 4608, 19, 4660, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768];
        assert_eq!(lens.collect::<Option<Vec<_>>>(), Some(want.to_vec()));
        assert_eq!(block_len(&[0xff, 0xf8, 0x60, 0, 0xc2, 0x80, 9]), Some(10), "behind a number of two bytes");
        assert_eq!(block_len(&[0xff, 0xf8, 0x70, 0, 0, 0xff, 0xff]), None);
        assert_eq!(block_len(&[0xff, 0xf8, 0x00, 0, 0]), None);
    }
}
