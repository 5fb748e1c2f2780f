//! Tracks of MP4 and QuickTime whose samples need no packets: PCM and ADPCM.
//!
//! Symphonia reads them sample by sample, takes `in24` and its like for little-endian whatever they are, and knows
//! neither mu-law nor Microsoft's ADPCM. Here the tables give the stretches of the file that hold samples. Sources: Apple's
//! QuickTime File Format, "Sound Media" and "Sample Table Atoms"; ISO/IEC 23003-5 for `ipcm` and `fpcm`.

use std::ops::Range;

use symphonia::core::codecs::audio::AudioCodecId;
use symphonia::core::codecs::audio::well_known::{CODEC_ID_PCM_ALAW, CODEC_ID_PCM_MULAW, CODEC_ID_PCM_U8};

use super::super::error::corrupt;
use super::super::head::Endian;
use super::super::plain::{self, Coding, Format};
use super::super::{AudioError, Source, names};
use super::boxes::{Atom, atoms, bytes, descend};
use super::track::Trak;

/// So many bytes are read of a table.
const TABLE_BYTES: u64 = 1 << 28;
/// Codings that symphonia knows by their words.
const PACKETS: [&[u8; 4]; 7] = [b"mp4a", b"alac", b"fLaC", b"Opus", b".mp3", b"ac-3", b"ec-3"];
/// Bits of the flags that describe linear PCM.
const FLOAT: u32 = 1;
const BIG_ENDIAN: u32 = 2;
const SIGNED: u32 = 4;

/// How the samples of a track are stored.
pub enum Entry {
    /// One after the other.
    Samples(Format),
    /// In packets of a codec that symphonia may know.
    Packets,
    /// By a codec of this name, which has no decoder.
    Unknown(String),
}

/// Reads what a track says about the coding of its sound.
///
/// # Errors
/// `corrupt`, `unsupported_codec`.
pub fn entry(source: &mut dyn Source, track: &Trak) -> Result<Entry, AudioError> {
    let Some(list) = descend(source, track.tables.clone(), &[b"stsd"]).map_err(corrupt)? else {
        return Ok(Entry::Packets);
    };
    // Version and count stand before the entries.
    let entries = list.start.saturating_add(8).min(list.end)..list.end;
    let Some(entry) = atoms(source, entries).map_err(corrupt)?.into_iter().next() else {
        return Ok(Entry::Packets);
    };
    Description::read(source, &entry, track)?.coding(source, &entry.word)
}

/// The fields of a sound description of any version.
struct Description {
    channels: u16,
    rate_hz: u32,
    /// Bits of a sample.
    bits: u32,
    /// Flags of linear PCM, where the description has them.
    flags: Option<u32>,
    /// The boxes behind the fields.
    children: Range<u64>,
}

impl Description {
    fn read(source: &mut dyn Source, entry: &Atom, track: &Trak) -> Result<Self, AudioError> {
        let body = entry.bytes(source, 64).map_err(corrupt)?;
        let number = |place| Endian::Big.u16(&body, place).unwrap_or(0);
        let long = |place| Endian::Big.u32(&body, place).unwrap_or(0);
        let version = number(8);
        let children = entry.body.start + [28, 44, 64][usize::from(version.min(2))];
        let mut description = Self {
            channels: number(16),
            rate_hz: long(24) >> 16,
            bits: number(18).into(),
            flags: None,
            children: children.min(entry.body.end)..entry.body.end,
        };
        if version == 1 && (1..=8).contains(&long(32)) {
            // Bytes of a sample of one channel, which are more than 16 bits can say.
            description.bits = 8 * long(32);
        }
        if version == 2 {
            description.rate_hz = f64::from_bits(Endian::Big.u64(&body, 32).unwrap_or(0)).round() as u32;
            description.channels = u16::try_from(long(40)).unwrap_or(u16::MAX);
            (description.bits, description.flags) = (long(48), Some(long(52)));
        }
        if description.rate_hz == 0 {
            // Rates beyond 16 bits stand with the times alone.
            description.rate_hz = u32::try_from(track.scale).unwrap_or(0);
        }
        Ok(description)
    }

