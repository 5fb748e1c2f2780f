//! What a corpus says about its files: listing, file names and manifests in; labelled utterances out. Pure: it never
//! touches a disk.
//!
//! A corpus is read by a preset (one TOML file each, in `presets/`: a pattern of names, or label files and what their rows
//! mean), by a regular expression over the paths, or by the rows of a manifest. All three end in the same entries; label map and filters then decide which of them become
//! utterances.
//!
//! Rules that hold for every corpus:
//! - Files under a folder that begins with a dot or is `__MACOSX`, or that begin with a dot themselves, are left alone
//!   (and counted in a warning), except where a manifest names them.
//! - A file without an audio extension is left alone, except where a manifest names it. All are counted; those that may
//!   be audio all the same are named in a warning and listed with the rejects, as `passed_over`.
//! - The key is the file stem for presets, else the path without its extension; a segment appends `#<start>-<end>`.
//! - Speakers and texts get the corpus' name before them.
//! - Everything else that does not become an utterance is a row of the label accounting or of the rejects.

mod build;
mod dates;
mod entry;
mod error;
mod filter;
mod form;
mod formats;
mod glob;
mod json;
mod label_files;
mod labels;
mod manifest;
mod merge;
mod named;
mod options;
mod passed;
mod paths;
mod pattern;
#[cfg(test)]
mod presets_tests;
pub mod propose;
mod seconds;
mod source_files;
mod source_paths;
mod speakers;
mod targets;
#[cfg(test)]
mod tests;

pub use build::build;
pub use dates::iso_date;
pub use error::CorpusError;
pub use form::parse_text;
pub use glob::Glob;
pub use label_files::{LabelFile, label_files};
pub use labels::recount;
pub use manifest::{ManifestTable, NamedPaths, named_paths};
pub use merge::merge;
pub use named::is_audio_of;
pub use options::{Corpus, LabelFiles, ManifestColumns, Origin, Preset, usual_extensions};
pub use passed::{Look, PassedOver};
pub use paths::{bad_name, hidden_warning};
pub use source_files::{SourceFile, SourceFiles};

use std::collections::BTreeMap;

use crate::schema::{LabelCount, Packed, Reject, Utterance};

/// The word that this room writes into the `stage` column of rejects.
pub const STAGE: &str = "ingest";

/// What lies under the source of a corpus.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// What the storage calls the source: an absolute path, or `s3://bucket/prefix`.
    pub root: &'a str,
    /// All files below it, and those outside that a manifest may name.
    pub files: &'a SourceFiles,
    /// What the label files of its preset hold.
    pub labels: &'a [LabelFile<'a>],
}

/// What holds for all corpora of a run.
pub struct Rules<'a> {
    /// The text column that holds the date of each utterance, where there must be one.
    pub partition: Option<&'a str>,
    /// The text column that holds the number to be predicted, where there must be one.
    pub target: Option<&'a str>,
    /// The common set of emotions; empty: all that there are.
    pub emotions: &'a [String],
    /// Whether a speaker, as tables name them, is to be forgotten: left out without a word.
    pub is_forgotten: &'a dyn Fn(&str) -> bool,
}

impl Default for Rules<'_> {
    fn default() -> Self {
        Self { partition: None, target: None, emotions: &[], is_forgotten: &|_| false }
    }
}

/// What ingest found in one corpus, or in several merged ones.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LabelledCorpus {
    /// The labelled utterances, sorted by id; extra fields are open text columns.
    pub utterances: Packed<Utterance>,
    /// What became of each source label, sorted by corpus, label and action. Actions: `kept`, `merged`, `dropped` and
    /// `filtered` (left out by `filter` or `exclude`; a label can have such a row besides its other one).
    pub labels: Vec<LabelCount>,
    /// What could not become an utterance, sorted by corpus, path and message. Codes: `unmatched_name`, `bad_name`,
    /// `missing_file`, `missing_path`, `missing_label`, `bad_time`, `bad_date`, `bad_target`, and `passed_over` for files that were not looked at.
    pub rejects: Vec<Reject>,
    /// What is legal but looks like a mistake, in words.
    pub warnings: Vec<String>,
    /// Audio files under the source, hidden ones left out.
    pub audio_files: usize,
    /// Files that were not looked at, by extension in lower case.
    pub passed_over: BTreeMap<String, usize>,
}
