//! The keys of `[[corpus]]` that only a manifest has.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Corpus, wrong};
use crate::options::{ConfigError, used};
use crate::text;

/// `[corpus.columns]`: our field = "column of the manifest". A field without an entry is the column of the same name,
/// if there is one (`path` also `file`, `emotion` also `label`). `""` says that the manifest has no such column. All
/// other columns are kept as extra text columns.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ManifestColumns {
    /// Path of the audio file, relative to `source`. Default: `path`, else `file`.
    pub path: Option<String>,
    /// The label as the corpus spells it. Default: `emotion`, else `label`.
    pub emotion: Option<String>,
    /// Speaker. Default: `speaker`.
    pub speaker: Option<String>,
    /// Gender. Default: `gender`.
    pub gender: Option<String>,
    /// What was said. Default: `text_id`.
    pub text_id: Option<String>,
    /// Intensity of the emotion. Default: `intensity`.
    pub intensity: Option<String>,
    /// Language. Default: `language`.
    pub language: Option<String>,
    /// Start of the segment within the file: seconds, `[H:]MM:SS[.fff]` or `0 days 00:00:01.5`; empty: the beginning of
    /// the file. Default: `start`.
    pub start: Option<String>,
    /// End of the segment, written like `start`; empty: the end of the file. Default: `end`.
    pub end: Option<String>,
    /// Key of the utterance, unique in the corpus. Default: `key`, else the path without its extension.
    pub key: Option<String>,
}

impl Corpus {
    /// Whether a cell of the manifest, without blanks around it, holds nothing.
    pub fn is_missing(&self, cell: &str) -> bool {
        let is = |word: &str| cell.eq_ignore_ascii_case(word.trim());
        match &self.missing {
            Some(words) => cell.is_empty() || words.iter().any(|word| is(word)),
            None => text::is_missing(cell),
        }
    }

    /// The separator of a CSV manifest, where it is set.
    pub fn separator(&self) -> Option<char> {
        self.separator.as_ref().and_then(|separator| separator.chars().next())
    }

    pub(super) fn check_manifest(&self, at: &str) -> Result<(), ConfigError> {
        if let Some(separator) = &self.separator {
            let legal = |c: char| c.is_ascii() && !c.is_ascii_alphanumeric() && !matches!(c, '"' | '\n' | '\r');
            if separator.chars().count() != 1 || !separator.chars().all(legal) {
                return Err(wrong(
                    at,
                    "separator",
                    separator,
                    "one character is needed, such as \",\", \";\" or \"\\t\"",
                ));
            }
        }
        for (key, value) in [("columns.path", &self.columns.path), ("path_prefix", &self.path_prefix)] {
            if value.as_deref().is_some_and(|value| value.trim().is_empty()) {
                return Err(wrong(at, key, "", "it must not be empty; leave the key out instead"));
            }
        }
        let of_audio = [("path_prefix", self.path_prefix.is_some()), ("allow_outside", self.allow_outside)];
        let mut of_audio = of_audio.into_iter().filter(|_| !self.has_source());
        of_audio.try_for_each(|(key, set)| used(&format!("{at}.{key}"), "set", !set, "`source`"))
    }

    pub(super) fn refuse_manifest_keys(&self, at: &str) -> Result<(), ConfigError> {
        let set = [
            ("columns", self.columns != ManifestColumns::default()),
            ("separator", self.separator.is_some()),
            ("missing", self.missing.is_some()),
            ("path_prefix", self.path_prefix.is_some()),
            ("allow_outside", self.allow_outside),
        ];
        match set.into_iter().find(|(_, set)| *set) {
            None => Ok(()),
            Some((key, _)) => Err(ConfigError::new(format!("{at}.{key}"), "set", "it is used with `manifest` only")),
        }
    }
}
