//! Where names say the emotion.

use super::column::Column;
use super::hints::{Word, before};
use super::labels::{Reading, Strength};
use super::level::MOST;
use super::lexicon::{folded, lexicon};
use super::names::{Field, Names, Spot};

/// Where the emotion stands.
pub(super) enum Emotion<'a> {
    /// At one place, as labels that can be read.
    Told(Field<'a>, Reading),
    /// At one of several places which say different things.
    OneOf(Vec<Field<'a>>),
    /// At the first of these places at best, as codes whose meaning nobody can tell.
    Codes(Vec<Field<'a>>),
    /// All names have the same.
    Nowhere,
}

/// The share of names about which two places must say the same.
const AGREE: f64 = 0.98;
/// Most places that are asked about.
pub(super) const MOST_ASKED: usize = 4;
/// Numbers of codes that emotions have.
const CODES: std::ops::RangeInclusive<usize> = 3..=14;

/// Looks for the emotion.
pub(super) fn find<'a>(names: &Names<'a>, fields: &[Field<'a>]) -> Emotion<'a> {
    let is_there = |field: &&Field<'_>| field.column.coverage() >= MOST;
    let read = fields.iter().filter(is_there).filter_map(|field| Some((field, Reading::of(&field.column)?)));
    let mut read = read.collect::<Vec<_>>();
    // Few labels that are all known, in a folder rather than in a name.
    read.sort_by_key(|(field, reading)| {
        let unknown = 100 - (100.0 * reading.known).floor() as usize;
        (unknown, std::cmp::Reverse(reading.strength), field.column.distinct(), !names.is_folder(&field.spot))
    });
    let Some((best, reading)) = read.first() else {
        return Emotion::of_words(names).unwrap_or_else(|| Emotion::of_codes(names, fields));
    };
    let others = read.iter().filter(|(_, other)| other.strength >= Strength::Pairs);
    let mut differing: Vec<&Field<'a>> = vec![best];
    for (field, other) in others {
        let told = other.emotions_of(&field.column);
        let differs = |known: &&Field<'a>| {
            let of_known = read.iter().find(|(one, _)| one.spot == known.spot).map(|(_, reading)| reading);
            of_known.is_none_or(|reading| agreement(&reading.emotions_of(&known.column), &told) < AGREE)
        };
        if differing.iter().all(differs) {
            differing.push(field);
        }
    }
    // What letters seem to say counts less than words that say something else.
    if reading.strength == Strength::Letters && differing.len() == 2 {
        let (word, reading) = read.iter().find(|(one, _)| one.spot == differing[1].spot).expect("it is one of them");
        return Emotion::Told((*word).clone(), reading.clone());
    }
    match differing.len() {
        1 => Emotion::Told((*best).clone(), reading.clone()),
        _ => Emotion::OneOf(differing.into_iter().take(MOST_ASKED).cloned().collect()),
    }
}

/// The share of names about which both say the same, of those about which both say something.
fn agreement(a: &Column<'_>, b: &Column<'_>) -> f64 {
    let both = (0..a.len()).filter_map(|at| Some(a.get(at)? == b.get(at)?));
    let (same, all) = both.fold((0, 0), |(same, all), is| (same + usize::from(is), all + 1));
    if all == 0 { 1.0 } else { same as f64 / all as f64 }
}

impl<'a> Emotion<'a> {
    /// One word for an emotion in every name, at no fixed place.
    fn of_words(names: &Names<'a>) -> Option<Self> {
        names.levels.iter().enumerate().find_map(|(level, part)| {
            let column = part.words(|word| lexicon().word(word).is_some());
            let reading = Reading::of(&column).filter(|_| column.coverage() >= MOST)?;
            Some(Self::Told(Field { column, spot: Spot { level, span: None, is_word: true } }, reading))
        })
    }

    /// Places of codes that could be of emotions.
    fn of_codes(names: &Names<'a>, fields: &[Field<'a>]) -> Self {
        let lexicon = lexicon();
        let is_other = |value: &str| {
            let is = |table, list| lexicon.has(table, list, value);
            is("gender", "female") || is("gender", "male") || is("intensity", "words") || is("containers", "words")
        };
        let is_hinted = |field: &Field<'_>| {
            let level = names.level(&field.spot);
            let atoms = field.spot.span.clone().unwrap_or(0..=level.atoms.len() - 1);
            matches!(before(level, *atoms.start(), *atoms.end()), Some(Word::Person | Word::Other))
        };
        let is_code = |field: &&Field<'a>| {
            let column = &field.column;
            let is_short = column.values().all(|value| (1..=3).contains(&folded(value).len()));
            let is_usual = CODES.contains(&column.distinct()) && column.distinct() * 4 <= column.len();
            column.coverage() >= MOST && is_usual && is_short && !column.values().all(is_other) && !is_hinted(field)
        };
        let mut codes: Vec<&Field<'a>> = Vec::new();
        for field in fields.iter().filter(is_code) {
            if !codes.iter().any(|known| known.column.is_like(&field.column)) {
                codes.push(field);
            }
        }
        let is_of_letters = |field: &Field<'_>| field.column.values().all(|v| v.chars().all(|c| !c.is_ascii_digit()));
        codes.sort_by_key(|field| {
            (!is_of_letters(field), field.column.distinct().abs_diff(7), names.is_folder(&field.spot))
        });
        codes.truncate(MOST_ASKED);
        if codes.is_empty() { Self::Nowhere } else { Self::Codes(codes.into_iter().cloned().collect()) }
    }
}
