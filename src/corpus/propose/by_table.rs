//! A manifest for a table that lies beside the audio.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Proposal;
use super::asked::{Choice, Question};
use super::column::Column;
use super::labels::{Reading, Strength};
use super::lexicon::{folded, lexicon};
use super::speaker::side_of;
use crate::corpus::paths::{file_name, with_slashes, without_extension};
use crate::corpus::seconds::{Comma, parse_seconds};
use crate::corpus::source_paths::prefix_of;
use crate::corpus::{Corpus, ManifestTable, SourceFiles};

/// Cells of a column that are looked at, evenly spread.
const LOOKED_AT: usize = 2_000;
/// The share of them that must name files.
const NAMED: f64 = 0.9;
/// The share of the audio files that the rows must name.
const COVERED: f64 = 0.5;

/// What a column of paths leads to.
enum Paths {
    /// Files, once the prefix is cut and the source is this folder of it.
    Files { prefix: Option<String>, folder: String },
    /// Files by names that a manifest cannot have, and what to do.
    Short(&'static str),
}

/// Proposes a table as the manifest. `Err`: what it lacks, where it names files of the corpus; nothing where it does not.
pub fn by_table(
    mut corpus: Corpus,
    files: &SourceFiles,
    audio: usize,
    table: &ManifestTable,
) -> Result<Proposal, Option<String>> {
    let by_name = ByName::new(files);
    let columns = (0..table.columns.len()).map(|at| cells(&corpus, table, at)).collect::<Vec<_>>();
    let place = |at: usize| lexicon().position("columns", "path", &table.columns[at]).unwrap_or(usize::MAX);
    let mut paths =
        (0..columns.len()).filter_map(|at| Some((at, by_name.read(files, &columns[at])?))).collect::<Vec<_>>();
    paths.sort_by_key(|(at, paths)| (matches!(paths, Paths::Short(_)), place(*at)));
    let Some((path, of_path)) = paths.into_iter().next() else { return Err(None) };
    let name = |at: usize| table.columns[at].clone();
    let (prefix, folder) = match of_path {
        Paths::Files { prefix, folder } => (prefix, folder),
        Paths::Short(remedy) => return Err(Some(format!("its column {:?} {remedy}", name(path)))),
    };
    let named = columns[path].distinct();
    let rows = table.len();
    if (named as f64) < COVERED * audio.min(rows) as f64 {
        return Err(Some(format!("its column {:?} names only {named} files", name(path))));
    }
    let mut questions = Vec::new();
    let emotion = emotion(table, &columns, path)?;
    match &emotion[..] {
        [one] => corpus.columns.emotion = Some(name(*one)),
        several => {
            let choices = several.iter().map(|at| Choice::new(name(*at), &columns[*at])).collect();
            questions.push(Question::WhichEmotion(choices));
        }
    }
    corpus.path_prefix = prefix;
    if !folder.is_empty() {
        corpus.source = format!("{}/{folder}", corpus.source.trim_end_matches('/'));
    }
    corpus.columns.path = Some(name(path));
    let taken = |at: usize| at == path || emotion.contains(&at);
    let free = (0..columns.len()).filter(|at| !taken(*at)).collect::<Vec<_>>();
    let find = |list: &str| {
        let named = free.iter().filter_map(|at| Some((lexicon().position("columns", list, &table.columns[*at])?, *at)));
        named.min().map(|(_, at)| at).filter(|at| columns[*at].distinct() > 0)
    };
    match free.iter().copied().find(|at| says_speaker(&table.columns[*at]) && is_of_people(&columns[*at])) {
        Some(at) => corpus.columns.speaker = Some(name(at)),
        None => questions.push(Question::NoSpeaker),
    }
    corpus.columns.gender = find("gender").map(name);
    corpus.columns.text_id = find("text_id").map(name);
    corpus.columns.intensity = find("intensity").map(name);
    corpus.columns.language = find("language").map(name);
    let (start, end) = times(table, &columns, path, &find);
    (corpus.columns.start, corpus.columns.end) = (start, end);
    let side = find("side").filter(|at| {
        let sides = columns[*at].values().map(side_of).collect::<BTreeSet<_>>();
        sides.len() > 1 && !sides.contains(&None)
    });
    let mut proposal = Proposal::new(corpus, &format!("a table of {rows} rows that names the files"), questions);
    proposal.side = side.map(name);
    Ok(proposal)
}

/// The column of the emotion, or those that differ about it.
fn emotion(table: &ManifestTable, columns: &[Column<'_>], path: usize) -> Result<Vec<usize>, Option<String>> {
    let place = |at: usize| lexicon().position("columns", "emotion", &table.columns[at]);
    let read = (0..columns.len()).filter(|at| *at != path).filter_map(|at| Some((at, Reading::of(&columns[at])?)));
    let words = read.filter(|(at, reading)| reading.strength == Strength::Words || place(*at).is_some());
    let mut words = words.map(|(at, _)| at).collect::<Vec<_>>();
    words.sort_by_key(|at| (place(*at).unwrap_or(usize::MAX), *at));
    match words[..] {
        [] => {}
        // By its name, before all others.
        [first, ..] if place(first).is_some() => return Ok(vec![first]),
        _ => return Ok(words),
    }
    let is_label = |at: &usize| (1..60).contains(&columns[*at].distinct()) && *at != path;
    let named = (0..columns.len()).filter(is_label).filter_map(|at| Some((place(at)?, at)));
    match named.min() {
        Some((_, at)) => Ok(vec![at]),
        None => Err(Some("no column of it holds emotions".to_owned())),
    }
}

/// Whether a column's name says that it holds speakers.
fn says_speaker(name: &str) -> bool {
    let word = folded(name);
    let bare = ["id", "name", "code", "no", "number"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(&word);
    [&*word, bare].into_iter().any(|word| lexicon().has("speaker", "words", word))
}

/// Several values, some of which repeat.
fn is_of_people(column: &Column<'_>) -> bool {
    column.distinct() > 1 && column.distinct() < column.counts().map(|(_, count)| count).sum()
}

/// The columns of start and end: used only where a file has several rows, since times may be those of the film that a
/// file was cut from. `""` says that a column which has that name is not meant.
fn times(
    table: &ManifestTable,
    columns: &[Column<'_>],
    path: usize,
    find: &dyn Fn(&str) -> Option<usize>,
) -> (Option<String>, Option<String>) {
    let repeats = columns[path].counts().any(|(_, count)| count > 1);
    let is_time = |at: &usize| {
        let comma = Comma::of(columns[*at].values());
        columns[*at].values().all(|value| parse_seconds(value, comma).is_ok())
    };
    let [start, end] = ["start", "end"].map(|list| find(list).filter(is_time));
    let is_used = repeats && start.is_some() && end.is_some();
    let field = |list: &str, found: Option<usize>| {
        let has_usual = table.columns.iter().any(|name| name.trim().eq_ignore_ascii_case(list));
        match found.filter(|_| is_used) {
            Some(at) => Some(table.columns[at].clone()),
            None => has_usual.then(String::new),
        }
    };
    (field("start", start), field("end", end))
}

/// The cells of a column as values; what is missing is none.
fn cells<'a>(corpus: &Corpus, table: &'a ManifestTable, at: usize) -> Column<'a> {
    table.cells[at].iter().map(|cell| cell.map(str::trim).filter(|cell| !corpus.is_missing(cell))).collect()
}

/// Files by their names, and by these without their extensions.
struct ByName<'a> {
    names: HashMap<&'a str, Vec<usize>>,
    stems: HashMap<&'a str, usize>,
}

impl<'a> ByName<'a> {
    fn new(files: &'a SourceFiles) -> Self {
        let (mut names, mut stems) = (HashMap::<_, Vec<usize>>::new(), HashMap::new());
        for (number, file) in files.iter().enumerate() {
            let name = file_name(file.path);
            names.entry(name).or_default().push(number);
            stems.insert(without_extension(name), number);
        }
        Self { names, stems }
    }