    fn coding(&self, source: &mut dyn Source, word: &[u8; 4]) -> Result<Entry, AudioError> {
        let bytes = u64::from(self.bits.div_ceil(8));
        let codec = match word {
            b"twos" => plain::integers(bytes, Endian::Big).map(|codec| (codec, bytes)),
            b"sowt" => plain::integers(bytes, Endian::Little).map(|codec| (codec, bytes)),
            b"raw " | b"NONE" if bytes == 1 => Some((CODEC_ID_PCM_U8, 1)),
            b"raw " => None,
            b"NONE" => plain::integers(bytes, Endian::Big).map(|codec| (codec, bytes)),
            b"in24" => plain::integers(3, self.endian(source)?).map(|codec| (codec, 3)),
            b"in32" => plain::integers(4, self.endian(source)?).map(|codec| (codec, 4)),
            b"fl32" => plain::floats(4, self.endian(source)?).map(|codec| (codec, 4)),
            b"fl64" => plain::floats(8, self.endian(source)?).map(|codec| (codec, 8)),
            b"lpcm" => linear(bytes, self.flags.unwrap_or(BIG_ENDIAN | SIGNED)),
            b"ipcm" => self.linear_of_mpeg(source, SIGNED)?,
            b"fpcm" => self.linear_of_mpeg(source, FLOAT)?,
            b"ulaw" => Some((CODEC_ID_PCM_MULAW, 1)),
            b"alaw" => Some((CODEC_ID_PCM_ALAW, 1)),
            [b'm', b's', 0, _] => return self.of_wave(source, word),
            word if PACKETS.contains(&word) => return Ok(Entry::Packets),
            word => return Ok(Entry::Unknown(names::quicktime_codec(word))),
        };
        let wrong = || {
            let word = String::from_utf8_lossy(word);
            AudioError::UnsupportedCodec { detail: format!("QuickTime's `{word}` with samples of {} bits", self.bits) }
        };
        let (codec, bytes) = codec.ok_or_else(wrong)?;
        self.checked(Format::pcm(codec, bytes, self.channels, self.rate_hz))
    }

    fn checked(&self, format: Format) -> Result<Entry, AudioError> {
        if self.channels == 0 {
            return Err(corrupt("its header states 0 channels"));
        }
        Ok(Entry::Samples(format))
    }

    /// Order of the bytes of a sample: the greatest first, unless a box says otherwise.
    fn endian(&self, source: &mut dyn Source) -> Result<Endian, AudioError> {
        for path in [&[b"wave", b"enda"][..], &[b"enda"]] {
            if let Some(order) = descend(source, self.children.clone(), path).map_err(corrupt)? {
                let order = bytes(source, &order, 2).map_err(corrupt)?;
                return Ok(if order == [0, 1] { Endian::Little } else { Endian::Big });
            }
        }
        Ok(Endian::Big)
    }

    fn linear_of_mpeg(&self, source: &mut dyn Source, kind: u32) -> Result<Option<Coded>, AudioError> {
        let config = descend(source, self.children.clone(), &[b"pcmC"]).map_err(corrupt)?;
        let Some(config) = config else { return Ok(None) };
        let config = bytes(source, &config, 6).map_err(corrupt)?;
        let [.., flags, bits] = config[..] else { return Ok(None) };
        let endian = if flags & 1 == 1 { 0 } else { BIG_ENDIAN };
        Ok(linear(u64::from(bits.div_ceil(8)), kind | endian))
    }

    /// A coding of WAV, whose format chunk stands in a box of the same word.
    fn of_wave(&self, source: &mut dyn Source, word: &[u8; 4]) -> Result<Entry, AudioError> {
        let name = names::wave_codec(u16::from(word[3]));
        let unknown = Entry::Unknown(format!("WAVE tag {:#06x}, {}", word[3], name.unwrap_or("not known")));
        let Some(chunk) = descend(source, self.children.clone(), &[b"wave", word]).map_err(corrupt)? else {
            return Ok(unknown);
        };
        let chunk = bytes(source, &chunk, 64).map_err(corrupt)?;
        match plain::parse_format(&chunk, Endian::Little)? {
            Coding::Samples(format) => self.checked(format),
            Coding::Mpeg => Ok(unknown),
        }
    }
}

/// A codec, and the bytes of its samples.
type Coded = (AudioCodecId, u64);

fn linear(bytes: u64, flags: u32) -> Option<Coded> {
    let endian = if flags & BIG_ENDIAN == 0 { Endian::Little } else { Endian::Big };
    let codec = match flags & (FLOAT | SIGNED) {
        SIGNED => plain::integers(bytes, endian),
        0 => (bytes == 1).then_some(CODEC_ID_PCM_U8),
        _ => plain::floats(bytes, endian),
    };
    codec.map(|codec| (codec, bytes))
}

