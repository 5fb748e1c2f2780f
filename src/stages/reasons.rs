//! Why a stage does its work again: which build, key, input or output is another than its record says.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::Value as Json;

use crate::pipeline::Pipeline;
use crate::schema::plural;
use crate::storage::{Entry, StorageError};

use super::{Files, StageError};

/// Keys of the pipeline file, such as `split.test`, with their values.
pub(super) type Keys = BTreeMap<String, Json>;

/// Digits of a hash that are shown.
const SHOWN: usize = 8;

/// Why a stage does its work again.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reason {
    /// It has no record: it never ran to its end here.
    Unfinished,
    /// It was asked for.
    Forced,
    /// Another build of the program did it: a hash of what the stage is computed with.
    Build {
        /// That of the record.
        from: String,
        /// Ours.
        to: String,
    },
    /// A key of the pipeline file has another value; null: it is not set.
    Key {
        /// The key: `split.test`.
        key: String,
        /// In the record.
        from: Json,
        /// Now.
        to: Json,
    },
    /// Its parameters have another hash, and no key tells why: another version did it.
    Parameters,
    /// Something that it reads has another content hash; null: it does not read it.
    Input {
        /// What: `features`.
        name: String,
        /// In the record.
        from: Option<String>,
        /// Now.
        to: Option<String>,
    },
    /// A file that it wrote is gone, or has another size.
    Output {
        /// Its path in the output.
        path: String,
        /// In bytes, as it was written.
        from: u64,
        /// In bytes; null: it is not there.
        to: Option<u64>,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |value: &Json| if value.is_null() { "unset".to_owned() } else { value.to_string() };
        let hash = |hash: &Option<String>| hash.as_deref().map_or("nothing".to_owned(), shown);
        match self {
            Self::Unfinished => f.write_str("it has not finished here"),
            Self::Forced => f.write_str("--force"),
            Self::Build { from, to } => write!(f, "build {} -> {}", shown(from), shown(to)),
            Self::Key { key, from, to } => write!(f, "{key} {} -> {}", text(from), text(to)),
            Self::Parameters => f.write_str("other parameters"),
            Self::Input { name, from, to } => write!(f, "input `{name}` {} -> {}", hash(from), hash(to)),
            Self::Output { path, to: None, .. } => write!(f, "`{path}` is missing"),
            Self::Output { path, from, to: Some(to) } => write!(f, "`{path}` has {to} bytes, not {from}"),
        }
    }
}

/// The beginning of a hash; a short value whole.
fn shown(hash: &str) -> String {
    if hash.len() < 2 * SHOWN { hash.to_owned() } else { hash.chars().take(SHOWN).collect() }
}

/// All reasons in a line: the first, and how many more; none: nothing has changed.
pub fn summary(reasons: &[Reason]) -> Option<String> {
    let (first, more) = reasons.split_first()?;
    Some(match more.len() {
        0 => first.to_string(),
        more => format!("{first}, and {}", plural(more, "more reason")),
    })
}

/// The values of all keys of the pipeline file that are one of `names`, or below one.
pub(super) fn keys(pipeline: &Pipeline, names: &[&str]) -> Keys {
    let mut keys = Keys::new();
    // Plain structs and maps with text keys: their JSON cannot fail.
    flatten("", &serde_json::to_value(pipeline).unwrap_or_default(), &mut keys);
    let is_below =
        |key: &str, name: &str| key.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    keys.retain(|key, _| names.iter().any(|name| is_below(key, name)));
    keys
}

/// Adds each value that has no keys of its own under its path; what is not set has none.
fn flatten(path: &str, value: &Json, keys: &mut Keys) {
    let join = |step: &str| if path.is_empty() { step.to_owned() } else { format!("{path}.{step}") };
    match value {
        Json::Object(fields) => fields.iter().for_each(|(name, value)| flatten(&join(name), value, keys)),
        Json::Array(items) if items.iter().any(Json::is_object) => {
            items.iter().enumerate().for_each(|(at, value)| flatten(&join(&at.to_string()), value, keys));
        }
        Json::Null => {}
        value => drop(keys.insert(path.to_owned(), value.clone())),
    }
}

