//! The frames of a part on their way into files: workers finish in any order, the frames stand in that of the
//! utterances.

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::dsp::Contours;
use crate::features::Featurizer;
use crate::schema::{Columns, FrameKeys, Table};
use crate::storage::Store;
use crate::table::{Block, TableError, Writer};

use super::super::workers::Extracted;
use super::super::{OutputFile, StageError, output};
use super::seal::Attempt;

/// How much is held before it is passed on.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Most rows of a row group: what is read for the sake of one short utterance.
    group_rows: usize,
    /// A file ends with the row group that brings it here.
    file_bytes: usize,
    /// Frames that may wait for those before them; a worker with more waits with its own.
    waiting_bytes: usize,
}

const LIMITS: Limits = Limits { group_rows: 8192, file_bytes: 64 << 20, waiting_bytes: 64 << 20 };

/// Writes the frames of a part, file after file.
pub(super) struct FramesWriter<'a> {
    out: &'a dyn Store,
    featurizer: &'a dyn Featurizer,
    attempt: &'a Attempt<'a>,
    config_hash: &'a str,
    limits: Limits,
    queue: Mutex<Queue>,
    moved: Condvar,
}

/// Who is next, and who waits.
#[derive(Default)]
struct Queue {
    next: usize,
    waiting: BTreeMap<usize, Vec<Block>>,
    waiting_bytes: usize,
    /// Somebody left the queue: nobody's turn comes any more.
    is_broken: bool,
    file: Option<Writer>,
    /// The files that are written.
    files: Vec<OutputFile>,
}

impl Queue {
    /// The frames whose turn it is, where they are there.
    fn take_next(&mut self) -> Option<Vec<Block>> {
        let blocks = self.waiting.remove(&self.next)?;
        self.waiting_bytes -= bytes(&blocks);
        self.next += 1;
        Some(blocks)
    }
}

impl<'a> FramesWriter<'a> {
    /// Nothing is written before there are frames.
    pub fn new(
        out: &'a dyn Store,
        featurizer: &'a dyn Featurizer,
        attempt: &'a Attempt<'a>,
        config_hash: &'a str,
    ) -> Self {
        let (queue, moved) = (Mutex::default(), Condvar::new());
        Self { out, featurizer, attempt, config_hash, limits: LIMITS, queue, moved }
    }

    /// The place in queue of audio file `number`, counted from 0. Whoever takes one writes, or breaks the queue.
    pub fn place(&self, number: usize) -> Turn<'_> {
        Turn { writer: self, number, is_done: false }
    }

    /// Ends the last file; what all of them hold.
    pub fn finish(self) -> Result<Vec<OutputFile>, StageError> {
        let mut queue = mem::take(&mut *self.lock());
        self.end_file(&mut queue)?;
        Ok(queue.files)
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Whoever panics in queue breaks it.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn append(&self, queue: &mut Queue, block: &Block) -> Result<(), StageError> {
        if let Some(file) = queue.file.as_mut().filter(|file| file.open_rows() + block.rows() > self.limits.group_rows)
        {
            file.end_group()?;
            if file.bytes() >= self.limits.file_bytes {
                self.end_file(queue)?;
            }
        }
        let file = match &mut queue.file {
            Some(file) => file,
            none => none.insert(Writer::new::<FrameKeys>(&[], self.featurizer.contour_names())?),
        };
        Ok(file.push(block)?)
    }

    fn end_file(&self, queue: &mut Queue) -> Result<(), StageError> {
        let Some(file) = queue.file.take() else { return Ok(()) };
        let inputs = BTreeMap::from([("utterances".to_owned(), self.attempt.part.utterances.clone())]);
        let (file, _) = file.finish(self.config_hash, &inputs, false)?;
        let written = output::put(self.out, &self.attempt.frames(queue.files.len()), &file)?;
        queue.files.push(written.file);
        Ok(())
    }

    /// The frames of an utterance as rows, a row group at most at a time.
    fn blocks(&self, id: &str, contours: &Contours) -> Result<Vec<Block>, TableError> {
        let starts = (0..contours.frames()).step_by(self.limits.group_rows);
        starts.map(|start| self.block(id, contours, start)).collect()
    }

    fn block(&self, id: &str, contours: &Contours, start: usize) -> Result<Block, TableError> {
        let frames = start..contours.frames().min(start + self.limits.group_rows);
        let row = |frame| FrameKeys {
            utterance_id: id.to_owned(),
            frame: frame as i64,
            time_s: self.featurizer.frame_time_s(frame),
        };
        let names = self.featurizer.contour_names().to_vec();
        let mut values = Vec::with_capacity(frames.len() * names.len());
        for frame in frames.clone() {
            values.extend((0..names.len()).map(|descriptor| contours.row(descriptor)[frame]));
        }
        let float = Columns { names, values };
        Block::new(&Table { float, ..Table::from(frames.map(row).collect::<Vec<_>>()) })
    }
}

/// The place in queue of an audio file's frames.
pub(super) struct Turn<'a> {
    writer: &'a FramesWriter<'a>,
    number: usize,
    is_done: bool,
}

impl Turn<'_> {
    /// Takes the frames out of `rows` and writes them when all before them are written.
    pub fn write(mut self, rows: &mut [Extracted]) -> Result<(), StageError> {
        let mut blocks = Vec::new();
        for row in rows.iter_mut().flatten().flatten() {
            let contours = row.contours.take().unwrap_or_default();
            blocks.extend(self.writer.blocks(&row.keys.utterance_id, &contours)?);
        }
        let bytes = bytes(&blocks);
        let mut queue = self.writer.lock();
        while queue.next < self.number && queue.waiting_bytes + bytes > self.writer.limits.waiting_bytes {
            if queue.is_broken {
                return Ok(());
            }
            queue = self.writer.moved.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        queue.waiting_bytes += bytes;
        queue.waiting.insert(self.number, blocks);
        while let Some(blocks) = queue.take_next() {
            for block in &blocks {
                self.writer.append(&mut queue, block)?;
            }
        }
        self.is_done = true;
        self.writer.moved.notify_all();
        Ok(())
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !self.is_done {
            self.writer.lock().is_broken = true;
            self.writer.moved.notify_all();
        }
    }
}

fn bytes(blocks: &[Block]) -> usize {
    blocks.iter().map(Block::bytes).sum()
}

#[cfg(test)]
mod tests;
