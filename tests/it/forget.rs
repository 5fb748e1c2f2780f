//! `ser forget` and `ser clean`, through the programs.

use std::fs;
use std::path::Path;

use arrow::array::AsArray;
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::util::job::{all_files, assert_same, run, workplace};
use crate::util::s3_server::Server;
use crate::util::{failure, ser, stdout};

const LOSO: [&str; 10] = [
    "--set",
    "train.models=['naive-bayes', 'kernel-ridge']",
    "--set",
    "split.scheme=loso",
    "--set",
    "split.dev=0",
    "--set",
    "extract.frames=true",
    "--set",
    "extract.part_rows=3",
];

const SPEAKER: &str = "synthetic/spk05";

fn forget(at: &Path, flags: &[&str]) -> std::process::Output {
    ser(at, &[&["forget", "pipeline.toml"], flags].concat())
}

/// Files below a folder that name the speaker, in their path or in what they hold.
fn naming(folder: &Path, word: &str) -> Vec<String> {
    let names = |(path, content): &(String, Vec<u8>)| path.contains(word) || holds(path, content, word);
    all_files(folder).into_iter().filter(names).map(|(path, _)| path).collect()
}

fn holds(path: &str, content: &[u8], word: &str) -> bool {
    if !path.ends_with(".parquet") {
        return content.windows(word.len()).any(|window| window == word.as_bytes());
    }
    let file = Bytes::copy_from_slice(content);
    let batches = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet").build().expect("a reader");
    batches.map(|batch| batch.expect("a batch")).any(|batch| {
        let texts = batch.columns().iter().filter_map(|column| column.as_string_opt::<i32>());
        texts.flat_map(|column| column.iter().flatten()).any(|cell| cell.contains(word))
    })
}

#[test]
fn a_speaker_is_gone_from_every_file_and_stays_away() {
    let folder = workplace();
    let at = folder.path();
    run(at, &LOSO);
    stdout(&ser(at, &["accept", "out"]));
    // Staged parts of another state of the pipeline have the speaker too.
    stdout(&ser(at, &[&["ingest", "pipeline.toml"], &LOSO[..]].concat()));
    stdout(&ser(
        at,
        &[&["extract", "pipeline.toml", "--shard", "1/1", "--set", "extract.part_rows=4"], &LOSO[..8]].concat(),
    ));
    let before = naming(&at.join("out"), "spk05");
    for word in ["utterances.parquet", "features/", "frames/", "run/extract/", "run/train/", "report.html"] {
        assert!(before.iter().any(|path| path.starts_with(word)), "{word}: {before:?}");
    }
    let before = all_files(&at.join("out"));
    let listed = stdout(&forget(at, &["--speaker", SPEAKER, "--dry-run"]));
    assert_eq!(all_files(&at.join("out")), before, "a dry run removes nothing");
    assert!(listed.contains("would remove utterances.parquet"), "{listed}");
    let said = stdout(&forget(at, &["--speaker", SPEAKER]));
    assert_eq!(said.lines().count(), listed.lines().count());
    assert_eq!(naming(&at.join("out"), "spk05"), Vec::<String>::new());
    assert_eq!(naming(&at.join("accepted"), "spk05"), Vec::<String>::new());
    // The model that was tested on the speaker did not learn from the speaker; all others did.
    let stays = said.lines().filter(|line| line.starts_with("did not learn from the speaker")).collect::<Vec<_>>();
    assert_eq!(
        stays,
        ["kernel-ridge", "naive-bayes"]
            .map(|model| format!("did not learn from the speaker, stays: models/{model}/fold-4"))
    );
    assert_eq!(said.matches("learned from the speaker: ").count(), 16, "{said}");
    assert_eq!(said.matches("recording of corpus `synthetic`, stays: spk05_male/").count(), 3, "{said}");
    let kept = all_files(&at.join("out")).keys().filter(|path| path.starts_with("features/")).count();
    assert!(kept > 3, "parts without the speaker stay");
    // The next run has the other speakers, as a corpus without this one would.
    run(at, &LOSO);
    assert_eq!(naming(&at.join("out"), "spk05"), Vec::<String>::new());
    fs::rename(at.join("corpus/spk05_male"), at.join("hidden")).expect("moved");
    run(at, &[&LOSO[..], &["--out", "without"]].concat());
    assert_same(&at.join("out"), &at.join("without"));
    fs::rename(at.join("hidden"), at.join("corpus/spk05_male")).expect("moved");
    assert_eq!(run(at, &LOSO).matches("up to date").count(), 6);
    let again = stdout(&forget(at, &["--speaker", SPEAKER]));
    assert!(again.contains("removed"), "a second time is no error: {again}");
    // What is left of the accepted run holds the split.
    run(at, &[&LOSO[..], &["--set", "split.frozen=accepted.json"]].concat());
}

