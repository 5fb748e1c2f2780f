//! `ser init` on corpora in several layouts, and what `ser run` makes of the files that it writes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use ser_etl::schema::Utterance;
use tempfile::TempDir;

use crate::predict::read;
use crate::util::s3_server::Server;
use crate::util::{failure, ser, stdout};

/// What a name of the synthesizer says.
struct Said<'a> {
    speaker: &'a str,
    gender: &'a str,
    emotion: &'a str,
    sentence: &'a str,
    take: &'a str,
}

const EMOTIONS: [&str; 4] = ["anger", "happiness", "neutral", "sadness"];

/// A folder with synthetic speech in `corpus`, each file under the name that `name` gives it.
fn arranged(name: impl Fn(&Said<'_>) -> String) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let flags = ["synth", "made", "--speakers", "4", "--sentences", "2", "--repetitions", "1", "--sample-rate", "8000"];
    stdout(&ser(folder.path(), &[&flags[..], &["--emotions", &EMOTIONS.join(",")]].concat()));
    let made = folder.path().join("made");
    for speaker in fs::read_dir(&made).expect("readable").map(|entry| entry.expect("readable").path()) {
        let Some((who, gender)) = speaker.file_name().and_then(|name| name.to_str()?.split_once('_')) else { continue };
        for file in fs::read_dir(&speaker).expect("readable").map(|entry| entry.expect("readable").path()) {
            let stem = file.file_stem().and_then(|stem| stem.to_str()).expect("text");
            let [emotion, sentence, take] = stem.split('_').collect::<Vec<_>>()[..] else { continue };
            let to = folder.path().join("corpus").join(name(&Said { speaker: who, gender, emotion, sentence, take }));
            fs::create_dir_all(to.parent().expect("a folder")).expect("made");
            fs::rename(&file, to).expect("moved");
        }
    }
    folder
}

fn utterances(out: &Path) -> Vec<Utterance> {
    read::<Utterance>(&out.join("utterances.parquet")).rows
}

/// Emotions, and the number of speakers.
fn found(rows: &[Utterance]) -> (Vec<&str>, usize) {
    let emotions = rows.iter().map(|row| row.emotion.as_str()).collect::<BTreeSet<_>>();
    (
        emotions.into_iter().collect(),
        rows.iter().filter_map(|row| row.speaker.as_deref()).collect::<BTreeSet<_>>().len(),
    )
}

fn count(folder: &TempDir) -> (Vec<String>, usize) {
    stdout(&ser(folder.path(), &["ingest", "corpus.toml"]));
    let rows = utterances(&folder.path().join("runs/corpus"));
    assert_eq!(rows.len(), 32);
    let (emotions, speakers) = found(&rows);
    (emotions.into_iter().map(str::to_owned).collect(), speakers)
}

#[test]
fn what_it_writes_runs_to_a_report() {
    let folder = arranged(|said| {
        let letter = said.gender[..1].to_uppercase();
        format!("{}/{letter}{}_{}_{}.wav", said.emotion, &said.speaker[3..], said.sentence, said.take)
    });
    let said = stdout(&ser(folder.path(), &["init", "corpus"]));
    for want in
        ["32 audio files", "(wav 32)", "anger", "speakers   4: F02 8, F04 8, M01 8, M03 8", "ser run corpus.toml"]
    {
        assert!(said.contains(want), "{said}\nshould say {want}");
    }
    let run = stdout(&ser(folder.path(), &["run", "corpus.toml", "--set", "train.models=['logistic', 'majority']"]));
    assert!(run.contains("32 rows") && run.contains("report.md"), "{run}");
    let rows = utterances(&folder.path().join("runs/corpus"));
    assert_eq!(found(&rows), (EMOTIONS.to_vec(), 4));
    for row in &rows {
        assert!(row.path.starts_with(&row.emotion), "{row:?}");
        let gender = row.speaker.as_deref().and_then(|speaker| speaker.strip_prefix("corpus/")?.get(..1));
        assert_eq!(row.gender.as_deref(), gender, "{row:?}");
    }
    let report = fs::read_to_string(folder.path().join("runs/corpus/report.md")).expect("a report");
    assert!(!report.contains("not speaker-disjoint"), "each speaker is left out");
}

#[test]
fn speakers_are_told_apart_in_several_layouts() {
    let layouts: [fn(&Said<'_>) -> String; 4] = [
        |said| format!("{}/{}/{}_{}.wav", said.speaker, said.emotion, said.sentence, said.take),
        |said| format!("Actor_{}/{}-{}.wav", &said.speaker[3..], said.sentence, said.emotion),
        |said| format!("{}_{}_{}.wav", said.sentence, said.emotion, said.speaker),
        |said| {
            let code = BTreeMap::from([("anger", "W"), ("happiness", "F"), ("neutral", "N"), ("sadness", "T")]);
            format!("spk{}{}{}.wav", &said.speaker[3..], code[said.emotion], &said.sentence[1..])
        },
    ];
    for layout in layouts {
        let folder = arranged(layout);
        let said = stdout(&ser(folder.path(), &["init", "corpus"]));
        assert_eq!(count(&folder), (EMOTIONS.map(str::to_owned).to_vec(), 4), "{said}");
    }
}

#[test]
fn a_table_beside_the_audio_is_the_manifest() {
    for (columns, place) in [("file,Emotion,Speaker", "corpus/labels.csv"), ("Path,label,actor_id", "labels.csv")] {
        let table = std::cell::RefCell::new(format!("{columns}\n"));
        let folder = arranged(|said| {
            let number = table.borrow().lines().count();
            *table.borrow_mut() += &format!("u{number:03}.wav,{},{}\n", said.emotion, said.speaker);
            format!("wavs/u{number:03}.wav")
        });
        fs::write(folder.path().join(place), table.borrow().as_bytes()).expect("written");
        let said = stdout(&ser(folder.path(), &["init", "corpus"]));
        assert!(said.contains("table") && said.contains("ser run corpus.toml"), "{said}");
        assert_eq!(count(&folder), (EMOTIONS.map(str::to_owned).to_vec(), 4), "{said}");
    }
}

#[test]
fn codes_are_asked_for_and_refused_until_they_are_filled_in() {
    let folder = arranged(|said| {
        let code = EMOTIONS.iter().position(|emotion| *emotion == said.emotion).expect("known") + 1;
        format!("{}/{}-{code:02}-{}.wav", said.speaker, &said.sentence[1..], &said.take[1..])
    });
    let said = stdout(&ser(folder.path(), &["init", "corpus"]));
    assert!(said.contains("what do these labels mean? 01 8, 02 8, 03 8, 04 8"), "{said}");
    assert!(said.contains("does not run yet"), "{said}");
    let (code, error) = failure(&ser(folder.path(), &["run", "corpus.toml"]));
    assert!(code == 3 && error.contains("\"01\"") && error.contains("[corpus.labels]"), "{code} {error}");
    let file = folder.path().join("corpus.toml");
    let mut text = fs::read_to_string(&file).expect("written");
    for (code, emotion) in (1..).zip(EMOTIONS) {
        let line = format!("# {code:02} = \"\"");
        assert!(text.contains(&line), "{text}");
        text = text.replace(&line, &format!("{code:02} = \"{emotion}\""));
    }
    fs::write(&file, text).expect("written");
    assert_eq!(count(&folder), (EMOTIONS.map(str::to_owned).to_vec(), 4));
}

#[test]
fn without_speakers_the_split_says_that_it_flatters() {
    let folder = arranged(|said| {
        let number = 10 * said.speaker[3..].parse::<u32>().expect("a number")
            + said.sentence[1..].parse::<u32>().expect("a number");
        format!("{}/{number:03}.wav", said.emotion)
    });
    let said = stdout(&ser(folder.path(), &["init", "corpus"]));
    assert!(said.contains("the split is random") && said.contains("the figures flatter"), "{said}");
    let text = fs::read_to_string(folder.path().join("corpus.toml")).expect("written");
    assert!(text.contains("scheme = \"k-fold\"") && text.contains("# scheme = \"group-k-fold\""), "{text}");
    assert_eq!(count(&folder), (EMOTIONS.map(str::to_owned).to_vec(), 0));
}

#[test]
fn names_that_say_nothing_are_refused_with_what_to_write() {
    let number = std::cell::Cell::new(0);
    let folder = arranged(|_| {
        number.set(number.get() + 1);
        format!("rec{:04}.wav", number.get() * 37)
    });
    let said = stdout(&ser(folder.path(), &["init", "corpus"]));
    assert!(said.contains("nothing says the emotion") && said.contains("does not run yet"), "{said}");
    let (code, error) = failure(&ser(folder.path(), &["run", "corpus.toml"]));
    assert!(code == 2 && error.contains("exactly one of `preset`, `pattern` and `manifest`"), "{code} {error}");
}

#[test]
fn a_file_that_is_there_is_kept_unless_force_is_given() {
    let folder = arranged(|said| format!("{}/{}/{}.wav", said.speaker, said.emotion, said.sentence));
    fs::write(folder.path().join("corpus.toml"), "mine").expect("written");
    let (code, error) = failure(&ser(folder.path(), &["init", "corpus"]));
    assert!(code == 2 && error.contains("there is such a file") && error.contains("--force"), "{code} {error}");
    assert_eq!(fs::read_to_string(folder.path().join("corpus.toml")).expect("there"), "mine");
    stdout(&ser(folder.path(), &["init", "corpus", "--force"]));
    assert_eq!(count(&folder).1, 4);
    // In another folder, the place of the audio is written in full.
    stdout(&ser(folder.path(), &["init", "corpus/", "--name", "other", "--out", "files/other.toml"]));
    stdout(&ser(folder.path(), &["ingest", "files/other.toml"]));
    assert_eq!(utterances(&folder.path().join("files/runs/other")).len(), 32);
}

#[test]
fn places_without_audio_and_bad_arguments_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir_all(folder.path().join("empty")).expect("made");
    fs::create_dir_all(folder.path().join("texts")).expect("made");
    fs::write(folder.path().join("texts/readme.txt"), "x").expect("written");
    let cases: [(&[&str], i32, &str); 7] = [
        (&["init", "empty"], 3, "holds no files"),
        (&["init", "texts"], 3, "no audio"),
        (&["init", "missing"], 3, "does not exist"),
        (&["init", ""], 2, "DIR"),
        (&["init", "empty", "--name", "Ä b"], 2, "--name"),
        (&["init", "empty", "--out", "x.txt"], 2, "ends in .toml"),
        (&["init", "ftp://x/y"], 2, "ftp"),
    ];
    for (arguments, want, words) in cases {
        let (code, error) = failure(&ser(folder.path(), arguments));
        assert!(code == want && error.contains(words), "{arguments:?}: {code} {error}");
    }
    assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 2, "nothing was written");
}

