//! What words and codes in names and tables mean, as data: lexicon.toml.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

/// What a label means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning<'a> {
    Emotion(&'a str),
    /// No emotion: `other`, `noise`.
    Nothing,
}

/// Codes of one language.
#[derive(Debug, Deserialize)]
pub(super) struct Letters {
    marks: String,
    codes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct File {
    emotions: BTreeMap<String, String>,
    pairs: BTreeMap<String, String>,
    letters: Vec<Letters>,
    #[serde(flatten)]
    lists: BTreeMap<String, BTreeMap<String, String>>,
}

/// The lexicon, ready to be looked up.
pub(super) struct Lexicon {
    words: BTreeMap<&'static str, &'static str>,
    nothing: BTreeSet<&'static str>,
    pairs: BTreeMap<&'static str, &'static str>,
    letters: &'static [Letters],
    lists: BTreeMap<(&'static str, &'static str), Vec<&'static str>>,
}

/// Fewest codes of one letter that can be told.
const FEWEST_LETTERS: usize = 4;

static FILE: LazyLock<File> =
    LazyLock::new(|| toml::from_str(include_str!("lexicon.toml")).expect("the lexicon is sound: a test reads it"));
static LEXICON: LazyLock<Lexicon> = LazyLock::new(Lexicon::new);

/// The lexicon.
pub(super) fn lexicon() -> &'static Lexicon {
    &LEXICON
}

impl Lexicon {
    fn new() -> Self {
        let by_word = |lists: &'static BTreeMap<String, String>| {
            let words =
                lists.iter().flat_map(|(name, words)| words.split_whitespace().map(|word| (word, name.as_str())));
            words.collect::<BTreeMap<_, _>>()
        };
        let tables = FILE.lists.iter().flat_map(|(table, lists)| {
            lists.iter().map(|(list, words)| ((table.as_str(), list.as_str()), words.split_whitespace().collect()))
        });
        let lists = tables.collect::<BTreeMap<(&str, &str), Vec<&str>>>();
        Self {
            words: by_word(&FILE.emotions),
            nothing: lists[&("nothing", "words")].iter().copied().collect(),
            pairs: by_word(&FILE.pairs),
            letters: &FILE.letters,
            lists,
        }
    }

    /// What a word of three letters or more means as a label.
    pub fn word(&self, label: &str) -> Option<Meaning<'static>> {
        let folded = folded(label);
        if self.nothing.contains(folded.as_str()) {
            return Some(Meaning::Nothing);
        }
        self.words.get(folded.as_str()).map(|emotion| Meaning::Emotion(emotion))
    }

    /// The emotion of a code of two letters.
    pub fn pair(&self, label: &str) -> Option<&'static str> {
        self.pairs.get(folded(label).as_str()).copied()
    }

    /// The codes of the one language that all of these labels are codes of.
    pub fn letters<'a>(&self, labels: impl Iterator<Item = &'a str> + Clone) -> Option<&'static Letters> {
        let codes = labels.map(folded).collect::<BTreeSet<_>>();
        let has_all = |of: &&Letters| codes.iter().all(|code| of.codes.contains_key(code));
        let mut all = self.letters.iter().filter(has_all);
        let first = all.next().filter(|first| first.is_marked(&codes))?;
        // Another list that means the same is none.
        let differs = |other: &Letters| codes.iter().any(|code| other.codes.get(code) != first.codes.get(code));
        (codes.len() >= FEWEST_LETTERS && !all.any(differs)).then_some(first)
    }

    /// Whether a word stands in a list, such as `speaker`, `words`.
    pub fn has(&self, table: &str, list: &str, word: &str) -> bool {
        self.position(table, list, word).is_some()
    }

    /// Where a word stands in a list: what stands first is meant most often.
    pub fn position(&self, table: &str, list: &str, word: &str) -> Option<usize> {
        let folded = folded(word);
        self.lists.get(&(table, list))?.iter().position(|known| *known == folded)
    }
}

