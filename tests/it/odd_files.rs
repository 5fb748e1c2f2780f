//! What lies among recordings and is none, and names that are asked for as they were listed: on disk, on S3 and in
//! `ser predict`.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use ser_etl::schema::{Reject, Utterance};
use tempfile::TempDir;

use crate::predict::{inferences, read};
use crate::util::job::{PIPELINE, results, run, workplace};
use crate::util::s3_server::Server;
use crate::util::{failure, ser, stdout};

const QUICK: [&str; 2] = ["--set", "train.models=['majority']"];

fn wavs(folder: &Path) -> Vec<String> {
    results(&folder.join("corpus")).into_keys().filter(|path| path.ends_with(".wav")).collect()
}

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo starts").success());
}

/// Waits for a command that must not wait for ever.
fn soon(mut command: Command) -> Output {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("ser starts");
    let start = Instant::now();
    while child.try_wait().expect("asked").is_none() {
        if start.elapsed() > Duration::from_secs(60) {
            child.kill().expect("killed");
            panic!("it waits for ever");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().expect("waited for")
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ser"));
    command.current_dir(folder).args(arguments);
    command
}

/// The same as somebody whom modes can keep out: root reads everything. Nobody else may be let into the folder of root's
/// build, so a copy of the program is run.
fn as_anybody(folder: &Path, arguments: &[&str]) -> Command {
    if fs::metadata("/proc/self").expect("there").uid() != 0 {
        return command(folder, arguments);
    }
    open_to_all(folder);
    let program = folder.join("ser");
    if !program.exists() {
        // Not by this process: a program that a fork of another test holds open for writing cannot be run.
        let copied = Command::new("cp").args([Path::new(env!("CARGO_BIN_EXE_ser")), &program]).status();
        assert!(copied.expect("cp starts").success());
    }
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("changed");
    let mut command = Command::new(program);
    command.current_dir(folder).args(arguments).uid(65534).gid(65534);
    command
}

fn open_to_all(path: &Path) {
    let found = fs::symlink_metadata(path).expect("there");
    if found.is_dir() && found.permissions().mode() & 0o777 != 0 {
        for entry in fs::read_dir(path).expect("readable") {
            open_to_all(&entry.expect("readable").path());
        }
        fs::set_permissions(path, fs::Permissions::from_mode(0o777)).expect("changed");
    } else if found.is_file() {
        fs::set_permissions(path, fs::Permissions::from_mode(0o666)).expect("changed");
    }
}

fn close(folder: &Path) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o000)).expect("changed");
}

/// Rejects of a run by path and code, and its warnings.
fn said(out: &Path, stage: &str) -> (Vec<(String, String)>, String) {
    let rejects = read::<Reject>(&out.join("rejects.parquet")).rows.into_iter().map(|row| (row.path, row.code));
    let record = fs::read_to_string(out.join(format!("run/{stage}.json"))).expect("readable");
    let warnings = record[record.find("\"warnings\"").expect("there")..].to_owned();
    (rejects.collect(), warnings)
}

/// Every file of the corpus in one folder, the folder's name before a backslash, as a zip made on Windows leaves them.
fn flatten(folder: &Path) {
    for path in wavs(folder) {
        let (speaker, name) = path.split_once('/').expect("a folder a speaker");
        let from = folder.join("corpus").join(&path);
        fs::rename(from, folder.join("corpus").join(format!("{speaker}\\{name}"))).expect("moved");
    }
}

