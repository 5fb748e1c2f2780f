//! AIFF and AIFF-C: big-endian chunks.

use symphonia::core::codecs::audio::well_known::{CODEC_ID_PCM_ALAW, CODEC_ID_PCM_MULAW, CODEC_ID_PCM_U8};

use super::super::head::{Endian, read_at};
use super::super::tail::{Chunking, is_all_chunks};
use super::super::{AudioError, Source};
use super::{Extent, Format, Layout, corrupt, cut, floats, integers};

/// So many chunks are looked at for the format and the samples.
const CHUNKS: usize = 4_096;

/// Chunks in any order; the outer size says nothing that they do not.
pub fn find(source: &mut dyn Source, base: u64, end: u64) -> Result<Layout, AudioError> {
    let (mut format, mut extent, mut place) = (None, None, base + 12);
    for _ in 0..CHUNKS {
        let head = read_at(source, place, 40).map_err(corrupt)?;
        let Some(bytes) = Endian::Big.u32(&head, 4).map(u64::from) else { break };
        let body = &head[8..];
        match &head[..4] {
            b"COMM" if format.is_none() => format = Some(parse(&body[..body.len().min(bytes as usize)])?),
            b"SSND" if extent.is_none() => extent = Some(samples(source, place + 8, bytes, body, end)?),
            _ => {}
        }
        place = place.saturating_add(8 + bytes + bytes % 2);
    }
    match (format, extent) {
        (Some(format), Some(extent)) => {
            Ok(Layout { format, extent, counted: None, chunks: Some(Chunking::Short(Endian::Big)) })
        }
        (Some(_), None) if place <= end => Err(AudioError::NoSamples),
        _ if place > end => Err(cut()),
        _ => Err(corrupt("it has no common chunk")),
    }
}

/// The sound chunk: an offset and a block size before the samples. A size of 0 was never written.
fn samples(source: &mut dyn Source, place: u64, bytes: u64, body: &[u8], end: u64) -> Result<Extent, AudioError> {
    let offset = u64::from(Endian::Big.u32(body, 0).ok_or_else(cut)?);
    let start = place.saturating_add(8 + offset);
    let is_believed = bytes > 0 || is_all_chunks(source, place, end, Endian::Big).map_err(corrupt)?;
    let start = if is_believed && bytes == 0 { place } else { start };
    Ok(Extent::new(start, is_believed.then(|| bytes.saturating_sub(8 + offset)), end))
}

/// The common chunk: channels, frames, bits, rate, and of AIFF-C the compression.
fn parse(body: &[u8]) -> Result<Format, AudioError> {
    let number = |place| Endian::Big.u16(body, place).ok_or_else(cut);
    let (channels, bits, rate_hz) = (number(0)?, number(6)?, rate(body)?);
    if channels == 0 {
        return Err(corrupt("its header states 0 channels"));
    }
    let bytes = u64::from(bits.div_ceil(8));
    let compression = body.get(18..22).unwrap_or(b"NONE").to_ascii_lowercase();
    let integer = |bytes, endian| integers(bytes, endian).map(|codec| (codec, bytes));
    let float = |bytes| floats(bytes, Endian::Big).map(|codec| (codec, bytes));
    let coding = match compression.as_slice() {
        b"none" | b"twos" => integer(bytes, Endian::Big),
        b"sowt" => integer(bytes, Endian::Little),
        b"raw " => Some((CODEC_ID_PCM_U8, 1)),
        b"in24" => integer(3, Endian::Big),
        b"in32" => integer(4, Endian::Big),
        b"42ni" => integer(3, Endian::Little),
        b"23ni" => integer(4, Endian::Little),
        b"fl32" => float(4),
        b"fl64" => float(8),
        b"alaw" => Some((CODEC_ID_PCM_ALAW, 1)),
        b"ulaw" => Some((CODEC_ID_PCM_MULAW, 1)),
        other => {
            let name = String::from_utf8_lossy(other).into_owned();
            return Err(AudioError::UnsupportedCodec { detail: format!("AIFF-C compression `{name}`") });
        }
    };
    let (codec, bytes) = coding.ok_or_else(|| corrupt(format!("its header states samples of {bits} bits")))?;
    Ok(Format::pcm(codec, bytes, channels, rate_hz))
}

/// An 80-bit floating-point number: sign and exponent, then 64 bits of mantissa.
fn rate(body: &[u8]) -> Result<u32, AudioError> {
    let exponent = Endian::Big.u16(body, 8).ok_or_else(cut)?;
    let mantissa = Endian::Big.u64(body, 10).ok_or_else(cut)?;
    let rate_hz = mantissa as f64 * 2_f64.powi(i32::from(exponent) - 16_383 - 63);
    // The cast saturates; a rate of 0 is refused later, with the rates that are legal.
    Ok(rate_hz.round() as u32)
}
