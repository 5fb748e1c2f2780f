//! Tables with one row an utterance.

mod cells;
mod columns;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::entry::{Entries, Entry, Facts, extra_names, reject};
use super::error::{CorpusError, first_five};
use super::named::audio_files;
use super::passed::PassedOver;
use super::paths::{hidden_warning, with_slashes, without_extension};
use super::seconds::{Comma, parse_seconds};
use super::whereabouts::{Lookalikes, Place, Whereabouts, prefix_of};
use super::{Source, SourceFile};
use crate::config::{self, ConfigError};
use crate::schema::{Reject, plural};

use cells::Cells;
use columns::ColumnMap;

/// A manifest in memory, as text. Times may be seconds, `[H:]MM:SS[.fff]` or pandas' `0 days 00:00:01.5`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ManifestTable {
    /// Column names, all different.
    pub columns: Vec<String>,
    /// Cells, row after row, each `columns.len()` long; `None` is a null.
    pub rows: Vec<Vec<Option<String>>>,
    /// The line of the file, from 1, that each row begins in; empty where the file has no lines.
    pub lines: Vec<usize>,
    /// What stands between the cells, where anything does.
    pub separator: Option<char>,
    /// Columns that have no form as text, and why: `it is a struct`.
    pub left_out: Vec<(String, String)>,
}

impl ManifestTable {
    /// Checks that there are rows, that no two columns share a name and that all rows are as long as the header.
    pub(super) fn check(&self, manifest: &str) -> Result<(), CorpusError> {
        let fail = |problem: String| Err(CorpusError::Manifest { manifest: manifest.to_owned(), problem });
        let mut names = BTreeSet::new();
        if let Some(name) = self.columns.iter().find(|name| !names.insert(name.as_str())) {
            return fail(format!("the column {name:?} occurs twice"));
        }
        if self.rows.is_empty() {
            return fail("no rows below the header".to_owned());
        }
        match self.rows.iter().position(|row| row.len() != self.columns.len()) {
            Some(row) => {
                fail(format!("{}: {} cells, {} columns", self.place(row), self.rows[row].len(), self.columns.len()))
            }
            None => Ok(()),
        }
    }

    /// Where a row stands: `line 7`, or `row 6` where the file has no lines.
    fn place(&self, row: usize) -> String {
        self.lines.get(row).map_or_else(|| format!("row {}", row + 1), |line| format!("line {line}"))
    }
}

/// Paths that the manifest's rows name outside the source, sorted and without repeats, each relative to the source: what
/// a caller that allows them must list besides it. `root` is what the storage calls the source.
///
/// # Errors
/// [`CorpusError::UnknownColumn`] where the column map does not fit, [`CorpusError::Manifest`] where the table is
/// unsound.
pub fn outside_paths(
    config: &config::Corpus,
    root: &str,
    table: &ManifestTable,
) -> Result<BTreeSet<String>, CorpusError> {
    let outside = places(config, root, table)?.into_iter().filter_map(|place| match place {
        Place::Outside(path) => Some(path),
        Place::Inside(_) | Place::Elsewhere => None,
    });
    Ok(outside.collect())
}

/// Paths that the manifest's rows name inside the source, likewise.
///
/// # Errors
/// Those of [`outside_paths`].
pub fn inside_paths(
    config: &config::Corpus,
    root: &str,
    table: &ManifestTable,
) -> Result<BTreeSet<String>, CorpusError> {
    let inside = places(config, root, table)?.into_iter().filter_map(|place| match place {
        Place::Inside(path) => Some(path),
        Place::Outside(_) | Place::Elsewhere => None,
    });
    Ok(inside.collect())
}

/// Where the paths of all rows lead.
fn places(config: &config::Corpus, root: &str, table: &ManifestTable) -> Result<Vec<Place>, CorpusError> {
    let manifest = config.manifest.as_deref().unwrap_or_default();
    table.check(manifest)?;
    let map = ColumnMap::new(config, manifest, table)?;
    let (cells, whereabouts) = (Cells::new(config, table, map.emotion), Whereabouts::new(config, root));
    Ok(cells.column(Some(map.path)).map(|written| whereabouts.place(written)).collect())
}