impl Letters {
    /// What a code of the language means.
    pub fn meaning(&self, code: &str) -> Option<&str> {
        self.codes.get(&folded(code)).map(String::as_str)
    }

    fn is_marked(&self, codes: &BTreeSet<String>) -> bool {
        self.marks.split(' ').any(|mark| codes.contains(mark))
    }
}

/// A word as the lexicon writes it: letters and digits in lower case, without accents.
pub(super) fn folded(word: &str) -> String {
    let plain = word.chars().flat_map(char::to_lowercase).filter_map(|c| match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ą' => Some('a'),
        'ç' | 'ć' | 'č' => Some('c'),
        'è' | 'é' | 'ê' | 'ë' | 'ę' | 'ě' => Some('e'),
        'ğ' => Some('g'),
        'ì' | 'í' | 'î' | 'ï' | 'ı' => Some('i'),
        'ł' => Some('l'),
        'ñ' | 'ń' => Some('n'),
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' => Some('o'),
        'ś' | 'š' | 'ş' => Some('s'),
        'ù' | 'ú' | 'û' | 'ü' => Some('u'),
        'ź' | 'ż' | 'ž' => Some('z'),
        c => c.is_alphanumeric().then_some(c),
    });
    plain.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::is_canonical_emotion;

    #[test]
    fn every_word_means_one_thing_and_stands_there_as_it_is_looked_up() {
        let mut seen = BTreeSet::new();
        for words in FILE.emotions.values().chain(FILE.lists.get("nothing").into_iter().flat_map(BTreeMap::values)) {
            for word in words.split_whitespace() {
                assert!(seen.insert(word) && folded(word) == word && word.len() > 2, "{word}");
            }
        }
        let new = FILE.emotions.keys().filter(|emotion| !is_canonical_emotion(emotion));
        assert!(new.count() > 10 && FILE.emotions.contains_key("boredom"));
        let known = |emotion: &String| FILE.emotions.contains_key(emotion);
        assert!(FILE.letters.iter().all(|letters| letters.codes.values().all(known)));
        assert!(FILE.pairs.keys().all(known));
    }

    #[test]
    fn words_are_looked_up_without_case_accents_and_signs() {
        let lexicon = lexicon();
        for (word, want) in [
            ("Angry", Some(Meaning::Emotion("anger"))),
            ("Colère", Some(Meaning::Emotion("anger"))),
            ("pleasant_surprise", Some(Meaning::Emotion("surprise"))),
            ("no-agreement", Some(Meaning::Nothing)),
            ("ÜZGÜN", Some(Meaning::Emotion("sadness"))),
            ("01", None),
            ("", None),
        ] {
            assert_eq!(lexicon.word(word), want, "{word}");
        }
        assert_eq!((lexicon.pair("Ha"), lexicon.pair("hx")), (Some("happiness"), None));
    }

    #[test]
    fn letters_are_told_only_where_one_language_has_them_all() {
        let read = |codes: &str| {
            let letters = lexicon().letters(codes.split(' '))?;
            let meanings = codes.split(' ').map(|code| letters.meaning(code).unwrap_or("?"));
            Some(meanings.collect::<Vec<_>>().join(" "))
        };
        for (codes, want) in [
            ("W L E A F T N", Some("anger boredom disgust fear happiness sadness neutral")),
            ("a d f h n sa su", Some("anger disgust fear happiness neutral sadness surprise")),
            ("A H N S", Some("anger happiness neutral sadness")),
            ("A F H N S W", Some("anger fear happiness neutral sadness surprise")),
            ("C D J N P S T", Some("anger disgust happiness neutral fear surprise sadness")),
            // Of too few codes, or of such as several languages have, nothing can be told.
            ("a n s", None),
            ("A F N S", None),
            ("A F N T", None),
            ("A B C D", None),
            ("F M", None),
        ] {
            assert_eq!(read(codes).as_deref(), want, "{codes}");
        }
    }
}
