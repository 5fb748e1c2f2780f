//! One part of every path (the name of the file, or a folder), cut into the pieces that file names are made of.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::ops::RangeInclusive;

use super::column::Column;

/// The share of names that must have a form before it counts as theirs. What is left out does not match, which the limit
/// `max_unmatched_rate` allows.
pub(super) const MOST: f64 = 0.95;

/// Most pieces of names of different lengths that are counted from either end.
const FROM_AN_END: usize = 6;

/// Which part of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// The first folder, or one of those below it, counted from 0.
    Top(usize),
    /// A folder above the file, counted from 1.
    Up(usize),
    /// The name of the file, without its extension.
    Stem,
}

impl Place {
    /// This part of a path; none where it has too few folders.
    fn of(self, path: &str) -> Option<&str> {
        match self {
            Self::Stem => path.rsplit('/').next(),
            Self::Up(level) => path.rsplit('/').nth(level),
            Self::Top(level) => path.split('/').nth(level).filter(|_| path.split('/').count() > level + 1),
        }
    }
}

/// A run of letters or of digits, or a piece that is made of several in no fixed order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Atom {
    /// The number of its piece: pieces have signs or blanks between them.
    pub piece: usize,
    /// The number of its run within the piece; several atoms of one run are single letters.
    run: usize,
    /// A regular expression of its values.
    pub regex: String,
    /// A regular expression of what stands before it.
    pub before: String,
}

/// One part of every path, in atoms. Where the number of pieces differs from name to name, atoms are counted from both
/// ends: those from the end come last.
pub(super) struct Level<'a> {
    pub place: Place,
    texts: Vec<Option<&'a str>>,
    pub atoms: Vec<Atom>,
    /// Where each atom stands in each text that has the form.
    spans: Vec<Option<Vec<(u32, u32)>>>,
    /// How many atoms are counted from the beginning, where any other number of pieces may follow.
    pub gap: Option<usize>,
    /// A regular expression of what stands behind the last atom.
    pub after: String,
    /// Fewest pieces of nearly all texts.
    least: usize,
}

/// The atoms of one place that are taken together.
pub(super) type Span = RangeInclusive<usize>;

impl<'a> Level<'a> {
    /// The part at `place` of paths without their extensions; none where too few have it, or nothing is in it.
    pub fn new(place: Place, paths: &'a [String]) -> Option<Self> {
        let texts = paths.iter().map(|path| place.of(path)).collect::<Vec<_>>();
        let found = texts.iter().flatten().count();
        if (found as f64) < MOST * paths.len() as f64 || texts.iter().flatten().all(|text| Some(*text) == texts[0]) {
            return None;
        }
        let mut pieces = texts.iter().map(|text| text.map(pieces)).collect::<Vec<_>>();
        let mut counts = pieces.iter().flatten().map(Vec::len).collect::<Vec<_>>();
        counts.sort_unstable();
        let (mode, share) = mode(counts.iter().copied())?;
        let least = counts[counts.len() / 20];
        let mut gap = None;
        if share < MOST {
            let side = least.min(FROM_AN_END);
            for pieces in pieces.iter_mut() {
                *pieces = pieces.take().filter(|pieces| pieces.len() >= side).map(|pieces| {
                    let tail = pieces.len() - side;
                    [&pieces[..side], &pieces[tail..]].concat()
                });
            }
            gap = Some(side);
        } else {
            pieces.iter_mut().for_each(|one| *one = one.take().filter(|pieces| pieces.len() == mode));
        }
        let mut level = Self { place, texts, atoms: Vec::new(), spans: Vec::new(), gap, after: String::new(), least };
        level.cut(&pieces);
        (!level.atoms.is_empty()).then_some(level)
    }

    /// Cuts the pieces into atoms, and describes these.
    fn cut(&mut self, pieces: &[Option<Vec<(u32, u32)>>]) {
        let count = pieces.iter().flatten().next().map_or(0, Vec::len);
        self.spans = pieces.iter().map(|pieces| pieces.as_ref().map(|_| Vec::new())).collect();
        let mut gap = None;
        for piece in 0..count {
            if self.gap == Some(piece) {
                gap = Some(self.atoms.len());
            }
            let of_piece = self.cut_piece(pieces, piece);
            for (run, width) in of_piece {
                for _ in 0..width {
                    self.atoms.push(Atom { piece, run, regex: String::new(), before: String::new() });
                }
            }
        }
        self.gap = gap;
        for at in 0..self.atoms.len() {
            self.atoms[at].regex = class(&self.column(&(at..=at)), self.seen_signs());
            self.atoms[at].before = if at == 0 { String::new() } else { self.between(at) };
        }
        if let Some(first) = self.atoms.first_mut() {
            first.before = signs(self.spans.iter().zip(&self.texts).filter_map(|(spans, text)| {
                let (start, _) = *spans.as_ref()?.first()?;
                Some(&(*text)?[..start as usize])
            }));
        }
        self.after = signs(self.spans.iter().zip(&self.texts).filter_map(|(spans, text)| {
            let (_, end) = *spans.as_ref()?.last()?;
            Some(&(*text)?[end as usize..])
        }));
    }

