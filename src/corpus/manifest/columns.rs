//! Where our fields stand in a manifest.

use super::super::error::{CorpusError, nearest_hint, shorten};
use super::super::seconds::{Comma, parse_seconds};
use super::ManifestTable;
use crate::corpus::Corpus;
use crate::text::separator_words;

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
    /// Warnings about columns whose names differ from a field's in case.
    pub warnings: Vec<String>,
}

impl ColumnMap {
    pub fn new(config: &Corpus, manifest: &str, table: &ManifestTable) -> Result<Self, CorpusError> {
        let (mut taken, mut warnings) = (Vec::new(), Vec::new());
        let mut find = |field, wanted: &Option<String>, names: &[&str]| -> Result<Option<usize>, CorpusError> {
            let exact = find_column(manifest, table, field, wanted, names)?;
            if exact.is_some() || wanted.is_some() {
                return Ok(exact);
            }
            let alike = names.iter().map(|name| in_other_case(config, table, name)).find(|alike| !alike.is_empty());
            Ok(match alike.as_deref().unwrap_or_default() {
                [] => None,
                [column] => {
                    taken.push((field, *column));
                    Some(*column)
                }
                several => {
                    warnings.push(ambiguity_warning(config, table, field, several));
                    None
                }
            })
        };
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
            warnings,
        };
        map.warnings.extend(case_warning(config, table, &taken));
        map.warnings.extend(time_warning(config, table, &map));
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

/// The columns whose names are a field's but for their case, and which the configuration names for no other field.
fn in_other_case(config: &Corpus, table: &ManifestTable, name: &str) -> Vec<usize> {
    let wanted = &config.columns;
    let (path, speaker, text_id) = (&wanted.path, &wanted.speaker, &wanted.text_id);
    let (emotion, gender, intensity) = (&wanted.emotion, &wanted.gender, &wanted.intensity);
    let named =
        [path, emotion, speaker, gender, text_id, intensity, &wanted.language, &wanted.start, &wanted.end, &wanted.key];
    let is_named = |column: &str| named.iter().any(|named| named.as_deref() == Some(column));
    let is_alike = |column: &str| column.trim().eq_ignore_ascii_case(name) && !is_named(column);
    (0..table.columns.len()).filter(|at| is_alike(&table.columns[*at])).collect()
}

/// Warns that several columns could be one field.
fn ambiguity_warning(config: &Corpus, table: &ManifestTable, field: &str, columns: &[usize]) -> String {
    let names = columns.iter().map(|at| format!("{:?}", table.columns[*at])).collect::<Vec<_>>().join(" and ");
    format!(
        "corpus `{}`: columns {names} could each be `{field}`, so none of them was used; name the right one in \
         [corpus.columns]",
        config.name
    )
}

/// Says which columns were taken although their names differ in case.
fn case_warning(config: &Corpus, table: &ManifestTable, taken: &[(&str, usize)]) -> Option<String> {
    let (field, column) = taken.first()?;
    let pairs =
        taken.iter().map(|(field, column)| format!("column {:?} was used as `{field}`", table.columns[*column]));
    Some(format!(
        "corpus `{}`: {}; confirm this in [corpus.columns] ({field} = {:?}), or exclude the column ({field} = \"\")",
        config.name,
        pairs.collect::<Vec<_>>().join(", "),
        table.columns[*column]
    ))
}

/// Other names of the times of segments.
const TIMES: [(&str, &[&str]); 2] = [
    ("start", &["start_s", "start_sec", "start_time", "starttime", "begin", "begin_s", "begin_time", "onset"]),
    ("end", &["end_s", "end_sec", "end_time", "endtime", "stop", "stop_s", "stop_time", "offset"]),
];

/// Warns of columns that look like times of segments and were not taken for them.
fn time_warning(config: &Corpus, table: &ManifestTable, map: &ColumnMap) -> Option<String> {
    let used = map.used();
    let is_time = |at: usize| {
        let mut cells = table.cells[at].iter().flatten().filter(|cell| !cell.trim().is_empty());
        cells.next().is_some_and(|cell| parse_seconds(cell, Comma::Unclear).is_ok())
    };
    let missed = |(field, names): &(&'static str, &[&str])| {
        let (found, wanted) = match *field {
            "start" => (map.start, &config.columns.start),
            _ => (map.end, &config.columns.end),
        };
        let is_one = |at: &usize| {
            let name = table.columns[*at].trim().to_lowercase();
            !used.contains(at) && names.contains(&name.as_str()) && is_time(*at)
        };
        let at = if found.is_none() && wanted.is_none() { (0..table.columns.len()).find(is_one) } else { None };
        at.map(|at| format!("{field} = {:?}", table.columns[at]))
    };
    let missed = TIMES.iter().filter_map(missed).collect::<Vec<_>>();
    (!missed.is_empty()).then(|| {
        format!(
            "corpus `{}`: columns that look like segment times were not used; to use them, set in [corpus.columns] {}",
            config.name,
            missed.join(", ")
        )
    })
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
            "column {name:?} is needed for `columns.{field}`, but {why}; write it as text, or set `columns.{field}` \
             to another column or to \"\" (none)"
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
