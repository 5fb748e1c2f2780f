//! Reads the listing of every corpus (and its manifest); writes utterances, labels, rejects and run/files.

pub(super) mod manifest;
mod others;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use bytes::Bytes;

use crate::corpus::{
    self, Corpus, CorpusError, LabelledCorpus, ManifestTable, NamedPaths, PassedOver, Preset, Rules, Source,
    SourceFile, SourceFiles,
};
use crate::options::{self, ConfigError};
use crate::pipeline;
use crate::schema::{FileStamp, Packed, Table, Texts, Utterance, plural};
use crate::storage::{self, Entry, Reason, StorageError, Store, Survey, Unlisted};
use crate::synth;
use crate::table;

use super::forgotten::Forgotten;
use super::{Context, Done, Prepared, Record, Stage, StageError, StageName, output, reject_limit, rejects};

/// The table of file stamps, which only reruns read.
pub(super) const FILES: &str = "run/files.parquet";

/// Rows of a row group of utterances and of stamps: whoever computes a part of the features reads its rows alone.
const GROUP_ROWS: usize = 8192;

/// Text column that says where a corpus comes from, where that is not people speaking.
pub(super) const ORIGIN: &str = "origin";
/// Its value for the synthesizer's corpora.
pub(super) const SYNTHETIC: &str = "synthetic";

/// Codes of files: refused ones, for which `max_unmatched_rate` is the limit, and those that were not looked at.
const OF_FILES: [&str; 3] = ["unmatched_name", "bad_name", PassedOver::CODE];
/// Count of manifest rows that cannot be used.
const UNUSABLE: &str = "unusable_rows";

/// The ingest stage.
pub struct Ingest;

/// A corpus as its source shows it.
#[derive(Debug)]
pub struct Listing {
    /// What the storage calls the source.
    root: String,
    files: Vec<Entry>,
    unlisted: Vec<Unlisted>,
    manifest: Option<ManifestTable>,
    /// What the preset file says, where `preset` is the path of one.
    preset: Option<Preset>,
    /// Path and content of each label file of the preset.
    labels: Vec<(String, Bytes)>,
}

/// The utterances of all corpora, and the stamp of the file of each.
pub(super) struct Taken {
    pub corpus: LabelledCorpus,
    stamps: Texts,
}

/// The files of a corpus in little memory, and the stamp of each.
struct Stamped {
    files: SourceFiles,
    stamps: Texts,
}

impl Stage for Ingest {
    const NAME: StageName = StageName::Ingest;
    const KEYS: &'static [&'static str] = &["corpus", "partition", "emotions", "target"];
    type Work = Vec<Listing>;

    fn config_hash(context: &Context) -> String {
        // Where a corpus lies does not determine its rows; what its files say is among the inputs.
        let mut corpora = context.parameters.pipeline.corpus.clone();
        corpora.iter_mut().for_each(|corpus| corpus.relocate(|_| String::new()));
        let pipeline = &context.parameters.pipeline;
        match (&pipeline.partition, pipeline.emotions.as_slice(), &pipeline.target) {
            (None, [], None) => options::config_hash(&corpora),
            (partition, [], None) => options::config_hash(&(corpora, partition)),
            (partition, emotions, None) => options::config_hash(&(corpora, partition, emotions)),
            (partition, emotions, target) => options::config_hash(&(corpora, partition, emotions, target)),
        }
    }

    fn prepare(context: &Context) -> Result<Prepared<Self::Work>, StageError> {
        let corpora = &context.parameters.pipeline.corpus;
        let (mut inputs, mut work) = (BTreeMap::new(), Vec::new());
        for corpus in corpora {
            let (listing, hash) = list(corpus, &context.parameters.pipeline)?;
            inputs.insert(format!("corpus {}", corpus.name), hash);
            work.push(listing);
        }
        // A run on some dates takes in some of what the listing holds.
        inputs.extend(context.dates.as_ref().map(|dates| ("dates".to_owned(), dates.to_string())));
        let forgotten = Forgotten::read(context.out)?;
        if !forgotten.is_empty() {
            inputs.insert("forgotten".to_owned(), options::config_hash(&forgotten));
        }
        Ok(Prepared::new(Self::config_hash(context), inputs, work))
    }

    fn amount(_: &Context, prepared: Prepared<Self::Work>) -> Result<String, StageError> {
        let files = prepared.work.iter().map(|listing| listing.files.len()).sum::<usize>();
        let without_audio = prepared.work.iter().filter(|listing| listing.files.is_empty());
        let rows = without_audio.filter_map(|listing| Some(listing.manifest.as_ref()?.len())).sum::<usize>();
        let counted = [(files, "file"), (rows, "manifest row")].into_iter().filter(|(count, _)| *count > 0);
        Ok(counted.map(|(count, word)| plural(count, word)).collect::<Vec<_>>().join(" and "))
    }

    fn run(context: &Context, prepared: Prepared<Self::Work>) -> Result<Done, StageError> {
        let Taken { corpus, stamps } = take(context, prepared.work)?;
        let files = stamps_file(&corpus.utterances, &stamps, &prepared.config_hash)?;
        drop(stamps);
        write(context, &prepared.config_hash, corpus, &files)
    }

    fn judge(context: &Context, record: &Record) -> Result<(), StageError> {
        check_limit(context, &record.counts)
    }
}

