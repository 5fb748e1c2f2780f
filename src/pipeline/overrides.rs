//! `--set KEY=VALUE`: one key of the pipeline file, changed on the command line.

use crate::options::ConfigError;

/// Sets `key` (dotted; a number selects an item of an array) to `value`, which is TOML where it parses as TOML, else
/// a string.
pub(super) fn apply(table: &mut toml::Table, assignment: &str) -> Result<(), ConfigError> {
    let Some((key, value)) = assignment.split_once('=') else {
        return Err(ConfigError::new("--set", format!("{assignment:?}"), "wanted KEY=VALUE"));
    };
    let (key, value) = (key.trim(), parse(value.trim()));
    let steps = key.split('.').collect::<Vec<_>>();
    let (last, path) = match steps.split_last() {
        Some((last, path)) if !steps.iter().any(|step| step.is_empty()) => (*last, path),
        _ => {
            return Err(ConfigError::new("--set", format!("{assignment:?}"), "wanted KEY=VALUE, as in split.test=0.3"));
        }
    };
    let mut node = Node::Table(table);
    for step in path {
        node = node.enter(step, key)?;
    }
    node.set(last, key, value)
}

enum Node<'a> {
    Table(&'a mut toml::Table),
    Array(&'a mut Vec<toml::Value>),
}

impl<'a> Node<'a> {
    fn enter(self, step: &str, key: &str) -> Result<Self, ConfigError> {
        let value = match self {
            Self::Table(table) => {
                table.entry(step.to_owned()).or_insert_with(|| toml::Value::Table(toml::Table::new()))
            }
            Self::Array(items) => item(items, step, key)?,
        };
        match value {
            toml::Value::Table(table) => Ok(Self::Table(table)),
            toml::Value::Array(items) => Ok(Self::Array(items)),
            other => Err(ConfigError::new(key, &*other, format!("it is a plain value and has no key `{step}`"))),
        }
    }

    fn set(self, step: &str, key: &str, value: toml::Value) -> Result<(), ConfigError> {
        match self {
            Self::Table(table) => drop(table.insert(step.to_owned(), value)),
            Self::Array(items) => *item(items, step, key)? = value,
        }
        Ok(())
    }
}

fn item<'a>(items: &'a mut [toml::Value], step: &str, key: &str) -> Result<&'a mut toml::Value, ConfigError> {
    let count = items.len();
    let wrong =
        || ConfigError::new(key, format!("`{step}`"), format!("wanted an item number from 0; there are {count} items"));
    let index = step.parse::<usize>().map_err(|_| wrong())?;
    items.get_mut(index).ok_or_else(wrong)
}

fn parse(text: &str) -> toml::Value {
    let parsed = format!("value = {text}").parse::<toml::Table>().ok();
    let value = parsed.filter(|table| table.len() == 1).and_then(|mut table| table.remove("value"));
    value.unwrap_or_else(|| toml::Value::String(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> toml::Table {
        "seed = 1\n[[corpus]]\nname = 'a'\nsource = 'x'\n[split]\ntest = 0.2".parse().expect("a table")
    }

    #[test]
    fn a_value_is_toml_where_it_parses_else_text() {
        let cases = [
            ("seed=7", "seed", toml::Value::Integer(7)),
            ("name=my run", "name", toml::Value::String("my run".into())),
            (
                "train.models=['mlp']",
                "train",
                "[train]\nmodels=['mlp']".parse::<toml::Table>().expect("t")["train"].clone(),
            ),
            ("out=s3://bucket/a=b", "out", toml::Value::String("s3://bucket/a=b".into())),
        ];
        for (assignment, key, want) in cases {
            let mut table = table();
            apply(&mut table, assignment).expect(assignment);
            assert_eq!(table[key], want, "{assignment}");
        }
    }

    #[test]
    fn items_of_arrays_are_numbered() {
        let mut table = table();
        apply(&mut table, "corpus.0.source=/tmp/b").expect("set");
        assert_eq!(table["corpus"][0]["source"].as_str(), Some("/tmp/b"));
        for wrong in ["corpus.1.source=b", "corpus.x.source=b", "seed.x=1", "no-equals-sign", "=1", "a..b=1"] {
            assert!(apply(&mut table, wrong).is_err(), "{wrong}");
        }
    }
}
