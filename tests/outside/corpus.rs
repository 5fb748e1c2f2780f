//! Ingest of the real corpora's listings.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ser_etl::corpus::{self, LabelledCorpus, Rules, Source, SourceFile, build, merge};
use ser_etl::schema::Texts;

use crate::need::Corpora;

fn list(top: &Path, folder: &Path, files: &mut Vec<(String, u64)>) {
    for entry in std::fs::read_dir(folder).expect("a readable folder") {
        let entry = entry.expect("a readable folder");
        if entry.path().is_dir() {
            list(top, &entry.path(), files);
        } else {
            let path = entry.path().strip_prefix(top).expect("below the top").to_string_lossy().replace('\\', "/");
            files.push((path, entry.metadata().expect("readable").len()));
        }
    }
}

fn ingest(top: &Path, preset: &str) -> LabelledCorpus {
    let mut files = Vec::new();
    list(top, top, &mut files);
    files.sort();
    let files = files.iter().map(|(path, bytes)| SourceFile { path, bytes: *bytes }).collect();
    let toml = format!("name = \"{preset}\"\nsource = \"data\"\npreset = \"{preset}\"\nmax_unmatched_rate = 0.0");
    let config: corpus::Corpus = toml::from_str(&toml).expect("sound TOML");
    build(&config, Source { root: "/data", files: &files, labels: &[] }, None, None, &Rules::default())
        .expect("the corpus is sound")
}

fn counts(corpus: &LabelledCorpus) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for emotion in corpus.utterances.column("emotion").iter().flatten() {
        *counts.entry(emotion).or_default() += 1;
    }
    counts
}

fn distinct(cells: &Texts) -> BTreeSet<&str> {
    cells.iter().flatten().collect()
}

pub fn ravdess_has_its_published_counts(corpora: &Corpora) {
    let corpus = ingest(&corpora.0.join("ravdess"), "ravdess");
    assert_eq!(corpus.utterances.len(), 1440);
    let mut want: BTreeMap<&str, usize> =
        ["anger", "calm", "disgust", "fear", "happiness", "sadness", "surprise"].map(|emotion| (emotion, 192)).into();
    want.insert("neutral", 96);
    assert_eq!(counts(&corpus), want);
    assert_eq!(distinct(corpus.utterances.column("speaker")).len(), 24);
    assert_eq!(distinct(corpus.utterances.column("text_id")), ["ravdess/01", "ravdess/02"].into());
    let women = corpus.utterances.column("gender").iter().filter(|gender| *gender == Some("female")).count();
    assert_eq!((women, corpus.rejects.len(), corpus.warnings.len(), corpus.labels.len()), (720, 0, 0, 8));
    let rows = corpus.utterances.table(0..corpus.utterances.len()).rows;
    assert!(rows.iter().all(|row| row.bytes > 0));
}

pub fn emodb_has_its_published_counts(corpora: &Corpora) {
    let corpus = ingest(&corpora.0.join("emodb-2s"), "emodb");
    assert_eq!(corpus.utterances.len(), 535);
    let want = [
        ("anger", 127),
        ("boredom", 81),
        ("disgust", 46),
        ("fear", 69),
        ("happiness", 71),
        ("neutral", 79),
        ("sadness", 62),
    ];
    assert_eq!(counts(&corpus), want.into());
    assert_eq!(distinct(corpus.utterances.column("speaker")).len(), 10);
    assert_eq!(distinct(corpus.utterances.column("text_id")).len(), 10);
}

pub fn both_corpora_share_a_table(corpora: &Corpora) {
    let parts = vec![ingest(&corpora.0.join("ravdess"), "ravdess"), ingest(&corpora.0.join("emodb-2s"), "emodb")];
    let merged = merge(parts).expect("no id twice");
    assert_eq!((merged.utterances.len(), merged.labels.len(), merged.audio_files), (1975, 15, 1975));
    assert_eq!(merged.utterances.names(), ["modality", "vocal_channel", "repetition", "version"]);
    assert!(merged.utterances.texts().iter().all(|cells| cells.len() == 1975));
}
