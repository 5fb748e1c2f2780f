//! What `filter` and `exclude` leave.

use super::*;

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
        let ids = corpus.utterances.column("utterance_id");
        let keys: Vec<&str> = ids.iter().flatten().map(|id| &id[2..]).collect();
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
    let want = [
        "`filter` lists values of `emotion` that no utterance has: \"anger\"",
        "`filter` lists values of `speaker` that no utterance has: \"OFA\"",
    ];
    assert_eq!(corpus.warnings.len(), 2);
    assert!(want.iter().zip(&corpus.warnings).all(|(want, warning)| warning.ends_with(want)), "{:?}", corpus.warnings);
}
