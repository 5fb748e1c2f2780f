//! TOML text to typed sections: values of a wrong type are refused, each with what is legal.

use serde::de::DeserializeOwned;

use super::ConfigError;
use super::keys::nearest;

/// The table that a text holds; `what` names the text in messages.
pub fn table(text: &str, what: &str) -> Result<toml::Table, ConfigError> {
    text.parse()
        .map_err(|error: toml::de::Error| ConfigError::new(what, "not TOML", error.to_string().trim().to_owned()))
}

/// What a table says; its keys are checked.
///
/// # Errors
/// A value of a wrong type.
pub fn typed<T: DeserializeOwned>(table: toml::Table, what: &str) -> Result<T, ConfigError> {
    let value = toml::Value::Table(table);
    serde_path_to_error::deserialize(value.clone()).map_err(|error| type_error(&value, error, what))
}

/// Serde's expectations in the words of TOML.
fn plain(message: &str) -> String {
    const WORDS: [(&str, &str); 9] = [
        ("expected f64", "expected a number"),
        ("expected f32", "expected a number"),
        ("expected u64", "expected a whole number of 0 or more"),
        ("expected u32", "expected a whole number of 0 or more"),
        ("expected usize", "expected a whole number of 0 or more"),
        ("expected a sequence", "expected a list: [...]"),
        ("expected a map", "expected a table"),
        ("expected a boolean", "expected true or false"),
        ("invalid type: ", "wrong type: "),
    ];
    WORDS.iter().fold(message.to_owned(), |message, (serde, ours)| message.replace(serde, ours))
}

/// Serde's error with the key, its value, and the nearest of the legal words that the message lists.
fn type_error(root: &toml::Value, error: serde_path_to_error::Error<toml::de::Error>, what: &str) -> ConfigError {
    let path = error.path().to_string().replace('[', ".").replace(']', "");
    let message = plain(error.into_inner().message().trim());
    let value = path.split('.').try_fold(root, |value, step| match value {
        toml::Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        other => other.get(step),
    });
    let hint = value.and_then(toml::Value::as_str).and_then(|word| {
        let legal = message.split_once("expected")?.1;
        nearest(word, legal.split('`').skip(1).step_by(2)).map(|best| format!("did you mean `{best}`?"))
    });
    let shown = value.map_or_else(|| "missing".to_owned(), ToString::to_string);
    let key = if path == "." { what.to_owned() } else { path };
    let error = ConfigError::new(key, shown, message);
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}