/// Where the samples of a track lie by its tables, in a file from `base` to `end`.
///
/// # Errors
/// `corrupt`; `truncated` where the file ends before.
pub fn pieces(
    source: &mut dyn Source,
    track: &Trak,
    format: &Format,
    more: impl Iterator<Item = Range<u64>>,
    file: Range<u64>,
) -> Result<Vec<Range<u64>>, AudioError> {
    let tables = Tables::read(source, track)?;
    let (mut pieces, mut total) = (Vec::<Range<u64>>::new(), 0_u64);
    for piece in tables.chunks(format).chain(more.map(Ok)) {
        let piece = piece?;
        total = total.saturating_add(piece.end - piece.start);
        // No sample of PCM is used twice.
        if total > file.end - file.start || piece.start < file.start {
            let detail = "its tables lead to more samples than the file can hold".to_owned();
            return Err(corrupt(detail));
        }
        match pieces.last_mut() {
            Some(last) if last.end == piece.start => last.end = piece.end,
            _ => pieces.push(piece),
        }
    }
    if pieces.iter().any(|piece| piece.end > file.end) {
        let there = pieces.iter().map(|piece| piece.end.min(file.end).saturating_sub(piece.start)).sum();
        let seconds = |bytes| format.frames(bytes) as f64 / f64::from(format.rate_hz.max(1));
        return Err(AudioError::Truncated { decoded_s: seconds(there), stated_s: Some(seconds(total)) });
    }
    Ok(pieces)
}

/// The tables of a track as they stand in the file.
struct Tables {
    /// Where chunks begin: numbers of four or eight bytes.
    places: Vec<u8>,
    place_bytes: usize,
    /// How many samples a chunk has: rows of its number, samples, and a description.
    per_chunk: Vec<u8>,
    /// Bytes of each sample, or of all.
    sizes: Vec<u8>,
}

impl Tables {
    fn read(source: &mut dyn Source, track: &Trak) -> Result<Self, AudioError> {
        let mut table = |word: &[u8; 4]| match descend(source, track.tables.clone(), &[word]) {
            Ok(Some(body)) => bytes(source, &body, TABLE_BYTES).map(Some).map_err(corrupt),
            Ok(None) => Ok(None),
            Err(error) => Err(corrupt(error)),
        };
        let (short, long) = (table(b"stco")?, table(b"co64")?);
        let place_bytes = if short.is_some() { 4 } else { 8 };
        let places = short.or(long).unwrap_or_default();
        let (per_chunk, sizes) = (table(b"stsc")?.unwrap_or_default(), table(b"stsz")?.unwrap_or_default());
        Ok(Self { places, place_bytes, per_chunk, sizes })
    }

    /// The chunks, in their order.
    fn chunks(&self, format: &Format) -> impl Iterator<Item = Result<Range<u64>, AudioError>> {
        let count = Endian::Big.u32(&self.places, 4).unwrap_or(0) as usize;
        let (mut row, mut sample) = (0, 0);
        let all = Endian::Big.u32(&self.sizes, 8).unwrap_or(0);
        (0..=count).map_while(move |chunk| {
            // A row holds from the chunk that it names on, counted from 1.
            while self.row(row + 1).is_some_and(|(first, _)| first as usize <= chunk + 1) {
                row += 1;
            }
            if sample >= all {
                return None;
            }
            let wrong = || corrupt("its tables of samples are too short");
            if chunk == count {
                return Some(Err(wrong()));
            }
            let place = 8 + chunk * self.place_bytes;
            let place = match self.place_bytes {
                4 => Endian::Big.u32(&self.places, place).map(u64::from),
                _ => Endian::Big.u64(&self.places, place),
            };
            let Some((place, (_, samples))) = place.zip(self.row(row)) else { return Some(Err(wrong())) };
            let samples = sample..sample.saturating_add(samples).min(all);
            sample = samples.end;
            let bytes = self.bytes(samples, format);
            Some(bytes.map(|bytes| place..place.saturating_add(bytes)).ok_or_else(wrong))
        })
    }

    /// The chunk from which a row holds on, and how many samples it gives to each.
    fn row(&self, row: usize) -> Option<(u32, u32)> {
        let place = 8 + 12 * row;
        Endian::Big.u32(&self.per_chunk, place).zip(Endian::Big.u32(&self.per_chunk, place + 4))
    }

    /// Bytes of some samples. A size of 1 stands for whatever the coding takes.
    fn bytes(&self, samples: Range<u32>, format: &Format) -> Option<u64> {
        let count = u64::from(samples.end - samples.start);
        match Endian::Big.u32(&self.sizes, 4)? {
            0 => samples.map(|sample| Endian::Big.u32(&self.sizes, 12 + 4 * sample as usize).map(u64::from)).sum(),
            1 => Some(format.bytes(count)),
            size => Some(count.saturating_mul(size.into())),
        }
    }
}
