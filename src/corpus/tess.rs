//! TESS: Toronto Emotional Speech Set (Pichora-Fuller & Dupuis 2020, doi 10.5683/SP2/E8H2MF).
//!
//! File stem: `SSS_word_emotion`, as in `OAF_back_angry`: one of two actresses (OAF the older, YAF the younger) says
//! "Say the word ...". Emotions: angry, disgust, fear, happy, neutral, ps (pleasant surprise), sad.
//!
//! The source label is the last part of the name. One file of the corpus is called `OA_bite_neutral`: its speaker is
//! OAF. With two speakers a speaker-disjoint evaluation rests on one speaker a side.

use super::entry::Facts;
use super::paths::file_name;
use super::preset::{Rules, look_up};

pub(super) const RULES: Rules = Rules {
    grammar: "SSS_word_emotion as in OAF_back_angry.wav: speaker (OAF YAF), word, emotion (angry disgust fear happy \
              neutral ps sad)",
    language: "en",
    labels: &[("angry", "anger"), ("happy", "happiness"), ("ps", "surprise"), ("sad", "sadness")],
    extra: &[],
    keep: &[],
    parse,
};

const SPEAKERS: [(&str, &str); 3] = [("OAF", "OAF"), ("OA", "OAF"), ("YAF", "YAF")];
/// Labels that are canonical emotions already.
const CANONICAL: [&str; 3] = ["disgust", "fear", "neutral"];

fn parse(path: &str) -> Option<Facts> {
    let parts: Vec<&str> = file_name(path).split('_').collect();
    let [speaker, word, emotion] = parts[..] else { return None };
    if word.is_empty() || !(CANONICAL.contains(&emotion) || look_up(RULES.labels, emotion).is_some()) {
        return None;
    }
    Some(Facts {
        label: emotion.to_owned(),
        speaker: Some(look_up(&SPEAKERS, speaker)?.to_owned()),
        gender: Some("female".to_owned()),
        text_id: Some(word.to_owned()),
        ..Facts::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_label_speaker_and_text() {
        let cases = [
            ("OAF_angry/OAF_back_angry", "angry OAF female back -"),
            ("YAF_youth_ps", "ps YAF female youth -"),
            ("YAF_dog_fear", "fear YAF female dog -"),
            ("OA_bite_neutral", "neutral OAF female bite -"),
        ];
        for (path, want) in cases {
            assert_eq!(parse(path).expect(path).summary(), want, "{path}");
        }
    }

    #[test]
    fn other_names_do_not_match() {
        let wrong = [
            "OAF_back",
            "OAF_back_bored",
            "OAF_back_calm",
            "XAF_back_sad",
            "OAF__sad",
            "OAF_back_sad_1",
            "oaf_back_sad",
            "back_sad",
            "",
        ];
        for path in wrong {
            assert_eq!(parse(path), None, "{path}");
        }
    }
}
