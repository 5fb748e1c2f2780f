//! What stands at one place of every name, value by value.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The number of a name that has nothing there.
const NOTHING: u32 = u32::MAX;

/// The values at one place of all names: a number for each name, and the values that the numbers stand for.
#[derive(Debug, Clone, Default)]
pub(super) struct Column<'a> {
    cells: Vec<u32>,
    values: Vec<&'a str>,
    counts: Vec<usize>,
}

impl<'a> FromIterator<Option<&'a str>> for Column<'a> {
    fn from_iter<I: IntoIterator<Item = Option<&'a str>>>(cells: I) -> Self {
        let mut column = Self::default();
        let mut numbers = HashMap::<&str, u32>::new();
        for cell in cells {
            let number = cell.map_or(NOTHING, |value| {
                *numbers.entry(value).or_insert_with(|| {
                    column.values.push(value);
                    column.counts.push(0);
                    (column.values.len() - 1) as u32
                })
            });
            if number != NOTHING {
                column.counts[number as usize] += 1;
            }
            column.cells.push(number);
        }
        column
    }
}

impl<'a> Column<'a> {
    /// Number of names.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// How many different values there are.
    pub fn distinct(&self) -> usize {
        self.values.len()
    }

    /// The different values, in the order in which they come.
    pub fn values(&self) -> impl Iterator<Item = &'a str> + Clone + '_ {
        self.values.iter().copied()
    }

    /// The different values, each with the number of names that have it.
    pub fn counts(&self) -> impl Iterator<Item = (&'a str, usize)> + '_ {
        self.values().zip(self.counts.iter().copied())
    }

    /// The share of names that have a value here.
    pub fn coverage(&self) -> f64 {
        self.counts.iter().sum::<usize>() as f64 / self.len().max(1) as f64
    }

    /// The value of a name.
    pub fn get(&self, at: usize) -> Option<&'a str> {
        self.values.get(self.cells[at] as usize).copied()
    }

    /// The values that stand for these: none where `map` gives none.
    pub fn map<'b>(&self, map: impl Fn(&'a str) -> Option<&'b str>) -> Column<'b> {
        let mapped = self.values().map(map).collect::<Vec<_>>();
        self.cells.iter().map(|cell| mapped.get(*cell as usize).copied().flatten()).collect()
    }

    /// The share of names of which this value says what the other is: of each value here, those names that have its
    /// most frequent one there.
    pub fn determines(&self, other: &Column<'_>) -> f64 {
        let mut pairs = HashMap::<(u32, u32), usize>::new();
        self.cells.iter().zip(&other.cells).for_each(|pair| *pairs.entry((*pair.0, *pair.1)).or_default() += 1);
        let mut best = HashMap::<u32, usize>::new();
        for ((here, _), count) in pairs {
            let most = best.entry(here).or_default();
            *most = count.max(*most);
        }
        best.values().sum::<usize>() as f64 / self.len().max(1) as f64
    }

    /// Whether both cut the names into the same groups, but for one in a hundred.
    pub fn is_like(&self, other: &Column<'_>) -> bool {
        self.determines(other) > 0.99 && other.determines(self) > 0.99
    }

    /// How far each value here meets all values there, from 0 to 1: the share that it could meet with as many names.
    pub fn crosses(&self, other: &Column<'_>) -> f64 {
        let mut met = BTreeMap::<u32, BTreeSet<u32>>::new();
        let pairs = self.cells.iter().zip(&other.cells).filter(|pair| *pair.0 != NOTHING && *pair.1 != NOTHING);
        for (here, there) in pairs {
            met.entry(*here).or_default().insert(*there);
        }
        let of_value = |(here, there): (&u32, &BTreeSet<u32>)| {
            let names = self.counts[*here as usize];
            let could = other.distinct().min(names).max(2);
            // One of two or more is nothing.
            (names as f64, (there.len() - 1) as f64 / (could - 1) as f64)
        };
        let (names, met) =
            met.iter().map(of_value).fold((0.0, 0.0), |sum, (names, share)| (sum.0 + names, sum.1 + names * share));
        if names == 0.0 { 0.0 } else { met / names }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(cells: &'static str) -> Column<'static> {
        cells.split(' ').map(|cell| Some(cell).filter(|cell| *cell != "-")).collect()
    }

    #[test]
    fn columns_are_compared_by_the_groups_that_they_make() {
        let (speaker, gender) = (column("a a b b c c"), column("f f m m f f"));
        assert_eq!((speaker.determines(&gender), gender.determines(&speaker)), (1.0, 4.0 / 6.0));
        assert!(speaker.is_like(&column("1 1 2 2 3 3")) && !speaker.is_like(&gender));
        let emotion = column("x y x y x y");
        assert_eq!((speaker.crosses(&emotion), emotion.crosses(&speaker)), (1.0, 1.0));
        assert_eq!(speaker.crosses(&column("x x y y x x")), 0.0);
    }

    #[test]
    fn what_is_missing_is_no_value() {
        let cells = column("a - b a");
        assert_eq!((cells.distinct(), cells.coverage(), cells.get(1)), (2, 0.75, None));
        assert_eq!(cells.counts().collect::<Vec<_>>(), [("a", 2), ("b", 1)]);
        let mapped = cells.map(|value| (value == "a").then_some("A"));
        assert_eq!((mapped.distinct(), mapped.get(0), mapped.get(2)), (1, Some("A"), None));
    }
}