/// What to say where extract refused segments: which columns they come from, and how to say that they are no times.
pub(super) fn times_hint(corpora: &[Corpus]) -> String {
    let columns = corpora.iter().filter(|corpus| corpus.manifest.is_some()).map(|corpus| {
        let [start, end] = [(&corpus.columns.start, "start"), (&corpus.columns.end, "end")]
            .map(|(column, usual)| column.as_deref().unwrap_or(usual));
        format!("{start:?} and {end:?} of corpus `{}`", corpus.name)
    });
    format!(
        "\n\
         hint: {} were used as times within each audio file; if they are other times, such as those of the film that \
         the file was cut from, set start = \"\" and end = \"\" in [corpus.columns]",
        columns.collect::<Vec<_>>().join(", ")
    )
}

/// The utterances that a run works on, of what the listings hold.
pub(super) fn take(context: &Context, listings: Vec<Listing>) -> Result<Taken, StageError> {
    let pipeline = &context.parameters.pipeline;
    let (mut built, mut stamped) = (Vec::new(), BTreeMap::new());
    let forgotten = Forgotten::read(context.out)?;
    let is_forgotten = |speaker: &str| forgotten.holds(speaker);
    let (partition, emotions) = (pipeline.partition.as_deref(), pipeline.emotions.as_slice());
    let rules = Rules { partition, emotions, target: pipeline.target.as_deref(), is_forgotten: &is_forgotten };
    for (corpus, listing) in pipeline.corpus.iter().zip(listings) {
        let (labelled, files) = build(corpus, listing, &rules)?;
        built.push(labelled);
        stamped.insert(corpus.name.as_str(), files);
    }
    let mut corpus = corpus::merge(built)?;
    corpus.warnings.extend(missing_emotions(&pipeline.emotions, &corpus.utterances));
    let taken = Taken { stamps: stamps(&corpus.utterances, &stamped), corpus };
    match &context.dates {
        None => Ok(taken),
        Some(dates) => others::with_others(context, dates, taken, &Ingest::config_hash(context)),
    }
}

/// Warns of emotions of the common set that no utterance has.
fn missing_emotions(emotions: &[String], utterances: &Packed<Utterance>) -> Option<String> {
    let found = utterances.column("emotion").iter().flatten().collect::<BTreeSet<_>>();
    let missing = emotions.iter().filter(|emotion| !found.contains(emotion.as_str())).cloned().collect::<Vec<_>>();
    (!missing.is_empty()).then(|| format!("`emotions` lists what no utterance has: {}", missing.join(", ")))
}

