//! The room as a whole: `build` and `merge` over listings and manifests.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::config;

fn config(rest: &str) -> config::Corpus {
    toml::from_str(&format!("name = \"c\"\nsource = \"data\"\n{rest}")).expect("the test's TOML is sound")
}

fn files(paths: &[&str]) -> Vec<SourceFile> {
    paths.iter().map(|path| SourceFile { path: (*path).to_owned(), bytes: 44 }).collect()
}

fn run(rest: &str, paths: &[&str]) -> Result<Corpus, CorpusError> {
    build(&config(rest), Source { root: ROOT, files: &files(paths) }, None, None)
}

/// Where the source lies.
const ROOT: &str = "/srv/corpus/data";

fn run_manifest(rest: &str, paths: &[&str], csv: &str) -> Result<Corpus, CorpusError> {
    let config = config(&format!("manifest = \"m.csv\"\n{rest}"));
    let table = parse_text(&config, csv.as_bytes(), "m.csv")?;
    build(&config, Source { root: ROOT, files: &files(paths) }, Some(&table), None)
}

fn or_dash(cell: &Option<String>) -> &str {
    cell.as_deref().unwrap_or("-")
}

/// One utterance a line: id, emotion, speaker, text, intensity, language.
fn lines(corpus: &Corpus) -> Vec<String> {
    let line = |u: &Utterance| {
        let fields = [&u.speaker, &u.text_id, &u.intensity, &u.language].map(or_dash);
        format!("{} {} {}", u.utterance_id, u.emotion, fields.join(" "))
    };
    corpus.utterances.rows.iter().map(line).collect()
}

/// One label a line: source label, emotion, action, count.
fn labels(corpus: &Corpus) -> Vec<String> {
    corpus
        .labels
        .iter()
        .map(|l| format!("{} {} {} {}", l.source_label, or_dash(&l.emotion), l.action, l.utterances))
        .collect()
}

fn codes(corpus: &Corpus) -> Vec<String> {
    corpus.rejects.iter().map(|reject| format!("{} {}", reject.code, reject.path)).collect()
}

#[track_caller]
fn check_error(result: Result<Corpus, CorpusError>, wants: &[&str]) {
    let error = result.expect_err("an error was expected").to_string();
    for want in wants {
        assert!(error.contains(want), "{error}\nshould say {want}");
    }
}

const RAVDESS: [&str; 5] = [
    "Actor_02/03-01-05-02-01-01-02.wav",
    "Actor_01/03-01-01-01-01-01-01.wav",
    "Actor_01/03-02-05-01-01-01-01.wav",
    "Actor_01/01-01-05-01-01-01-01.mp4",
    "Actor_01/notes.txt",
];

#[test]
fn a_preset_reads_sorts_and_filters() {
    let corpus = run("preset = \"ravdess\"", &RAVDESS).expect("sound");
    let want =
        ["c/03-01-01-01-01-01-01 neutral c/01 c/01 normal en", "c/03-01-05-02-01-01-02 anger c/02 c/01 strong en"];
    assert_eq!(lines(&corpus), want);
    assert_eq!(labels(&corpus), ["angry anger filtered 2", "angry anger kept 1", "neutral neutral kept 1"]);
    assert_eq!(corpus.utterances.text.names, ["modality", "vocal_channel", "repetition"]);
    assert_eq!(corpus.utterances.text.row(1)[1].as_deref(), Some("speech"));
    assert_eq!((corpus.audio_files, corpus.rejects.len(), corpus.warnings.len()), (4, 0, 0));
    assert_eq!(corpus.utterances.rows[1].source_label, "angry");
    assert_eq!(corpus.utterances.rows[1].gender.as_deref(), Some("female"));
    assert_eq!(corpus.utterances.rows[1].bytes, 44);
}

#[test]
fn a_filter_of_the_pipeline_file_replaces_that_of_the_preset() {
    let songs = run("preset = \"ravdess\"\n[filter]\nvocal_channel = [\"song\"]", &RAVDESS).expect("sound");
    assert_eq!(lines(&songs), ["c/03-02-05-01-01-01-01 anger c/01 c/01 normal en"]);
}

