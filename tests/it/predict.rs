//! `ser predict`, through the program: the run's own probabilities, refusals, one speaker an input.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use bytes::Bytes;
use ser_etl::schema::{Inference, Prediction, Reject, Row, Table};
use ser_etl::table;
use tempfile::TempDir;

use crate::deploy::recard;
use crate::util::job::{PIPELINE, run};
use crate::util::s3_server::Server;
use crate::util::{failure, ser, stdout};

const MODELS: [&str; 8] = ["mlp", "logistic", "svm", "kernel-ridge", "naive-bayes", "tree", "forest", "majority"];
/// Whose input has nine files; six speakers have such.
const SPEAKER: &str = "corpus/spk01_male";

/// A folder with a synthetic corpus of nine files a speaker, and a pipeline file.
pub fn workplace() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let flags = ["synth", "corpus", "--speakers", "6", "--sentences", "1", "--repetitions", "3"];
    stdout(&ser(folder.path(), &[&flags[..], &["--emotions", "anger,neutral,sadness"]].concat()));
    fs::write(folder.path().join("pipeline.toml"), PIPELINE).expect("written");
    folder
}

/// The same, with a run in `out` that trained naive Bayes alone.
fn trained() -> TempDir {
    let folder = workplace();
    run(folder.path(), &["--set", "train.models=['naive-bayes']"]);
    folder
}

const MODEL: &str = "out/models/naive-bayes/fold-0";

pub fn read<R: Row>(file: &Path) -> Table<R> {
    let file = fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    table::read(Bytes::from(file)).expect("a table of ser-etl").0
}

pub fn inferences(folder: &Path, out: &str) -> Table<Inference> {
    read(&folder.join(out).join("inferences.parquet"))
}

fn rejects(folder: &Path, out: &str) -> Vec<Reject> {
    read::<Reject>(&folder.join(out).join("rejects.parquet")).rows
}

/// Prediction and probabilities of a model's test rows, by path below the corpus.
fn of_run(folder: &Path, out: &str, model: &str) -> BTreeMap<String, (String, Vec<f32>)> {
    let table = read::<Prediction>(&folder.join(out).join("predictions.parquet"));
    let rows = table.rows.iter().enumerate().filter(|(_, row)| row.model == model && row.split == "test");
    let path = |id: &str| format!("{}.wav", id.strip_prefix("synthetic/").expect("the corpus"));
    rows.map(|(at, row)| (path(&row.utterance_id), (row.predicted.clone(), table.float.row(at).to_vec()))).collect()
}

/// Prediction and probabilities by path.
pub fn of_files(table: &Table<Inference>) -> BTreeMap<String, (String, Vec<f32>)> {
    let row =
        |(at, row): (usize, &Inference)| (row.path.clone(), (row.predicted.clone(), table.float.row(at).to_vec()));
    table.rows.iter().enumerate().map(row).collect()
}

#[test]
fn files_get_the_probabilities_that_the_run_gave_them() {
    let folder = workplace();
    run(folder.path(), &[]);
    for model in MODELS {
        let place = format!("out/models/{model}/fold-0");
        let printed = stdout(&ser(folder.path(), &["predict", &place, "corpus", "--out", model]));
        assert!(printed.contains(&format!("54 utterances by {model} (inductive)")), "{printed}");
        let table = inferences(folder.path(), model);
        assert_eq!(table.float.names, ["p_anger", "p_neutral", "p_sadness"]);
        assert!(table.rows.is_sorted_by_key(|row| &row.path) && table.rows.iter().all(|row| row.duration_s > 0.1));
        let (files, tested) = (of_files(&table), of_run(folder.path(), "out", model));
        assert!(files.len() == 54 && tested.len() >= 9, "{} {}", files.len(), tested.len());
        for (path, want) in tested {
            assert_eq!(files[&path], want, "{model} {path}");
        }
    }
}

