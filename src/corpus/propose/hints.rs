//! Words and letters that stand before ids: `Actor_01`, `spk01`, `take3`.

use super::level::Level;
use super::lexicon::lexicon;

/// What the words and letters before an id say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// It stands before people.
    Person,
    /// It stands before something else.
    Other,
}

/// What the first atom says of those behind it, or the atom before them.
pub(super) fn before(level: &Level<'_>, first: usize, last: usize) -> Option<Word> {
    let own = (last > first).then(|| (first, level.atoms[first].piece == level.atoms[last].piece));
    let before = first.checked_sub(1).filter(|before| level.are_neighbours(*before, first));
    let before = before.map(|before| (before, level.atoms[before].piece == level.atoms[first].piece));
    [own, before].into_iter().flatten().find_map(|(at, is_one_piece)| {
        let column = level.column(&(at..=at));
        let all = |table, list| column.values().all(|value| lexicon().has(table, list, value));
        if all("speaker", "words") || (is_one_piece && all("speaker", "letters")) {
            Some(Word::Person)
        } else {
            (all("other", "words") || (is_one_piece && all("other", "letters"))).then_some(Word::Other)
        }
    })
}
