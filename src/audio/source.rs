use std::io::{Read, Result, Seek, SeekFrom};

use symphonia::core::io::MediaSource;

/// Bytes of a file, wherever they lie.
pub trait Source: Read + Seek + Send + Sync {}

impl<S: Read + Seek + Send + Sync> Source for S {}

/// A source and its size, as the decoder wants it.
pub struct Media<S> {
    source: S,
    /// Size in bytes.
    pub bytes: u64,
}

impl<S: Source> Media<S> {
    /// Stands at the first byte.
    pub fn new(mut source: S) -> Result<Self> {
        let bytes = source.seek(SeekFrom::End(0))?;
        source.rewind()?;
        Ok(Self { source, bytes })
    }
}

impl<S: Source> Read for Media<S> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.source.read(buffer)
    }
}

impl<S: Source> Seek for Media<S> {
    fn seek(&mut self, position: SeekFrom) -> Result<u64> {
        self.source.seek(position)
    }
}

impl<S: Source> MediaSource for Media<S> {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.bytes)
    }
}
