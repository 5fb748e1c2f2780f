//! Tables with one row an utterance.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::SourceFile;
use super::entry::{Entries, Entry, Facts, extra_names, reject};
use super::error::{CorpusError, first_five, nearest_hint, shorten};
use super::named::{audio_files, hidden_warning};
use super::paths::{inside, with_slashes, without_extension};
use super::seconds::parse_seconds;
use crate::config;
use crate::schema::Reject;

/// A manifest in memory, as text. Times may be seconds, `[H:]MM:SS[.fff]` or pandas' `0 days 00:00:01.5`; a null or
/// `NaT` is no time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ManifestTable {
    /// Column names, all different.
    pub columns: Vec<String>,
    /// Cells, row after row, each `columns.len()` long; `None` is a null.
    pub rows: Vec<Vec<Option<String>>>,
}

impl ManifestTable {
    /// Checks that there are rows, that no two columns share a name and that all rows are as long as the header.
    pub(super) fn check(&self, manifest: &str) -> Result<(), CorpusError> {
        let fail = |problem: String| Err(CorpusError::Manifest { manifest: manifest.to_owned(), problem });
        let mut names = BTreeSet::new();
        if let Some(name) = self.columns.iter().find(|name| !names.insert(name.as_str())) {
            return fail(format!("line 1: the column {name:?} occurs twice"));
        }
        if self.rows.is_empty() {
            return fail("no rows below the header".to_owned());
        }
        match self.rows.iter().position(|row| row.len() != self.columns.len()) {
            Some(row) => {
                fail(format!("row {}: {} cells, {} columns", row + 1, self.rows[row].len(), self.columns.len()))
            }
            None => Ok(()),
        }
    }
}

/// Where our fields stand in a manifest, as column numbers.
struct ColumnMap {
    path: usize,
    emotion: Option<usize>,
    speaker: Option<usize>,
    gender: Option<usize>,
    text_id: Option<usize>,
    intensity: Option<usize>,
    language: Option<usize>,
    start: Option<usize>,
    end: Option<usize>,
    key: Option<usize>,
    /// Columns that are no field.
    extra: Vec<usize>,
}

/// Paths that the manifest's rows name outside the source, sorted and without repeats: what a caller that allows them
/// must list besides it, each as a [`SourceFile`] of this very path.
///
/// # Errors
/// [`CorpusError::UnknownColumn`] where the column map does not fit, [`CorpusError::Manifest`] where the table is
/// unsound.
pub fn outside_paths(config: &config::Corpus, table: &ManifestTable) -> Result<Vec<String>, CorpusError> {
    let manifest = config.manifest.as_deref().unwrap_or_default();
    table.check(manifest)?;
    let map = ColumnMap::new(config, manifest, table)?;
    let paths: BTreeSet<&str> = table.rows.iter().filter_map(|row| cell(row, Some(map.path))).collect();
    Ok(paths.into_iter().filter(|path| is_outside(path)).map(str::to_owned).collect())
}

/// Paths that the manifest's rows name inside the source, tidied, sorted and without repeats.
///
/// # Errors
/// Those of [`outside_paths`].
pub fn inside_paths(config: &config::Corpus, table: &ManifestTable) -> Result<BTreeSet<String>, CorpusError> {
    let manifest = config.manifest.as_deref().unwrap_or_default();
    table.check(manifest)?;
    let map = ColumnMap::new(config, manifest, table)?;
    let paths = table.rows.iter().filter_map(|row| cell(row, Some(map.path))).filter(|path| !is_outside(path));
    Ok(paths.filter_map(inside).collect())
}

/// Reads every row: an entry where its audio is listed, a reject where something is missing or wrong.
pub(super) fn read(
    config: &config::Corpus,
    files: &[SourceFile],
    manifest: &str,
    table: &ManifestTable,
) -> Result<Entries, CorpusError> {
    table.check(manifest)?;
    let map = ColumnMap::new(config, manifest, table)?;
    check_inside(config, manifest, table, &map)?;
    let listed = Listed::new(files);
    let (audio, hidden) = audio_files(config, files);
    let extra = extra_names(map.extra.iter().map(|column| table.columns[*column].as_str()));
    let mut result = Entries { extra, audio_files: audio.len(), ..Entries::default() };
    for (index, row) in table.rows.iter().enumerate() {
        match read_row(config, &map, &listed, index + 1, row) {
            Ok(entry) => result.entries.push(entry),
            Err(refusal) => result.rejects.push(refusal.into_reject(config, index + 1)),
        }
    }
    check_found(config, files, &result)?;
    let named: BTreeSet<&str> = result.entries.iter().map(|entry| entry.path.as_str()).collect();
    let unnamed = audio.iter().filter(|file| !named.contains(file.path.as_str())).count();
    if unnamed > 0 {
        result
            .warnings
            .push(format!("corpus `{}`: {unnamed} audio files are in no usable row of {manifest:?}", config.name));
    }
    result.warnings.extend(hidden_warning(config, hidden));
    Ok(result)
}

