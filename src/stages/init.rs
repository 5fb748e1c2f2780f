//! Looks at a corpus, and proposes the sections of a pipeline file. Reads names and tables, and no audio.

use std::collections::{BTreeMap, BTreeSet};

use crate::corpus::propose::{self, Proposal};
use crate::corpus::{self, Corpus, ManifestTable, Preset, Source, SourceFile, SourceFiles};
use crate::pipeline::Parameters;
use crate::storage::{self, Entry, Reason, Storage, StorageError, Store};
use crate::text;

use super::ingest::manifest;
use super::rehearsal::rehearse_table;
use super::{StageError, rejects};

/// Most tables that are read.
const MOST_TABLES: usize = 20;
/// Largest table that is read, in bytes.
const LARGEST_TABLE: u64 = 256 << 20;
/// Most folders at the top that may be corpora of their own.
const MOST_PARTS: usize = 20;

/// Where to look.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// The corpus, as a store is opened.
    pub source: &'a str,
    /// The corpus as it is to stand in the pipeline file.
    pub written: &'a str,
    /// Name of the corpus.
    pub name: &'a str,
    /// How files are read.
    pub storage: &'a Storage,
}

/// What was seen.
#[derive(Debug)]
pub struct Seen {
    /// Where it lies, as the store calls it.
    pub root: String,
    /// Audio files by extension.
    pub audio: BTreeMap<String, usize>,
    /// Other files.
    pub others: usize,
    /// A section for each corpus that lies there.
    pub proposals: Vec<Proposal>,
    /// What else is to be known.
    pub notes: Vec<String>,
}

/// Looks at a corpus.
///
/// # Errors
/// The place cannot be read, does not exist, or has no audio file.
pub fn look(look: &Look<'_>) -> Result<Seen, StageError> {
    let input = |source| StageError::Input { input: look.source.to_owned(), source };
    let store = storage::open(look.source, look.storage).map_err(input)?;
    let survey = store.survey("").map_err(input)?;
    let mut notes = rejects::unlisted_warnings(&survey.unlisted, "the listing");
    let corpus = Corpus::new(look.name, look.written);
    let (mut paths, mut others) = (Vec::new(), Vec::new());
    for file in &survey.files {
        match corpus::Look::at(&file.path) {
            corpus::Look::Audio if corpus::bad_name(&file.path).is_none() => paths.push(file.path.as_str()),
            corpus::Look::Audio | corpus::Look::HiddenAudio => {}
            corpus::Look::Other => others.push(file),
        }
    }
    if paths.is_empty() {
        return Err(nothing(look, store.as_ref(), &survey));
    }
    let mut audio = BTreeMap::new();
    let extension = |path: &str| path.rsplit_once('.').map_or("", |(_, extension)| extension).to_lowercase();
    paths.iter().for_each(|path| *audio.entry(extension(path)).or_default() += 1);
    let mut corpus = corpus;
    if let Some((one, all)) = propose::one_format(paths.iter().copied()) {
        notes.push(format!("the recordings are there in {} formats ({}): {one} is taken", all.len(), all.join(", ")));
        paths.retain(|path| extension(path) == one);
        corpus.extensions = vec![one];
    }
    let files = survey.files.iter().map(|file| SourceFile { path: &file.path, bytes: file.bytes });
    let files = files.collect::<SourceFiles>();
    let view = View { look, root: store.root(), files, paths, others: &others, corpus };
    let proposals = view.propose(&mut notes);
    Ok(Seen { root: view.root, audio, others: others.len(), proposals, notes })
}

/// Splits what was seen as a run will, before any audio is read.
///
/// # Errors
/// What a run will refuse for its labels and speakers alone.
pub fn try_split(parameters: &Parameters, seen: &Seen) -> Result<(), StageError> {
    let merged = corpus::merge(seen.proposals.iter().map(|proposal| proposal.read.clone()).collect())?;
    rehearse_table(parameters, merged.utterances.table(0..merged.utterances.len()))
}

/// Why there is nothing to look at.
fn nothing(look: &Look<'_>, store: &dyn Store, survey: &storage::Survey) -> StageError {
    let unusable = |problem: String| StageError::UnusableInput { input: look.source.to_owned(), problem };
    if let Some(folder) = survey.unlisted.iter().find(|one| one.reason == Reason::Unreadable) {
        let source = StorageError::Denied { action: "list", path: format!("{}/{}", store.root(), folder.path) };
        return StageError::Input { input: look.source.to_owned(), source };
    }
    if !store.has("") {
        return unusable("does not exist; name the folder of a corpus, or s3://BUCKET/PREFIX".to_owned());
    }
    if survey.files.is_empty() {
        return unusable("holds no files; name the folder that the recordings lie in".to_owned());
    }
    let legal = corpus::usual_extensions().collect::<Vec<_>>().join(" ");
    unusable(format!("holds {} files and no audio; extensions of audio are {legal}", survey.files.len()))
}

