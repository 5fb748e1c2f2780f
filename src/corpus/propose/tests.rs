//! Proposals for corpora that are made up: names in several orders, tables of several kinds.

use super::*;
use crate::corpus::{SourceFile, SourceFiles, parse_text};

/// All paths that a form gives for some people, emotions and sentences: `{p}/{e}_{t}.wav`.
fn names(form: &str, people: &[&str], emotions: &[&str], texts: &[&str]) -> Vec<String> {
    let mut names = Vec::new();
    for person in people {
        for emotion in emotions {
            for text in texts {
                let path = form.replace("{p}", person).replace("{e}", emotion).replace("{t}", text);
                names.extend(["1", "2", "3"].map(|take| path.replace("{k}", take)));
            }
        }
    }
    names.sort();
    names.dedup();
    names
}

fn listed(paths: &[String]) -> SourceFiles {
    paths.iter().map(|path| SourceFile { path, bytes: 1 }).collect()
}

fn read(paths: &[String]) -> Proposal {
    let mut proposal = by_names(Corpus::new("c", "data"), paths.iter().map(String::as_str));
    proposal.complete(Source { root: "/data", files: &listed(paths), labels: &[] }, None);
    proposal
}

const WORDS: [&str; 4] = ["angry", "happy", "neutral", "sad"];
const TEXTS: [&str; 3] = ["t01", "t02", "t03"];

/// Speakers as they were told, and the pattern.
fn told(form: &str, people: &[&str], emotions: &[&str]) -> (Vec<String>, Vec<String>, String) {
    let proposal = read(&names(form, people, emotions, &TEXTS));
    assert!(proposal.is_complete(), "{form}: {proposal:?}");
    let speakers = proposal.speakers.iter().map(|(speaker, _)| speaker.clone()).collect();
    let emotions = proposal.emotions().into_keys().map(str::to_owned).collect();
    (speakers, emotions, proposal.corpus.pattern.clone().unwrap_or_default())
}

#[test]
fn speakers_are_told_by_words_letters_and_folders_in_any_order() {
    let cases: [(&str, &[&str]); 13] = [
        ("{p}/{e}/{t}_{k}.wav", &["anna", "bernd", "chris"]),
        ("{e}/{p}/{t}_{k}.wav", &["anna", "bernd", "chris"]),
        ("{p}/{t}_{e}_{k}.wav", &["0011", "0012", "0017"]),
        ("Actor_{p}/{e}-{t}-{k}.wav", &["01", "02", "03"]),
        ("{e}_{t}_{p}_{k}.wav", &["F01", "F02", "M01", "M02"]),
        ("{p}_{e}{k}.wav", &["female1", "female2", "male1", "male2"]),
        ("{t}/{e}_spk{p}_{k}.wav", &["1", "2", "3"]),
        ("{k}.{e}.speaker-{p}.wav", &["a", "b", "c"]),
        ("{p}_{e}{k}.wav", &["AB", "CD", "EF"]),
        ("audio/{t}/{e}/subject {p}/{k}.wav", &["1", "2", "3"]),
        ("{e}/P{p}_{t}_{k}.wav", &["01", "02", "10"]),
        ("p{p}_{e}_{k}.wav", &["100", "101", "102", "110", "111"]),
        (
            "spk{p}/{e}_{t}_{k}.wav",
            &["000", "001", "002", "003", "004", "005", "006", "007", "008", "009", "010", "011"],
        ),
    ];
    for (form, people) in cases {
        let (speakers, emotions, pattern) = told(form, people, &WORDS);
        let bare = |speaker: &String| people.iter().any(|person| speaker.ends_with(person));
        assert!(speakers.len() == people.len() && speakers.iter().all(bare), "{form}: {speakers:?} by {pattern}");
        assert_eq!(emotions, ["anger", "happiness", "neutral", "sadness"], "{form}: {pattern}");
    }
}

