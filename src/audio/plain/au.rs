//! AU, also called SND: Sun and NeXT.

use symphonia::core::codecs::audio::well_known::{CODEC_ID_PCM_ALAW, CODEC_ID_PCM_MULAW};

use super::super::head::{Endian, read_at};
use super::super::{AudioError, Source};
use super::{Extent, Format, Layout, corrupt, cut, floats, integers};

/// The header's least length; an annotation may follow.
const HEADER_BYTES: u64 = 24;

/// Header: word, offset of the samples, their bytes, encoding, rate, channels, each of four bytes.
pub fn find(source: &mut dyn Source, base: u64, end: u64, endian: Endian) -> Result<Layout, AudioError> {
    let head = read_at(source, base, HEADER_BYTES as usize).map_err(corrupt)?;
    let number = |place| endian.u32(&head, place).ok_or_else(cut);
    let (offset, stated, encoding) = (u64::from(number(4)?), u64::from(number(8)?), number(12)?);
    if offset < HEADER_BYTES {
        return Err(corrupt(format!("its samples begin at byte {offset}, within its header")));
    }
    let start = base + offset;
    let (rate_hz, channels) = (number(16)?, u16::try_from(number(20)?).unwrap_or(u16::MAX));
    let integer = |bytes| integers(bytes, endian).map(|codec| (codec, bytes));
    let float = |bytes| floats(bytes, endian).map(|codec| (codec, bytes));
    let coding = match encoding {
        1 => Some((CODEC_ID_PCM_MULAW, 1)),
        27 => Some((CODEC_ID_PCM_ALAW, 1)),
        2..=5 => integer(u64::from(encoding) - 1),
        6 => float(4),
        7 => float(8),
        _ => None,
    };
    let (codec, bytes) = coding.ok_or_else(|| {
        let name = match encoding {
            23 => "G.721 ADPCM",
            24 => "G.722",
            25 | 26 => "G.723 ADPCM",
            _ => "not known",
        };
        AudioError::UnsupportedCodec { detail: format!("AU encoding {encoding}, {name}") }
    })?;
    // No chunks lie behind the samples: with 0 bytes stated, all that is there is meant.
    let stated = Some(stated).filter(|stated| *stated > 0 || end <= start);
    let extent = Extent::new(start, stated, end);
    Ok(Layout { format: Format::pcm(codec, bytes, channels, rate_hz), extent, counted: None, chunks: None })
}
