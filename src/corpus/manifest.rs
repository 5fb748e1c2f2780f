//! Tables with one row an utterance.

mod cells;
mod columns;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::entry::{Entries, Entry, Facts, extra_names, reject};
use super::error::{CorpusError, first_five};
use super::named::audio_files;
use super::passed::PassedOver;
use super::paths::{hidden_warning, with_slashes, without_extension};
use super::seconds::{Comma, parse_seconds};
use super::source_paths::{Lookalikes, Place, SourcePaths, prefix_of};
use super::{Source, SourceFiles, speakers};
use crate::corpus::Corpus;
use crate::options::ConfigError;
use crate::schema::{Reject, Texts, plural};

use cells::Cells;
use columns::ColumnMap;

/// A manifest in memory, as text. Times may be seconds, `[H:]MM:SS[.fff]` or pandas' `0 days 00:00:01.5`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ManifestTable {
    /// Column names, all different.
    pub columns: Vec<String>,
    /// The cells of each column, all of one length; `None` is a null.
    pub cells: Vec<Texts>,
    /// The line of the file, from 1, that each row begins in; empty where the file has no lines.
    pub lines: Vec<usize>,
    /// Where the manifest lies in several files: the row from 0 that each begins with, and its path; else empty.
    pub parts: Vec<(usize, String)>,
    /// What stands between the cells, where anything does.
    pub separator: Option<char>,
    /// Columns that have no form as text, and why: `it is a struct`.
    pub left_out: Vec<(String, String)>,
}

impl ManifestTable {
    /// A table without rows.
    pub fn of_columns(columns: Vec<String>) -> Self {
        Self { cells: columns.iter().map(|_| Texts::default()).collect(), columns, ..Self::default() }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.cells.first().map_or(0, Texts::len)
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts a row of as many cells as there are columns behind the others.
    pub fn push<'a>(&mut self, row: impl IntoIterator<Item = Option<&'a str>>) {
        let mut row = row.into_iter();
        self.cells.iter_mut().for_each(|cells| cells.push(row.next().flatten()));
    }

    /// Checks that there are rows, that no two columns share a name, that all columns have as many cells and that all
    /// cells are text.
    pub(super) fn check(&self, manifest: &str) -> Result<(), CorpusError> {
        let fail = |problem: String| Err(CorpusError::Manifest { manifest: manifest.to_owned(), problem });
        self.check_names(manifest)?;
        if self.is_empty() {
            return fail("no rows below the header".to_owned());
        }
        if self.cells.len() != self.columns.len() || self.cells.iter().any(|cells| cells.len() != self.len()) {
            return fail("its columns do not have as many cells each".to_owned());
        }
        // Readers of the tables cut text off there, or show "s1" for it.
        let has_nul = |cell: Option<&str>| cell.is_some_and(|cell| cell.contains('\0'));
        let nuls = self.cells.iter().enumerate().filter_map(|(at, cells)| Some((cells.iter().position(has_nul)?, at)));
        match nuls.min() {
            None => Ok(()),
            Some((row, column)) => {
                let (place, name) = (self.place(row), &self.columns[column]);
                fail(format!("{place}, column {name:?}: a NUL character; remove it from the text"))
            }
        }
    }

    /// Checks that no two columns share a name: one of them would be lost.
    ///
    /// # Errors
    /// [`CorpusError::Manifest`] with the name.
    pub fn check_names(&self, manifest: &str) -> Result<(), CorpusError> {
        let mut names = BTreeSet::new();
        match self.columns.iter().find(|name| !names.insert(name.as_str())) {
            None => Ok(()),
            Some(name) => {
                let problem = format!("the column {name:?} occurs twice; rename one of the two");
                Err(CorpusError::Manifest { manifest: manifest.to_owned(), problem })
            }
        }
    }

    /// Where a row stands: `line 7`, or `row 6` where the file has no lines, with the part of a manifest in several.
    pub(super) fn place(&self, row: usize) -> String {
        if let Some(line) = self.lines.get(row) {
            return format!("line {line}");
        }
        match self.parts.iter().rfind(|(first, _)| *first <= row) {
            Some((first, part)) => format!("row {} of {part:?}", row - first + 1),
            None => format!("row {}", row + 1),
        }
    }
}