fn list(corpus: &Corpus, pipeline: &pipeline::Pipeline) -> Result<(Listing, String), StageError> {
    if !corpus.has_source() {
        return list_manifest(corpus, pipeline);
    }
    let source = |source| StageError::Source { corpus: corpus.name.clone(), key: "source", source };
    let store = storage::open(&corpus.source, &pipeline.storage).map_err(source)?;
    let Survey { mut files, mut unlisted } = store.survey("").map_err(source)?;
    if let Some(out) = storage::below(&corpus.source, &pipeline.out) {
        // What the run writes is none of the corpus' files.
        files.retain(|file| !is_in(&file.path, &out));
        unlisted.retain(|one| !is_in(&one.path, &out));
    }
    if files.is_empty() {
        check_readable(&unlisted, store.as_ref()).map_err(source)?;
        let problem = if store.has("") { "holds no files" } else { "does not exist" };
        return Err(StageError::EmptySource { corpus: corpus.name.clone(), location: store.root(), problem });
    }
    let mut hasher = blake3::Hasher::new();
    let manifest = match &corpus.manifest {
        Some(path) => Some(manifest::read(corpus, path, &pipeline.storage, &mut hasher)?),
        None => None,
    };
    let preset = match corpus.preset_file() {
        Some(path) => Some(read_preset(corpus, path, &pipeline.storage, &mut hasher)?),
        None => None,
    };
    let paths = files.iter().map(|file| file.path.as_str());
    let mut labels = Vec::new();
    for path in corpus::label_files(corpus, preset.as_ref(), paths)? {
        let content = store.get(path).map_err(source)?;
        hasher.update(&content);
        labels.push((path.to_owned(), content));
    }
    if let Some(manifest) = &manifest {
        files.extend(named_beside(corpus, manifest, store.as_ref(), &unlisted)?);
    }
    for file in &files {
        // Lengths first, so that no two listings look alike.
        for text in [&file.path, &file.stamp] {
            hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
        }
        hasher.update(&file.bytes.to_le_bytes());
    }
    for one in &unlisted {
        hasher.update(format!("{one:?}\n").as_bytes());
    }
    let listing = Listing { root: store.root(), files, unlisted, manifest, preset, labels };
    Ok((listing, hasher.finalize().to_hex().to_string()))
}

/// The same of a corpus without audio: its manifest alone.
fn list_manifest(corpus: &Corpus, pipeline: &pipeline::Pipeline) -> Result<(Listing, String), StageError> {
    let mut hasher = blake3::Hasher::new();
    let manifest = corpus.manifest.as_ref();
    let manifest = manifest.map(|path| manifest::read(corpus, path, &pipeline.storage, &mut hasher)).transpose()?;
    let (files, unlisted, labels) = (Vec::new(), Vec::new(), Vec::new());
    let listing = Listing { root: String::new(), files, unlisted, manifest, preset: None, labels };
    Ok((listing, hasher.finalize().to_hex().to_string()))
}

/// Reads a preset file of the user's; `hasher` sees every byte of it.
fn read_preset(
    corpus: &Corpus,
    path: &str,
    storage: &storage::Storage,
    hasher: &mut blake3::Hasher,
) -> Result<Preset, StageError> {
    let source = |source| StageError::Source { corpus: corpus.name.clone(), key: "preset", source };
    let content = storage::read_file(path, storage).map_err(source)?;
    hasher.update(&content);
    let wrong = |problem| CorpusError::Preset { preset: path.to_owned(), problem };
    let text = std::str::from_utf8(&content)
        .map_err(|_| wrong(ConfigError::new("preset file", "not UTF-8", "save it as UTF-8 text")))?;
    Ok(Preset::parse(text).map_err(wrong)?)
}

