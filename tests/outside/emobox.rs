//! Presets against the names, labels and folds of EmoBox, a table of 32 corpora.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use ser_etl::corpus::{Corpus, LabelledCorpus, Preset, Rules, Source, SourceFile, build};
use ser_etl::protocol::Protocol;
use ser_etl::schema::{Side, Texts};
use ser_etl::table::read_text_columns;

use crate::need::EmoBox;

/// Corpora of the table whose presets have another name.
const PRESETS: [(&str, &str); 6] = [
    ("asvpesd", "asvp-esd"),
    ("cremad", "crema-d"),
    ("emovdb", "emov-db"),
    ("jlcorpus", "jl-corpus"),
    ("msppodcast", "msp-podcast"),
    ("turevdb", "turev-db"),
];

/// Our emotions, and EmoBox's words for them where these are not the same in upper case.
const WORDS: [(&str, &str); 20] = [
    ("anger", "Angry"),
    ("happiness", "Happy"),
    ("sadness", "Sad"),
    ("excitement", "Excited"),
    ("pain", "pain, groan"),
    ("disappointment", "disappointment, disapproval"),
    ("pleasure", "pleasure"),
    ("breath", "breath"),
    ("amusement", "Amused"),
    ("sleepiness", "Sleepy"),
    ("anxiety", "Anxious"),
    ("apology", "Apologetic"),
    ("assertiveness", "Assertive"),
    ("concern", "Concerned"),
    ("encouragement", "Encouraging"),
    ("enthusiasm", "Enthusiastic"),
    ("frustration", "Frustrated"),
    ("worry", "Worried"),
    ("sarcasm", "Sarcastic"),
    ("poker", "Poker"),
];

/// Corpora whose labels stand in files, and not in names.
const OF_LABEL_FILES: [&str; 7] = ["emns", "emozionalmente", "iemocap", "m3ed", "meld", "mer2023", "msppodcast"];

/// Speakers in the names of each corpus. ENTERFACE's paper tells of 42, MEAD's of 60, URDU's of 38; MESD and RESD name none.
const SPEAKERS: [(&str, usize); 25] = [
    ("aesdd", 6),
    ("ased", 65),
    ("asvpesd", 131),
    ("cafe", 12),
    ("casia", 4),
    ("cremad", 91),
    ("emodb", 10),
    ("emovdb", 4),
    ("emovo", 6),
    ("enterface", 43),
    ("esd", 20),
    ("jlcorpus", 4),
    ("mead", 48),
    ("mesd", 0),
    ("oreau", 32),
    ("pavoque", 1),
    ("polish", 5),
    ("ravdess", 24),
    ("resd", 0),
    ("savee", 4),
    ("shemo", 87),
    ("subesco", 20),
    ("tess", 2),
    ("turevdb", 6),
    ("urdu", 29),
];

/// A row of the table.
pub struct Name {
    pub path: String,
    pub label: String,
    pub test_folds: String,
    pub train_folds: String,
}

/// The table by corpus.
pub fn names(emobox: &EmoBox) -> BTreeMap<String, Vec<Name>> {
    let content = fs::read(emobox.0.join("emobox.parquet")).expect("the table is there");
    let table = read_text_columns(content.into()).expect("a sound table");
    let column = |name: &str| {
        let at = table.columns.iter().position(|column| column == name).expect("the column is there");
        &table.cells[at]
    };
    let [datasets, paths, labels, test, train] = ["dataset", "path", "label", "test_folds", "train_folds"].map(column);
    let mut corpora = BTreeMap::<String, Vec<Name>>::new();
    for row in 0..datasets.len() {
        let cell = |cells: &Texts| cells.get(row).unwrap_or_default().to_owned();
        let name = Name { path: cell(paths), label: cell(labels), test_folds: cell(test), train_folds: cell(train) };
        corpora.entry(cell(datasets)).or_default().push(name);
    }
    corpora
}

