//! Where our fields stand in a manifest.

use super::super::csv::separator_words;
use super::super::error::{CorpusError, nearest_hint, shorten};
use super::ManifestTable;
use crate::config;

/// Column numbers of our fields.
pub(super) struct ColumnMap {
    pub path: usize,
    pub emotion: Option<usize>,
    pub speaker: Option<usize>,
    pub gender: Option<usize>,
    pub text_id: Option<usize>,
    pub intensity: Option<usize>,
    pub language: Option<usize>,
    pub start: Option<usize>,
    pub end: Option<usize>,
    pub key: Option<usize>,
    /// Columns that are no field.
    pub extra: Vec<usize>,
}

impl ColumnMap {
    pub fn new(config: &config::Corpus, manifest: &str, table: &ManifestTable) -> Result<Self, CorpusError> {
        let find = |field, wanted, names| find_column(manifest, table, field, wanted, names);
        let need = |field, names: &[&str]| unknown_column(manifest, table, field, names.join("` or `"), names[0]);
        let wanted = &config.columns;
        let (path_names, emotion_names) = (["path", "file"], ["emotion", "label"]);
        let path = find("path", &wanted.path, &path_names)?.ok_or_else(|| need("path", &path_names))?;
        let emotion = find("emotion", &wanted.emotion, &emotion_names)?;
        if emotion.is_none() && config.emotion.is_none() {
            return Err(need("emotion", &emotion_names));
        }
        let mut map = Self {
            path,
            emotion,
            speaker: find("speaker", &wanted.speaker, &["speaker"])?,
            gender: find("gender", &wanted.gender, &["gender"])?,
            text_id: find("text_id", &wanted.text_id, &["text_id"])?,
            intensity: find("intensity", &wanted.intensity, &["intensity"])?,
            language: find("language", &wanted.language, &["language"])?,
            start: find("start", &wanted.start, &["start"])?,
            end: find("end", &wanted.end, &["end"])?,
            key: find("key", &wanted.key, &["key"])?,
            extra: Vec::new(),
        };
        let used = map.used();
        map.extra = (0..table.columns.len()).filter(|column| !used.contains(column)).collect();
        Ok(map)
    }

    fn used(&self) -> Vec<usize> {
        let optional = [
            self.emotion,
            self.speaker,
            self.gender,
            self.text_id,
            self.intensity,
            self.language,
            self.start,
            self.end,
            self.key,
        ];
        std::iter::once(self.path).chain(optional.into_iter().flatten()).collect()
    }
}

fn find_column(
    manifest: &str,
    table: &ManifestTable,
    field: &'static str,
    wanted: &Option<String>,
    names: &[&str],
) -> Result<Option<usize>, CorpusError> {
    let wanted_names = match wanted {
        Some(name) if name.is_empty() => return Ok(None),
        Some(name) => vec![name.as_str()],
        None => names.to_vec(),
    };
    let position = |name: &&str| table.columns.iter().position(|column| column == name);
    if let Some(found) = wanted_names.iter().find_map(position) {
        return Ok(Some(found));
    }
    if let Some((name, why)) = table.left_out.iter().find(|(name, _)| wanted_names.contains(&name.as_str())) {
        let problem = format!(
            "column {name:?} is wanted for `columns.{field}`, but {why}; write it as text, or set `columns.{field}` to \
             another column or to \"\" (none)"
        );
        return Err(CorpusError::Manifest { manifest: manifest.to_owned(), problem });
    }
    match wanted {
        Some(name) => Err(unknown_column(manifest, table, field, name.escape_debug().to_string(), name)),
        None => Ok(None),
    }
}

fn unknown_column(
    manifest: &str,
    table: &ManifestTable,
    field: &'static str,
    shown: String,
    word: &str,
) -> CorpusError {
    let columns = || table.columns.iter().map(String::as_str);
    CorpusError::UnknownColumn {
        manifest: manifest.to_owned(),
        field,
        column: format!("`{shown}`"),
        columns: shorten(columns(), 40),
        separator: table.separator.map_or_else(String::new, |s| format!(", with {} between cells", separator_words(s))),
        nearest: nearest_hint(word, columns()),
    }
}
