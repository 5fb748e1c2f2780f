//! Corpora that are read by the names of their files.

use super::*;

#[test]
fn a_preset_reads_sorts_and_filters() {
    let corpus = run("preset = \"ravdess\"", &RAVDESS).expect("sound");
    let want =
        ["c/03-01-01-01-01-01-01 neutral c/01 c/01 normal en", "c/03-01-05-02-01-01-02 anger c/02 c/01 strong en"];
    assert_eq!(lines(&corpus), want);
    assert_eq!(labels(&corpus), ["angry anger filtered 2", "angry anger kept 1", "neutral neutral kept 1"]);
    assert_eq!(corpus.utterances.names(), ["modality", "vocal_channel", "repetition"]);
    assert_eq!(unpacked(&corpus).text.row(1)[1].as_deref(), Some("speech"));
    assert_eq!((corpus.audio_files, corpus.rejects.len(), corpus.warnings.len()), (4, 0, 0));
    assert_eq!(unpacked(&corpus).rows[1].source_label, "angry");
    assert_eq!(unpacked(&corpus).rows[1].gender.as_deref(), Some("female"));
    assert_eq!(unpacked(&corpus).rows[1].bytes, 44);
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
    assert_eq!(corpus.utterances.names(), ["path_no"]);
    assert_eq!(unpacked(&corpus).text.row(3)[0].as_deref(), Some("3"));
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
    assert_eq!((corpus.utterances.len(), codes(&corpus).len()), (19, 1));
}

#[test]
fn label_maps_that_look_wrong_are_warned_about() {
    let corpus =
        run("preset = \"tess\"\n[labels]\nsad = \"sadnes\"\nmad = \"anger\"", &["OAF_a_sad.wav"]).expect("sound");
    assert!(corpus.warnings[0].contains("names \"mad\", which no utterance has"), "{:?}", corpus.warnings);
    assert!(corpus.warnings[1].contains("\"sadnes\"; did you mean `sadness`?"), "{:?}", corpus.warnings);
}

#[test]
fn what_is_not_looked_at_is_listed() {
    let pattern = "pattern = '(?P<speaker>s\\d)/(?P<emotion>[a-z]+)'";
    let paths = ["s1/fear.WAV", "s1/calm.aifc", "s2/fear.amr", "s2/calm.wma", "s2/notes.txt", "s2/.DS_Store"];
    let corpus = run(pattern, &paths).expect("sound");
    assert_eq!(corpus.utterances.len(), 2);
    assert_eq!(codes(&corpus), ["passed_over s2/calm.wma", "passed_over s2/fear.amr"]);
    assert_eq!(corpus.passed_over.values().sum::<usize>(), 3);
    let want = "corpus `c`: 2 files were not looked at, by extension: amr 1, wma 1; add to `extensions` those that hold speech";
    assert_eq!(corpus.warnings, [want]);
    // The remedy works.
    let corpus = run(&format!("extensions = [\"wav\", \"aifc\", \"amr\", \"wma\"]\n{pattern}"), &paths).expect("sound");
    assert_eq!((corpus.utterances.len(), codes(&corpus).len()), (4, 0));
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
        assert_eq!(corpus.utterances.len(), 2, "{origin}");
    }
    // The one that most recordings have.
    let more = [&paths[..], &["M/1002_DFA_ANG_XX.mp3"]].concat();
    check_error(run(&format!("{pattern}{labels}"), &more), &["choose one: `extensions = [\"mp3\"]`"]);
    let some = ["W/1001_DFA_ANG_XX.wav", "M/1001_DFA_ANG_XX.mp3", "W/1001_DFA_SAD_XX.wav", "M/1002_DFA_SAD_XX.mp3"];
    let corpus = run(&format!("{pattern}{labels}"), &some).expect("not all");
    assert!(corpus.warnings[0].contains("1 recordings seem to exist in several formats"), "{:?}", corpus.warnings);
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
    let two = build(
        &other,
        Source { root: ROOT, files: &files(&["fear12.wav", "calm3.wav", "x.wav"]), labels: &[] },
        None,
        None,
        &Rules::default(),
    );
    check_error(two, &["33.3 %"]);
    let two = build(
        &other,
        Source { root: ROOT, files: &files(&["fear12.wav", "calm3.wav"]), labels: &[] },
        None,
        None,
        &Rules::default(),
    )
    .expect("sound");
    let merged = merge(vec![one.clone(), two]).expect("no id twice");
    let utterances = unpacked(&merged);
    let ids: Vec<&str> = utterances.rows.iter().map(|u| u.utterance_id.as_str()).collect();
    assert_eq!(ids, ["b/calm3", "b/fear12", "c/03a01Fa", "c/16b10Wb"]);
    assert_eq!(merged.utterances.names(), ["version", "take"]);
    let cells: Vec<&str> = utterances.text.values.iter().map(or_dash).collect();
    assert_eq!(cells, ["-", "3", "2", "1", "a", "-", "b", "-"]);
    assert_eq!(merged.labels[0].corpus, "b");
    assert_eq!(merged.audio_files, 4);
    check_error(merge(vec![one.clone(), one]), &["2 utterance ids", "\"c/03a01Fa\"", "of corpus `c`"]);
    assert_eq!(merge(Vec::new()), Ok(LabelledCorpus::default()));
}
