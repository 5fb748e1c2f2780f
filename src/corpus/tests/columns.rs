//! Which column of a manifest is which field.

use super::*;

#[test]
fn columns_that_differ_in_case_are_taken_and_named() {
    let csv = "File,emotion,Speaker,Start,End\na.wav,fear,s1,0,1\na.wav,fear,s2,1,2\n";
    let corpus = run_manifest("", &["a.wav"], csv).expect("sound");
    assert_eq!(lines(&corpus), ["c/a#0.000-1.000 fear c/s1 - - -", "c/a#1.000-2.000 fear c/s2 - - -"]);
    let said = |corpus: &LabelledCorpus, words: &str| corpus.warnings.iter().any(|warning| warning.contains(words));
    let words = "column \"File\" was used as `path`, column \"Speaker\" was used as `speaker`, column \"Start\"";
    assert!(said(&corpus, words), "{:?}", corpus.warnings);
    // One that is named for something else, or kept out, is left; two are none.
    let rest = "[columns]\ntext_id = \"Speaker\"\nend = \"\"\n";
    let csv = "path,emotion,Speaker,START,Start,End\na.wav,fear,s1,0,7,8\n";
    let corpus = run_manifest(rest, &["a.wav"], csv).expect("sound");
    assert_eq!(lines(&corpus), ["c/a fear - c/s1 - -"]);
    assert!(!said(&corpus, "was used as"), "{:?}", corpus.warnings);
    assert!(
        said(&corpus, "columns \"START\" and \"Start\" could each be `start`, so none of them was used"),
        "{:?}",
        corpus.warnings
    );
}

#[test]
fn a_manifest_without_speakers_is_warned_of() {
    let csv = "path,emotion\na.wav,fear\n";
    let warnings = |rest: &str| run_manifest(rest, &["a.wav"], csv).expect("sound").warnings.join("\n");
    assert!(warnings("").contains("none of 1 utterance has a speaker"), "{}", warnings(""));
    assert!(!warnings("[columns]\nspeaker = \"\"\n").contains("speaker"));
}

#[test]
fn columns_that_are_none_of_ours_can_be_said_to_be_none() {
    let csv = "path,emotion,start,end,speaker\na.wav,fear,101,102,x\n";
    let none = "[columns]\nstart = \"\"\nend = \"\"\nspeaker = \"\"";
    let corpus = run_manifest(none, &["a.wav"], csv).expect("sound");
    assert_eq!(lines(&corpus), ["c/a fear - - - -"]);
    assert_eq!(corpus.utterances.names(), ["start", "end", "extra_speaker"]);
    check_error(run_manifest("[columns]\nemotion = \"\"", &["a.wav"], csv), &["no column `emotion` or `label`"]);
    let corpus = run_manifest("emotion = \"calm\"\n[columns]\nemotion = \"\"", &["a.wav"], csv).expect("sound");
    assert_eq!(unpacked(&corpus).rows[0].emotion, "calm");
}

#[test]
fn a_column_without_a_form_as_text_stops_only_who_needs_it() {
    let mut table = ManifestTable {
        columns: vec!["path".into(), "emotion".into()],
        cells: ["a.wav", "fear"].map(|cell| [Some(cell)].into_iter().collect()).into(),
        left_out: vec![("audio".into(), "it holds binary data".into())],
        ..ManifestTable::default()
    };
    let listing = files(&["a.wav"]);
    let read = |table: &ManifestTable, rest: &str| {
        build(
            &config(&format!("manifest = \"m\"\n{rest}")),
            Source { root: ROOT, files: &listing, labels: &[] },
            Some(table),
            None,
            &Rules::default(),
        )
    };
    let corpus = read(&table, "").expect("nobody needs it");
    assert_eq!(corpus.warnings[0], "corpus `c`: 1 column of \"m\" left out: \"audio\" (it holds binary data)");
    check_error(
        read(&table, "[columns]\nkey = \"audio\""),
        &["column \"audio\" is needed for `columns.key`, but it holds"],
    );
    table.left_out[0].0 = "speaker".into();
    check_error(read(&table, ""), &["column \"speaker\" is needed for `columns.speaker`", "\"\" (none)"]);
    assert_eq!(read(&table, "[columns]\nspeaker = \"\"").expect("said to be none").utterances.len(), 1);
}
