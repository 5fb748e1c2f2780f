//! Range checks with one wording. Each returns an error that names the key, its value and what is legal.

use std::fmt::Display;

use super::ConfigError;

/// Refuses a value that is not above 0.
///
/// # Errors
/// As said; so for all functions here.
pub fn positive(key: &str, value: f64) -> Result<(), ConfigError> {
    require(value.is_finite() && value > 0.0, key, value, "must be a number above 0")
}

/// Refuses a value below 0.
///
/// # Errors
/// As said.
pub fn not_negative(key: &str, value: f64) -> Result<(), ConfigError> {
    require(value.is_finite() && value >= 0.0, key, value, "must be 0 or more")
}

/// Refuses a value that is not 0 or more and below 1.
///
/// # Errors
/// As said.
pub fn share(key: &str, value: f64) -> Result<(), ConfigError> {
    require((0.0..1.0).contains(&value), key, value, "must be 0 or more and below 1")
}

/// Refuses a value that is not from `low` to `high`; both are legal.
///
/// # Errors
/// As said.
pub fn between<T: PartialOrd + Display>(key: &str, value: T, low: T, high: T) -> Result<(), ConfigError> {
    let problem = format!("must be {low} to {high}");
    require(value >= low && value <= high, key, value, problem)
}

/// Refuses a key that is set though another choice leaves it without effect.
///
/// # Errors
/// As said.
pub fn used(key: &str, value: impl Display, used: bool, by: &str) -> Result<(), ConfigError> {
    require(used, key, value, format!("is used with {by} only")).map_err(|error| error.hint("remove the key"))
}

/// Refuses a value that is not legal.
///
/// # Errors
/// As said.
pub fn require(
    legal: bool,
    key: impl Into<String>,
    value: impl Display,
    problem: impl Into<String>,
) -> Result<(), ConfigError> {
    if legal { Ok(()) } else { Err(ConfigError::new(key, value, problem)) }
}
