//! Texts with the names of columns in braces.

use std::collections::BTreeMap;

use crate::corpus::paths::{file_name, without_extension};

/// Behind the name of a column that holds a path: its file name without the extension.
const STEM: &str = ":stem";
/// Behind the name of a column that a file may lack.
const OPTIONAL: &str = "?";

/// A text with the names of columns in braces, which may hold braces in turn.
#[derive(Debug)]
pub struct Template<'a>(&'a str);

impl<'a> Template<'a> {
    /// A template whose braces are as many that open as that close.
    pub fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// The text with its columns filled in; none where one of them holds nothing.
    pub fn fill(&self, cells: &BTreeMap<String, String>) -> Option<String> {
        fill(self.0, cells)
    }

    /// The columns that a file must have: those that are named whole, without braces in their names.
    pub fn columns(&self) -> impl Iterator<Item = &'a str> {
        let pieces = self.0.split('{').skip(1).filter_map(|piece| piece.split_once('}'));
        let needed = pieces.filter(|(name, _)| !name.ends_with(OPTIONAL));
        needed.map(|(name, _)| name.strip_suffix(STEM).unwrap_or(name))
    }
}

fn fill(text: &str, cells: &BTreeMap<String, String>) -> Option<String> {
    let Some((before, rest)) = text.split_once('{') else { return Some(text.to_owned()) };
    let end = closing(rest)?;
    let name = fill(&rest[..end], cells)?;
    let value = match name.strip_suffix(STEM) {
        Some(name) => without_extension(file_name(cells.get(name)?)).to_owned(),
        None => cells.get(name.strip_suffix(OPTIONAL).unwrap_or(&name))?.clone(),
    };
    Some(format!("{before}{value}{}", fill(&rest[end + 1..], cells)?))
}

/// Where the brace closes that was opened before this text.
fn closing(text: &str) -> Option<usize> {
    let mut open = 1;
    text.bytes().position(|byte| {
        open += i32::from(byte == b'{') - i32::from(byte == b'}');
        open == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_filled_in_from_the_inside() {
        let cells = [("a", "x"), ("of.x.name", "Y"), ("file", "wavs/r_1.webm")];
        let cells = cells.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        for (text, want) in [
            ("", Some("")),
            ("{a}-{a}", Some("x-x")),
            ("{of.{a}.name}/{a}", Some("Y/x")),
            ("{file:stem}", Some("r_1")),
            ("{b}", None),
            ("{a?}{b?}", None),
            ("{a?}", Some("x")),
            ("{of.{b}.name}", None),
            ("{a", None),
        ] {
            assert_eq!(Template::new(text).fill(&cells).as_deref(), want, "{text}");
        }
        assert_eq!(Template::new("{a}-{of.{b}.name}{c:stem}{d?}").columns().collect::<Vec<_>>(), ["a", "b", "c"]);
    }
}
