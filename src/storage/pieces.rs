use std::io::{self, Read, Seek, SeekFrom};

use bytes::Bytes;

use super::{Entry, StorageError, Store};

/// Bytes that are asked for at a time.
const PIECE_BYTES: u64 = 8 << 20;

/// A file that is read piece by piece: memory holds one. For files that are too large to be held whole.
pub struct Pieces<'a> {
    store: &'a dyn Store,
    entry: Entry,
    position: u64,
    /// Where the piece at hand begins, and the piece.
    piece: (u64, Bytes),
    failed: Option<StorageError>,
}

impl<'a> Pieces<'a> {
    /// Nothing is read yet.
    pub fn new(store: &'a dyn Store, entry: Entry) -> Self {
        Self { store, entry, position: 0, piece: (0, Bytes::new()), failed: None }
    }

    /// Whether all that was read is of the file that `entry` told of. Ask when done with reading.
    ///
    /// # Errors
    /// What kept a piece from being read, or that the file has changed since.
    pub fn check(self) -> Result<(), StorageError> {
        match self.failed {
            Some(error) => Err(error),
            None if self.store.stat(&self.entry.path)?.as_ref() == Some(&self.entry) => Ok(()),
            None => Err(StorageError::Changed { path: format!("{}/{}", self.store.root(), self.entry.path) }),
        }
    }

    /// What the piece at hand holds from the position on; empty where the piece lies elsewhere.
    fn rest(&self) -> &[u8] {
        let (start, piece) = &self.piece;
        let offset = self.position.checked_sub(*start).and_then(|offset| usize::try_from(offset).ok());
        offset.and_then(|offset| piece.get(offset..)).unwrap_or_default()
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.rest().is_empty() && self.position < self.entry.bytes {
            let end = self.entry.bytes.min(self.position + PIECE_BYTES);
            let piece = self.store.get_range(&self.entry.path, self.position..end).map_err(|error| {
                let message = error.to_string();
                self.failed = Some(error);
                io::Error::other(message)
            })?;
            self.piece = (self.position, piece);
        }
        let read = self.rest().read(buffer)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Pieces<'_> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        let position = match position {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.entry.bytes.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::MemoryStore;

    fn store() -> (MemoryStore, Vec<u8>, Entry) {
        let store = MemoryStore::new();
        let content = (0..5 * PIECE_BYTES / 2).map(|n| (n % 251) as u8).collect::<Vec<_>>();
        store.put("long.wav", &content).expect("put");
        let entry = store.stat("long.wav").expect("looked at").expect("there");
        (store, content, entry)
    }

    #[test]
    fn pieces_make_the_file_wherever_one_reads() {
        let (store, content, entry) = store();
        let mut pieces = Pieces::new(&store, entry);
        let mut read = Vec::new();
        pieces.read_to_end(&mut read).expect("read");
        assert!(read == content);
        let mut some = [0; 1000];
        for start in [0, 5, PIECE_BYTES - 500, 2 * PIECE_BYTES, 17] {
            pieces.seek(SeekFrom::Start(start)).expect("inside");
            pieces.read_exact(&mut some).expect("read");
            assert!(some[..] == content[start as usize..][..1000], "{start}");
        }
        assert_eq!(pieces.seek(SeekFrom::End(-3)).expect("inside"), content.len() as u64 - 3);
        assert_eq!(pieces.read(&mut some).expect("the end"), 3);
        assert_eq!(pieces.read(&mut some).expect("nothing more"), 0);
        assert!(pieces.seek(SeekFrom::Current(i64::MIN)).is_err());
        assert!(pieces.check().is_ok());
    }

    #[test]
    fn a_file_that_changes_under_the_reader_is_told() {
        let (store, content, entry) = store();
        let mut pieces = Pieces::new(&store, entry.clone());
        let mut some = [0; 1000];
        pieces.read_exact(&mut some).expect("read");
        store.put("long.wav", &content[1..]).expect("put");
        assert!(matches!(pieces.check(), Err(StorageError::Changed { .. })));
        let mut pieces = Pieces::new(&store, entry);
        store.remove("long.wav").expect("removed");
        assert!(pieces.read(&mut some).is_err());
        assert!(matches!(pieces.check(), Err(StorageError::NotFound { .. })));
    }
}