#[test]
fn threads_and_the_way_that_files_are_named_move_no_byte() {
    let folder = trained();
    let table = |out: &str| fs::read(folder.path().join(out).join("inferences.parquet")).expect("written");
    let predict = |inputs: &[&str], flags: &[&str]| {
        let arguments = [&["predict", MODEL], inputs, flags].concat();
        stdout(&ser(folder.path(), &arguments))
    };
    predict(&["corpus"], &["--out", "one", "--threads", "1"]);
    predict(&["corpus/**/*.wav"], &["--out", "two", "--threads", "2"]);
    let speakers = ["corpus/spk06_female", "corpus/spk0[1-5]_*/*_r*.wav", "corpus/../corpus/spk02_female"];
    predict(&speakers, &["--out", "three"]);
    assert!(table("one") == table("two") && table("one") == table("three"));
    // A single file lies in its folder.
    predict(&["corpus/spk02_female/anger_s01_r1.wav"], &["--out", "four"]);
    assert_eq!(inferences(folder.path(), "four").rows[0].path, "anger_s01_r1.wav");
}

#[test]
fn a_second_time_does_no_work_and_a_changed_file_does() {
    let folder = trained();
    let predict = |flags: &[&str]| stdout(&ser(folder.path(), &[&["predict", MODEL, "corpus"], flags].concat()));
    assert!(predict(&["--dry-run"]).contains("would run on 54 files"));
    assert!(!folder.path().join("predictions").exists(), "a dry run writes nothing");
    let first = predict(&[]);
    let again = predict(&[]);
    assert!(!first.contains("up to date") && again.contains("up to date"), "{first}{again}");
    assert_eq!(first.lines().skip(1).collect::<Vec<_>>(), again.lines().skip(1).collect::<Vec<_>>());
    assert!(!predict(&["--force"]).contains("up to date"));
    assert_eq!(predict(&["--quiet"]), "");
    fs::remove_file(folder.path().join(SPEAKER).join("anger_s01_r1.wav")).expect("removed");
    assert!(predict(&[]).contains("53 utterances"));
}

#[test]
fn bad_files_are_rejects_and_stop_nothing() {
    let folder = trained();
    let speaker = folder.path().join(SPEAKER);
    let good = fs::read(speaker.join("anger_s01_r1.wav")).expect("readable");
    fs::write(speaker.join("empty.wav"), b"").expect("written");
    fs::write(speaker.join("text.wav"), b"this is no audio at all, whatever its name says").expect("written");
    fs::write(speaker.join("cut.flac"), &good[..good.len() / 2]).expect("written");
    fs::write(speaker.join("notes.txt"), b"not looked at").expect("written");
    let flags = ["predict", MODEL, SPEAKER, "--max-reject-rate", "0.5"];
    let printed = stdout(&ser(folder.path(), &flags));
    assert!(printed.contains("9 utterances") && printed.contains("3 rejects"), "{printed}");
    assert!(printed.contains("rejects.not_audio"), "{printed}");
    let codes = rejects(folder.path(), "predictions").into_iter().map(|row| (row.path, row.code, row.stage));
    let want = [("cut.flac", "truncated"), ("empty.wav", "empty_file"), ("text.wav", "not_audio")];
    let want = want.map(|(path, code)| (path.to_owned(), code.to_owned(), "predict".to_owned()));
    assert_eq!(codes.collect::<Vec<_>>(), want);
    fs::write(speaker.join("phone.amr"), b"not looked at, and so no cause").expect("written");
    let causes = "3 of 12 files were refused";
    for _ in 0..2 {
        let (code, error) = failure(&ser(folder.path(), &["predict", MODEL, SPEAKER, "--out", "strict"]));
        assert!(error.contains("(empty_file 1, not_audio 1, truncated 1)"), "{error}");
        assert!(code == 3 && error.contains(causes) && error.contains("--max-reject-rate"), "{code} {error}");
        assert_eq!(inferences(folder.path(), "strict").rows.len(), 9, "the good rows are safe");
    }
    // A file that is named is tried whatever it is called; nothing but rejects is a table without rows.
    let notes = format!("{SPEAKER}/notes.txt");
    let flags = ["predict", MODEL, &notes, "--out", "none", "--max-reject-rate", "1"];
    assert!(stdout(&ser(folder.path(), &flags)).contains("0 utterances"));
    assert_eq!(inferences(folder.path(), "none").float.names.len(), 3);
}

