//! Rows that lie deep in JSON.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::corpus::ManifestTable;

/// The rows at a place: `{show}/{dialog}/Dialog/{utterance}`. A step in braces is any name, and a column; a step without is
/// that name, and what stands beside it are columns.
///
/// # Errors
/// The text is no JSON; there is nothing at the place.
pub fn read(text: &str, place: &str) -> Result<ManifestTable, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
    let mut rows = Vec::new();
    let steps = place.split('/').collect::<Vec<_>>();
    walk(&value, &steps, &BTreeMap::new(), &mut rows);
    let names = rows.iter().flat_map(BTreeMap::keys).collect::<BTreeSet<_>>();
    let columns = names.into_iter().cloned().collect::<Vec<_>>();
    let mut table = ManifestTable::of_columns(columns.clone());
    for row in &rows {
        table.push(columns.iter().map(|name| row.get(name).map(String::as_str)));
    }
    if table.is_empty() { Err(format!("there is nothing at {place}")) } else { Ok(table) }
}

type Row = BTreeMap<String, String>;

fn walk(value: &Value, steps: &[&str], known: &Row, rows: &mut Vec<Row>) {
    let Some((step, rest)) = steps.split_first() else {
        let mut row = known.clone();
        flatten(value, "", &mut row);
        rows.push(row);
        return;
    };
    let Value::Object(members) = value else { return };
    if let Some(name) = step.strip_prefix('{').and_then(|step| step.strip_suffix('}')) {
        for (member, below) in members {
            let mut known = known.clone();
            known.insert(name.to_owned(), member.clone());
            walk(below, rest, &known, rows);
        }
        return;
    }
    let mut known = known.clone();
    for (member, beside) in members.iter().filter(|(member, _)| member != step) {
        flatten(beside, member, &mut known);
    }
    if let Some(below) = members.get(*step) {
        walk(below, rest, &known, rows);
    }
}

/// Texts, numbers and truths under their names, with dots between those of what is nested.
fn flatten(value: &Value, name: &str, row: &mut Row) {
    match value {
        Value::Object(members) => {
            for (member, below) in members {
                let name = if name.is_empty() { member.clone() } else { format!("{name}.{member}") };
                flatten(below, &name, row);
            }
        }
        Value::String(text) => drop(row.insert(name.to_owned(), text.clone())),
        Value::Number(_) | Value::Bool(_) => drop(row.insert(name.to_owned(), value.to_string())),
        Value::Null | Value::Array(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_know_their_names_and_what_stands_beside_them() {
        let text = r#"{"s": {"s_1": {"Who": {"A": {"Name": "X"}}, "Dialog": {"s_1_1": {"By": "A", "E": {"main": "Sad", "all": ["x"]}}}},
                             "s_2": {"Dialog": {}}}}"#;
        let table = read(text, "{show}/{dialog}/Dialog/{turn}").expect("sound");
        assert_eq!(table.columns, ["By", "E.main", "Who.A.Name", "dialog", "show", "turn"]);
        let row = table.cells.iter().map(|column| column.get(0).expect("a cell")).collect::<Vec<_>>();
        assert_eq!(row, ["A", "Sad", "X", "s_1", "s", "s_1_1"]);
        assert!(read("{}", "{show}").expect_err("empty").contains("nothing at {show}"));
        assert!(read("{", "{show}").expect_err("broken").contains("not JSON"));
    }
}
