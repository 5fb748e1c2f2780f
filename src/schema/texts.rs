//! Many texts in little memory.

use std::collections::HashMap;
use std::fmt;

/// So many different texts of a column are looked up by later cells. Where there are more, they hardly repeat.
const KNOWN: usize = 1 << 14;
/// The number of a cell that holds nothing.
const NOTHING: u32 = u32::MAX;

/// A column of texts, some of which may be missing. A text that repeats takes four bytes a cell, as long as the column
/// has few different ones; any other one twelve bytes more than its own.
#[derive(Clone, Default)]
pub struct Texts {
    /// The number of each cell's text.
    cells: Vec<u32>,
    /// The texts one behind the other, and where each ends.
    text: String,
    ends: Vec<usize>,
    /// The numbers of the first of them.
    known: HashMap<Box<str>, u32>,
}

impl Texts {
    /// Puts a cell behind the others.
    pub fn push(&mut self, cell: Option<&str>) {
        let number = cell.map_or(NOTHING, |text| self.number(text));
        self.cells.push(number);
    }

    fn number(&mut self, text: &str) -> u32 {
        // Neighbours are often alike, and comparing is cheaper than a look into the map.
        if let Some(last) = self.cells.last().filter(|last| self.numbered(**last) == Some(text)) {
            return *last;
        }
        if let Some(number) = self.known.get(text) {
            return *number;
        }
        let number = self.ends.len() as u32;
        self.text.push_str(text);
        self.ends.push(self.text.len());
        if self.known.len() < KNOWN {
            self.known.insert(text.into(), number);
        }
        number
    }

    fn numbered(&self, number: u32) -> Option<&str> {
        let end = *self.ends.get(number as usize)?;
        let start = (number as usize).checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.text[start..end])
    }

    /// A cell; none where it is missing or not there.
    pub fn get(&self, at: usize) -> Option<&str> {
        self.numbered(*self.cells.get(at)?)
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// All cells in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Option<&str>> {
        self.cells.iter().map(|number| self.numbered(*number))
    }

    /// How many cells `is_before` holds of, where these come before all others.
    pub fn partition_point(&self, is_before: impl Fn(Option<&str>) -> bool) -> usize {
        self.cells.partition_point(|number| is_before(self.numbered(*number)))
    }

    /// Puts the cells into another order, in which some may be left out: what stands at `order[0]` comes first.
    pub fn reorder(&mut self, order: &[usize]) {
        self.cells = order.iter().map(|at| self.cells[*at]).collect();
    }
}

impl<'a> Extend<Option<&'a str>> for Texts {
    fn extend<I: IntoIterator<Item = Option<&'a str>>>(&mut self, cells: I) {
        cells.into_iter().for_each(|cell| self.push(cell));
    }
}

impl<'a> FromIterator<Option<&'a str>> for Texts {
    fn from_iter<I: IntoIterator<Item = Option<&'a str>>>(cells: I) -> Self {
        let mut texts = Self::default();
        texts.extend(cells);
        texts
    }
}

impl PartialEq for Texts {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_come_back_however_many_differ() {
        let word = |at: usize| {
            (at % 7 != 3).then(|| if at.is_multiple_of(2) { "same".to_owned() } else { format!("word {at}") })
        };
        let words = (0..3 * KNOWN).map(word).collect::<Vec<_>>();
        let mut texts = words.iter().map(Option::as_deref).collect::<Texts>();
        assert!(texts.iter().eq(words.iter().map(Option::as_deref)));
        assert_eq!((texts.len(), texts.get(3), texts.get(words.len())), (words.len(), None, None));
        assert_eq!(texts.ends.len(), 1 + words.iter().flatten().filter(|word| *word != "same").count());
        texts.reorder(&[words.len() - 1, 0, 1]);
        assert!(texts.iter().eq([words.last().expect("words").as_deref(), Some("same"), Some("word 1")]));
    }

    #[test]
    fn an_empty_text_is_not_a_missing_one() {
        let texts = [Some(""), None, Some("a"), Some("")].into_iter().collect::<Texts>();
        assert!(texts.iter().eq([Some(""), None, Some("a"), Some("")]));
        assert_ne!(texts, [None, None, Some("a"), Some("")].into_iter().collect());
    }
}
