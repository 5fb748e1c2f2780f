//! The room as a whole: `build` and `merge` over listings and manifests.

mod columns;
mod filters;
mod listings;
mod manifests;
mod paths;
mod properties;
mod times;

use super::*;
use crate::corpus::Corpus;
use crate::schema::Table;

fn config(rest: &str) -> Corpus {
    toml::from_str(&format!("name = \"c\"\nsource = \"data\"\n{rest}")).expect("the test's TOML is sound")
}

fn files(paths: &[&str]) -> SourceFiles {
    paths.iter().map(|path| SourceFile { path, bytes: 44 }).collect()
}

/// The utterances, row by row.
fn unpacked(corpus: &LabelledCorpus) -> Table<Utterance> {
    corpus.utterances.table(0..corpus.utterances.len())
}

fn run(rest: &str, paths: &[&str]) -> Result<LabelledCorpus, CorpusError> {
    build(&config(rest), Source { root: ROOT, files: &files(paths), labels: &[] }, None, None, &Rules::default())
}

/// Where the source lies.
const ROOT: &str = "/srv/corpus/data";

fn run_manifest(rest: &str, paths: &[&str], csv: &str) -> Result<LabelledCorpus, CorpusError> {
    let config = config(&format!("manifest = \"m.csv\"\n{rest}"));
    let table = parse_text(&config, csv.as_bytes(), "m.csv")?;
    build(&config, Source { root: ROOT, files: &files(paths), labels: &[] }, Some(&table), None, &Rules::default())
}

fn or_dash(cell: &Option<String>) -> &str {
    cell.as_deref().unwrap_or("-")
}

/// One utterance a line: id, emotion, speaker, text, intensity, language.
fn lines(corpus: &LabelledCorpus) -> Vec<String> {
    let line = |u: &Utterance| {
        let fields = [&u.speaker, &u.text_id, &u.intensity, &u.language].map(or_dash);
        format!("{} {} {}", u.utterance_id, u.emotion, fields.join(" "))
    };
    unpacked(corpus).rows.iter().map(line).collect()
}

/// One label a line: source label, emotion, action, count.
fn labels(corpus: &LabelledCorpus) -> Vec<String> {
    corpus
        .labels
        .iter()
        .map(|l| format!("{} {} {} {}", l.source_label, or_dash(&l.emotion), l.action, l.utterances))
        .collect()
}

fn codes(corpus: &LabelledCorpus) -> Vec<String> {
    corpus.rejects.iter().map(|reject| format!("{} {}", reject.code, reject.path)).collect()
}

#[track_caller]
fn check_error(result: Result<LabelledCorpus, CorpusError>, wants: &[&str]) {
    let error = result.expect_err("an error was expected").to_string();
    for want in wants {
        assert!(error.contains(want), "{error}\nshould say {want}");
    }
}

/// A listing of RAVDESS.
const RAVDESS: [&str; 5] = [
    "Actor_02/03-01-05-02-01-01-02.wav",
    "Actor_01/03-01-01-01-01-01-01.wav",
    "Actor_01/03-02-05-01-01-01-01.wav",
    "Actor_01/01-01-05-01-01-01-01.mp4",
    "Actor_01/notes.txt",
];
