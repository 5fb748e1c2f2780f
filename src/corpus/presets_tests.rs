//! What the presets read from file names: label, speaker, gender, text, intensity, then the extra columns.

use super::pattern::Pattern;
use crate::corpus::Preset;

const READ: [(&str, &[(&str, &str)]); 6] = [
    (
        "ravdess",
        &[
            ("Actor_01/03-01-01-01-01-01-01", "neutral 01 male 01 normal audio-only speech 01"),
            ("03-01-02-02-02-02-24", "calm 24 female 02 strong audio-only speech 02"),
            ("a/b/03-01-05-02-01-02-07", "angry 07 male 01 strong audio-only speech 02"),
            ("03-02-06-01-01-01-12", "fearful 12 female 01 normal audio-only song 01"),
            ("01-01-08-01-02-01-13", "surprised 13 male 02 normal audio-video speech 01"),
        ],
    ),
    (
        "emodb",
        &[
            ("03a01Fa", "F 03 male a01 - a"),
            ("wav/16b10Wb", "W 16 female b10 - b"),
            ("08a07Lc", "L 08 female a07 - c"),
            ("15b02Ed", "E 15 male b02 - d"),
        ],
    ),
    (
        "crema-d",
        &[
            ("AudioWAV/1001_DFA_ANG_XX", "ANG 1001 male DFA -"),
            ("1002_IEO_HAP_LO", "HAP 1002 female IEO low"),
            ("1091_WSI_NEU_MD", "NEU 1091 female WSI medium"),
            ("1090_TSI_FEA_HI", "FEA 1090 male TSI high"),
            ("1040_ITH_SAD_X", "SAD 1040 male ITH -"),
        ],
    ),
    (
        "tess",
        &[
            ("OAF_angry/OAF_back_angry", "angry OAF female back -"),
            ("YAF_youth_ps", "ps YAF female youth -"),
            ("YAF_dog_fear", "fear YAF female dog -"),
            ("OA_bite_neutral", "neutral OAF female bite -"),
        ],
    ),
    (
        "savee",
        &[
            ("DC_a01", "a DC male a01 -"),
            ("AudioData/JE/sa15", "sa JE male sa15 -"),
            ("KL/n30", "n KL male n30 -"),
            ("ALL/JK_su07", "su JK male su07 -"),
        ],
    ),
    ("nemo", &[("samples/WR0_surprised_87", "surprised WR0 - - - 87"), ("SB0_anger_1", "anger SB0 - - - 1")]),
];

const NOT_READ: [(&str, &[&str]); 6] = [
    (
        "ravdess",
        &[
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
            "03-01-03-01-01-01-1٧",
            "",
            "------",
        ],
    ),
    (
        "emodb",
        &[
            "04a01Fa", "03c01Fa", "03a00Fa", "03a11Fa", "03a01Xa", "03a01fa", "03a01FA", "03a01F", "03a01Faa",
            "03a01F1", "", "é3a01F", "03a0éF",
        ],
    ),
    (
        "crema-d",
        &[
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
        ],
    ),
    (
        "tess",
        &[
            "OAF_back",
            "OAF_back_bored",
            "OAF_back_calm",
            "XAF_back_sad",
            "OAF__sad",
            "OAF_back_sad_1",
            "oaf_back_sad",
            "back_sad",
            "",
        ],
    ),
    (
        "savee",
        &[
            "a01", "XX_a01", "XX/a01", "DC_a16", "DC_n31", "DC_a00", "DC_a1", "DC_a001", "DC_s01", "DC_01", "DC_",
            "DC", "", "DC_á01", "DC_a01_2",
        ],
    ),
    ("nemo", &["WR0_surprise_87", "wr0_anger_1", "WR0_anger_", "WR0_anger_1_2", "WR_anger_1", ""]),
];

fn pattern(name: &str) -> Pattern<'static> {
    Pattern::of_preset(Preset::known(name).expect(name)).expect(name)
}

#[test]
fn names_tell_label_speaker_gender_text_and_intensity() {
    for (name, cases) in READ {
        for (path, want) in cases {
            let facts = pattern(name).parse(&format!("{path}.wav"));
            assert_eq!(facts.map(|facts| facts.summary()).as_deref(), Some(*want), "{name}: {path}");
        }
    }
}

#[test]
fn other_names_do_not_match() {
    for (name, paths) in NOT_READ {
        for path in paths {
            assert_eq!(pattern(name).parse(&format!("{path}.wav")), None, "{name}: {path}");
        }
    }
}

#[test]
fn every_preset_has_its_names_tested() {
    let read: Vec<&str> = READ.iter().map(|(name, _)| *name).collect();
    let not_read: Vec<&str> = NOT_READ.iter().map(|(name, _)| *name).collect();
    for name in Preset::names() {
        assert!(read.contains(&name) && not_read.contains(&name), "{name}");
    }
}

#[test]
fn both_layouts_of_savee_give_the_same_keys() {
    for (path, want) in [("DC_a01.wav", "DC_a01"), ("AudioData/JE/sa15.wav", "JE_sa15")] {
        assert_eq!(pattern("savee").parse(path).expect(path).key.as_deref(), Some(want));
    }
}