#[test]
fn a_backslash_in_a_name_separates_what_is_read_and_stays_in_what_is_asked_for() {
    let folder = workplace();
    run(folder.path(), &[&QUICK[..], &["--out", "usual"]].concat());
    flatten(folder.path());
    let server = Server::start();
    server.upload(&folder.path().join("corpus"), "corpus");
    run(folder.path(), &QUICK);
    let bucket = ["--out", "s3://bucket/out", "--set", "corpus.0.source=s3://bucket/corpus"];
    stdout(&server.ser(folder.path(), &[&["run", "pipeline.toml"], &QUICK[..], &bucket].concat()));
    let usual = read::<Utterance>(&folder.path().join("usual/utterances.parquet")).rows;
    for out in [folder.path().join("out"), server.objects().join("out")] {
        let rows = read::<Utterance>(&out.join("utterances.parquet")).rows;
        assert!(rows.len() == 27 && rows.iter().all(|row| row.path.contains('\\')));
        let as_usual = |row: &Utterance| Utterance { path: row.path.replace('\\', "/"), ..row.clone() };
        assert_eq!(rows.iter().map(as_usual).collect::<Vec<_>>(), usual, "all but the path is read as ever");
        assert_eq!(said(&out, "extract").0, [], "every file was found");
        assert!(results(&out).contains_key("report.md"));
    }
    let again = run(folder.path(), &QUICK);
    assert_eq!(again.matches("up to date").count(), 6, "{again}");
    stdout(&ser(folder.path(), &["predict", "out/models/majority/fold-0", "corpus"]));
    let bucket = ["predict", "out/models/majority/fold-0", "s3://bucket/corpus/*.wav", "--out", "from-bucket"];
    stdout(&server.ser(folder.path(), &bucket));
    for out in ["predictions", "from-bucket"] {
        assert_eq!(inferences(folder.path(), out).rows.len(), 27, "{out}");
        assert_eq!(said(&folder.path().join(out), "predict").0, [], "{out}");
    }
}

#[test]
fn presets_read_names_with_backslashes() {
    let folder = workplace();
    let wav = folder.path().join("corpus").join(wavs(folder.path()).swap_remove(0));
    fs::create_dir(folder.path().join("ravdess")).expect("made");
    for (actor, emotion) in (1..=4).flat_map(|actor| ["01", "04", "05"].map(|emotion| (actor, emotion))) {
        let name = format!("Actor_{actor:02}\\03-01-{emotion}-01-01-01-{actor:02}.wav");
        fs::copy(&wav, folder.path().join("ravdess").join(name)).expect("copied");
    }
    let text = fs::read_to_string(folder.path().join("pipeline.toml")).expect("readable");
    let text = text.lines().map(|line| if line.starts_with("pattern") { "preset = \"ravdess\"" } else { line });
    fs::write(folder.path().join("ravdess.toml"), text.collect::<Vec<_>>().join("\n")).expect("written");
    let source = ["--set", "corpus.0.source=ravdess"];
    stdout(&ser(folder.path(), &[&["ingest", "ravdess.toml"], &source[..]].concat()));
    let printed = stdout(&ser(folder.path(), &[&["extract", "ravdess.toml"], &source[..]].concat()));
    assert!(printed.contains("12 rows") && printed.contains("0 rejects"), "{printed}");
}

#[test]
fn a_manifest_may_write_such_a_name_either_way() {
    for separator in ["\\", "/"] {
        let folder = workplace();
        let mut text = "path,label,who\n".to_owned();
        for path in wavs(folder.path()) {
            let (speaker, name) = path.split_once('/').expect("a folder a speaker");
            text += &format!("{speaker}{separator}{name},{},{speaker}\n", name.split('_').next().expect("an emotion"));
        }
        flatten(folder.path());
        fs::write(folder.path().join("labels.csv"), text).expect("written");
        by_manifest(folder.path());
        let printed = run(folder.path(), &QUICK);
        assert!(printed.contains("27 rows of 28 features, 0 rejects"), "{separator}: {printed}");
    }
}

/// Makes the pipeline read `labels.csv`.
fn by_manifest(folder: &Path) {
    let (start, end) = (PIPELINE.find("pattern").expect("there"), PIPELINE.find("[features]").expect("there"));
    let columns = "[corpus.columns]\nspeaker = \"who\"\n\n";
    let text = format!("{}manifest = \"labels.csv\"\n{columns}{}", &PIPELINE[..start], &PIPELINE[end..]);
    fs::write(folder.join("pipeline.toml"), text).expect("written");
}

