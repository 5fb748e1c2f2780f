//! Text that comes from data, made harmless for Markdown, SVG and HTML.

/// Replaces control, bidirectional-override and non-character code points, which break lines, tables or XML.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if is_harmful(c) { ' ' } else { c }).collect()
}

fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// At most `limit` characters; what is cut is shown by an ellipsis.
pub(super) fn shorten(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    text.chars().take(limit.saturating_sub(1)).chain(['…']).collect()
}

/// Text from data inside Markdown: shows as it is, starts no markup, ends no table cell.
pub(super) fn text(data: &str) -> String {
    let characters: Vec<char> = printable(data).chars().collect();
    let word =
        |index: Option<usize>| index.and_then(|index| characters.get(index)).is_some_and(|c| c.is_alphanumeric());
    let mut out = String::new();
    for (index, &c) in characters.iter().enumerate() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '_' if word(index.checked_sub(1)) && word(Some(index + 1)) => out.push('_'),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '$' | '!' => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
    out
}

/// An identifier from data: as code where every character is plain, else as [`text`].
pub(super) fn code(data: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || " _-./:#+=,@".contains(c);
    let bare = !data.is_empty() && data.trim() == data && data.chars().all(plain);
    if bare { format!("`{data}`") } else { text(data) }
}

/// Text from data as an attribute or text of HTML.
pub(super) fn attribute(data: &str) -> String {
    printable(data).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A part of a file name: lower-case letters, digits and `-`.
pub(super) fn slug(data: &str) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    data.chars().map(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_starts_no_markup() {
        let cases = [
            ("a|b\n<script>", "a\\|b &lt;script&gt;"),
            ("macro_f1", "macro_f1"),
            ("_x_ *y* `z`", "\\_x\\_ \\*y\\* \\`z\\`"),
            ("[a](b)", "\\[a\\](b)"),
            ("a\u{0}\u{202e}b & c", "a  b &amp; c"),
        ];
        for (data, want) in cases {
            assert_eq!(text(data), want);
        }
    }

    #[test]
    fn only_plain_identifiers_become_code() {
        assert_eq!(code("ravdess/01#0.000-1.500"), "`ravdess/01#0.000-1.500`");
        assert_eq!(code("a`b|"), "a\\`b\\|");
        assert_eq!(code(""), "");
    }

    #[test]
    fn labels_are_cut_and_file_names_are_plain() {
        assert_eq!((shorten("happiness", 9), shorten("happiness", 5)), ("happiness".into(), "happ…".into()));
        assert_eq!(slug("SVM (rbf)/x"), "svm--rbf--x");
    }
}
