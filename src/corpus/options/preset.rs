//! Presets: how the file names or the label files of a known corpus are read, as data. One TOML file a corpus in
//! src/corpus/presets/, all compiled in, or a file of the same form that the user wrote.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::Value as Json;

use super::label_files::LabelFiles;
use super::{check_labels, check_lists, check_pattern};
use crate::options::{ConfigError, check_keys, nearest, read};

// `SHIPPED`: name and text of every preset, by name; build.rs lists the files.
include!(concat!(env!("OUT_DIR"), "/presets.rs"));

static KNOWN: LazyLock<BTreeMap<&str, Preset>> = LazyLock::new(|| {
    let sound = |(name, text): &(&'static str, &str)| Some((*name, Preset::parse(text).ok()?));
    SHIPPED.iter().filter_map(sound).collect()
});

/// A preset file: what the file names or the label files of a corpus mean, and facts about the corpus.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// Name of the corpus in full.
    #[serde(default)]
    pub title: String,
    /// Where to get the corpus.
    #[serde(default)]
    pub address: String,
    /// Its licence.
    #[serde(default)]
    pub licence: String,
    /// How to cite it.
    #[serde(default)]
    pub citation: String,
    /// Language of its utterances, as an ISO 639-1 code.
    #[serde(default)]
    pub language: Option<String>,
    /// Number of speakers that its authors state.
    #[serde(default)]
    pub speakers: Option<usize>,
    /// What to know before using it.
    #[serde(default)]
    pub notes: String,
    /// One line about how its files are named, for messages. Default: the pattern.
    #[serde(default)]
    pub names: Option<String>,
    /// Regular expression searched in the path of each audio file, relative to `source`, with `/` between folders and
    /// without its extension. Its named groups are fields: `emotion` (required), `speaker`, `gender`, `text_id`,
    /// `intensity`, `language`, `key`; any other name becomes an extra text column. A preset has either this or
    /// `label_files`.
    #[serde(default)]
    pub pattern: Option<String>,
    /// The files in which the labels stand, where names do not tell them.
    #[serde(default)]
    pub label_files: Option<LabelFiles>,
    /// Regular expression of paths that do not belong to the corpus although `pattern` matches them.
    #[serde(default)]
    pub never: Option<String>,
    /// The key of an utterance, made of groups: `"{speaker}_{text_id}"`. Default: the file's name without its extension.
    #[serde(default)]
    pub key: Option<String>,
    /// The speaker, made of groups, where no single group tells: `"{session}{turn}"`.
    #[serde(default)]
    pub speaker: Option<String>,
    /// What the codes of a group mean: group, code = "value". `""` means no value. A name with a code that is not listed
    /// does not match; in a label file such a code stays as it is. A group without a table keeps its text.
    #[serde(default)]
    pub values: BTreeMap<String, BTreeMap<String, String>>,
    /// Groups that hold a number which begins again after so many: with 350, the texts 351 and 701 are text 1.
    #[serde(default)]
    pub cycle: BTreeMap<String, u32>,
    /// Speakers of each gender, if file names do not tell it: gender = ["speaker", ...].
    #[serde(default)]
    pub genders: BTreeMap<String, Vec<String>>,
    /// Label map: source label = "emotion", or "-" to drop its utterances. A source label that already is a canonical
    /// emotion maps to itself.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Fields and the values to keep, unless the pipeline file filters on the same field.
    #[serde(default)]
    pub filter: BTreeMap<String, Vec<String>>,
}