/// Reads every row: an entry where its audio is listed, a reject where something is missing or wrong.
pub(super) fn read(
    config: &config::Corpus,
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
    let mut result = Entries { extra, audio_files: audio.len(), ..Entries::default() };
    for row in 0..table.rows.len() {
        match reader.entry(row) {
            Ok(entry) => result.entries.push(entry),
            Err(refusal) => result.rejects.push(refusal.into_reject(config, &table.place(row))),
        }
    }
    reader.check_found(&result)?;
    let named: BTreeSet<&str> = result.entries.iter().map(|entry| entry.path.as_str()).collect();
    let unnamed = audio.iter().filter(|file| !named.contains(file.path.as_str())).count();
    if unnamed > 0 {
        let files = plural(unnamed, "audio file");
        let verb = if unnamed == 1 { "is" } else { "are" };
        result.warnings.push(format!("corpus `{}`: {files} {verb} in no usable row of {manifest:?}", config.name));
    }
    let others = source.files.iter().map(|file| file.path.as_str()).filter(|path| !named.contains(path));
    result.passed_over = PassedOver::of(others, &config.extensions);
    result.warnings.extend(hidden_warning(hidden).map(|warning| format!("corpus `{}`: {warning}", config.name)));
    result.warnings.extend(reader.left_out_warning(manifest));
    result.warnings.extend(reader.map.warnings.iter().cloned());
    result.warnings.extend(speaker_warning(config, &result.entries));
    Ok(result)
}

/// Why a row is no utterance.
struct Refusal {
    path: String,
    code: &'static str,
    what: String,
}

impl Refusal {
    fn into_reject(self, config: &config::Corpus, place: &str) -> Reject {
        reject(config, &self.path, self.code, format!("manifest {place}: {}", self.what))
    }
}

/// Files by the paths that a row may write. A path as it is goes before another's reading of it.
fn listed(files: &[SourceFile]) -> BTreeMap<Cow<'_, str>, &SourceFile> {
    let read = files.iter().map(|file| (with_slashes(&file.path), file));
    read.chain(files.iter().map(|file| (Cow::from(file.path.as_str()), file))).collect()
}

/// All that it takes to read a row.
struct Reader<'a> {
    config: &'a config::Corpus,
    table: &'a ManifestTable,
    map: ColumnMap,
    cells: Cells<'a>,
    /// What a comma in a time is.
    comma: Comma,
    whereabouts: Whereabouts,
    /// Files of the listing by the paths that a row may write.
    listed: BTreeMap<Cow<'a, str>, &'a SourceFile>,
    lookalikes: OnceCell<Lookalikes<'a>>,
}

impl<'a> Reader<'a> {
    fn new(
        config: &'a config::Corpus,
        source: Source<'a>,
        manifest: &str,
        table: &'a ManifestTable,
    ) -> Result<Self, CorpusError> {
        let map = ColumnMap::new(config, manifest, table)?;
        let cells = Cells::new(config, table, map.emotion);
        Ok(Self {
            comma: Comma::of(cells.column(map.start).chain(cells.column(map.end))),
            whereabouts: Whereabouts::new(config, source.root),
            listed: listed(source.files),
            lookalikes: OnceCell::new(),
            config,
            table,
            map,
            cells,
        })
    }

