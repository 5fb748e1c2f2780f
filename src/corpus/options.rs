//! The `[[corpus]]` sections.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::options::{ConfigError, between};

mod label_files;
mod manifest;
mod preset;

pub use label_files::LabelFiles;
pub use manifest::ManifestColumns;
pub use preset::Preset;

/// One `[[corpus]]`: where its audio is, and where its labels come from (exactly one of `preset`, `pattern` and
/// `manifest`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Corpus {
    /// Name of the corpus: the prefix of its utterance ids, speakers and texts. Lower-case letters, digits, `_` and
    /// `-`. Required.
    pub name: String,
    /// Folder or `s3://bucket/prefix` that holds the audio. Required, unless `features.table` is set and `manifest` says
    /// what the utterances are: no audio is then looked for.
    #[serde(default)]
    pub source: String,
    /// A known corpus: the name of a preset, or the path of your own preset file (`.toml`). A preset knows the file
    /// names or the label files of its corpus, and its labels. Default: none.
    #[serde(default)]
    #[schemars(schema_with = "Preset::schema_of_word")]
    pub preset: Option<String>,
    /// Regular expression that is searched in the path of each audio file, relative to `source`, with its extension and
    /// with `/` between folders. It may match anywhere: anchor it with `^` and `$` if that matters. The first match
    /// counts. Its named groups are fields: `emotion`, `speaker`, `gender`, `text_id`, `intensity`, `language`, `key`;
    /// any other name becomes an extra text column. Default: none.
    #[serde(default)]
    pub pattern: Option<String>,
    /// CSV, TSV, JSON lines or Parquet table with one row for each utterance, or a folder of Parquet parts. `columns`
    /// says what its columns are. Default: none.
    #[serde(default)]
    pub manifest: Option<String>,
    /// Columns of the manifest. Only with `manifest`.
    #[serde(default)]
    pub columns: ManifestColumns,
    /// The character between the cells of a CSV or TSV manifest. Default: comma, tab, `;` or `|`, whichever is most
    /// frequent in the header. Only with `manifest`.
    #[serde(default)]
    pub separator: Option<String>,
    /// Words that mean a missing value, in any column of the manifest, in upper or lower case. An empty cell always
    /// means that. A word that is a key of `labels` is a label. Default: nan -nan na n/a #n/a <na> null none nat. Only
    /// with `manifest`.
    #[serde(default)]
    pub missing: Option<Vec<String>>,
    /// The start of the manifest's paths to remove, such as a folder on the machine that wrote them. The rest of each
    /// path is looked up below `source`. Default: none. Only with `manifest`.
    #[serde(default)]
    pub path_prefix: Option<String>,
    /// Source label of utterances without one: the pattern has no `emotion` group, or the manifest has no emotion
    /// column or an empty cell there. The label map applies to it. Not with `preset`. Default: none.
    #[serde(default)]
    pub emotion: Option<String>,
    /// Language of every utterance that has none of its own, as an ISO 639-1 code; replaces a preset's. Default: none.
    #[serde(default)]
    pub language: Option<String>,
    /// Label map: source label = "emotion", or "-" to drop its utterances. It takes precedence over the preset's own
    /// map. A source label that is a canonical emotion maps to itself. Any other label without an entry is an error.
    /// Default: empty.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Keep only utterances whose field is in the list: `intensity = ["strong"]`. Fields: `speaker`, `gender`,
    /// `text_id`, `intensity`, `language`, `source_label`, `emotion`, `path`, `key` and any extra column. Replaces a
    /// preset's own filter on that field. Default: empty.
    #[serde(default)]
    pub filter: BTreeMap<String, Vec<String>>,
    /// Leave out utterances whose field is in the list; the fields are those of `filter`. Default: empty.
    #[serde(default)]
    pub exclude: BTreeMap<String, Vec<String>>,
    /// Extensions of audio files, without the dot, in upper or lower case. Other files are ignored unless a manifest
    /// names them; those that could be audio are counted and listed in rejects. Default: wav wave bwf rf64 w64 flac mp3
    /// ogg oga opus spx m4a m4b m4r mp4 m4v mov qt 3gp 3g2 aac aif aiff aifc caf mka mkv webm weba au snd sph nist.
    #[serde(default = "default_extensions")]
    pub extensions: Vec<String>,
    /// Largest share of the audio files whose names do not match the preset or pattern; above it, ingest stops. Range 0
    /// to 1, default 0.05.
    #[serde(default = "default_max_unmatched_rate")]
    pub max_unmatched_rate: f64,
    /// Whether a manifest may name files outside `source` (absolute paths, or `..` beyond its top). Their paths and ids
    /// are relative to `source` too, and begin with `..`. Only with `manifest`, and not in a bucket. Default: false.
    #[serde(default)]
    pub allow_outside: bool,
}

