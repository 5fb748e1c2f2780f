//! SAVEE: Surrey Audio-Visual Expressed Emotion (Haq & Jackson 2009).
//!
//! File stem: `SP_eNN`, as in `DC_a01`, or `eNN` in a folder named after the speaker, as in `DC/a01`.
//!
//! | part | meaning |
//! |---|---|
//! | SP | speaker: DC JE JK KL, all male |
//! | e | emotion: a anger, d disgust, f fear, h happiness, n neutral, sa sadness, su surprise |
//! | NN | sentence of that emotion: 01 to 15 (neutral: to 30) |
//!
//! The source label is the letter or letters of the emotion. The key is `SP_eNN` in both layouts. Each emotion numbers
//! its own sentences, so the text is `eNN`; the few sentences that the corpus repeats under several emotions are not
//! recognised as the same text.

use super::entry::Facts;
use super::paths::{file_name, parent_name};
use super::preset::{Rules, look_up, number};

pub(super) const RULES: Rules = Rules {
    grammar: "SP_eNN as in DC_a01.wav, or DC/a01.wav: speaker (DC JE JK KL), emotion (a d f h n sa su), sentence 01 \
              to 15 (n: to 30)",
    language: "en",
    labels: &[
        ("a", "anger"),
        ("d", "disgust"),
        ("f", "fear"),
        ("h", "happiness"),
        ("n", "neutral"),
        ("sa", "sadness"),
        ("su", "surprise"),
    ],
    extra: &[],
    keep: &[],
    parse,
};

const SPEAKERS: [&str; 4] = ["DC", "JE", "JK", "KL"];

fn parse(path: &str) -> Option<Facts> {
    let stem = file_name(path);
    let (speaker, text) = match stem.split_once('_') {
        Some(parts) => parts,
        None => (parent_name(path)?, stem),
    };
    let emotion = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let last = if emotion == "n" { 30 } else { 15 };
    number(&text[emotion.len()..], 2, 1..=last)?;
    look_up(RULES.labels, emotion)?;
    SPEAKERS.contains(&speaker).then(|| Facts {
        key: Some(format!("{speaker}_{text}")),
        label: emotion.to_owned(),
        speaker: Some(speaker.to_owned()),
        gender: Some("male".to_owned()),
        text_id: Some(text.to_owned()),
        ..Facts::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_layouts_tell_label_speaker_and_text() {
        let cases = [
            ("DC_a01", "a DC male a01 -", "DC_a01"),
            ("AudioData/JE/sa15", "sa JE male sa15 -", "JE_sa15"),
            ("KL/n30", "n KL male n30 -", "KL_n30"),
            ("ALL/JK_su07", "su JK male su07 -", "JK_su07"),
        ];
        for (path, want, key) in cases {
            let facts = parse(path).expect(path);
            assert_eq!(facts.summary(), want, "{path}");
            assert_eq!(facts.key.as_deref(), Some(key), "{path}");
        }
    }

    #[test]
    fn other_names_do_not_match() {
        let wrong = [
            "a01", "XX_a01", "XX/a01", "DC_a16", "DC_n31", "DC_a00", "DC_a1", "DC_a001", "DC_s01", "DC_01", "DC_",
            "DC", "", "DC_á01", "DC_a01_2",
        ];
        for path in wrong {
            assert_eq!(parse(path), None, "{path}");
        }
    }
}
