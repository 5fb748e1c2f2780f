//! Refuses keys that the published JSON Schema does not know, and says which it would have known.

use serde_json::Value as Json;

use super::ConfigError;

/// Walks `table` beside `schema` and refuses the first key that the schema does not name.
pub fn check_keys(table: &toml::Table, schema: &Json) -> Result<(), ConfigError> {
    walk("", table, schema, schema)
}

/// The legal word that is most like `word`, without regard to case, where one is much like it or one slip away.
pub fn nearest<'a>(word: &str, legal: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const LIKE: f64 = 0.82;
    let word = word.to_lowercase();
    let scored = legal.into_iter().map(|candidate| (strsim::jaro_winkler(&word, &candidate.to_lowercase()), candidate));
    let (score, best) = scored.max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))?;
    let is_slip = word.len() >= 3 && strsim::osa_distance(&word, &best.to_lowercase()) <= 1;
    (score >= LIKE || is_slip).then_some(best)
}

fn walk(path: &str, table: &toml::Table, schema: &Json, root: &Json) -> Result<(), ConfigError> {
    let Some(properties) = find(schema, root, "properties").and_then(Json::as_object) else { return Ok(()) };
    let others = find(schema, root, "additionalProperties").filter(|others| others.is_object());
    for (key, value) in table {
        let full = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match properties.get(key).or(others) {
            Some(schema) => walk_value(&full, value, schema, root)?,
            None => return Err(unknown(full, key, value, properties.keys().map(String::as_str))),
        }
    }
    Ok(())
}

fn walk_value(path: &str, value: &toml::Value, schema: &Json, root: &Json) -> Result<(), ConfigError> {
    match value {
        toml::Value::Table(table) => match find(schema, root, "properties") {
            Some(_) => walk(path, table, schema, root),
            None => walk_map(path, table, schema, root),
        },
        toml::Value::Array(items) => match find(schema, root, "items") {
            Some(schema) => {
                let mut items = items.iter().enumerate();
                items.try_for_each(|(i, item)| walk_value(&format!("{path}.{i}"), item, schema, root))
            }
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// A table whose keys are the user's own, such as a label map.
fn walk_map(path: &str, table: &toml::Table, schema: &Json, root: &Json) -> Result<(), ConfigError> {
    let Some(others) = find(schema, root, "additionalProperties") else { return Ok(()) };
    table.iter().try_for_each(|(key, value)| walk_value(&format!("{path}.{key}"), value, others, root))
}

/// What `schema` says under `keyword`, itself or through a reference or an alternative.
fn find<'a>(schema: &'a Json, root: &'a Json, keyword: &str) -> Option<&'a Json> {
    if let Some(found) = schema.get(keyword) {
        return Some(found);
    }
    let reference = schema.get("$ref").and_then(Json::as_str).and_then(|r| root.pointer(r.trim_start_matches('#')));
    let alternatives = ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|k| schema.get(k)?.as_array()).flatten();
    reference.into_iter().chain(alternatives).find_map(|schema| find(schema, root, keyword))
}

fn unknown<'a>(
    path: String,
    key: &str,
    value: &toml::Value,
    legal: impl Iterator<Item = &'a str> + Clone,
) -> ConfigError {
    let list = legal.clone().collect::<Vec<_>>().join(", ");
    let error = ConfigError::new(path, value, format!("unknown key; legal are {list}"));
    match nearest(key, legal) {
        Some(best) => error.hint(format!("did you mean `{best}`?")),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::nearest;
    use crate::schema::CANONICAL_EMOTIONS;

    #[test]
    fn the_usual_words_find_their_emotion() {
        let cases = [
            ("angry", Some("anger")),
            ("Happy", Some("happiness")),
            ("sad", Some("sadness")),
            ("FEAR", Some("fear")),
            ("fearful", Some("fear")),
            ("disgusted", Some("disgust")),
            ("surprised", Some("surprise")),
            ("neu", Some("neutral")),
            ("bored", Some("boredom")),
            ("female", None),
            ("xyz", None),
            ("", None),
        ];
        for (word, want) in cases {
            assert_eq!(nearest(word, CANONICAL_EMOTIONS), want, "{word}");
        }
    }

    #[test]
    fn slips_are_found_and_guesses_are_not_made() {
        for (word, want) in [("mpl", Some("mlp")), ("majorty", Some("majority")), ("a", None), ("lstm", None)] {
            assert_eq!(nearest(word, ["mlp", "majority", "svm", "audio"]), want, "{word}");
        }
    }
}
