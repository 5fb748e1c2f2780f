//! JSON lines, or an array of JSON objects -> rows.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;

use super::manifest::ManifestTable;
use crate::text::split_line;

/// Most names that all objects together may have: a table has a cell a row for each.
const MOST_NAMES: usize = 2000;

/// From here on floating-point numbers leave whole ones out: two speakers could become one.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Reads an object a row. Columns are the names that occur, in the order of the alphabet; what an object lacks is null,
/// and what is nested stays JSON.
///
/// # Errors
/// With the line, where each object has one: what is no object, a name that stands twice in one, a number of too many
/// digits; more than 2,000 names in all.
pub(super) fn parse_json(text: &str) -> Result<ManifestTable, String> {
    let objects = if text.trim_start().starts_with('[') { array(text)? } else { lines(text)? };
    let names: BTreeSet<&String> = objects.iter().flat_map(|(_, object)| object.0.keys()).collect();
    if names.len() > MOST_NAMES {
        return Err(format!(
            "the lines have {} different keys, and at most {MOST_NAMES} can be columns; write {{\"path\": ..., \
             \"emotion\": ...}} for each file",
            names.len()
        ));
    }
    let mut table = ManifestTable::of_columns(names.iter().map(|name| (*name).clone()).collect());
    for (line, Object(object)) in &objects {
        table.lines.extend(line);
        let cells = names.iter().map(|name| object.get(*name).and_then(cell)).collect::<Vec<_>>();
        table.push(cells.iter().map(Option::as_deref));
    }
    Ok(table)
}

/// An object without a name that stands there twice.
struct Object(BTreeMap<String, Value>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Object, A::Error> {
        let mut object = BTreeMap::new();
        while let Some((name, value)) = members.next_entry::<String, Value>()? {
            if value.as_f64().is_some_and(|number| value.is_f64() && number.abs() >= EXACT) {
                return Err(A::Error::custom(format!(
                    "the number of key {name:?} has more digits than can be kept; write it in quotes"
                )));
            }
            match object.entry(name) {
                Entry::Vacant(entry) => drop(entry.insert(value)),
                Entry::Occupied(entry) => return Err(A::Error::custom(format!("key {:?} stands twice", entry.key()))),
            }
        }
        Ok(Object(object))
    }
}

/// An object, with its line where each has one.
type Numbered = (Option<usize>, Object);

fn array(text: &str) -> Result<Vec<Numbered>, String> {
    let objects: Vec<_> = serde_json::from_str(text).map_err(|cause| {
        let line = text.split('\n').nth(cause.line().saturating_sub(1)).unwrap_or_default();
        let reason = foreign_word(line, &cause).map(|reason| format!("line {}: {reason}", cause.line()));
        format!("not an array of JSON objects: {}", reason.unwrap_or_else(|| cause.to_string()))
    })?;
    Ok(objects.into_iter().map(|object| (None, object)).collect())
}

fn lines(text: &str) -> Result<Vec<Numbered>, String> {
    let (mut objects, mut rest, mut number) = (Vec::new(), text, 0);
    while !rest.is_empty() {
        let (line, behind) = split_line(rest);
        (rest, number) = (behind, number + 1);
        if !line.trim().is_empty() {
            let object = serde_json::from_str(line).map_err(|cause| {
                let reason = foreign_word(line, &cause).unwrap_or_else(|| cause.to_string());
                format!("line {number}: not a JSON object on one line: {reason}")
            })?;
            objects.push((Some(number), object));
        }
    }
    Ok(objects)
}

/// What the writers of other languages take for values, in lower case and without a sign.
const FOREIGN: [&str; 8] = ["nan", "nat", "inf", "infinity", "none", "undefined", "true", "false"];

/// What to do about a word that is no JSON, where a line stops to be JSON at one.
fn foreign_word(line: &str, cause: &serde_json::Error) -> Option<String> {
    let is_of_word = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'-';
    let at = cause.column().saturating_sub(1);
    let start = line.as_bytes().get(..at)?.iter().rposition(|byte| !is_of_word(byte)).map_or(0, |before| before + 1);
    let length = line.as_bytes()[start..].iter().take_while(|byte| is_of_word(byte)).count();
    let word = line.get(start..start + length).filter(|word| !["true", "false"].contains(word))?;
    let is_foreign = FOREIGN.contains(&word.trim_start_matches('-').to_ascii_lowercase().as_str());
    is_foreign.then(|| format!("{word} is not a JSON value; write null for a missing value, and text in quotes"))
}

fn cell(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_rows_whatever_they_lack() {
        let lines = "{\"path\": \"a\", \"n\": 3.0}\r\n\r\n{\"emotion\": null, \"path\": \"b\", \"x\": [1]}\n";
        let table = parse_json(lines).expect("sound");
        assert_eq!((table.columns.join(" ").as_str(), &table.lines[..]), ("emotion n path x", &[1, 3][..]));
        let text =
            |row: usize| table.cells.iter().map(|cells| cells.get(row).unwrap_or("-")).collect::<Vec<_>>().join(" ");
        assert_eq!([text(0), text(1)], ["- 3.0 a -", "- - b [1]"]);
        let table = parse_json("{\"n\": 18446744073709551615}\r{\"n\": 0.1}").expect("CR alone ends a line");
        assert_eq!((table.cells[0].get(0), &table.lines[..]), (Some("18446744073709551615"), &[1, 2][..]));
        let table = parse_json(" [{\"path\": true},\n {\"path\": \"b\"}]").expect("sound");
        assert_eq!((table.cells[0].get(0), table.lines.len()), (Some("true"), 0));
    }

    #[test]
    fn other_json_names_the_line() {
        let unlike = |end: &str| (0..2001).map(|n| format!("{{\"{n}.wav\": 1}}{end}")).collect::<String>();
        let unlike = (unlike("\n"), format!("[{}{{}}]", unlike(",")));
        for (text, want) in [
            ("{\"a\": 1}\n{\"a\": \n", "line 2: not a JSON object"),
            ("{\n\"a\": 1}", "line 1"),
            ("[1]", "not an array of"),
            (
                "{\"a\": 1}\n{\"a\": 1, \"b\": 2, \"a\": 3}",
                "line 2: not a JSON object on one line: key \"a\" stands twice",
            ),
            (
                "{\"a\": 1}\n{\"ü\": NaN, \"b\": 2}",
                "line 2: not a JSON object on one line: NaN is not a JSON value; write null",
            ),
            ("{\"a\": 1}\r{\"a\": -Infinity}", "line 2: not a JSON object on one line: -Infinity is not a JSON value"),
            ("{\"a\": [None]}", "line 1: not a JSON object on one line: None is not a JSON value"),
            ("{\"a\": nan}", "nan is not a JSON value"),
            ("{\"a\": True}", "True is not a JSON value"),
            ("[{\"a\": 1},\n {\"a\": Infinity}]", "not an array of JSON objects: line 2: Infinity is not a JSON value"),
            (
                "{\"a\": 12345678901234567890123}",
                "line 1: not a JSON object on one line: the number of key \"a\" has more",
            ),
            ("[{\"a\": 1},\n{\"a\": 1, \"a\": 3}]", "key \"a\" stands twice at line 2"),
            (&unlike.0, "the lines have 2001 different keys"),
            (&unlike.1, "the lines have 2001 different keys"),
        ] {
            let error = parse_json(text).expect_err(text);
            assert!(error.contains(want), "{error}");
        }
    }
}
