use std::fmt;

use crate::corpus;
use crate::options::ConfigError;

/// The days that a run works on, both ends included. Utterances of other days stay as the output has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dates {
    /// `2026-11-26`, as are the cells that are compared with it.
    from: Option<String>,
    to: Option<String>,
}

impl Dates {
    /// The days that `--from` and `--to` mean; none without either. `partition` is that of the pipeline file.
    ///
    /// # Errors
    /// A text is no date, or the days end before they begin; the pipeline has no dates.
    pub fn new(from: Option<&str>, to: Option<&str>, partition: Option<&str>) -> Result<Option<Self>, ConfigError> {
        let Some((flag, text)) = from.map(|from| ("--from", from)).or(to.map(|to| ("--to", to))) else {
            return Ok(None);
        };
        if partition.is_none() {
            let problem = "the pipeline file does not say where the date of an utterance stands";
            let hint = "set `partition` to a group of `pattern` or to a column of the manifest that holds dates";
            return Err(ConfigError::new(flag, text, problem).hint(hint));
        }
        let dates = Self { from: date("--from", from)?, to: date("--to", to)? };
        match (&dates.from, &dates.to) {
            (Some(from), Some(to)) if from > to => {
                Err(ConfigError::new("--to", to, format!("this is before --from, which is {from}")))
            }
            _ => Ok(Some(dates)),
        }
    }

    /// Whether this is one of them.
    pub(super) fn hold(&self, date: &str) -> bool {
        self.from.as_deref().is_none_or(|from| from <= date) && self.to.as_deref().is_none_or(|to| date <= to)
    }
}

impl fmt::Display for Dates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = |date: &Option<String>| date.clone().unwrap_or_default();
        write!(f, "{}..{}", end(&self.from), end(&self.to))
    }
}

fn date(flag: &str, text: Option<&str>) -> Result<Option<String>, ConfigError> {
    let parse = |text: &str| {
        corpus::iso_date(text).ok_or_else(|| ConfigError::new(flag, format!("{text:?}"), "wanted a date: 2026-11-26"))
    };
    text.map(parse).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(from: Option<&str>, to: Option<&str>) -> Result<Option<Dates>, ConfigError> {
        Dates::new(from, to, Some("date"))
    }

    #[test]
    fn both_ends_are_included_and_may_be_open() {
        let cases = [
            (Some("20261102"), Some("2026-11-03"), [false, true, true, false], "2026-11-02..2026-11-03"),
            (Some("2026-11-03"), None, [false, false, true, true], "2026-11-03.."),
            (None, Some("2026-11-02"), [true, true, false, false], "..2026-11-02"),
        ];
        for (from, to, want, words) in cases {
            let dates = dates(from, to).expect("legal").expect("some");
            assert_eq!(["2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04"].map(|date| dates.hold(date)), want);
            assert_eq!(dates.to_string(), words);
        }
        assert_eq!(dates(None, None), Ok(None));
    }

    #[test]
    fn what_is_no_range_of_dates_is_refused() {
        for (from, to, words) in [
            (Some("yesterday"), None, "`--from` is \"yesterday\""),
            (None, Some("2026-02-30"), "`--to` is \"2026-02-30\""),
            (Some("2026-11-03"), Some("2026-11-02"), "`--to` is 2026-11-02: this is before --from"),
        ] {
            let error = dates(from, to).expect_err("refused").to_string();
            assert!(error.contains(words), "{error}");
        }
        let error = Dates::new(None, Some("2026-11-02"), None).expect_err("refused").to_string();
        assert!(error.contains("`--to`") && error.contains("`partition`"), "{error}");
    }
}
