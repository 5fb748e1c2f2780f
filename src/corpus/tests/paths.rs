//! Where the paths of a manifest lead.

use std::collections::BTreeSet;

use super::*;

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
        assert_eq!(unpacked(&corpus).rows[0].path, path);
        let config = config("manifest = \"m.csv\"");
        let table = parse_text(&config, csv.as_bytes(), "m.csv").expect("sound");
        let named = NamedPaths { outside: BTreeSet::from([path.to_owned()]), ..NamedPaths::default() };
        assert_eq!(named_paths(&config, ROOT, &table).expect("sound"), named);
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
