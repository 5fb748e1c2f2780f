//! `docs/REJECTS.md` names every code that the source gives, and no other.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use regex::Regex;

/// All Rust of a folder, without its tests.
fn source(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).expect("a folder of the source") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if path.is_dir() {
            text += &source(&path);
        } else if name.ends_with(".rs") && !name.contains("tests") {
            let file = fs::read_to_string(&path).expect("text");
            text += file.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        }
    }
    text
}

/// Codes by the ways in which the source gives them: a match over errors, a field, a constant, an argument.
fn codes_of_the_source() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let given = [
        ("audio", r#"=> "([a-z0-9_]+)",\n"#),
        ("stages", r#"\bcode: "([a-z0-9_]+)""#),
        ("stages", r#"CODE: &str = "([a-z0-9_]+)""#),
        ("corpus", r#"\bcode: "([a-z0-9_]+)""#),
        ("corpus", r#"CODE: &str = "([a-z0-9_]+)""#),
        ("corpus", r#"\b(?:reject|refuse)\([^"\n]*"(?:", ")?([a-z0-9_]+)""#),
    ];
    let mut codes = BTreeSet::new();
    for (room, pattern) in given {
        let text = if room == "audio" {
            fs::read_to_string(root.join("audio/error.rs")).expect("the errors of the room")
        } else {
            source(&root.join(room))
        };
        let found = Regex::new(pattern).expect("a pattern");
        let before = codes.len();
        codes.extend(found.captures_iter(&text).map(|found| found[1].to_owned()));
        assert!(codes.len() > before, "src/{room} gives no code in this way any more");
    }
    codes
}

#[test]
fn the_list_of_codes_is_complete() {
    let text = include_str!("../../docs/REJECTS.md");
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| stage"));
    let cells = rows.map(|row| row.split('|').nth(2).expect("a cell of codes").to_owned()).collect::<String>();
    let word = Regex::new("`([a-z0-9_]+)`").expect("a pattern");
    let listed = word.captures_iter(&cells).map(|found| found[1].to_owned()).collect::<BTreeSet<_>>();
    let given = codes_of_the_source();
    assert!(given.len() > 25, "{given:?}");
    assert_eq!(given.difference(&listed).collect::<Vec<_>>(), [""; 0], "given and not listed");
    assert_eq!(listed.difference(&given).collect::<Vec<_>>(), [""; 0], "listed and not given");
}
