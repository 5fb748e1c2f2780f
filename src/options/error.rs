use std::fmt::Display;

/// A key of the pipeline file that is wrong: which, what it holds, what is legal, and the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}` is {value}: {problem}{}", hint.as_deref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default())]
pub struct ConfigError {
    /// Dotted path of the key: `train.mlp.dropout`.
    pub key: String,
    /// The offending value as it would stand in TOML.
    pub value: String,
    /// What is wrong and what is legal.
    pub problem: String,
    /// What to do, where there is more to say.
    pub hint: Option<String>,
}

impl ConfigError {
    /// An error without a hint.
    pub fn new(key: impl Into<String>, value: impl Display, problem: impl Into<String>) -> Self {
        Self { key: key.into(), value: value.to_string(), problem: problem.into(), hint: None }
    }

    /// The same error with a remedy.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
