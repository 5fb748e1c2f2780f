//! Headers of the frames of MPEG audio (ISO 11172-3 and 13818-3, with the halved rates of version 2.5) and of ADTS, in
//! which AAC comes without a container (ISO 13818-7).

use std::io::Result;

use super::Source;
use super::head::{Endian, read_at};

/// A header is told by so many bytes.
pub const HEAD_BYTES: usize = 6;
/// A tag lies within so many bytes of its frame's beginning.
pub const TAG_BYTES: u64 = 64;
/// Kilobits a second by layer, from index 1 on, of version 1.
const BIT_RATES: [[u32; 14]; 3] = [
    [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
    [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
    [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
];
/// The same of layer 1 and of the others in version 2.
const LOW_BIT_RATES: [[u32; 14]; 2] = [
    [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
    [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];
/// Sample rates of version 1; those of version 2 are halves, those of version 2.5 quarters.
const RATES_HZ: [u32; 3] = [44_100, 48_000, 32_000];
/// Sample rates of ADTS.
const ADTS_RATES_HZ: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];

/// What is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// MPEG audio of layer 1, 2 or 3.
    Layer(u32),
    /// AAC in ADTS.
    Adts,
}

/// What all frames of a recording share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// What is coded.
    pub coding: Coding,
    /// Version of MPEG; of ADTS, also profile and channels.
    version: u32,
    rate_hz: u32,
}

/// A frame's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// What it shares with the others.
    pub kind: Kind,
    /// Bytes of the frame, the header included.
    pub bytes: u64,
    is_mono: bool,
}

/// Rate in Hz and whether it has one channel, of the frame that begins in `head`: what an MP3 keeps to its end.
pub fn shape(head: &[u8]) -> Option<(u32, bool)> {
    Frame::read(head).map(|frame| (frame.kind.rate_hz, frame.is_mono))
}

impl Frame {
    /// The header of a frame; none where there is none, or where its length is free.
    pub fn read(head: &[u8]) -> Option<Self> {
        let word = Endian::Big.u32(head, 0)?;
        let field = |shift: u32, bits: u32| word >> shift & ((1 << bits) - 1);
        let (version, layer, bit_rate, rate) = (field(19, 2), field(17, 2), field(12, 4), field(10, 2));
        if field(20, 12) == 0xfff && layer == 0 {
            return Self::read_adts(word, Endian::Big.u16(head, 4)?);
        }
        if field(21, 11) != 0x7ff || version == 1 || layer == 0 || rate == 3 {
            return None;
        }
        // Layers are counted downwards.
        let (layer, is_first) = (4 - layer, version == 3);
        let rates = match (is_first, layer) {
            (true, layer) => &BIT_RATES[layer as usize - 1],
            (false, 1) => &LOW_BIT_RATES[0],
            (false, _) => &LOW_BIT_RATES[1],
        };
        let kilobits = *rates.get((bit_rate as usize).checked_sub(1)?)?;
        let rate_hz = RATES_HZ[rate as usize]
            >> match version {
                3 => 0,
                2 => 1,
                _ => 2,
            };
        // A slot is the unit of a frame's length.
        let (samples, slot_bytes) = match layer {
            1 => (384, 4),
            3 if !is_first => (576, 1),
            _ => (1_152, 1),
        };
        let slots = samples / 8 / slot_bytes * kilobits * 1_000 / rate_hz + field(9, 1);
        let kind = Kind { coding: Coding::Layer(layer), version, rate_hz };
        Some(Self { kind, bytes: u64::from(slots * slot_bytes), is_mono: field(6, 2) == 3 })
    }

    fn read_adts(word: u32, next: u16) -> Option<Self> {
        let rate_hz = *ADTS_RATES_HZ.get((word >> 10 & 15) as usize)?;
        let channels = word >> 6 & 7;
        // The length has thirteen bits: two, a byte, and three more.
        let bytes = u64::from((word & 3) << 11 | u32::from(next >> 5));
        let version = (word >> 19 & 1) << 8 | (word >> 14 & 3) << 4 | channels;
        let kind = Kind { coding: Coding::Adts, version, rate_hz };
        (bytes >= 7).then_some(Self { kind, bytes, is_mono: channels == 1 })
    }

    /// Whether so many more of its kind follow it, where it begins at `place` in a file that ends at `end`.
    ///
    /// # Errors
    /// The source cannot be read.
    pub fn is_followed(&self, source: &mut dyn Source, place: u64, end: u64, followers: usize) -> Result<bool> {
        let mut place = place + self.bytes;
        for _ in 0..followers {
            let next = if place < end { Self::read(&read_at(source, place, HEAD_BYTES)?) } else { None };
            let Some(next) = next.filter(|next| next.kind == self.kind) else { return Ok(false) };
            place += next.bytes;
        }
        Ok(true)
    }

    /// Frames that a tag in the frame counts; none: there is no tag; 0: it does not know.
    pub fn tag(&self, frame: &[u8]) -> Option<u64> {
        let side = match (self.kind.coding, self.kind.version == 3, self.is_mono) {
            (Coding::Layer(3), true, false) => 32,
            (Coding::Layer(3), true, true) | (Coding::Layer(3), false, false) => 17,
            (Coding::Layer(3), false, true) => 9,
            _ => return None,
        };
        let (place, number) = (4 + side, |place| Endian::Big.u32(frame, place).map_or(0, u64::from));
        match frame.get(place..place + 4) {
            Some(b"Xing" | b"Info") if number(place + 4) & 1 == 1 => Some(number(place + 8)),
            Some(b"Xing" | b"Info") => Some(0),
            // Fraunhofer's lies at the same place of every frame.
            _ if frame.get(36..40) == Some(b"VBRI") => Some(number(50)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(head: [u8; 6]) -> Option<(Coding, u32, u64)> {
        Frame::read(&head).map(|frame| (frame.kind.coding, frame.kind.rate_hz, frame.bytes))
    }

    #[test]
    fn lengths_are_those_of_the_standards() {
        let cases = [
            ([0xff, 0xfb, 0x90, 0x00, 0, 0], Coding::Layer(3), 44_100, 417),
            ([0xff, 0xfb, 0x92, 0x00, 0, 0], Coding::Layer(3), 44_100, 418),
            ([0xff, 0xf3, 0x48, 0xc0, 0, 0], Coding::Layer(3), 16_000, 144),
            ([0xff, 0xfd, 0xa4, 0x00, 0, 0], Coding::Layer(2), 48_000, 576),
            ([0xff, 0xf5, 0x48, 0xc0, 0, 0], Coding::Layer(2), 16_000, 288),
            ([0xff, 0xff, 0xc4, 0x00, 0, 0], Coding::Layer(1), 48_000, 384),
            ([0xff, 0xff, 0xc2, 0x00, 0, 0], Coding::Layer(1), 44_100, 420),
            ([0xff, 0xf1, 0x60, 0x40, 0x2c, 0xbf], Coding::Adts, 16_000, 357),
        ];
        for (head, coding, rate_hz, bytes) in cases {
            assert_eq!(read(head), Some((coding, rate_hz, bytes)), "{head:02x?}");
        }
    }

    #[test]
    fn what_is_no_header_is_none() {
        let heads = [
            [0xff, 0xeb, 0x90, 0, 0, 0],
            [0xff, 0xfb, 0x00, 0, 0, 0],
            [0xff, 0xfb, 0xf0, 0, 0, 0],
            [0xff, 0xfb, 0x9c, 0, 0, 0],
            [0xff, 0xf1, 0x74, 0x40, 0x2c, 0xbf],
            [0xff, 0xf1, 0x60, 0x40, 0, 0xbf],
            [0xff; 6],
        ];
        for head in heads {
            assert_eq!(read(head), None, "{head:02x?}");
        }
    }
}
