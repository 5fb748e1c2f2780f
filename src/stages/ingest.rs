//! Reads the listing of every corpus (and its manifest); writes utterances, labels, rejects and run/files.

use std::collections::{BTreeMap, BTreeSet};

use crate::config;
use crate::corpus::{self, Corpus, CorpusError, ManifestTable, SourceFile};
use crate::schema::{FileStamp, Table, Utterance, plural};
use crate::storage::{self, Entry, Store};
use crate::synth;
use crate::table::{self, TableError};

use super::{Context, Done, Prepared, Record, Stage, StageError, StageName, output};

/// The table of file stamps, which only reruns read.
pub(super) const FILES: &str = "run/files.parquet";

/// Text column that says where a corpus comes from, where that is not people speaking.
pub(super) const ORIGIN: &str = "origin";
/// Its value for the synthesizer's corpora.
pub(super) const SYNTHETIC: &str = "synthetic";

/// Codes of refused files, for which `max_unmatched_rate` is the limit.
const OF_FILES: [&str; 2] = ["unmatched_name", "bad_name"];
/// Count of manifest rows that cannot be used.
const UNUSABLE: &str = "unusable_rows";

/// The ingest stage.
pub struct Ingest;

/// A corpus as its source shows it.
#[derive(Debug)]
pub struct Listing {
    files: Vec<Entry>,
    manifest: Option<ManifestTable>,
}

impl Stage for Ingest {
    const NAME: StageName = StageName::Ingest;
    type Work = Vec<Listing>;

    fn config_hash(context: &Context) -> String {
        // Where a corpus lies does not determine its rows.
        let placeless = context.parameters.pipeline.corpus.iter().cloned().map(|mut corpus| {
            corpus.source = String::new();
            corpus.manifest = corpus.manifest.map(|_| String::new());
            corpus
        });
        config::config_hash(&placeless.collect::<Vec<_>>())
    }

    fn prepare(context: &Context) -> Result<Prepared<Self::Work>, StageError> {
        let corpora = &context.parameters.pipeline.corpus;
        let (mut inputs, mut work) = (BTreeMap::new(), Vec::new());
        for corpus in corpora {
            let (listing, hash) = list(corpus, &context.parameters.pipeline.storage)?;
            inputs.insert(format!("corpus {}", corpus.name), hash);
            work.push(listing);
        }
        let files = work.iter().map(|listing| listing.files.len()).sum::<usize>();
        Ok(Prepared { config_hash: Self::config_hash(context), inputs, amount: plural(files, "file"), work })
    }

    fn run(context: &Context, prepared: Prepared<Self::Work>) -> Result<Done, StageError> {
        let corpora = &context.parameters.pipeline.corpus;
        let built = corpora.iter().zip(&prepared.work).map(|(corpus, listing)| build(corpus, listing));
        let built = built.collect::<Result<Vec<_>, _>>()?;
        let merged = corpus::merge(built)?;
        let stamps = file_stamps(&merged, corpora, &prepared.work);
        write(context, &prepared.config_hash, merged, stamps)
    }

    fn judge(context: &Context, record: &Record) -> Result<(), StageError> {
        let count = |name: &str| record.counts.get(name).copied().unwrap_or(0);
        context.check_rejects(count(UNUSABLE), count("utterances") + count(UNUSABLE))
    }
}

fn list(corpus: &config::Corpus, storage: &config::Storage) -> Result<(Listing, String), StageError> {
    let source = |source| StageError::Source { corpus: corpus.name.clone(), key: "source", source };
    let store = storage::open(&corpus.source, storage).map_err(source)?;
    let mut files = store.list("").map_err(source)?;
    if files.is_empty() {
        let problem = if store.has("") { "holds no files" } else { "does not exist" };
        return Err(StageError::EmptySource { corpus: corpus.name.clone(), location: store.root(), problem });
    }
    let mut hasher = blake3::Hasher::new();
    let manifest = match &corpus.manifest {
        Some(path) => Some(read_manifest(corpus, path, storage, &mut hasher)?),
        None => None,
    };
    if let Some(manifest) = manifest.as_ref().filter(|_| corpus.allow_outside) {
        files.extend(outside(corpus, manifest, store.as_ref())?);
    }
    for file in &files {
        hasher.update(format!("{:?} {} {}\n", file.path, file.bytes, file.stamp).as_bytes());
    }
    Ok((Listing { files, manifest }, hasher.finalize().to_hex().to_string()))
}

/// Files that the manifest names outside the source, which it may where `allow_outside` is set.
fn outside(corpus: &config::Corpus, manifest: &ManifestTable, store: &dyn Store) -> Result<Vec<Entry>, StageError> {
    let paths = corpus::outside_paths(corpus, manifest)?;
    let mut found = Vec::new();
    for path in paths {
        let entry = store.stat(&path).map_err(|source| StageError::Source {
            corpus: corpus.name.clone(),
            key: "manifest",
            source,
        })?;
        found.extend(entry.map(|entry| Entry { path, ..entry }));
    }
    Ok(found)
}

