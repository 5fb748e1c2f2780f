//! A regular expression with named groups over the relative path, of a pipeline file or a preset.

use std::collections::BTreeMap;

use regex::{Captures, Regex};

use super::entry::{Facts, extra_names};
use super::paths::{file_name, without_extension};
use crate::corpus::{Corpus, Preset};
use crate::options::ConfigError;

/// Groups that are fields; every other named group is an extra column.
const FIELDS: [&str; 7] = ["key", "emotion", "speaker", "gender", "text_id", "intensity", "language"];

/// How the paths of a corpus are read.
pub(super) struct Pattern<'a> {
    regex: Regex,
    extra: Vec<String>,
    /// The label of paths that the `emotion` group does not tell.
    constant: Option<&'a str>,
    preset: Option<OfPreset<'a>>,
}

/// What a preset knows beyond its pattern.
struct OfPreset<'a> {
    preset: &'a Preset,
    never: Option<Regex>,
    /// Gender by speaker.
    genders: BTreeMap<&'a str, &'a str>,
}

impl<'a> Pattern<'a> {
    /// The pattern of a pipeline file.
    pub fn of_config(config: &'a Corpus, pattern: &str) -> Result<Self, ConfigError> {
        Ok(Self { constant: config.emotion.as_deref(), ..Self::new(pattern)? })
    }

    /// The pattern of a preset.
    pub fn of_preset(preset: &'a Preset) -> Result<Self, ConfigError> {
        let never = preset.never.as_deref().map(compiled).transpose()?;
        let genders = genders(preset);
        let pattern = preset.pattern.as_deref().unwrap_or_default();
        Ok(Self { preset: Some(OfPreset { preset, never, genders }), ..Self::new(pattern)? })
    }

    fn new(pattern: &str) -> Result<Self, ConfigError> {
        let regex = compiled(pattern)?;
        let extra = regex.capture_names().flatten().filter(|name| !FIELDS.contains(name)).map(str::to_owned).collect();
        Ok(Self { regex, extra, constant: None, preset: None })
    }

    /// How files are named, in words.
    pub fn grammar(&self) -> String {
        match &self.preset {
            Some(of) => of.preset.grammar(),
            None => format!("the pattern {:?}", self.regex.as_str()),
        }
    }

    /// Names of the extra columns.
    pub fn extra_names(&self) -> Vec<String> {
        extra_names(self.extra.iter().map(String::as_str))
    }

    /// The key of an utterance whose path tells none.
    pub fn default_key<'b>(&self, path: &'b str) -> &'b str {
        let whole = without_extension(path);
        if self.preset.is_some() { file_name(whole) } else { whole }
    }

    /// Reads a path. `None` where the pattern is not found in it, where it finds no emotion and no constant one is set,
    /// and where a preset does not know what it finds. An empty group is no value.
    pub fn parse(&self, path: &str) -> Option<Facts> {
        let path = if self.preset.is_some() { without_extension(path) } else { path };
        if self.never().is_some_and(|never| never.is_match(path)) {
            return None;
        }
        let groups = self.regex.captures(path)?;
        let speaker = self.made("speaker", &groups)?;
        Some(Facts {
            label: self.value(&groups, "emotion")?.or_else(|| self.constant.map(str::to_owned))?,
            key: self.made("key", &groups)?,
            gender: self.value(&groups, "gender")?.or_else(|| self.gender(speaker.as_deref()?)),
            speaker,
            text_id: self.value(&groups, "text_id")?,
            intensity: self.value(&groups, "intensity")?,
            language: self.value(&groups, "language")?,
            extra: self.extra.iter().map(|name| self.value(&groups, name)).collect::<Option<_>>()?,
        })
    }

    fn never(&self) -> Option<&Regex> {
        self.preset.as_ref()?.never.as_ref()
    }

    fn gender(&self, speaker: &str) -> Option<String> {
        self.preset.as_ref()?.genders.get(speaker).map(|gender| (*gender).to_owned())
    }

    /// What a group says, by the preset's table of its codes; the outer `None` is a code that the table does not have.
    fn value(&self, groups: &Captures<'_>, name: &str) -> Option<Option<String>> {
        let code = groups.name(name).map(|found| found.as_str()).filter(|text| !text.is_empty());
        match (code, &self.preset) {
            (Some(code), Some(of)) => of.preset.meaning(name, code),
            (code, _) => Some(code.map(str::to_owned)),
        }
    }

    /// A field that a path tells: by the preset's template, else by the group of its name.
    fn made(&self, field: &str, groups: &Captures<'_>) -> Option<Option<String>> {
        let preset = self.preset.as_ref().map(|of| of.preset);
        let template =
            preset.and_then(|preset| if field == "key" { preset.key.as_deref() } else { preset.speaker.as_deref() });
        let Some(template) = template else { return self.value(groups, field) };
        let mut made = String::new();
        for (at, piece) in template.split('{').enumerate() {
            let (group, rest) = if at == 0 { ("", piece) } else { piece.split_once('}')? };
            made += &self.value(groups, group)?.unwrap_or_default();
            made += rest;
        }
        Some(Some(made))
    }
}

