//! Texts cut into pieces, and pieces into runs of letters and of digits.

use std::collections::HashMap;
use std::hash::Hash;

use super::level::MOST;

/// Where something begins and ends in a text, in bytes.
pub(super) type Bytes = (u32, u32);

/// The atoms of one piece of many texts.
pub(super) struct Cut {
    /// The number of the run that each atom is of.
    pub runs: Vec<usize>,
    /// Where the atoms stand in each text that has the form of nearly all.
    pub spans: Vec<Option<Vec<Bytes>>>,
}

/// Cuts a piece of many texts, each with the place where it begins. A piece is one atom where its runs have no order
/// that nearly all texts share.
pub(super) fn cut(pieces: &[Option<(u32, &str)>]) -> Cut {
    // Letters in camel case are several words, where nearly all are written so.
    let Some((form, runs)) = [true, false].into_iter().find_map(|camel| common_form(pieces, camel)) else {
        let whole = |(start, piece): (u32, &str)| vec![(start, start + piece.len() as u32)];
        return Cut { runs: vec![0], spans: pieces.iter().map(|piece| piece.map(whole)).collect() };
    };
    let width = |(run, kind): (usize, char)| {
        let texts = || runs.iter().flatten().map(|runs| runs[run]);
        if kind != DIGITS && form.contains(DIGITS) { width(texts) } else { 1 }
    };
    let widths = form.chars().enumerate().map(width).collect::<Vec<_>>();
    let spans = pieces.iter().zip(&runs).map(|(piece, runs)| atoms(piece.as_ref()?.0, runs.as_ref()?, &widths));
    let spans = spans.collect();
    let runs = widths.iter().enumerate().flat_map(|(run, width)| std::iter::repeat_n(run, *width)).collect();
    Cut { runs, spans }
}

/// The form that nearly all pieces have, and the runs of those that have it.
fn common_form<'a>(pieces: &[Option<(u32, &'a str)>], camel: bool) -> Option<(String, Vec<Option<Vec<&'a str>>>)> {
    let all = pieces.iter().map(|piece| piece.map(|(_, text)| runs(text, camel))).collect::<Vec<_>>();
    let (common, share) = mode(all.iter().flatten().map(|runs| form(runs)))?;
    let of_form = all.into_iter().map(|runs| runs.filter(|runs| form(runs) == common)).collect();
    (share >= MOST).then_some((common, of_form))
}

/// How many letters stand for one thing each in a run of letters between digits, as in `Fa` of 03a01Fa: small letters and
/// capitals in turns, of one width. 1: the run is a word.
fn width<'a, I: Iterator<Item = &'a str>>(texts: impl Fn() -> I) -> usize {
    let turns = |text: &str| text.chars().zip(text.chars().skip(1)).all(|(a, b)| a.is_uppercase() != b.is_uppercase());
    let first = texts().next();
    if texts().all(|text| Some(text) == first) || !texts().all(turns) {
        return 1;
    }
    let common = mode(texts().map(|text| text.chars().count()));
    common.filter(|(width, share)| *share >= MOST && (2..=3).contains(width)).map_or(1, |(width, _)| width)
}

/// The atoms of runs of which the first begins at `start`.
fn atoms(mut start: u32, runs: &[&str], widths: &[usize]) -> Option<Vec<Bytes>> {
    let mut atoms = Vec::new();
    for (width, run) in widths.iter().zip(runs) {
        if *width == 1 {
            atoms.push((start, start + run.len() as u32));
        } else if run.chars().count() == *width {
            let letters = run.char_indices().map(|(at, c)| (start + at as u32, start + (at + c.len_utf8()) as u32));
            atoms.extend(letters);
        } else {
            return None;
        }
        start += run.len() as u32;
    }
    Some(atoms)
}

/// What comes most often, and its share.
pub(super) fn mode<T: Hash + Eq + Ord>(items: impl Iterator<Item = T>) -> Option<(T, f64)> {
    let mut counts = HashMap::<T, usize>::new();
    let mut all = 0;
    for item in items {
        *counts.entry(item).or_default() += 1;
        all += 1;
    }
    let best = counts.into_iter().max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(&a.0)))?;
    Some((best.0, best.1 as f64 / all as f64))
}

/// Whether a character belongs to a piece: letters and digits, and what is none of ASCII's signs, as accents are that
/// stand behind their letters.
pub(super) fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || !c.is_ascii()
}

/// Where the pieces of a text begin and end.
pub(super) fn pieces(text: &str) -> Vec<Bytes> {
    let mut pieces = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (start, is_of_word(c)) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                pieces.push((from as u32, at as u32));
                start = None;
            }
            _ => {}
        }
    }
    pieces
}

/// The runs of letters and of digits in a piece; where `camel` is set, a capital behind a small letter begins another.
fn runs(piece: &str, camel: bool) -> Vec<&str> {
    let mut runs = Vec::new();
    let mut start = 0;
    let pairs = piece.char_indices().zip(piece.char_indices().skip(1));
    for ((_, before), (at, c)) in pairs {
        let is_word = camel && before.is_lowercase() && c.is_uppercase();
        if before.is_ascii_digit() != c.is_ascii_digit() || is_word {
            runs.push(&piece[start..at]);
            start = at;
        }
    }
    runs.push(&piece[start..]);
    runs
}

/// What stands for a run of digits in a form.
const DIGITS: char = '9';

/// A sign for each run: of digits, or of letters.
fn form(runs: &[&str]) -> String {
    runs.iter().map(|run| if run.starts_with(|c: char| c.is_ascii_digit()) { DIGITS } else { 'a' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn atoms_of(texts: &[&'static str]) -> Vec<String> {
        let cut = cut(&texts.iter().map(|text| Some((0, *text))).collect::<Vec<_>>());
        let words = |(spans, text): (&Option<Vec<Bytes>>, &&'static str)| {
            let spans = spans.iter().flatten();
            spans.map(|(start, end)| &text[*start as usize..*end as usize]).collect::<Vec<_>>().join(" ")
        };
        cut.spans.iter().zip(texts).map(words).collect()
    }

    #[test]
    fn pieces_have_signs_between_them() {
        let text = "a-b__c (4).é\u{301}x";
        let words =
            pieces(text).into_iter().map(|(start, end)| &text[start as usize..end as usize]).collect::<Vec<_>>();
        assert_eq!(words, ["a", "b", "c", "4", "é\u{301}x"]);
        assert!(pieces("__").is_empty() && pieces("").is_empty());
    }

    #[test]
    fn runs_are_cut_where_nearly_all_texts_have_them() {
        assert_eq!(atoms_of(&["03a01Fa", "16b10Nb"]), ["03 a 01 F a", "16 b 10 N b"]);
        assert_eq!(atoms_of(&["DC01", "JE02"]), ["DC 01", "JE 02"]);
        assert_eq!(atoms_of(&["SadBob", "AngryAnna"]), ["Sad Bob", "Angry Anna"]);
        assert_eq!(atoms_of(&["Angry", "sad"]), ["Angry", "sad"]);
        assert_eq!(atoms_of(&["a1", "1a", "b2b"]), ["a1", "1a", "b2b"]);
    }
}
