//! Rows and cells of manifests.

use super::*;
use crate::schema::Texts;

#[test]
fn a_manifest_maps_columns_and_keeps_the_rest() {
    let csv = "wav,mood,who,age,path,codec\nb/1.wav,sad,x,30,p,q\n./a\\2.wav,,y,,,\n";
    let rest = "emotion = \"neutral\"\n[columns]\npath = \"wav\"\nemotion = \"mood\"\nspeaker = \"who\"\n[labels]\nsad = \"sadness\"";
    let corpus = run_manifest(rest, &["a/2.wav", "b/1.wav"], csv).expect("sound");
    assert_eq!(lines(&corpus), ["c/a/2 neutral c/y - - -", "c/b/1 sadness c/x - - -"]);
    assert_eq!(unpacked(&corpus).rows[0].path, "a/2.wav");
    assert_eq!(corpus.utterances.names(), ["age", "extra_path", "extra_codec"]);
    let text = |row: usize| {
        unpacked(&corpus).text.row(row).iter().map(|c| or_dash(c).to_owned()).collect::<Vec<_>>().join(" ")
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
    let times: Vec<_> = unpacked(&corpus).rows.iter().map(|u| (u.start_s, u.end_s)).collect();
    assert_eq!(times, [(Some(0.0), Some(1.5)), (Some(1.5), Some(3.0)), (None, None), (Some(60.0), None)]);
    assert!(corpus.warnings[0].contains("1 audio file is in no usable row of \"m.csv\""), "{:?}", corpus.warnings);
}

#[test]
fn without_audio_every_row_is_an_utterance() {
    let text = "name = \"c\"\nmanifest = \"m.csv\"\n";
    let config: Corpus = toml::from_str(text).expect("sound TOML");
    assert_eq!(config.check("corpus.0"), Ok(()));
    assert!(Corpus::check_sources(std::slice::from_ref(&config)).is_err(), "without a table of features");
    let csv = "path,emotion,speaker,start\n/else/where.wav,fear,s,\n./b\\2.wav,sad,s,\nb/1,fear,s,2\n,fear,s,\n";
    let table = parse_text(&config, csv.as_bytes(), "m.csv").expect("sound");
    let config = Corpus { labels: [("sad".to_owned(), "sadness".to_owned())].into(), ..config };
    let corpus =
        build(&config, Source { root: "", files: &files(&[]), labels: &[] }, Some(&table), None, &Rules::default())
            .expect("sound");
    let utterances = unpacked(&corpus);
    let paths: Vec<(&str, i64)> = utterances.rows.iter().map(|row| (row.path.as_str(), row.bytes)).collect();
    assert_eq!(paths, [("./b\\2.wav", 0), ("/else/where.wav", 0), ("b/1", 0)]);
    assert_eq!(lines(&corpus)[2], "c/b/1#2.000- fear c/s - - -");
    assert_eq!((codes(&corpus), corpus.warnings.len()), (vec!["missing_path ".to_owned()], 0));
    let without: Corpus = toml::from_str("name = \"c\"\npreset = \"ravdess\"").expect("sound TOML");
    let error = without.check("corpus.0").expect_err("a preset needs audio").to_string();
    assert!(error.contains("`corpus.0.source` is \"\": a folder or s3://bucket/prefix is needed"), "{error}");
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
        &["no row of the manifest can be used", "\"b.wav\" is not", "which has \"a.wav\""],
    );
    check_error(
        manifest("", "path,emotion\na.wav,fear\na.wav,anger\n"),
        &["\"a.wav\" (manifest line 2)", "\"a.wav\" (manifest line 3)"],
    );
    let unsound = |cells: Vec<Texts>| {
        let table = ManifestTable { columns: vec!["path".into(), "emotion".into()], cells, ..ManifestTable::default() };
        build(
            &config("manifest = \"m\""),
            Source { root: ROOT, files: &files(&paths), labels: &[] },
            Some(&table),
            None,
            &Rules::default(),
        )
    };
    check_error(unsound(vec![[None].into_iter().collect()]), &["do not have as many cells each"]);
    check_error(unsound(vec![]), &["no rows"]);
    let json = run_manifest("separator = \";\"", &paths, "{\"path\": \"a.wav\", \"emotion\": \"fear\"}");
    check_error(json, &["`corpus.separator` is \";\": this manifest has no separators"]);
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
    assert_eq!(unpacked(&corpus).text.row(0)[0], None);
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
    assert!(
        unknown.warnings.iter().any(|w| w.contains("\"Unknown\", which counts as one person")),
        "{:?}",
        unknown.warnings
    );
}

#[test]
fn whole_numbers_are_the_same_with_and_without_a_point() {
    let speakers = |cells: [&str; 3]| {
        let rows = ["a", "b", "c"].into_iter().zip(cells).map(|(path, cell)| format!("{path}.wav,fear,{cell}\n"));
        let csv = format!("path,emotion,speaker\n{}", rows.collect::<String>());
        let corpus = run_manifest("", &["a.wav", "b.wav", "c.wav"], &csv).expect("sound");
        unpacked(&corpus).rows.iter().map(|row| or_dash(&row.speaker).to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(speakers(["3.0", "nan", "12.0"]), "c/3 - c/12");
    assert_eq!(speakers(["3", "", "12.0"]), "c/3 - c/12");
    assert_eq!(speakers(["3.0", "3.5", "4.0"]), "c/3.0 c/3.5 c/4.0");
    assert_eq!(speakers(["3.0", "x", "4.0"]), "c/3.0 c/x c/4.0");
    assert_eq!(speakers(["03", "1.", "4"]), "c/03 c/1. c/4");
    let csv = "path,emotion\na.wav,1.0\nb.wav,2.0\n";
    for labels in ["1 = \"anger\"\n2 = \"fear\"", "\"1.0\" = \"anger\"\n\"2.0\" = \"fear\""] {
        let corpus = run_manifest(&format!("[labels]\n{labels}"), &["a.wav", "b.wav"], csv).expect(labels);
        assert_eq!(unpacked(&corpus).rows[0].emotion, "anger", "{labels}");
    }
}