/// Gender by speaker, as a preset knows it.
pub(super) fn genders(preset: &Preset) -> BTreeMap<&str, &str> {
    let pairs = preset.genders.iter().flat_map(|(gender, speakers)| speakers.iter().map(move |one| (one, gender)));
    pairs.map(|(speaker, gender)| (speaker.as_str(), gender.as_str())).collect()
}

/// A regular expression of a corpus.
pub(super) fn compiled(pattern: &str) -> Result<Regex, ConfigError> {
    Regex::new(pattern).map_err(|error| {
        ConfigError::new("corpus.pattern", format!("{pattern:?}"), format!("not a regular expression: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(pattern: &str, emotion: Option<&str>, path: &str) -> Option<(String, Option<String>)> {
        let toml = format!("name = \"a\"\nsource = \"b\"\npattern = '''{pattern}'''");
        let mut config: Corpus = toml::from_str(&toml).expect("the test's TOML is sound");
        config.emotion = emotion.map(str::to_owned);
        let facts = Pattern::of_config(&config, pattern).expect("the test's pattern is sound").parse(path)?;
        Some((facts.summary(), facts.key))
    }

    #[test]
    fn groups_are_searched_anywhere_in_the_path() {
        let pattern = r"(?P<speaker>s\d+)/(?P<emotion>[a-z]+)_(?P<take>\d*)";
        let cases = [
            ("s01/angry_3.wav", Some("angry s01 - - - 3")),
            ("deep/s2/sad_.wav", Some("sad s2 - - - -")),
            ("s01/3.wav", None),
            ("", None),
        ];
        for (path, want) in cases {
            assert_eq!(summary(pattern, None, path).map(|(facts, _)| facts).as_deref(), want, "{path}");
        }
        assert_eq!(Pattern::new(pattern).expect("sound").extra_names(), ["take"]);
    }

    #[test]
    fn a_constant_label_stands_in_for_a_missing_group() {
        let optional = r"^(?P<speaker>\d+)(-(?P<emotion>[a-z]+))?(?P<key>x)?\.wav$";
        let read = |path| summary(optional, Some("neutral"), path).expect("matches");
        assert_eq!(read("1-sad.wav").0, "sad 1 - - -");
        assert_eq!(read("1x.wav"), ("neutral 1 - - -".to_owned(), Some("x".to_owned())));
        assert_eq!(summary(r"(?P<emotion>sad)?", None, "a.wav"), None);
    }

    #[test]
    fn a_preset_knows_codes_genders_keys_and_what_is_never_meant() {
        let text = "pattern = '(?P<speaker>s[0-9])[_/](?P<emotion>[a-z])(?P<take>[0-9])$'\nnever = 'b9$'\n\
                    key = 'k-{speaker}.{take}!'\n[values]\nemotion = { a = 'angry', b = 'bored' }\n\
                    take = { 1 = 'first', 2 = '', 9 = 'last' }\n[genders]\nfemale = ['s1']";
        let preset = Preset::parse(text).expect("sound");
        let pattern = Pattern::of_preset(&preset).expect("sound");
        let cases = [
            ("s1/a1.wav", Some(("angry s1 female - - first", "k-s1.first!"))),
            ("x/s2_b2.wav", Some(("bored s2 - - - -", "k-s2.!"))),
            ("s2_a9.wav", Some(("angry s2 - - - last", "k-s2.last!"))),
            ("s2_b9.wav", None),
            ("s2_c1.wav", None),
            ("s2_a3.wav", None),
        ];
        for (path, want) in cases {
            let facts = pattern.parse(path).map(|facts| (facts.summary(), facts.key.unwrap_or_default()));
            assert_eq!(facts.as_ref().map(|(facts, key)| (facts.as_str(), key.as_str())), want, "{path}");
        }
        assert!(pattern.grammar().starts_with("the pattern \"(?P<speaker>"));
    }
}
