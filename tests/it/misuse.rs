//! What happens to a run in the hands of people: strangers' files, half-changed pipelines, odd names, closed pipes.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use ser_etl::audio::encode_wav;
use tempfile::TempDir;

use crate::util::job::{PIPELINE, assert_same, results, run, workplace};
use crate::util::{failure, ser, stdout};

#[test]
fn files_of_the_user_in_the_output_stay_and_disturb_nothing() {
    let folder = workplace();
    run(folder.path(), &[]);
    let strangers = ["models/mine.txt", "report/notes.svg", "features/.DS_Store", "features/mine.parquet"];
    let strangers = strangers.into_iter().chain(["normalized/a.txt", "run/train/todo.md"]);
    let strangers = strangers.map(|path| folder.path().join("out").join(path)).collect::<Vec<_>>();
    for path in &strangers {
        fs::create_dir_all(path.parent().expect("a folder")).expect("created");
        fs::write(path, b"mine").expect("written");
    }
    run(folder.path(), &["--force"]);
    run(folder.path(), &["--force", "--set", "features.set=standard", "--set", "extract.part_rows=3"]);
    for path in strangers {
        assert_eq!(fs::read(&path).expect("still there"), b"mine", "{}", path.display());
    }
}

#[test]
fn an_output_without_a_name_is_refused() {
    let folder = workplace();
    for flags in [["--out", ""], ["--set", "out="], ["--out", " "]] {
        let (code, error) = failure(&ser(folder.path(), &[&["run", "pipeline.toml"], &flags[..]].concat()));
        assert_eq!(code, 2, "{error}");
        assert!(error.contains("out"), "{error}");
    }
    assert!(!folder.path().join("run").exists());
}

#[test]
fn a_file_where_a_folder_should_be_is_exit_2_and_named() {
    let folder = workplace();
    fs::write(folder.path().join("afile"), b"mine").expect("written");
    fs::create_dir(folder.path().join("afolder")).expect("made");
    let cases: [&[&str]; 6] = [
        &["synth", "afile"],
        &["synth", "afile/below"],
        &["run", "pipeline.toml", "--out", "afile"],
        &["run", "pipeline.toml", "--out", "afile/below", "--dry-run"],
        &["ingest", "pipeline.toml", "--out", "afile/below/it"],
        &["predict", "afile", "corpus"],
    ];
    for arguments in cases {
        let (code, error) = failure(&ser(folder.path(), arguments));
        assert_eq!(code, 2, "{arguments:?}: {error}");
        assert!(error.contains("afile` is a file, not a folder; choose another"), "{arguments:?}: {error}");
    }
    assert_eq!(fs::read(folder.path().join("afile")).expect("still there"), b"mine");
    let source = ["run", "pipeline.toml", "--set", "corpus.0.source=afile"];
    let (code, error) = failure(&ser(folder.path(), &source));
    assert!(code == 3 && error.contains("afile` is a file, not a folder"), "{code} {error}");
}

#[test]
fn what_is_missing_is_told_from_what_is_empty() {
    let folder = workplace();
    fs::create_dir(folder.path().join("empty")).expect("made");
    let cases: [(&[&str], i32, &str); 3] = [
        (&["run", "nofile.toml"], 2, "`PIPELINE` is nofile.toml: there is no such file"),
        (&["run", "pipeline.toml", "--set", "corpus.0.source=empty"], 3, "empty` holds no files; check `source`"),
        (&["run", "pipeline.toml", "--set", "corpus.0.source=gone"], 3, "gone` does not exist; check `source`"),
    ];
    for (arguments, want, words) in cases {
        let (code, error) = failure(&ser(folder.path(), arguments));
        assert!(code == want && error.contains(words), "{arguments:?}: {code} {error}");
    }
}

#[test]
fn one_of_anything_is_not_several() {
    let folder = workplace();
    let one = ["--set", "corpus.0.filter={speaker=['spk01']}", "--set", "split.scheme='stratified'"];
    let printed = stdout(&ser(folder.path(), &[&["ingest", "pipeline.toml"], &one[..]].concat()));
    assert!(printed.contains("3 utterances, 1 speaker, 3 emotions, 0 rejects"), "{printed}");
    let printed = run(folder.path(), &["--set", "split.scheme='stratified'", "--set", "train.models=['majority']"]);
    assert!(printed.contains("stratified in 1 fold\n"), "{printed}");
    for word in ["1 speakers", "1 utterances", "1 folds", "1 rejects"] {
        assert!(!printed.contains(&format!(" {word}")), "{printed}");
    }
}