/// A manifest of the whole corpus, each path given by `written`.
fn write_manifest(folder: &Path, written: impl Fn(&str) -> String) {
    let mut text = "path,label,who\n".to_owned();
    for path in wavs(folder) {
        let (speaker, name) = path.split_once('/').expect("a folder a speaker");
        text += &format!("{},{},{speaker}\n", written(&path), name.split('_').next().expect("an emotion"));
    }
    fs::write(folder.join("labels.csv"), text).expect("written");
    by_manifest(folder);
}

#[test]
fn an_absolute_path_below_the_source_is_asked_for_as_it_was_listed() {
    let folder = workplace();
    let corpus = folder.path().join("corpus").display().to_string();
    write_manifest(folder.path(), |path| format!("{corpus}/{path}"));
    let flags = [&QUICK[..], &["--set", "corpus.0.allow_outside=true"]].concat();
    let printed = run(folder.path(), &flags);
    assert!(printed.contains("27 rows of 28 features, 0 rejects"), "{printed}");
}

/// A corpus with a FIFO and a socket that have names of recordings, and others that have not.
fn with_special_files() -> (TempDir, Vec<UnixListener>) {
    let folder = workplace();
    let corpus = folder.path().join("corpus");
    fifo(&corpus.join("spk01_male/anger_s01_r7.wav"));
    fifo(&corpus.join("queue"));
    let sockets = ["spk01_male/anger_s01_r8.wav", "control.sock"];
    let sockets = sockets.map(|path| UnixListener::bind(corpus.join(path)).expect("bound")).into();
    (folder, sockets)
}

#[test]
fn special_files_block_nothing_and_are_said() {
    let (folder, _sockets) = with_special_files();
    stdout(&soon(command(folder.path(), &[&["run", "pipeline.toml"], &QUICK[..]].concat())));
    stdout(&soon(command(folder.path(), &["predict", "out/models/majority/fold-0", "corpus"])));
    for (out, stage) in [("out", "ingest"), ("predictions", "predict")] {
        let (rejects, warnings) = said(&folder.path().join(out), stage);
        let row = |number| (format!("spk01_male/anger_s01_r{number}.wav"), "special_file".to_owned());
        assert_eq!(rejects, [row(7), row(8)], "{stage}");
        assert!(warnings.contains("skipped 4 special files (FIFO, socket or device)"), "{warnings}");
    }
    assert_eq!(inferences(folder.path(), "predictions").rows.len(), 27);
    let named = ["predict", "out/models/majority/fold-0", "corpus/spk01_male/anger_s01_r7.wav"];
    let (code, error) = failure(&soon(command(folder.path(), &named)));
    assert!(code == 3 && error.contains("is a FIFO, not a regular file"), "{code} {error}");
    let again = stdout(&soon(command(folder.path(), &[&["run", "pipeline.toml"], &QUICK[..]].concat())));
    assert_eq!(again.matches("up to date").count(), 6, "{again}");
}

#[test]
fn a_file_that_becomes_a_fifo_is_a_file_that_has_changed() {
    let folder = workplace();
    run(folder.path(), &QUICK);
    stdout(&ser(folder.path(), &["ingest", "pipeline.toml"]));
    let path = folder.path().join("corpus").join(wavs(folder.path()).swap_remove(0));
    fs::remove_file(&path).expect("removed");
    fifo(&path);
    let extract = ["extract", "pipeline.toml", "--set", "features.set=standard"];
    let (code, error) = failure(&soon(command(folder.path(), &extract)));
    assert!(code == 4 && error.contains("has changed since ingest"), "{code} {error}");
    stdout(&soon(command(folder.path(), &[&["run", "pipeline.toml"], &QUICK[..]].concat())));
    assert_eq!(said(&folder.path().join("out"), "ingest").0.len(), 1);
}