/// Where the labels of a corpus come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin<'a> {
    /// The file names of a known corpus: the name of a preset, or the location of a preset file.
    Preset(&'a str),
    /// A regular expression over the paths.
    Pattern(&'a str),
    /// A table, by its location.
    Manifest(&'a str),
}

/// Names of pattern groups that would hide a column of the utterances table.
const RESERVED_GROUPS: [&str; 7] = ["utterance_id", "corpus", "path", "start_s", "end_s", "source_label", "bytes"];

/// Extensions of audio files, unless a corpus says otherwise.
pub fn usual_extensions() -> impl Iterator<Item = &'static str> {
    "wav wave bwf rf64 w64 flac mp3 ogg oga opus spx m4a m4b m4r mp4 m4v mov qt 3gp 3g2 aac aif aiff aifc caf mka mkv \
     webm weba au snd sph nist"
        .split(' ')
}

fn default_extensions() -> Vec<String> {
    usual_extensions().map(str::to_owned).collect()
}

fn default_max_unmatched_rate() -> f64 {
    0.05
}

impl Corpus {
    /// A section with defaults, which says nothing yet about labels.
    pub fn new(name: &str, source: &str) -> Self {
        Self {
            name: name.to_owned(),
            source: source.to_owned(),
            preset: None,
            pattern: None,
            manifest: None,
            columns: ManifestColumns::default(),
            separator: None,
            missing: None,
            path_prefix: None,
            emotion: None,
            language: None,
            labels: BTreeMap::new(),
            filter: BTreeMap::new(),
            exclude: BTreeMap::new(),
            extensions: default_extensions(),
            max_unmatched_rate: default_max_unmatched_rate(),
            allow_outside: false,
        }
    }

    /// Checks all `[[corpus]]` sections: there is one, each is sound, and no two share a name.
    pub fn check_all(corpora: &[Self]) -> Result<(), ConfigError> {
        if corpora.is_empty() {
            return Err(ConfigError::new("corpus", "missing", "a pipeline reads at least one corpus")
                .hint("add a [[corpus]] section with `name`, `source` and `preset`, `pattern` or `manifest`"));
        }
        let mut names = BTreeSet::new();
        for (index, corpus) in corpora.iter().enumerate() {
            corpus.check(&format!("corpus.{index}"))?;
            if !names.insert(&corpus.name) {
                return Err(wrong(&format!("corpus.{index}"), "name", &corpus.name, "another corpus has this name"));
            }
        }
        Ok(())
    }

    /// The path of its preset file, where `preset` names none that is compiled in.
    pub fn preset_file(&self) -> Option<&str> {
        self.preset.as_deref().filter(|word| Preset::is_file(word))
    }

    /// Moves every place that the section names: `source`, `manifest` and the path of a preset file.
    pub fn relocate(&mut self, place: impl Fn(&str) -> String) {
        self.source = place(&self.source);
        self.manifest = self.manifest.as_deref().map(&place);
        if let Some(path) = self.preset_file().map(&place) {
            self.preset = Some(path);
        }
    }

    /// Whether it has audio.
    pub fn has_source(&self) -> bool {
        !self.source.trim().is_empty()
    }

    /// Refuses corpora without audio.
    pub fn check_sources(corpora: &[Self]) -> Result<(), ConfigError> {
        match corpora.iter().enumerate().find(|(_, corpus)| !corpus.has_source()) {
            None => Ok(()),
            Some((index, corpus)) => Err(corpus.no_source(&format!("corpus.{index}"))),
        }
    }

    fn no_source(&self, at: &str) -> ConfigError {
        wrong(at, "source", &self.source, "a folder or s3://bucket/prefix is needed")
    }

    /// Checks one section; `at` is its key path (`corpus.0`) in messages.
    pub fn check(&self, at: &str) -> Result<(), ConfigError> {
        if !is_word(&self.name) {
            return Err(wrong(at, "name", &self.name, "a name consists of a-z, 0-9, `_` and `-`"));
        }
        if !self.has_source() && self.manifest.is_none() {
            return Err(self.no_source(at));
        }
        let origin = self.origin(at)?;
        self.check_origin(at, origin)?;
        check_labels(&format!("{at}.labels"), &self.labels)?;
        check_lists(&format!("{at}.filter"), &self.filter)?;
        check_lists(&format!("{at}.exclude"), &self.exclude)?;
        self.check_extensions(at)?;
        between(&format!("{at}.max_unmatched_rate"), self.max_unmatched_rate, 0.0, 1.0)
    }

    /// Where the labels come from; an error unless exactly one of the three keys is set.
    pub fn origin(&self, at: &str) -> Result<Origin<'_>, ConfigError> {
        match (&self.preset, &self.pattern, &self.manifest) {
            (Some(preset), None, None) => Ok(Origin::Preset(preset)),
            (None, Some(pattern), None) => Ok(Origin::Pattern(pattern)),
            (None, None, Some(manifest)) => Ok(Origin::Manifest(manifest)),
            (preset, pattern, manifest) => {
                let count =
                    [preset.is_some(), pattern.is_some(), manifest.is_some()].iter().filter(|set| **set).count();
                let problem = "a corpus has exactly one of `preset`, `pattern` and `manifest`";
                Err(ConfigError::new(at, format!("a section with {count} of them"), problem))
            }
        }
    }

    fn check_origin(&self, at: &str, origin: Origin<'_>) -> Result<(), ConfigError> {
        if matches!(origin, Origin::Manifest(_)) {
            self.check_manifest(at)?
        } else {
            self.refuse_manifest_keys(at)?
        }
        if matches!(origin, Origin::Preset(_)) && self.emotion.is_some() {
            return Err(ConfigError::new(
                format!("{at}.emotion"),
                "set",
                "a preset reads the emotion from file names or label files",
            ));
        }
        for (field, value) in [("emotion", &self.emotion), ("language", &self.language), ("manifest", &self.manifest)] {
            if value.as_deref().is_some_and(|value| value.trim().is_empty()) {
                return Err(wrong(at, field, "", "it must not be empty; leave the key out instead"));
            }
        }
        match origin {
            Origin::Pattern(pattern) => self.check_groups(at, pattern),
            Origin::Preset(word) => Preset::check_word(&format!("{at}.preset"), word),
            Origin::Manifest(_) => Ok(()),
        }
    }

    fn check_groups(&self, at: &str, pattern: &str) -> Result<(), ConfigError> {
        let groups = check_pattern(&format!("{at}.pattern"), pattern)?;
        if self.emotion.is_none() && !groups.iter().any(|group| group == "emotion") {
            return Err(wrong(at, "pattern", pattern, "it has no group (?P<emotion>...)")
                .hint("add the group, or set `emotion` to the one label of this corpus"));
        }
        Ok(())
    }

    fn check_extensions(&self, at: &str) -> Result<(), ConfigError> {
        if self.extensions.is_empty() {
            return Err(ConfigError::new(format!("{at}.extensions"), "[]", "at least one extension is needed"));
        }
        match self.extensions.iter().find(|e| e.is_empty() || !e.chars().all(|c| c.is_ascii_alphanumeric())) {
            Some(bad) => Err(wrong(at, "extensions", bad, "an extension is letters and digits, without the dot")),
            None => Ok(()),
        }
    }
}

