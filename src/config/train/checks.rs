//! Range checks that name the key.

use std::fmt;

use crate::config::ConfigError;

/// Above 0.
pub(super) fn positive(key: &str, value: f64) -> Result<(), ConfigError> {
    if value.is_finite() && value > 0.0 {
        Ok(())
    } else {
        Err(ConfigError::new(key, value, "must be a number above 0"))
    }
}

/// 0 or more.
pub(super) fn not_negative(key: &str, value: f64) -> Result<(), ConfigError> {
    if value.is_finite() && value >= 0.0 { Ok(()) } else { Err(ConfigError::new(key, value, "must be 0 or more")) }
}

/// 0 or more and below 1.
pub(super) fn share(key: &str, value: f64) -> Result<(), ConfigError> {
    if (0.0..1.0).contains(&value) {
        Ok(())
    } else {
        Err(ConfigError::new(key, value, "must be 0 or more and below 1"))
    }
}

/// From `low` to `high`, both included.
pub(super) fn between<T: PartialOrd + fmt::Display>(key: &str, value: T, low: T, high: T) -> Result<(), ConfigError> {
    if value >= low && value <= high {
        return Ok(());
    }
    Err(ConfigError::new(key, value, format!("must be {low} to {high}")))
}

/// Refuses a key that is set though another choice leaves it without effect.
pub(super) fn used(key: &str, value: impl fmt::Display, used: bool, by: &str) -> Result<(), ConfigError> {
    if used {
        Ok(())
    } else {
        Err(ConfigError::new(key, value, format!("is used with {by} only")).hint("remove the key"))
    }
}