/// Whether a path lies in a folder.
fn is_in(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// Refuses folders that may not be read, where nothing would be left without them.
fn check_readable(unlisted: &[Unlisted], store: &dyn Store) -> Result<(), StorageError> {
    match unlisted.iter().find(|one| one.reason == Reason::Unreadable) {
        Some(folder) => Err(StorageError::Denied { action: "list", path: format!("{}/{}", store.root(), folder.path) }),
        None => Ok(()),
    }
}

/// Files that the manifest names and the listing lacks: outside the source, which it may where `allow_outside` is set,
/// or behind a link to a folder that is listed under another name.
///
/// # Errors
/// It names a file in a folder that may not be read.
fn named_beside(
    corpus: &Corpus,
    manifest: &ManifestTable,
    store: &dyn Store,
    unlisted: &[Unlisted],
) -> Result<Vec<Entry>, StageError> {
    let source = |source| StageError::Source { corpus: corpus.name.clone(), key: "manifest", source };
    if !corpus.allow_outside && unlisted.is_empty() {
        return Ok(Vec::new());
    }
    let NamedPaths { inside, outside } = corpus::named_paths(corpus, &store.root(), manifest)?;
    let mut paths = if corpus.allow_outside { outside } else { BTreeSet::new() };
    for path in inside {
        let above = unlisted.iter().filter(|one| is_in(&path, &one.path));
        let above = above.cloned().collect::<Vec<_>>();
        check_readable(&above, store).map_err(source)?;
        paths.extend((!above.is_empty()).then_some(path));
    }
    let mut found = Vec::new();
    for path in paths {
        match store.stat(&path) {
            // A row that names it is a reject.
            Err(StorageError::NotAFile { .. }) => {}
            entry => found.extend(entry.map_err(source)?),
        }
    }
    Ok(found)
}

fn build(corpus: &Corpus, listing: Listing, rules: &Rules) -> Result<(LabelledCorpus, Stamped), StageError> {
    let files = Stamped::of(listing.files);
    let labels = listing.labels.iter().map(|(path, content)| (path.as_str(), content.as_ref())).collect::<Vec<_>>();
    let source = Source { root: &listing.root, files: &files.files, labels: &labels };
    let mut built = corpus::build(corpus, source, listing.manifest.as_ref(), listing.preset.as_ref(), rules)?;
    let is_audio = |path: &str| corpus::is_audio_of(corpus, path);
    built.rejects.extend(rejects::of_unlisted(&listing.unlisted, &corpus.name, StageName::Ingest.as_str(), is_audio));
    built.warnings.extend(rejects::unlisted_warnings(&listing.unlisted, &format!("corpus `{}`", corpus.name)));
    if files.files.iter().any(|file| file.path.rsplit('/').next() == Some(synth::SYNTHETIC_FILE)) {
        mark_synthetic(&mut built.utterances);
    }
    Ok((built, files))
}

impl Stamped {
    fn of(listed: Vec<Entry>) -> Self {
        let stamps = listed.iter().map(|file| Some(file.stamp.as_str())).collect();
        Self { files: listed.iter().map(|file| SourceFile { path: &file.path, bytes: file.bytes }).collect(), stamps }
    }

    /// The stamp of the file of this path.
    fn stamp(&self, path: &str) -> Option<&str> {
        self.stamps.get(self.files.find(path)?)
    }
}

/// Adds the column that makes every later report say so.
fn mark_synthetic(utterances: &mut Packed<Utterance>) {
    // A manifest may have such a column of its own.
    if let Some(at) = utterances.names().iter().position(|name| name == ORIGIN) {
        let mut other = format!("extra_{ORIGIN}");
        while utterances.names().contains(&other) {
            other.insert_str(0, "extra_");
        }
        utterances.rename(at, other);
    }
    let marks = (0..utterances.len()).map(|_| Some(SYNTHETIC)).collect();
    utterances.add(ORIGIN.to_owned(), marks);
}

/// The stamp of the file of every utterance.
fn stamps(utterances: &Packed<Utterance>, stamped: &BTreeMap<&str, Stamped>) -> Texts {
    let [corpora, paths] = ["corpus", "path"].map(|column| utterances.column(column));
    (0..utterances.len()).map(|row| stamped.get(corpora.get(row)?)?.stamp(paths.get(row)?)).collect()
}

/// The file of the stamps.
fn stamps_file(utterances: &Packed<Utterance>, stamps: &Texts, config_hash: &str) -> Result<Vec<u8>, StageError> {
    let ids = utterances.column("utterance_id");
    let row = |row: usize| FileStamp {
        utterance_id: ids.get(row).unwrap_or_default().to_owned(),
        stamp: stamps.get(row).unwrap_or_default().to_owned(),
    };
    let groups = groups(utterances.len()).map(|rows| Table::from(rows.map(row).collect::<Vec<_>>()));
    Ok(table::write_in_groups(&[], groups, config_hash, &BTreeMap::new())?.0)
}

/// The rows of each row group.
fn groups(rows: usize) -> impl Iterator<Item = Range<usize>> {
    (0..rows).step_by(GROUP_ROWS).map(move |start| start..rows.min(start + GROUP_ROWS))
}

/// Utterances, and what was refused and passed over.
fn counts(corpus: &LabelledCorpus) -> BTreeMap<String, u64> {
    let of_rows = |code: &str| !OF_FILES.contains(&code) && !rejects::OF_LISTING.contains(&code);
    let unusable = corpus.rejects.iter().filter(|reject| of_rows(&reject.code)).count();
    let passed = corpus.passed_over.iter();
    let mut counts = BTreeMap::from([
        ("utterances".to_owned(), corpus.utterances.len() as u64),
        (UNUSABLE.to_owned(), unusable as u64),
    ]);
    counts.extend(passed.map(|(kind, count)| (format!("{}.{kind}", PassedOver::CODE), *count as u64)));
    counts.extend(reject_limit::counts_by_code(&corpus.rejects));
    counts
}

/// Refuses more unusable rows than the pipeline allows.
fn check_limit(context: &Context, counts: &BTreeMap<String, u64>) -> Result<(), StageError> {
    let count = |name: &str| counts.get(name).copied().unwrap_or(0);
    reject_limit::check_utterances(context, count(UNUSABLE), count("utterances") + count(UNUSABLE), counts)
}

/// The utterances as the sources and manifests are now, with the columns of their corpora. Nothing is written.
///
/// # Errors
/// Whatever the stage fails with.
pub(super) fn utterances(context: &Context) -> Result<Packed<Utterance>, StageError> {
    let Taken { corpus, .. } = take(context, Ingest::prepare(context)?.work)?;
    corpus.warnings.iter().for_each(|warning| tracing::warn!(stage = Ingest::NAME.as_str(), "{warning}"));
    check_limit(context, &counts(&corpus))?;
    Ok(corpus.utterances)
}

fn write(context: &Context, config_hash: &str, corpus: LabelledCorpus, files: &[u8]) -> Result<Done, StageError> {
    let rows = &corpus.utterances;
    let distinct = |column| rows.column(column).iter().flatten().collect::<BTreeSet<_>>().len();
    let (speakers, emotions) = (distinct("speaker"), distinct("emotion"));
    let refused = corpus.rejects.iter().filter(|reject| reject.code != PassedOver::CODE).count();
    let counted = [(rows.len(), "utterance"), (speakers, "speaker"), (emotions, "emotion"), (refused, "reject")];
    let mut summary = counted.map(|(count, word)| plural(count, word)).join(", ");
    let passed = corpus.rejects.len() - refused;
    if passed > 0 {
        summary += &format!(", {} not looked at", plural(passed, "file"));
    }
    let mut counts = counts(&corpus);
    counts.extend([("speakers".to_owned(), speakers as u64), ("rejects".to_owned(), refused as u64)]);
    let (none, warnings) = (BTreeMap::new(), corpus.warnings);
    let groups = groups(rows.len()).map(|group| rows.table(group));
    let (utterances, _) = table::write_in_groups(rows.names(), groups, config_hash, &none)?;
    // All rejects are vouched for by extract, which adds its own.
    let [kept, _] = rejects::put(context.out, (StageName::Ingest, StageName::Extract), corpus.rejects)?;
    let outputs = vec![
        output::put(context.out, FILES, files)?,
        kept,
        output::put_table(context.out, &Table::from(corpus.labels), config_hash, &none)?,
        output::put(context.out, &output::path::<Utterance>(), &utterances)?,
    ];
    Ok(Done { outputs, counts, summary, warnings, ..Done::default() })
}