/// The named groups of a regular expression; an error where it is none, or a group would hide a column.
fn check_pattern(key: &str, pattern: &str) -> Result<Vec<String>, ConfigError> {
    let wrong = |problem: String| ConfigError::new(key, format!("{pattern:?}"), problem);
    let regex = Regex::new(pattern).map_err(|error| {
        wrong(format!("not a regular expression: {error}"))
            .hint("the syntax is that of the Rust crate `regex`; named groups are (?P<name>...)")
    })?;
    let groups: Vec<String> = regex.capture_names().flatten().map(str::to_owned).collect();
    match groups.iter().find(|group| RESERVED_GROUPS.contains(&group.as_str())) {
        Some(reserved) => Err(wrong(format!("the group name `{reserved}` is taken by a column"))),
        None => Ok(groups),
    }
}

fn check_labels(key: &str, labels: &BTreeMap<String, String>) -> Result<(), ConfigError> {
    for (label, emotion) in labels {
        if emotion != "-" && (!is_word(emotion) || emotion.starts_with('-')) {
            let problem = "an emotion consists of a-z, 0-9, `_` and `-`; \"-\" alone drops the label";
            return Err(ConfigError::new(format!("{key}.{}", toml_key(label)), format!("{emotion:?}"), problem));
        }
    }
    Ok(())
}

fn check_lists(key: &str, lists: &BTreeMap<String, Vec<String>>) -> Result<(), ConfigError> {
    match lists.iter().find(|(_, values)| values.is_empty()) {
        Some((field, _)) => {
            let problem = "an empty list; leave the key out instead";
            Err(ConfigError::new(format!("{key}.{}", toml_key(field)), "[]", problem))
        }
        None => Ok(()),
    }
}

fn wrong(at: &str, key: &str, value: &str, problem: &str) -> ConfigError {
    ConfigError::new(format!("{at}.{key}"), format!("{value:?}"), problem)
}

fn is_word(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    !text.is_empty() && text.chars().all(legal)
}

/// A key as it stands in TOML: bare where it can be, else quoted.
fn toml_key(key: &str) -> String {
    let bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if bare { key.to_owned() } else { format!("{key:?}") }
}

#[cfg(test)]
mod tests;
