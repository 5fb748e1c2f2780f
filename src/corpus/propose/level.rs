//! One part of every path (the name of the file, or a folder), cut into the pieces that file names are made of.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::classes::{class, signs};
use super::column::Column;
use super::cut::{Bytes, cut, is_of_word, mode, pieces};

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
    spans: Vec<Option<Vec<Bytes>>>,
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
    fn cut(&mut self, pieces: &[Option<Vec<Bytes>>]) {
        let count = pieces.iter().flatten().next().map_or(0, Vec::len);
        self.spans = pieces.iter().map(|pieces| pieces.as_ref().map(|_| Vec::new())).collect();
        let mut gap = None;
        for piece in 0..count {
            if self.gap == Some(piece) {
                gap = Some(self.atoms.len());
            }
            let text = |(pieces, text): (&Option<Vec<Bytes>>, &Option<&'a str>)| {
                let (start, end) = pieces.as_ref()?[piece];
                Some((start, &(*text)?[start as usize..end as usize]))
            };
            let cut = cut(&pieces.iter().zip(&self.texts).map(text).collect::<Vec<_>>());
            for (spans, more) in self.spans.iter_mut().zip(cut.spans) {
                *spans = spans.take().zip(more).map(|(spans, more)| [spans, more].concat());
            }
            let atom = |run| Atom { piece, run, regex: String::new(), before: String::new() };
            self.atoms.extend(cut.runs.into_iter().map(atom));
        }
        self.gap = gap;
        let signs = self.seen_signs();
        for at in 0..self.atoms.len() {
            self.atoms[at].regex = class(&self.column(&(at..=at)), &signs);
            self.atoms[at].before = self.between(at.checked_sub(1), Some(at));
        }
        self.after = self.between(self.atoms.len().checked_sub(1), None);
    }

    /// What stands at some atoms, taken together, in every path.
    pub fn column(&self, span: &Span) -> Column<'a> {
        let text = |(spans, text): (&Option<Vec<Bytes>>, &Option<&'a str>)| {
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

    /// Single letters, runs and pieces; of a folder also the whole.
    pub fn spans(&self) -> Vec<Span> {
        let mut spans = (0..self.atoms.len()).map(|at| at..=at).collect::<Vec<_>>();
        let same = [
            |a: &Atom, b: &Atom| a.piece == b.piece && a.run == b.run,
            |a: &Atom, b: &Atom| a.piece == b.piece,
            |_: &Atom, _: &Atom| true,
        ];
        for (number, same) in same.into_iter().enumerate() {
            // The names of files are whole sentences, and no ids.
            if number == 2 && (self.gap.is_some() || self.place == Place::Stem) {
                continue;
            }
            let mut start = 0;
            for atoms in self.atoms.chunk_by(same) {
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

    /// All characters that stand between pieces, for a class of a regular expression.
    fn seen_signs(&self) -> String {
        let signs = self.texts.iter().flatten().flat_map(|text| text.chars()).filter(|c| !is_of_word(*c));
        let signs = signs.collect::<BTreeSet<_>>();
        signs.into_iter().map(|sign| regex::escape(&sign.to_string())).collect()
    }

    /// A regular expression of what stands between two atoms; none: an end of the text.
    fn between(&self, first: Option<usize>, second: Option<usize>) -> String {
        signs(self.spans.iter().zip(&self.texts).filter_map(|(spans, text)| {
            let (spans, text) = (spans.as_ref()?, (*text)?);
            let start = first.map_or(0, |at| spans[at].1 as usize);
            let end = second.map_or(text.len(), |at| spans[at].0 as usize);
            // Of short names, atoms from the end may stand before those from the beginning.
            text.get(start..end)
        }))
    }
}
