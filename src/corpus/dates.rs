//! Dates of utterances, by which a growing table is divided.

use time::{Date, Month};

use super::CorpusError;
use super::entry::{Entries, reject};
use crate::corpus::Corpus;
use crate::options::ConfigError;
use crate::schema::Texts;

/// The code of utterances without a date.
pub(super) const BAD_DATE_CODE: &str = "bad_date";

/// The date that a text begins with, as `2026-11-26`: `2026-11-26`, `20261126`, `2026_11_26`, with `/`, `.` or a space
/// as well, alone or before a time. A time zone is not looked at: the date counts as it is written.
pub fn iso_date(text: &str) -> Option<String> {
    let text = text.trim();
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (year, month, day, rest) = match digits(text) {
        8 | 14 => (&text[..4], &text[4..6], &text[6..8], &text[8..]),
        4 => {
            let sign = text[4..].chars().next().filter(|sign| "-_/. ".contains(*sign))?;
            let (month, rest) = text[5..].split_at_checked(2)?;
            let (day, rest) = rest.strip_prefix(sign)?.split_at_checked(2)?;
            (&text[..4], month, day, rest)
        }
        _ => return None,
    };
    // A time is behind the date, or nothing.
    let is_time =
        |rest: &str| rest.trim_start_matches(['T', 't', ' ', '_', '-']).starts_with(|c: char| c.is_ascii_digit());
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u16>().ok()).flatten();
    let month = Month::try_from(u8::try_from(number(month)?).ok()?).ok()?;
    let date = Date::from_calendar_date(number(year)?.into(), month, u8::try_from(number(day)?).ok()?).ok()?;
    let iso = format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day());
    (rest.is_empty() || is_time(rest)).then_some(iso)
}

/// Writes the dates of a text column in one form. What has none becomes a reject.
pub(super) fn set_dates(config: &Corpus, column: &str, read: &mut Entries) -> Result<(), CorpusError> {
    let utterances = &read.utterances;
    let Some(at) = utterances.names().iter().position(|name| name == column) else {
        let names = utterances.names().join(", ");
        let problem = format!("corpus `{}` has no such column; its own columns are: {names}", config.name);
        let hint = "name a group of `pattern` or a column of the manifest that holds the date of each utterance";
        return Err(ConfigError::new("partition", format!("{column:?}"), problem).hint(hint).into());
    };
    let cells = &utterances.texts()[at];
    let dates = cells.iter().map(|cell| cell.and_then(iso_date)).collect::<Vec<_>>();
    let paths = utterances.column("path");
    for (row, _) in dates.iter().enumerate().filter(|(_, date)| date.is_none()) {
        let found = cells.get(row).map_or("nothing".to_owned(), |cell| format!("{cell:?}"));
        let message = format!("`{column}` is {found}; wanted a date such as 2026-11-26 or 20261126");
        read.rejects.push(reject(config, paths.get(row).unwrap_or_default(), BAD_DATE_CODE, message));
    }
    let kept = (0..dates.len()).filter(|row| dates[*row].is_some()).collect::<Vec<_>>();
    let dates = dates.iter().map(Option::as_deref).collect::<Texts>();
    read.utterances.replace_text(at, dates);
    read.keep(&kept);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_in_the_usual_forms_and_written_in_one() {
        let dates = ["2026-11-06", "20261106", "2026_11_06", "2026/11/06", "2026.11.06", "2026 11 06", " 2026-11-06 "];
        let times = ["2026-11-06T23:59:59Z", "2026-11-06 04:30", "20261106T0430", "20261106_0430", "20261106043000"];
        for text in dates.into_iter().chain(times) {
            assert_eq!(iso_date(text).as_deref(), Some("2026-11-06"), "{text}");
        }
        let others = [
            "",
            "2026",
            "2026-11",
            "06.11.2026",
            "2026-13-01",
            "2026-02-29",
            "20260229",
            "2026-11-06x",
            "2026-1-06",
            "2026-11/06",
            "202611061",
            "2026-1a-06",
            "yesterday",
            "2026-11-",
        ];
        for text in others {
            assert_eq!(iso_date(text), None, "{text}");
        }
        assert_eq!(iso_date("2024-02-29").as_deref(), Some("2024-02-29"));
    }
}