#[test]
fn filters_keep_and_exclude() {
    let paths = ["OAF_a_sad.wav", "OAF_b_angry.wav", "YAF_a_sad.wav", "YAF_b_ps.wav"];
    let cases = [
        ("[filter]\nspeaker = [\"OAF\"]", "OAF_a_sad OAF_b_angry"),
        ("[filter]\nspeaker = [\"c/OAF\"]", "OAF_a_sad OAF_b_angry"),
        ("[exclude]\nspeaker = [\"OAF\"]", "YAF_a_sad YAF_b_ps"),
        ("[filter]\nemotion = [\"sadness\"]\ntext_id = [\"a\"]", "OAF_a_sad YAF_a_sad"),
        ("[filter]\nsource_label = [\"ps\"]", "YAF_b_ps"),
        ("language = \"fr\"\n[filter]\nlanguage = [\"fr\"]", "OAF_a_sad OAF_b_angry YAF_a_sad YAF_b_ps"),
        ("[exclude]\nintensity = [\"strong\"]", "OAF_a_sad OAF_b_angry YAF_a_sad YAF_b_ps"),
        ("[exclude]\nkey = [\"OAF_a_sad\"]\npath = [\"YAF_a_sad.wav\"]", "OAF_b_angry YAF_b_ps"),
        ("[labels]\nsad = \"-\"\nps = \"joy\"", "OAF_b_angry YAF_b_ps"),
    ];
    for (rest, want) in cases {
        let corpus = run(&format!("preset = \"tess\"\n{rest}"), &paths).expect(rest);
        let keys: Vec<&str> = corpus.utterances.rows.iter().map(|u| &u.utterance_id[2..]).collect();
        assert_eq!(keys.join(" "), want, "{rest}");
        let counted: i64 = corpus.labels.iter().map(|label| label.utterances).sum();
        assert_eq!(counted, 4, "{rest}");
    }
}

#[test]
fn filters_that_cannot_work_are_named() {
    let paths = ["OAF_a_sad.wav"];
    let tess = |rest: &str| run(&format!("preset = \"tess\"\n{rest}"), &paths);
    check_error(tess("[filter]\nspeeker = [\"OAF\"]"), &["`filter.speeker`", "nearest: \"speaker\"", "\"intensity\""]);
    check_error(tess("[exclude]\nnope = [\"x\"]"), &["`exclude.nope`"]);
    check_error(tess("[filter]\nspeaker = [\"YAF\"]"), &["no utterance is left", "\"sad\": 1 filtered"]);
    check_error(tess("[labels]\nsad = \"-\""), &["\"sad\": 1 dropped"]);
    let corpus = tess("[filter]\nspeaker = [\"OAF\", \"OFA\"]\nemotion = [\"sadness\", \"anger\"]").expect("sound");
    let want = ["no utterance has `emotion` \"anger\" of `filter`", "no utterance has `speaker` \"OFA\" of `filter`"];
    assert_eq!(corpus.warnings.len(), 2);
    assert!(want.iter().zip(&corpus.warnings).all(|(want, warning)| warning.ends_with(want)), "{:?}", corpus.warnings);
}

#[test]
fn a_pattern_reads_any_corpus() {
    let rest = "pattern = '(?P<speaker>s\\d)/(?P<emotion>[a-zA-Z]+)_(?P<path_no>\\d+)'\nlanguage = \"xx\"\nmax_unmatched_rate = 0.5\n\
                [labels]\nWut = \"anger\"\nrage = \"anger\"\nlove = \"affection\"";
    let paths = [
        "s1/Wut_1.wav",
        "s1/rage_2.flac",
        "s2/love_3.ogg",
        "s2/fear_4.MP3",
        "s2/._fear_4.mp3",
        "s2/fear.wav",
        "readme.md",
    ];
    let corpus = run(rest, &paths).expect("sound");
    let want = [
        "c/s1/Wut_1 anger c/s1 - - xx",
        "c/s1/rage_2 anger c/s1 - - xx",
        "c/s2/fear_4 fear c/s2 - - xx",
        "c/s2/love_3 affection c/s2 - - xx",
    ];
    assert_eq!(lines(&corpus), want);
    assert_eq!(
        labels(&corpus),
        ["Wut anger merged 1", "fear fear kept 1", "love affection kept 1", "rage anger merged 1"]
    );
    assert_eq!(codes(&corpus), ["unmatched_name s2/fear.wav"]);
    assert_eq!(corpus.rejects[0].stage, STAGE);
    assert_eq!(corpus.utterances.text.names, ["path_no"]);
    assert_eq!(corpus.utterances.text.row(3)[0].as_deref(), Some("3"));
    assert_eq!(corpus.audio_files, 5);
    assert!(corpus.warnings.len() == 1 && corpus.warnings[0].contains("1 hidden"), "{:?}", corpus.warnings);
}

