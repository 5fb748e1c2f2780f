//! The format chunk of WAV and its relatives.

use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_ADPCM_IMA_WAV, CODEC_ID_ADPCM_MS, CODEC_ID_PCM_ALAW, CODEC_ID_PCM_MULAW, CODEC_ID_PCM_U8,
};

use super::super::AudioError;
use super::super::head::Endian;
use super::super::names::wave_codec;
use super::{Format, corrupt, cut, floats, integers};

/// The tags whose samples are decoded; Microsoft's mmreg.h has them all.
const PCM: u16 = 0x0001;
const ADPCM_MS: u16 = 0x0002;
const FLOAT: u16 = 0x0003;
const ALAW: u16 = 0x0006;
const MULAW: u16 = 0x0007;
const ADPCM_IMA: u16 = 0x0011;
const MPEG_LAYER_3: u16 = 0x0055;
const EXTENSIBLE: u16 = 0xfffe;

/// What lies in the chunk of samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    Samples(Format),
    Mpeg,
}

/// The fields of a format chunk. Byte rate and, of PCM, block size are redundant and often wrong.
struct Fields {
    tag: u16,
    channels: u16,
    rate_hz: u32,
    block_bytes: u16,
    bits: u16,
}

/// Reads the body of a format chunk: 16 bytes, and more that only an extensible tag gives a meaning to.
///
/// # Errors
/// `corrupt`, `truncated`, `unsupported_codec`.
pub fn parse(body: &[u8], endian: Endian) -> Result<Coding, AudioError> {
    let number = |place| endian.u16(body, place).ok_or_else(cut);
    let mut fields = Fields {
        tag: number(0)?,
        channels: number(2)?,
        rate_hz: endian.u32(body, 4).ok_or_else(cut)?,
        block_bytes: number(12)?,
        bits: endian.u16(body, 14).unwrap_or(0),
    };
    if fields.tag == EXTENSIBLE {
        // The sub-format begins with the tag that is meant.
        fields.tag = endian.u16(body, 24).ok_or_else(|| corrupt("its extensible format chunk is too short"))?;
    }
    if fields.channels == 0 {
        return Err(corrupt("its header states 0 channels"));
    }
    if fields.tag == MPEG_LAYER_3 {
        return Ok(Coding::Mpeg);
    }
    fields.format(endian).map(Coding::Samples)
}

impl Fields {
    fn format(&self, endian: Endian) -> Result<Format, AudioError> {
        let pcm = |codec, bytes| Format::pcm(codec, bytes, self.channels, self.rate_hz);
        let wrong = || corrupt(format!("its header states samples of {} bits under tag {:#06x}", self.bits, self.tag));
        match (self.tag, self.sample_bytes()) {
            (PCM, 1) => Ok(pcm(CODEC_ID_PCM_U8, 1)),
            (PCM, bytes) => integers(bytes, endian).map(|codec| pcm(codec, bytes)).ok_or_else(wrong),
            (FLOAT, bytes) => floats(bytes, endian).map(|codec| pcm(codec, bytes)).ok_or_else(wrong),
            (ALAW, _) => Ok(pcm(CODEC_ID_PCM_ALAW, 1)),
            (MULAW, _) => Ok(pcm(CODEC_ID_PCM_MULAW, 1)),
            (ADPCM_MS | ADPCM_IMA, _) if self.bits == 4 => self.adpcm(),
            _ => {
                let name = wave_codec(self.tag).unwrap_or("not known");
                let detail = format!("WAVE tag {:#06x} of {} bits, {name}", self.tag, self.bits);
                Err(AudioError::UnsupportedCodec { detail })
            }
        }
    }

    /// Bytes of a sample of PCM: as many as its bits need, but for 24 bits in 4 bytes.
    fn sample_bytes(&self) -> u64 {
        let by_block = u64::from(self.block_bytes / self.channels);
        match self.bits {
            0 => by_block,
            24 if u32::from(self.block_bytes) == 4 * u32::from(self.channels) => 4,
            bits => u64::from(bits.div_ceil(8)),
        }
    }

    /// A block begins with the state of each channel; of Microsoft's, that includes two samples, of IMA's one.
    fn adpcm(&self) -> Result<Format, AudioError> {
        let (codec, state_bytes, state_samples) = match self.tag {
            ADPCM_MS => (CODEC_ID_ADPCM_MS, 7, 2),
            _ => (CODEC_ID_ADPCM_IMA_WAV, 4, 1),
        };
        let (channels, block_bytes) = (u64::from(self.channels), u64::from(self.block_bytes));
        let coded = block_bytes.checked_sub(state_bytes * channels);
        let coded = coded.ok_or_else(|| corrupt(format!("its blocks of ADPCM have {block_bytes} bytes")))?;
        let block_frames = 2 * coded / channels + state_samples;
        Ok(Format { codec, channels: self.channels, rate_hz: self.rate_hz, block_bytes, block_frames })
    }
}