#[test]
fn who_is_not_there_is_not_forgotten() {
    let folder = workplace();
    let at = folder.path();
    run(at, &LOSO);
    for speaker in ["spk05", "synthetic/spk99", ""] {
        let (code, text) = failure(&forget(at, &["--speaker", speaker]));
        assert!(code == 2 && text.contains("no table of the output has this speaker"), "{text}");
        assert!(text.contains("such as \"synthetic/spk0"), "{text}");
    }
    fs::write(at.join("out/run/forgotten.json"), "[]").expect("written");
    for arguments in [&["run", "pipeline.toml"][..], &["forget", "pipeline.toml", "--speaker", SPEAKER]] {
        let (code, text) = failure(&ser(at, arguments));
        assert!(code == 3 && text.contains("forgotten.json") && text.contains("restore the file"), "{text}");
    }
}

#[test]
fn a_speaker_is_removed_from_a_bucket() {
    let folder = workplace();
    let server = Server::start();
    let out = ["--out", "s3://bucket/run"];
    stdout(&server.ser(folder.path(), &[&["run", "pipeline.toml"], &LOSO[..], &out].concat()));
    let said =
        stdout(&server.ser(folder.path(), &[&["forget", "pipeline.toml", "--speaker", SPEAKER], &out[..]].concat()));
    assert!(said.contains("removed report.html"), "{said}");
    let left = naming(&server.objects().join("bucket/run"), "spk05");
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn clean_removes_what_no_table_needs() {
    let folder = workplace();
    let at = folder.path();
    let clean = |flags: &[&str]| stdout(&ser(at, &[&["clean", "out"], flags].concat()));
    run(at, &LOSO);
    assert!(clean(&[]).starts_with("removed 0 files"), "a finished run has nothing to clean");
    let finished = all_files(&at.join("out"));
    // Parts of another state of the pipeline, which a worker staged after a plan that nobody followed.
    let other = ["--set", "features.set=standard"];
    stdout(&ser(at, &[&["extract", "pipeline.toml", "--shard", "1/1"], &LOSO[..], &other].concat()));
    stdout(&ser(at, &[&["plan", "pipeline.toml"], &LOSO[..]].concat()));
    fs::write(at.join("out/features/mine.parquet"), "mine").expect("written");
    fs::write(at.join("out/features/.unfinished-run-1-1"), "half").expect("written");
    let listed = clean(&["--dry-run"]);
    assert!(listed.contains("would remove run/extract/") && !listed.contains("mine.parquet"), "{listed}");
    let said = clean(&[]);
    assert_eq!(said.replace("removed ", "would remove "), listed);
    let mut left = all_files(&at.join("out"));
    assert_eq!(left.remove("features/mine.parquet").as_deref(), Some(&b"mine"[..]));
    left.remove("run/parts.json");
    assert_eq!(left.keys().collect::<Vec<_>>(), finished.keys().collect::<Vec<_>>());
    assert_eq!(run(at, &LOSO).matches("up to date").count(), 6);
    // What workers have staged for the plan that is kept stays.
    let more = [&LOSO[..], &other].concat();
    stdout(&ser(at, &[&["plan", "pipeline.toml"], &more[..]].concat()));
    stdout(&ser(at, &[&["extract", "pipeline.toml", "--shard", "1/2"], &more[..]].concat()));
    assert!(clean(&[]).starts_with("removed 0 files"));
    let (code, text) = failure(&ser(at, &["clean", "corpus"]));
    assert!(code == 3 && text.contains("has no record of a stage"), "{text}");
}