#[test]
fn what_may_be_a_speaker_or_not_is_asked() {
    for (form, people) in [
        // A sentence has such codes as well.
        ("{p}_{t}_{e}_{k}.wav", ["DFA", "IEO", "TIE"]),
        ("{p}_{e}_{k}.wav", ["s01", "s02", "s03"]),
        ("{e}/{p}.wav", ["01", "02", "03"]),
        ("{p}-{k}-{e}.wav", ["101", "102", "107"]),
        ("{e}_{p}.wav", ["F01", "F02", "M01"]),
    ] {
        let proposal = read(&names(form, &people, &WORDS, &["kitchen", "table"]));
        let asked = proposal.questions.iter().find_map(|question| match question {
            Question::WhichSpeaker(choices) => Some(choices),
            _ => None,
        });
        let choices = asked.unwrap_or_else(|| panic!("{form}: {proposal:?}"));
        assert!(choices.iter().any(|choice| choice.examples[0].ends_with(people[0])), "{form}: {choices:?}");
        assert!(proposal.is_complete() && !proposal.has_speakers(), "{form}: it runs, with a random split");
        let pattern = proposal.corpus.pattern.expect("a pattern");
        assert!(choices.iter().all(|choice| pattern.contains(&format!("(?P<{}>", choice.name))), "{pattern}");
    }
}

#[test]
fn labels_are_read_in_the_languages_and_codes_that_corpora_use() {
    let cases: [(&[&str], &[&str]); 6] = [
        (&["Wut", "Freude", "Trauer", "Ärger"], &["anger", "happiness", "sadness"]),
        (&["rab", "gio", "tri", "neu", "pau"], &["anger", "fear", "happiness", "neutral", "sadness"]),
        (&["kizgin", "mutlu", "uzgun"], &["anger", "happiness", "sadness"]),
        (
            &["W", "L", "E", "A", "F", "T", "N"],
            &["anger", "boredom", "disgust", "fear", "happiness", "neutral", "sadness"],
        ),
        (&["an", "ha", "sa", "fe"], &["anger", "fear", "happiness", "sadness"]),
        (&["Angry", "ANGRY", "sad", "other", "whisper"], &["anger", "sadness", "whisper"]),
    ];
    for (labels, want) in cases {
        let (_, emotions, pattern) = told("spk{p}/{e}_{t}_{k}.wav", &["1", "2", "3"], labels);
        assert_eq!(emotions, want, "{labels:?} by {pattern}");
    }
}

#[test]
fn codes_are_asked_for_one_by_one() {
    for codes in [["01", "02", "03", "04"], ["A", "B", "C", "D"], ["n", "s", "a", "x"]] {
        let proposal = read(&names("spk{p}/{e}_{t}_{k}.wav", &["1", "2", "3"], &codes, &["t01", "t02"]));
        assert!(!proposal.is_complete() && proposal.speakers.len() == 3, "{proposal:?}");
        let asked = proposal.questions.iter().find_map(|question| match question {
            Question::WhatLabels(labels) => Some(labels.clone()),
            _ => None,
        });
        let mut want = codes.map(|code| (code.to_owned(), 18));
        want.sort();
        assert_eq!(asked.expect("asked"), want);
    }
}

#[test]
fn words_that_differ_about_the_emotion_are_asked_about() {
    let mut paths = names("{e}_sad_{t}_{k}.wav", &["x"], &["angry", "happy"], &TEXTS);
    paths.extend(names("{e}_angry_{t}_{k}.wav", &["x"], &["sad", "happy"], &TEXTS));
    let proposal = read(&paths);
    let is_asked = |question: &Question| matches!(question, Question::WhichEmotion(choices) if choices.len() == 2);
    assert!(proposal.questions.iter().any(is_asked), "{proposal:?}");
    let pattern = proposal.corpus.pattern.expect("a pattern");
    assert!(pattern.contains("<emotion1>") && pattern.contains("<emotion2>") && !pattern.contains("<emotion>"));
}

#[test]
fn names_that_say_nothing_have_no_pattern() {
    for form in ["{p}.wav", "rec_{p}.wav"] {
        let people = (0..40).map(|n| format!("{:08x}", n * 7_919_317)).collect::<Vec<_>>();
        let people = people.iter().map(String::as_str).collect::<Vec<_>>();
        let proposal = read(&names(form, &people, &["x"], &["x"]));
        assert_eq!(proposal.questions, [Question::NoEmotion]);
        assert!(proposal.corpus.pattern.is_none());
    }
    assert_eq!(read(&["a.wav".to_owned()]).questions, [Question::NoEmotion]);
}

#[test]
fn a_word_may_stand_anywhere_in_a_name() {
    let mut paths = names("{e}-{t}-{k}.wav", &["x"], &WORDS, &TEXTS);
    paths.extend(names("take{k}_{t}_{e}.wav", &["x"], &WORDS, &TEXTS));
    paths.extend(names("long {t} {k} {e} name.wav", &["x"], &WORDS, &TEXTS));
    let proposal = read(&paths);
    assert_eq!((proposal.emotions().len(), proposal.unused().count()), (4, 0), "{proposal:?}");
}

