//! A pattern for names that nobody has described.

use std::collections::BTreeSet;

use regex::Regex;

use super::Proposal;
use super::asked::{Choice, Question};
use super::emotion::{self, Emotion};
use super::hints::{Word, before};
use super::level::MOST;
use super::lexicon::lexicon;
use super::names::{Field, Group, Names};
use super::speaker::{self, Speaker, genders, side_of};
use crate::corpus::Corpus;
use crate::corpus::paths::{with_slashes, without_extension};

/// Most names that are looked at. All are matched afterwards.
const LOOKED_AT: usize = 10_000;

/// Proposes a pattern for audio files. Where nothing says the emotion, there is none.
pub fn by_names<'a>(mut corpus: Corpus, files: impl ExactSizeIterator<Item = &'a str>) -> Proposal {
    let paths = sample(files);
    let names = Names::new(&paths);
    let fields = names.fields();
    let emotion = emotion::find(&names, &fields);
    let mut draft = Draft::new(&names, &paths);
    let mut questions = Vec::new();
    let (known, taken) = match &emotion {
        Emotion::Told(field, reading) => {
            draft.add("emotion", field);
            (reading.emotions_of(&field.column), vec![field.spot.clone()])
        }
        Emotion::OneOf(fields) => {
            questions.push(Question::WhichEmotion(draft.add_choices("emotion", fields.iter())));
            (fields[0].column.clone(), fields.iter().map(|field| field.spot.clone()).collect())
        }
        Emotion::Codes(fields) => {
            draft.add("emotion", &fields[0]);
            (fields[0].column.clone(), vec![fields[0].spot.clone()])
        }
        Emotion::Nowhere => {
            return Proposal::new(corpus, "nothing in the names says the emotion", vec![Question::NoEmotion]);
        }
    };
    if draft.pattern.is_none() {
        return Proposal::new(corpus, "the names have no common form", vec![Question::NoEmotion]);
    }
    let is_told = !matches!(emotion, Emotion::Codes(_));
    let mut how =
        if is_told { "a pattern: the emotion by its words" } else { "a pattern: the emotion is a guess" }.to_owned();
    let speaker = speaker::find(&names, &fields, Some(&known), &taken, is_told);
    match &speaker {
        Speaker::Told(field, told_by) if draft.add("speaker", field) => how += &format!(", the speaker by {told_by}"),
        Speaker::Told(..) | Speaker::Nowhere => questions.push(Question::NoSpeaker),
        Speaker::OneOf(fields) => questions.push(match draft.add_choices("id", fields.iter()) {
            choices if choices.is_empty() => Question::NoSpeaker,
            choices => Question::WhichSpeaker(choices),
        }),
    }
    if let Emotion::Codes(fields) = &emotion {
        let others = fields[1..].iter().filter(|field| !is_speaker(&speaker, field));
        questions.push(Question::EmotionIsGuess(draft.add_choices("id", others)));
    }
    let speaker = if let Speaker::Told(field, _) = &speaker { Some(field) } else { None };
    for (name, field, regex) in besides(&names, &fields, speaker) {
        draft.add_as(name, &field, regex);
    }
    corpus.pattern = draft.pattern;
    Proposal::new(corpus, &how, questions)
}

/// The paths that are looked at, without their extensions: those whose hash comes first, so that no rhythm of the names
/// is met.
fn sample<'a>(files: impl ExactSizeIterator<Item = &'a str>) -> Vec<String> {
    let share = files.len().div_ceil(LOOKED_AT) as u64;
    let hash = |path: &str| {
        let bytes: [u8; 8] = blake3::hash(path.as_bytes()).as_bytes()[..8].try_into().unwrap_or_default();
        u64::from_le_bytes(bytes)
    };
    let chosen = files.filter(|path| share < 2 || hash(path) % share == 0);
    chosen.map(|path| with_slashes(without_extension(path)).into_owned()).collect()
}

fn is_speaker(speaker: &Speaker<'_>, field: &Field<'_>) -> bool {
    match speaker {
        Speaker::Told(one, _) => one.column.is_like(&field.column),
        Speaker::OneOf(several) => several.iter().any(|one| one.column.is_like(&field.column)),
        Speaker::Nowhere => false,
    }
}

/// A pattern that grows group by group.
struct Draft<'a> {
    names: &'a Names<'a>,
    /// As ingest sees them: with an extension.
    paths: Vec<String>,
    groups: Vec<Group>,
    /// None before the first group.
    pattern: Option<String>,
    matched: usize,
}

impl<'a> Draft<'a> {
    fn new(names: &'a Names<'a>, paths: &[String]) -> Self {
        let paths = paths.iter().map(|path| format!("{path}.x")).collect();
        Self { names, paths, groups: Vec::new(), pattern: None, matched: 0 }
    }

