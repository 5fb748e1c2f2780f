//! Numbers at the places of a header.

use std::io::{Read, Result, SeekFrom};

use super::Source;

/// Up to `len` bytes from `position` on; fewer at the end of the file.
///
/// # Errors
/// The source cannot be read.
pub fn read_at(source: &mut dyn Source, position: u64, len: usize) -> Result<Vec<u8>> {
    source.seek(SeekFrom::Start(position))?;
    let mut bytes = Vec::new();
    Read::take(&mut *source, len as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Order of the bytes of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endian {
    /// Least first.
    Little,
    /// Greatest first.
    Big,
}

impl Endian {
    /// The number of two bytes at `place`; none beyond the end.
    pub fn u16(self, bytes: &[u8], place: usize) -> Option<u16> {
        self.number::<2>(bytes, place).map(|number| number as u16)
    }

    /// The number of four bytes at `place`; none beyond the end.
    pub fn u32(self, bytes: &[u8], place: usize) -> Option<u32> {
        self.number::<4>(bytes, place).map(|number| number as u32)
    }

    /// The number of eight bytes at `place`; none beyond the end.
    pub fn u64(self, bytes: &[u8], place: usize) -> Option<u64> {
        self.number::<8>(bytes, place)
    }

    fn number<const LEN: usize>(self, bytes: &[u8], place: usize) -> Option<u64> {
        let mut number: [u8; LEN] = bytes.get(place..place.checked_add(LEN)?)?.try_into().ok()?;
        if self == Self::Little {
            number.reverse();
        }
        Some(number.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }
}

/// Length of the ID3v2 tag that begins in `head`; 0: none does.
pub fn id3v2_len(head: &[u8]) -> u64 {
    match head {
        [b'I', b'D', b'3', major, _, flags, size @ ..] if *major < 0xff && size.len() >= 4 => {
            let size = size[..4].iter().fold(0, |sum, byte| sum << 7 | u64::from(byte & 0x7f));
            let footer = if flags & 0x10 == 0 { 0 } else { 10 };
            10 + size + footer
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_either_order() {
        let bytes = [1, 2, 3, 4, 5, 6, 7, 8];
        assert_eq!(Endian::Big.u16(&bytes, 1), Some(0x0203));
        assert_eq!(Endian::Little.u16(&bytes, 1), Some(0x0302));
        assert_eq!(Endian::Big.u32(&bytes, 4), Some(0x0506_0708));
        assert_eq!(Endian::Little.u64(&bytes, 0), Some(0x0807_0605_0403_0201));
        assert_eq!((Endian::Big.u32(&bytes, 5), Endian::Big.u32(&bytes, usize::MAX)), (None, None));
    }

    #[test]
    fn the_size_of_an_id3_tag_has_seven_bits_a_byte() {
        assert_eq!(id3v2_len(b"ID3\x04\x00\x00\x00\x00\x02\x01rest"), 10 + 257);
        assert_eq!(id3v2_len(b"ID3\x04\x00\x10\x00\x00\x00\x01"), 10 + 1 + 10);
        assert_eq!((id3v2_len(b"ID3\x04"), id3v2_len(b"RIFF........")), (0, 0));
    }
}
