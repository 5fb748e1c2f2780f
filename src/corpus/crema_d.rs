//! CREMA-D: Crowd-sourced Emotional Multimodal Actors Dataset (Cao et al. 2014, doi 10.1109/TAFFC.2014.2336244).
//!
//! File stem: `AAAA_SSS_EEE_LL`, as in `1001_DFA_ANG_XX`.
//!
//! | part | meaning |
//! |---|---|
//! | AAAA | actor: 1001 to 1091 |
//! | SSS | sentence: IEO TIE IOM IWW TAI MTI IWL ITH DFA ITS TSI WSI |
//! | EEE | emotion: ANG DIS FEA HAP NEU SAD |
//! | LL | level: LO low, MD medium, HI high, XX unspecified (written X in one name of the corpus) |
//!
//! The source label is the three-letter code. An unspecified level leaves the intensity empty. The actors' genders are
//! those of the corpus' own VideoDemographics.csv (43 women, 48 men).

use super::entry::Facts;
use super::paths::file_name;
use super::preset::{Rules, look_up, number};

pub(super) const RULES: Rules = Rules {
    grammar: "AAAA_SSS_EEE_LL as in 1001_DFA_ANG_XX.wav: actor, sentence, emotion (ANG DIS FEA HAP NEU SAD), level \
              (LO MD HI XX)",
    language: "en",
    labels: &[
        ("ANG", "anger"),
        ("DIS", "disgust"),
        ("FEA", "fear"),
        ("HAP", "happiness"),
        ("NEU", "neutral"),
        ("SAD", "sadness"),
    ],
    extra: &[],
    keep: &[],
    parse,
};

const SENTENCES: [&str; 12] = ["IEO", "TIE", "IOM", "IWW", "TAI", "MTI", "IWL", "ITH", "DFA", "ITS", "TSI", "WSI"];
const LEVELS: [(&str, &str); 5] = [("LO", "low"), ("MD", "medium"), ("HI", "high"), ("XX", ""), ("X", "")];
/// Actresses, from VideoDemographics.csv of the corpus.
const WOMEN: [u32; 43] = [
    1002, 1003, 1004, 1006, 1007, 1008, 1009, 1010, 1012, 1013, 1018, 1020, 1021, 1024, 1025, 1028, 1029, 1030, 1037,
    1043, 1046, 1047, 1049, 1052, 1053, 1054, 1055, 1056, 1058, 1060, 1061, 1063, 1072, 1073, 1074, 1075, 1076, 1078,
    1079, 1082, 1084, 1089, 1091,
];

fn parse(path: &str) -> Option<Facts> {
    let parts: Vec<&str> = file_name(path).split('_').collect();
    let [actor, sentence, emotion, level] = parts[..] else { return None };
    let actor_number = number(actor, 4, 1001..=1091)?;
    look_up(RULES.labels, emotion)?;
    if !SENTENCES.contains(&sentence) {
        return None;
    }
    let level = look_up(&LEVELS, level)?;
    Some(Facts {
        label: emotion.to_owned(),
        speaker: Some(actor.to_owned()),
        gender: Some(if WOMEN.contains(&actor_number) { "female" } else { "male" }.to_owned()),
        text_id: Some(sentence.to_owned()),
        intensity: Some(level.to_owned()).filter(|level| !level.is_empty()),
        ..Facts::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_label_speaker_gender_text_and_intensity() {
        let cases = [
            ("AudioWAV/1001_DFA_ANG_XX", "ANG 1001 male DFA -"),
            ("1002_IEO_HAP_LO", "HAP 1002 female IEO low"),
            ("1091_WSI_NEU_MD", "NEU 1091 female WSI medium"),
            ("1090_TSI_FEA_HI", "FEA 1090 male TSI high"),
            ("1040_ITH_SAD_X", "SAD 1040 male ITH -"),
        ];
        for (path, want) in cases {
            assert_eq!(parse(path).expect(path).summary(), want, "{path}");
        }
    }

    #[test]
    fn other_names_do_not_match() {
        let wrong = [
            "1000_DFA_ANG_XX",
            "1092_DFA_ANG_XX",
            "1001_XYZ_ANG_XX",
            "1001_DFA_SUR_XX",
            "1001_DFA_ANG_ZZ",
            "1001_DFA_ANG",
            "1001_DFA_ANG_XX_1",
            "1001-DFA-ANG-XX",
            "1001_dfa_ang_xx",
            "",
        ];
        for path in wrong {
            assert_eq!(parse(path), None, "{path}");
        }
    }

    #[test]
    fn women_are_listed_once_and_in_order() {
        assert!(WOMEN.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
