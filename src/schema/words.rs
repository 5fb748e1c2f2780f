/// `1 speaker`, `24 speakers`.
pub fn plural(count: usize, word: &str) -> String {
    format!("{count} {}", noun(count as i64, word))
}

/// The model that several are fused into.
pub const FUSION: &str = "fusion";
/// The model that was chosen on inner folds.
pub const SELECTED: &str = "selected";

/// The word as it stands behind the count: `speaker` behind 1, `speakers` behind any other.
pub fn noun(count: i64, word: &str) -> String {
    format!("{word}{}", if count == 1 { "" } else { "s" })
}
