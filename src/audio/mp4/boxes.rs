//! The boxes of MP4 and QuickTime: a size, a word and a body, which may hold boxes in its turn.

use std::io::Result;
use std::ops::Range;

use super::super::Source;
use super::super::head::{Endian, read_at};

/// So many boxes of a level are looked at, but for the first, where long recordings in fragments have thousands.
const BOXES: usize = 256;
/// What stands at the first level; other words are believed where the whole box is there.
const FIRST_LEVEL: [&[u8; 4]; 18] = [
    b"ftyp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide", b"uuid", b"udta", b"meta", b"pnot", b"pdin",
    b"sidx", b"ssix", b"prft", b"styp", b"emsg", b"mfra",
];

/// A box.
#[derive(Debug)]
pub struct Atom {
    /// Its word.
    pub word: [u8; 4],
    /// Its first byte.
    pub start: u64,
    /// Its body, as much of it as is there.
    pub body: Range<u64>,
    /// It states an end beyond that of what it lies in.
    pub is_cut: bool,
    /// It states no end, and goes on to that of what it lies in.
    is_open: bool,
}

impl Atom {
    /// Whether these bytes of the first level are a box, and not the beginning of something else.
    pub fn is_box(&self) -> bool {
        let is_word = self.word.iter().all(|byte| byte.is_ascii_graphic() || matches!(byte, b' ' | 0xa9));
        FIRST_LEVEL.contains(&&self.word) || (is_word && !self.is_cut && !self.is_open)
    }

    /// The first bytes of the body.
    ///
    /// # Errors
    /// The source cannot be read.
    pub fn bytes(&self, source: &mut dyn Source, most: u64) -> Result<Vec<u8>> {
        bytes(source, &self.body, most)
    }
}

/// The first bytes of a body.
///
/// # Errors
/// The source cannot be read.
pub fn bytes(source: &mut dyn Source, within: &Range<u64>, most: u64) -> Result<Vec<u8>> {
    read_at(source, within.start, within.end.saturating_sub(within.start).min(most) as usize)
}

/// The boxes that lie one after the other in `within`.
///
/// # Errors
/// The source cannot be read.
pub fn atoms(source: &mut dyn Source, within: Range<u64>) -> Result<Vec<Atom>> {
    let (mut atoms, mut place) = (Vec::new(), within.start);
    while atoms.len() < BOXES
        && let Some(atom) = atom(source, place, within.end)?
    {
        place = atom.body.end;
        atoms.push(atom);
    }
    Ok(atoms)
}

/// The box at `place`, in a box or a file that ends at `end`; none where there is none.
///
/// # Errors
/// The source cannot be read.
pub fn atom(source: &mut dyn Source, place: u64, end: u64) -> Result<Option<Atom>> {
    if end.saturating_sub(place) < 8 {
        return Ok(None);
    }
    let head = read_at(source, place, 16)?;
    let Some(word) = head.get(4..8).and_then(|word| word.try_into().ok()) else { return Ok(None) };
    let stated = Endian::Big.u32(&head, 0).unwrap_or(0);
    let (size, head_bytes) = match stated {
        0 => (end - place, 8),
        1 => (Endian::Big.u64(&head, 8).unwrap_or(0), 16),
        size => (u64::from(size), 8),
    };
    let (start, stated_end) = (place.saturating_add(head_bytes), place.saturating_add(size));
    let body = start.min(end)..stated_end.min(end);
    let atom = Atom { word, start: place, body, is_cut: stated_end > end, is_open: stated == 0 };
    Ok((size >= head_bytes).then_some(atom))
}

/// The body of the first box of a path of words.
///
/// # Errors
/// The source cannot be read.
pub fn descend(source: &mut dyn Source, within: Range<u64>, path: &[&[u8; 4]]) -> Result<Option<Range<u64>>> {
    let mut within = within;
    for word in path {
        let Some(atom) = atoms(source, within)?.into_iter().find(|atom| atom.word == **word) else { return Ok(None) };
        within = atom.body;
    }
    Ok(Some(within))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn a_long_header_that_reaches_beyond_its_parent_has_no_body() {
        let bytes = [&[0, 0, 0, 1][..], b"elst", &100_u64.to_be_bytes()].concat();
        let atom = atom(&mut Cursor::new(bytes), 0, 12).expect("read").expect("a box");
        assert_eq!((atom.body, atom.is_cut), (12..12, true));
    }

    #[test]
    fn other_formats_are_no_boxes() {
        let is_box = |bytes: &[u8]| {
            let bytes = [bytes, &[7; 200]].concat();
            let end = bytes.len() as u64;
            atom(&mut Cursor::new(bytes), 0, end).expect("read").is_some_and(|atom| atom.is_box())
        };
        assert!(is_box(b"\0\0\0\x40free") && is_box(b"\0\0\0\x40Xtra") && is_box(b"\0\0\0\0mdat"));
        assert!(is_box(b"\0\0\xff\0mdat"), "cut, and a box all the same");
        for other in [
            b"RIFF\x24\x10\0\0WAVE",
            b"ID3\x04\0\0\0\0\0\0\0\0",
            b"OggS\0\x02\0\0\0\0\0\0",
            b"\0\0\0\0\0\0\0\0\0\0\0\0",
        ] {
            assert!(!is_box(other), "{other:?}");
        }
    }
}