    /// Where the cells of a column lead; none where they are no paths of these files.
    fn read(&self, files: &SourceFiles, column: &Column<'_>) -> Option<Paths> {
        let step = column.distinct().div_ceil(LOOKED_AT).max(1);
        let written = column.values().step_by(step).collect::<Vec<_>>();
        let is_listed = |path: &str| files.find(path).is_some();
        let enough = |count: usize| count > 0 && count as f64 >= NAMED * written.len() as f64;
        if enough(written.iter().filter(|path| is_listed(path)).count()) {
            return Some(Paths::Files { prefix: None, folder: String::new() });
        }
        let most = |found: &mut dyn Iterator<Item = Option<String>>| {
            let mut counts = BTreeMap::<String, usize>::new();
            found.flatten().for_each(|one| *counts.entry(one).or_default() += 1);
            counts.into_iter().max_by_key(|(_, count)| *count).filter(|(_, count)| enough(*count)).map(|(one, _)| one)
        };
        if let Some(prefix) = most(&mut written.iter().map(|path| prefix_of(path, is_listed))) {
            return Some(Paths::Files { prefix: Some(prefix), folder: String::new() });
        }
        let folder = |path: &&str| {
            let path = with_slashes(path);
            let path = path.trim_start_matches("./");
            let files = self.names.get(file_name(path))?.iter().map(|number| files.get(*number).path);
            let mut folders = files.filter_map(|file| file.strip_suffix(path)?.strip_suffix('/'));
            folders.next().map(str::to_owned).filter(|_| folders.next().is_none())
        };
        if let Some(folder) = most(&mut written.iter().map(folder)) {
            return Some(Paths::Files { prefix: None, folder });
        }
        let is_name = |path: &&&str| self.names.contains_key(file_name(path));
        if enough(written.iter().filter(is_name).count()) {
            return Some(Paths::Short("names files without the folders that they lie in: write the whole paths"));
        }
        let is_stem = |path: &&&str| self.stems.contains_key(file_name(path));
        enough(written.iter().filter(is_stem).count())
            .then_some(Paths::Short("names files without their extensions: write the names as they are"))
    }
}
