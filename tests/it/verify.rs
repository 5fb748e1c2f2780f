//! What a run's records vouch for: `ser verify`, and stages that read what is no longer what was written.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use parquet::file::metadata::ParquetMetaDataReader;
use ser_etl::schema::{Reject, Row};

use crate::predict::read;
use crate::util::job::{all_files, assert_same, results, run, workplace};
use crate::util::s3_server::Server;
use crate::util::{failure, ser, stdout};

/// Puts other bytes into the middle of a file, which keeps its size.
fn alter(path: &Path) {
    let mut bytes = fs::read(path).expect("readable");
    let middle = bytes.len() / 3..bytes.len() / 2;
    bytes[middle].iter_mut().for_each(|byte| *byte ^= 0x55);
    fs::write(path, bytes).expect("written");
}

/// Puts other bytes into the last column of a table: a feature, which readers of keys do not see.
fn alter_last_column(path: &Path) {
    let mut bytes = fs::read(path).expect("readable");
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&Bytes::from(bytes.clone())).expect("a footer");
    let (start, length) = metadata.row_group(0).columns().last().expect("a column").byte_range();
    let end = (start + length) as usize;
    bytes[end - 4..end].iter_mut().for_each(|byte| *byte ^= 0x55);
    fs::write(path, bytes).expect("written");
}

fn one_of(folder: &Path) -> PathBuf {
    folder.join(all_files(folder).keys().next().expect("a file"))
}

/// What `ser verify` prints and says, where it finds something.
fn verify_fails(folder: &Path) -> (String, String) {
    let output = ser(folder, &["verify", "out"]);
    let (code, error) = failure(&output);
    assert_eq!(code, 5, "{error}");
    (String::from_utf8_lossy(&output.stdout).into_owned(), error)
}

#[test]
fn every_changed_file_of_a_run_is_named_and_made_anew_once_it_is_gone() {
    let folder = workplace();
    run(folder.path(), &["--out", "undisturbed"]);
    run(folder.path(), &[]);
    let out = folder.path().join("out");
    let text = stdout(&ser(folder.path(), &["verify", "out"]));
    let files = results(&out).len() + 3;
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(
        text.starts_with(&format!("verified   {files} files, ")),
        "three kept tables of ingest and extract: {text}"
    );
    assert_eq!(run(folder.path(), &[]).matches("up to date").count(), 6, "looking changes nothing");

    let part = one_of(&out.join("features"));
    let weights = out.join("models/mlp/fold-0/weights.safetensors");
    let (report, fits, stamps) = (out.join("report.md"), out.join("fits.parquet"), out.join("run/files.parquet"));
    [&part, &weights, &stamps].into_iter().for_each(|path| alter(path));
    fs::write(&report, "another report").expect("written");
    fs::remove_file(&fits).expect("removed");
    fs::write(out.join("features/mine.txt"), "mine").expect("written");
    let (printed, error) = verify_fails(folder.path());
    let name = part.file_name().expect("a name").to_string_lossy().into_owned();
    for line in [
        format!("extract    features/{name} has changed since it was written"),
        "train      models/mlp/fold-0/weights.safetensors has changed since it was written".to_owned(),
        "ingest     run/files.parquet has changed since it was written".to_owned(),
        "evaluate   report.md has 14 bytes, not ".to_owned(),
        "train      fits.parquet is missing".to_owned(),
        "note       `features/mine.txt` is in no record".to_owned(),
    ] {
        assert!(printed.lines().any(|printed| printed.starts_with(&line)), "{line}\n{printed}");
    }
    assert_eq!(printed.lines().count(), 6, "{printed}");
    assert!(
        error.contains(&format!("5 of {files} files")) && error.contains("hint: remove the changed ones"),
        "{error}"
    );

    // The advice, followed.
    [&part, &weights, &stamps, &report].into_iter().for_each(|path| fs::remove_file(path).expect("removed"));
    fs::remove_file(out.join("features/mine.txt")).expect("removed");
    run(folder.path(), &[]);
    assert_same(&folder.path().join("undisturbed"), &out);
    stdout(&ser(folder.path(), &["verify", "out"]));
}