impl Preset {
    /// Names of the presets that are compiled in, sorted.
    pub fn names() -> impl Iterator<Item = &'static str> {
        SHIPPED.iter().map(|(name, _)| *name)
    }

    /// The preset of a name.
    pub fn known(name: &str) -> Option<&'static Self> {
        KNOWN.get(name)
    }

    /// Whether the word of a pipeline file is the path of a preset file, and not the name of a preset.
    pub fn is_file(word: &str) -> bool {
        word.to_lowercase().ends_with(".toml")
    }

    /// Reads a preset file's text.
    ///
    /// # Errors
    /// Text that is no TOML, an unknown key, a value of a wrong type or one that is not legal: which, and what is legal.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        const WHAT: &str = "preset file";
        let table = read::table(text, WHAT)?;
        check_keys(&table, Self::json_schema())?;
        let preset: Self = read::typed(table, WHAT)?;
        preset.check()?;
        Ok(preset)
    }

    /// The JSON Schema of a preset file.
    pub fn json_schema() -> &'static Json {
        static SCHEMA: LazyLock<Json> = LazyLock::new(|| schemars::schema_for!(Preset).to_value());
        &SCHEMA
    }

    /// The source labels of the corpus: the meanings of the codes of its emotions, else those of its label map.
    pub fn emotions(&self) -> impl Iterator<Item = &str> {
        let of_codes = self.values.get("emotion").into_iter().flat_map(BTreeMap::values);
        let of_map = self.labels.keys().filter(|_| !self.values.contains_key("emotion"));
        of_codes.chain(of_map).map(String::as_str)
    }

    /// Names of the fields and columns that the preset gives.
    pub fn fields(&self) -> Vec<String> {
        let mut fields = match (&self.pattern, &self.label_files) {
            (Some(pattern), _) => Regex::new(pattern)
                .map(|regex| regex.capture_names().flatten().map(str::to_owned).collect::<Vec<_>>())
                .unwrap_or_default(),
            (None, Some(files)) => files.fields.keys().filter(|field| *field != "audio").cloned().collect(),
            (None, None) => Vec::new(),
        };
        let others = [("speaker", self.speaker.is_some()), ("gender", !self.genders.is_empty())];
        fields.extend(others.into_iter().filter(|(_, is)| *is).map(|(field, _)| field.to_owned()));
        fields.sort();
        fields.dedup();
        fields
    }

    /// How files are named, or where labels stand, in words.
    pub fn grammar(&self) -> String {
        let of_pattern = || self.pattern.as_ref().map(|pattern| format!("the pattern {pattern:?}"));
        let of_files =
            || self.label_files.as_ref().map(|files| format!("label files by the pattern {:?}", files.files));
        self.names.clone().or_else(of_pattern).or_else(of_files).unwrap_or_default()
    }

    /// What a code in a group or column means. The outer `None` is a code that is not known.
    pub fn meaning(&self, group: &str, code: &str) -> Option<Option<String>> {
        let value = match self.values.get(group) {
            Some(table) => table.get(code)?,
            None => code,
        };
        let value = match self.cycle.get(group) {
            Some(cycle) => (value.parse::<u32>().ok()?.checked_sub(1)? % cycle + 1).to_string(),
            None => value.to_owned(),
        };
        Some(Some(value).filter(|value| !value.is_empty()))
    }

    /// Checks the word of a pipeline file: the name of a preset or the path of a file.
    pub(super) fn check_word(key: &str, word: &str) -> Result<(), ConfigError> {
        if Self::is_file(word) || Self::known(word).is_some() {
            return Ok(());
        }
        let names = Self::names().collect::<Vec<_>>().join(", ");
        let problem = format!("no such preset; legal are {names}, and the path of your own preset file (.toml)");
        let error = ConfigError::new(key, format!("{word:?}"), problem);
        Err(match nearest(word, Self::names()) {
            Some(best) => error.hint(format!("did you mean `{best}`?")),
            None => error,
        })
    }

    /// The schema of the key `preset`.
    pub(super) fn schema_of_word(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<&str> = Self::names().collect();
        json_schema!({ "anyOf": [{ "enum": names }, { "type": "string", "pattern": r"\.toml$" }, { "type": "null" }] })
    }

    fn check(&self) -> Result<(), ConfigError> {
        let groups = match (&self.pattern, &self.label_files) {
            (Some(pattern), None) => {
                let groups = check_pattern("pattern", pattern)?;
                if !groups.iter().any(|group| group == "emotion") {
                    let problem = "it has no group (?P<emotion>...)";
                    return Err(ConfigError::new("pattern", format!("{pattern:?}"), problem));
                }
                Some(groups)
            }
            (None, Some(files)) => {
                files.check()?;
                None
            }
            (pattern, _) => {
                let count = if pattern.is_some() { 2 } else { 0 };
                let problem = "a preset has exactly one of `pattern` and `label_files`";
                return Err(ConfigError::new("pattern", format!("one of {count}"), problem));
            }
        };
        if let Some(never) = &self.never {
            check_pattern("never", never)?;
        }
        // The columns of label files are known when these are read.
        let groups = groups.as_deref();
        let of_groups = [("values", self.values.keys().collect::<Vec<_>>()), ("cycle", self.cycle.keys().collect())];
        for (key, names) in of_groups {
            names.into_iter().try_for_each(|name| known(&format!("{key}.{name}"), name, groups))?;
        }
        for (key, template) in [("key", &self.key), ("speaker", &self.speaker)] {
            template_groups(template.as_deref().unwrap_or_default()).try_for_each(|group| known(key, group, groups))?;
        }
        if let Some((name, _)) = self.cycle.iter().find(|(_, cycle)| **cycle == 0) {
            return Err(ConfigError::new(format!("cycle.{name}"), "0", "a number of 1 or more is needed"));
        }
        check_labels("labels", &self.labels)?;
        check_lists("genders", &self.genders)?;
        check_lists("filter", &self.filter)
    }
}

