//! What the label table alone can refuse is refused before any audio is decoded, in `ser run` and in `--dry-run`.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::misuse::manifest;
use crate::util::job::{PIPELINE, run, workplace};
use crate::util::s3_server::Server;
use crate::util::{failure, ser, stdout};

/// Runs into the refusal with these flags, and again as a dry run, with ingest done and nothing else begun.
fn refused_early(folder: &Path, flags: &[&str]) -> String {
    let refused = |arguments: &[&str]| {
        let (code, log) = failure(&ser(folder, &[arguments, flags].concat()));
        assert_eq!(code, 3, "{flags:?}: {log}");
        log[log.find("error: ").expect("an error")..].to_owned()
    };
    let unread = refused(&["run", "pipeline.toml", "--dry-run", "--out", "unread"]);
    assert!(!folder.join("unread").exists(), "a dry run reads the sources, and writes nothing");
    let error = refused(&["run", "pipeline.toml"]);
    assert_eq!(unread, error, "{flags:?}");
    assert!(!folder.join("out/run/extract").exists() && !folder.join("out/run/extract.json").exists(), "{flags:?}");
    assert_eq!(refused(&["run", "pipeline.toml", "--dry-run"]), error, "{flags:?}");
    // Whoever wants features alone has them ingested all the same.
    stdout(&ser(folder, &[&["ingest", "pipeline.toml"], flags].concat()));
    error
}

#[test]
fn a_first_dry_run_reads_what_ingest_would_read() {
    let folder = workplace();
    let at = folder.path();
    let dry = |flags: &[&str]| ser(at, &[&["run", "pipeline.toml", "--dry-run"], flags].concat());
    let said = stdout(&dry(&[]));
    assert!(
        said.contains("ingest     would run on 37 files") && said.contains("extract    would run after ingest"),
        "{said}"
    );
    for (flags, code, words) in [
        (&["--set", "corpus.0.pattern='(?P<emotion>[a-z]+_s\\d+)_r'"][..], 3, "there is no emotion for"),
        (&["--set", "corpus.0.pattern='(?P<emotion>no)_(?P<speaker>r)'"], 3, "do not match"),
        (&["--set", "evaluate.slices=['accent']"], 2, "`evaluate.slices` is \"accent\": there is no such column"),
        (&["--set", "evaluate.slices=['gender']"], 2, "the report has this slice once"),
        (&["--set", "split.frozen=nowhere"], 2, "`split.frozen`"),
    ] {
        let (found, text) = failure(&dry(flags));
        assert!(found == code && text.contains(words), "{flags:?}: {found} {text}");
    }
    assert!(!at.join("out").exists(), "nothing is written");
}

#[test]
fn columns_of_the_manifest_are_slices_of_the_figures() {
    let folder = manifest(",device,alone", |number, path, label, who| {
        format!("{path},{label},{who},{},{number}\n", ["", "phone", "room"][number % 3])
    });
    let at = folder.path();
    let flags = ["--set", "train.models=['naive-bayes']", "--set", "split.scheme='loso'", "--set", "split.dev=0"];
    run(at, &[&flags[..], &["--set", "evaluate.slices=['device', 'language']", "--out", "sliced"]].concat());
    run(at, &[&flags[..], &["--out", "plain"]].concat());
    let metrics = |out: &str| {
        let file = fs::read(at.join(out).join("metrics.parquet")).expect("read");
        ser_etl::table::read::<ser_etl::schema::Metric>(file.into()).expect("a table").0.rows
    };
    let (mut sliced, plain) = (metrics("sliced"), metrics("plain"));
    let groups = sliced.iter().filter(|row| row.slice == "device" && row.metric == "uar");
    let groups = groups.map(|row| (row.group.clone(), row.n)).collect::<Vec<_>>();
    assert_eq!(groups, [("phone".to_owned(), 9), ("room".to_owned(), 9)], "who has no device is in no group");
    sliced.retain(|row| row.slice != "device");
    assert_eq!(sliced.len(), plain.len(), "nobody has a language");
    let report = fs::read_to_string(at.join("sliced/report.md")).expect("a report");
    assert!(report.contains("| device | phone |") && report.contains("`device`: UAR"), "{report}");
    let (code, text) = failure(&ser(at, &["run", "pipeline.toml", "--set", "evaluate.slices=['speakr']"]));
    assert!(code == 2 && text.contains("legal are text_id, intensity, language, device, alone"), "{text}");
}

