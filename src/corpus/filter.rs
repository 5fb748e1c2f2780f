//! `filter` and `exclude`: which utterances stay.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::entry::bare;
use super::error::{CorpusError, nearest_hint, shorten};
use crate::corpus::{Corpus, Preset};
use crate::schema::{Packed, Utterance, segment_key};

/// Fields of every corpus that can be filtered on, besides its extra columns.
const FIELDS: [&str; 9] =
    ["speaker", "gender", "text_id", "intensity", "language", "source_label", "emotion", "path", "key"];

/// Where the value of a condition stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Fixed(&'static str),
    Extra(usize),
}

/// One line of `filter` or `exclude`.
struct Condition {
    name: String,
    field: Field,
    values: BTreeSet<String>,
    /// True: only these values stay. False: these values go.
    keep: bool,
    /// Whether the pipeline file wrote it, not a preset.
    written: bool,
}

/// All conditions of a corpus.
pub(super) struct Filter<'a> {
    config: &'a Corpus,
    conditions: Vec<Condition>,
}

impl<'a> Filter<'a> {
    /// The conditions of a corpus, those of its preset on other fields, and the common set of `emotions` where there is one;
    /// an error for a field that the corpus does not have.
    pub fn new(
        config: &'a Corpus,
        preset: Option<&Preset>,
        emotions: &[String],
        extra: &[String],
    ) -> Result<Self, CorpusError> {
        let mut conditions = Vec::new();
        for (table, keep, lists) in [("filter", true, &config.filter), ("exclude", false, &config.exclude)] {
            for (name, values) in lists {
                let field = find_field(name, extra).ok_or_else(|| unknown_field(config, table, name, extra))?;
                let values = values.iter().map(|value| without_corpus(config, field, value)).collect();
                conditions.push(Condition { name: name.clone(), field, values, keep, written: true });
            }
        }
        let of_preset = preset.into_iter().flat_map(|preset| &preset.filter);
        let unwritten = of_preset.filter(|(name, _)| !config.filter.contains_key(*name));
        conditions.extend(unwritten.filter_map(|(name, values)| preset_condition(name, values, extra)));
        if !emotions.is_empty() {
            let (name, values) = (COMMON.to_owned(), emotions.iter().cloned().collect());
            conditions.push(Condition { name, field: EMOTION, values, keep: true, written: true });
        }
        Ok(Self { config, conditions })
    }

    /// Whether an utterance stays by all its fields but the emotion.
    pub fn keeps(&self, utterances: &Packed<Utterance>, at: usize) -> bool {
        let mut others = self.conditions.iter().filter(|condition| condition.field != EMOTION);
        others.all(|condition| condition.holds(value(self.config, utterances, (at, condition.field)).as_deref()))
    }

    /// Whether an utterance stays by its emotion.
    pub fn keeps_emotion(&self, emotion: &str) -> bool {
        let mut about = self.conditions.iter().filter(|condition| condition.field == EMOTION);
        about.all(|condition| condition.holds(Some(emotion)))
    }

    /// Warnings about values that no utterance has; `emotions` are those that the label map yielded.
    pub fn warnings(&self, utterances: &Packed<Utterance>, emotions: &BTreeSet<&str>) -> Vec<String> {
        // What no corpus has of the common set is told once, of all of them.
        let written = self.conditions.iter().filter(|condition| condition.written && condition.name != COMMON);
        let unseen = written.map(|condition| (condition, condition.unseen(self.config, utterances, emotions)));
        let warnings = unseen.filter_map(|(condition, unseen)| condition.warning(&unseen));
        warnings.map(|warning| format!("corpus `{}`: {warning}", self.config.name)).collect()
    }
}

const EMOTION: Field = Field::Fixed("emotion");
/// The key with the common set of emotions.
const COMMON: &str = "emotions";

impl Condition {
    /// A missing value is on no list.
    fn holds(&self, value: Option<&str>) -> bool {
        value.is_some_and(|value| self.values.contains(value)) == self.keep
    }

    fn warning(&self, unseen: &BTreeSet<&str>) -> Option<String> {
        let table = if self.keep { "filter" } else { "exclude" };
        let listed = shorten(unseen.iter().copied(), 20);
        (!unseen.is_empty())
            .then(|| format!("`{table}` lists values of `{}` that no utterance has: {listed}", self.name))
    }

    /// The values that no utterance has.
    fn unseen(&self, config: &Corpus, utterances: &Packed<Utterance>, emotions: &BTreeSet<&str>) -> BTreeSet<&str> {
        let mut unseen: BTreeSet<&str> = self.values.iter().map(String::as_str).collect();
        if self.field == EMOTION {
            unseen.retain(|value| !emotions.contains(value));
            return unseen;
        }
        for at in 0..utterances.len() {
            if let Some(value) = value(config, utterances, (at, self.field)) {
                unseen.remove(value.as_ref());
            }
        }
        unseen
    }
}

fn preset_condition(name: &str, values: &[String], extra: &[String]) -> Option<Condition> {
    let field = find_field(name, extra)?;
    let values = values.iter().cloned().collect();
    Some(Condition { name: name.to_owned(), field, values, keep: true, written: false })
}

fn find_field(name: &str, extra: &[String]) -> Option<Field> {
    let fixed = FIELDS.into_iter().find(|field| *field == name).map(Field::Fixed);
    fixed.or_else(|| extra.iter().position(|column| column == name).map(Field::Extra))
}

/// The value of a field of an utterance, as the corpus writes it.
fn value<'a>(config: &Corpus, utterances: &'a Packed<Utterance>, (at, field): (usize, Field)) -> Option<Cow<'a, str>> {
    match field {
        Field::Extra(column) => utterances.texts().get(column)?.get(at).map(Cow::from),
        Field::Fixed("emotion") => None,
        Field::Fixed("key") => Some(key(config, &utterances.row(at)).into()),
        Field::Fixed(name @ ("speaker" | "text_id")) => {
            utterances.column(name).get(at).map(|cell| bare(config, cell).into())
        }
        Field::Fixed(name) => utterances.column(name).get(at).map(Cow::from),
    }
}

/// The key of an utterance, without the times of a segment.
fn key(config: &Corpus, row: &Utterance) -> String {
    let key = bare(config, &row.utterance_id);
    key.strip_suffix(&segment_key("", row.start_s, row.end_s)).unwrap_or(key).to_owned()
}

/// Speakers and texts may be written as the corpus does or with its name before them, as tables show them.
fn without_corpus(config: &Corpus, field: Field, value: &str) -> String {
    let is_prefixed = matches!(field, Field::Fixed("speaker" | "text_id"));
    if is_prefixed { bare(config, value).to_owned() } else { value.to_owned() }
}

fn unknown_field(config: &Corpus, table: &'static str, name: &str, extra: &[String]) -> CorpusError {
    let legal: Vec<&str> = FIELDS.into_iter().chain(extra.iter().map(String::as_str)).collect();
    CorpusError::UnknownField {
        corpus: config.name.clone(),
        table,
        field: name.escape_debug().to_string(),
        legal: shorten(legal.iter().copied(), 40),
        nearest: nearest_hint(name, legal),
    }
}