/// The groups that a template names; a brace that is not closed names itself, which is no group.
fn template_groups(template: &str) -> impl Iterator<Item = &str> {
    template.split('{').skip(1).map(|piece| piece.split_once('}').map_or("{", |(group, _)| group))
}

fn known(key: &str, group: &str, groups: Option<&[String]>) -> Result<(), ConfigError> {
    let Some(groups) = groups.filter(|groups| !groups.iter().any(|known| known == group)) else { return Ok(()) };
    let problem = format!("the pattern has no group of that name; it has {}", groups.join(", "));
    Err(ConfigError::new(key, format!("{group:?}"), problem))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::is_known_emotion;

    #[test]
    fn every_shipped_preset_is_sound_and_says_what_is_known_of_its_corpus() {
        for (name, text) in SHIPPED {
            let preset = Preset::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(Preset::known(name), Some(&preset));
            let said = [&preset.title, &preset.address, &preset.licence, &preset.citation];
            assert!(said.into_iter().all(|text| !text.is_empty()), "{name}");
            assert!(preset.language.is_some() || preset.notes.contains("languages"), "{name}");
            assert!(preset.names.is_some() || preset.label_files.is_some(), "{name}");
            let is_known = |word: &String| word == "-" || is_known_emotion(word);
            assert!(preset.labels.values().all(is_known), "{name}");
            assert!(preset.speakers.is_some() || preset.notes.contains("speaker"), "{name}");
            let speakers: Vec<&String> = preset.genders.values().flatten().collect();
            assert!(speakers.iter().enumerate().all(|(at, one)| !speakers[..at].contains(one)), "{name}");
        }
    }

    #[test]
    fn unsound_files_name_key_and_remedy() {
        let cases = [
            ("", "exactly one of `pattern` and `label_files`"),
            ("pattern = '(?P<emotion>..)'\n[label_files]\nfiles = 'x'\nfields = {}", "exactly one of"),
            ("[label_files]\nfiles = '('\nfields = {}", "`label_files.files`"),
            ("[label_files]\nfiles = 'x'\nfields = { audio = 'a' }", "`label_files.fields.emotion`"),
            ("[label_files]\nfiles = 'x'\nline = 'x'\nrows = 'x'\nfields = { audio = 'a', emotion = 'b' }", "only one"),
            ("[label_files]\nfiles = 'x'\nfields = { audio = '{a', emotion = 'b' }", "`label_files.fields.audio`"),
            ("pattern = '(?P<emotion>..)'\n[cycle]\ntake = 2", "`cycle.take`"),
            ("pattern = '(?P<emotion>..)'\n[cycle]\nemotion = 0", "`cycle.emotion` is 0"),
            ("pattern = '(?P<emotion>..)'\nspeaker = '{x}'", "`speaker` is \"x\": the pattern has no group"),
            ("patern = 'x'", "did you mean `pattern`?"),
            ("pattern = 1", "`pattern` is 1"),
            ("pattern = '('", "not a regular expression"),
            ("pattern = '(?P<speaker>..)'", "no group (?P<emotion>...)"),
            ("pattern = '(?P<emotion>..)(?P<path>..)'", "`path` is taken"),
            ("pattern = '(?P<emotion>..)'\nnever = ')'", "`never`"),
            ("pattern = '(?P<emotion>..)'\nkey = '{speaker}'", "`key` is \"speaker\": the pattern has no group"),
            ("pattern = '(?P<emotion>..)'\nkey = '{emotion'", "`key` is \"{\""),
            ("pattern = '(?P<emotion>..)'\n[values.take]\na = \"b\"", "`values.take`"),
            ("pattern = '(?P<emotion>..)'\n[labels]\na = \"B!\"", "`labels.a` is \"B!\""),
            ("pattern = '(?P<emotion>..)'\n[filter]\ntake = []", "`filter.take` is []"),
            ("x", "not TOML"),
        ];
        for (text, want) in cases {
            let error = Preset::parse(text).expect_err(text).to_string();
            assert!(error.contains(want), "{text}\n{error}\nshould say {want}");
        }
    }

    #[test]
    fn words_are_names_or_files() {
        for word in ["ravdess", "mine.toml", "s3://bucket/mine.TOML"] {
            assert_eq!(Preset::check_word("corpus.0.preset", word), Ok(()), "{word}");
        }
        let error = Preset::check_word("corpus.0.preset", "ravdes").expect_err("misspelt").to_string();
        assert!(error.contains("aesdd, ased") && error.contains("did you mean `ravdess`?"), "{error}");
    }
}
