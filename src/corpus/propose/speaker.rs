//! Where names say who speaks. A wrong speaker is worse than none: people would be on both sides of a split that claims
//! to keep them apart.

use std::collections::BTreeSet;

use super::column::Column;
use super::hints::{Word, before};
use super::level::{MOST, Place};
use super::lexicon::{folded, lexicon};
use super::names::{Field, Names, Spot};

/// Where the speaker stands.
pub(super) enum Speaker<'a> {
    /// At one place, and what tells so.
    Told(Field<'a>, &'static str),
    /// At one of these places, if at all.
    OneOf(Vec<Field<'a>>),
    /// Nothing in the names looks like one.
    Nowhere,
}

/// What speaks for a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Evidence {
    /// A word or letter before it stands before other things.
    Other,
    /// A number at the end of names, as takes have it.
    Counter,
    /// It has the form of an id, and no more is known.
    Form,
    /// The same at the beginning of the file's name.
    First,
    /// It is where speakers usually stand, which counts where nothing else may be one.
    Usual(&'static str),
    /// Something in the names says that it is a person's.
    Sure(&'static str),
}

/// How far a speaker meets all emotions, at the least.
const CROSSES: f64 = 0.5;
/// The share of names in which the speaker says the gender, where it does.
pub(super) const DETERMINES: f64 = 0.99;
/// Most places that are asked about.
const MOST_ASKED: usize = 4;
/// Most speakers who have initials for names, or whose number comes last.
const MOST_PEOPLE: usize = 40;

impl Evidence {
    /// The same of a place that may be another thing's.
    fn doubted(self) -> Self {
        if matches!(self, Self::Usual(_)) { Self::Form } else { self }
    }
}

/// A place that may be the speaker's.
struct Candidate<'a> {
    field: Field<'a>,
    evidence: Evidence,
}

/// Looks for the speaker. `emotion` is what is known of each name's, and stands at `taken`; `is_told`: surely.
pub(super) fn find<'a>(
    names: &Names<'a>,
    fields: &[Field<'a>],
    emotion: Option<&Column<'_>>,
    taken: &[Spot],
    is_told: bool,
) -> Speaker<'a> {
    let genders = genders(fields);
    let mut all = fields.to_vec();
    all.extend(composites(names));
    let is_free = |field: &Field<'a>| !taken.iter().any(|spot| names.overlap(spot, &field.spot));
    let candidates = all.into_iter().filter(|field| is_free(field) && may_be(field));
    let mut classes: Vec<Candidate<'a>> = Vec::new();
    for field in candidates {
        let evidence = evidence(names, &field, &genders, emotion, is_told);
        // It may as well be the emotion.
        let evidence = if is_told { evidence } else { evidence.doubted() };
        let is_met = emotion.is_none_or(|emotion| field.column.crosses(emotion) >= CROSSES);
        if !is_met && !matches!(evidence, Evidence::Sure(_)) {
            continue;
        }
        match classes.iter_mut().find(|known| known.field.column.is_like(&field.column)) {
            // The same people under two names.
            Some(known) if evidence > known.evidence => *known = Candidate { field, evidence },
            Some(_) => {}
            None => classes.push(Candidate { field, evidence }),
        }
    }
    choose(names, classes)
}

fn choose<'a>(names: &Names<'a>, mut classes: Vec<Candidate<'a>>) -> Speaker<'a> {
    classes.retain(|class| class.evidence > Evidence::Other);
    // Sorting keeps the order of names among equals.
    classes.sort_by_key(|class| std::cmp::Reverse(class.evidence));
    let sure = classes.iter().filter(|class| matches!(class.evidence, Evidence::Sure(_))).count();
    let usual = classes.iter().filter(|class| matches!(class.evidence, Evidence::Usual(_))).count();
    let Some(best) = classes.first() else { return Speaker::Nowhere };
    let is_alone = match best.evidence {
        Evidence::Sure(_) => sure == 1,
        Evidence::Usual(_) => usual == 1 && !classes[1..].iter().any(|other| rivals(names, best, other)),
        _ => false,
    };
    match best.evidence {
        Evidence::Sure(why) | Evidence::Usual(why) if is_alone => Speaker::Told(classes.remove(0).field, why),
        Evidence::Sure(_) => Speaker::OneOf(classes.into_iter().take(sure).map(|class| class.field).collect()),
        _ => Speaker::OneOf(classes.into_iter().take(MOST_ASKED).map(|class| class.field).collect()),
    }
}

/// Whether another place may be the speaker's as well. Beside a folder, that is what names begin with.
fn rivals(names: &Names<'_>, best: &Candidate<'_>, other: &Candidate<'_>) -> bool {
    let least = if names.is_folder(&best.field.spot) { Evidence::First } else { Evidence::Form };
    other.evidence >= least
}

