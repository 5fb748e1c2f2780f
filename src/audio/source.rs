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
