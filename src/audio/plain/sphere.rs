//! NIST SPHERE, the format of TIMIT, Switchboard and WSJ: a header of text, then samples.

use symphonia::core::codecs::audio::well_known::{CODEC_ID_PCM_ALAW, CODEC_ID_PCM_MULAW};

use super::super::head::{Endian, read_at};
use super::super::{AudioError, Source};
use super::{Extent, Format, Layout, corrupt, cut, integers};

/// Longest header that is read, in bytes; 1024 is usual.
const LONGEST: usize = 1 << 16;
/// The two lines that every header begins with, in bytes.
const FIRST_LINES: u64 = 16;

/// Lines `name -type value` up to `end_head`; the second line states the bytes of the header.
pub fn find(source: &mut dyn Source, base: u64, end: u64) -> Result<Layout, AudioError> {
    let head = read_at(source, base, LONGEST).map_err(corrupt)?;
    let size = head.get(8..16).ok_or_else(cut)?;
    let size = std::str::from_utf8(size).ok().and_then(|size| size.trim().parse::<u64>().ok());
    let size = size.ok_or_else(|| corrupt("its SPHERE header states no size"))?;
    if size < FIRST_LINES {
        return Err(corrupt(format!("its SPHERE header states a size of {size} bytes")));
    }
    let text = String::from_utf8_lossy(&head[FIRST_LINES as usize..head.len().min(size as usize)]).into_owned();
    let fields = Fields { text: text.split("end_head").next().unwrap_or_default() };
    let channels = fields.number("channel_count")?.unwrap_or(1);
    let channels = u16::try_from(channels).unwrap_or(u16::MAX);
    let rate_hz = fields.number("sample_rate")?.ok_or_else(|| corrupt("its SPHERE header states no sample_rate"))?;
    let bytes = fields.number("sample_n_bytes")?.unwrap_or(2);
    let (codec, bytes) = fields.coding(bytes)?;
    let format = Format::pcm(codec, bytes, channels, u32::try_from(rate_hz).unwrap_or(u32::MAX));
    let stated = fields.number("sample_count")?.map(|count| count.saturating_mul(format.block_bytes));
    let start = base + size;
    let stated = stated.filter(|stated| *stated > 0 || end <= start);
    Ok(Layout { format, extent: Extent::new(start, stated, end), counted: None, chunks: None })
}

/// The lines of a header.
struct Fields<'a> {
    text: &'a str,
}

impl<'a> Fields<'a> {
    fn word(&self, name: &str) -> Option<&'a str> {
        self.text.lines().find_map(|line| {
            let mut parts = line.split_ascii_whitespace();
            (parts.next() == Some(name)).then(|| parts.nth(1)).flatten()
        })
    }

    /// A number of 0 or more; some writers give a rate as a real number.
    fn number(&self, name: &str) -> Result<Option<u64>, AudioError> {
        let Some(word) = self.word(name) else { return Ok(None) };
        let number = word.parse::<f64>().ok().filter(|number| *number >= 0.0 && *number < 1e15);
        let number = number.ok_or_else(|| corrupt(format!("`{name}` of its SPHERE header is `{word}`")))?;
        Ok(Some(number as u64))
    }

    /// Codec and bytes of a sample.
    fn coding(&self, bytes: u64) -> Result<(symphonia::core::codecs::audio::AudioCodecId, u64), AudioError> {
        let default = if bytes == 1 { "ulaw" } else { "pcm" };
        let coding = self.word("sample_coding").unwrap_or(default).to_ascii_lowercase();
        match coding.as_str() {
            "ulaw" | "mu-law" | "mulaw" => Ok((CODEC_ID_PCM_MULAW, 1)),
            "alaw" | "a-law" => Ok((CODEC_ID_PCM_ALAW, 1)),
            "pcm" | "pcm-2" | "pcm-1" | "linear" => {
                // `01`: the least byte comes first; `10`: the greatest.
                let order = self.word("sample_byte_format").unwrap_or("01");
                let endian = if order.starts_with('0') { Endian::Little } else { Endian::Big };
                let codec = integers(bytes, endian);
                codec.map(|codec| (codec, bytes)).ok_or_else(|| corrupt(format!("samples of {bytes} bytes")))
            }
            _ => {
                let name = if coding.contains("shorten") { " (Shorten; w_decode or sph2pipe converts it)" } else { "" };
                Err(AudioError::UnsupportedCodec { detail: format!("SPHERE coding `{coding}`{name}") })
            }
        }
    }
}