#[test]
fn a_manifest_row_that_names_a_fifo_is_a_reject() {
    let folder = workplace();
    let path = wavs(folder.path()).swap_remove(0);
    write_manifest(folder.path(), str::to_owned);
    fs::remove_file(folder.path().join("corpus").join(&path)).expect("removed");
    fifo(&folder.path().join("corpus").join(&path));
    stdout(&soon(command(folder.path(), &[&["run", "pipeline.toml"], &QUICK[..]].concat())));
    let (rejects, _) = said(&folder.path().join("out"), "ingest");
    assert_eq!(rejects, [(path.clone(), "special_file".to_owned()), (path, "missing_file".to_owned())]);
}

#[test]
fn a_pipeline_file_may_be_a_pipe() {
    let folder = workplace();
    let place = folder.path().display();
    let absolute = format!("corpus.0.source={place}/corpus");
    let line =
        format!("cat pipeline.toml | {} ingest /dev/stdin --set '{absolute}' --out out", env!("CARGO_BIN_EXE_ser"));
    let output = Command::new("sh").current_dir(folder.path()).args(["-c", &line]).output().expect("sh starts");
    assert!(stdout(&output).contains("27 utterances"));
}

#[test]
fn each_folder_is_listed_once_and_links_to_files_all() {
    let folder = workplace();
    let corpus = folder.path().join("corpus");
    let listed = || {
        run(folder.path(), &QUICK);
        let rows = read::<Utterance>(&folder.path().join("out/utterances.parquet")).rows;
        rows.into_iter().map(|row| row.path).collect::<Vec<_>>()
    };
    let plain = listed();
    // Two folders that lead into each other, and one that leads up.
    symlink("../spk02_female", corpus.join("spk01_male/to_b")).expect("linked");
    symlink("../spk01_male", corpus.join("spk02_female/to_a")).expect("linked");
    symlink("..", corpus.join("spk01_male/up")).expect("linked");
    assert_eq!(listed(), plain);
    let (_, warnings) = said(&folder.path().join("out"), "ingest");
    assert!(warnings.contains("skipped 3 links to a folder that is listed under another name"), "{warnings}");
    assert!(warnings.contains("spk01_male/to_b"), "{warnings}");
    let printed = stdout(&ser(folder.path(), &["predict", "out/models/majority/fold-0", "corpus"]));
    assert!(printed.contains("27 utterances"), "{printed}");
    // Folders that lie elsewhere are followed, by the first of their names; files by each of theirs.
    fs::rename(corpus.join("spk03_male"), folder.path().join("elsewhere")).expect("moved");
    symlink("../elsewhere", corpus.join("spk03_male")).expect("linked");
    symlink("../../elsewhere", corpus.join("spk04_female/again")).expect("linked");
    assert_eq!(listed(), plain);
    let first = plain[0].clone();
    symlink(Path::new("..").join(&first), corpus.join("spk01_male/anger_s01_r77.wav")).expect("linked");
    assert_eq!(listed().len(), 28);
}

#[test]
fn a_corpus_of_links_is_a_corpus() {
    let folder = workplace();
    fs::create_dir(folder.path().join("links")).expect("made");
    for path in wavs(folder.path()) {
        let name = path.replace('/', "\\");
        symlink(Path::new("../corpus").join(&path), folder.path().join("links").join(name)).expect("linked");
    }
    let printed = run(folder.path(), &[&QUICK[..], &["--set", "corpus.0.source=links"]].concat());
    assert!(printed.contains("27 rows of 28 features, 0 rejects"), "{printed}");
}

