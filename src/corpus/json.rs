//! JSON lines, or an array of JSON objects -> rows.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::manifest::ManifestTable;

/// Reads an object a row. Columns are the names that occur, in the order of the alphabet; what an object lacks is null,
/// and what is nested stays JSON.
pub(super) fn parse_json(text: &str) -> Result<ManifestTable, String> {
    let objects = if text.trim_start().starts_with('[') { array(text)? } else { lines(text)? };
    let names: BTreeSet<&String> = objects.iter().flat_map(|(_, object)| object.keys()).collect();
    let cells = |object: &BTreeMap<String, Value>| names.iter().map(|name| object.get(*name).and_then(cell)).collect();
    Ok(ManifestTable {
        rows: objects.iter().map(|(_, object)| cells(object)).collect(),
        lines: objects.iter().filter_map(|(line, _)| *line).collect(),
        columns: names.iter().map(|name| (*name).clone()).collect(),
        ..ManifestTable::default()
    })
}

/// An object, with its line where each has one.
type Object = (Option<usize>, BTreeMap<String, Value>);

fn array(text: &str) -> Result<Vec<Object>, String> {
    let objects: Vec<_> = serde_json::from_str(text).map_err(|cause| format!("no array of JSON objects: {cause}"))?;
    Ok(objects.into_iter().map(|object| (None, object)).collect())
}

fn lines(text: &str) -> Result<Vec<Object>, String> {
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    let object = |(line, number): (&str, usize)| match serde_json::from_str(line) {
        Ok(object) => Ok((Some(number), object)),
        Err(cause) => Err(format!("line {number}: no JSON object on one line: {cause}")),
    };
    lines.map(object).collect()
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
            |row: &Vec<Option<String>>| row.iter().map(|c| c.as_deref().unwrap_or("-")).collect::<Vec<_>>().join(" ");
        assert_eq!(table.rows.iter().map(text).collect::<Vec<_>>(), ["- 3.0 a -", "- - b [1]"]);
        let table = parse_json(" [{\"path\": true},\n {\"path\": \"b\"}]").expect("sound");
        assert_eq!((table.rows[0][0].as_deref(), table.lines.len()), (Some("true"), 0));
    }

    #[test]
    fn other_json_names_the_line() {
        for (text, want) in
            [("{\"a\": 1}\n{\"a\": \n", "line 2: no JSON object"), ("{\n\"a\": 1}", "line 1"), ("[1]", "no array of")]
        {
            let error = parse_json(text).expect_err(text);
            assert!(error.contains(want), "{error}");
        }
    }
}
