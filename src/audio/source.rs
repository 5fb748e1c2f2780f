use std::io::{Read, Result, Seek, SeekFrom};
use std::ops::Range;

use symphonia::core::io::MediaSource;

/// Bytes of a file, wherever they lie.
pub trait Source: Read + Seek + Send + Sync {}

impl<S: Read + Seek + Send + Sync> Source for S {}

/// Bytes of a header that are read as others, and where they lie.
pub type Patch = (u64, Vec<u8>);

/// A stretch of a source as the decoder wants it, with a header mended.
pub struct Media<'a> {
    source: Box<dyn Source + 'a>,
    window: Range<u64>,
    patches: Vec<Patch>,
    position: u64,
}

impl<'a> Media<'a> {
    /// Stands at the first byte of the window; the places of the patches count from the start of the source.
    ///
    /// # Errors
    /// The source cannot be read.
    pub fn new(mut source: Box<dyn Source + 'a>, window: Range<u64>, patches: Vec<Patch>) -> Result<Self> {
        source.seek(SeekFrom::Start(window.start))?;
        Ok(Self { position: window.start, source, window, patches })
    }
}

/// Stretches of a source, read as if they lay one after the other.
pub struct Pieces<'a> {
    source: Box<dyn Source + 'a>,
    /// Each with its place among all.
    pieces: Vec<(u64, Range<u64>)>,
    len: u64,
    position: u64,
}

impl<'a> Pieces<'a> {
    /// Stands at the first byte of the first piece.
    pub fn new(source: Box<dyn Source + 'a>, pieces: Vec<Range<u64>>) -> Self {
        let mut len = 0;
        let placed = |piece: Range<u64>| {
            let place = len;
            len += piece.end - piece.start;
            (place, piece)
        };
        let pieces = pieces.into_iter().map(placed).collect();
        Self { source, pieces, len, position: 0 }
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let next = self.pieces.partition_point(|(place, _)| *place <= self.position);
        let Some((place, piece)) = next.checked_sub(1).map(|index| &self.pieces[index]) else { return Ok(0) };
        let start = piece.start.saturating_add(self.position - place);
        let len = piece.end.saturating_sub(start).min(buffer.len() as u64) as usize;
        self.source.seek(SeekFrom::Start(start))?;
        let read = self.source.read(&mut buffer[..len])?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Pieces<'_> {
    fn seek(&mut self, position: SeekFrom) -> Result<u64> {
        let position = match position {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.len.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(std::io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

impl Read for Media<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let left = self.window.end.saturating_sub(self.position).min(buffer.len() as u64) as usize;
        let read = self.source.read(&mut buffer[..left])?;
        for (place, bytes) in &self.patches {
            for (byte, at) in bytes.iter().zip(*place..) {
                if (self.position..self.position + read as u64).contains(&at) {
                    buffer[(at - self.position) as usize] = *byte;
                }
            }
        }
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Media<'_> {
    fn seek(&mut self, position: SeekFrom) -> Result<u64> {
        let position = match position {
            SeekFrom::Start(position) => self.window.start.checked_add(position),
            SeekFrom::End(offset) => self.window.end.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        let position = position.filter(|position| *position >= self.window.start);
        self.position = self.source.seek(SeekFrom::Start(position.ok_or(std::io::ErrorKind::InvalidInput)?))?;
        Ok(self.position - self.window.start)
    }
}

impl MediaSource for Media<'_> {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.window.end - self.window.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn pieces_are_read_one_after_the_other() {
        let source = Cursor::new((0_u8..100).collect::<Vec<_>>());
        let mut pieces = Pieces::new(Box::new(source), vec![50..53, 10..10, 7..8, 90..94]);
        let mut all = Vec::new();
        pieces.read_to_end(&mut all).unwrap();
        assert_eq!(all, [50, 51, 52, 7, 90, 91, 92, 93]);
        assert_eq!((pieces.seek(SeekFrom::Start(2)).unwrap(), pieces.seek(SeekFrom::End(-6)).unwrap()), (2, 2));
        let mut three = [0; 3];
        pieces.read_exact(&mut three).unwrap();
        assert_eq!((three, pieces.seek(SeekFrom::Current(-1)).unwrap()), ([52, 7, 90], 4));
        assert_eq!((pieces.seek(SeekFrom::Start(9)).unwrap(), pieces.read(&mut three).unwrap()), (9, 0));
    }

    #[test]
    fn a_window_has_its_own_places_and_its_patches() {
        let source = Cursor::new((0_u8..100).collect::<Vec<_>>());
        let mut media = Media::new(Box::new(source), 10..20, vec![(12, vec![200, 201]), (19, vec![202, 203])]).unwrap();
        let mut all = Vec::new();
        media.read_to_end(&mut all).unwrap();
        assert_eq!(all, [10, 11, 200, 201, 14, 15, 16, 17, 18, 202]);
        assert_eq!((media.seek(SeekFrom::Start(3)).unwrap(), media.byte_len()), (3, Some(10)));
        let mut two = [0; 2];
        media.read_exact(&mut two).unwrap();
        assert_eq!((two, media.seek(SeekFrom::End(-2)).unwrap()), ([201, 14], 8));
        assert_eq!(media.seek(SeekFrom::Current(1)).unwrap(), 9);
        assert!(media.seek(SeekFrom::End(-11)).is_err());
    }
}