#[test]
fn a_manifest_may_name_files_by_a_link_to_their_folder() {
    let folder = workplace();
    write_manifest(folder.path(), |path| format!("latest/{path}"));
    fs::create_dir(folder.path().join("corpus/version-2")).expect("made");
    for speaker in fs::read_dir(folder.path().join("corpus")).expect("readable") {
        let path = speaker.expect("readable").path();
        if path.is_dir() && !path.ends_with("version-2") {
            let to = folder.path().join("corpus/version-2").join(path.file_name().expect("a name"));
            fs::rename(&path, to).expect("moved");
        }
    }
    symlink("version-2", folder.path().join("corpus/latest")).expect("linked");
    let printed = run(folder.path(), &QUICK);
    assert!(printed.contains("27 rows of 28 features, 0 rejects"), "{printed}");
}

#[test]
fn a_folder_that_may_not_be_read_is_a_row_and_not_the_end() {
    let folder = workplace();
    fs::create_dir(folder.path().join("corpus/lost+found")).expect("made");
    close(&folder.path().join("corpus/lost+found"));
    let output = as_anybody(folder.path(), &[&["run", "pipeline.toml"], &QUICK[..]].concat()).output();
    stdout(&output.expect("ser starts"));
    let predict = ["predict", "out/models/majority/fold-0", "corpus"];
    stdout(&as_anybody(folder.path(), &predict).output().expect("ser starts"));
    for (out, stage) in [("out", "ingest"), ("predictions", "predict")] {
        let (rejects, warnings) = said(&folder.path().join(out), stage);
        assert_eq!(rejects, [("lost+found".to_owned(), "unreadable_folder".to_owned())], "{stage}");
        assert!(warnings.contains("skipped 1 folder not open to this user: ") && warnings.contains("lost+found"));
    }
    let again = as_anybody(folder.path(), &[&["run", "pipeline.toml"], &QUICK[..]].concat()).output();
    assert_eq!(stdout(&again.expect("ser starts")).matches("up to date").count(), 6);
}

#[test]
fn a_folder_that_may_not_be_read_is_the_end_where_the_run_needs_it() {
    let folder = workplace();
    close(&folder.path().join("corpus"));
    let all = as_anybody(folder.path(), &["run", "pipeline.toml"]).output().expect("ser starts");
    let (code, error) = failure(&all);
    assert!(code == 3 && error.contains("may not list `corpus`"), "{code} {error}");
    open_to_all_again(&folder.path().join("corpus"));
    write_manifest(folder.path(), str::to_owned);
    close(&folder.path().join("corpus/spk01_male"));
    let one = as_anybody(folder.path(), &["run", "pipeline.toml"]).output().expect("ser starts");
    let (code, error) = failure(&one);
    assert!(code == 3 && error.contains("may not list") && error.contains("spk01_male"), "{code} {error}");
    for place in ["corpus", "corpus/spk01_male"] {
        open_to_all_again(&folder.path().join(place));
    }
}

#[test]
fn a_part_of_a_manifest_that_may_not_be_read_is_named() {
    let folder = workplace();
    write_manifest(folder.path(), str::to_owned);
    let pipeline = fs::read_to_string(folder.path().join("pipeline.toml")).expect("readable");
    fs::write(folder.path().join("pipeline.toml"), pipeline.replace("labels.csv", "parts")).expect("written");
    fs::create_dir_all(folder.path().join("parts/year=2020")).expect("made");
    close(&folder.path().join("parts/year=2020"));
    let output = as_anybody(folder.path(), &["ingest", "pipeline.toml"]).output().expect("ser starts");
    open_to_all_again(&folder.path().join("parts/year=2020"));
    let (code, error) = failure(&output);
    assert!(code == 3 && error.contains("may not list") && error.contains("year=2020"), "{code} {error}");
}