    /// Puts the atoms of one piece behind those before it; returns the number of atoms of each run.
    fn cut_piece(&mut self, pieces: &[Option<Vec<(u32, u32)>>], piece: usize) -> Vec<(usize, usize)> {
        let text = |at: usize| {
            let (start, end) = pieces[at].as_ref()?[piece];
            Some((start, &self.texts[at]?[start as usize..end as usize]))
        };
        // Letters in camel case are several words, where all names are written so.
        let forms = [true, false].into_iter().find_map(|camel| {
            let forms = (0..pieces.len()).map(|at| text(at).map(|(_, text)| runs(text, camel)));
            let forms = forms.collect::<Vec<_>>();
            let (form, share) = mode(forms.iter().flatten().map(|runs| form(runs)))?;
            (share >= MOST).then_some((form, forms))
        });
        let Some((wanted, forms)) = forms else {
            // In no fixed order: one atom.
            let whole = (0..pieces.len()).map(|at| text(at).map(|(start, text)| (start, start + text.len() as u32)));
            let whole = whole.collect::<Vec<_>>();
            for (spans, span) in self.spans.iter_mut().zip(whole) {
                if let (Some(spans), Some(span)) = (spans.as_mut(), span) {
                    spans.push(span);
                }
            }
            return vec![(0, 1)];
        };
        let has_digits = wanted.contains('9');
        let width = |run: usize| {
            let mut texts = forms.iter().flatten().filter(|runs| form(runs) == wanted).map(|runs| runs[run]);
            let first = texts.next();
            if texts.all(|text| Some(text) == first) {
                return 1;
            }
            // Small letters and capitals in turns, as in Fa.
            let turns =
                |text: &str| text.chars().zip(text.chars().skip(1)).all(|(a, b)| a.is_uppercase() != b.is_uppercase());
            if !forms.iter().flatten().filter(|runs| form(runs) == wanted).all(|runs| turns(runs[run])) {
                return 1;
            }
            let widths =
                forms.iter().flatten().filter(|runs| form(runs) == wanted).map(|runs| runs[run].chars().count());
            mode(widths)
                .filter(|(width, share)| *share >= MOST && (2..=3).contains(width))
                .map_or(1, |(width, _)| width)
        };
        // Codes such as 03a01Fa: letters of one width between digits stand for one thing each.
        let widths = wanted.chars().enumerate();
        let widths =
            widths.map(|(run, kind)| (run, if has_digits && kind != '9' { width(run) } else { 1 })).collect::<Vec<_>>();
        for at in 0..pieces.len() {
            let found = text(at).zip(forms[at].as_ref()).filter(|(_, runs)| form(runs) == wanted);
            let found = found.and_then(|((start, _), runs)| atoms_of(start, runs, &widths));
            match (self.spans[at].as_mut(), found) {
                (Some(spans), Some(found)) => spans.extend(found),
                _ => self.spans[at] = None,
            }
        }
        widths
    }

    /// What stands at some atoms, taken together, in every path.
    pub fn column(&self, span: &Span) -> Column<'a> {
        let text = |(spans, text): (&Option<Vec<(u32, u32)>>, &Option<&'a str>)| {
            let spans = spans.as_ref()?;
            Some(&(*text)?[spans[*span.start()].0 as usize..spans[*span.end()].1 as usize])
        };
        self.spans.iter().zip(&self.texts).map(text).collect()
    }

    /// The whole part of every path.
    pub fn whole(&self) -> Column<'a> {
        self.texts.iter().copied().collect()
    }

    /// The one word of each path that is wanted; none where there are several that differ.
    pub fn words(&self, is_wanted: impl Fn(&str) -> bool) -> Column<'a> {
        let one = |text: &Option<&'a str>| {
            let words = (*text)?.split(|c: char| !c.is_alphabetic());
            let mut found = words.filter(|word| is_wanted(word));
            let first = found.next()?;
            found.all(|other| other == first).then_some(first)
        };
        self.texts.iter().map(one).collect()
    }

    /// Every run and every piece, and single letters; the whole comes last, where it is more than a piece.
    pub fn spans(&self) -> Vec<Span> {
        let mut spans = (0..self.atoms.len()).map(|at| at..=at).collect::<Vec<_>>();
        let same = [
            |a: &Atom, b: &Atom| a.piece == b.piece && a.run == b.run,
            |a: &Atom, b: &Atom| a.piece == b.piece,
            |_: &Atom, _: &Atom| true,
        ];
        for (number, same) in same.into_iter().enumerate() {
            if number == 2 && self.gap.is_some() {
                continue;
            }
            let mut start = 0;
            for atoms in self.atoms.chunk_by(|a, b| same(a, b)) {
                let span = start..=start + atoms.len() - 1;
                start += atoms.len();
                if !spans.contains(&span) {
                    spans.push(span);
                }
            }
        }
        spans
    }

    /// Whether both atoms stand at the same end, one behind the other.
    pub fn are_neighbours(&self, first: usize, second: usize) -> bool {
        second == first + 1 && self.gap != Some(second)
    }

    /// Whether names that are as short as nearly all are long enough to hold all of these atoms.
    pub fn is_room(&self, from_start: Option<usize>, from_end: Option<usize>) -> bool {
        let last_piece = self.atoms.last().map_or(0, |atom| atom.piece);
        let head = from_start.map_or(0, |at| self.atoms[at].piece + 1);
        let tail = from_end.map_or(0, |at| last_piece + 1 - self.atoms[at].piece);
        head + tail <= self.least
    }

    /// All characters that stand between pieces.
    pub fn seen_signs(&self) -> String {
        let signs = self.texts.iter().flatten().flat_map(|text| text.chars()).filter(|c| !is_of_word(*c));
        let signs = signs.collect::<BTreeSet<_>>();
        signs.into_iter().map(|sign| regex::escape(&sign.to_string())).collect()
    }

    fn between(&self, at: usize) -> String {
        signs(self.spans.iter().zip(&self.texts).filter_map(|(spans, text)| {
            let spans = spans.as_ref()?;
            let (start, end) = (spans[at - 1].1, spans[at].0);
            // Of short names, atoms from the end may stand before those from the beginning.
            (*text)?.get(start as usize..end as usize)
        }))
    }
}

