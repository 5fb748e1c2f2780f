use std::collections::BTreeMap;

use serde::Serialize;

use crate::schema::{Metric, Row};
use crate::storage::Store;
use crate::table::Outline;

use super::super::results::{Results, results};
use super::super::{Files, OutputFile, RUN, Record, StageError, StageName, Wrong, ledger};
use super::place::records;
use super::table::{TableColumn, columns, outline};

/// The output of a run, or of `ser predict`, by its records.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunDescription {
    /// Where it lies.
    pub run: String,
    /// Name of the pipeline; null: nothing here says it.
    pub pipeline: Option<String>,
    /// Seed of the pipeline.
    pub seed: Option<u64>,
    /// The stages in their order, or `predict`.
    pub stages: Vec<StageDescription>,
    /// The tables of the finished stages.
    pub tables: Vec<TableLine>,
    /// The figures that the report leads with, where evaluate has finished.
    pub results: Option<Results>,
    /// The saved models.
    pub models: Vec<ModelDescription>,
}

/// A stage of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StageDescription {
    /// The stage.
    pub stage: &'static str,
    /// Whether it has finished.
    pub state: StageState,
    /// What its record says; null without one.
    #[serde(flatten)]
    pub record: Option<StageFacts>,
}

/// What is known of the end of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StageState {
    /// It ran to its end.
    Finished,
    /// It ran to its end, and something that it read has changed since.
    Outdated,
    /// It has no record: it was not run, was stopped, or is at work.
    NotFinished,
    /// Its record is damaged, or of another version.
    Unreadable,
}

/// What the record of a stage says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StageFacts {
    /// What happened, in one line.
    pub summary: String,
    /// Rows of its largest table.
    pub rows: Option<u64>,
    /// How long it took.
    pub seconds: f64,
    /// Threads that it used.
    pub threads: usize,
    /// Hash of the code that did it.
    pub build: String,
    /// Hash of the parameters that determine its tables.
    pub config_hash: String,
    /// Content hashes of what it read.
    pub inputs: BTreeMap<String, String>,
    /// The tables among them that have changed since.
    pub changed_inputs: Vec<String>,
    /// What it refused, by code.
    pub rejects: BTreeMap<String, u64>,
    /// All that it counted.
    pub counts: BTreeMap<String, u64>,
    /// What deserves a second look.
    pub warnings: Vec<String>,
}

/// A table of a run: one file, or a folder of parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableLine {
    /// Its name.
    pub table: String,
    /// The stage that wrote it.
    pub stage: &'static str,
    /// Its file or folder in the output.
    pub path: String,
    /// Number of files.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Number of rows; null: to know it, every part would have to be read.
    pub rows: Option<u64>,
    /// Hash of the rows; null: a folder of files whose hashes make no hash of the whole.
    pub content_hash: Option<String>,
    /// What keeps it from being read.
    pub problem: Option<String>,
    /// Its columns, those of the first file of a folder; a description of the table itself shows them.
    #[serde(skip)]
    pub columns: Vec<TableColumn>,
}

/// A saved model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelDescription {
    /// The model.
    pub model: String,
    /// What it was fitted on: `fold-0`, or `all` utterances.
    pub fitted_on: String,
    /// Its folder in the output.
    pub path: String,
    /// Bytes of its files.
    pub bytes: u64,
}

/// Describes the output of a run.
pub(super) fn describe(out: &dyn Store) -> Result<RunDescription, StageError> {
    let listed = out.list(RUN)?;
    let has_record = |name: &str| listed.iter().any(|entry| entry.path == ledger::record_path(name));
    let is_pipeline = StageName::ALL.iter().any(|stage| has_record(stage.as_str()));
    let mut found = Vec::new();
    for name in records() {
        let is_stage = StageName::ALL.iter().any(|stage| stage.as_str() == name);
        if has_record(name) || (is_pipeline && is_stage) {
            let record = if has_record(name) { ledger::read_record_of(out, name)? } else { None };
            found.push((name, record));
        }
    }
    let records = || found.iter().filter_map(|(name, record)| Some((*name, record.as_ref()?)));
    let tables = records().map(|(name, record)| tables_of(out, name, record)).collect::<Result<Vec<_>, _>>()?;
    let mut tables = tables.concat();
    let results = match records().find(|(name, _)| *name == StageName::Evaluate.as_str()) {
        Some(_) => results_of(out, &mut tables)?,
        None => None,
    };
    let of_pipeline = || records().map(|(_, record)| record).find(|record| !record.pipeline.is_empty());
    let stages = found.iter().map(|(name, record)| StageDescription {
        stage: name,
        state: match record {
            Some(record) if changed_inputs(record, &tables).is_empty() => StageState::Finished,
            Some(_) => StageState::Outdated,
            None if has_record(name) => StageState::Unreadable,
            None => StageState::NotFinished,
        },
        record: record.as_ref().map(|record| facts(record, &tables)),
    });
    Ok(RunDescription {
        run: out.root(),
        pipeline: of_pipeline().map(|record| record.pipeline.clone()),
        seed: of_pipeline().map(|record| record.seed),
        stages: stages.collect(),
        results,
        models: records().flat_map(|(_, record)| models(&record.outputs)).collect(),
        tables,
    })
}

