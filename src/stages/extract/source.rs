//! The utterances and the stamps of their files, as ingest wrote them, some rows at a time.

use std::ops::Range;

use crate::schema::{FileStamp, Row, Table, Utterance};
use crate::stages::ingest::FILES;
use crate::stages::{StageError, StageName, output};
use crate::storage::Store;
use crate::table::RowsFile;

/// Both files, of which some rows are read at a time.
pub(super) struct Source {
    utterances: RowsFile<Utterance>,
    files: RowsFile<FileStamp>,
}

/// Some utterances, with the stamp of the file of each.
#[derive(Debug)]
pub(super) struct Block {
    pub utterances: Table<Utterance>,
    pub stamps: Vec<String>,
}

impl Source {
    /// Reads what the files say of themselves.
    ///
    /// # Errors
    /// Ingest has not finished, or a file is not what it wrote.
    pub fn open(out: &dyn Store) -> Result<Self, StageError> {
        Ok(Self { utterances: open(out, &output::path::<Utterance>())?, files: open(out, FILES)? })
    }

    /// The content hashes of both, from their footers.
    pub fn hashes(out: &dyn Store) -> Result<(String, String), StageError> {
        let utterances = output::content_hash::<Utterance>(out, StageName::Ingest)?;
        Ok((utterances, output::content_hash_at::<FileStamp>(out, FILES, StageName::Ingest)?))
    }

    /// Names of the text columns that a manifest or pattern added.
    pub fn text_names(&self) -> Vec<String> {
        self.utterances.text_names()
    }

    /// Rows that are best read together: all of them, block after block.
    pub fn blocks(&self) -> Vec<Range<usize>> {
        self.utterances.groups()
    }

    /// Some rows: ascending ranges, one after the other.
    ///
    /// # Errors
    /// The two files are not of the same utterances.
    pub fn read(&self, out: &dyn Store, rows: &[Range<usize>]) -> Result<Block, StageError> {
        let utterances = read(out, &output::path::<Utterance>(), &self.utterances, rows)?;
        let files = read(out, FILES, &self.files, rows)?.rows;
        let ids = |block: &Table<Utterance>| block.rows.iter().map(|row| row.utterance_id.clone()).collect::<Vec<_>>();
        let is_same = files.iter().map(|file| &file.utterance_id).eq(ids(&utterances).iter());
        if !is_same || utterances.rows.len() != rows.iter().map(Range::len).sum::<usize>() {
            return Err(altered(out));
        }
        Ok(Block { utterances, stamps: files.into_iter().map(|file| file.stamp).collect() })
    }
}

/// What is said of rows that are not those that ingest wrote.
pub(super) fn altered(out: &dyn Store) -> StageError {
    let path = format!("{}/{}", out.root(), output::path::<Utterance>());
    StageError::Altered { path, stage: StageName::Ingest.as_str() }
}

fn open<R: Row>(out: &dyn Store, path: &str) -> Result<RowsFile<R>, StageError> {
    let bytes = output::recorded::<R>(out, path, StageName::Ingest)?.bytes;
    output::of_file(out, path, RowsFile::open::<StageError>(bytes, |range| Ok(out.get_range(path, range)?)))
}

fn read<R: Row>(
    out: &dyn Store,
    path: &str,
    file: &RowsFile<R>,
    rows: &[Range<usize>],
) -> Result<Table<R>, StageError> {
    output::of_file(out, path, file.read::<StageError>(rows, |range| Ok(out.get_range(path, range)?)))
}
