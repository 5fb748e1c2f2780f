//! The batch contract, through the program: exit codes, reruns, resuming, rejects, equal bytes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::util::job::{PIPELINE, all_files, assert_same, kill_after, run, workplace};
use crate::util::{command, failure, ser, stdout};

#[test]
fn threads_move_no_byte() {
    let folder = workplace();
    run(folder.path(), &["--out", "one", "--threads", "1"]);
    run(folder.path(), &["--out", "two", "--threads", "2"]);
    assert_same(&folder.path().join("one"), &folder.path().join("two"));
}

/// Every model, and copies whose ids stand between those of others: with all numbers in memory, and with all of them in
/// files.
#[test]
fn a_memory_limit_moves_no_byte() {
    let folder = workplace();
    let more = ["--set", "augment.speed=[0.9]", "--set", "train.deploy=true"];
    run(folder.path(), &[&["--out", "held"][..], &more].concat());
    run(folder.path(), &[&["--out", "filed", "--set", "memory_limit=0"][..], &more].concat());
    assert_same(&folder.path().join("held"), &folder.path().join("filed"));
}

#[test]
fn numbers_that_fit_nowhere_end_the_run_with_words() {
    let folder = workplace();
    run(folder.path(), &["--set", "memory_limit=0"]);
    let mut command = command(folder.path(), &["normalize", "pipeline.toml", "--force", "--set", "memory_limit=0"]);
    let (code, text) = failure(&command.env("TMPDIR", "/nowhere").output().expect("it starts"));
    assert_eq!(code, 4, "{text}");
    for words in ["temporary file", "TMPDIR", "memory_limit"] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn a_second_run_does_no_work_and_a_changed_parameter_redoes_what_depends_on_it() {
    let folder = workplace();
    let states = |text: &str| {
        text.lines()
            .filter(|line| line.contains("up to date"))
            .map(|line| line[..10].trim().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(states(&run(folder.path(), &[])), [""; 0]);
    let all = ["ingest", "extract", "split", "normalize", "train", "evaluate"];
    assert_eq!(states(&run(folder.path(), &[])), all);
    assert_eq!(states(&run(folder.path(), &["--threads", "1"])), all, "threads determine no row");
    assert_eq!(states(&run(folder.path(), &["--set", "train.svm.c=2.5"])), all[..4]);
    assert_eq!(states(&run(folder.path(), &["--set", "features.set=standard"])), ["ingest", "split"]);
    assert_eq!(states(&run(folder.path(), &["--set", "features.set=standard", "--force"])), [""; 0]);
}

#[test]
fn stages_one_by_one_make_what_run_makes() {
    let folder = workplace();
    run(folder.path(), &["--out", "whole"]);
    for stage in ["ingest", "extract", "split", "normalize", "train", "evaluate"] {
        let launcher = PathBuf::from(env!("CARGO_BIN_EXE_ser")).with_file_name(format!("ser-{stage}"));
        let output = Command::new(launcher)
            .current_dir(folder.path())
            .args(["pipeline.toml", "--out", "steps"])
            .output()
            .expect("the launcher starts");
        assert!(stdout(&output).starts_with(stage));
    }
    assert_same(&folder.path().join("whole"), &folder.path().join("steps"));
}

#[test]
fn a_killed_run_resumes_to_the_same_bytes() {
    let folder = workplace();
    let start = Instant::now();
    run(folder.path(), &["--out", "undisturbed"]);
    let whole = start.elapsed();
    for (moment, share) in [0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9].into_iter().enumerate() {
        let out = format!("killed-{moment}");
        for _ in 0..2 {
            kill_after(folder.path(), &["--out", &out], whole.mul_f64(share));
        }
        run(folder.path(), &["--out", &out]);
        assert_same(&folder.path().join("undisturbed"), &folder.path().join(&out));
    }
}

#[test]
fn added_and_removed_files_end_where_a_fresh_run_ends() {
    let folder = workplace();
    let corpus = folder.path().join("corpus");
    let some = fs::read_dir(&corpus).expect("readable").next().expect("a speaker").expect("readable").path();
    let aside = folder.path().join("aside");
    fs::rename(&some, &aside).expect("moved away");
    run(folder.path(), &["--out", "grown"]);
    fs::rename(&aside, &some).expect("moved back");
    run(folder.path(), &["--out", "grown"]);
    run(folder.path(), &["--out", "fresh"]);
    assert_same(&folder.path().join("grown"), &folder.path().join("fresh"));
    fs::rename(&some, &aside).expect("moved away");
    run(folder.path(), &["--out", "grown"]);
    run(folder.path(), &["--out", "smaller"]);
    assert_same(&folder.path().join("grown"), &folder.path().join("smaller"));
}

#[test]
fn bad_files_are_rejects_and_stop_nothing() {
    let folder = workplace();
    let speaker = folder.path().join("corpus/spk99_female");
    fs::create_dir(&speaker).expect("made");
    let real = first_wav(&folder.path().join("corpus"));
    let good = fs::read(real).expect("readable");
    fs::write(speaker.join("anger_s01_r1.wav"), b"").expect("written");
    fs::write(speaker.join("neutral_s01_r1.wav"), b"this is no audio at all, whatever its name says").expect("written");
    fs::write(speaker.join("sadness_s01_r1.wav"), &good[..good.len() / 2]).expect("written");
    let text = run(folder.path(), &[]);
    assert!(text.contains("27 rows of 28 features, 3 rejects"), "{text}");
    let report = fs::read_to_string(folder.path().join("out/report.md")).expect("a report");
    for code in ["empty_file", "not_audio", "truncated"] {
        assert!(report.contains(code), "{code} in the report");
    }
    let (code, error) =
        failure(&ser(folder.path(), &["run", "pipeline.toml", "--set", "extract.max_reject_rate=0.05"]));
    assert_eq!(code, 3, "{error}");
    assert!(error.contains("3 of 30"), "{error}");
    assert!(folder.path().join("out/rejects.parquet").exists(), "the good rows and the rejects are safe");
}

fn first_wav(folder: &Path) -> PathBuf {
    folder.join(all_files(folder).keys().find(|name| name.ends_with(".wav")).expect("a file"))
}

#[test]
fn wrong_commands_are_refused_before_any_work() {
    let folder = workplace();
    let cases: [(&[&str], &str); 10] = [
        (&["run"], "PIPELINE"),
        (&["run", "pipeline.toml", "--tread", "2"], "--threads"),
        (&["run", "nowhere.toml"], "nowhere.toml"),
        (&["run", "pipeline.toml", "--threads", "0"], "1..=1024"),
        (&["run", "pipeline.toml", "--set", "train.mlp.hiden=[1]"], "did you mean `hidden`"),
        (&["run", "pipeline.toml", "--set", "spilt.test=0.1"], "did you mean `split`"),
        (&["run", "pipeline.toml", "--set", "split.scheme=speaker-disjont"], "did you mean `speaker-disjoint`"),
        (&["run", "pipeline.toml", "--set", "split.test=1.5"], "split.test"),
        (&["run", "pipeline.toml", "--set", "train.mlp.epochs=many"], "train.mlp.epochs"),
        (&["run", "pipeline.toml", "--set", "features.set=standart"], "standard"),
    ];
    for (arguments, word) in cases {
        let (code, error) = failure(&ser(folder.path(), arguments));
        assert_eq!(code, 2, "{arguments:?}: {error}");
        assert!(error.contains(word), "{arguments:?} should say {word}: {error}");
    }
    assert!(!folder.path().join("out").exists(), "nothing was written");
}

#[test]
fn missing_input_is_exit_3_and_failing_storage_exit_4() {
    let folder = workplace();
    let (code, error) = failure(&ser(folder.path(), &["run", "pipeline.toml", "--set", "corpus.0.source=nowhere"]));
    assert_eq!(code, 3, "{error}");
    assert!(error.contains("nowhere"), "{error}");
    let (code, error) = failure(&ser(folder.path(), &["train", "pipeline.toml"]));
    assert_eq!(code, 3, "{error}");
    assert!(error.contains("ser ingest"), "{error}");
    fs::create_dir_all(folder.path().join("out/utterances.parquet")).expect("made");
    let (code, error) = failure(&ser(folder.path(), &["run", "pipeline.toml"]));
    assert_eq!(code, 4, "{error}");
    assert!(error.contains("utterances.parquet") && error.contains("it is a folder"), "{error}");
}

#[test]
fn a_dry_run_tells_the_plan_and_writes_nothing() {
    let folder = workplace();
    let plan = run(folder.path(), &["--dry-run"]);
    assert!(plan.contains("would run on 37 files") && plan.contains("would run after"), "{plan}");
    assert!(!folder.path().join("out").exists());
    run(folder.path(), &[]);
    let plan = run(folder.path(), &["--dry-run"]);
    assert_eq!(plan.matches("up to date").count(), 6, "{plan}");
}

#[test]
fn shared_speakers_under_a_promise_of_none_are_exit_5() {
    let folder = workplace();
    let mut manifest = "file\tlabel\twho\tpart\n".to_owned();
    let files = all_files(&folder.path().join("corpus"));
    for (row, name) in files.keys().filter(|name| name.ends_with(".wav")).enumerate() {
        let (speaker, file) = name.split_once('/').expect("a folder a speaker");
        let emotion = file.split('_').next().expect("an emotion");
        let part = ["train", "train", "test", "train"][row % 4];
        manifest += &format!("{name}\t{emotion}\t{speaker}\t{part}\n");
    }
    fs::write(folder.path().join("labels.tsv"), manifest).expect("written");
    let start = PIPELINE.find("pattern").expect("a pattern");
    let end = PIPELINE.find("[features]").expect("features");
    let columns =
        "manifest = \"labels.tsv\"\n[corpus.columns]\npath = \"file\"\nemotion = \"label\"\nspeaker = \"who\"\n";
    let split = "[split]\nscheme = \"predefined\"\ncolumn = \"part\"\ngroup_by = \"speaker\"\n";
    let pipeline = format!("{}{columns}{split}{}", &PIPELINE[..start], &PIPELINE[end..]);
    fs::write(folder.path().join("pipeline.toml"), pipeline).expect("written");
    for _ in 0..2 {
        let (code, error) = failure(&ser(folder.path(), &["run", "pipeline.toml"]));
        assert_eq!(code, 5, "{error}");
        assert_eq!(error.matches("fold 0: ").count(), 1, "said once: {error}");
        assert!(error.contains("speakers of train and test (synthetic/spk"), "{error}");
        assert!(error.contains("\nhint: ") && error.contains("split.scheme"), "{error}");
    }
}

#[test]
fn two_runs_do_not_share_an_output() {
    let folder = workplace();
    let mut first = Command::new(env!("CARGO_BIN_EXE_ser"))
        .current_dir(folder.path())
        .args(["run", "pipeline.toml", "--set", "train.mlp.epochs=3000", "--set", "train.mlp.patience=0"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("ser starts");
    let lock = folder.path().join("out/run/lock");
    while fs::metadata(&lock).map_or(0, |lock| lock.len()) == 0 {
        assert!(first.try_wait().expect("asked").is_none(), "the first run ended early");
        std::thread::sleep(Duration::from_millis(2));
    }
    let second = ser(folder.path(), &["run", "pipeline.toml"]);
    first.kill().expect("killed");
    first.wait().expect("waited for");
    let (code, error) = failure(&second);
    assert_eq!(code, 4, "{error}");
    assert!(error.contains("another run"), "{error}");
    run(folder.path(), &[]);
}