/// Whether people could be told by what stands there: several, each in several names.
fn may_be(field: &Field<'_>) -> bool {
    let column = &field.column;
    let (people, names) = (column.distinct(), column.len());
    let is_several = people > 1 && people * 2 <= names && column.coverage() >= MOST;
    is_several && !says_other(column)
}

/// Whether the values are words or numbers of another kind: sides, intensities, genders, formats, dates.
fn says_other(column: &Column<'_>) -> bool {
    let lexicon = lexicon();
    let is_other = |value: &str| {
        let is = |table, list| lexicon.has(table, list, value);
        let is_gender = is("gender", "female") || is("gender", "male");
        let is_side = ["train", "dev", "test"].into_iter().any(|side| side_of(value) == Some(side));
        is_gender || is_side || is("intensity", "words") || is("containers", "words")
    };
    let is_date = |value: &str| {
        let digits = value.chars().filter(char::is_ascii_digit).collect::<String>();
        digits.len() == 8 && (digits.starts_with("19") || digits.starts_with("20"))
    };
    let is_coded = gender_coded(column) && column.values().all(|value| !value.contains(|c: char| c.is_ascii_digit()));
    let is_label = |value: &str| lexicon.word(value).is_some() || is_other(value);
    column.values().all(is_label) || column.values().all(is_date) || is_coded
}

/// The side of a split that a folder's name says.
pub(super) fn side_of(value: &str) -> Option<&'static str> {
    let lexicon = lexicon();
    let mut words = value.split(|c: char| !c.is_alphabetic());
    words.find_map(|word| ["train", "dev", "test"].into_iter().find(|side| lexicon.has("sides", side, word)))
}

/// Places that say the gender, in words or letters.
pub(super) fn genders<'a>(fields: &[Field<'a>]) -> Vec<Field<'a>> {
    let lexicon = lexicon();
    let is_gender = |column: &Column<'_>| {
        let both = ["female", "male"].map(|gender| column.values().any(|value| lexicon.has("gender", gender, value)));
        let all = column.values().all(|v| lexicon.has("gender", "female", v) || lexicon.has("gender", "male", v));
        column.coverage() >= MOST && both == [true; 2] && all
    };
    fields.iter().filter(|field| is_gender(&field.column)).cloned().collect()
}

/// Two neighbouring atoms that make one id: letters or a word, then a number (`M03`, `Actor_01`, `F_09`).
fn composites<'a>(names: &Names<'a>) -> Vec<Field<'a>> {
    let mut found = Vec::new();
    for (number, level) in names.levels.iter().enumerate() {
        for first in 0..level.atoms.len().saturating_sub(1) {
            let spans = [first..=first + 1, first.saturating_sub(1)..=first + 1];
            let ends_in_number = level.atoms[first + 1].regex.starts_with("[0-9]");
            let begins = |span: &std::ops::RangeInclusive<usize>| {
                let words = level.column(&(*span.start()..=first));
                gender_coded(&words) || words.values().all(is_speaker_word)
            };
            let spans = spans.into_iter().filter(|span| level.are_neighbours(*span.start(), span.start() + 1));
            for span in spans.filter(|span| ends_in_number && level.are_neighbours(first, first + 1) && begins(span)) {
                found.push(Field {
                    column: level.column(&span),
                    spot: Spot { level: number, span: Some(span), is_word: false },
                });
            }
        }
    }
    found
}

/// Whether these are words for a person, or letters that stand before the number of one.
fn is_speaker_word(value: &str) -> bool {
    let lexicon = lexicon();
    lexicon.has("speaker", "words", value) || lexicon.has("speaker", "letters", value)
}

/// Whether the values say the gender in words, or differ in its letter alone: `F` and `M`, `SF` and `SM`, `male`.
fn gender_coded(column: &Column<'_>) -> bool {
    let lexicon = lexicon();
    let values = column.values().map(folded).collect::<BTreeSet<_>>();
    let values = values.iter().map(String::as_str).collect::<Vec<_>>();
    let [first, second] = values[..] else { return false };
    // Sorted: f stands before m, and m before w.
    let is_pair = |a: &str, b: &str| {
        let genders =
            [a, b].map(|word| ["female", "male"].into_iter().find(|gender| lexicon.has("gender", gender, word)));
        matches!(genders, [Some(a), Some(b)] if a != b)
    };
    let shared = |mut pairs: std::iter::Zip<std::str::Chars<'_>, std::str::Chars<'_>>| pairs.position(|(a, b)| a != b);
    match shared(first.chars().zip(second.chars())) {
        Some(at) if first.len() == second.len() && first.is_ascii() && second.is_ascii() && first.len() < 4 => {
            let differ = (&first[at..=at], &second[at..=at]);
            first[at + 1..] == second[at + 1..] && is_pair(differ.0, differ.1)
        }
        _ => is_pair(first, second),
    }
}

