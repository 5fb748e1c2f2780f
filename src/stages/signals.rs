//! Words about suspicious signals.

use crate::schema::{Signal, plural};

/// Warns of them, kind by kind; none where there are none.
pub(super) fn warning(counts: &[(Signal, usize)], table: &str) -> Option<String> {
    let kind = |(signal, count): &(Signal, usize)| {
        format!("{} `{}` ({})", plural(*count, "utterance"), signal.as_str(), signal.meaning())
    };
    let kinds = counts.iter().map(kind).collect::<Vec<_>>().join(", ");
    (!counts.is_empty()).then(|| format!("suspicious signals: {kinds}; the column `signal` of {table} says which"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_counted_and_named() {
        assert_eq!(warning(&[], "features"), None);
        let text = warning(&[(Signal::Silent, 1), (Signal::NarrowBand, 12)], "features").expect("two kinds");
        let want = "suspicious signals: 1 utterance `silent` (digital silence), 12 utterances `narrow_band` (a sample \
                    rate below the one that features are computed at); the column `signal` of features says which";
        assert_eq!(text, want);
    }
}
