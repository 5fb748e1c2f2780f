//! EMO-DB: Berlin Database of Emotional Speech (Burkhardt et al. 2005).
//!
//! File stem: `SSTTTEv`, seven characters, as in `03a01Fa`.
//!
//! | part | meaning |
//! |---|---|
//! | SS | speaker: 03 10 11 12 15 male, 08 09 13 14 16 female |
//! | TTT | text: `a01` ... `b10` |
//! | E | emotion: W (Wut) anger, L (Langeweile) boredom, E (Ekel) disgust, A (Angst) fear, F (Freude) happiness, T (Trauer) sadness, N neutral |
//! | v | version, a lower-case letter |
//!
//! The source label is the letter. The version becomes an extra column.

use super::entry::Facts;
use super::paths::file_name;
use super::preset::{Rules, look_up, number};

pub(super) const RULES: Rules = Rules {
    grammar: "SSTTTEv as in 03a01Fa.wav: speaker, text, emotion letter (W L E A F T N), version",
    language: "de",
    labels: &[
        ("W", "anger"),
        ("L", "boredom"),
        ("E", "disgust"),
        ("A", "fear"),
        ("F", "happiness"),
        ("T", "sadness"),
        ("N", "neutral"),
    ],
    extra: &["version"],
    keep: &[],
    parse,
};

const GENDERS: [(&str, &str); 10] = [
    ("03", "male"),
    ("08", "female"),
    ("09", "female"),
    ("10", "male"),
    ("11", "male"),
    ("12", "male"),
    ("13", "female"),
    ("14", "female"),
    ("15", "male"),
    ("16", "female"),
];

fn parse(path: &str) -> Option<Facts> {
    let stem = file_name(path);
    if stem.len() != 7 || !stem.is_ascii() {
        return None;
    }
    let (speaker, text, emotion, version) = (&stem[..2], &stem[2..5], &stem[5..6], &stem[6..]);
    number(text.strip_prefix(['a', 'b'])?, 2, 1..=10)?;
    look_up(RULES.labels, emotion)?;
    if !version.bytes().all(|b| b.is_ascii_lowercase()) {
        return None;
    }
    Some(Facts {
        label: emotion.to_owned(),
        speaker: Some(speaker.to_owned()),
        gender: Some(look_up(&GENDERS, speaker)?.to_owned()),
        text_id: Some(text.to_owned()),
        extra: vec![Some(version.to_owned())],
        ..Facts::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_label_speaker_gender_and_text() {
        let cases = [
            ("03a01Fa", "F 03 male a01 - a"),
            ("wav/16b10Wb", "W 16 female b10 - b"),
            ("08a07Lc", "L 08 female a07 - c"),
            ("15b02Ed", "E 15 male b02 - d"),
        ];
        for (path, want) in cases {
            assert_eq!(parse(path).expect(path).summary(), want, "{path}");
        }
    }

    #[test]
    fn other_names_do_not_match() {
        let wrong = [
            "04a01Fa", "03c01Fa", "03a00Fa", "03a11Fa", "03a01Xa", "03a01fa", "03a01FA", "03a01F", "03a01Faa",
            "03a01F1", "", "é3a01F", "03a0éF",
        ];
        for path in wrong {
            assert_eq!(parse(path), None, "{path}");
        }
    }
}
