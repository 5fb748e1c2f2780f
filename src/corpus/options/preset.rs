//! Presets: how the file names of a known corpus are read, as data. One TOML file a corpus in src/corpus/presets/, all
//! compiled in, or a file of the same form that the user wrote.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::Value as Json;

use super::{check_labels, check_lists, check_pattern};
use crate::options::{ConfigError, check_keys, nearest, read};

// `SHIPPED`: name and text of every preset, by name; build.rs lists the files.
include!(concat!(env!("OUT_DIR"), "/presets.rs"));

static KNOWN: LazyLock<BTreeMap<&str, Preset>> = LazyLock::new(|| {
    let sound = |(name, text): &(&'static str, &str)| Some((*name, Preset::parse(text).ok()?));
    SHIPPED.iter().filter_map(sound).collect()
});

/// A preset file: what the file names of a corpus mean, and facts about the corpus.
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
    /// What to know before using it.
    #[serde(default)]
    pub notes: String,
    /// One line about how its files are named, for messages. Default: the pattern.
    #[serde(default)]
    pub names: Option<String>,
    /// Regular expression searched in the path of each audio file, relative to `source`, with `/` between folders and
    /// without its extension. Its named groups are fields: `emotion` (required), `speaker`, `gender`, `text_id`,
    /// `intensity`, `language`, `key`; any other name becomes an extra text column.
    pub pattern: String,
    /// Regular expression of paths that do not belong to the corpus although `pattern` matches them.
    #[serde(default)]
    pub never: Option<String>,
    /// The key of an utterance, made of groups: `"{speaker}_{text_id}"`. Default: the file's name without its extension.
    #[serde(default)]
    pub key: Option<String>,
    /// What the codes of a group mean: group, code = "value". `""` means no value. A code that is not listed does not
    /// match. A group without a table keeps its text.
    #[serde(default)]
    pub values: BTreeMap<String, BTreeMap<String, String>>,
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

    /// How files are named, in words.
    pub fn grammar(&self) -> String {
        self.names.clone().unwrap_or_else(|| format!("the pattern {:?}", self.pattern))
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
        let groups = check_pattern("pattern", &self.pattern)?;
        let has = |group: &str| groups.iter().any(|known| known == group);
        if !has("emotion") {
            let problem = "it has no group (?P<emotion>...)";
            return Err(ConfigError::new("pattern", format!("{:?}", self.pattern), problem));
        }
        if let Some(never) = &self.never {
            check_pattern("never", never)?;
        }
        if let Some(group) = self.values.keys().find(|group| !has(group)) {
            return Err(no_group(&format!("values.{group}"), group, &groups));
        }
        if let Some(group) = self.key_groups().find(|group| !has(group)) {
            return Err(no_group("key", group, &groups));
        }
        check_labels("labels", &self.labels)?;
        check_lists("genders", &self.genders)?;
        check_lists("filter", &self.filter)
    }

    /// The groups that `key` names; a brace that is not closed names itself, which is no group.
    fn key_groups(&self) -> impl Iterator<Item = &str> {
        let pieces = self.key.as_deref().unwrap_or_default().split('{').skip(1);
        pieces.map(|piece| piece.split_once('}').map_or("{", |(group, _)| group))
    }
}

fn no_group(key: &str, group: &str, groups: &[String]) -> ConfigError {
    let problem = format!("the pattern has no group of that name; it has {}", groups.join(", "));
    ConfigError::new(key, format!("{group:?}"), problem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::is_canonical_emotion;

    #[test]
    fn every_shipped_preset_is_sound_and_says_what_is_known_of_its_corpus() {
        for (name, text) in SHIPPED {
            let preset = Preset::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(Preset::known(name), Some(&preset));
            let said = [&preset.title, &preset.address, &preset.licence, &preset.citation];
            assert!(said.into_iter().all(|text| !text.is_empty()), "{name}");
            assert!(preset.language.is_some() && preset.names.is_some(), "{name}");
            assert!(preset.labels.values().all(|emotion| is_canonical_emotion(emotion)), "{name}");
            let speakers: Vec<&String> = preset.genders.values().flatten().collect();
            assert!(speakers.iter().enumerate().all(|(at, one)| !speakers[..at].contains(one)), "{name}");
        }
    }

    #[test]
    fn unsound_files_name_key_and_remedy() {
        let cases = [
            ("", "`pattern`"),
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
        assert!(error.contains("crema-d, emodb") && error.contains("did you mean `ravdess`?"), "{error}");
    }
}
