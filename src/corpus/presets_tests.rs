//! What the presets read from file names: label, speaker, gender, text, intensity, then the extra columns.

use super::pattern::Pattern;
use crate::corpus::Preset;

const READ: [(&str, &[(&str, &str)]); 26] = [
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
    (
        "aesdd",
        &[("anger/a01 (1)", "a 1 - 01 - -"), ("disgust/d03 (01)", "d 1 - 03 - -"), ("fear/f18 (5)b", "f 5 - 18 - b")],
    ),
    (
        "ased",
        &[("01Neutral/n1-01-01-01-01", "neutral 01 female 01 - 01"), ("04Sad/S4-04-02-02-29", "sad 29 male 04 - 02")],
    ),
    (
        "asvp-esd",
        &[
            ("Audio/actor_10/03-02-03-01-03-10-02-03-01-13", "03 10 male - normal non-speech"),
            ("Audio/actor_54/03-01-05-02-47-54-02-02", "05 54 male - high speech"),
            ("Bonus/actor_150/03-02-04-07-52-151-04-01-00-14 -01", "04 151 female - - non-speech"),
            ("Audio/actor_/03-02-13-01-01-110-02-02-02-13", "13 110 male - normal non-speech"),
        ],
    ),
    ("cafe", &[("CaFE_48k/Joie/Faible/01-J-1-1", "J 01 male 1 mild"), ("Neutre/12-N-1-6", "N 12 female 6 mild")]),
    (
        "casia",
        &[("wangzhe/angry/201", "angry wangzhe male 201 -"), ("x/liuchanhg/sad/250", "sad liuchanhg female 250 -")],
    ),
    (
        "emov-db",
        &[
            ("bea_Amused/amused_1-15_0001", "amused bea female 0001 -"),
            ("sam_Disgusted/Disgust_169_196_0169", "disgusted sam male 0169 -"),
        ],
    ),
    ("emovo", &[("f1/dis-f1-b1", "dis f1 female b1 -"), ("tri-m3-l4", "tri m3 male l4 -")]),
    (
        "enterface",
        &[
            ("subject 10/anger/sentence 1/s10_an_1", "an 10 - an_1 -"),
            ("subject 11/fear/sentence 5/s12_fe_5", "fe 11 - fe_5 -"),
            ("subject 3/fear/sentence 5/s_3_fe_5", "fe 3 - fe_5 -"),
            ("subject 6/anger/s6_an", "an 6 - an -"),
            ("subject 16/surprise/sentence 3/s16_su_3avi", "su 16 - su_3 -"),
        ],
    ),
    (
        "esd",
        &[
            ("0001/Neutral/0001_000350", "Neutral 0001 female 350 - -"),
            ("0002/Happy/0002_000863", "Happy 0002 female 163 - -"),
            ("0020/Surprise/train/0020_001750", "Surprise 0020 male 350 - train"),
        ],
    ),
    (
        "jl-corpus",
        &[
            ("JL(wav+txt)/female1_angry_10a_1", "angry female1 female 10 - a 1"),
            ("male2_sad_5b_2", "sad male2 male 5 - b 2"),
        ],
    ),
    (
        "mead",
        &[
            ("W019/audio/sad/level_3/014", "sad W019 female - 3 014"),
            ("M003/audio/neutral/level_1/002", "neutral M003 male - 1 002"),
        ],
    ),
    (
        "mesd",
        &[("MESD/Anger_C_A_abajo", "Anger - - abajo - C A"), ("Neutral_M_A_basta_ya", "Neutral - male basta_ya - M A")],
    ),
    ("oreau", &[("OréauFR_02/f/sessc/10a01Ca", "C 10 female a01C - a"), ("m/sessn/07z02Na", "N 07 male z02N - a")]),
    ("pavoque", &[("pavoque-poker", "poker pavoque male - -"), ("x/pavoque-outtakes", "outtakes pavoque male - -")]),
    ("polish", &[("m5.n_trzymaj_2", "n m5 male trzymaj - 2")]),
    (
        "resd",
        &[
            ("test/10_happiness_anger/10_happiness_anger h_060", "h - - - - test 10 060"),
            ("train/sadness_disgust_12/12_sadness_disgust_s_080", "s - - - - train 12 080"),
        ],
    ),
    ("shemo", &[("female/F01A01", "A F01 female - - 01"), ("male/M52S02", "S M52 male - - 02")]),
    (
        "subesco",
        &[("F_01_OISHI_S_10_FEAR_5", "FEAR F_01 female 10 - 5"), ("M_10_EVAN_S_1_SAD_1", "SAD M_10 male 1 - 1")],
    ),
    ("turev-db", &[("Sound Source/Sad/7895_hl_ogul1", "hl 7895 - ogul - 1"), ("1234_kz_serin", "kz 1234 - serin - -")]),
    ("urdu", &[("Sad/SM24_F32_S044", "S SM24 male - - 044"), ("SF7_F2_H0100", "H SF7 female - - 0100")]),
];

