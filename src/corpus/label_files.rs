//! The label files of a preset -> a table with a row an utterance, in our columns.

mod nested;
mod recordings;
mod template;

use std::collections::BTreeMap;

use regex::Regex;

use super::error::{CorpusError, shorten};
use super::form::parse_text;
use super::manifest::ManifestTable;
use super::paths::{is_hidden, with_slashes};
use super::{SourceFiles, pattern};
use crate::corpus::{Corpus, LabelFiles, Preset};
use crate::text;

use recordings::Recordings;
use template::Template;

/// A file with labels: its path in the source, and its bytes.
pub type LabelFile<'a> = (&'a str, &'a [u8]);

/// The files of a listing that hold the labels of a preset, in their order, and those that it joins to them. None for a
/// preset that reads names.
///
/// # Errors
/// [`CorpusError::Manifest`]: there is no such file.
pub fn label_files<'a>(
    config: &Corpus,
    preset: Option<&Preset>,
    paths: impl Iterator<Item = &'a str> + Clone,
) -> Result<Vec<&'a str>, CorpusError> {
    let preset = preset.or_else(|| Preset::known(config.preset.as_deref()?));
    let Some(files) = preset.and_then(|preset| preset.label_files.as_ref()) else { return Ok(Vec::new()) };
    let wanted = pattern::compiled(&files.files)?;
    let joined = files.join.as_ref().map(|join| pattern::compiled(&join.files)).transpose()?;
    let is = |regex: &Regex, path: &str| !is_hidden(path) && regex.is_match(&with_slashes(path));
    if !paths.clone().any(|path| is(&wanted, path)) {
        let problem = format!(
            "no file of the source matches the pattern {:?}\nhint: set `source` to the folder in which the label files lie \
             too; if yours have other names, write them as a manifest",
            files.files
        );
        return Err(problem_of(&config.source, problem));
    }
    let mut found = paths.filter(|path| is(&wanted, path) || joined.as_ref().is_some_and(|regex| is(regex, path)));
    let mut found = found.by_ref().collect::<Vec<_>>();
    found.sort_unstable();
    Ok(found)
}

