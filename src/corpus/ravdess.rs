//! RAVDESS: Ryerson Audio-Visual Database of Emotional Speech and Song (Livingstone & Russo 2018, doi
//! 10.5281/zenodo.1188976).
//!
//! File stem: seven two-digit numbers, `MM-VV-EE-II-SS-RR-AA`.
//!
//! | part | meaning |
//! |---|---|
//! | MM | modality: 01 full-AV, 02 video-only, 03 audio-only |
//! | VV | vocal channel: 01 speech, 02 song |
//! | EE | emotion: 01 neutral, 02 calm, 03 happy, 04 sad, 05 angry, 06 fearful, 07 disgust, 08 surprised |
//! | II | intensity: 01 normal, 02 strong (neutral has no strong) |
//! | SS | statement: 01 "Kids are talking by the door", 02 "Dogs are sitting by the door" |
//! | RR | repetition: 01, 02 |
//! | AA | actor: 01 to 24; odd male, even female |
//!
//! The source label is the corpus' word for the emotion (`angry`), which is mapped to the canonical noun (`anger`);
//! neutral, calm and disgust stay. Modality, vocal channel and repetition become extra columns. Unless the pipeline
//! file filters on them itself, only audio-only speech is kept: songs and audio from the videos (the same recordings
//! again) count as `filtered` in the label accounting.

use super::entry::Facts;
use super::paths::file_name;
use super::preset::{Rules, look_up, number};

pub(super) const RULES: Rules = Rules {
    grammar: "MM-VV-EE-II-SS-RR-AA, seven two-digit numbers as in 03-01-05-02-01-01-12.wav",
    language: "en",
    labels: &[
        ("happy", "happiness"),
        ("sad", "sadness"),
        ("angry", "anger"),
        ("fearful", "fear"),
        ("surprised", "surprise"),
    ],
    extra: &["modality", "vocal_channel", "repetition"],
    keep: &[("modality", &["audio-only"]), ("vocal_channel", &["speech"])],
    parse,
};

const MODALITIES: [(&str, &str); 3] = [("01", "audio-video"), ("02", "video-only"), ("03", "audio-only")];
const VOCAL_CHANNELS: [(&str, &str); 2] = [("01", "speech"), ("02", "song")];
const EMOTIONS: [(&str, &str); 8] = [
    ("01", "neutral"),
    ("02", "calm"),
    ("03", "happy"),
    ("04", "sad"),
    ("05", "angry"),
    ("06", "fearful"),
    ("07", "disgust"),
    ("08", "surprised"),
];
const INTENSITIES: [(&str, &str); 2] = [("01", "normal"), ("02", "strong")];

fn parse(path: &str) -> Option<Facts> {
    let parts: Vec<&str> = file_name(path).split('-').collect();
    let [modality, channel, emotion, intensity, statement, repetition, actor] = parts[..] else { return None };
    number(statement, 2, 1..=2)?;
    number(repetition, 2, 1..=2)?;
    let actor_number = number(actor, 2, 1..=24)?;
    let extra = vec![
        Some(look_up(&MODALITIES, modality)?.to_owned()),
        Some(look_up(&VOCAL_CHANNELS, channel)?.to_owned()),
        Some(repetition.to_owned()),
    ];
    if (emotion, intensity) == ("01", "02") {
        return None;
    }
    Some(Facts {
        label: look_up(&EMOTIONS, emotion)?.to_owned(),
        speaker: Some(actor.to_owned()),
        gender: Some(if actor_number % 2 == 0 { "female" } else { "male" }.to_owned()),
        text_id: Some(statement.to_owned()),
        intensity: Some(look_up(&INTENSITIES, intensity)?.to_owned()),
        extra,
        ..Facts::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_label_speaker_gender_text_and_intensity() {
        let cases = [
            ("Actor_01/03-01-01-01-01-01-01", "neutral 01 male 01 normal audio-only speech 01"),
            ("03-01-02-02-02-02-24", "calm 24 female 02 strong audio-only speech 02"),
            ("a/b/03-01-05-02-01-02-07", "angry 07 male 01 strong audio-only speech 02"),
            ("03-02-06-01-01-01-12", "fearful 12 female 01 normal audio-only song 01"),
            ("01-01-08-01-02-01-13", "surprised 13 male 02 normal audio-video speech 01"),
        ];
        for (path, want) in cases {
            assert_eq!(parse(path).expect(path).summary(), want, "{path}");
        }
    }

    #[test]
    fn other_names_do_not_match() {
        let wrong = [
            "03-01-01-02-01-01-01",
            "03-01-09-01-01-01-01",
            "03-01-00-01-01-01-01",
            "03-01-03-03-01-01-01",
            "03-01-03-01-03-01-01",
            "03-01-03-01-01-03-01",
            "03-01-03-01-01-01-25",
            "03-01-03-01-01-01-00",
            "04-01-03-01-01-01-01",
            "03-03-03-01-01-01-01",
            "03-01-03-01-01-01",
            "03-01-03-01-01-01-01-01",
            "3-1-3-1-1-1-1",
            "03-01-03-01-01-01-01 (1)",
            "03_01_03_01_01_01_01",
            "03-01-03-01-01-01-0x",
            "",
            "------",
        ];
        for path in wrong {
            assert_eq!(parse(path), None, "{path}");
        }
    }
}
