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
const LOOKED_AT: usize = 20_000;

/// Proposes a pattern for audio files. Where nothing says the emotion, there is none.
pub fn by_names<'a>(mut corpus: Corpus, files: impl ExactSizeIterator<Item = &'a str>) -> Proposal {
    let paths = sample(files);
    let names = Names::new(&paths);
    let fields = names.fields();
    let mut found = Found::default();
    let emotion = emotion::find(&names, &fields);
    let (known, taken) = match &emotion {
        Emotion::Told(field, reading) => {
            found.put("emotion", field);
            (Some(reading.emotions_of(&field.column)), vec![field.spot.clone()])
        }
        Emotion::OneOf(fields) => {
            let choices = fields.iter().map(|field| found.put_choice("emotion", field)).collect();
            found.questions.push(Question::WhichEmotion(choices));
            (Some(fields[0].column.clone()), fields.iter().map(|field| field.spot.clone()).collect())
        }
        Emotion::Codes(fields) => {
            found.put("emotion", &fields[0]);
            (Some(fields[0].column.clone()), vec![fields[0].spot.clone()])
        }
        Emotion::Nowhere => {
            return Proposal::new(corpus, "nothing in the names says the emotion", vec![Question::NoEmotion]);
        }
    };
    let is_told = !matches!(emotion, Emotion::Codes(_));
    let speaker = speaker::find(&names, &fields, known.as_ref(), &taken, is_told);
    let mut why = "the emotion from its words";
    if let Emotion::Codes(fields) = &emotion {
        why = "the emotion is a guess";
        let others = fields[1..].iter().filter(|field| !is_speaker(&speaker, field));
        let choices = others.map(|field| found.put_choice("id", field)).collect();
        found.questions.push(Question::EmotionIsGuess(choices));
    }
    let mut note = why.to_owned();
    match &speaker {
        Speaker::Told(field, told_by) => {
            found.put("speaker", field);
            note += &format!(", the speaker by {told_by}");
        }
        Speaker::OneOf(fields) => {
            let choices = fields.iter().map(|field| found.put_choice("id", field)).collect();
            found.questions.push(Question::WhichSpeaker(choices));
        }
        Speaker::Nowhere => found.questions.push(Question::NoSpeaker),
    }
    let speaker = if let Speaker::Told(field, _) = &speaker { Some(field) } else { None };
    let Some(pattern) = found.pattern(&names, &paths, optional(&names, &fields, speaker)) else {
        return Proposal::new(corpus, "the names have no common form", vec![Question::NoEmotion]);
    };
    corpus.pattern = Some(pattern);
    Proposal::new(corpus, &note, found.questions)
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

/// What is found: groups of the pattern, and questions.
#[derive(Default)]
struct Found {
    groups: Vec<Group>,
    questions: Vec<Question>,
}

impl Found {
    fn put(&mut self, name: &str, field: &Field<'_>) {
        let words = field.column.values().map(regex::escape);
        let regex = field.spot.is_word.then(|| longest_first(words.collect()));
        self.groups.push(Group { name: name.to_owned(), spot: field.spot.clone(), regex });
    }

    fn put_choice(&mut self, kind: &str, field: &Field<'_>) -> Choice {
        let number = self.groups.iter().filter(|group| is_numbered(&group.name, kind)).count() + 1;
        let name = format!("{kind}{number}");
        self.put(&name, field);
        Choice::new(name, &field.column)
    }

    /// The pattern with as many of the optional groups as can be had; none where not even the others fit.
    fn pattern(&self, names: &Names<'_>, paths: &[String], optional: Vec<Group>) -> Option<String> {
        let matched = |pattern: &str| {
            let regex = Regex::new(pattern).ok()?;
            // As ingest sees them: with an extension.
            Some(paths.iter().filter(|path| regex.is_match(&format!("{path}.x"))).count())
        };
        let mut groups = self.groups.clone();
        let mut best = names.pattern(&groups)?;
        let count = matched(&best).filter(|count| *count > 0)?;
        for group in optional {
            let is_clear = groups.iter().all(|other| fits(other, &group));
            groups.push(group);
            match names.pattern(&groups).filter(|pattern| is_clear && matched(pattern) == Some(count)) {
                Some(pattern) => best = pattern,
                None => drop(groups.pop()),
            }
        }
        Some(best)
    }
}

fn is_numbered(name: &str, kind: &str) -> bool {
    name.strip_prefix(kind).is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
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

/// What names say besides, where it is plain: gender, text, intensity, the side of a published split.
fn optional<'a>(names: &Names<'a>, fields: &[Field<'a>], speaker: Option<&Field<'a>>) -> Vec<Group> {
    let lexicon = lexicon();
    let group = |name: &str, field: &Field<'_>, regex| Group { name: name.to_owned(), spot: field.spot.clone(), regex };
    let mut groups = Vec::new();
    let genders = genders(fields);
    // The gender of whoever speaks: what a speaker has both of is something else.
    let mut genders =
        genders.iter().filter(|gender| speaker.is_some_and(|speaker| speaker.column.determines(&gender.column) > 0.99));
    if let Some(gender) = genders.next() {
        groups.push(group("gender", gender, Some(longest_first(gender.column.values().map(regex::escape).collect()))));
    }
    let is_varied = |field: &&Field<'_>| field.column.distinct() > 1 && field.column.coverage() >= MOST;
    let of_words = |is: &dyn Fn(&str) -> bool| {
        fields.iter().filter(is_varied).find(|field| field.column.values().all(is)).cloned()
    };
    if let Some(intensity) = of_words(&|value| lexicon.has("intensity", "words", value)) {
        groups.push(group("intensity", &intensity, None));
    }
    let sides = |field: &&Field<'_>| {
        let sides = field.column.values().filter_map(side_of).collect::<BTreeSet<_>>();
        names.is_folder(&field.spot) && sides.len() > 1 && field.column.values().all(|value| side_of(value).is_some())
    };
    if let Some(side) = fields.iter().filter(is_varied).find(sides) {
        groups.push(group("side", side, None));
    }
    let is_text = |field: &&Field<'_>| {
        let level = names.level(&field.spot);
        let Some(span) = &field.spot.span else { return false };
        let first = level.column(&(*span.start()..=*span.start()));
        let is_word = first.values().all(|value| lexicon.has("text", "words", value));
        is_word && span.end() > span.start() && before(level, *span.start(), *span.end()) == Some(Word::Other)
    };
    if let Some(text) = fields.iter().filter(is_varied).find(is_text) {
        groups.push(group("text_id", text, None));
    }
    groups
}