#[test]
fn unsound_listings_are_clear_errors() {
    let pattern = "pattern = '(?P<emotion>[a-z]+)_'";
    check_error(run(pattern, &[]), &["no audio file under \"data\" (0 files; extensions seen: none)", "wav wave"]);
    check_error(run(pattern, &["a.txt", "b.txt", "c"]), &["3 files", "\"txt\" x2, \"\" x1"]);
    check_error(
        run(pattern, &["angry_1.wav", "blue_2.wav"]),
        &["2 source labels", "\"angry\" = \"anger\"  # 1", "\"blue\" = "],
    );
    check_error(
        run(pattern, &["fear_a.wav", "fear_a.flac", "fear_b.wav", "fear_b.wav"]),
        &["2 utterance ids", "\"c/fear_a\", from \"fear_a.flac\" and from \"fear_a.wav\""],
    );
    let twice = ["OAF_a_sad.wav", "x/OAF_a_sad.wav"];
    check_error(run("preset = \"tess\"", &twice), &["\"c/OAF_a_sad\"", "\"x/OAF_a_sad.wav\""]);
    check_error(
        run("preset = \"tess\"", &["OAF_a_sad.wav", "a|b\n.wav"]),
        &["1 of 2 audio files (50.0 %)", "the limit is 5.0 %", "SSS_word_emotion", r#""a|b\n.wav""#],
    );
    check_error(
        run("preset = \"tess\"\nmax_unmatched_rate = 1.0", &["a.wav"]),
        &["no utterance is left", "no name matched"],
    );
    check_error(run("preset = \"tess\"\npattern = 'x'", &["a.wav"]), &["exactly one of"]);
    check_error(run("manifest = \"m.csv\"", &["a.wav"]), &["\"m.csv\": its content was not handed over"]);
}

#[test]
fn the_limit_of_unmatched_names_is_inclusive() {
    let mut paths: Vec<String> = (0..19).map(|n| format!("OAF_w{n}_sad.wav")).collect();
    paths.push("odd.wav".to_owned());
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let corpus = run("preset = \"tess\"", &paths).expect("1 of 20 is 5 %");
    assert_eq!((corpus.utterances.rows.len(), codes(&corpus).len()), (19, 1));
}

#[test]
fn label_maps_that_look_wrong_are_warned_about() {
    let corpus =
        run("preset = \"tess\"\n[labels]\nsad = \"sadnes\"\nmad = \"anger\"", &["OAF_a_sad.wav"]).expect("sound");
    assert!(corpus.warnings[0].contains("names \"mad\", which no utterance carries"), "{:?}", corpus.warnings);
    assert!(corpus.warnings[1].contains("\"sadnes\"; is `sadness` meant"), "{:?}", corpus.warnings);
}

#[test]
fn a_manifest_maps_columns_and_keeps_the_rest() {
    let csv = "wav,mood,who,age,path,codec\nb/1.wav,sad,x,30,p,q\n./a\\2.wav,,y,,,\n";
    let rest = "emotion = \"neutral\"\n[columns]\npath = \"wav\"\nemotion = \"mood\"\nspeaker = \"who\"\n[labels]\nsad = \"sadness\"";
    let corpus = run_manifest(rest, &["a/2.wav", "b/1.wav"], csv).expect("sound");
    assert_eq!(lines(&corpus), ["c/a/2 neutral c/y - - -", "c/b/1 sadness c/x - - -"]);
    assert_eq!(corpus.utterances.rows[0].path, "a/2.wav");
    assert_eq!(corpus.utterances.text.names, ["age", "extra_path", "extra_codec"]);
    let text = |row: usize| {
        corpus.utterances.text.row(row).iter().map(|c| or_dash(c).to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!((text(0).as_str(), text(1).as_str()), ("- - -", "30 p q"));
}

#[test]
fn an_audformat_table_is_a_manifest() {
    let csv = "file,start,end,emotion,speaker\n\
               audio/1.wav,0 days 00:00:00,0 days 00:00:01.500000,anger,s1\n\
               audio/1.wav,0 days 00:00:01.500000,0 days 00:00:03,fear,s1\n\
               audio/2.wav,0 days 00:00:00,NaT,calm,s2\n\
               audio/3.wav,0 days 00:01:00,NaT,calm,s2\n";
    let corpus = run_manifest("", &["audio/1.wav", "audio/2.wav", "audio/3.wav", "audio/4.wav"], csv).expect("sound");
    let want = [
        "c/audio/1#0.000-1.500 anger c/s1 - - -",
        "c/audio/1#1.500-3.000 fear c/s1 - - -",
        "c/audio/2 calm c/s2 - - -",
        "c/audio/3#60.000- calm c/s2 - - -",
    ];
    assert_eq!(lines(&corpus), want);
    let times: Vec<_> = corpus.utterances.rows.iter().map(|u| (u.start_s, u.end_s)).collect();
    assert_eq!(times, [(Some(0.0), Some(1.5)), (Some(1.5), Some(3.0)), (None, None), (Some(60.0), None)]);
    assert!(corpus.warnings[0].contains("1 audio file is in no usable row of \"m.csv\""), "{:?}", corpus.warnings);
}

#[test]
fn bad_rows_become_rejects() {
    let csv = "path,label,start,end,key\n\
               a.wav,fear,,,k1\n\
               gone.wav,fear,,,\n\
               ,fear,,,\n\
               a.wav,,,,\n\
               a.wav,fear,2,1,\n\
               a.wav,fear,x,,\n\
               notes.txt,fear,,,\n";
    let corpus = run_manifest("", &["a.wav", "notes.txt"], csv).expect("sound");
    assert_eq!(lines(&corpus), ["c/k1 fear - - - -", "c/notes fear - - - -"]);
    let want = ["missing_path ", "missing_label a.wav", "bad_time a.wav", "bad_time a.wav", "missing_file gone.wav"];
    assert_eq!(codes(&corpus), want);
    assert_eq!(corpus.rejects[4].message, "manifest line 3: \"gone.wav\" is not under the source");
    assert_eq!(corpus.rejects[2].message, "manifest line 6: the segment ends at 1 s, not after its start at 2 s");
}

#[test]
fn unsound_manifests_are_clear_errors() {
    let paths = ["a.wav"];
    let manifest = |rest: &str, csv: &str| run_manifest(rest, &paths, csv);
    check_error(
        manifest("", "wav,emotion\na.wav,fear\n"),
        &["no column `path` or `file` for `columns.path`", "\"wav\", \"emotion\""],
    );
    check_error(manifest("", "path,emotions\na.wav,fear\n"), &["`emotion` or `label`", "nearest: \"emotions\""]);
    check_error(
        manifest("[columns]\nspeaker = \"speakr\"", "path,emotion,speaker\na.wav,fear,x\n"),
        &["no column `speakr` for `columns.speaker`", "nearest: \"speaker\""],
    );
    check_error(
        manifest("", "path,emotion\nb.wav,fear\n"),
        &["no row of the manifest can be used", "\"b.wav\" is not", "there is \"a.wav\""],
    );
    check_error(
        manifest("", "path,emotion\na.wav,fear\na.wav,anger\n"),
        &["\"a.wav\" (manifest line 2)", "\"a.wav\" (manifest line 3)"],
    );
    let unsound = |rows: Vec<Vec<Option<String>>>| {
        let table = ManifestTable { columns: vec!["path".into(), "emotion".into()], rows, ..ManifestTable::default() };
        build(&config("manifest = \"m\""), Source { root: ROOT, files: &files(&paths) }, Some(&table), None)
    };
    check_error(unsound(vec![vec![None]]), &["row 1: 1 cells, 2 columns"]);
    check_error(unsound(vec![]), &["no rows"]);
    let json = run_manifest("separator = \";\"", &paths, "{\"path\": \"a.wav\", \"emotion\": \"fear\"}");
    check_error(json, &["`corpus.separator` is \";\": this manifest has no separators"]);
}

#[test]
fn manifest_paths_outside_the_source_are_refused_unless_allowed() {
    let cases = [
        ("/x/a.wav", "../../../x/a.wav"),
        ("/srv/corpus/a.wav", "../a.wav"),
        ("../a.wav", "../a.wav"),
        ("b/../../a.wav", "../a.wav"),
        ("..\\a.wav", "../a.wav"),
    ];
    for (written, path) in cases {
        let csv = format!("path,emotion\n{written},fear\n");
        check_error(run_manifest("", &["b.wav"], &csv), &["1 rows name files outside", "`allow_outside = true`"]);
        let corpus = run_manifest("allow_outside = true", &["b.wav", path], &csv).expect(path);
        assert_eq!(corpus.utterances.rows[0].path, path);
        let config = config("manifest = \"m.csv\"");
        let table = parse_text(&config, csv.as_bytes(), "m.csv").expect("sound");
        assert_eq!(outside_paths(&config, ROOT, &table).expect("sound"), BTreeSet::from([path.to_owned()]));
    }
    let bucket = "path,emotion\ns3://b/x.wav,fear\n";
    check_error(
        run_manifest("allow_outside = true", &["a.wav"], bucket),
        &["outside", "a folder that holds all files"],
    );
}

#[test]
fn full_paths_below_the_source_give_the_rows_of_relative_ones() {
    let csv = |prefix: &str| format!("path,emotion\n{prefix}s1/a.wav,fear\n{prefix}s1/b.wav,calm\n");
    let paths = ["s1/a.wav", "s1/b.wav"];
    let relative = run_manifest("", &paths, &csv("")).expect("sound");
    for prefix in ["/srv/corpus/data/", "/srv//corpus/./data/", "file:///srv/corpus/data/", "../data/", "./", "s0/../"]
    {
        assert_eq!(run_manifest("", &paths, &csv(prefix)).expect(prefix), relative, "{prefix}");
    }
    for prefix in ["/home/me/corpus/", "C:/corpus/", "s3://b/corpus/", "data/"] {
        // The remedy of the refusal works.
        let error = run_manifest("", &paths, &csv(prefix)).expect_err(prefix).to_string();
        let (_, remedy) = error.split_once("hint: set `").expect("a remedy");
        let (remedy, _) = remedy.split_once('`').expect("a remedy");
        assert_eq!(run_manifest(remedy, &paths, &csv(prefix)).expect(remedy), relative, "{prefix}");
    }
}

#[test]
fn a_file_that_is_nearly_there_is_named() {
    let csv = "path,emotion\ns1/a.wav,fear\ns1/b.wav,fear\ns1/c,fear\ns1/d.wav,fear\n";
    let corpus = run_manifest("", &["s1/a.WAV", "s1/b.flac", "s1/c.wav", "s1/d.wav"], csv).expect("one row is there");
    let messages: Vec<&str> = corpus.rejects.iter().map(|reject| reject.message.as_str()).collect();
    let want = [
        r#"manifest line 2: "s1/a.wav" is not under the source; "s1/a.WAV" is"#,
        r#"manifest line 3: "s1/b.wav" is not under the source; "s1/b.flac" is"#,
        r#"manifest line 4: "s1/c" is not under the source; "s1/c.wav" is"#,
    ];
    let mut messages = messages;
    messages.sort_unstable();
    assert_eq!(messages, want);
}

#[test]
fn cells_that_mean_nothing_are_nothing_in_every_column() {
    let csv = "path,emotion,speaker,start,end,key,age\n\
               a.wav,NaN,s1,,,,\n\
               b.wav,fear,nan,NaT,None,<NA>,NULL\n\
               c.wav,fear,N/A,0,1,k,31\n\
               d.wav,none,s2,,,,\n";
    let paths = ["a.wav", "b.wav", "c.wav", "d.wav"];
    let corpus = run_manifest("", &paths, csv).expect("sound");
    assert_eq!(lines(&corpus), ["c/b fear - - - -", "c/k#0.000-1.000 fear - - - -"]);
    assert_eq!(corpus.utterances.text.row(0)[0], None);
    assert_eq!(codes(&corpus), ["missing_label a.wav", "missing_label d.wav"]);
    // A label that the label map names is one, and words can be chosen.
    let corpus = run_manifest("[labels]\nnone = \"neutral\"", &paths, csv).expect("sound");
    assert_eq!(lines(&corpus)[1], "c/d neutral c/s2 - - -");
    assert!(corpus.warnings.iter().any(|w| w.contains("2 of 3 utterances have no speaker")), "{:?}", corpus.warnings);
    let corpus = run_manifest(
        "missing = [\"s2\"]\n[labels]\nNaN = \"-\"\nnone = \"neutral\"",
        &paths[3..],
        "path,emotion,speaker\nd.wav,none,s2\n",
    );
    assert_eq!(lines(&corpus.expect("sound")), ["c/d neutral - - - -"]);
    let unknown = run_manifest("", &paths, "path,emotion,speaker\na.wav,fear,Unknown\nb.wav,fear,s1\n").expect("sound");
    assert!(unknown.warnings.iter().any(|w| w.contains("\"Unknown\", taken as one person")), "{:?}", unknown.warnings);
}

#[test]
fn columns_that_differ_in_case_are_taken_and_named() {
    let csv = "File,emotion,Speaker,Start,End\na.wav,fear,s1,0,1\na.wav,fear,s2,1,2\n";
    let corpus = run_manifest("", &["a.wav"], csv).expect("sound");
    assert_eq!(lines(&corpus), ["c/a#0.000-1.000 fear c/s1 - - -", "c/a#1.000-2.000 fear c/s2 - - -"]);
    let said = |corpus: &Corpus, words: &str| corpus.warnings.iter().any(|warning| warning.contains(words));
    let words = "column \"File\" was taken for `path`, column \"Speaker\" was taken for `speaker`, column \"Start\"";
    assert!(said(&corpus, words), "{:?}", corpus.warnings);
    // One that is named for something else, or kept out, is left; two are none.
    let rest = "[columns]\ntext_id = \"Speaker\"\nend = \"\"\n";
    let csv = "path,emotion,Speaker,START,Start,End\na.wav,fear,s1,0,7,8\n";
    let corpus = run_manifest(rest, &["a.wav"], csv).expect("sound");
    assert_eq!(lines(&corpus), ["c/a fear - c/s1 - -"]);
    assert!(!said(&corpus, "was taken for"), "{:?}", corpus.warnings);
    assert!(
        said(&corpus, "columns \"START\" and \"Start\" could be `start`: neither was taken"),
        "{:?}",
        corpus.warnings
    );
}

#[test]
fn what_looks_like_times_and_was_not_taken_is_named() {
    let csv = "path,emotion,speaker,start_s,end_s,offset\na.wav,fear,s1,0.5,1,x\n";
    let warnings = |rest: &str| run_manifest(rest, &["a.wav"], csv).expect("sound").warnings.join("\n");
    assert!(warnings("").contains("set in [corpus.columns] start = \"start_s\", end = \"end_s\""), "{}", warnings(""));
    for rest in ["[columns]\nstart = \"\"\nend = \"\"\n", "[columns]\nstart = \"start_s\"\nend = \"end_s\"\n"] {
        assert!(!warnings(rest).contains("look like times"), "{}", warnings(rest));
    }
    let words =
        run_manifest("", &["a.wav"], "path,emotion,speaker,begin\na.wav,fear,s1,once\n").expect("sound").warnings;
    assert!(!words.join("").contains("look like times"), "{words:?}");
}

#[test]
fn a_manifest_without_speakers_is_warned_of() {
    let csv = "path,emotion\na.wav,fear\n";
    let warnings = |rest: &str| run_manifest(rest, &["a.wav"], csv).expect("sound").warnings.join("\n");
    assert!(warnings("").contains("none of 1 utterance has a speaker"), "{}", warnings(""));
    assert!(!warnings("[columns]\nspeaker = \"\"\n").contains("speaker"));
}

#[test]
fn rows_that_all_fail_for_their_times_are_told_about_times() {
    let csv = "path,emotion,start,end\na.wav,fear,soon,late\na.wav,fear,2,1\n";
    let error = run_manifest("", &["a.wav"], csv).expect_err("no row is sound").to_string();
    assert!(error.contains("hint: times are seconds") && !error.contains("paths are relative"), "{error}");
    assert!(error.contains("column \"start\" is `start` and \"end\" is `end`"), "{error}");
}

#[test]
fn whole_numbers_are_the_same_with_and_without_a_point() {
    let speakers = |cells: [&str; 3]| {
        let rows = ["a", "b", "c"].into_iter().zip(cells).map(|(path, cell)| format!("{path}.wav,fear,{cell}\n"));
        let csv = format!("path,emotion,speaker\n{}", rows.collect::<String>());
        let corpus = run_manifest("", &["a.wav", "b.wav", "c.wav"], &csv).expect("sound");
        corpus.utterances.rows.iter().map(|row| or_dash(&row.speaker).to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(speakers(["3.0", "nan", "12.0"]), "c/3 - c/12");
    assert_eq!(speakers(["3", "", "12.0"]), "c/3 - c/12");
    assert_eq!(speakers(["3.0", "3.5", "4.0"]), "c/3.0 c/3.5 c/4.0");
    assert_eq!(speakers(["3.0", "x", "4.0"]), "c/3.0 c/x c/4.0");
    assert_eq!(speakers(["03", "1.", "4"]), "c/03 c/1. c/4");
    let csv = "path,emotion\na.wav,1.0\nb.wav,2.0\n";
    for labels in ["1 = \"anger\"\n2 = \"fear\"", "\"1.0\" = \"anger\"\n\"2.0\" = \"fear\""] {
        let corpus = run_manifest(&format!("[labels]\n{labels}"), &["a.wav", "b.wav"], csv).expect(labels);
        assert_eq!(corpus.utterances.rows[0].emotion, "anger", "{labels}");
    }
}

#[test]
fn columns_that_are_none_of_ours_can_be_said_to_be_none() {
    let csv = "path,emotion,start,end,speaker\na.wav,fear,101,102,x\n";
    let none = "[columns]\nstart = \"\"\nend = \"\"\nspeaker = \"\"";
    let corpus = run_manifest(none, &["a.wav"], csv).expect("sound");
    assert_eq!(lines(&corpus), ["c/a fear - - - -"]);
    assert_eq!(corpus.utterances.text.names, ["start", "end", "extra_speaker"]);
    check_error(run_manifest("[columns]\nemotion = \"\"", &["a.wav"], csv), &["no column `emotion` or `label`"]);
    let corpus = run_manifest("emotion = \"calm\"\n[columns]\nemotion = \"\"", &["a.wav"], csv).expect("sound");
    assert_eq!(corpus.utterances.rows[0].emotion, "calm");
}

#[test]
fn a_comma_in_a_time_is_read_or_refused() {
    let times = |csv: &str| {
        let corpus = run_manifest("", &["a.wav", "b.wav"], csv).expect("sound");
        (corpus.utterances.rows.iter().map(|u| (u.start_s, u.end_s)).collect::<Vec<_>>(), codes(&corpus))
    };
    let (read, refused) = times("path;emotion;start;end\na.wav;fear;0,10;0,45\nb.wav;fear;1,250;2,5\n");
    assert_eq!(read, [(Some(0.1), Some(0.45)), (Some(1.25), Some(2.5))]);
    assert!(refused.is_empty());
    let (read, refused) = times("path,emotion,start,end\na.wav,fear,\"1,250\",\"2,500\"\nb.wav,fear,1,2\n");
    assert_eq!((read, refused), (vec![(Some(1.0), Some(2.0))], vec!["bad_time a.wav".to_owned()]));
}

#[test]
fn a_column_without_a_form_as_text_stops_only_who_needs_it() {
    let mut table = ManifestTable {
        columns: vec!["path".into(), "emotion".into()],
        rows: vec![vec![Some("a.wav".into()), Some("fear".into())]],
        left_out: vec![("audio".into(), "it holds binary data".into())],
        ..ManifestTable::default()
    };
    let listing = files(&["a.wav"]);
    let read = |table: &ManifestTable, rest: &str| {
        build(&config(&format!("manifest = \"m\"\n{rest}")), Source { root: ROOT, files: &listing }, Some(table), None)
    };
    let corpus = read(&table, "").expect("nobody needs it");
    assert_eq!(corpus.warnings[0], "corpus `c`: 1 column of \"m\" left out: \"audio\" (it holds binary data)");
    check_error(
        read(&table, "[columns]\nkey = \"audio\""),
        &["column \"audio\" is wanted for `columns.key`, but it holds"],
    );
    table.left_out[0].0 = "speaker".into();
    check_error(read(&table, ""), &["column \"speaker\" is wanted for `columns.speaker`", "\"\" (none)"]);
    assert_eq!(read(&table, "[columns]\nspeaker = \"\"").expect("said to be none").utterances.rows.len(), 1);
}

#[test]
fn what_is_not_looked_at_is_listed() {
    let pattern = "pattern = '(?P<speaker>s\\d)/(?P<emotion>[a-z]+)'";
    let paths = ["s1/fear.WAV", "s1/calm.aifc", "s2/fear.amr", "s2/calm.wma", "s2/notes.txt", "s2/.DS_Store"];
    let corpus = run(pattern, &paths).expect("sound");
    assert_eq!(corpus.utterances.rows.len(), 2);
    assert_eq!(codes(&corpus), ["passed_over s2/calm.wma", "passed_over s2/fear.amr"]);
    assert_eq!(corpus.passed_over.values().sum::<usize>(), 3);
    let want = "corpus `c`: 2 files were not looked at, by extension: amr 1, wma 1; add to `extensions` those that hold speech";
    assert_eq!(corpus.warnings, [want]);
    // The remedy works.
    let corpus = run(&format!("extensions = [\"wav\", \"aifc\", \"amr\", \"wma\"]\n{pattern}"), &paths).expect("sound");
    assert_eq!((corpus.utterances.rows.len(), codes(&corpus).len()), (4, 0));
    let manifest = run_manifest("", &paths, "path,emotion\ns2/fear.amr,fear\n").expect("sound");
    assert_eq!(codes(&manifest), ["passed_over s2/calm.wma"]);
}

#[test]
fn one_recording_in_several_formats_is_taken_once() {
    let paths = ["W/1001_DFA_ANG_XX.wav", "M/1001_DFA_ANG_XX.mp3", "W/1001_DFA_SAD_XX.wav", "M/1001_DFA_SAD_XX.mp3"];
    let remedy = "`extensions = [\"wav\"]`";
    let pattern = "pattern = '/(?P<speaker>\\d+)_DFA_(?P<emotion>[A-Z]+)'\n";
    let labels = "[labels]\nANG = \"anger\"\nSAD = \"sadness\"";
    for origin in ["preset = \"crema-d\"\n", pattern] {
        let error = run(&format!("{origin}{labels}"), &paths);
        check_error(error, &["\"M/1001_DFA_ANG_XX.mp3\"", "\"W/1001_DFA_ANG_XX.wav\"", remedy]);
        let corpus = run(&format!("extensions = [\"wav\"]\n{origin}{labels}"), &paths).expect("the remedy works");
        assert_eq!(corpus.utterances.rows.len(), 2, "{origin}");
    }
    // The one that most recordings have.
    let more = [&paths[..], &["M/1002_DFA_ANG_XX.mp3"]].concat();
    check_error(run(&format!("{pattern}{labels}"), &more), &["take one: `extensions = [\"mp3\"]`"]);
    let some = ["W/1001_DFA_ANG_XX.wav", "M/1001_DFA_ANG_XX.mp3", "W/1001_DFA_SAD_XX.wav", "M/1002_DFA_SAD_XX.mp3"];
    let corpus = run(&format!("{pattern}{labels}"), &some).expect("not all");
    assert!(corpus.warnings[0].contains("1 recordings seem to be there in several formats"), "{:?}", corpus.warnings);
    // One name under two speakers is two recordings.
    let others = ["a/1/ANG.wav", "b/2/ANG.mp3"];
    let folders = "pattern = '(?P<speaker>\\d+)/(?P<emotion>[A-Z]+)'\n[labels]\nANG = \"anger\"";
    assert_eq!(run(folders, &others).expect("two").warnings.len(), 0);
}

#[test]
fn corpora_merge_with_the_union_of_their_columns() {
    let one = run("preset = \"emodb\"", &["16b10Wb.wav", "03a01Fa.wav"]).expect("sound");
    let mut other = config("pattern = '(?P<emotion>[a-z]+)(?P<take>\\d)(?P<version>\\d)?'");
    other.name = "b".to_owned();
    let two = build(&other, Source { root: ROOT, files: &files(&["fear12.wav", "calm3.wav", "x.wav"]) }, None, None);
    check_error(two, &["33.3 %"]);
    let two =
        build(&other, Source { root: ROOT, files: &files(&["fear12.wav", "calm3.wav"]) }, None, None).expect("sound");
    let merged = merge(vec![one.clone(), two]).expect("no id twice");
    let ids: Vec<&str> = merged.utterances.rows.iter().map(|u| u.utterance_id.as_str()).collect();
    assert_eq!(ids, ["b/calm3", "b/fear12", "c/03a01Fa", "c/16b10Wb"]);
    assert_eq!(merged.utterances.text.names, ["version", "take"]);
    let cells: Vec<&str> = merged.utterances.text.values.iter().map(or_dash).collect();
    assert_eq!(cells, ["-", "3", "2", "1", "a", "-", "b", "-"]);
    assert_eq!(merged.labels[0].corpus, "b");
    assert_eq!(merged.audio_files, 4);
    check_error(merge(vec![one.clone(), one]), &["2 utterance ids", "\"c/03a01Fa\"", "of corpus `c`"]);
    assert_eq!(merge(Vec::new()), Ok(Corpus::default()));
}

/// Words that file names of the presets are made of, and others.
fn piece() -> impl Strategy<Value = String> {
    const KNOWN: [&str; 14] = [
        "03-01-05-02-01-01-12",
        "03a01Fa",
        "1001_DFA_ANG_XX",
        "OAF_back_sad",
        "DC",
        "a01",
        "_",
        "-",
        "/",
        ".",
        "..",
        "\\",
        "\n",
        "|",
    ];
    prop_oneof![proptest::sample::select(&KNOWN[..]).prop_map(str::to_owned), "\\PC{0,6}", any::<String>()]
}

fn path() -> impl Strategy<Value = String> {
    let name = proptest::collection::vec(piece(), 0..4).prop_map(|pieces| pieces.concat());
    (name, proptest::sample::select(&[".wav", ".WAV", ".flac", ".txt", ""][..])).prop_map(|(name, end)| name + end)
}

proptest! {
    #[test]
    fn no_listing_breaks_a_preset_and_every_audio_file_is_accounted_for(
        paths in proptest::collection::btree_set(path(), 0..12),
        preset in proptest::sample::select(&["ravdess", "emodb", "crema-d", "tess", "savee"][..]),
    ) {
        let listing: Vec<&str> = paths.iter().map(String::as_str).collect();
        if let Ok(corpus) = run(&format!("preset = \"{preset}\"\nmax_unmatched_rate = 1.0"), &listing) {
            let counted: i64 = corpus.labels.iter().map(|label| label.utterances).sum();
            let refused = corpus.rejects.iter().filter(|reject| reject.code != PassedOver::CODE).count();
            prop_assert_eq!(corpus.audio_files as i64, counted + refused as i64);
            let kept: i64 = corpus.labels.iter().filter(|l| l.action == "kept" || l.action == "merged").map(|l| l.utterances).sum();
            prop_assert_eq!(corpus.utterances.rows.len() as i64, kept);
            prop_assert!(corpus.utterances.rows.windows(2).all(|pair| pair[0].utterance_id < pair[1].utterance_id));
        }
    }

    #[test]
    fn the_order_of_the_listing_does_not_matter(paths in proptest::collection::btree_set(path(), 0..12)) {
        let rest = "pattern = '(?P<speaker>.)(?P<emotion>.)'\nemotion = \"calm\"\nmax_unmatched_rate = 1.0\n[exclude]\nemotion = [\"x\"]";
        let forward: Vec<&str> = paths.iter().map(String::as_str).collect();
        let backward: Vec<&str> = paths.iter().rev().map(String::as_str).collect();
        match (run(rest, &forward), run(rest, &backward)) {
            (Ok(one), Ok(two)) => prop_assert_eq!(one, two),
            (one, two) => prop_assert_eq!(one.is_err(), two.is_err()),
        }
    }

    #[test]
    fn messages_stay_on_their_lines(path in path(), label in any::<String>()) {
        let table = ManifestTable {
            columns: vec!["path".to_owned(), "emotion".to_owned()],
            rows: vec![vec![Some(path.clone()), Some(label)], vec![Some("x.wav".to_owned()), Some("calm".to_owned())]],
            ..ManifestTable::default()
        };
        let listing = [SourceFile { path, bytes: 1 }];
        if let Err(error) = build(&config("manifest = \"m.csv\""), Source { root: ROOT, files: &listing }, Some(&table), None) {
            prop_assert!(error.to_string().lines().count() <= 3, "{}", error);
            prop_assert!(!error.to_string().contains(|c: char| c.is_control() && c != '\n'));
        }
    }

    #[test]
    fn no_bytes_break_the_manifest_reader(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "[a-c,\"\n\t ]{0,60}") {
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            if let Ok(table) = parse_text(&config("manifest = \"m.csv\""), bytes, "m.csv") {
                prop_assert!(table.rows.iter().all(|row| row.len() == table.columns.len()));
            }
        }
    }

    #[test]
    fn no_text_breaks_the_time_reader(text in prop_oneof![any::<String>(), "[0-9:. days,+-]{0,24}"]) {
        if let Ok(seconds) = super::seconds::parse_seconds(&text, super::seconds::Comma::Decimal) {
            prop_assert!(seconds.is_finite() && seconds >= 0.0);
        }
    }
}