#[test]
fn wrong_commands_and_inputs_are_refused_in_words() {
    let folder = trained();
    fs::create_dir(folder.path().join("empty")).expect("made");
    fs::create_dir(folder.path().join("texts")).expect("made");
    fs::write(folder.path().join("texts/a.txt"), b"text").expect("written");
    let cases: [(&[&str], i32, &str); 15] = [
        (&[], 2, "MODEL"),
        (&[MODEL], 2, "INPUT"),
        (&[MODEL, "corpus", "--treads", "2"], 2, "--threads"),
        (&[MODEL, "corpus", "--max-reject-rate", "2"], 2, "0 to 1"),
        (&[MODEL, "corpus", "--out", ""], 2, "--out"),
        (&[MODEL, "corpus", "--out", "out"], 2, "holds a run"),
        (&[MODEL, "corpus", "s3://bucket/x"], 2, "another store"),
        (&[MODEL, "ftp://host/x"], 2, "unknown scheme `ftp`"),
        (&[MODEL, "corpus/[z-a].wav"], 2, "backwards"),
        (&[MODEL, "nowhere"], 3, "nowhere` does not exist"),
        (&[MODEL, "empty"], 3, "holds no file"),
        (&[MODEL, "texts"], 3, "holds no audio file (files seen: 1;"),
        (&[MODEL, "corpus/*.mp3"], 3, "matches no audio file"),
        (&["out/models/naive-bayes", "corpus"], 3, "fold-0"),
        (&["nowhere", "corpus"], 3, "no file `weights.safetensors`"),
    ];
    for (arguments, want, word) in cases {
        let (code, error) = failure(&ser(folder.path(), &[&["predict"], arguments].concat()));
        assert_eq!(code, want, "{arguments:?}: {error}");
        assert!(error.contains(word), "{arguments:?} should say {word}: {error}");
    }
    assert!(!folder.path().join("predictions/inferences.parquet").exists(), "nothing was written");
}

#[test]
fn models_that_cannot_be_used_are_refused_in_words() {
    let folder = trained();
    let card = folder.path().join(MODEL).join("model.json");
    let good = fs::read_to_string(&card).expect("readable");
    let cases = [
        ("\"format\": 5", "\"format\": 4", "train the model again"),
        ("\"version\": 1", "\"version\": 7", "features.version"),
        ("\"n_fft\": 512", "\"n_fft\": 500", "features.frame.n_fft"),
        ("\"sample_rate_hz\": 16000", "\"sample_rate_hz\": 5", "audio.sample_rate_hz"),
        ("\"rms_mean\"", "\"rms_median\"", "these are missing: `rms_median`"),
        ("\"scope\": \"corpus\"", "\"scope\": \"room\"", "of scope `room` is unknown"),
        ("\"scope\"", "\"scoop\"", "corrupt"),
    ];
    for (from, to, word) in cases {
        assert!(good.contains(from), "{from} in {good}");
        fs::write(&card, good.replacen(from, to, 1)).expect("written");
        recard(&folder.path().join(MODEL));
        let (code, error) = failure(&ser(folder.path(), &["predict", MODEL, "corpus"]));
        assert!(code == 3 && error.contains(word) && error.contains(MODEL), "{to}: {code} {error}");
    }
    fs::remove_file(&card).expect("removed");
    let (code, error) = failure(&ser(folder.path(), &["predict", MODEL, "corpus"]));
    assert!(code == 3 && error.contains("no file `model.json`"), "{code} {error}");
}