#[test]
fn a_stage_refuses_what_was_made_with_other_parameters() {
    let folder = workplace();
    run(folder.path(), &[]);
    let cases = [
        ("evaluate", "split.scheme=stratified", "split"),
        ("evaluate", "features.set=standard", "extract"),
        ("evaluate", "normalize.method=min-max", "normalize"),
        ("evaluate", "train.mlp.hidden=[3]", "train"),
        ("train", "split.test=0.4", "split"),
        ("extract", "corpus.0.labels={anger='fear'}", "ingest"),
    ];
    for (stage, set, outdated) in cases {
        let (code, error) = failure(&ser(folder.path(), &[stage, "pipeline.toml", "--set", set]));
        assert_eq!(code, 3, "{stage} {set}: {error}");
        assert!(error.contains(&format!("run `ser {outdated}` first")), "{stage} {set}: {error}");
    }
    // A new split by itself makes what was trained on the old one outdated.
    stdout(&ser(folder.path(), &["split", "pipeline.toml", "--set", "split.test=0.4"]));
    let (code, error) = failure(&ser(folder.path(), &["evaluate", "pipeline.toml", "--set", "split.test=0.4"]));
    assert!(code == 3 && error.contains("run `ser normalize` first"), "{code} {error}");
}

#[test]
fn early_stopping_without_anything_to_watch_is_refused() {
    let folder = workplace();
    let cases: [(&[&str], &str); 4] = [
        (&["split.dev=0.0", "train.mlp.patience=3"], "`train.mlp.patience` is 3: early stopping watches dev rows"),
        (
            &["split.dev=0.0", "tune.space.train.mlp.patience=[0, 7]"],
            "`train.mlp.patience` is 7: early stopping watches dev rows",
        ),
        (&["train.mlp.monitor='loss'"], "`train.mlp.monitor` is \"loss\": is used with patience above 0 only"),
        (&["tune.space.features.set=['rich']"], "train.columns"),
    ];
    for (sets, words) in cases {
        let flags: Vec<&str> = sets.iter().flat_map(|set| ["--set", set]).collect();
        let (code, error) = failure(&ser(folder.path(), &[&["run", "pipeline.toml"], &flags[..]].concat()));
        assert!(code == 2 && error.contains(words), "{sets:?}: {error}");
    }
    let legal = ["split.dev=0.0", "train.models=['logistic']", "train.mlp.patience=3", "train.mlp.monitor='loss'"];
    let flags: Vec<&str> = legal.iter().flat_map(|set| ["--set", set]).collect();
    run(folder.path(), &[&flags[..], &["--dry-run"]].concat());
}