#[test]
fn presets_are_taken_for_their_own_corpora_only() {
    let take = |paths: Vec<String>| by_preset(Corpus::new("c", "data"), paths.iter().map(String::as_str));
    let emodb = ["W", "L", "E", "A", "F", "T", "N"];
    let found = take(names("wav/{p}{t}{e}a.wav", &["03", "08", "16"], &emodb, &["a01", "b10"])).expect("EMO-DB");
    assert_eq!(found.corpus.preset.as_deref(), Some("emodb"));
    // Two emotions of seven: the form may be chance.
    let few = take(names("wav/{p}{t}{e}a.wav", &["03", "08", "16"], &["A", "N"], &["a01", "b10"]));
    assert!(few.expect_err("not taken").expect("told").contains("only 2 of its 7 emotions"));
    // The form of nEMO with other words.
    assert!(matches!(take(names("{p}_{e}_{k}.wav", &["AB0", "CD1"], &["anger", "joy"], &["x"])), Err(None)));
    let songs = take(names(
        "Actor_{p}/03-02-{e}-01-01-01-{p}.wav",
        &["01", "02"],
        &["02", "03", "04", "05", "06", "07", "08", "01"],
        &["x"],
    ));
    assert_eq!(songs.expect("RAVDESS").corpus.filter["vocal_channel"], ["song"]);
}

#[test]
fn one_of_several_formats_is_enough() {
    let both = |paths: &[&str]| one_format(paths.iter().copied()).map(|(one, _)| one);
    assert_eq!(both(&["wav/a.wav", "wav/b.wav", "mp3/a.mp3", "mp3/b.mp3"]).as_deref(), Some("wav"));
    assert_eq!(both(&["a.wav", "b.wav", "a.flac", "b.flac", "c.flac"]).as_deref(), Some("flac"));
    // Takes of other people.
    assert_eq!(both(&["s1/1.wav", "s2/1.wav", "s1/2.wav", "s3/1.mp3", "s4/1.mp3"]), None);
    assert_eq!(both(&["a.wav", "b.mp3"]), None);
}

/// Reads a table beside 24 files.
fn table(text: &str, path: &str) -> Result<Proposal, Option<String>> {
    let files = (0..24).map(|n| format!("wavs/s{}/u{n:02}.wav", n % 4)).collect::<Vec<_>>();
    let rows = files.iter().enumerate().map(|(n, file)| {
        let (stem, name) = (file.trim_end_matches(".wav"), file.rsplit('/').next().unwrap_or_default());
        let emotion = ["angry", "happy", "sad"][n % 3];
        let line = text.replace("{path}", file).replace("{name}", name).replace("{stem}", stem).replace("{e}", emotion);
        let code = ["1", "2", "3"][n % 3];
        line.replace("{s}", &format!("p{}", n % 4)).replace("{n}", &n.to_string()).replace("{c}", code) + "\n"
    });
    let (header, _) = text.split_once('\n').expect("a header and a row");
    let rows = rows.map(|row| row[row.find('\n').expect("a header") + 1..].to_owned()).collect::<String>();
    let config = Corpus { manifest: Some(path.to_owned()), ..Corpus::new("c", "data") };
    let parsed = parse_text(&config, format!("{header}\n{rows}").as_bytes(), path).expect("sound");
    let files = listed(&files);
    let mut proposal = by_table(config, &files, files.len(), &parsed)?;
    proposal.complete(Source { root: "/srv/data", files: &files, labels: &[] }, Some(&parsed));
    Ok(proposal)
}

#[test]
fn tables_are_read_by_their_cells_and_the_names_of_their_columns() {
    let proposal =
        table("Filename,Emotion,Speaker ID,sex,Sentence,Split\n{path},{e},{s},f,hello,train", "m.csv").expect("one");
    let columns = &proposal.corpus.columns;
    let found = [&columns.path, &columns.emotion, &columns.speaker, &columns.gender, &columns.text_id];
    assert_eq!(found.map(Option::as_deref), ["Filename", "Emotion", "Speaker ID", "sex", "Sentence"].map(Some));
    assert!(proposal.is_complete() && proposal.speakers.len() == 4, "{proposal:?}");
    assert_eq!(proposal.corpus.labels["angry"], "anger");
    // Not by the name of the column, but by its cells; and paths from another machine.
    let proposal = table("n;what;mood\n{n};/mnt/x/{path};{e}", "m.csv").expect("one");
    assert_eq!(proposal.corpus.path_prefix.as_deref(), Some("/mnt/x"));
    assert_eq!(proposal.corpus.columns.emotion.as_deref(), Some("mood"));
    assert_eq!((proposal.read.utterances.len(), &proposal.questions[..]), (24, &[Question::NoSpeaker][..]));
}

