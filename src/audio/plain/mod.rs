//! Files whose samples lie one after the other behind a header: WAV and its relatives, AIFF, AU, SPHERE and CAF.
//!
//! The headers are read here, as players read them: the chunks decide, what is redundant is not believed, and a size
//! that a writer to a pipe left behind says nothing. Symphonia decodes the samples.

mod aiff;
mod au;
mod caf;
mod extent;
mod fmt;
mod riff;
mod sphere;

use std::io::{Error, ErrorKind, Read, Result, Seek, SeekFrom};

use symphonia::core::audio::Channels;
use symphonia::core::codecs::audio::well_known::*;
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters};
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, Timestamp};

use super::error::corrupt;
use super::head::{Endian, read_at};
use super::source::Patch;
use super::tail::{self, Chunking};
use super::{AudioError, Source};

pub use extent::Extent;
pub use fmt::{Coding, parse as parse_format};
pub use tail::unexplained;

/// About as many frames make a packet.
const PACKET_FRAMES: u64 = 1_152;

/// How samples are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    codec: AudioCodecId,
    /// Channels of the file.
    pub channels: u16,
    /// Rate of the file in Hz.
    pub rate_hz: u32,
    /// Bytes of a frame, or of a block of ADPCM.
    block_bytes: u64,
    /// Frames of a block; 1 of PCM.
    block_frames: u64,
}

impl Format {
    /// Samples of `bytes` each.
    pub fn pcm(codec: AudioCodecId, bytes: u64, channels: u16, rate_hz: u32) -> Self {
        Self { codec, channels, rate_hz, block_bytes: bytes * u64::from(channels), block_frames: 1 }
    }

    /// What the decoder must know.
    pub fn parameters(&self) -> AudioCodecParameters {
        let mut parameters = AudioCodecParameters::new();
        parameters
            .for_codec(self.codec)
            .with_sample_rate(self.rate_hz)
            .with_channels(Channels::Discrete(self.channels))
            .with_frames_per_block(self.block_frames)
            .with_max_frames_per_packet(self.packet_blocks() * self.block_frames);
        parameters
    }

    fn packet_blocks(&self) -> u64 {
        (PACKET_FRAMES / self.block_frames).max(1)
    }

    /// Bytes of so many frames, in whole blocks.
    pub fn bytes(&self, frames: u64) -> u64 {
        frames.div_ceil(self.block_frames).saturating_mul(self.block_bytes)
    }

    /// Frames of so many bytes; a last block of ADPCM may be short.
    pub fn frames(&self, bytes: u64) -> u64 {
        let (whole, rest) = (bytes / self.block_bytes, bytes % self.block_bytes);
        let channels = u64::from(self.channels);
        let of_short_block = match self.codec {
            CODEC_ID_ADPCM_IMA_WAV => rest.checked_sub(4 * channels).map(|left| 2 * left / channels + 1),
            CODEC_ID_ADPCM_MS => rest.checked_sub(7 * channels).map(|left| 2 * left / channels + 2),
            _ => None,
        };
        whole.saturating_mul(self.block_frames).saturating_add(of_short_block.unwrap_or(0))
    }
}

/// The codec of integers of so many bytes.
pub fn integers(bytes: u64, endian: Endian) -> Option<AudioCodecId> {
    Some(match (bytes, endian) {
        (1, _) => CODEC_ID_PCM_S8,
        (2, Endian::Little) => CODEC_ID_PCM_S16LE,
        (2, Endian::Big) => CODEC_ID_PCM_S16BE,
        (3, Endian::Little) => CODEC_ID_PCM_S24LE,
        (3, Endian::Big) => CODEC_ID_PCM_S24BE,
        (4, Endian::Little) => CODEC_ID_PCM_S32LE,
        (4, Endian::Big) => CODEC_ID_PCM_S32BE,
        _ => return None,
    })
}

/// The codec of floating-point numbers of so many bytes.
pub fn floats(bytes: u64, endian: Endian) -> Option<AudioCodecId> {
    Some(match (bytes, endian) {
        (4, Endian::Little) => CODEC_ID_PCM_F32LE,
        (4, Endian::Big) => CODEC_ID_PCM_F32BE,
        (8, Endian::Little) => CODEC_ID_PCM_F64LE,
        (8, Endian::Big) => CODEC_ID_PCM_F64BE,
        _ => return None,
    })
}

/// What a header says: where the samples lie, and how they are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// How the samples are stored.
    pub format: Format,
    /// Where they lie.
    pub extent: Extent,
    /// Frames that a header counts beside the bytes; none where it does not, or contradicts them.
    counted: Option<u64>,
    /// The chunks behind the samples; none: the format has no chunks.
    chunks: Option<Chunking>,
}

impl Layout {
    /// Of samples that are all that their source holds.
    pub fn whole(format: Format, bytes: u64) -> Self {
        Self { format, extent: Extent { start: 0, bytes, stated: Some(bytes) }, counted: None, chunks: None }
    }
}

/// A file as its first bytes tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Samples one after the other.
    Samples(Layout),
    /// MPEG audio in the chunk of samples.
    Mpeg(Extent),
    /// Packets in a CAF.
    Caf {
        /// Where its last chunk ends.
        end: u64,
        /// What of its header symphonia must read otherwise.
        mended: Option<Patch>,
    },
}