/// Paths that the rows of a manifest name, each relative to the source, sorted and without repeats.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct NamedPaths {
    /// Those below the source.
    pub inside: BTreeSet<String>,
    /// Those beside or above it: what a caller that allows them must list besides the source.
    pub outside: BTreeSet<String>,
}

/// The paths that a manifest names. `root` is what the storage calls the source.
///
/// # Errors
/// [`CorpusError::UnknownColumn`] where the column map does not fit, [`CorpusError::Manifest`] where the table is
/// unsound.
pub fn named_paths(config: &Corpus, root: &str, table: &ManifestTable) -> Result<NamedPaths, CorpusError> {
    let manifest = config.manifest.as_deref().unwrap_or_default();
    table.check(manifest)?;
    let map = ColumnMap::new(config, manifest, table)?;
    let cells = Cells::new(config, table, map.emotion);
    let mut named = NamedPaths::default();
    let source_paths = SourcePaths::new(config, root);
    for written in cells.column(map.path).flatten() {
        match source_paths.place(written) {
            Place::Inside(path) => drop(named.inside.insert(path)),
            Place::Outside(path) => drop(named.outside.insert(path)),
            Place::Elsewhere => {}
        }
    }
    Ok(named)
}

/// Reads every row: an entry where its audio is listed, a reject where something is missing or wrong.
pub(super) fn read(
    config: &Corpus,
    source: Source<'_>,
    manifest: &str,
    table: &ManifestTable,
) -> Result<Entries, CorpusError> {
    table.check(manifest)?;
    if let (Some(separator), None) = (&config.separator, table.separator) {
        return Err(
            ConfigError::new("corpus.separator", format!("{separator:?}"), "this manifest has no separators").into()
        );
    }
    let reader = Reader::new(config, source, manifest, table)?;
    reader.check_inside(manifest)?;
    let (audio, hidden) = audio_files(config, source.files);
    let extra = extra_names(reader.map.extra.iter().map(|column| table.columns[*column].as_str()));
    let mut result = Entries::new(extra, audio.len());
    let mut is_named = vec![false; source.files.len()];
    for row in 0..table.len() {
        match reader.entry(row) {
            Ok((file, entry)) => {
                file.into_iter().for_each(|file| is_named[file] = true);
                result.push(config, entry);
            }
            Err(refusal) => result.rejects.push(refusal.into_reject(config, &table.place(row))),
        }
    }
    reader.check_found(&result)?;
    let unnamed = audio.iter().filter(|file| !is_named[**file as usize]).count();
    if unnamed > 0 {
        let files = plural(unnamed, "audio file");
        let verb = if unnamed == 1 { "is" } else { "are" };
        result.warnings.push(format!("corpus `{}`: {files} {verb} in no usable row of {manifest:?}", config.name));
    }
    let others = source.files.iter().zip(&is_named).filter(|(_, is_named)| !**is_named).map(|(file, _)| file.path);
    result.passed_over = PassedOver::of(others, &config.extensions);
    result.warnings.extend(hidden_warning(hidden).map(|warning| format!("corpus `{}`: {warning}", config.name)));
    result.warnings.extend(reader.left_out_warning(manifest));
    result.warnings.extend(reader.map.warnings.iter().cloned());
    result.warnings.extend(speakers::unknown(config, result.utterances.column("speaker")));
    Ok(result)
}

/// Why a row is no utterance.
struct Refusal {
    path: String,
    code: &'static str,
    what: String,
}

impl Refusal {
    fn into_reject(self, config: &Corpus, place: &str) -> Reject {
        reject(config, &self.path, self.code, format!("manifest {place}: {}", self.what))
    }
}

/// Files by the paths that a row may write.
struct Listed<'a> {
    files: &'a SourceFiles,
    /// Those whose path has a `\` in it, by the path as it is read.
    read: BTreeMap<String, usize>,
}

impl<'a> Listed<'a> {
    fn new(files: &'a SourceFiles) -> Self {
        let odd = files.iter().enumerate().filter(|(_, file)| file.path.contains('\\'));
        Self { files, read: odd.map(|(number, file)| (with_slashes(file.path).into_owned(), number)).collect() }
    }

    /// The number of the file that a path names. A path as it is goes before another's reading of it.
    fn find(&self, path: &str) -> Option<usize> {
        self.files.find(path).or_else(|| self.read.get(path).copied())
    }

