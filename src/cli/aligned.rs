//! Columns of text that stand below each other.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Blanks between two columns.
const GAP: usize = 2;
/// The widest cell of a table that is cut.
const WIDEST_CELL: usize = 40;
/// Stands where something was cut off.
const CUT: char = '…';

/// Lines of aligned cells. The columns whose cells are all numbers stand at the right. Trailing blanks are left out.
pub(super) fn aligned(rows: &[Vec<String>]) -> String {
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cells = |column: usize| rows.iter().filter_map(move |row| row.get(column));
    let widths: Vec<usize> =
        (0..width).map(|column| cells(column).map(|cell| cell.width()).max().unwrap_or(0)).collect();
    let right: Vec<bool> = (0..width).map(|column| cells(column).skip(1).all(|cell| is_numeric(cell))).collect();
    let line = |row: &Vec<String>| {
        let padded = row.iter().enumerate().map(|(column, cell)| {
            let blanks = " ".repeat(widths[column].saturating_sub(cell.width()));
            if right[column] { format!("{blanks}{cell}") } else { format!("{cell}{blanks}") }
        });
        let line = padded.collect::<Vec<_>>().join(&" ".repeat(GAP));
        format!("{}\n", line.trim_end())
    };
    rows.iter().map(line).collect()
}

/// The same of the cells of a table, of which as many columns are shown as fit into `width`; and how many these are.
pub(super) fn fitting(rows: &[Vec<String>], width: usize) -> (String, usize) {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| cut(cell, WIDEST_CELL)).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let (mut used, mut fitting) = (0, 0);
    for column in 0..columns {
        let widest = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0);
        used += widest + if column == 0 { 0 } else { GAP };
        // The first is shown whatever it takes.
        if used > width && column > 0 {
            break;
        }
        fitting = column + 1;
    }
    let shown: Vec<Vec<String>> = rows.into_iter().map(|row| row.into_iter().take(fitting).collect()).collect();
    (aligned(&shown), fitting)
}

/// Text of another's file as one line, without what a terminal would obey.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .flat_map(|char| if char.is_control() { Vec::from_iter(char.escape_default()) } else { vec![char] })
        .collect()
}

/// The beginning of a text that is wider than `width`.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let (mut used, mut kept) = (0, String::new());
    for char in text.chars() {
        used += char.width().unwrap_or(0);
        if used >= width {
            break;
        }
        kept.push(char);
    }
    kept.push(CUT);
    kept
}

/// Whether a cell looks best at the right: a number, or that there is none.
fn is_numeric(cell: &str) -> bool {
    ["", "-", "–"].contains(&cell) || cell.replace(',', "").parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[&[&str]]) -> Vec<Vec<String>> {
        rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect()
    }

    #[test]
    fn numbers_stand_at_the_right_and_words_at_the_left() {
        let lines = aligned(&rows(&[&["name", "rows", "what"], &["日本", "1,440", "x"], &["b", "-", ""]]));
        assert_eq!(lines, "name   rows  what\n日本  1,440  x\nb         -\n");
    }

    #[test]
    fn what_does_not_fit_is_left_out_and_counted() {
        let table = rows(&[&["one", "two", "three"], &["1", "2", "3"]]);
        assert_eq!(fitting(&table, 8), ("one  two\n  1    2\n".to_owned(), 2));
        assert_eq!(fitting(&table, 1).1, 1);
        let long = "x".repeat(100);
        assert_eq!(fitting(&rows(&[&[&long]]), 200).0, format!("{}…\n", "x".repeat(39)));
    }

    #[test]
    fn nothing_reaches_the_terminal_that_it_would_obey() {
        assert_eq!(plain("a\u{1b}[31m\nb\u{9b}"), "a\\u{1b}[31m\\nb\\u{9b}");
    }
}
