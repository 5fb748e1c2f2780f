//! What the labels of one place or column mean, all of them together.

use std::collections::BTreeMap;

use super::column::Column;
use super::lexicon::{Meaning, folded, lexicon};
use crate::schema::is_canonical_emotion;

/// What becomes of a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Label {
    /// An emotion, by the name that stands in tables.
    Emotion(String),
    /// A word that nobody told us: an emotion of its own.
    New(String),
    /// No emotion: its utterances are dropped.
    Dropped,
    /// Nobody can tell.
    Unknown,
}

/// How labels could be read. What is told by more comes later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    /// Codes that mean nothing by themselves.
    Codes,
    /// Codes of one letter, all of one language.
    Letters,
    /// Codes of two letters.
    Pairs,
    /// Words, or abbreviations of three letters.
    Words,
}

/// Labels with their meaning.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    pub strength: Strength,
    /// By label.
    pub labels: BTreeMap<String, Label>,
    /// The share of names whose label is known.
    pub known: f64,
}

/// The share of names, and of values, whose labels must be known words.
const FEWEST_KNOWN: f64 = 0.5;
/// Most different labels.
const MOST_LABELS: usize = 60;

impl Reading {
    /// Reads labels that may be no labels at all; none where they are none, or nobody can tell.
    pub fn of(column: &Column<'_>) -> Option<Self> {
        if !(2..=MOST_LABELS).contains(&column.distinct()) {
            return None;
        }
        Self::of_words(column).or_else(|| Self::of_codes(column))
    }

    /// Reads labels of which the place is known: what cannot be told is unknown.
    pub fn of_labels(column: &Column<'_>) -> Self {
        if let Some(reading) = Self::of_words(column).or_else(|| Self::of_codes(column)) {
            return reading;
        }
        let read = |value: &str| match word(value) {
            Some(Meaning::Emotion(emotion)) => Label::Emotion(emotion.to_owned()),
            Some(Meaning::Nothing) => Label::Dropped,
            None => Label::Unknown,
        };
        let labels = column.values().map(|value| (value.to_owned(), read(value))).collect();
        Self::new(Strength::Codes, column, labels)
    }

    fn of_words(column: &Column<'_>) -> Option<Self> {
        let read = |value: &str| match word(value) {
            Some(Meaning::Emotion(emotion)) => Label::Emotion(emotion.to_owned()),
            Some(Meaning::Nothing) => Label::Dropped,
            None => new_emotion(value).map_or(Label::Unknown, Label::New),
        };
        let labels = column.values().map(|value| (value.to_owned(), read(value))).collect::<BTreeMap<_, _>>();
        let told = labels.values().filter(|label| matches!(label, Label::Emotion(_) | Label::Dropped)).count();
        let reading = Self::new(Strength::Words, column, labels);
        let is_told = reading.emotions() > 1 && told as f64 >= FEWEST_KNOWN * column.distinct() as f64;
        (is_told && reading.known >= FEWEST_KNOWN).then_some(reading)
    }

    fn of_codes(column: &Column<'_>) -> Option<Self> {
        let pairs =
            column.values().map(|value| Some((value.to_owned(), Label::Emotion(lexicon().pair(value)?.to_owned()))));
        if let Some(labels) = pairs.collect::<Option<BTreeMap<_, _>>>() {
            let reading = Self::new(Strength::Pairs, column, labels);
            return (reading.emotions() > 2).then_some(reading);
        }
        let letters = lexicon().letters(column.values())?;
        let read =
            |value: &str| letters.meaning(value).map_or(Label::Unknown, |emotion| Label::Emotion(emotion.to_owned()));
        let labels = column.values().map(|value| (value.to_owned(), read(value))).collect();
        Some(Self::new(Strength::Letters, column, labels))
    }

    fn new(strength: Strength, column: &Column<'_>, labels: BTreeMap<String, Label>) -> Self {
        let is_known = |value: &str| matches!(labels.get(value), Some(Label::Emotion(_) | Label::Dropped));
        let known = column.counts().filter(|(value, _)| is_known(value)).map(|(_, count)| count).sum::<usize>();
        Self { strength, known: known as f64 / column.len().max(1) as f64, labels }
    }

    /// How many different emotions are known.
    pub fn emotions(&self) -> usize {
        let emotions = self.labels.values().filter_map(|label| match label {
            Label::Emotion(emotion) => Some(emotion),
            _ => None,
        });
        emotions.collect::<std::collections::BTreeSet<_>>().len()
    }

    /// The emotion of a label, where it is known.
    pub fn emotion(&self, label: &str) -> Option<&str> {
        match self.labels.get(label)? {
            Label::Emotion(emotion) => Some(emotion),
            _ => None,
        }
    }

    /// The emotion of each name, where it is known.
    pub fn emotions_of<'a>(&'a self, column: &Column<'_>) -> Column<'a> {
        column.map(|label| self.emotion(label))
    }
}

impl Label {
    /// What stands in the label map, where it needs a line there.
    pub fn in_map(&self, label: &str) -> Option<&str> {
        match self {
            Self::Emotion(emotion) | Self::New(emotion) if emotion == label && is_canonical_emotion(label) => None,
            Self::Emotion(emotion) | Self::New(emotion) => Some(emotion),
            Self::Dropped => Some("-"),
            Self::Unknown => None,
        }
    }
}

/// The meaning of a word, around which numbers may stand.
fn word(label: &str) -> Option<Meaning<'static>> {
    let lexicon = lexicon();
    lexicon.word(label).or_else(|| {
        let bare = label.trim_matches(|c: char| c.is_ascii_digit() || c.is_ascii_punctuation() || c == ' ');
        lexicon.word(bare)
    })
}

/// A word that can stand for an emotion of its own; none of codes.
fn new_emotion(label: &str) -> Option<String> {
    let word = folded(label);
    (word.len() > 3 && word.bytes().all(|byte| byte.is_ascii_lowercase())).then_some(word)
}
