//! A regular expression with named groups over the relative path.

use regex::{Captures, Regex};

use super::entry::{Facts, extra_names};
use crate::config::{self, ConfigError};

/// Groups that are fields; every other named group is an extra column.
const FIELDS: [&str; 7] = ["key", "emotion", "speaker", "gender", "text_id", "intensity", "language"];

/// A compiled pattern with the label of paths that its `emotion` group does not tell.
pub(super) struct Pattern {
    regex: Regex,
    constant: Option<String>,
    extra: Vec<String>,
}

impl Pattern {
    /// Compiles the pattern of a corpus.
    pub fn new(config: &config::Corpus, pattern: &str) -> Result<Self, ConfigError> {
        let regex = Regex::new(pattern).map_err(|error| {
            ConfigError::new("corpus.pattern", format!("{pattern:?}"), format!("not a regular expression: {error}"))
        })?;
        let extra = regex.capture_names().flatten().filter(|name| !FIELDS.contains(name)).map(str::to_owned).collect();
        Ok(Self { regex, constant: config.emotion.clone(), extra })
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        self.regex.as_str()
    }

    /// Names of the extra columns.
    pub fn extra_names(&self) -> Vec<String> {
        extra_names(self.extra.iter().map(String::as_str))
    }

    /// Reads a path; `None` where the pattern is not found in it, or finds no emotion and no constant one is set. An
    /// empty group is no value.
    pub fn parse(&self, path: &str) -> Option<Facts> {
        let groups = self.regex.captures(path)?;
        Some(Facts {
            label: group(&groups, "emotion").or_else(|| self.constant.clone())?,
            key: group(&groups, "key"),
            speaker: group(&groups, "speaker"),
            gender: group(&groups, "gender"),
            text_id: group(&groups, "text_id"),
            intensity: group(&groups, "intensity"),
            language: group(&groups, "language"),
            extra: self.extra.iter().map(|name| group(&groups, name)).collect(),
        })
    }
}

fn group(groups: &Captures<'_>, name: &str) -> Option<String> {
    groups.name(name).map(|found| found.as_str()).filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(pattern: &str, emotion: Option<&str>) -> Pattern {
        let toml = format!("name = \"a\"\nsource = \"b\"\npattern = '''{pattern}'''");
        let mut config: config::Corpus = toml::from_str(&toml).expect("the test's TOML is sound");
        config.emotion = emotion.map(str::to_owned);
        Pattern::new(&config, pattern).expect("the test's pattern is sound")
    }

    #[test]
    fn groups_are_searched_anywhere_in_the_path() {
        let by_folder = pattern(r"(?P<speaker>s\d+)/(?P<emotion>[a-z]+)_(?P<take>\d*)", None);
        let cases = [
            ("s01/angry_3.wav", Some("angry s01 - - - 3")),
            ("deep/s2/sad_.wav", Some("sad s2 - - - -")),
            ("s01/3.wav", None),
            ("", None),
        ];
        for (path, want) in cases {
            assert_eq!(by_folder.parse(path).map(|facts| facts.summary()).as_deref(), want, "{path}");
        }
        assert_eq!(by_folder.extra_names(), ["take"]);
    }

    #[test]
    fn a_constant_label_stands_in_for_a_missing_group() {
        let optional = pattern(r"^(?P<speaker>\d+)(-(?P<emotion>[a-z]+))?(?P<key>x)?\.wav$", Some("neutral"));
        assert_eq!(optional.parse("1-sad.wav").expect("matches").summary(), "sad 1 - - -");
        let facts = optional.parse("1x.wav").expect("matches");
        assert_eq!((facts.summary().as_str(), facts.key.as_deref()), ("neutral 1 - - -", Some("x")));
        assert_eq!(pattern(r"(?P<emotion>sad)?", None).parse("a.wav"), None);
    }
}
