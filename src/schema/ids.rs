/// The id of an utterance: `<corpus>/<key>`.
pub fn utterance_id(corpus: &str, key: &str) -> String {
    format!("{corpus}/{key}")
}

/// A speaker's name with its corpus before it, so that two corpora never share one by accident: `ravdess/01`.
pub fn speaker_id(corpus: &str, speaker: &str) -> String {
    format!("{corpus}/{speaker}")
}

/// The key of a segment of a recording: `<key>#<start>-<end>`, seconds with three decimals; an open end is left empty.
pub fn segment_key(key: &str, start_s: Option<f64>, end_s: Option<f64>) -> String {
    match (start_s, end_s) {
        (None, None) => key.to_owned(),
        (start, Some(end)) => format!("{key}#{:.3}-{end:.3}", start.unwrap_or(0.0)),
        (Some(start), None) => format!("{key}#{start:.3}-"),
    }
}

/// The id of an augmented copy of an utterance: `<original>~<transform>`.
pub fn augmented_id(original: &str, transform: &str) -> String {
    format!("{original}~{transform}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_append_their_times() {
        let cases =
            [((None, None), "a"), ((Some(1.0), Some(2.5)), "a#1.000-2.500"), ((None, Some(0.25)), "a#0.000-0.250")];
        for ((start, end), want) in cases {
            assert_eq!(segment_key("a", start, end), want);
        }
        assert_eq!(segment_key("a", Some(3.0), None), "a#3.000-");
    }
}