#[test]
fn a_closed_pipe_stops_nothing() {
    let folder = workplace();
    let mut child = Command::new(env!("CARGO_BIN_EXE_ser"))
        .current_dir(folder.path())
        .args(["run", "pipeline.toml"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("ser starts");
    drop(child.stdout.take());
    assert!(child.wait().expect("waited for").success());
    assert!(folder.path().join("out/report.md").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_not_utf8_is_a_reject() {
    use std::os::unix::ffi::OsStrExt;
    let folder = workplace();
    let corpus = folder.path().join("corpus");
    let wav = results(&corpus).into_keys().find(|path| path.ends_with(".wav")).expect("a file");
    // The pattern finds all it looks for below the odd folder.
    let odd = corpus.join(std::ffi::OsStr::from_bytes(b"\xff")).join(&wav);
    fs::create_dir_all(odd.parent().expect("a folder")).expect("created");
    fs::copy(corpus.join(&wav), odd).expect("copied");
    run(folder.path(), &[]);
    let record = fs::read_to_string(folder.path().join("out/run/ingest.json")).expect("readable");
    assert!(record.contains("\"rejects.bad_name\": 1"), "{record}");
}

/// A workplace whose corpus is described by a manifest with these rows: path, label, speaker and more.
pub fn manifest(header: &str, rows: impl Fn(usize, &str, &str, &str) -> String) -> TempDir {
    let folder = workplace();
    let mut text = format!("path,label,who{header}\n");
    let files = results(&folder.path().join("corpus")).into_keys().filter(|path| path.ends_with(".wav"));
    for (number, path) in files.enumerate() {
        let (speaker, file) = path.split_once('/').expect("a folder a speaker");
        text += &rows(number, &path, file.split('_').next().expect("an emotion"), speaker);
    }
    fs::write(folder.path().join("labels.csv"), text).expect("written");
    let (start, end) = (PIPELINE.find("pattern").expect("there"), PIPELINE.find("[features]").expect("there"));
    let columns = "[corpus.columns]\npath = \"path\"\nemotion = \"label\"\nspeaker = \"who\"\n";
    let text = format!("{}manifest = \"labels.csv\"\n{columns}\n{}", &PIPELINE[..start], &PIPELINE[end..]);
    fs::write(folder.path().join("pipeline.toml"), text).expect("written");
    folder
}

#[test]
fn many_useless_rows_of_a_manifest_are_exit_3() {
    let folder = manifest("", |number, path, label, who| match number % 4 {
        0 => format!("{path},{label},{who}\n"),
        _ => format!("gone-{path},{label},{who}\n"),
    });
    let (code, error) = failure(&ser(folder.path(), &["run", "pipeline.toml"]));
    assert_eq!(code, 3, "{error}");
    assert!(error.contains("20 of 27") && error.contains("max_reject_rate"), "{error}");
    stdout(&ser(folder.path(), &["ingest", "pipeline.toml", "--set", "extract.max_reject_rate=0.8"]));
}

#[test]
fn a_column_with_the_name_of_a_feature_is_refused_before_extraction() {
    let folder = manifest(",mfcc00_mean", |_, path, label, who| format!("{path},{label},{who},1\n"));
    let (code, error) = failure(&ser(folder.path(), &["run", "pipeline.toml"]));
    assert_eq!(code, 2, "{error}");
    assert!(error.contains("mfcc00_mean"), "{error}");
}

#[test]
fn a_damaged_or_missing_manifest_is_named() {
    let folder = manifest("", |_, path, label, who| format!("{path},{label},{who}\n"));
    fs::write(folder.path().join("labels.parquet"), b"PAR1 is not enough PAR1").expect("written");
    for (name, words) in [("labels.parquet", "not readable as Parquet"), ("nowhere.csv", "check `manifest`")] {
        let set = format!("corpus.0.manifest={name}");
        let (code, error) = failure(&ser(folder.path(), &["run", "pipeline.toml", "--set", &set]));
        assert_eq!(code, 3, "{error}");
        assert!(error.contains(name) && error.contains(words), "{error}");
    }
}

#[test]
fn segments_are_cut_from_one_recording_and_overlapping_ones_stay_together() {
    let folder = manifest(",start,end", |_, path, label, who| {
        format!("{path},{label},{who},0,0.5\n{path},{label},{who},0.4,0.9\n{path},{label},{who},0.9,1.1\n")
    });
    let flags = ["--set", "split.scheme=stratified", "--set", "corpus.0.columns.start=start"];
    run(folder.path(), &[&flags[..], &["--set", "corpus.0.columns.end=end"]].concat());
    let report = fs::read_to_string(folder.path().join("out/report.md")).expect("readable");
    let nowhere = report.lines().find(|line| line.starts_with("- Not shared between sides: "));
    assert!(nowhere.is_some_and(|line| line.contains("overlap")), "{report}");
}

#[test]
fn the_segments_of_one_long_file_make_the_same_tables_whatever_the_threads() {
    let folder = workplace();
    let long = (0..16_000 * 60).map(|n| (n as f32 * 0.05).sin() * 0.3).collect::<Vec<_>>();
    let place = folder.path().join("long");
    fs::create_dir(&place).expect("a folder");
    fs::write(place.join("one.wav"), encode_wav(&long, 16_000).expect("encoded")).expect("written");
    let mut text = "path,label,who,start,end\n".to_owned();
    for second in 0..60 {
        text += &format!("one.wav,{},s{},{second},{}\n", ["anger", "fear"][second % 2], second % 9, second + 1);
    }
    fs::write(folder.path().join("long.csv"), text).expect("written");
    let columns = "corpus.0.columns={path='path',emotion='label',speaker='who',start='start',end='end'}";
    let pipeline = fs::read_to_string(folder.path().join("pipeline.toml")).expect("readable");
    let pipeline = pipeline.lines().filter(|line| !line.starts_with("pattern")).collect::<Vec<_>>().join("\n");
    fs::write(folder.path().join("long.toml"), pipeline).expect("written");
    let set = ["--set", columns, "--set", "corpus.0.source=long", "--set", "corpus.0.manifest=long.csv"];
    stdout(&ser(folder.path(), &[&["run", "long.toml"], &set[..]].concat()));
    let record = fs::read_to_string(folder.path().join("out/run/extract.json")).expect("readable");
    assert!(record.contains("\"rows\": 60"), "{record}");
    let again: &Path = &folder.path().join("again");
    stdout(&ser(folder.path(), &[&["run", "long.toml", "--out", "again", "--threads", "1"], &set[..]].concat()));
    assert_same(&folder.path().join("out"), again);
}

#[test]
fn names_cannot_forge_log_lines_or_break_the_report() {
    let folder = workplace();
    let corpus = folder.path().join("corpus/spk01_male");
    for name in ["anger_s01_r7\n2026-01-01 ERROR forged line.wav", "anger_s01_r8\u{1b}[31m|<b>.wav"] {
        fs::write(corpus.join(name), b"junk").expect("written");
    }
    let pattern = r"corpus.0.pattern='(?s)(?P<speaker>spk\d+)_(?P<gender>female|male)/(?P<emotion>[a-z]+)_(?P<text_id>s\d+)_r.*\.wav$'";
    for format in ["text", "json"] {
        let output = ser(folder.path(), &["run", "pipeline.toml", "--set", pattern, "--log-format", format, "--force"]);
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{log}");
        assert!(log.contains("forged") && !log.lines().any(|line| line.starts_with("2026-01-01")), "{log}");
        assert!(!log.contains('\u{1b}'), "{log}");
    }
    let report = fs::read_to_string(folder.path().join("out/report.md")).expect("readable");
    let row = report.lines().find(|line| line.contains("not_audio")).expect("a row of rejects");
    assert_eq!(row.matches(" | ").count(), 3, "{row}");
    assert!(!report.contains("<b>") && !report.contains('\u{1b}'), "{row}");
}