/// The figures; where their table is damaged, this is said beside it.
fn results_of(out: &dyn Store, tables: &mut [TableLine]) -> Result<Option<Results>, StageError> {
    match results(out) {
        Err(StageError::Storage(error)) => Err(error.into()),
        Err(error) => {
            let metrics = tables.iter_mut().find(|table| table.table == Metric::table().name);
            metrics.into_iter().for_each(|table| table.problem = Some(error.to_string()));
            Ok(None)
        }
        found => found,
    }
}

fn facts(record: &Record, tables: &[TableLine]) -> StageFacts {
    StageFacts {
        summary: record.summary.clone(),
        rows: record.rows(),
        seconds: record.seconds,
        threads: record.threads,
        build: record.build.clone(),
        config_hash: record.config_hash.clone(),
        inputs: record.inputs.clone(),
        changed_inputs: changed_inputs(record, tables),
        rejects: record.rejects().map(|(code, count)| (code.to_owned(), count)).collect(),
        counts: record.counts.clone(),
        warnings: record.warnings.clone(),
    }
}

/// The tables that a stage has read, and that are others by now.
fn changed_inputs(record: &Record, tables: &[TableLine]) -> Vec<String> {
    let is_other = |table: &&TableLine| {
        let read = record.inputs.get(&table.table);
        read.is_some_and(|read| table.content_hash.as_ref().is_some_and(|now| now != read))
    };
    tables.iter().filter(is_other).map(|table| table.table.clone()).collect()
}

/// The tables among the outputs of a stage, by name. Reads the footers of single files, and that of the first file of a
/// folder, whose hash and rows are in the record.
///
/// # Errors
/// The store does not answer.
pub fn tables_of(out: &dyn Store, stage: &'static str, record: &Record) -> Result<Vec<TableLine>, StageError> {
    let mut found = BTreeMap::<&str, TableLine>::new();
    for (path, file) in record.outputs.iter().filter(|(path, _)| path.ends_with(".parquet")) {
        let (name, place, is_folder) = match path.split_once('/') {
            // What is kept for reruns is no result.
            Some((RUN, _)) => continue,
            Some((folder, _)) => (folder, folder, true),
            None => (path.trim_end_matches(".parquet"), path.as_str(), false),
        };
        if let Some(table) = found.get_mut(name) {
            table.files += 1;
            table.bytes += file.bytes;
            continue;
        }
        let mut table = TableLine {
            table: name.to_owned(),
            stage,
            path: place.to_owned(),
            files: 1,
            bytes: file.bytes,
            rows: record.rows().filter(|_| is_folder && record.contents.contains_key(name)),
            content_hash: record.contents.get(name).cloned(),
            problem: None,
            columns: Vec::new(),
        };
        match outline_of_output(out, path, file) {
            Ok(outline) => {
                table.columns = columns(std::slice::from_ref(&outline));
                if is_folder {
                    table.columns.iter_mut().for_each(|column| column.nulls = None);
                } else {
                    table.rows = Some(outline.rows);
                    table.content_hash = outline.footer.map(|footer| footer.content_hash);
                }
            }
            Err(Unread::Failed(error)) => return Err(error),
            Err(Unread::Problem(problem)) => table.problem = Some(problem),
        }
        found.insert(name, table);
    }
    Ok(found.into_values().collect())
}

/// Why the footer of an output was not read.
enum Unread {
    /// The file is not what it should be.
    Problem(String),
    /// The store does not answer.
    Failed(StageError),
}

/// The footer of a file that a stage wrote.
fn outline_of_output(out: &dyn Store, path: &str, file: &OutputFile) -> Result<Outline, Unread> {
    let entry = out.stat(path).map_err(|error| Unread::Failed(error.into()))?;
    let entry = entry.ok_or_else(|| Unread::Problem(Wrong::Missing.to_string()))?;
    if !file.has_size_of(&entry) {
        let wrong = Wrong::Size { found: entry.bytes, wanted: file.bytes };
        return Err(Unread::Problem(wrong.to_string()));
    }
    outline(out, &entry).map_err(|error| match error {
        StageError::Storage(_) => Unread::Failed(error),
        error => Unread::Problem(error.to_string()),
    })
}

/// The saved models among the outputs of a stage: `models/<model>/<fold-N or all>/`.
fn models(outputs: &Files) -> Vec<ModelDescription> {
    let mut found = BTreeMap::<(&str, &str), u64>::new();
    for (path, file) in outputs.iter() {
        let steps: Vec<&str> = path.split('/').collect();
        if let ["models", model, fitted_on, _] = steps[..] {
            *found.entry((model, fitted_on)).or_default() += file.bytes;
        }
    }
    let model = |((model, fitted_on), bytes): ((&str, &str), u64)| ModelDescription {
        model: model.to_owned(),
        fitted_on: fitted_on.to_owned(),
        path: format!("models/{model}/{fitted_on}"),
        bytes,
    };
    found.into_iter().map(model).collect()
}
