use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Turns a contour into one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Functional {
    /// Arithmetic mean.
    Mean,
    /// Standard deviation, dividing by n.
    Std,
    /// Smallest value.
    Min,
    /// Largest value.
    Max,
    /// Largest minus smallest value.
    Range,
    /// A percentile, 0..=100: `p00` to `p100`.
    Percentile(u8),
    /// 75th minus 25th percentile.
    Iqr,
    /// Skewness.
    Skew,
    /// Excess kurtosis.
    Kurtosis,
    /// Slope of the regression line per second.
    Slope,
}

/// The functionals that have one word.
const NAMED: [(&str, Functional); 9] = [
    ("mean", Functional::Mean),
    ("std", Functional::Std),
    ("min", Functional::Min),
    ("max", Functional::Max),
    ("range", Functional::Range),
    ("iqr", Functional::Iqr),
    ("skew", Functional::Skew),
    ("kurtosis", Functional::Kurtosis),
    ("slope", Functional::Slope),
];

impl fmt::Display for Functional {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, NAMED.iter().find(|(_, functional)| functional == self)) {
            (Self::Percentile(percent), _) => write!(f, "p{percent:02}"),
            (_, Some((word, _))) => f.write_str(word),
            (_, None) => Ok(()),
        }
    }
}

impl FromStr for Functional {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let percent = |digits: &str| digits.parse().ok().filter(|percent| *percent <= 100);
        let percentile = word.strip_prefix('p').and_then(percent).map(Self::Percentile);
        let percentile = percentile.filter(|percentile| percentile.to_string() == word);
        let named = NAMED.iter().find(|(name, _)| *name == word).map(|(_, functional)| *functional);
        percentile.or(named).ok_or_else(|| {
            let words: Vec<&str> = NAMED.iter().map(|(word, _)| *word).collect();
            format!("functional `{word}` is none of {} and the percentiles p00 to p100", words.join(", "))
        })
    }
}

impl TryFrom<String> for Functional {
    type Error = String;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        word.parse()
    }
}

impl From<Functional> for String {
    fn from(functional: Functional) -> Self {
        functional.to_string()
    }
}

impl JsonSchema for Functional {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Functional".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let words: Vec<&str> = NAMED.iter().map(|(word, _)| *word).collect();
        schemars::json_schema!({
            "type": "string",
            "description": "Turns a contour into one number; pNN is a percentile.",
            "pattern": format!("^({}|p[0-9]{{2}}|p100)$", words.join("|")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functionals_go_both_ways() {
        for word in ["mean", "std", "min", "max", "range", "iqr", "skew", "kurtosis", "slope", "p00", "p05", "p100"] {
            assert_eq!(word.parse::<Functional>().expect("legal").to_string(), word);
        }
        for word in ["average", "p101", "p5", "p", "p-1", "", "p+5"] {
            let message = word.parse::<Functional>().expect_err("illegal");
            assert!(message.contains("mean, std") && message.contains("p100"), "{message}");
        }
    }
}
