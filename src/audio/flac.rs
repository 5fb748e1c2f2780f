//! What symphonia does not know about native FLAC files.

use std::io::Result;
use std::ops::Range;

use super::head::{Endian, read_at};
use super::source::Patch;
use super::{Source, tags};

/// The smallest block that the format allows, in samples.
const SMALLEST_BLOCK: u16 = 16;
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
    let frame = read_at(source, place, 2)?;
    let blocks = Endian::Big.u16(&head, 8).zip(Endian::Big.u16(&head, 10));
    let mended = blocks.zip(Endian::Big.u16(&frame, 0)).and_then(|(blocks, sync)| mended(blocks, sync));
    let patch = mended.map(|(least, most)| (base + 8, [least.to_be_bytes(), most.to_be_bytes()].concat()));
    Ok(Flac { window: base..end, patch, first_frame: place })
}

/// Least and most samples of a block, where the stated ones are not what symphonia can do with such frames.
///
/// libFLAC takes the block size from each frame. Symphonia refuses a least of 0, which writers to a pipe leave, and
/// loses every frame whose blocking strategy does not fit: with fixed blocks, least and most must be equal.
fn mended((least, most): (u16, u16), sync: u16) -> Option<(u16, u16)> {
    let fitting = match sync {
        0xfff8 if most >= SMALLEST_BLOCK => (most, most),
        0xfff9 => {
            let most = if most >= SMALLEST_BLOCK { most } else { u16::MAX };
            let is_legal = (SMALLEST_BLOCK..most).contains(&least);
            (if is_legal { least } else { SMALLEST_BLOCK.min(most - 1) }, most)
        }
        _ => (least, most),
    };
    (fitting != (least, most)).then_some(fitting)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn block_sizes_fit_the_frames() {
        let (fixed, variable) = (0xfff8, 0xfff9);
        assert_eq!(mended((4096, 4096), fixed), None);
        assert_eq!(mended((0, 4096), fixed), Some((4096, 4096)));
        assert_eq!(mended((1152, 4096), fixed), Some((4096, 4096)));
        assert_eq!(mended((256, 4096), variable), None);
        assert_eq!(mended((0, 4096), variable), Some((16, 4096)));
        assert_eq!(mended((4096, 4096), variable), Some((16, 4096)));
        assert_eq!(mended((0, 0), variable), Some((16, u16::MAX)));
        assert_eq!(mended((0, 4096), 0x1234), None);
    }
}