/// The preset of a corpus of the table.
pub fn preset(dataset: &str) -> &str {
    PRESETS.iter().find(|(theirs, _)| *theirs == dataset).map_or(dataset, |(_, ours)| ours)
}

/// The name as we look at it: films in AVI are to be converted.
fn converted(path: &str) -> String {
    path.strip_suffix(".avi").map_or_else(|| path.to_owned(), |path| format!("{path}.wav"))
}

/// The corpus of some names.
pub fn read(dataset: &str, names: &[Name]) -> LabelledCorpus {
    let paths = names.iter().map(|name| converted(&name.path)).collect::<Vec<_>>();
    let files = paths.iter().map(|path| SourceFile { path, bytes: 1 }).collect();
    let toml = format!("name = 'c'\nsource = 'data'\npreset = '{}'\nmax_unmatched_rate = 1.0", preset(dataset));
    let config: Corpus = toml::from_str(&toml).expect("sound TOML");
    build(&config, Source { root: "/data", files: &files, labels: &[] }, None, None, &Rules::default())
        .unwrap_or_else(|error| panic!("{dataset}: {error}"))
}

pub fn every_name_is_read_as_it_is_there(emobox: &EmoBox) {
    let words = fs::read_to_string(emobox.0.join("labels.json")).expect("the labels are there");
    let words: BTreeMap<String, BTreeMap<String, String>> = serde_json::from_str(&words).expect("sound JSON");
    let corpora = names(emobox);
    assert_eq!(corpora.len(), 32);
    let mut read_from_names = 0;
    for (dataset, names) in &corpora {
        let known = Preset::known(preset(dataset)).unwrap_or_else(|| panic!("no preset for {dataset}"));
        assert_eq!(known.label_files.is_some(), OF_LABEL_FILES.contains(&dataset.as_str()), "{dataset}");
        if known.pattern.is_none() {
            continue;
        }
        read_from_names += 1;
        let corpus = read(dataset, names);
        let unread = corpus.rejects.iter().map(|reject| reject.path.as_str()).collect::<Vec<_>>();
        assert_eq!(unread, [""; 0], "{dataset}");
        let [paths, emotions] = ["path", "emotion"].map(|column| corpus.utterances.column(column));
        let emotions: BTreeMap<&str, &str> = paths.iter().flatten().zip(emotions.iter().flatten()).collect();
        let mut dropped = Vec::new();
        for name in names {
            let path = converted(&name.path);
            let Some(emotion) = emotions.get(path.as_str()) else {
                dropped.push(path);
                continue;
            };
            let ours = WORDS.iter().find(|(ours, _)| ours == emotion).map_or(*emotion, |(_, theirs)| theirs);
            // Of EMO-DB, its table and its list spell `neutral` differently.
            let is_label = |(label, _): &(&String, &String)| label.eq_ignore_ascii_case(&name.label);
            let theirs = words[dataset].iter().find(|(label, _)| *label == &name.label);
            let theirs = theirs.or_else(|| words[dataset].iter().find(is_label)).expect("a known label").1;
            assert_eq!(ours.to_lowercase(), theirs.to_lowercase(), "{dataset}: {path}");
        }
        // One name of ASVP-ESD has a code that no document knows; PAVOQUE's outtakes are of several styles.
        let want = match dataset.as_str() {
            "asvpesd" => 1,
            "pavoque" => 1,
            _ => 0,
        };
        assert_eq!(dropped.len(), want, "{dataset}: {dropped:?}");
        let speakers: BTreeSet<&str> = corpus.utterances.column("speaker").iter().flatten().collect();
        let count = SPEAKERS.iter().find(|(theirs, _)| theirs == dataset).expect("every corpus is listed").1;
        assert_eq!(speakers.len(), count, "{dataset}");
    }
    assert_eq!(read_from_names, 25);
}