#[test]
fn a_folder_below_an_output_that_may_not_be_read_is_a_note_of_verify() {
    let folder = workplace();
    run(folder.path(), &QUICK);
    fs::create_dir_all(folder.path().join("out/mine")).expect("made");
    fs::create_dir_all(folder.path().join("out/run/mine")).expect("made");
    close(&folder.path().join("out/mine"));
    close(&folder.path().join("out/run/mine"));
    let output = as_anybody(folder.path(), &["verify", "out"]).output().expect("ser starts");
    let printed = stdout(&output);
    for place in ["out/mine", "out/run/mine"] {
        open_to_all_again(&folder.path().join(place));
        let place = &place["out/".len()..];
        assert!(printed.contains(&format!("note       `{place}` may not be read")), "{printed}");
    }
}

/// So that the folder can be removed after the test by whoever runs it.
fn open_to_all_again(folder: &Path) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).expect("changed");
}

#[test]
fn an_output_and_a_source_may_lie_in_each_other_but_not_be_one() {
    let folder = workplace();
    for out in ["corpus", "corpus/.", "./corpus/spk01_male/.."] {
        let (code, error) = failure(&ser(folder.path(), &["run", "pipeline.toml", "--out", out]));
        assert!(code == 2 && error.contains("`out` is ") && error.contains("tables and audio would mix"), "{error}");
        assert!(!folder.path().join("corpus/run").exists(), "nothing was written");
        // What the hint says can be done.
        let hint = error.split_once("such as ").expect("a hint").1.trim().to_owned();
        let flags = [&["run", "pipeline.toml", "--out", &hint], &QUICK[..]].concat();
        stdout(&ser(folder.path(), &flags));
        let again = stdout(&ser(folder.path(), &flags));
        assert_eq!(again.matches("up to date").count(), 6, "{again}");
        fs::remove_dir_all(folder.path().join("corpus/ser")).expect("removed");
    }
    // The whole workplace as the source, and the source in the output.
    let flags = [&QUICK[..], &["--set", "corpus.0.source=."]].concat();
    run(folder.path(), &flags);
    assert_eq!(run(folder.path(), &flags).matches("up to date").count(), 6);
    let flags = [&QUICK[..], &["--out", "."]].concat();
    run(folder.path(), &flags);
    assert_eq!(run(folder.path(), &flags).matches("up to date").count(), 6);
    let source = ["run", "pipeline.toml", "--out", ".", "--set", "corpus.0.source=features"];
    let (code, error) = failure(&ser(folder.path(), &source));
    assert!(code == 2 && error.contains("writes its folder `features` itself"), "{error}");
}

#[test]
fn an_output_in_its_source_is_none_of_its_files_in_a_bucket_too() {
    let folder = workplace();
    let server = Server::start();
    server.upload(&folder.path().join("corpus"), "corpus");
    let place = ["--set", "corpus.0.source=s3://bucket/corpus", "--out", "s3://bucket/corpus/out"];
    let arguments = [&["run", "pipeline.toml"], &QUICK[..], &place].concat();
    stdout(&server.ser(folder.path(), &arguments));
    let again = stdout(&server.ser(folder.path(), &arguments));
    assert_eq!(again.matches("up to date").count(), 6, "{again}");
    let same = ["run", "pipeline.toml", "--set", "corpus.0.source=s3://bucket/corpus/", "--out", "s3://bucket/corpus"];
    let (code, error) = failure(&server.ser(folder.path(), &same));
    assert!(code == 2 && error.contains("s3://bucket/corpus/ser"), "{error}");
}

#[test]
fn a_pipeline_without_an_output_says_so() {
    let folder = workplace();
    let text = PIPELINE.replace("out = \"out\"\n", "");
    fs::write(folder.path().join("pipeline.toml"), text).expect("written");
    let (code, error) = failure(&ser(folder.path(), &["run", "pipeline.toml"]));
    assert!(code == 2 && error.contains("`out`") && error.contains("--out"), "{code} {error}");
    run(folder.path(), &[&QUICK[..], &["--out", "elsewhere"]].concat());
}
