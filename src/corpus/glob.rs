use regex::Regex;

use crate::options::ConfigError;

/// What makes a text a pattern.
const SPECIAL: [char; 3] = ['*', '?', '['];

/// A pattern over paths, as shells have them: `*` any text without `/`, `**` any text, `**/` any folders or none, `?`
/// one character, `[a-c]` one of some, `[!a-c]` one that is none of them.
#[derive(Debug, Clone)]
pub struct Glob {
    regex: Regex,
}

impl Glob {
    /// Whether a text has a character that patterns have.
    pub fn is_pattern(text: &str) -> bool {
        text.contains(SPECIAL)
    }

    /// Reads a pattern.
    ///
    /// # Errors
    /// A range that runs backwards: `[c-a]`.
    pub fn new(pattern: &str) -> Result<Self, ConfigError> {
        let regex = Regex::new(&format!(r"(?s)\A{}\z", translate(pattern)));
        let problem = "a range in brackets runs backwards; legal are *, **, ?, [a-c] and [!a-c]";
        let regex = regex.map_err(|_| ConfigError::new("pattern", format!("{pattern:?}"), problem))?;
        Ok(Self { regex })
    }

    /// Whether the pattern is of this path, from its first character to its last.
    pub fn matches(&self, path: &str) -> bool {
        self.regex.is_match(path)
    }

    /// Whether the pattern is of this path or of a folder above it, which then stands for all that is in it.
    pub fn covers(&self, path: &str) -> bool {
        self.matches(path) || path.match_indices('/').any(|(at, _)| self.matches(&path[..at]))
    }
}

/// The pattern as a regular expression.
fn translate(pattern: &str) -> String {
    let mut regex = String::new();
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let (translated, length) = match (first, class(rest)) {
            _ if rest.starts_with("**/") => ("(?:.*/)?".to_owned(), 3),
            _ if rest.starts_with("**") => (".*".to_owned(), 2),
            ('*', _) => ("[^/]*".to_owned(), 1),
            ('?', _) => ("[^/]".to_owned(), 1),
            ('[', Some(class)) => class,
            _ => (regex::escape(&rest[..first.len_utf8()]), first.len_utf8()),
        };
        regex += &translated;
        rest = &rest[length..];
    }
    regex
}

/// The class that `rest` begins with as part of a regular expression, and its length; none where no bracket closes it.
fn class(rest: &str) -> Option<(String, usize)> {
    // A closing bracket right behind the opening one is a member.
    let from = if rest.starts_with("[!") { 2 } else { 1 };
    let first = rest.get(from..)?.chars().next()?.len_utf8();
    let end = from + first + rest.get(from + first..)?.find(']')?;
    let member = |c: char| if c.is_ascii_punctuation() && c != '-' { format!("\\{c}") } else { c.to_string() };
    let members = rest[from..end].chars().map(member).collect::<String>();
    let class = if from == 2 { format!("[^/{members}]") } else { format!("[{members}]") };
    Some((class, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_a_shell() {
        let cases = [
            ("a/*.wav", "a/x.wav", true),
            ("a/*.wav", "a/b/x.wav", false),
            ("a/*.wav", "a/x.wave", false),
            ("a/**/*.wav", "a/x.wav", true),
            ("a/**/*.wav", "a/b/c/x.wav", true),
            ("a/**", "a/b/c.wav", true),
            ("spk?/x", "spk1/x", true),
            ("spk?/x", "spk/x", false),
            ("a?b", "a/b", false),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[!a-c]x", "/x", false),
            ("[]x]", "]", true),
            ("x[1", "x[1", true),
            ("a.b+(c)", "a.b+(c)", true),
            ("a.b", "axb", false),
            ("[&&^~]", "^", true),
            ("é*ü", "é--ü", true),
            ("[", "[", true),
            ("[!", "[!", true),
        ];
        for (pattern, path, want) in cases {
            assert_eq!(Glob::new(pattern).expect(pattern).matches(path), want, "{pattern} {path}");
        }
        assert!(Glob::new("[c-a]").expect_err("backwards").to_string().contains("[c-a]"));
    }

    #[test]
    fn a_pattern_of_a_folder_covers_what_is_in_it() {
        let glob = Glob::new("calls/*_female").expect("legal");
        for (path, want) in [
            ("calls/a_female/x.wav", true),
            ("calls/a_female/b/x.wav", true),
            ("calls/a_male/x.wav", false),
            ("calls/b/a_female/x.wav", false),
            ("calls", false),
        ] {
            assert_eq!(glob.covers(path), want, "{path}");
        }
    }

    #[test]
    fn plain_names_are_no_patterns() {
        for (text, want) in [("a/b.wav", false), ("a/*", true), ("a[1]", true), ("s3://b/?", true)] {
            assert_eq!(Glob::is_pattern(text), want, "{text}");
        }
    }
}