/// A workplace whose manifest has sides as a publisher spells them.
fn sided() -> TempDir {
    let folder = manifest(",part", |number, path, label, who| {
        let side = match &who[..5] {
            "spk01" | "spk02" => "Test1",
            "spk03" => "Development",
            "spk04" => "",
            _ => "Train",
        };
        let _ = number;
        format!("{path},{label},{who},{side}\n")
    });
    let text = fs::read_to_string(folder.path().join("pipeline.toml")).expect("readable");
    fs::write(folder.path().join("pipeline.toml"), text + "\n[split]\nscheme = 'predefined'\ncolumn = 'part'\n")
        .expect("written");
    folder
}

#[test]
fn what_the_labels_cannot_bear_is_refused_at_once() {
    let folder = workplace();
    let cases: [(&[&str], &str); 5] = [
        (&["corpus.0.filter={emotion=['anger']}"], "at least two emotions are needed, and there is one, `anger`"),
        (&["split.scheme='group-k-fold'", "split.folds=12"], "at least 12 groups of `speaker`"),
        (&["split.stratify_by=['emotoin']"], "did you mean `emotion`"),
        (&["split.scheme='group-k-fold'", "split.group_by='room'"], "`split.group_by` names column `room`"),
        (
            &[
                "corpus.0.filter={speaker=['spk01','spk02']}",
                "split.scheme='loso'",
                "split.dev=0",
                "tune.folds=2",
                "tune.space={train.logistic.alpha=[1,100]}",
            ],
            "for the inner folds of fold 0",
        ),
    ];
    for (set, want) in cases {
        let flags: Vec<&str> = set.iter().flat_map(|set| ["--set", set]).collect();
        let error = refused_early(folder.path(), &flags);
        assert!(error.contains(want), "{error}\nshould say {want}");
    }
}

#[test]
fn speakers_that_are_needed_and_not_there_are_missed_at_once() {
    let folder = workplace();
    fs::write(folder.path().join("pipeline.toml"), PIPELINE.replace("(?P<speaker>spk", "(spk")).expect("written");
    for set in ["split.scheme='loso'", "split.scheme='speaker-disjoint'"] {
        let error = refused_early(folder.path(), &["--set", set]);
        assert!(error.contains("groups by `speaker`, which is missing from 27 utterances"), "{error}");
    }
    let by_speaker = ["--set", "split.scheme='stratified'", "--set", "normalize.scope='speaker'"];
    let error = refused_early(folder.path(), &by_speaker);
    assert!(error.contains("has no speaker, but normalize.scope = \"speaker\" needs"), "{error}");
}

#[test]
fn too_few_utterances_of_every_speaker_are_refused_at_once() {
    let folder = workplace();
    let error = refused_early(folder.path(), &["--set", "normalize.scope='speaker'"]);
    assert!(error.contains("no speaker has the 8 utterances"), "{error}");
}

#[test]
fn what_rejects_may_cure_is_a_warning() {
    let folder = workplace();
    let speaker = fs::read_dir(folder.path().join("corpus")).expect("there").map(|entry| entry.expect("one").path());
    let speaker = speaker.filter(|path| path.is_dir()).min().expect("a speaker");
    fs::write(speaker.join("fear_s01_r01.wav"), b"").expect("written");
    let words = "emotion `fear` has one utterance";
    // No reject is allowed.
    let error = refused_early(folder.path(), &["--set", "extract.max_reject_rate=0"]);
    assert!(error.contains(words), "{error}");
    // Without it there is but one emotion.
    let error = refused_early(folder.path(), &["--set", "corpus.0.filter={emotion=['anger','fear']}"]);
    assert!(error.contains(words), "{error}");
    // Behind the warning the rest is looked at.
    let error = refused_early(folder.path(), &["--set", "split.stratify_by=['emotoin']"]);
    assert!(error.contains("did you mean `emotion`"), "{error}");
    for times in [1, 0] {
        let output = ser(folder.path(), &["run", "pipeline.toml", "--set", "train.models=['naive-bayes', 'majority']"]);
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        stdout(&output);
        assert_eq!(log.matches(words).count(), times, "extract refuses it: {log}");
    }
}