#[test]
fn records_that_are_missing_or_cannot_be_read_are_said() {
    let folder = workplace();
    for nothing in ["corpus", "nowhere"] {
        let (code, error) = failure(&ser(folder.path(), &["verify", nothing]));
        assert_eq!(code, 3, "{error}");
        assert!(error.contains(nothing) && error.contains("not the output of a run"), "{error}");
        assert!(!folder.path().join(nothing).join("run").exists(), "it writes nothing there");
    }
    run(folder.path(), &["--out", "undisturbed"]);
    run(folder.path(), &[]);
    let out = folder.path().join("out");
    fs::remove_file(out.join("run/evaluate.json")).expect("removed");
    let text = stdout(&ser(folder.path(), &["verify", "out"]));
    assert!(text.contains("note       stage `evaluate` has not finished here"), "{text}");
    for stage in ["ingest", "extract", "train"] {
        let record = out.join(format!("run/{stage}.json"));
        let text = fs::read(&record).expect("a record");
        fs::write(&record, &text[..text.len() / 2]).expect("written");
    }
    let seal = out.join("run/train/svm/fold-0/seed-0.json");
    fs::write(&seal, &fs::read(&seal).expect("a seal")[..40]).expect("written");
    let (printed, _) = verify_fails(folder.path());
    assert!(printed.contains("train      run/train.json is not a record"), "{printed}");
    // As good as none.
    assert!(run(folder.path(), &[]).contains("8 fits, 1 of them new"));
    assert_same(&folder.path().join("undisturbed"), &out);
}

