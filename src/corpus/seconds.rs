//! Times of segments as manifests write them.

/// Seconds from a plain number (`1.5`), a clock (`[H:]MM:SS[.fff]`) or a timedelta as pandas and audformat write it
/// (`0 days 00:00:01.500000`). Nothing, `NaT`, `NaN`, `None` and `null` are no time. An error says what is wrong with
/// the text.
pub(super) fn parse_seconds(text: &str) -> Result<Option<f64>, &'static str> {
    let text = text.trim();
    if ["", "nat", "nan", "none", "null"].contains(&text.to_ascii_lowercase().as_str()) {
        return Ok(None);
    }
    if text.starts_with('-') {
        return Err("a time cannot be negative");
    }
    let seconds = text.parse::<f64>().ok().or_else(|| timedelta(text));
    match seconds {
        Some(seconds) if seconds.is_finite() => Ok(Some(seconds)),
        _ => Err("a time is seconds, [H:]MM:SS[.fff] or `0 days 00:00:01.5`"),
    }
}

/// `[D day[s][,] ]clock`.
fn timedelta(text: &str) -> Option<f64> {
    let Some((days, rest)) = text.split_once(" day") else { return clock(text) };
    let rest = rest.strip_prefix('s').unwrap_or(rest);
    let rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    let days = f64::from(whole(days)?) * 86_400.0;
    if rest.is_empty() { Some(days) } else { Some(days + clock(rest)?) }
}

/// `[H:]MM:SS[.fff]`, minutes and seconds below 60.
fn clock(text: &str) -> Option<f64> {
    let parts: Vec<&str> = text.split(':').collect();
    let (hours, minutes, seconds) = match parts[..] {
        [hours, minutes, seconds] => (whole(hours)?, whole(minutes)?, seconds),
        [minutes, seconds] => (0, whole(minutes)?, seconds),
        _ => return None,
    };
    let plain = seconds.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let seconds: f64 = seconds.parse().ok().filter(|s| plain && *s < 60.0)?;
    (minutes < 60).then(|| f64::from(hours) * 3600.0 + f64::from(minutes) * 60.0 + seconds)
}

fn whole(text: &str) -> Option<u32> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_all_their_spellings() {
        let cases = [
            ("1.5", 1.5),
            (" 2 ", 2.0),
            ("1e1", 10.0),
            ("0", 0.0),
            ("01:02", 62.0),
            ("1:01:02.250", 3662.25),
            ("0 days 00:00:01.500000", 1.5),
            ("0 days 00:00:01.500000123", 1.500_000_123),
            ("1 days 01:00:00", 90_000.0),
            ("1 day, 0:00:01", 86_401.0),
            ("2 days", 172_800.0),
            ("0 days", 0.0),
        ];
        for (text, want) in cases {
            assert_eq!(parse_seconds(text), Ok(Some(want)), "{text}");
        }
        for text in ["", " ", "NaT", "NaN", "nan", "None", "null"] {
            assert_eq!(parse_seconds(text), Ok(None), "{text}");
        }
    }

    #[test]
    fn other_texts_are_errors() {
        for text in [
            "-1",
            "-1 days +23:59:59",
            "inf",
            "1:2:3:4",
            "00:60:00",
            "00:61",
            "a",
            "1s",
            ":",
            "1:",
            "1 day x",
            "day",
            "1:+2",
            "1:nan",
        ] {
            assert!(parse_seconds(text).is_err(), "{text}");
        }
    }
}