const NOT_READ: [(&str, &[&str]); 26] = [
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
    ("aesdd", &["b01 (1)", "a00 (1)", "a21 (1)", "a01", "a01 (0)", "a01 (11)", ""]),
    ("ased", &["n2-01-01-01-01", "n1-08-01-01-01", "n1-01-01-03-01", "n1-01-01-01", "n1-01-01-01-01-1", ""]),
    ("asvp-esd", &["03-01-14-01-01-10-02-03", "03-03-01-01-01-10-02", "01-01-01-01-01-10-02", "03-01-01-01-01-10", ""]),
    ("cafe", &["13-C-1-1", "01-X-1-1", "01-C-3-1", "01-C-1-7", "01-C-1", ""]),
    ("casia", &["wangzhe/angry", "someone/angry/201", "wangzhe/bored/201", "angry/201", ""]),
    (
        "emov-db",
        &[
            "bea_Amused/amused_1-15",
            "bea/amused_1-15_0001",
            "bea_Calm/calm_1-15_0001",
            "eva_Amused/amused_1-15_0001",
            "",
        ],
    ),
    ("emovo", &["dis-f4-b1", "dis-f1-x1", "xxx-f1-b1", "dis-f1", ""]),
    ("enterface", &["s10_an_1", "subject 10/anger/sentence 1/s10_xx_1", "subject 10/anger/s10_an_6", ""]),
    ("esd", &["0021/Angry/0021_000351", "0001/Bored/0001_000351", "0001_000351", "0001/Angry/0001_351", ""]),
    ("jl-corpus", &["female3_angry_10a_1", "male1_bored_10a_1", "male1_angry_10_1", "male1_angry_10a", ""]),
    ("mead", &["W019/video/sad/level_3/014", "W019/audio/sad/level_4/014", "W019/audio/bored/level_3/014", ""]),
    ("mesd", &["Anger_X_A_abajo", "Anger_C_C_abajo", "Rage_C_A_abajo", "Anger_C_A", ""]),
    ("oreau", &["x/sessc/10a01Ca", "f/sessc/10a01Xa", "10a01Ca", ""]),
    ("pavoque", &["pavoque", "pavoque-bored", "angry", ""]),
    ("polish", &["m6.n_trzymaj_2", "m5.x_trzymaj_2", "m5.n_trzymaj", ""]),
    (
        "resd",
        &["dev/x/10_happiness_anger h_060", "test/10_happiness_anger h_060", "test/x/10_happiness_anger x_060", ""],
    ),
    ("shemo", &["X01A01", "F01X01", "F01A1", "F1A01", ""]),
    ("subesco", &["F_01_OISHI_S_1_CALM_5", "F_01_OISHI_S_1_FEAR_6", "F_01_S_1_FEAR_5", ""]),
    ("turev-db", &["123_kz_serin", "1234_xx_serin", "1234_kz", ""]),
    ("urdu", &["SX1_F1_A01", "SM1_F1_B01", "SM1_A01", ""]),
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
    for name in Preset::names().filter(|name| Preset::known(name).is_some_and(|preset| preset.pattern.is_some())) {
        assert!(read.contains(&name) && not_read.contains(&name), "{name}");
    }
}

#[test]
fn both_layouts_of_savee_give_the_same_keys() {
    for (path, want) in [("DC_a01.wav", "DC_a01"), ("AudioData/JE/sa15.wav", "JE_sa15")] {
        assert_eq!(pattern("savee").parse(path).expect(path).key.as_deref(), Some(want));
    }
}