#[test]
fn several_corpora_and_formats_are_told_apart() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let put = |path: String| {
        let path = folder.path().join("all").join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, b"").expect("written");
    };
    for speaker in ["03", "08", "09"] {
        for emotion in "WLEAFTN".chars() {
            put(format!("emodb/wav/{speaker}a01{emotion}a.wav"));
        }
    }
    for speaker in ["DC", "JE", "KL"] {
        for emotion in ["a", "d", "f", "h", "n", "sa", "su"] {
            put(format!("savee/{speaker}_{emotion}01.wav"));
        }
    }
    let said = stdout(&ser(folder.path(), &["init", "all"]));
    assert!(said.contains("`emodb`") && said.contains("`savee`"), "{said}");
    stdout(&ser(folder.path(), &["ingest", "all.toml"]));
    let rows = utterances(&folder.path().join("runs/all"));
    assert_eq!((rows.len(), found(&rows).1), (42, 6));
    for speaker in ["DC", "JE"] {
        for emotion in ["a", "d", "f", "h", "n", "sa", "su"] {
            for format in ["wav", "mp3"] {
                put(format!("../both/{format}/{speaker}_{emotion}01.{format}"));
            }
        }
    }
    let said = stdout(&ser(folder.path(), &["init", "both"]));
    assert!(said.contains("2 formats (mp3, wav): wav is taken"), "{said}");
    stdout(&ser(folder.path(), &["ingest", "both.toml"]));
    assert_eq!(utterances(&folder.path().join("runs/both")).len(), 14);
}

