//! Numbers as people read them.

use crate::schema::{Metric, noun};

/// `1440` -> `1,440`.
pub fn count(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut out = String::from(if value < 0 { "-" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `(3, 3)` -> `3`, `(3, 5)` -> `3 to 5`.
pub(super) fn range((low, high): (i64, i64)) -> String {
    if low == high { count(low) } else { format!("{} to {}", count(low), count(high)) }
}

/// `1 speaker`, `24 speakers`.
pub(super) fn plural(value: i64, word: &str) -> String {
    format!("{} {}", count(value), noun(value, word))
}

/// A figure with three decimals; a dash where it is not defined.
pub(super) fn figure(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), |value| format!("{value:.3}"))
}

/// A figure with its interval, where it has one: `0.512 [0.470, 0.551]`.
pub fn with_interval(value: Option<f64>, low: Option<f64>, high: Option<f64>) -> String {
    match low.zip(high) {
        Some((low, high)) => format!("{} [{low:.3}, {high:.3}]", figure(value)),
        None => figure(value),
    }
}

/// The figure of a metrics row, with its interval.
pub(super) fn metric(row: Option<&Metric>) -> String {
    row.map_or("–".to_owned(), |row| with_interval(row.value, row.low, row.high))
}

/// A difference with its sign and interval: `+0.052 [-0.010, +0.110]`.
pub(super) fn difference(delta: f64, low: Option<f64>, high: Option<f64>) -> String {
    // Adding zero turns -0 into 0.
    match low.zip(high) {
        Some((low, high)) => format!("{:+.3} [{:+.3}, {:+.3}]", delta + 0.0, low + 0.0, high + 0.0),
        None => format!("{:+.3}", delta + 0.0),
    }
}

/// A p value; a dash where there is none.
pub(super) fn p_value(value: Option<f64>) -> String {
    match value {
        None => "–".to_owned(),
        Some(p) if p < 0.001 => "< 0.001".to_owned(),
        Some(p) => format!("{p:.3}"),
    }
}

/// `a, b and c`.
pub(super) fn list(items: &[String]) -> String {
    match items {
        [] => "none".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_separators() {
        for (value, want) in [(0, "0"), (999, "999"), (1440, "1,440"), (-1_234_567, "-1,234,567")] {
            assert_eq!(count(value), want);
        }
        assert_eq!((range((3, 3)), range((3, 5))), ("3".into(), "3 to 5".into()));
        assert_eq!((plural(1, "row"), plural(2, "row")), ("1 row".into(), "2 rows".into()));
    }

    #[test]
    fn figures_show_what_is_known() {
        assert_eq!(with_interval(Some(0.5), Some(0.4), Some(0.6)), "0.500 [0.400, 0.600]");
        assert_eq!(with_interval(Some(0.5), None, None), "0.500");
        assert_eq!(with_interval(None, None, None), "–");
        assert_eq!(difference(-0.0, Some(-0.1), Some(0.1)), "+0.000 [-0.100, +0.100]");
        assert_eq!(
            (p_value(Some(0.0004)), p_value(Some(0.25)), p_value(None)),
            ("< 0.001".into(), "0.250".into(), "–".into())
        );
    }

    #[test]
    fn lists_read_as_sentences() {
        let items: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
        assert_eq!((list(&items), list(&items[..1]), list(&[])), ("a, b and c".into(), "a".into(), "none".into()));
    }
}