pub fn every_fold_is_the_published_one(emobox: &EmoBox) {
    let protocol = Protocol::known("protocol", "emobox").expect("it is known");
    for (dataset, names) in names(emobox) {
        // Each of PAVOQUE's six files holds a style: its row is both test and train.
        let Some(published) = protocol.of(Some(preset(&dataset))) else {
            assert_eq!(dataset, "pavoque");
            continue;
        };
        let cells = cells(&dataset, published.column.as_deref(), &names);
        let known = cells.iter().map(Option::is_some).collect::<Vec<_>>();
        let cells = cells.iter().map(Option::as_deref).collect::<Vec<_>>();
        if cells.iter().all(Option::is_none) {
            continue;
        }
        let folds = published.sides(Some(preset(&dataset)), &cells);
        let count = names.iter().filter_map(|name| name.test_folds.parse::<usize>().ok()).max().expect("a test side");
        assert_eq!((folds.len(), published.count(preset(&dataset))), (count, Some(count)), "{dataset}");
        // The table has no train side of these: whoever is not tested is train, or dev.
        let has_train = names.iter().any(|name| !name.train_folds.is_empty());
        for (number, fold) in folds.iter().enumerate() {
            let number = (number + 1).to_string();
            let is_in = |list: &str| list.split(',').any(|one| one == number);
            for (row, (name, side)) in names.iter().zip(fold).enumerate().filter(|(row, _)| known[*row]) {
                let want = match (is_in(&name.test_folds), is_in(&name.train_folds)) {
                    (true, _) => Some(Side::Test),
                    (false, true) => Some(Side::Train),
                    // The table lacks the train sides of ESD.
                    (false, false) if !has_train && !name.test_folds.is_empty() => Some(Side::Train),
                    // Test sets of MER 2023 that EmoBox leaves alone; else the dev side of the corpus' authors.
                    (false, false) if dataset == "mer2023" => None,
                    (false, false) => Some(Side::Dev),
                };
                assert_eq!(*side, want, "{dataset}, fold {number}, row {row}: {}", name.path);
            }
        }
    }
}

/// What tells the fold of each utterance: the value of the column, or the key. None: its label is dropped.
fn cells(dataset: &str, column: Option<&str>, names: &[Name]) -> Vec<Option<String>> {
    if OF_LABEL_FILES.contains(&dataset) {
        // The sides of MSP-Podcast stand in its label file alone: nothing follows from a path.
        let is_told = dataset != "msppodcast";
        return names.iter().map(|name| is_told.then(|| of_label_file(dataset, &name.path))).collect();
    }
    let rows = read(dataset, names).utterances;
    let column = column.unwrap_or("utterance_id");
    let at = rows.names().iter().position(|known| known == column);
    let values = at.map_or_else(|| rows.column(column), |at| &rows.texts()[at]);
    let bare = |value: &str| value.trim_start_matches("c/").to_owned();
    let by_path: BTreeMap<&str, String> =
        rows.column("path").iter().flatten().zip(values.iter().flatten().map(bare)).collect();
    names.iter().map(|name| by_path.get(converted(&name.path).as_str()).cloned()).collect()
}

/// The same of a corpus whose label files are not at hand: what they say follows from the path.
fn of_label_file(dataset: &str, path: &str) -> String {
    let stem = path.rsplit('/').next().and_then(|file| file.split('.').next()).unwrap_or_default();
    match dataset {
        "iemocap" => stem[4..5].to_owned(),
        "meld" if path.starts_with("output") => "test".to_owned(),
        "meld" => path.split(['/', '_']).next().unwrap_or_default().to_owned(),
        "mer2023" if path.contains("/test3/") => "test3".to_owned(),
        "mer2023" => path.trim_start_matches("mer2023").split('/').next().unwrap_or_default().to_owned(),
        "m3ed" => stem.split('_').nth(1).unwrap_or_default().to_owned(),
        _ => stem.to_owned(),
    }
}
