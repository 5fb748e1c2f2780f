//! The one form in which presets, patterns and manifests hand over what they read.

use super::STAGE;
use super::passed::PassedOver;
use crate::corpus::Corpus;
use crate::schema::{FeatureKeys, Reject, Row, Utterance, segment_key, utterance_id};

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
    /// Row of the manifest, from 0, and where it stands in words: `line 7`.
    pub row: Option<(usize, String)>,
}

impl Entry {
    /// The utterance's id.
    pub fn id(&self, corpus: &str) -> String {
        utterance_id(corpus, &segment_key(&self.key, self.start_s, self.end_s))
    }

    /// Where the entry comes from, in words.
    pub fn origin(&self) -> String {
        match &self.row {
            Some((_, place)) => format!("{:?} (manifest {place})", self.path),
            None => format!("{:?}", self.path),
        }
    }
}

/// An utterance that stays.
pub(super) struct Chosen {
    pub id: String,
    pub emotion: String,
    pub entry: Entry,
}

/// Everything that was read from one corpus.
#[derive(Debug, Default)]
pub(super) struct Entries {
    /// Names of the extra columns.
    pub extra: Vec<String>,
    pub entries: Vec<Entry>,
    pub rejects: Vec<Reject>,
    pub warnings: Vec<String>,
    pub audio_files: usize,
    pub passed_over: PassedOver,
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