#[test]
fn nothing_is_rehearsed_where_there_is_nothing_to_extract() {
    let (folder, server) = (workplace(), Server::start());
    let flags = ["run", "pipeline.toml", "--out", "s3://bucket/out", "--set", "train.models=['majority']"];
    stdout(&server.ser(folder.path(), &flags));
    server.forget();
    let printed = stdout(&server.ser(folder.path(), &flags));
    assert_eq!(printed.matches("up to date").count(), 6, "{printed}");
    assert_eq!(server.count("get", "utterances.parquet"), 2, "extract reads it, evaluate its footer");
}

#[test]
fn corpora_without_a_shared_emotion_are_refused_at_once() {
    let folder = workplace();
    let section = &PIPELINE[PIPELINE.find("[[corpus]]").expect("there")..PIPELINE.find("[features]").expect("there")];
    let other = section.replace("name = \"synthetic\"", "name = \"other\"");
    let text = PIPELINE.replace(
        "[features]",
        &format!("{other}labels = {{ anger = 'rage', neutral = 'calm', sadness = 'gloom' }}\n\n[features]"),
    );
    fs::write(folder.path().join("pipeline.toml"), text + "\n[split]\nscheme = 'cross-corpus'\n").expect("written");
    let error = refused_early(folder.path(), &[]);
    assert!(
        error.contains("share no emotion: train has calm, gloom, rage, test has anger, neutral, sadness"),
        "{error}"
    );
}

#[test]
fn sides_are_listed_and_can_be_mapped() {
    let folder = sided();
    let error = refused_early(folder.path(), &[]);
    let lines = [
        "[split.sides]\n",
        "\"\" = \"-\"  # 3 utterances\n",
        "\"Development\" = \"dev\"  # 3 utterances\n",
        "\"Test1\" = \"test\"  # 6 utterances\n",
        "\"Train\" = \"train\"  # 15 utterances",
    ];
    for line in lines {
        assert!(error.contains(line), "{error}\nshould say {line}");
    }
    // What it offers works as it stands.
    let sides = &error[error.find("[split.sides]").expect("there")..];
    let text = fs::read_to_string(folder.path().join("pipeline.toml")).expect("readable");
    fs::write(folder.path().join("pipeline.toml"), format!("{text}\n{sides}")).expect("written");
    let printed = run(folder.path(), &["--set", "train.models=['naive-bayes', 'majority']"]);
    assert!(printed.contains("predefined in 1 fold"), "{printed}");
    let report = fs::read_to_string(folder.path().join("out/report.md")).expect("readable");
    assert!(report.contains("3 utterances are on no side, because split.sides leaves out their"), "{report}");
}

#[test]
fn people_who_are_not_known_are_not_one_person() {
    let folder = manifest("", |number, path, label, who| {
        format!("{path},{label},{}\n", if number < 9 { ["nan", "", "None"][number % 3] } else { who })
    });
    let output = ser(folder.path(), &["run", "pipeline.toml", "--set", "train.models=['naive-bayes', 'majority']"]);
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    stdout(&output);
    assert!(log.contains("9 of 27 utterances have no speaker"), "{log}");
    let report = fs::read_to_string(folder.path().join("out/report.md")).expect("readable");
    assert!(report.contains("9 of 27 utterances have no \\`speaker\\`: each is placed by itself"), "{report}");
    assert!(report.contains(" known speakers"), "{report}");
    assert!(!report.contains("synthetic/nan"), "{report}");
    let error = refused_again(folder.path());
    assert!(error.contains("missing from 9 utterances"), "{error}");
}

/// Leaving each of unknown people out in turn makes no sense.
fn refused_again(folder: &Path) -> String {
    let (code, error) = failure(&ser(folder, &["run", "pipeline.toml", "--set", "split.scheme='loso'"]));
    assert_eq!(code, 3, "{error}");
    error
}