/// The rows of all label files. Columns are our fields, `path` that of the recording in the listing; the path of a
/// recording that is not there stands as the row gives it.
///
/// # Errors
/// [`CorpusError::Manifest`] with the file: it cannot be read, holds no row, lacks a column that a field needs, or a row
/// has several recordings.
pub(super) fn read(
    config: &Corpus,
    preset: &Preset,
    files: &LabelFiles,
    contents: &[LabelFile<'_>],
    listed: &SourceFiles,
) -> Result<ManifestTable, CorpusError> {
    let reader = Reader::new(config, preset, files, contents)?;
    let recordings = Recordings::new(config, listed);
    let names = ["path", "key"].into_iter().map(str::to_owned);
    let others = files.fields.keys().filter(|field| !["audio", "key"].contains(&field.as_str())).cloned();
    let mut table = ManifestTable::of_columns(names.chain(others).collect());
    for (path, content) in contents {
        let Some(found) = reader.files.captures(&with_slashes(path)).map(|groups| reader.named(&reader.files, &groups))
        else {
            continue;
        };
        table.parts.push((table.len(), (*path).to_owned()));
        let rows = reader.rows(path, content)?;
        reader.check_columns(path, &rows, &found)?;
        for row in 0..rows.len() {
            let cells = reader.cells(&rows, row, &found);
            let audio = reader.field("audio", &cells).map(|audio| recordings.find(&audio)).transpose();
            let audio = audio.map_err(|problem| problem_of(path, format!("row {}: {problem}", row + 1)))?;
            let key = match files.fields.get("key") {
                Some(_) => reader.field("key", &cells),
                None => audio.as_ref().map(|found| found.key.clone()),
            };
            let others = table.columns[2..].iter().map(|field| reader.field(field, &cells)).collect::<Vec<_>>();
            let path = audio.map(|found| found.path);
            let cells = [path.as_deref(), key.as_deref()].into_iter().chain(others.iter().map(Option::as_deref));
            table.push(cells.collect::<Vec<_>>());
        }
    }
    Ok(table)
}

/// The columns of a row.
type Cells = BTreeMap<String, String>;

/// All that it takes to read a label file.
struct Reader<'a> {
    config: &'a Corpus,
    preset: &'a Preset,
    files: Regex,
    line: Option<Regex>,
    rows: Option<&'a str>,
    fields: BTreeMap<&'a str, Template<'a>>,
    genders: BTreeMap<&'a str, &'a str>,
    /// Column to look up, and the rows to join by its value.
    joined: Option<(&'a str, BTreeMap<String, Cells>)>,
}

impl<'a> Reader<'a> {
    fn new(
        config: &'a Corpus,
        preset: &'a Preset,
        files: &'a LabelFiles,
        contents: &[LabelFile<'_>],
    ) -> Result<Self, CorpusError> {
        let fields = files.fields.iter().map(|(field, text)| (field.as_str(), Template::new(text))).collect();
        let mut reader = Self {
            config,
            preset,
            files: pattern::compiled(&files.files)?,
            line: files.line.as_deref().map(pattern::compiled).transpose()?,
            rows: files.rows.as_deref(),
            fields,
            genders: pattern::genders(preset),
            joined: None,
        };
        let Some(join) = &files.join else { return Ok(reader) };
        let regex = pattern::compiled(&join.files)?;
        let mut rows_by_key = BTreeMap::new();
        for (path, content) in contents.iter().filter(|(path, _)| regex.is_match(&with_slashes(path))) {
            let rows = parse_text(config, content, path)?;
            let Some(key) = rows.columns.iter().position(|column| *column == join.key) else {
                return Err(problem_of(path, format!("no column {:?}; {}", join.key, columns_of(&rows.columns))));
            };
            for row in 0..rows.len() {
                let cells = reader.cells(&rows, row, &Cells::new());
                let Some(value) = rows.cells[key].get(row) else { continue };
                if rows_by_key.insert(value.to_owned(), cells).is_some() {
                    return Err(problem_of(path, format!("{:?} is in column {:?} twice", value, join.key)));
                }
            }
        }
        reader.joined = Some((join.column.as_str(), rows_by_key));
        Ok(reader)
    }

    /// The rows of a file as it writes them.
    fn rows(&self, path: &str, content: &[u8]) -> Result<ManifestTable, CorpusError> {
        let wrong = |problem| problem_of(path, problem);
        if let Some(rows) = self.rows {
            return nested::read(text::decode(content).map_err(wrong)?, rows).map_err(wrong);
        }
        let Some(line) = &self.line else { return parse_text(self.config, content, path) };
        let columns = line.capture_names().flatten().map(str::to_owned).collect::<Vec<_>>();
        let mut table = ManifestTable::of_columns(columns);
        for groups in text::decode(content).map_err(wrong)?.lines().filter_map(|text| line.captures(text)) {
            let names = line.capture_names().flatten();
            table.push(names.map(|name| groups.name(name).map(|found| found.as_str())).collect::<Vec<_>>());
        }
        if table.is_empty() {
            return Err(wrong(format!("no line matches the pattern {:?}", line.as_str())));
        }
        Ok(table)
    }

    /// The groups of a match, as the preset reads their codes.
    fn named(&self, regex: &Regex, groups: &regex::Captures<'_>) -> Cells {
        let names = regex.capture_names().flatten();
        let found = names.filter_map(|name| Some((name, groups.name(name)?.as_str())));
        found.filter_map(|(name, code)| Some((name.to_owned(), self.meaning(name, code)?))).collect()
    }

    /// What a cell says. A code that the preset does not know stays as it is.
    fn meaning(&self, column: &str, cell: &str) -> Option<String> {
        self.preset.meaning(column, cell).unwrap_or_else(|| Some(cell.to_owned()))
    }

    /// The columns of a row, of its file's path, and of what is joined to it. Cells that hold nothing are left out.
    fn cells(&self, rows: &ManifestTable, row: usize, of_path: &Cells) -> Cells {
        let mut cells = of_path.clone();
        for (name, column) in rows.columns.iter().zip(&rows.cells) {
            let cell = column.get(row).map(str::trim).filter(|cell| !self.config.is_missing(cell));
            cells.extend(cell.and_then(|cell| Some((name.clone(), self.meaning(name, cell)?))));
        }
        if let Some((column, others)) = &self.joined {
            let other = cells.get(*column).and_then(|value| others.get(value)).cloned().unwrap_or_default();
            for (name, value) in other {
                cells.entry(name).or_insert(value);
            }
        }
        cells
    }

    /// A field of a row: its text with the columns filled in. A speaker's gender may be known by the preset.
    fn field(&self, field: &str, cells: &Cells) -> Option<String> {
        let made = self.fields.get(field).and_then(|template| template.fill(cells)).filter(|text| !text.is_empty());
        match (field, made) {
            ("gender", None) => {
                let speaker = self.field("speaker", cells)?;
                self.genders.get(speaker.as_str()).map(|gender| (*gender).to_owned())
            }
            (_, made) => made,
        }
    }

    /// Refuses a file that lacks a column which a field needs.
    fn check_columns(&self, path: &str, rows: &ManifestTable, of_path: &Cells) -> Result<(), CorpusError> {
        let of_path_pattern =
            |name: &str| of_path.contains_key(name) || self.files.capture_names().flatten().any(|known| known == name);
        let is_joined = |name: &str| {
            self.joined.as_ref().is_some_and(|(_, rows)| rows.values().any(|cells| cells.contains_key(name)))
        };
        let is_known =
            |name: &str| rows.columns.iter().any(|column| column == name) || of_path_pattern(name) || is_joined(name);
        let mut needed =
            self.fields.iter().flat_map(|(field, template)| template.columns().map(move |name| (field, name)));
        match needed.find(|(_, name)| !is_known(name)) {
            None => Ok(()),
            Some((field, name)) => {
                let problem = format!("no column {name:?}, which `{field}` needs; {}", columns_of(&rows.columns));
                Err(problem_of(path, problem))
            }
        }
    }
}

fn columns_of(columns: &[String]) -> String {
    format!("its columns are {}", shorten(columns.iter().map(String::as_str), 40))
}

fn problem_of(path: &str, problem: String) -> CorpusError {
    CorpusError::Manifest { manifest: path.to_owned(), problem }
}

#[cfg(test)]
mod tests;
