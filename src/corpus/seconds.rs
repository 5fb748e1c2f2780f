//! Times of segments as manifests write them.

const DIGITS: [char; 10] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

/// What a comma between digits is in the times of a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comma {
    /// A decimal sign, as some languages write it.
    Decimal,
    /// Either that or a sign between thousands: `1,500`.
    Unclear,
}

impl Comma {
    /// A comma with other than three digits behind it, or a bare 0 before it, is a decimal sign, and so are all others.
    pub fn of<'a>(mut times: impl Iterator<Item = &'a str>) -> Self {
        let proves = |time: &str| {
            let parts = time.split_once(',').filter(|(whole, part)| is_digits(whole) && is_digits(part));
            parts.is_some_and(|(whole, part)| whole == "0" || part.len() != 3)
        };
        if times.any(proves) { Self::Decimal } else { Self::Unclear }
    }
}

/// Seconds from a plain number (`1.5`), a clock (`[H:]MM:SS[.fff]`) or a timedelta as pandas and audformat write it
/// (`0 days 00:00:01.500000`), with a point or a comma before the fraction. An error says what is wrong with the text.
pub(super) fn parse_seconds(text: &str, comma: Comma) -> Result<f64, &'static str> {
    let text = text.trim();
    if text.starts_with('-') {
        return Err("a time cannot be negative");
    }
    let pointed = match text.rsplit_once(',') {
        Some((whole, part)) if is_digits(part) && is_digits(whole) && comma == Comma::Unclear && part.len() == 3 => {
            return Err("the comma may be a decimal sign or stand between thousands; write a point, or none");
        }
        Some((whole, part)) if is_digits(part) && whole.ends_with(DIGITS) && !whole.contains('.') => {
            format!("{whole}.{part}")
        }
        _ => text.to_owned(),
    };
    let seconds = pointed.parse::<f64>().ok().or_else(|| timedelta(&pointed));
    match seconds {
        Some(seconds) if seconds.is_finite() => Ok(seconds),
        _ => Err("a time is seconds, [H:]MM:SS[.fff] or `0 days 00:00:01.5`"),
    }
}

pub(super) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
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
            ("0,45", 0.45),
            ("12,5", 12.5),
            ("00:00:01,500", 1.5),
            ("1:02,25", 62.25),
        ];
        for (text, want) in cases {
            assert_eq!(parse_seconds(text, Comma::Unclear), Ok(want), "{text}");
        }
    }

    #[test]
    fn other_texts_are_errors() {
        for text in [
            "",
            "1.234,5",
            "1,234.5",
            "1,2,3",
            "1,",
            ",5",
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
            assert!(parse_seconds(text, Comma::Decimal).is_err(), "{text}");
        }
    }

    #[test]
    fn one_comma_tells_what_the_others_are() {
        assert_eq!(Comma::of(["1,500", "2.5", "12,250"].into_iter()), Comma::Unclear);
        for proof in ["0,500", "1,5", "10,25"] {
            assert_eq!(Comma::of(["1,500", proof].into_iter()), Comma::Decimal, "{proof}");
        }
        assert_eq!(parse_seconds("1,500", Comma::Decimal), Ok(1.5));
        assert!(parse_seconds("1,500", Comma::Unclear).expect_err("two readings").contains("thousands"));
    }
}