fn read_manifest(
    corpus: &config::Corpus,
    path: &str,
    storage: &config::Storage,
    hasher: &mut blake3::Hasher,
) -> Result<ManifestTable, StageError> {
    let content = storage::read_file(path, storage).map_err(|source| StageError::Source {
        corpus: corpus.name.clone(),
        key: "manifest",
        source,
    })?;
    hasher.update(&content);
    if path.ends_with(".parquet") {
        let (columns, rows) = table::read_text_columns(content).map_err(|error| CorpusError::Manifest {
            manifest: path.to_owned(),
            problem: match error {
                TableError::Unreadable { reason, .. } => format!("no readable Parquet: {reason}"),
                error => error.to_string(),
            },
        })?;
        return Ok(ManifestTable { columns, rows });
    }
    Ok(corpus::parse_delimited(&content, path)?)
}

fn build(corpus: &config::Corpus, listing: &Listing) -> Result<Corpus, StageError> {
    let files = listing.files.iter().map(|file| SourceFile { path: file.path.clone(), bytes: file.bytes });
    let mut built = corpus::build(corpus, &files.collect::<Vec<_>>(), listing.manifest.as_ref())?;
    if listing.files.iter().any(|file| file.path.rsplit('/').next() == Some(synth::MARKER)) {
        mark_synthetic(&mut built.utterances);
    }
    Ok(built)
}

/// Adds the column that makes every later report say so.
fn mark_synthetic(utterances: &mut Table<Utterance>) {
    let width = utterances.text.names.len();
    utterances.text.names.push(ORIGIN.to_owned());
    let rows = 0..utterances.rows.len();
    let marked = rows.flat_map(|row| {
        let cells = utterances.text.values[row * width..(row + 1) * width].iter().cloned();
        cells.chain([Some(SYNTHETIC.to_owned())])
    });
    utterances.text.values = marked.collect();
}

/// The stamp of every file that an utterance is in.
fn file_stamps(merged: &Corpus, corpora: &[config::Corpus], listings: &[Listing]) -> Vec<FileStamp> {
    let used = merged.utterances.rows.iter().map(|row| (row.corpus.as_str(), row.path.as_str()));
    let used = used.collect::<BTreeSet<_>>();
    let listed = corpora
        .iter()
        .zip(listings)
        .flat_map(|(corpus, listing)| listing.files.iter().map(move |file| (corpus.name.as_str(), file)));
    let mut stamps = listed
        .filter(|(corpus, file)| used.contains(&(corpus, file.path.as_str())))
        .map(|(corpus, file)| FileStamp {
            corpus: corpus.to_owned(),
            path: file.path.clone(),
            bytes: file.bytes as i64,
            stamp: file.stamp.clone(),
        })
        .collect::<Vec<_>>();
    stamps.sort_by(|a, b| (&a.corpus, &a.path).cmp(&(&b.corpus, &b.path)));
    stamps
}

fn write(context: &Context, config_hash: &str, corpus: Corpus, stamps: Vec<FileStamp>) -> Result<Done, StageError> {
    let rows = &corpus.utterances.rows;
    let speakers = rows.iter().filter_map(|row| row.speaker.as_ref()).collect::<BTreeSet<_>>().len();
    let emotions = rows.iter().map(|row| &row.emotion).collect::<BTreeSet<_>>().len();
    let refused = corpus.rejects.len();
    let counted = [(rows.len(), "utterance"), (speakers, "speaker"), (emotions, "emotion"), (refused, "reject")];
    let summary = counted.map(|(count, word)| plural(count, word)).join(", ");
    let unusable = corpus.rejects.iter().filter(|reject| !OF_FILES.contains(&reject.code.as_str())).count();
    let mut counts = BTreeMap::from([
        ("utterances".to_owned(), rows.len() as u64),
        (UNUSABLE.to_owned(), unusable as u64),
        ("speakers".to_owned(), speakers as u64),
        ("rejects".to_owned(), corpus.rejects.len() as u64),
    ]);
    counts.extend(output::counts_by_code(&corpus.rejects));
    let (none, warnings) = (BTreeMap::new(), corpus.warnings);
    let (files, _) = table::write(&Table::from(stamps), config_hash, &none, false)?;
    // All rejects are vouched for by extract, which adds its own.
    let [rejects, _] = output::put_rejects(context.out, (StageName::Ingest, StageName::Extract), corpus.rejects)?;
    let outputs = vec![
        output::put(context.out, FILES, &files)?,
        rejects,
        output::put_table(context.out, &Table::from(corpus.labels), config_hash, &none)?,
        output::put_table(context.out, &corpus.utterances, config_hash, &none)?,
    ];
    Ok(Done { outputs, counts, summary, warnings, ..Done::default() })
}