    fn entry(&self, row: usize) -> Result<Entry, Refusal> {
        let refuse = |path: &str, code, what: String| Err(Refusal { path: path.to_owned(), code, what });
        let cell = |column| self.cells.get(row, column);
        let Some(written) = cell(Some(self.map.path)) else {
            return refuse("", "missing_path", "the cell with the path is empty".to_owned());
        };
        let (path, bytes) = self.look_up(row, written)?;
        let Some(label) = cell(self.map.emotion).or(self.config.emotion.as_deref()) else {
            return refuse(&path, "missing_label", "the cell with the emotion is empty".to_owned());
        };
        let (start_s, end_s) = match self.times(row) {
            Ok(times) => times,
            Err(what) => return refuse(&path, "bad_time", what),
        };
        let of_path = || with_slashes(without_extension(&path)).into_owned();
        let key = cell(self.map.key).map_or_else(of_path, str::to_owned);
        let origin = Some((row, self.table.place(row)));
        Ok(Entry { path, bytes, key, start_s, end_s, facts: self.facts(row, label), row: origin })
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

    /// The listed file of a path: as written, else where it leads.
    fn look_up(&self, row: usize, written: &str) -> Result<(String, u64), Refusal> {
        let untrimmed = self.table.rows[row][self.map.path].as_deref().unwrap_or(written);
        let placed = match self.whereabouts.place(written) {
            Place::Inside(path) | Place::Outside(path) => path,
            Place::Elsewhere => written.to_owned(),
        };
        let spellings = [untrimmed, written, placed.as_str()];
        let found = spellings.into_iter().find_map(|path| self.listed.get(path));
        found.map(|file| (file.path.clone(), file.bytes)).ok_or_else(|| {
            let files = self.listed.values().map(|file| file.path.as_str());
            let lookalikes = self.lookalikes.get_or_init(|| Lookalikes::new(files));
            let alike = lookalikes.of(&placed).map_or_else(String::new, |path| format!("; {path:?} is"));
            let what = format!("{placed:?} is not under the source{alike}");
            Refusal { path: placed, code: "missing_file", what }
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
        let leads_out = |written: &&str| {
            !self.listed.contains_key(*written)
                && match self.whereabouts.place(written) {
                    Place::Inside(_) => false,
                    Place::Outside(_) => !self.config.allow_outside,
                    Place::Elsewhere => true,
                }
        };
        let outside: Vec<&str> = self.cells.column(Some(self.map.path)).filter(leads_out).collect();
        let Some(first) = outside.first() else { return Ok(()) };
        let hint = match prefix_of(first, |path| self.listed.contains_key(path)) {
            Some(prefix) => prefix_hint(&prefix),
            None if matches!(self.whereabouts.place(first), Place::Outside(_)) => {
                "write paths relative to `source`, or set `allow_outside = true` where they are meant".to_owned()
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
        if !result.entries.is_empty() {
            return Ok(());
        }
        // Messages are escaped already.
        let rows: Vec<&str> = result.rejects.iter().take(5).map(|reject| reject.message.as_str()).collect();
        let listed = first_five(self.listed.values().map(|file| file.path.as_str()));
        let listed = if listed.is_empty() { "nothing".to_owned() } else { listed };
        let is_listed = |path: &str| self.listed.contains_key(path);
        let prefix = self.cells.column(Some(self.map.path)).find_map(|written| prefix_of(written, is_listed));
        let is_refused_as = |code| result.rejects.iter().any(|reject| reject.code == code);
        let hint = match prefix.filter(|_| is_refused_as("missing_file")) {
            Some(prefix) => prefix_hint(&prefix),
            None if is_refused_as("bad_time") && !is_refused_as("missing_file") => self.time_hint(),
            None => format!("paths are relative to `source`, where there is {listed}"),
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
            "times are seconds (1.5) or a clock (00:01.5), each end after its start; column {columns}: name others in \
             [corpus.columns], or set them to \"\" to take whole files"
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
    format!("set `path_prefix = {prefix:?}` for this corpus: what is behind it lies below `source`")
}

/// Words for people who are not known.
const NOBODY: [&str; 5] = ["unknown", "unk", "anonymous", "?", "-"];

/// The warning about utterances without a speaker, and about speakers who have the name of nobody.
fn speaker_warning(config: &config::Corpus, entries: &[Entry]) -> Vec<String> {
    let speakers = || entries.iter().filter_map(|entry| entry.facts.speaker.as_deref());
    let mut warnings = Vec::new();
    let (unknown, all) = (entries.len() - speakers().count(), plural(entries.len(), "utterance"));
    // Who sets the column to "" knows.
    let is_meant = config.columns.speaker.as_deref() == Some("");
    if unknown > 0 && unknown < entries.len() {
        warnings.push(format!("corpus `{}`: {unknown} of {all} have no speaker", config.name));
    } else if unknown > 0 && !is_meant {
        warnings.push(format!(
            "corpus `{}`: none of {all} has a speaker; name their column in [corpus.columns] (speaker = \"...\"), or set \
             it to \"\" where there is none",
            config.name
        ));
    }
    let is_nobody = |speaker: &&str| NOBODY.iter().any(|word| speaker.eq_ignore_ascii_case(word));
    let nobodies: BTreeSet<&str> = speakers().filter(is_nobody).collect();
    warnings.extend(nobodies.into_iter().map(|nobody| {
        let count = plural(speakers().filter(|speaker| *speaker == nobody).count(), "utterance");
        format!(
            "corpus `{}`: {count} are of speaker {nobody:?}, taken as one person; if that is nobody's name, add it to \
             `missing` of this corpus",
            config.name
        )
    }));
    warnings
}
