//! Regular expressions of what stands at a place, as narrow as can be read at a glance.

use std::collections::BTreeSet;

use super::column::Column;

/// A regular expression of what stands between two atoms.
pub(super) fn signs<'a>(found: impl Iterator<Item = &'a str>) -> String {
    let found = found.collect::<BTreeSet<_>>();
    let escaped = |text: &str| regex::escape(text).replace('\n', "\\n");
    match found.into_iter().collect::<Vec<_>>().as_slice() {
        [] => String::new(),
        [one] => escaped(one),
        several if several.iter().all(|one| one.chars().count() == 1) => {
            let members = several.iter().map(|one| match *one {
                "-" => "\\-".to_owned(),
                one => escaped(one),
            });
            format!("[{}]", members.collect::<String>())
        }
        several if several.contains(&"") => "[^A-Za-z0-9/]*".to_owned(),
        _ => "[^A-Za-z0-9/]+".to_owned(),
    }
}

/// A regular expression of values; `signs` are those that stand between them, escaped.
pub(super) fn class(column: &Column<'_>, signs: &str) -> String {
    let all = |is: fn(char) -> bool| column.values().all(|value| value.chars().all(is));
    let is_camel = |value: &str| {
        let mut rest = value.chars();
        rest.next().is_some_and(|c| c.is_ascii_uppercase()) && value.len() > 1 && rest.all(|c| c.is_ascii_lowercase())
    };
    if column.values().all(is_camel) {
        return "[A-Z][a-z]+".to_owned();
    }
    let class = if all(|c| c.is_ascii_digit()) {
        "[0-9]".to_owned()
    } else if all(|c| c.is_ascii_lowercase()) {
        "[a-z]".to_owned()
    } else if all(|c| c.is_ascii_uppercase()) {
        "[A-Z]".to_owned()
    } else if all(|c| c.is_ascii_alphabetic()) {
        "[A-Za-z]".to_owned()
    } else if all(|c| c.is_ascii_alphanumeric()) {
        "[A-Za-z0-9]".to_owned()
    } else {
        return format!("[^/{signs}]+");
    };
    let is_single = column.values().all(|value| value.len() == 1) && !all(|c| c.is_ascii_digit());
    if is_single { class } else { class + "+" }
}
