//! CAF, Apple's Core Audio Format: the samples of PCM, A-law and mu-law; of other codecs, what symphonia must be told.
//!
//! Apple, Core Audio Format Specification 1.0.

use symphonia::core::codecs::audio::well_known::{CODEC_ID_PCM_ALAW, CODEC_ID_PCM_MULAW};

use super::super::head::{Endian, read_at};
use super::super::tail::{self, Chunking};
use super::super::{AudioError, Source};
use super::{Extent, Format, Found, Layout, corrupt, cut, floats, integers};

/// So many chunks are looked at.
const CHUNKS: usize = 4_096;
/// The codecs that symphonia knows in a CAF.
const CODECS: [&[u8; 4]; 8] = [b"aac ", b"alac", b"ima4", b"flac", b"opus", b".mp1", b".mp2", b".mp3"];
/// Bytes before the samples in their chunk, which count edits.
const EDIT_COUNT_BYTES: u64 = 4;

/// The fields of an audio description: rate, codec, flags, and the sizes of packets.
struct Description {
    rate_hz: u32,
    codec: [u8; 4],
    flags: u32,
    packet_bytes: u32,
    packet_frames: u32,
    channels: u32,
    bits: u32,
}

/// What the chunks say.
#[derive(Default)]
struct Told {
    description: Option<Description>,
    /// Where the body of the samples' chunk begins, and its size; none: to the end of the file.
    samples: Option<(u64, Option<u64>)>,
    /// A packet table drops frames at the start or the end.
    is_trimmed: bool,
    has_table: bool,
    /// Where the last chunk ends.
    end: u64,
}

/// Chunks in any order, each a word and a size of eight bytes. Of the samples' chunk, -1 means: to the end of the file.
pub fn find(source: &mut dyn Source, base: u64, end: u64) -> Result<Found, AudioError> {
    let head = read_at(source, base, 8).map_err(corrupt)?;
    let version = Endian::Big.u16(&head, 4).ok_or_else(cut)?;
    if version != 1 {
        return Err(AudioError::UnsupportedFormat { detail: format!("CAF of version {version}") });
    }
    let told = Told::read(source, base + 8, end)?;
    let description =
        told.description.ok_or_else(|| if told.end >= end { cut() } else { corrupt("it describes no audio") })?;
    let (body, stated) = told.samples.ok_or_else(|| if told.end >= end { cut() } else { AudioError::NoSamples })?;
    if let Some(format) = description.format()?.filter(|_| !told.is_trimmed) {
        let stated = stated.map(|bytes| bytes.checked_sub(EDIT_COUNT_BYTES).ok_or_else(cut)).transpose()?;
        let extent = Extent::new(body + EDIT_COUNT_BYTES, stated, end);
        return Ok(Found::Samples(Layout { format, extent, counted: None, chunks: Some(Chunking::Long) }));
    }
    let varies = description.packet_bytes == 0 || description.packet_frames == 0;
    if varies && !told.has_table {
        return Err(cut());
    }
    let last = match stated {
        Some(_) => told.end.min(end),
        None => tail::samples_end(source, body, end, None).map_err(corrupt)?,
    };
    let behind = tail::unexplained(source, last, end, None).map_err(corrupt)?;
    if behind > 0 {
        return Err(AudioError::AudioAfterEnd { bytes: behind });
    }
    // Where the size is unknown, symphonia would read coded samples for chunks.
    let mended = stated.is_none().then(|| (body - 8, (last - body).to_be_bytes().to_vec()));
    Ok(Found::Caf { end: last, mended })
}

impl Told {
    fn read(source: &mut dyn Source, first: u64, end: u64) -> Result<Self, AudioError> {
        let mut told = Self { end: first, ..Self::default() };
        for _ in 0..CHUNKS {
            let head = read_at(source, told.end, 12).map_err(corrupt)?;
            let Some(bytes) = Endian::Big.u64(&head, 4) else { break };
            let body = told.end + 12;
            let is_word = head[..4].iter().all(|byte| (b' '..=b'~').contains(byte));
            match &head[..4] {
                b"desc" if told.description.is_none() => {
                    told.description = Some(Description::read(&read_at(source, body, 32).map_err(corrupt)?)?);
                }
                b"data" if told.samples.is_none() && bytes == u64::MAX => {
                    told.samples = Some((body, None));
                    told.end = end;
                    break;
                }
                b"data" if told.samples.is_none() => told.samples = Some((body, Some(bytes))),
                b"pakt" => {
                    told.has_table = true;
                    let table = read_at(source, body, 24).map_err(corrupt)?;
                    told.is_trimmed = [16, 20].into_iter().any(|place| Endian::Big.u32(&table, place) > Some(0));
                }
                // What is no chunk is looked at by those who ask for the end.
                _ if !is_word || bytes > end.saturating_sub(body) => break,
                _ => {}
            }
            told.end = body.saturating_add(bytes);
        }
        Ok(told)
    }
}

impl Description {
    fn read(body: &[u8]) -> Result<Self, AudioError> {
        let number = |place| Endian::Big.u32(body, place).ok_or_else(cut);
        Ok(Self {
            rate_hz: f64::from_bits(Endian::Big.u64(body, 0).ok_or_else(cut)?) as u32,
            codec: number(8)?.to_be_bytes(),
            flags: number(12)?,
            packet_bytes: number(16)?,
            packet_frames: number(20)?,
            channels: number(24)?,
            bits: number(28)?,
        })
    }

    /// How samples are stored that lie one after the other; none: they are coded in packets.
    fn format(&self) -> Result<Option<Format>, AudioError> {
        if self.channels == 0 {
            return Err(corrupt("its header states 0 channels"));
        }
        let bytes = u64::from(self.packet_bytes / self.channels);
        let endian = if self.flags & 2 == 0 { Endian::Big } else { Endian::Little };
        let codec = match &self.codec {
            b"lpcm" if self.flags & 1 == 1 => floats(bytes, endian),
            // Samples that do not fill their bytes stand in the upper bits; of whole bytes too many, nobody says where.
            b"lpcm" if u64::from(self.bits.div_ceil(8)) == bytes => integers(bytes, endian),
            b"alaw" if bytes == 1 => Some(CODEC_ID_PCM_ALAW),
            b"ulaw" if bytes == 1 => Some(CODEC_ID_PCM_MULAW),
            codec if CODECS.contains(&codec) => return Ok(None),
            _ => None,
        };
        let codec = codec.filter(|_| self.packet_frames == 1 && self.packet_bytes.is_multiple_of(self.channels));
        let codec = codec.ok_or_else(|| {
            let (name, Self { bits, packet_bytes, channels, .. }) = (self.codec.escape_ascii(), self);
            let detail = format!("`{name}` in CAF, {bits} bits, {packet_bytes} bytes a packet, {channels} channels");
            AudioError::UnsupportedCodec { detail }
        })?;
        let channels = u16::try_from(self.channels).unwrap_or(u16::MAX);
        Ok(Some(Format::pcm(codec, bytes, channels, self.rate_hz)))
    }
}