fn evidence(
    names: &Names<'_>,
    field: &Field<'_>,
    genders: &[Field<'_>],
    emotion: Option<&Column<'_>>,
    is_told: bool,
) -> Evidence {
    let level = names.level(&field.spot);
    let column = &field.column;
    let atoms = field.spot.span.clone().unwrap_or(0..=level.atoms.len() - 1);
    let (first, last) = (*atoms.start(), *atoms.end());
    let begins = first == 0 && level.place == Place::Stem;
    let ends = last + 1 == level.atoms.len() && level.place == Place::Stem;
    let is_folder = names.is_folder(&field.spot);
    match before(level, first, last) {
        Some(Word::Person) if is_product(column) => return Evidence::Form,
        Some(Word::Person) => return Evidence::Sure("the word before it"),
        Some(Word::Other) => return Evidence::Other,
        None => {}
    }
    if last > first && gender_coded(&level.column(&(first..=last - 1))) {
        if is_product(column) {
            return Evidence::Form;
        }
        // The number of `angry_F03` may count takes, unless each emotion has several.
        let is_repeated = emotion.is_some_and(|emotion| {
            column.distinct() <= MOST_PEOPLE && column.distinct() * emotion.distinct() * 2 <= column.len()
        });
        return if !ends || is_repeated { Evidence::Sure("its letter says the gender") } else { Evidence::Form };
    }
    let is_met = is_told && emotion.is_some_and(|emotion| column.crosses(emotion) >= CROSSES);
    let tells_of = |gender: &&Field<'_>| !names.overlap(&gender.spot, &field.spot) && tells(column, &gender.column);
    if is_met && genders.iter().any(|gender| tells_of(&gender)) {
        return Evidence::Sure("each has one gender");
    }
    let is_number = column.values().all(|value| value.bytes().all(|byte| byte.is_ascii_digit()));
    match (begins, ends) {
        _ if is_folder => Evidence::Usual("it is a folder"),
        (_, true) if is_number && is_counter(column.values()) => Evidence::Counter,
        (true, _) if is_initials(column) => Evidence::Usual("the initials at the beginning"),
        (true, _) => Evidence::First,
        _ => Evidence::Form,
    }
}

/// Whether each value has one gender, as people have, and each gender several of them.
fn tells(column: &Column<'_>, gender: &Column<'_>) -> bool {
    let is_enough = column.distinct() > 3 && column.distinct() * 4 <= column.len();
    let people = |wanted: &str| {
        let people = (0..column.len()).filter(|at| gender.get(*at) == Some(wanted)).filter_map(|at| column.get(at));
        people.collect::<BTreeSet<_>>().len()
    };
    is_enough && column.determines(gender) >= DETERMINES && gender.values().all(|gender| people(gender) > 1)
}

/// Whether the values are numbers without gaps.
fn is_counter<'a>(values: impl Iterator<Item = &'a str>) -> bool {
    let numbers = values.filter_map(|value| value.parse::<u64>().ok()).collect::<BTreeSet<_>>();
    match (numbers.first(), numbers.last()) {
        (Some(first), Some(last)) => numbers.len() as u64 * 5 >= (last - first + 1) * 4,
        _ => false,
    }
}

/// Whether the values end in numbers of one width that may be two numbers, since every beginning meets every end: a
/// speaker's and a sentence's.
fn is_product(column: &Column<'_>) -> bool {
    let number = |value: &'_ str| {
        let digits = value.bytes().rev().take_while(u8::is_ascii_digit).count();
        value[value.len() - digits..].to_owned()
    };
    let numbers = column.values().map(number).collect::<BTreeSet<_>>();
    let width = numbers.first().map_or(0, String::len);
    let meets_all = |cut: usize| {
        let [begins, ends] = [0..cut, cut..width]
            .map(|part| numbers.iter().map(|number| &number[part.clone()]).collect::<BTreeSet<_>>().len());
        begins > 1 && ends > 1 && begins * ends == numbers.len()
    };
    let is_one_width = numbers.iter().all(|number| number.len() == width);
    width > 2 && is_one_width && !is_counter(numbers.iter().map(String::as_str)) && (1..width).any(meets_all)
}

/// Whether the values are two capitals each, as initials are; sentences have codes of three.
fn is_initials(column: &Column<'_>) -> bool {
    let initials = |value: &str| {
        let letters = value.trim_end_matches(|c: char| c.is_ascii_digit());
        letters.len() == 2 && letters.bytes().all(|byte| byte.is_ascii_uppercase())
    };
    column.distinct() <= MOST_PEOPLE && column.values().all(initials)
}
