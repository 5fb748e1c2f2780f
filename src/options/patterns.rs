use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ConfigError;

/// Columns of features, as patterns with `*` for any text. A pattern that begins with `!` excludes columns. A column is
/// used if a pattern matches it and no `!` pattern does. If all patterns begin with `!`, all other
/// columns are used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ColumnPatterns(Vec<String>);

impl Default for ColumnPatterns {
    fn default() -> Self {
        Self(vec!["*".to_owned()])
    }
}

impl ColumnPatterns {
    /// Refuses an empty list and empty patterns; `key` is what sets them.
    ///
    /// # Errors
    /// As said.
    pub fn check(&self, key: &str) -> Result<(), ConfigError> {
        if self.0.is_empty() || self.0.iter().any(|pattern| pattern.trim_start_matches('!').is_empty()) {
            let problem = "must hold patterns such as \"mfcc*\" or \"!*_d1_*\"";
            return Err(ConfigError::new(key, format!("{:?}", self.0), problem));
        }
        Ok(())
    }

    /// The numbers of the columns of `table` that are taken, ascending; `key` is what sets the patterns.
    ///
    /// # Errors
    /// A pattern that fits no column, and patterns that leave none.
    pub fn pick(&self, key: &str, table: &str, names: &[String]) -> Result<Vec<usize>, ConfigError> {
        let wrong = |value: &str, problem: &str| {
            let example = names.first().map_or("none", String::as_str);
            ConfigError::new(key, format!("{value:?}"), problem)
                .hint(format!("{table} has {} columns, the first is `{example}`", names.len()))
        };
        for pattern in &self.0 {
            let bare = pattern.trim_start_matches('!');
            if !names.iter().any(|name| fits(bare, name)) {
                return Err(wrong(pattern, &format!("matches no column of {table}")));
            }
        }
        let (without, with): (Vec<&String>, Vec<&String>) = self.0.iter().partition(|pattern| pattern.starts_with('!'));
        let is_taken = |name: &String| {
            (with.is_empty() || with.iter().any(|pattern| fits(pattern, name)))
                && !without.iter().any(|pattern| fits(&pattern[1..], name))
        };
        let taken: Vec<usize> = (0..names.len()).filter(|column| is_taken(&names[*column])).collect();
        if taken.is_empty() { Err(wrong(&self.0.join(", "), "leaves no column")) } else { Ok(taken) }
    }
}

/// Whether a pattern, in which `*` stands for any text, fits the whole of a name.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => {
            let Some(left) = name.strip_prefix(start) else { return false };
            (0..=left.len()).filter(|at| left.is_char_boundary(*at)).any(|at| fits(rest, &left[at..]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pick(patterns: &[&str]) -> Result<Vec<usize>, String> {
        let names = ["mfcc00_mean", "mfcc00_d1_mean", "f0_hz_mean", "f0_hz_std"].map(str::to_owned);
        let patterns = ColumnPatterns(patterns.iter().map(|pattern| (*pattern).to_owned()).collect());
        patterns.pick("train.columns", "the features table", &names).map_err(|error| error.to_string())
    }

    #[test]
    fn patterns_take_and_leave_columns() {
        assert_eq!(pick(&["*"]).unwrap(), [0, 1, 2, 3]);
        assert_eq!(pick(&["mfcc*"]).unwrap(), [0, 1]);
        assert_eq!(pick(&["*_mean", "!*_d1_*"]).unwrap(), [0, 2]);
        assert_eq!(pick(&["!f0*"]).unwrap(), [0, 1]);
        assert_eq!(pick(&["f0_hz_std", "mfcc*d1*mean"]).unwrap(), [1, 3]);
    }

    #[test]
    fn what_fits_nothing_is_refused() {
        assert!(pick(&["mfcc*", "jitter*"]).unwrap_err().contains("\"jitter*\": matches no column"));
        assert!(pick(&["mfcc*", "!*"]).unwrap_err().contains("leaves no column"));
        assert!(ColumnPatterns(Vec::new()).check("train.columns").is_err());
        assert!(ColumnPatterns(vec!["!".to_owned()]).check("train.columns").is_err());
    }
}
