//! Presets of corpora whose labels stand in files: which files, and how a row gives the fields of an utterance.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::check_pattern;
use crate::options::ConfigError;

/// The files in which the labels of a corpus stand, and what their rows mean.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelFiles {
    /// Regular expression searched in the path of each file under `source`: those with labels. Its named groups are
    /// columns of every row. A row is a line of cells below a header, unless `line` or `rows` says otherwise.
    pub files: String,
    /// Regular expression of the lines that are rows; its named groups are columns. Other lines are passed over.
    #[serde(default)]
    pub line: Option<String>,
    /// Where rows lie in nested JSON: `{show}/{dialog}/Dialog/{utterance}`. Names in braces are columns; what a row holds
    /// is a column too (`EmoAnnotation.final_main_emo`), and so is what stands beside it, further up.
    #[serde(default)]
    pub rows: Option<String>,
    /// What an utterance is: field = text with columns in braces, as in `dia{Dialogue_ID}_utt{Utterance_ID}`. Braces may
    /// stand in braces: the inner ones are filled first. `audio` (required) is the end of the path of the recording,
    /// without its extension; `emotion` (required), `speaker`, `gender`, `text_id`, `intensity`, `language`, `start`, `end`
    /// and `key` are fields; any other name becomes an extra text column. The key is the last part of `audio` unless
    /// there is one. A text in which a column is empty is no value. Behind the name of a column, `:stem` means the file
    /// name without folders and extension, and `?` that a file may lack it.
    pub fields: BTreeMap<String, String>,
    /// Another table that says more about a column of the rows.
    #[serde(default)]
    pub join: Option<Join>,
}

/// A table whose columns are added to the rows.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// Regular expression searched in the path of each file under `source`: the table.
    pub files: String,
    /// The column of the rows to look up.
    pub column: String,
    /// The column of the table in which it stands, once.
    pub key: String,
}

impl LabelFiles {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        check_pattern("label_files.files", &self.files)?;
        if let Some(line) = &self.line {
            check_pattern("label_files.line", line)?;
        }
        if let Some(join) = &self.join {
            check_pattern("label_files.join.files", &join.files)?;
        }
        if self.line.is_some() && self.rows.is_some() {
            return Err(ConfigError::new("label_files.rows", "set", "only one of `line` and `rows` may be there"));
        }
        for field in ["audio", "emotion"] {
            let key = format!("label_files.fields.{field}");
            self.fields.get(field).ok_or_else(|| ConfigError::new(key, "missing", "every utterance needs it"))?;
        }
        if self.fields.contains_key("path") {
            return Err(ConfigError::new(
                "label_files.fields.path",
                "set",
                "the path of a recording is that of `audio`",
            ));
        }
        match self.fields.iter().find(|(_, text)| text.matches('{').count() != text.matches('}').count()) {
            None => Ok(()),
            Some((field, text)) => {
                let key = format!("label_files.fields.{field}");
                Err(ConfigError::new(key, format!("{text:?}"), "a brace is not closed, or not opened"))
            }
        }
    }
}
