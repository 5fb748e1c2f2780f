//! The one form in which presets, patterns and manifests hand over what they read.

use super::STAGE;
use super::passed::PassedOver;
use crate::corpus::Corpus;
use crate::schema::{FeatureKeys, Packed, Reject, Row, Utterance, segment_key, speaker_id, utterance_id};

/// What a file name or a manifest row says about an utterance, before label map and filters.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Facts {
    /// Key, where it is not the one made from the path.
    pub key: Option<String>,
    /// The label as the corpus spells it.
    pub label: String,
    pub speaker: Option<String>,
    pub gender: Option<String>,
    pub text_id: Option<String>,
    pub intensity: Option<String>,
    pub language: Option<String>,
    /// Values of the extra columns, in their order.
    pub extra: Vec<Option<String>>,
}

/// An utterance to be, with its audio.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub path: String,
    pub bytes: u64,
    /// Key without the times of the segment.
    pub key: String,
    pub start_s: Option<f64>,
    pub end_s: Option<f64>,
    pub facts: Facts,
    /// Row of the manifest, from 0.
    pub row: Option<usize>,
}

/// Everything that was read from one corpus.
#[derive(Debug, Default)]
pub(super) struct Entries {
    /// The utterances to be, in the order in which they were read. Their emotions are not known yet.
    pub utterances: Packed<Utterance>,
    /// The row of the manifest that each comes from; empty where there is none.
    pub rows: Vec<usize>,
    pub rejects: Vec<Reject>,
    pub warnings: Vec<String>,
    pub audio_files: usize,
    pub passed_over: PassedOver,
}

impl Entries {
    /// None yet, with these extra columns.
    pub fn new(extra: Vec<String>, audio_files: usize) -> Self {
        Self { utterances: Packed::new(extra), audio_files, ..Self::default() }
    }

    /// Keeps some utterances; the numbers of these ascend.
    pub fn keep(&mut self, kept: &[usize]) {
        if kept.len() == self.utterances.len() {
            return;
        }
        self.utterances.reorder(kept);
        if !self.rows.is_empty() {
            self.rows = kept.iter().map(|row| self.rows[*row]).collect();
        }
    }

    /// Puts an entry behind the others.
    pub fn push(&mut self, config: &Corpus, entry: Entry) {
        let facts = entry.facts;
        let utterance = Utterance {
            utterance_id: utterance_id(&config.name, &segment_key(&entry.key, entry.start_s, entry.end_s)),
            corpus: config.name.clone(),
            path: entry.path,
            start_s: entry.start_s,
            end_s: entry.end_s,
            speaker: facts.speaker.map(|speaker| speaker_id(&config.name, &speaker)),
            gender: facts.gender,
            text_id: facts.text_id.map(|text| speaker_id(&config.name, &text)),
            intensity: facts.intensity,
            language: facts.language,
            source_label: facts.label,
            emotion: String::new(),
            bytes: i64::try_from(entry.bytes).unwrap_or(i64::MAX),
        };
        self.utterances.push(&utterance, facts.extra.iter().map(Option::as_deref));
        self.rows.extend(entry.row);
    }
}

/// A name as the corpus writes it: without that of the corpus before it.
pub(super) fn bare<'a>(config: &Corpus, name: &'a str) -> &'a str {
    name.strip_prefix(config.name.as_str()).and_then(|rest| rest.strip_prefix('/')).unwrap_or(name)
}

/// A row of the rejects table.
pub(super) fn reject(config: &Corpus, path: &str, code: &str, message: String) -> Reject {
    Reject {
        corpus: config.name.clone(),
        path: path.to_owned(),
        utterance_id: None,
        stage: STAGE.to_owned(),
        code: code.to_owned(),
        message,
    }
}

/// Names for extra columns that hide no typed column of the utterances and features tables and differ from each other:
/// a name that is taken gets `extra_` before it.
pub(super) fn extra_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let typed = [Utterance::table().columns, FeatureKeys::table().columns].concat();
    let mut result: Vec<String> = Vec::new();
    for name in names {
        let mut name = name.to_owned();
        while result.contains(&name) || typed.iter().any(|column| column.name == name) {
            name.insert_str(0, "extra_");
        }
        result.push(name);
    }
    result
}

#[cfg(test)]
impl Facts {
    /// Label, speaker, gender, text, intensity and extra fields in one line, `-` for nothing.
    pub fn summary(&self) -> String {
        let fields = [&self.speaker, &self.gender, &self.text_id, &self.intensity];
        let words = fields.into_iter().chain(&self.extra).map(|field| field.as_deref().unwrap_or("-"));
        std::iter::once(self.label.as_str()).chain(words).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extra_columns_never_hide_typed_ones() {
        let names = extra_names(["age", "path", "codec", "extra_path"]);
        assert_eq!(names, ["age", "extra_path", "extra_codec", "extra_extra_path"]);
    }
}
