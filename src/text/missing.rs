/// Words that say that a cell holds nothing: what pandas, R, Spark and spreadsheets write.
const WORDS: [&str; 9] = ["nan", "-nan", "na", "n/a", "#n/a", "<na>", "null", "none", "nat"];

/// Whether a cell, without blanks around it, holds nothing.
pub fn is_missing(cell: &str) -> bool {
    cell.is_empty() || WORDS.into_iter().any(|word| cell.eq_ignore_ascii_case(word))
}