#[test]
fn an_input_is_a_speaker_where_speakers_are_normalized() {
    let folder = workplace();
    run(folder.path(), &["--set", "train.models=['mlp']", "--set", "normalize.scope=speaker"]);
    let model = "out/models/mlp/fold-0";
    let speakers = fs::read_dir(folder.path().join("corpus")).expect("readable");
    let speakers = speakers.map(|entry| entry.expect("readable").path()).filter(|path| path.is_dir());
    let speakers = speakers.map(|path| path.display().to_string()).collect::<Vec<_>>();
    let inputs = speakers.iter().map(String::as_str).collect::<Vec<_>>();
    let printed = stdout(&ser(folder.path(), &[&["predict", model], &inputs[..]].concat()));
    assert!(printed.contains("54 utterances by mlp (transductive: 6 speakers"), "{printed}");
    // In quotes the folders are one input, and so one speaker: said, and warned of.
    let quoted = ser(folder.path(), &["predict", model, "corpus/*/", "--out", "quoted"]);
    let log = String::from_utf8_lossy(&quoted.stderr).into_owned();
    assert!(stdout(&quoted).contains("(transductive: 1 speaker, as"), "{}", stdout(&quoted));
    assert!(log.contains("taken as one speaker, but its files are in 6 folders"), "{log}");
    let alone = ser(folder.path(), &["predict", model, "corpus/spk02_female", "--out", "alone"]);
    assert!(stdout(&alone).contains("1 speaker,") && !String::from_utf8_lossy(&alone.stderr).contains("folders"));
    let table = inferences(folder.path(), "predictions");
    assert!(table.rows.iter().all(|row| row.path.split('/').next() == row.speaker.as_deref()));
    let files = of_files(&table);
    for (path, want) in of_run(folder.path(), "out", "mlp") {
        assert_eq!(files[&path], want, "{path}");
    }
    let cases: [(&[&str], &str); 3] = [
        (&["corpus/spk01_male/anger_*.wav"], "holds 3 audio files: this model was normalized speaker by speaker"),
        (&["corpus/spk01_male/anger_s01_r1.wav", "corpus/spk02_female"], "at least 8"),
        (&["corpus", "corpus/spk02_female"], "a file cannot belong to two"),
    ];
    for (inputs, word) in cases {
        let (code, error) = failure(&ser(folder.path(), &[&["predict", model], inputs].concat()));
        assert!(code == 3 && error.contains(word), "{inputs:?}: {code} {error}");
    }
    // Two bad files of nine leave seven, which are too few for statistics.
    for name in ["anger_s01_r1.wav", "anger_s01_r2.wav"] {
        fs::write(folder.path().join(SPEAKER).join(name), b"").expect("written");
    }
    let inputs = ["corpus/spk02_female", SPEAKER, "--max-reject-rate", "0.5"];
    let printed = stdout(&ser(folder.path(), &[&["predict", model], &inputs[..]].concat()));
    assert!(printed.contains("9 utterances") && printed.contains("9 rejects"), "{printed}");
    let few = rejects(folder.path(), "predictions").into_iter().filter(|row| row.code == "too_few_utterances");
    assert_eq!(few.count(), 7);
}

#[test]
fn a_bucket_gives_the_bytes_that_a_disk_gives() {
    let folder = trained();
    let server = Server::start();
    server.upload(&folder.path().join("corpus"), "corpus");
    server.upload(&folder.path().join("out/models"), "models");
    stdout(&ser(folder.path(), &["predict", MODEL, "corpus/*_female"]));
    let model = "s3://bucket/models/naive-bayes/fold-0";
    let flags = ["predict", model, "s3://bucket/corpus/*_female/*.wav", "--out", "s3://bucket/predicted"];
    let printed = stdout(&server.ser(folder.path(), &flags));
    assert!(printed.contains("27 utterances") && printed.contains("s3://bucket/predicted/inferences.parquet"));
    let table = |folder: &Path| fs::read(folder.join("inferences.parquet")).expect("written");
    assert!(table(&server.objects().join("predicted")) == table(&folder.path().join("predictions")));
    assert!(stdout(&server.ser(folder.path(), &flags)).contains("up to date"));
    let (code, error) = failure(&server.ser(folder.path(), &["predict", model, "s3://bucket/nothing"]));
    assert!(code == 3 && error.contains("s3://bucket/nothing"), "{code} {error}");
}

#[cfg(unix)]
#[test]
fn a_file_that_links_bring_in_twice_counts_once() {
    let folder = trained();
    let at = |path: &str| folder.path().join(path);
    fs::create_dir_all(at("in/a")).expect("a folder");
    fs::rename(at(SPEAKER), at("in/b")).expect("renamed");
    std::os::unix::fs::symlink("../b", at("in/a/tb")).expect("linked");
    let result = ser(folder.path(), &["predict", MODEL, "in/a", "in/b", "--out", "once"]);
    let log = String::from_utf8_lossy(&result.stderr).into_owned();
    stdout(&result);
    assert_eq!(inferences(folder.path(), "once").rows.len(), 9);
    assert!(log.contains("9 files left out: they are links to files of another input"), "{log}");
}

#[test]
fn an_output_among_the_audio_or_in_the_model_is_refused() {
    let folder = trained();
    for (out, word) in [("corpus", "tables and audio would mix"), (MODEL, "the folder of the model")] {
        for flags in [&[][..], &["--dry-run"]] {
            let arguments = ["predict", MODEL, "corpus", "--out", out];
            let (code, error) = failure(&ser(folder.path(), &[&arguments[..], flags].concat()));
            assert!(code == 2 && error.contains(word), "{out}: {code} {error}");
        }
        assert!(!folder.path().join(out).join("run").exists(), "nothing was written");
    }
}