fn atoms_of(mut start: u32, runs: &[&str], widths: &[(usize, usize)]) -> Option<Vec<(u32, u32)>> {
    let mut atoms = Vec::new();
    for ((_, width), run) in widths.iter().zip(runs) {
        if *width == 1 {
            atoms.push((start, start + run.len() as u32));
        } else if run.chars().count() == *width {
            let mut at = start;
            for c in run.chars() {
                atoms.push((at, at + c.len_utf8() as u32));
                at += c.len_utf8() as u32;
            }
        } else {
            return None;
        }
        start += run.len() as u32;
    }
    Some(atoms)
}

/// What comes most often, and its share.
fn mode<T: std::hash::Hash + Eq + Clone + Ord>(items: impl Iterator<Item = T>) -> Option<(T, f64)> {
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
fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || !c.is_ascii()
}

/// Where the pieces of a text begin and end.
fn pieces(text: &str) -> Vec<(u32, u32)> {
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

/// `9` for each run of digits and `a` for each of letters.
fn form(runs: &[&str]) -> String {
    runs.iter().map(|run| if run.starts_with(|c: char| c.is_ascii_digit()) { '9' } else { 'a' }).collect()
}

/// A regular expression of what stands between two atoms.
fn signs<'a>(found: impl Iterator<Item = &'a str>) -> String {
    let found = found.collect::<BTreeSet<_>>();
    let escaped = |text: &str| regex::escape(text).replace('\n', "\\n");
    match found.into_iter().collect::<Vec<_>>().as_slice() {
        [] => String::new(),
        [one] => escaped(one),
        several if several.iter().all(|one| one.chars().count() == 1) => {
            let members = several.iter().map(|one| match *one {
                "-" => "\\-".to_owned(),
                one => escaped(one),
            });
            format!("[{}]", members.collect::<String>())
        }
        several if several.contains(&"") => "[^A-Za-z0-9/]*".to_owned(),
        _ => "[^A-Za-z0-9/]+".to_owned(),
    }
}

/// A regular expression of values: as narrow as can be read at a glance.
fn class(column: &Column<'_>, signs: String) -> String {
    let all = |is: fn(char) -> bool| column.values().all(|value| value.chars().all(is));
    let is_camel = |value: &str| {
        let mut rest = value.chars();
        rest.next().is_some_and(|c| c.is_ascii_uppercase()) && value.len() > 1 && rest.all(|c| c.is_ascii_lowercase())
    };
    if column.values().all(is_camel) {
        return "[A-Z][a-z]+".to_owned();
    }
    let class = if all(|c| c.is_ascii_digit()) {
        "[0-9]".to_owned()
    } else if all(|c| c.is_ascii_lowercase()) {
        "[a-z]".to_owned()
    } else if all(|c| c.is_ascii_uppercase()) {
        "[A-Z]".to_owned()
    } else if all(|c| c.is_ascii_alphabetic()) {
        "[A-Za-z]".to_owned()
    } else if all(|c| c.is_ascii_alphanumeric()) {
        "[A-Za-z0-9]".to_owned()
    } else {
        return format!("[^/{signs}]+");
    };
    let is_single = column.values().all(|value| value.len() == 1) && !all(|c| c.is_ascii_digit());
    if is_single { class } else { class + "+" }
}