/// All that is seen of the place.
struct View<'a> {
    look: &'a Look<'a>,
    root: String,
    files: SourceFiles,
    /// Audio files.
    paths: Vec<&'a str>,
    others: &'a [&'a Entry],
    /// The section without anything about labels.
    corpus: Corpus,
}

impl View<'_> {
    /// A preset goes before a table, and a table before a pattern, unless only the pattern tells the speaker.
    fn propose(&self, notes: &mut Vec<String>) -> Vec<Proposal> {
        match propose::by_preset(self.corpus.clone(), self.paths.iter().copied()) {
            Ok(preset) => return vec![self.complete(preset, None)],
            Err(note) => notes.extend(note),
        }
        if let Some(parts) = self.parts(|corpus, paths| propose::by_preset(corpus, paths.iter().copied()).ok(), 1) {
            return parts;
        }
        if let Some(labels) = Preset::names().find_map(|name| self.by_label_files(name)) {
            return vec![labels];
        }
        let table = self.best_table(notes);
        let is_best = |proposal: &Proposal| proposal.is_complete() && proposal.has_speakers();
        if let Some(table) = table.as_ref().filter(|table| is_best(table)) {
            return vec![table.clone()];
        }
        let names = propose::by_names(self.corpus.clone(), self.paths.iter().copied());
        let names = self.complete(names, None);
        if is_best(&names) {
            if let Some(manifest) = table.and_then(|table| table.corpus.manifest) {
                notes.push(format!("{manifest} holds labels too, but no speakers: the names say both"));
            }
            return vec![names];
        }
        match table {
            Some(table) if table.is_complete() || !names.is_complete() => vec![table],
            _ if names.is_complete() => vec![names],
            _ => {
                let alone = |corpus, paths: &[&str]| Some(propose::by_names(corpus, paths.iter().copied()));
                self.parts(alone, usize::MAX).unwrap_or_else(|| vec![names])
            }
        }
    }

    /// The proposals of the folders at the top, each taken for a corpus of its own; what `propose` does not know is
    /// taken by its names. None where fewer than `least` are known, or where not all are complete.
    fn parts(&self, propose: impl Fn(Corpus, &[&str]) -> Option<Proposal>, least: usize) -> Option<Vec<Proposal>> {
        let tops = propose::top_folders(self.paths.iter().copied());
        let is_all = tops.values().sum::<usize>() == self.paths.len();
        if !(2..=MOST_PARTS).contains(&tops.len()) || !is_all {
            return None;
        }
        let (mut known, mut parts, mut names) = (0, Vec::new(), BTreeSet::new());
        for top in tops.keys() {
            let below =
                |path: &'_ str| path.strip_prefix(top).and_then(|rest| rest.strip_prefix('/')).map(str::to_owned);
            let owned = self.paths.iter().filter_map(|path| below(path)).collect::<Vec<_>>();
            let paths = owned.iter().map(String::as_str).collect::<Vec<_>>();
            let mut name = propose::name_of(top);
            while !names.insert(name.clone()) {
                name += "-2";
            }
            let source = format!("{}/{top}", self.corpus.source.trim_end_matches('/'));
            let corpus = Corpus { name, source, ..self.corpus.clone() };
            let found = propose(corpus.clone(), &paths);
            known += usize::from(found.is_some());
            let mut part = found.unwrap_or_else(|| propose::by_names(corpus, paths.iter().copied()));
            let files = self.files.iter().filter_map(|file| Some((below(file.path)?, file.bytes))).collect::<Vec<_>>();
            let files = files.iter().map(|(path, bytes)| SourceFile { path, bytes: *bytes }).collect::<SourceFiles>();
            part.complete(Source { root: &format!("{}/{top}", self.root), files: &files, labels: &[] }, None);
            parts.push(part);
        }
        let is_complete = parts.iter().all(Proposal::is_complete);
        (known >= least.min(parts.len()) && is_complete).then_some(parts)
    }

    fn complete(&self, mut proposal: Proposal, table: Option<&ManifestTable>) -> Proposal {
        proposal.complete(Source { root: &self.root, files: &self.files, labels: &[] }, table);
        proposal
    }

    /// Proposes a preset by its label files; none where these are not there, or are those of another corpus.
    fn by_label_files(&self, name: &str) -> Option<Proposal> {
        let paths = self.others.iter().map(|file| file.path.as_str());
        let wanted =
            corpus::label_files(&self.corpus, Preset::known(name), paths).ok().filter(|wanted| !wanted.is_empty())?;
        let store = storage::open(self.look.source, self.look.storage).ok()?;
        let read = |path: &&str| Some(((*path).to_owned(), store.get(path).ok()?));
        let contents = wanted.iter().map(read).collect::<Option<Vec<_>>>()?;
        let labels = contents.iter().map(|(path, content)| (path.as_str(), content.as_ref())).collect::<Vec<_>>();
        let source = Source { root: &self.root, files: &self.files, labels: &labels };
        propose::by_label_files(&self.corpus, name, source)
    }

    /// The table that tells most; `notes` says why others were not used.
    fn best_table(&self, notes: &mut Vec<String>) -> Option<Proposal> {
        let mut best: Option<Proposal> = None;
        for place in self.tables(notes) {
            let written = self.below(self.look.written, &place);
            match self.by_table(&written, &self.below(&self.root, &place)) {
                Ok(found) => {
                    let rank = |of: &Proposal| (of.is_complete(), of.has_speakers());
                    if best.as_ref().is_none_or(|best| rank(&found) > rank(best)) {
                        best = Some(found);
                    }
                }
                Err(Some(problem)) => notes.push(format!("{written} was not used: {problem}")),
                Err(None) => {}
            }
        }
        best
    }

    /// Proposes one table. `Err`: why not; nothing where it has nothing to do with the corpus.
    fn by_table(&self, written: &str, place: &str) -> Result<Proposal, Option<String>> {
        let corpus = Corpus { manifest: Some(written.to_owned()), ..self.corpus.clone() };
        let table = manifest::read(&corpus, place, self.look.storage, &mut blake3::Hasher::new());
        let table = table.map_err(|error| Some(error.to_string().lines().next().unwrap_or_default().to_owned()))?;
        let proposal = propose::by_table(corpus, &self.files, self.paths.len(), &table)?;
        let folder = proposal.corpus.source.strip_prefix(self.corpus.source.trim_end_matches('/')).unwrap_or_default();
        let folder = folder.trim_start_matches('/').to_owned();
        if folder.is_empty() {
            return Ok(self.complete(proposal, Some(&table)));
        }
        // The audio lies in a folder below.
        let files = self.files.iter().filter_map(|file| {
            let path = file.path.strip_prefix(folder.as_str())?.strip_prefix('/')?;
            Some(SourceFile { path, bytes: file.bytes })
        });
        let files = files.collect::<SourceFiles>();
        let mut proposal = proposal;
        proposal
            .complete(Source { root: &format!("{}/{folder}", self.root), files: &files, labels: &[] }, Some(&table));
        Ok(proposal)
    }

    /// Places of tables, as seen from the source: in it, one folder below, and beside it (`..`).
    fn tables(&self, notes: &mut Vec<String>) -> Vec<String> {
        let is_table = |path: &str| manifest::is_table(path) || text::is_named_parquet(path);
        let is_near = |file: &&&Entry| file.path.matches('/').count() < 2 && is_table(&file.path);
        let mut found =
            self.others.iter().filter(is_near).map(|file| (file.path.clone(), file.bytes)).collect::<Vec<_>>();
        // Those at the top first, then the largest.
        found.sort_by_key(|(path, bytes)| (path.matches('/').count(), std::cmp::Reverse(*bytes), path.clone()));
        let above = parent(&self.root).and_then(|parent| storage::open(&parent, self.look.storage).ok());
        // Who may not look there has no table there.
        let above = above.and_then(|store| store.list_here().ok()).unwrap_or_default();
        found.extend(
            above.into_iter().filter(|file| is_table(&file.path)).map(|file| (format!("../{}", file.path), file.bytes)),
        );
        if found.len() > MOST_TABLES {
            notes
                .push(format!("there are {} tables near the audio; {MOST_TABLES} of them were looked at", found.len()));
        }
        found.truncate(MOST_TABLES);
        let (small, large): (Vec<_>, Vec<_>) = found.into_iter().partition(|(_, bytes)| *bytes <= LARGEST_TABLE);
        notes.extend(large.iter().map(|(path, _)| format!("{path} was not looked at: it is larger than 256 MiB")));
        small.into_iter().map(|(path, _)| path).collect()
    }

    /// A place below a folder, or beside it.
    fn below(&self, folder: &str, place: &str) -> String {
        let folder = folder.trim_end_matches('/');
        match place.strip_prefix("../") {
            None => format!("{folder}/{place}"),
            Some(name) => match parent(folder) {
                Some(parent) => format!("{}/{name}", parent.trim_end_matches('/')),
                None => format!("{folder}/../{name}"),
            },
        }
    }
}

/// The folder above one; none where its name does not tell, or it is the top of a bucket or disk.
fn parent(folder: &str) -> Option<String> {
    let (above, name) = folder.trim_end_matches('/').rsplit_once('/')?;
    let is_top = above.is_empty() || above.ends_with('/');
    (!is_top && !matches!(name, "." | "..")).then(|| above.to_owned())
}