    /// Adds a group; whether there is room for it.
    fn add(&mut self, name: &str, field: &Field<'_>) -> bool {
        let words = field.column.values().map(regex::escape);
        self.add_as(name, field, field.spot.is_word.then(|| longest_first(words.collect())))
    }

    /// The same with a regular expression of its own.
    fn add_as(&mut self, name: &str, field: &Field<'_>, regex: Option<String>) -> bool {
        let group = Group { name: name.to_owned(), spot: field.spot.clone(), regex };
        if !self.groups.iter().all(|other| fits(other, &group)) {
            return false;
        }
        self.groups.push(group);
        let pattern = self.names.pattern(&self.groups).and_then(|pattern| Regex::new(&pattern).ok());
        let matched = pattern.as_ref().map_or(0, |regex| self.paths.iter().filter(|path| regex.is_match(path)).count());
        // A place that some names lack costs those names.
        let is_enough = matched as f64 >= MOST * self.paths.len() as f64 || matched >= self.matched;
        match pattern.filter(|_| matched > 0 && is_enough) {
            Some(pattern) => {
                (self.pattern, self.matched) = (Some(pattern.as_str().to_owned()), matched);
                true
            }
            None => {
                self.groups.pop();
                false
            }
        }
    }

    /// Adds a group with a number for each field for which there is room.
    fn add_choices<'b>(&mut self, kind: &str, fields: impl Iterator<Item = &'b Field<'b>>) -> Vec<Choice> {
        let mut choices = Vec::new();
        for field in fields {
            let is_of_kind = |group: &&Group| group.name.trim_end_matches(|c: char| c.is_ascii_digit()) == kind;
            let number = self.groups.iter().filter(is_of_kind).count() + 1;
            let name = format!("{kind}{number}");
            if self.add(&name, field) {
                choices.push(Choice::new(name, &field.column));
            }
        }
        choices
    }
}

/// Whether two groups can stand in one pattern: apart, or one in the other.
fn fits(a: &Group, b: &Group) -> bool {
    if a.spot.level != b.spot.level {
        return true;
    }
    let (Some(a), Some(b)) = (&a.spot.span, &b.spot.span) else { return false };
    let is_apart = a.end() < b.start() || b.end() < a.start();
    let is_in = |inner: &super::level::Span, outer: &super::level::Span| {
        outer.start() <= inner.start() && inner.end() <= outer.end() && inner != outer
    };
    is_apart || is_in(a, b) || is_in(b, a)
}

/// A regular expression for one of some words: longer ones first, since the first that fits is taken.
fn longest_first(mut words: Vec<String>) -> String {
    words.sort_by_key(|word| (std::cmp::Reverse(word.len()), word.clone()));
    words.join("|")
}

/// A named group to be: its field, and a regular expression of its own.
type Besides<'a> = (&'static str, Field<'a>, Option<String>);

/// What names say besides, where it is plain: gender, intensity, the side of a published split, what is said.
fn besides<'a>(names: &Names<'a>, fields: &[Field<'a>], speaker: Option<&Field<'a>>) -> Vec<Besides<'a>> {
    let lexicon = lexicon();
    let varied = || fields.iter().filter(|field| field.column.distinct() > 1 && field.column.coverage() >= MOST);
    let all = |field: &Field<'_>, is: &dyn Fn(&str) -> bool| field.column.values().all(is);
    // The gender of whoever speaks: what a speaker has both of is something else.
    let is_of_speaker = |field: &&Field<'_>| {
        speaker.is_some_and(|speaker| speaker.column.determines(&field.column) >= speaker::DETERMINES)
    };
    let gender = genders(fields).into_iter().find(|field| is_of_speaker(&field)).map(|field| {
        let words = longest_first(field.column.values().map(regex::escape).collect());
        ("gender", field, Some(words))
    });
    let intensity = varied().find(|field| all(field, &|value| lexicon.has("intensity", "words", value)));
    let is_side = |field: &&Field<'_>| {
        let sides = field.column.values().filter_map(side_of).collect::<BTreeSet<_>>();
        names.is_folder(&field.spot) && sides.len() > 1 && all(field, &|value| side_of(value).is_some())
    };
    let is_text = |field: &&Field<'_>| {
        let level = names.level(&field.spot);
        let Some((first, last)) = field.spot.span.as_ref().map(|span| (*span.start(), *span.end())) else {
            return false;
        };
        let is_word = level.column(&(first..=first)).values().all(|value| lexicon.has("text", "words", value));
        is_word && last > first && before(level, first, last) == Some(Word::Other)
    };
    let plain = [("intensity", intensity), ("side", varied().find(is_side)), ("text_id", varied().find(is_text))];
    let plain = plain.into_iter().filter_map(|(name, field)| Some((name, field?.clone(), None)));
    gender.into_iter().chain(plain).collect()
}
