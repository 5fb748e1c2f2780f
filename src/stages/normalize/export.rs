//! Normalized features as tables.

use std::collections::BTreeMap;

use crate::dataset::{self, Features, Fold, Scaler};
use crate::matrix::Matrix;
use crate::schema::{Columns, FeatureKeys, Side, Table};
use crate::stages::features_table::FeaturesTable;
use crate::stages::{Context, Prepared, StageError, Written, output};
use crate::table::{Block, Writer};

/// Rows that are written at a time.
const BLOCK: usize = 8192;
/// Bytes of numbers in a file: memory holds one.
const FILE: usize = 256 << 20;

/// Writes each side of a fold as a table of the same shape as the features table: keys, labels and extra text columns as
/// they are, features normalized (float32, none missing), sorted by utterance id. A side of more than [`FILE`] bytes is in
/// several files.
pub(super) fn export(
    context: &Context,
    prepared: &Prepared<FeaturesTable>,
    features: &Features,
    fold: &Fold,
    scaler: &Scaler,
) -> Result<Vec<Written>, StageError> {
    let ids = features.keys().ids()?;
    let mut files = Vec::new();
    for side in [Side::Train, Side::Dev, Side::Test, Side::Seen] {
        context.check_stop()?;
        let rows = fold.rows_on(side);
        if side == Side::Seen && rows.is_empty() {
            continue;
        }
        let values = dataset::normalized(features, &rows, scaler).map_err(|error| error.in_fold(fold.number))?;
        let path = format!("normalized/fold-{}/{side}", fold.number);
        let mut exported = Exported::new(context, prepared, path, features.names(), values);
        prepared.work.each_keys(context.out, |part| {
            exported.text.clone_from(&part.text.names);
            for (at, row) in part.rows.iter().enumerate() {
                let place = ids.binary_search(&row.utterance_id.as_str()).ok();
                if let Some(place) = place.and_then(|place| rows.binary_search(&place).ok()) {
                    exported.waiting.insert(place, (row.clone(), part.text.row(at).to_vec()));
                }
            }
            exported.write(BLOCK)
        })?;
        files.extend(exported.finish()?);
    }
    Ok(files)
}

/// The files of a side. Parts of the features table are not always in the order of ids where there are augmented rows, so
/// rows wait for those before them.
struct Exported<'a> {
    context: &'a Context<'a>,
    prepared: &'a Prepared<FeaturesTable>,
    /// The path of the only file, without its ending.
    path: String,
    names: &'a [String],
    /// Text columns beyond the typed ones.
    text: Vec<String>,
    values: Matrix,
    /// Rows of a file.
    file_rows: usize,
    /// The row that is written next.
    next: usize,
    waiting: BTreeMap<usize, (FeatureKeys, Vec<Option<String>>)>,
    open: Option<Writer>,
    files: Vec<Written>,
}

impl<'a> Exported<'a> {
    fn new(
        context: &'a Context,
        prepared: &'a Prepared<FeaturesTable>,
        path: String,
        names: &'a [String],
        values: Matrix,
    ) -> Self {
        let file_rows = (FILE / size_of::<f32>() / names.len().max(1)).max(1);
        let (text, waiting, files) = (Vec::new(), BTreeMap::new(), Vec::new());
        Self { context, prepared, path, names, text, values, file_rows, next: 0, waiting, open: None, files }
    }

    /// Writes the rows that follow on those that are written, if they are `least` or more.
    fn write(&mut self, least: usize) -> Result<(), StageError> {
        let mut ready = self.waiting.keys().zip(self.next..).take_while(|(row, next)| *row == next).count();
        while ready >= least.max(1) {
            let rows = self.next..self.next + ready.min(BLOCK).min(self.file_rows - self.next % self.file_rows);
            ready -= rows.len();
            let mut table = Table::<FeatureKeys>::default();
            table.text.names.clone_from(&self.text);
            let values = self.values.block(rows.clone())?.iter().copied().collect();
            table.float = Columns { names: self.names.to_vec(), values };
            for (keys, texts) in rows.clone().filter_map(|row| self.waiting.remove(&row)) {
                table.rows.push(keys);
                table.text.values.extend(texts);
            }
            self.next = rows.end;
            self.writer()?.push(&Block::new(&table)?)?;
            if self.next.is_multiple_of(self.file_rows) && self.next < self.values.nrows() {
                self.put()?;
            }
        }
        Ok(())
    }

    fn writer(&mut self) -> Result<&mut Writer, StageError> {
        match &mut self.open {
            Some(writer) => Ok(writer),
            none => Ok(none.insert(Writer::new::<FeatureKeys>(&self.text, self.names)?)),
        }
    }

    /// Ends a file.
    fn put(&mut self) -> Result<(), StageError> {
        self.writer()?;
        let Some(writer) = self.open.take() else { return Ok(()) };
        let (content, _) = writer.finish(&self.prepared.config_hash, &self.prepared.inputs, false)?;
        let path = match self.values.nrows() > self.file_rows {
            true => format!("{}-{:05}.parquet", self.path, self.files.len()),
            false => format!("{}.parquet", self.path),
        };
        self.files.push(output::put(self.context.out, &path, &content)?);
        Ok(())
    }

    /// Writes what is left.
    fn finish(mut self) -> Result<Vec<Written>, StageError> {
        self.write(1)?;
        self.put()?;
        Ok(self.files)
    }
}