    /// The paths of all files, sorted.
    fn paths(&self) -> impl Iterator<Item = &'a str> {
        self.files.sorted().map(|file| file.path)
    }
}

/// All that it takes to read a row.
struct Reader<'a> {
    config: &'a Corpus,
    table: &'a ManifestTable,
    map: ColumnMap,
    cells: Cells<'a>,
    /// What a comma in a time is.
    comma: Comma,
    /// Where paths lead.
    source_paths: SourcePaths,
    listed: Listed<'a>,
    lookalikes: OnceCell<Lookalikes<'a>>,
}

impl<'a> Reader<'a> {
    fn new(
        config: &'a Corpus,
        source: Source<'a>,
        manifest: &str,
        table: &'a ManifestTable,
    ) -> Result<Self, CorpusError> {
        let map = ColumnMap::new(config, manifest, table)?;
        let cells = Cells::new(config, table, map.emotion);
        Ok(Self {
            comma: Comma::of([map.start, map.end].into_iter().flatten().flat_map(|at| cells.column(at)).flatten()),
            source_paths: SourcePaths::new(config, source.root),
            listed: Listed::new(source.files),
            lookalikes: OnceCell::new(),
            config,
            table,
            map,
            cells,
        })
    }

    /// The path that a row writes.
    fn written(&self, row: usize) -> Option<&'a str> {
        self.cells.get(row, Some(self.map.path))
    }

    /// A row, and the number of its file; none where there is no audio.
    fn entry(&self, row: usize) -> Result<(Option<usize>, Entry), Refusal> {
        let refuse = |path: &str, code, what: String| Err(Refusal { path: path.to_owned(), code, what });
        let cell = |column| self.cells.get(row, column);
        let Some(written) = self.written(row) else {
            return refuse("", "missing_path", "the cell with the path is empty".to_owned());
        };
        // Without audio, every path will do.
        let file = if self.config.has_source() { Some(self.look_up(row, written)?) } else { None };
        let (path, bytes) = file.map_or((written, 0), |file| {
            let file = self.listed.files.get(file);
            (file.path, file.bytes)
        });
        let Some(label) = cell(self.map.emotion).or(self.config.emotion.as_deref()) else {
            return refuse(path, "missing_label", "the cell with the emotion is empty".to_owned());
        };
        let (start_s, end_s) = match self.times(row) {
            Ok(times) => times,
            Err(what) => return refuse(path, "bad_time", what),
        };
        let of_path = || with_slashes(without_extension(path)).into_owned();
        let key = cell(self.map.key).map_or_else(of_path, str::to_owned);
        let (path, facts) = (path.to_owned(), self.facts(row, label));
        Ok((file, Entry { path, bytes, key, start_s, end_s, facts, row: Some(row) }))
    }

    fn facts(&self, row: usize, label: &str) -> Facts {
        let field = |column| self.cells.get(row, column).map(str::to_owned);
        Facts {
            key: None,
            label: label.to_owned(),
            speaker: field(self.map.speaker),
            gender: field(self.map.gender),
            text_id: field(self.map.text_id),
            intensity: field(self.map.intensity),
            language: field(self.map.language),
            extra: self.map.extra.iter().map(|column| field(Some(*column))).collect(),
        }
    }

    /// The number of the listed file of a path: as written, else where it leads.
    fn look_up(&self, row: usize, written: &str) -> Result<usize, Refusal> {
        let untrimmed = self.table.cells[self.map.path].get(row).unwrap_or(written);
        if let Some(file) = [untrimmed, written].into_iter().find_map(|path| self.listed.find(path)) {
            return Ok(file);
        }
        let placed = match self.source_paths.place(written) {
            Place::Inside(path) | Place::Outside(path) => path,
            Place::Elsewhere => written.to_owned(),
        };
        self.listed.find(&placed).ok_or_else(|| {
            let lookalikes = self.lookalikes.get_or_init(|| Lookalikes::new(self.listed.paths()));
            let alike = lookalikes.of(&placed).map_or_else(String::new, |path| format!("; {path:?} is"));
            let what = format!("{placed:?} is not under the source{alike}");
            Refusal { path: placed.clone(), code: "missing_file", what }
        })
    }

    /// Start and end of a segment; a start of 0 without an end is the whole file.
    fn times(&self, row: usize) -> Result<(Option<f64>, Option<f64>), String> {
        let parse = |column| {
            let cell = self.cells.get(row, column);
            let seconds =
                cell.map(|text| parse_seconds(text, self.comma).map_err(|problem| format!("{text:?}: {problem}")));
            seconds.transpose()
        };
        match (parse(self.map.start)?, parse(self.map.end)?) {
            (Some(0.0), None) => Ok((None, None)),
            (start, Some(end)) if end <= start.unwrap_or(0.0) => {
                Err(format!("the segment ends at {end} s, not after its start at {} s", start.unwrap_or(0.0)))
            }
            times => Ok(times),
        }
    }

    /// Refuses paths that lead out of the source where they may not, or where no path leads to.
    fn check_inside(&self, manifest: &str) -> Result<(), CorpusError> {
        if !self.config.has_source() {
            return Ok(());
        }
        let leads_out = |written: &&str| {
            self.listed.find(written).is_none()
                && match self.source_paths.place(written) {
                    Place::Inside(_) => false,
                    Place::Outside(_) => !self.config.allow_outside,
                    Place::Elsewhere => true,
                }
        };
        let outside: Vec<&str> = self.cells.column(self.map.path).flatten().filter(leads_out).collect();
        let Some(first) = outside.first() else { return Ok(()) };
        let hint = match prefix_of(first, |path| self.listed.find(path).is_some()) {
            Some(prefix) => prefix_hint(&prefix),
            None if matches!(self.source_paths.place(first), Place::Outside(_)) => {
                "write paths relative to `source`, or set `allow_outside = true` if you mean these files".to_owned()
            }
            None => "write paths relative to `source`, and let `source` be a folder that holds all files".to_owned(),
        };
        Err(CorpusError::OutsideSource {
            corpus: self.config.name.clone(),
            manifest: manifest.to_owned(),
            count: outside.len(),
            first: first_five(outside),
            hint,
        })
    }

    /// Refuses a manifest of which no row can be used.
    fn check_found(&self, result: &Entries) -> Result<(), CorpusError> {
        if !result.utterances.is_empty() {
            return Ok(());
        }
        // Messages are escaped already.
        let rows: Vec<&str> = result.rejects.iter().take(5).map(|reject| reject.message.as_str()).collect();
        let listed = first_five(self.listed.paths());
        let listed = if listed.is_empty() { "nothing".to_owned() } else { listed };
        let is_listed = |path: &str| self.listed.find(path).is_some();
        let mut written = self.cells.column(self.map.path).flatten();
        let prefix = written.find_map(|written| prefix_of(written, is_listed));
        let is_refused_as = |code| result.rejects.iter().any(|reject| reject.code == code);
        let hint = match prefix.filter(|_| is_refused_as("missing_file")) {
            Some(prefix) => prefix_hint(&prefix),
            None if is_refused_as("bad_time") && !is_refused_as("missing_file") => self.time_hint(),
            None => format!("paths are relative to `source`, which has {listed}"),
        };
        Err(CorpusError::NothingLeft {
            corpus: self.config.name.clone(),
            detail: format!("no row of the manifest can be used: {}\nhint: {hint}", rows.join("; ")),
        })
    }

    /// What to do where rows fail for their times.
    fn time_hint(&self) -> String {
        let times = [("start", self.map.start), ("end", self.map.end)];
        let columns = times.into_iter().filter_map(|(field, at)| Some((field, &self.table.columns[at?])));
        let columns =
            columns.map(|(field, column)| format!("{column:?} is `{field}`")).collect::<Vec<_>>().join(" and ");
        format!(
            "times are seconds (1.5) or a clock (00:01.5), and each end is after its start; they were read from \
             column {columns}: name other columns in [corpus.columns], or set them to \"\" to use whole files"
        )
    }

    fn left_out_warning(&self, manifest: &str) -> Option<String> {
        let columns: Vec<String> = self.table.left_out.iter().map(|(name, why)| format!("{name:?} ({why})")).collect();
        (!columns.is_empty()).then(|| {
            let count = plural(columns.len(), "column");
            format!("corpus `{}`: {count} of {manifest:?} left out: {}", self.config.name, columns.join(", "))
        })
    }
}

fn prefix_hint(prefix: &str) -> String {
    format!("set `path_prefix = {prefix:?}` for this corpus: the rest of each path is below `source`")
}