pub(super) fn of_build(from: &str, to: &str) -> Option<Reason> {
    (from != to).then(|| Reason::Build { from: from.to_owned(), to: to.to_owned() })
}

/// The keys that differ, of parameters that do.
pub(super) fn of_keys(from: &Keys, to: &Keys) -> Vec<Reason> {
    let value = |keys: &Keys, key: &String| keys.get(key).cloned().unwrap_or_default();
    let of_key = |key: &String| Reason::Key { key: key.clone(), from: value(from, key), to: value(to, key) };
    // A record of an earlier version has no keys.
    let reasons = differing(from, to).filter(|_| !from.is_empty()).map(of_key).collect::<Vec<_>>();
    if reasons.is_empty() { vec![Reason::Parameters] } else { reasons }
}

pub(super) fn of_inputs(from: &BTreeMap<String, String>, to: &BTreeMap<String, String>) -> Vec<Reason> {
    let of_name =
        |name: &String| Reason::Input { name: name.clone(), from: from.get(name).cloned(), to: to.get(name).cloned() };
    differing(from, to).map(of_name).collect()
}

/// The names under which two maps hold other values.
fn differing<'a, V: PartialEq>(
    from: &'a BTreeMap<String, V>,
    to: &'a BTreeMap<String, V>,
) -> impl Iterator<Item = &'a String> {
    let gone = from.keys().filter(|name| !to.contains_key(*name));
    to.keys().filter(|name| from.get(*name) != to.get(*name)).chain(gone)
}

/// The first output that is not there with its size, as `find` looks it up.
pub(super) fn of_outputs(
    outputs: &Files,
    find: impl Fn(&str) -> Result<Option<Entry>, StorageError>,
) -> Result<Option<Reason>, StageError> {
    for (path, file) in outputs.iter() {
        let found = find(path)?;
        if !found.as_ref().is_some_and(|entry| file.has_size_of(entry)) {
            let to = found.map(|entry| entry.bytes);
            return Ok(Some(Reason::Output { path: path.clone(), from: file.bytes, to }));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pipeline(changes: &[&str]) -> Keys {
        let text = "name = 'p'\nout = 'o'\n[[corpus]]\nname = 'c'\nsource = 's'\npreset = 'ravdess'\n";
        let changes = changes.iter().map(|change| (*change).to_owned()).collect::<Vec<_>>();
        let pipeline = Pipeline::parse(text, &changes).expect("a pipeline");
        keys(&pipeline, &["split", "corpus", "evaluate.compare"])
    }

    #[test]
    fn a_changed_key_is_named_with_its_values() {
        let before = pipeline(&[]);
        assert!(
            before.keys().all(|key| ["split.", "corpus.0.", "evaluate.compare"].iter().any(|at| key.starts_with(at)))
        );
        let told =
            |changes: &[&str]| of_keys(&before, &pipeline(changes)).iter().map(Reason::to_string).collect::<Vec<_>>();
        assert_eq!(told(&["split.test=0.3"]), ["split.test unset -> 0.3"]);
        assert_eq!(told(&["corpus.0.source=t"]), ["corpus.0.source \"s\" -> \"t\""]);
        assert_eq!(told(&["audio.sample_rate_hz=8000"]), ["other parameters"], "no key of these");
        assert_eq!(of_keys(&Keys::new(), &before), [Reason::Parameters], "a record without keys");
    }

    #[test]
    fn inputs_that_come_and_go_are_reasons() {
        let map = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let reasons =
            of_inputs(&map(&[("a", "1"), ("b", "2"), ("c", "3")]), &map(&[("a", "1"), ("b", "4"), ("d", "5")]));
        let told = reasons.iter().map(Reason::to_string).collect::<Vec<_>>();
        assert_eq!(told, ["input `b` 2 -> 4", "input `d` nothing -> 5", "input `c` 3 -> nothing"]);
        assert_eq!(summary(&reasons).as_deref(), Some("input `b` 2 -> 4, and 2 more reasons"));
        assert_eq!(summary(&[]), None);
    }
}