#[test]
fn a_corpus_may_lie_in_a_bucket() {
    let folder = arranged(|said| format!("{}/{}.wav", said.speaker, said.emotion.to_owned() + "_" + said.sentence));
    let server = Server::start();
    server.upload(&folder.path().join("corpus"), "speech/corpus");
    let init = server.ser(folder.path(), &["init", "s3://bucket/speech/corpus"]);
    assert!(stdout(&init).contains("32 audio files in s3://bucket/speech/corpus"));
    stdout(&server.ser(folder.path(), &["ingest", "corpus.toml"]));
    assert_eq!(found(&utterances(&folder.path().join("runs/corpus"))), (EMOTIONS.to_vec(), 4));
    // A table above the folder of the audio, and a pipeline file in the bucket.
    let table = utterances(&folder.path().join("runs/corpus"));
    let rows = table.iter().map(|row| format!("{},{}\n", row.path, row.emotion)).collect::<String>();
    fs::create_dir(folder.path().join("tables")).expect("made");
    fs::write(folder.path().join("tables/labels.csv"), format!("path,emotion\n{rows}")).expect("written");
    server.upload(&folder.path().join("tables"), "speech");
    let again = ["init", "s3://bucket/speech/corpus", "--out", "s3://bucket/files/corpus.toml"];
    let said = stdout(&server.ser(folder.path(), &again));
    assert!(said.contains("s3://bucket/speech/labels.csv holds labels too"), "{said}");
    let (code, error) = failure(&server.ser(folder.path(), &again));
    assert!(code == 2 && error.contains("there is such a file"), "{code} {error}");
    stdout(&server.ser(folder.path(), &["ingest", "s3://bucket/files/corpus.toml", "--out", "again"]));
    assert_eq!(utterances(&folder.path().join("again")).len(), 32);
    let (code, _) = failure(&server.ser(folder.path(), &["init", "s3://nowhere/x"]));
    assert_eq!(code, 3);
}