#[test]
fn a_run_in_flight_is_not_verified() {
    let folder = workplace();
    run(folder.path(), &[]);
    let long = ["run", "pipeline.toml", "--set", "train.mlp.epochs=100000", "--set", "train.mlp.patience=0"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_ser"));
    let command = command.current_dir(folder.path()).args(long).stdout(Stdio::null()).stderr(Stdio::null());
    let mut running = command.spawn().expect("ser starts");
    while folder.path().join("out/run/train.json").exists() {
        assert!(running.try_wait().expect("asked").is_none(), "it ended early");
        std::thread::sleep(Duration::from_millis(5));
    }
    let verified = ser(folder.path(), &["verify", "out"]);
    running.kill().expect("killed");
    running.wait().expect("waited for");
    let (code, error) = failure(&verified);
    assert!(code == 4 && error.contains("another run"), "{code} {error}");
}

#[test]
fn a_stage_does_not_read_what_was_changed_since() {
    let folder = workplace();
    run(folder.path(), &["--out", "fresh", "--set", "train.svm.c=2.5"]);
    run(folder.path(), &[]);
    let out = folder.path().join("out");
    let part = one_of(&out.join("features"));
    let tables = ["splits", "normalization", "feature_dictionary"].map(|name| out.join(format!("{name}.parquet")));
    for (stage, path) in ["extract", "split", "normalize", "extract"].iter().zip([&part].into_iter().chain(&tables)) {
        let good = fs::read(path).expect("readable");
        alter_last_column(path);
        let (code, error) = failure(&ser(folder.path(), &["run", "pipeline.toml", "--set", "train.svm.c=2.5"]));
        let name = path.file_name().expect("a name").to_string_lossy();
        assert!(code == 3 && error.contains(&*name), "{code} {error}");
        assert!(
            error.contains(&format!("has changed since `ser {stage}` wrote it")) && error.contains("hint: remove it"),
            "{error}"
        );
        if path.ends_with("splits.parquet") {
            fs::write(path, good).expect("written");
        } else {
            // The advice, followed.
            fs::remove_file(path).expect("removed");
            run(folder.path(), &[]);
        }
    }
    run(folder.path(), &["--set", "train.svm.c=2.5"]);
    assert_same(&folder.path().join("fresh"), &out);
    let (code, error) = {
        alter(&out.join("predictions.parquet"));
        failure(&ser(folder.path(), &["compare", "fresh", "out"]))
    };
    assert!(code == 3 && error.contains("predictions.parquet` has changed since `ser train` wrote it"), "{error}");
}

#[test]
fn keys_that_were_changed_since_are_not_read() {
    let folder = workplace();
    run(folder.path(), &[]);
    let path = folder.path().join("out/run/extract.json");
    let text = fs::read_to_string(&path).expect("a record");
    let mut record: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    record["contents"]["feature keys"] = "another".into();
    fs::write(&path, record.to_string()).expect("written");
    let other_split = || failure(&ser(folder.path(), &["run", "pipeline.toml", "--set", "split.dev=0.2"]));
    let (code, error) = other_split();
    assert!(code == 3 && error.contains("out/features/` has changed since `ser extract` wrote it"), "{code} {error}");
    fs::write(&path, text).expect("written");
    let part = one_of(&folder.path().join("out/features"));
    alter(&part);
    let (code, error) = other_split();
    let name = part.file_name().expect("a name").to_string_lossy();
    assert!(
        code == 3 && error.contains(&format!("{name}` has changed since `ser extract` wrote it")),
        "{code} {error}"
    );
}

#[test]
fn a_part_that_was_changed_since_is_not_vouched_for_by_the_next_record() {
    let folder = workplace();
    run(folder.path(), &["--out", "undisturbed"]);
    run(folder.path(), &[]);
    let out = folder.path().join("out");
    alter_last_column(&one_of(&out.join("features")));
    // Extract has work to do, though not on this part.
    fs::remove_file(out.join("feature_dictionary.parquet")).expect("removed");
    run(folder.path(), &[]);
    assert_same(&folder.path().join("undisturbed"), &out);
}

#[test]
fn deleted_rejects_come_back_whole() {
    let folder = workplace();
    fs::write(folder.path().join("corpus/no-label.wav"), b"").expect("written");
    let speaker = folder.path().join("corpus/spk99_female");
    fs::create_dir(&speaker).expect("made");
    fs::write(speaker.join("anger_s01_r1.wav"), b"").expect("written");
    run(folder.path(), &[]);
    let rejects = folder.path().join("out/rejects.parquet");
    let good = fs::read(&rejects).expect("written");
    let stages = || read::<Reject>(&rejects).rows.into_iter().map(|row| row.stage).collect::<Vec<_>>();
    assert!(stages().contains(&"ingest".to_owned()) && stages().contains(&"extract".to_owned()), "{:?}", stages());
    for kept in ["", "ingest", "extract"] {
        if !kept.is_empty() {
            fs::remove_file(folder.path().join(format!("out/run/{kept}.rejects.parquet"))).expect("removed");
        }
        fs::remove_file(&rejects).expect("removed");
        run(folder.path(), &[]);
        assert!(fs::read(&rejects).expect("written") == good, "{kept}");
    }
    // What only ingest refuses changes: the table follows, and extract computes nothing.
    fs::rename(folder.path().join("corpus/no-label.wav"), folder.path().join("corpus/no-lapel.wav")).expect("moved");
    run(folder.path(), &[]);
    assert!(read::<Reject>(&rejects).rows.iter().any(|row| row.path == "no-lapel.wav"));
    stdout(&ser(folder.path(), &["verify", "out"]));
    assert_eq!(Reject::table().name, "rejects");
}

#[test]
fn predictions_and_runs_in_a_bucket_are_verified_too() {
    let folder = workplace();
    let server = Server::start();
    server.upload(&folder.path().join("corpus"), "corpus");
    let place = ["--out", "s3://bucket/out", "--set", "corpus.0.source=s3://bucket/corpus"];
    stdout(&server.ser(folder.path(), &[&["run", "pipeline.toml"][..], &place].concat()));
    let predict =
        ["predict", "s3://bucket/out/models/mlp/fold-0", "s3://bucket/corpus/**/*.wav", "--out", "s3://bucket/said"];
    stdout(&server.ser(folder.path(), &predict));
    for (run, path) in [("out", "metrics.parquet"), ("said", "inferences.parquet")] {
        let uri = format!("s3://bucket/{run}");
        stdout(&server.ser(folder.path(), &["verify", &uri]));
        alter(&server.objects().join(run).join(path));
        server.forget_tags();
        let output = server.ser(folder.path(), &["verify", &uri]);
        let (code, error) = failure(&output);
        assert_eq!(code, 5, "{error}");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(printed.contains(&format!("{path} has changed since it was written")), "{printed}");
    }
}

#[test]
fn a_table_that_no_longer_parses_is_named_with_its_path() {
    let folder = workplace();
    run(folder.path(), &["--set", "train.models=['majority']"]);
    let out = folder.path().join("out");
    for (stage, table) in [("normalize", "splits"), ("train", "normalization"), ("evaluate", "labels")] {
        let path = out.join(format!("{table}.parquet"));
        let whole = fs::read(&path).expect("readable");
        // Of the same size, so that a rerun does not see it.
        let broken = [&whole[..whole.len() - 16], &[0xff; 12], b"PAR1"].concat();
        fs::write(&path, broken).expect("written");
        let flags = [stage, "pipeline.toml", "--force", "--set", "train.models=['majority']"];
        let (code, error) = failure(&ser(folder.path(), &flags));
        let words = format!("out/{table}.parquet`: table `{table}` cannot be read");
        assert!(code == 3 && error.contains(&words), "{code} {error}\nshould say {words}");
        fs::write(&path, whole).expect("written");
    }
}