/// Reads the header of a file that begins at `base` and ends at `end`; none: it is of another kind.
///
/// # Errors
/// `corrupt`, `truncated`, `unsupported_format`, `unsupported_codec`, `audio_after_end`; `no_samples` where the header ends without any.
pub fn find(source: &mut dyn Source, base: u64, end: u64) -> std::result::Result<Option<Found>, AudioError> {
    let head = read_at(source, base, 40).map_err(corrupt)?;
    let mut found = match head.get(..4) {
        Some(b"RIFF" | b"RIFX" | b"RF64" | b"BW64") if head.get(8..12) == Some(b"WAVE") => {
            riff::find(source, base, end)?
        }
        Some(b"riff") if head.get(..16) == Some(&riff::WAVE64) => riff::find_wave64(source, base, end)?,
        Some(b"FORM") if matches!(head.get(8..12), Some(b"AIFF" | b"AIFC")) => {
            Found::Samples(aiff::find(source, base, end)?)
        }
        Some(b".snd") => Found::Samples(au::find(source, base, end, Endian::Big)?),
        Some(b"dns.") => Found::Samples(au::find(source, base, end, Endian::Little)?),
        Some(b"NIST") if head.starts_with(b"NIST_1A\n") => Found::Samples(sphere::find(source, base, end)?),
        Some(b"caff") => caf::find(source, base, end)?,
        _ => return Ok(None),
    };
    let (extent, chunks) = match &mut found {
        Found::Samples(layout) => (&mut layout.extent, layout.chunks),
        Found::Mpeg(extent) => (extent, None),
        Found::Caf { .. } => return Ok(Some(found)),
    };
    if extent.stated.is_none() {
        let samples_end = tail::samples_end(source, extent.start, end, chunks).map_err(corrupt)?;
        extent.bytes = samples_end.saturating_sub(extent.start);
    }
    Ok(Some(found))
}

/// A header that ends with the file.
fn cut() -> AudioError {
    AudioError::Truncated { decoded_s: 0.0, stated_s: None }
}

/// Hands the samples out in packets.
pub struct Plain<'a> {
    source: Box<dyn Source + 'a>,
    layout: Layout,
    /// Bytes of samples that were read.
    read: u64,
    file_bytes: u64,
}

impl<'a> Plain<'a> {
    /// Stands at the first sample.
    ///
    /// # Errors
    /// The source cannot be read.
    pub fn new(mut source: Box<dyn Source + 'a>, layout: Layout, file_bytes: u64) -> Result<Self> {
        source.seek(SeekFrom::Start(layout.extent.start))?;
        Ok(Self { source, layout, read: 0, file_bytes })
    }

    /// Frames that the header states; none where it is a stream's.
    pub fn stated_frames(&self) -> Option<u64> {
        self.layout.extent.stated.map(|bytes| self.layout.format.frames(bytes))
    }

    /// Frames that count, where the last block of ADPCM is filled up with more; none: all.
    pub fn counted_frames(&self) -> Option<u64> {
        let Layout { format, extent, counted, .. } = &self.layout;
        let there = format.frames(extent.bytes);
        // A count that does not end in the last block contradicts the bytes.
        let in_last_block = |counted: &u64| (1..format.block_frames).contains(&there.wrapping_sub(*counted));
        let filled = extent.bytes.div_ceil(format.block_bytes).saturating_mul(format.block_frames);
        let counted = counted.filter(in_last_block).unwrap_or(there);
        (counted < filled && format.block_frames > 1).then_some(counted)
    }

    /// Whether fewer bytes are there than the header states, be it a part of a block.
    pub fn is_cut(&self) -> bool {
        let Extent { bytes, stated, .. } = self.layout.extent;
        stated.is_some_and(|stated| bytes < stated)
    }

    /// The next frames; none at the end.
    ///
    /// # Errors
    /// The source cannot be read.
    pub fn next_packet(&mut self) -> Result<Option<Packet>> {
        let Layout { format, extent, .. } = &self.layout;
        let left = extent.bytes - self.read;
        let blocks = (left / format.block_bytes).min(format.packet_blocks());
        let has_short_block = blocks == 0 && format.frames(left) > 0;
        let wanted = if has_short_block { left } else { blocks * format.block_bytes };
        if wanted == 0 {
            return Ok(None);
        }
        let mut data = vec![0; wanted as usize];
        self.source.read_exact(&mut data)?;
        if has_short_block {
            data.resize(format.block_bytes as usize, 0);
        }
        let frames = data.len() as u64 / format.block_bytes * format.block_frames;
        let start = self.read / format.block_bytes * format.block_frames;
        self.read += wanted;
        let start = Timestamp::try_from(start).map_err(|_| Error::from(ErrorKind::InvalidData))?;
        Ok(Some(Packet::new(0, start, Duration::from(frames), data)))
    }

    /// Bytes behind the last sample that are neither chunk, tag nor padding.
    ///
    /// # Errors
    /// The source cannot be read.
    pub fn left_behind(&mut self) -> Result<u64> {
        let Layout { extent, chunks, .. } = &self.layout;
        tail::unexplained(self.source.as_mut(), extent.start + extent.bytes, self.file_bytes, *chunks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_absurd_sizes_are_very_many() {
        let codec = CODEC_ID_ADPCM_IMA_WAV;
        let format = Format { codec, channels: 1, rate_hz: 16_000, block_bytes: 256, block_frames: 505 };
        assert_eq!((format.frames(512), format.frames(300)), (1_010, 505 + 81));
        assert_eq!(format.frames(0xf000_0000_0000_0000), u64::MAX);
    }
}
