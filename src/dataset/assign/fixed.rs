//! Sides that a column of the table fixes.

use super::super::fold::SideOfRow;
use super::{DatasetError, Keys, Side, plural};
use std::collections::BTreeMap;
use std::str::FromStr;

/// The sides that a column holds, by the words `train`, `dev` and `test` and by those of `words`; `-` there is no side.
///
/// # Errors
/// Any other word, with all that there are.
pub(super) fn fixed_sides(
    keys: &Keys,
    column: &str,
    words: &BTreeMap<String, String>,
) -> Result<SideOfRow, DatasetError> {
    let cells = keys.named("split.column", column)?;
    let mut unknown = false;
    let mut side = |cell: &Option<&str>| {
        let word = cell.unwrap_or_default();
        match words.get(word).map_or(word, String::as_str) {
            "-" if words.contains_key(word) => None,
            word => given_side(word).or_else(|| {
                unknown = true;
                None
            }),
        }
    };
    let sides = cells.iter().map(&mut side).collect();
    if unknown {
        return Err(DatasetError::BadSides { column: column.to_owned(), lines: side_lines(&cells, words) });
    }
    Ok(sides)
}

/// The side of a word; `seen` is none that a publisher gives.
fn given_side(word: &str) -> Option<Side> {
    Side::from_str(word).ok().filter(|side| *side != Side::Seen)
}

/// Words that an error lists.
const WORDS_SHOWN: usize = 20;

/// `  "Development" = "dev"  # 12 utterances`, a line a word; those that need no line stand in a remark.
fn side_lines(cells: &[Option<&str>], words: &BTreeMap<String, String>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for cell in cells {
        *counts.entry(cell.unwrap_or_default()).or_default() += 1;
    }
    let line = |(word, count): (&&str, &usize)| {
        let count = plural(*count, "utterance");
        match words.get(*word) {
            Some(side) => format!("  {word:?} = {side:?}  # {count}"),
            None if given_side(word).is_some() => format!("  # {word}: {count}"),
            None => format!("  {word:?} = {:?}  # {count}", likely_side(word)),
        }
    };
    let mut lines = counts.iter().take(WORDS_SHOWN).map(line).collect::<Vec<_>>();
    if counts.len() > WORDS_SHOWN {
        lines.push(format!("  # and {} more words", counts.len() - WORDS_SHOWN));
    }
    lines.join("\n")
}

/// The side that a publisher's word most likely means; `?` where it may be any.
fn likely_side(word: &str) -> &'static str {
    let word = word.to_lowercase();
    let begins = |beginnings: &[&str]| beginnings.iter().any(|beginning| word.starts_with(beginning));
    match () {
        () if word.is_empty() => "-",
        () if begins(&["tr"]) => "train",
        () if begins(&["dev", "val"]) => "dev",
        () if begins(&["te", "eval"]) => "test",
        () => "?",
    }
}