impl ColumnMap {
    fn new(config: &config::Corpus, manifest: &str, table: &ManifestTable) -> Result<Self, CorpusError> {
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
    let position = |name: &str| table.columns.iter().position(|column| column == name);
    match wanted {
        Some(name) => position(name)
            .map(Some)
            .ok_or_else(|| unknown_column(manifest, table, field, name.escape_debug().to_string(), name)),
        None => Ok(names.iter().find_map(|name| position(name))),
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
        nearest: nearest_hint(word, columns()),
    }
}

fn check_inside(
    config: &config::Corpus,
    manifest: &str,
    table: &ManifestTable,
    map: &ColumnMap,
) -> Result<(), CorpusError> {
    let outside: Vec<&str> =
        table.rows.iter().filter_map(|row| cell(row, Some(map.path))).filter(|path| is_outside(path)).collect();
    if config.allow_outside || outside.is_empty() {
        return Ok(());
    }
    Err(CorpusError::OutsideSource {
        corpus: config.name.clone(),
        manifest: manifest.to_owned(),
        count: outside.len(),
        first: first_five(outside),
    })
}

/// Whether a path leaves the source, also when its backslashes are read as `/`.
fn is_outside(path: &str) -> bool {
    inside(path).is_none() || inside(&with_slashes(path)).is_none()
}

/// Why a row is no utterance.
struct Refusal {
    path: String,
    code: &'static str,
    what: String,
}

impl Refusal {
    fn into_reject(self, config: &config::Corpus, number: usize) -> Reject {
        reject(config, &self.path, self.code, format!("manifest row {number}: {}", self.what))
    }
}

fn read_row(
    config: &config::Corpus,
    map: &ColumnMap,
    listed: &Listed<'_>,
    number: usize,
    row: &[Option<String>],
) -> Result<Entry, Refusal> {
    let refuse = |path: &str, code, what: String| Err(Refusal { path: path.to_owned(), code, what });
    let Some(written) = cell(row, Some(map.path)) else {
        return refuse("", "missing_path", "the cell with the path is empty".to_owned());
    };
    let Some((path, bytes)) = listed.look_up(written) else {
        return refuse(written, "missing_file", format!("{written:?} is not under the source"));
    };
    let Some(label) = cell(row, map.emotion).or(config.emotion.as_deref()) else {
        return refuse(&path, "missing_label", "the cell with the emotion is empty".to_owned());
    };
    let (start_s, end_s) = match times(cell(row, map.start), cell(row, map.end)) {
        Ok(times) => times,
        Err(what) => return refuse(&path, "bad_time", what),
    };
    let key = cell(row, map.key).map_or_else(|| with_slashes(without_extension(&path)).into_owned(), str::to_owned);
    let facts = row_facts(map, row, label);
    Ok(Entry { path, bytes, key, start_s, end_s, facts, row: Some(number) })
}

fn row_facts(map: &ColumnMap, row: &[Option<String>], label: &str) -> Facts {
    let field = |column| cell(row, column).map(str::to_owned);
    Facts {
        key: None,
        label: label.to_owned(),
        speaker: field(map.speaker),
        gender: field(map.gender),
        text_id: field(map.text_id),
        intensity: field(map.intensity),
        language: field(map.language),
        extra: map.extra.iter().map(|column| field(Some(*column))).collect(),
    }
}

fn cell(row: &[Option<String>], column: Option<usize>) -> Option<&str> {
    row[column?].as_deref().filter(|text| !text.is_empty())
}

/// Listed files by the paths that a row may write.
struct Listed<'a>(BTreeMap<Cow<'a, str>, &'a SourceFile>);

impl<'a> Listed<'a> {
    fn new(files: &'a [SourceFile]) -> Self {
        // A path as it is goes before another's reading of it.
        let read = files.iter().map(|file| (with_slashes(&file.path), file));
        Self(read.chain(files.iter().map(|file| (Cow::from(file.path.as_str()), file))).collect())
    }

    /// Path and size of a file: written as it is, tidied (`./a//b`), or with backslashes read as `/`.
    fn look_up(&self, written: &str) -> Option<(String, u64)> {
        let spellings = [Some(written.to_owned()), inside(written), inside(&with_slashes(written))];
        let file = spellings.into_iter().flatten().find_map(|path| self.0.get(path.as_str()))?;
        Some((file.path.clone(), file.bytes))
    }
}

/// Start and end of a segment; a start of 0 without an end is the whole file.
fn times(start: Option<&str>, end: Option<&str>) -> Result<(Option<f64>, Option<f64>), String> {
    let parse = |text: Option<&str>| {
        let text = text.unwrap_or_default();
        parse_seconds(text).map_err(|problem| format!("{text:?}: {problem}"))
    };
    match (parse(start)?, parse(end)?) {
        (Some(0.0), None) => Ok((None, None)),
        (start, Some(end)) if end <= start.unwrap_or(0.0) => {
            Err(format!("the segment ends at {end} s, not after its start at {} s", start.unwrap_or(0.0)))
        }
        times => Ok(times),
    }
}

fn check_found(config: &config::Corpus, files: &[SourceFile], result: &Entries) -> Result<(), CorpusError> {
    if !result.entries.is_empty() {
        return Ok(());
    }
    // Messages are escaped already.
    let rows: Vec<&str> = result.rejects.iter().take(5).map(|reject| reject.message.as_str()).collect();
    let rows = rows.join("; ");
    let listed = first_five(files.iter().map(|file| file.path.as_str()));
    let listed = if listed.is_empty() { "nothing".to_owned() } else { listed };
    Err(CorpusError::NothingLeft {
        corpus: config.name.clone(),
        detail: format!(
            "no row of the manifest can be used: {rows}\nhint: paths are relative to `source`, where there is {listed}"
        ),
    })
}