#[test]
fn tables_that_cannot_be_manifests_say_what_is_missing() {
    for (text, want) in [
        ("id,emotion\n{stem},{e}", "without their extensions"),
        ("id,emotion\n{name},{e}", "without the folders"),
        ("file,speaker\n{path},{s}", "no column of it holds emotions"),
    ] {
        let problem = table(text, "m.csv").expect_err(text).expect("told");
        assert!(problem.contains(want), "{problem}");
    }
    assert_eq!(table("word,count\nx{n},{n}", "m.csv").expect_err("no paths"), None);
}

#[test]
fn columns_of_codes_and_columns_that_differ_are_asked_about() {
    let proposal = table("path,label\n{path},{c}", "m.csv").expect("one");
    assert!(
        matches!(&proposal.questions[..], [Question::NoSpeaker, Question::WhatLabels(labels)] if labels.len() == 3)
    );
    let proposal = table("path,heard,meant\n{path},{e},sad", "m.csv").expect("one column of several values");
    assert_eq!(proposal.corpus.columns.emotion.as_deref(), Some("heard"));
}

#[test]
fn times_are_used_where_a_file_has_several_rows_only() {
    let proposal = table("path,start,end,emotion\n{path},0.5,1.5,{e}", "m.csv").expect("one");
    assert_eq!(proposal.corpus.columns.start.as_deref(), Some(""));
    let text = "path,begin,stop,emotion\nwavs/s0/u00.wav,{n},{n}.5,{e}";
    let proposal = table(text, "m.csv").map_err(|problem| problem.expect("told"));
    assert!(proposal.expect_err("of one file").contains("names only 1 files"));
}

#[test]
fn names_of_corpora_come_from_folders_that_say_something() {
    for (place, want) in [
        ("/data/EmoDB/wav", "emodb"),
        ("s3://bucket/My Corpus (v2)/", "my-corpus-v2"),
        ("/data", "data"),
        ("s3://b", "b"),
        ("/", "corpus"),
        ("/x/ü", "corpus"),
    ] {
        assert_eq!(name_of(place), want, "{place}");
    }
}

#[test]
fn files_are_sound_toml_whatever_names_hold() {
    let odd = ["an'gry", "ha\"ppy", "sa\nd", "\\", "#", "(?P<x>", "é"];
    let mut paths = names("{p}/{e} x.wav", &["o'neil", "a\"b\\c", "x#y"], &["angry", "happy", "sad"], &["x"]);
    paths.extend(odd.iter().map(|word| format!("{word}/angry {word}.wav")));
    for paths in [paths.clone(), names("{p}/{e}.wav", &odd, &odd, &["x"]), odd.map(str::to_owned).to_vec()] {
        let written = Written { name: "x", command: "ser init a\nb", file: "x.toml", obstacle: None };
        let text = pipeline_text(&[read(&paths)], &written);
        let parsed: toml::Table = toml::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(parsed["corpus"][0]["source"].as_str(), Some("data"));
    }
}

#[test]
fn the_split_follows_from_the_speakers() {
    let scheme = |people: usize, texts: usize| {
        let people = (0..people).map(|n| format!("spk{n:03}")).collect::<Vec<_>>();
        let people = people.iter().map(String::as_str).collect::<Vec<_>>();
        let texts = (0..texts).map(|n| format!("t{n}")).collect::<Vec<_>>();
        let texts = texts.iter().map(String::as_str).collect::<Vec<_>>();
        let proposal = read(&names("{p}/{e}_{t}_{k}.wav", &people, &WORDS, &texts));
        let text = pipeline_text(&[proposal], &Written { name: "x", command: "x", file: "x.toml", obstacle: None });
        let parsed: toml::Table = toml::from_str(&text).expect("sound");
        parsed["split"]["scheme"].as_str().expect("a scheme").to_owned()
    };
    assert_eq!(
        [scheme(3, 2), scheme(13, 1), scheme(4, 200), scheme(1, 4)],
        ["loso", "group-k-fold", "group-k-fold", "k-fold"]
    );
}
