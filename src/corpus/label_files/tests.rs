//! The label files of published corpora, in the form in which they are published.

use super::super::{Rules, Source, SourceFile, build};
use super::*;
use crate::corpus::LabelledCorpus;

/// Every file of a corpus; those without content are recordings.
type Files<'a> = &'a [(&'a str, &'a str)];

fn read(preset: &str, files: Files<'_>) -> Result<LabelledCorpus, CorpusError> {
    let toml = format!("name = 'c'\nsource = 'data'\npreset = '{preset}'\nmax_unmatched_rate = 0.5");
    let config: Corpus = toml::from_str(&toml).expect("sound TOML");
    let listed = files.iter().map(|(path, text)| SourceFile { path, bytes: text.len() as u64 }).collect();
    let wanted = label_files(&config, None, files.iter().map(|(path, _)| *path))?;
    let labels = files.iter().filter(|(path, _)| wanted.contains(path));
    let labels = labels.map(|(path, text)| (*path, text.as_bytes())).collect::<Vec<_>>();
    build(&config, Source { root: "/data", files: &listed, labels: &labels }, None, None, &Rules::default())
}

/// Id, path, source label, emotion, speaker, gender and extra columns of each utterance.
fn rows(corpus: &LabelledCorpus) -> Vec<String> {
    let fields = ["utterance_id", "path", "source_label", "emotion", "speaker", "gender"];
    let typed = fields.map(|name| corpus.utterances.column(name));
    let columns = typed.into_iter().chain(corpus.utterances.texts()).collect::<Vec<_>>();
    let line = |row| columns.iter().map(|cells| cells.get(row).unwrap_or("-")).collect::<Vec<_>>().join(" ");
    (0..corpus.utterances.len()).map(line).collect()
}

fn codes(corpus: &LabelledCorpus) -> Vec<&str> {
    corpus.rejects.iter().map(|reject| reject.code.as_str()).collect()
}

#[test]
fn iemocap() {
    let text = "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n\
                [6.2901 - 8.2357]\tSes01F_impro01_F000\tneu\t[2.5000, 2.5000, 2.5000]\nC-E2:\tNeutral;\t()\n\
                C-F1:\tNeutral;\t(curious)\nA-E3:\tval 3; act 2; dom  2;\t()\n\n\
                [7.5712 - 10.4750]\tSes01F_impro01_M000\txxx\t[2.0000, 3.0000, 3.5000]\nC-E2:\tNeutral;\t()\n\n\
                [10.0100 - 11.3925]\tSes01F_impro01_F001\tfru\t[2.5000, 2.0000, 2.5000]\n";
    let other = "[1.0000 - 2.0000]\tSes03M_script01_1b_FXX0\texc\t[4.0000, 4.5000, 3.5000]\n\
                 [3.0000 - 4.0000]\tSes03M_script01_1b_M004\tang\t[1.0000, 4.5000, 3.5000]\n";
    let evaluation = "dialog/EmoEvaluation";
    let files = [
        (&*format!("Session1/{evaluation}/Ses01F_impro01.txt"), text),
        (&*format!("Session1/{evaluation}/._Ses01F_impro01.txt"), "\0\0"),
        (
            &*format!("Session1/{evaluation}/Categorical/Ses01F_impro01_e2_cat.txt"),
            "Ses01F_impro01_F000 :Neutral state; ()",
        ),
        (&*format!("Session3/{evaluation}/Ses03M_script01_1b.txt"), other),
        ("Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav", ""),
        ("Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_M000.wav", ""),
        ("Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F001.wav", ""),
        ("Session3/sentences/wav/Ses03M_script01_1b/Ses03M_script01_1b_FXX0.wav", ""),
    ];
    let corpus = read("iemocap", &files).expect("sound");
    let folder = "Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01";
    assert_eq!(
        rows(&corpus),
        [
            &*format!(
                "c/Ses01F_impro01_F000 {folder}_F000.wav neu neutral c/Ses01F female 2.5000 2.5000 improvised 1 2.5000"
            ),
            &*format!(
                "c/Ses01F_impro01_F001 {folder}_F001.wav fru frustration c/Ses01F female 2.0000 2.5000 improvised 1 2.5000"
            ),
            "c/Ses03M_script01_1b_FXX0 Session3/sentences/wav/Ses03M_script01_1b/Ses03M_script01_1b_FXX0.wav exc excitement \
             c/Ses03F female 4.5000 3.5000 scripted 3 4.0000",
        ]
    );
    assert_eq!(corpus.utterances.names(), ["arousal", "dominance", "kind", "session", "valence"]);
    assert_eq!(codes(&corpus), ["missing_file"]);
    assert!(corpus.rejects[0].message.contains("row 2 of \"Session3/"), "{:?}", corpus.rejects);
    let dropped = corpus.labels.iter().find(|label| label.source_label == "xxx").expect("counted");
    assert_eq!((dropped.action.as_str(), dropped.utterances), ("dropped", 1));
}

#[test]
fn meld() {
    let header =
        "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,StartTime,EndTime\n";
    let train = format!(
        "{header}1,also I was the point person on my company\u{92}s transition,Chandler,neutral,neutral,0,0,8,21,\
         \"00:16:16,059\",\"00:16:21,731\"\n23,\"Yeah, sure!\",Rachel,joy,positive,1,8,9,23,\"0:36:59,425\",\"0:37:01,439\"\n"
    );
    let test = format!(
        "{header}1,Why do all you’re coffee mugs have numbers on the bottom?,Mark,surprise,positive,0,0,3,19,\
         \"00:14:38,127\",\"00:14:40,378\"\n88,Excuse me?,Fireman #1,surprise,positive,9,6,6,18,\"00:05:18,443\",\"00:05:21,361\"\n"
    );
    let files = [
        ("train/train_sent_emo.csv", &*train),
        ("test_sent_emo.csv", &test),
        ("train/train_splits/dia0_utt0.mp4", ""),
        ("train/train_splits/dia1_utt8.mp4", ""),
        ("output_repeated_splits_test/dia0_utt0.mp4", ""),
        ("output_repeated_splits_test/final_videos_testdia9_utt6.mp4", ""),
    ];
    let corpus = read("meld", &files).expect("sound");
    assert_eq!(
        rows(&corpus),
        [
            "c/test_dia0_utt0 output_repeated_splits_test/dia0_utt0.mp4 surprise surprise c/Mark - test_0 test",
            "c/train_dia0_utt0 train/train_splits/dia0_utt0.mp4 neutral neutral c/Chandler - train_0 train",
            "c/train_dia1_utt8 train/train_splits/dia1_utt8.mp4 joy happiness c/Rachel - train_1 train",
        ]
    );
    assert_eq!(corpus.utterances.column("text_id").get(2), Some("c/Yeah, sure!"));
    assert_eq!(codes(&corpus), ["missing_file"], "a row of test is not read from another folder");
    assert!(
        corpus.warnings.iter().any(|warning| warning.contains("1 audio file is in no usable row")),
        "{:?}",
        corpus.warnings
    );
}

#[test]
fn msp_podcast() {
    let text = "FileName,EmoClass,EmoAct,EmoVal,EmoDom,SpkrID,Gender,Split_Set\n\
                MSP-PODCAST_0001_0008.wav,N,2.2,4.0,2.6,30,Male,Test1\n\
                MSP-PODCAST_0001_0009.wav,X,3.777778,3.555556,3.777778,39,Male,Test1\n\
                MSP-PODCAST_0001_0011.wav,C,4.125,4.75,4.0,Unknown,Unknown,Train\n";
    let audio = ["0008", "0009", "0011"].map(|number| format!("Audios/MSP-PODCAST_0001_{number}.wav"));
    for name in ["Labels/labels_consensus.csv", "labels/labels_concensus.csv"] {
        let mut files = vec![(name, text), ("Labels/labels_detailed.csv", "x,y\n")];
        files.extend(audio.iter().map(|path| (path.as_str(), "")));
        let corpus = read("msp-podcast", &files).expect("sound");
        assert_eq!(
            rows(&corpus),
            [
                "c/MSP-PODCAST_0001_0008 Audios/MSP-PODCAST_0001_0008.wav N neutral c/30 male 2.2 2.6 Test1 4.0",
                "c/MSP-PODCAST_0001_0011 Audios/MSP-PODCAST_0001_0011.wav C contempt - - 4.125 4.0 Train 4.75",
            ]
        );
        assert_eq!(corpus.utterances.names(), ["arousal", "dominance", "part", "valence"]);
    }
}

#[test]
fn m3ed() {
    let text = r#"{"anjia": {"anjia_1": {
        "SpeakerInfo": {"A": {"Name": "房似锦", "Age": "mid", "Gender": "female", "OtherName": []},
                        "B": {"Name": "朱闪闪", "Age": "young", "Gender": "female", "OtherName": []}},
        "Dialog": {
            "anjia_1_1": {"StartTime": "00:00:00:01", "EndTime": "00:00:01:04", "Text": "你先把衣服换了", "Speaker": "A",
                "EmoAnnotation": {"EmoAnnotator1": "Neutral", "final_mul_emo": "Neutral", "final_main_emo": "Neutral"}},
            "anjia_1_2": {"StartTime": "00:00:02:01", "EndTime": "00:00:03:04", "Text": "好", "Speaker": "B",
                "EmoAnnotation": {"EmoAnnotator1": "Anger", "final_mul_emo": "Anger,Sad", "final_main_emo": "Anger"}}}}}}"#;
    let files =
        [("annotation.json", text), ("modality_speech/A_anjia_1_1.wav", ""), ("modality_speech/B_anjia_1_2.wav", "")];
    assert_eq!(
        rows(&read("m3ed", &files).expect("sound")),
        [
            "c/A_anjia_1_1 modality_speech/A_anjia_1_1.wav Neutral neutral c/anjia_房似锦 female mid anjia_1 anjia",
            "c/B_anjia_1_2 modality_speech/B_anjia_1_2.wav Anger anger c/anjia_朱闪闪 female young anjia_1 anjia",
        ]
    );
}

#[test]
fn mer2023() {
    let files = [
        (
            "mer2023train/train-label.csv",
            "name,discrete,valence\nsample_00000047,neutral,0.5\nsample_00000048,worried,-2\n",
        ),
        ("test-labels/test3-label.csv", "name,discrete\nsamplenew_00006611,sad\n"),
        ("mer2023train/train/sample_00000047.wav", ""),
        ("mer2023train/train/sample_00000048.mp4", ""),
        ("mer2023train/test3/samplenew_00006611.mp4", ""),
    ];
    assert_eq!(
        rows(&read("mer2023", &files).expect("sound")),
        [
            "c/sample_00000047 mer2023train/train/sample_00000047.wav neutral neutral - - train 0.5",
            "c/sample_00000048 mer2023train/train/sample_00000048.mp4 worried worry - - train -2",
            "c/samplenew_00006611 mer2023train/test3/samplenew_00006611.mp4 sad sadness - - test3 -",
        ]
    );
}

#[test]
fn emns() {
    let text = "id|utterance|description|emotion|date_created|status|gender|age|level|audio_recording|user_id\n\
                454|There are two mechanisms.|With a {emotion} voice|Sad|2022-07-18 14:40:50|Complete|Female|20s|7|wavs/recorded_audio_3aCYrjz.webm|3\n\
                72|It is the first game in the \"Saints Row\" series.|{user_id} said|Sarcastic|2022-06-03 11:24:02|Complete|Female|20s|4|wavs/recorded_audio_Mhiuz8D.webm|3\n";
    let files = [
        ("metadata.csv", text),
        ("cleaned_webm/recorded_audio_3aCYrjz.webm", ""),
        ("cleaned_webm/recorded_audio_Mhiuz8D.webm", ""),
    ];
    let corpus = read("emns", &files).expect("sound");
    assert_eq!(
        rows(&corpus),
        [
            "c/recorded_audio_3aCYrjz cleaned_webm/recorded_audio_3aCYrjz.webm Sad sadness c/3 female 20s 7",
            "c/recorded_audio_Mhiuz8D cleaned_webm/recorded_audio_Mhiuz8D.webm Sarcastic sarcasm c/3 female 20s 4",
        ]
    );
    assert_eq!(
        corpus.utterances.column("text_id").get(1),
        Some("c/It is the first game in the \"Saints Row\" series.")
    );
}

const SAMPLES: &str = "file_name,actor,sentence,emotion_expressed\n1614174909788.wav,b830,Sono qui,joy\n1614343223166.wav,b831,Vado,neutrality\n";

#[test]
fn emozionalmente() {
    let files = [
        ("metadata/samples.csv", SAMPLES),
        ("metadata/users.csv", "username,gender,age\nb830,female,30\nb831,male,41\nb832,male,20\n"),
        ("audio/1614174909788.wav", ""),
        ("audio/1614343223166.wav", ""),
    ];
    assert_eq!(
        rows(&read("emozionalmente", &files).expect("sound")),
        [
            "c/1614174909788 audio/1614174909788.wav joy happiness c/b830 female 30",
            "c/1614343223166 audio/1614343223166.wav neutrality neutral c/b831 male 41",
        ]
    );
    let without = [files[0], files[2], files[3]];
    let corpus = read("emozionalmente", &without).expect("nothing to join");
    assert!(rows(&corpus).iter().all(|row| row.ends_with(" - -")), "{:?}", rows(&corpus));
}

const EVALUATION: &str = "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt";
const TURNS: &str = "[1.0 - 2.0]\tSes01F_impro01_F000\tneu\t[2.5, 2.5, 2.5]\n\
                     [1.0 - 2.0]\tSes01F_impro01_F001\tneu\t[2.5, 2.5, 2.5]\n\
                     [1.0 - 2.0]\tSes01F_impro01_F002\tneu\t[2.5, 2.5, 2.5]\n";

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let wav = ("audio/1614174909788.wav", "");
    let again = ("copy/1614174909788.flac", "");
    let users = "metadata/users.csv";
    let cases: [(&str, Files<'_>, &str); 10] = [
        ("emozionalmente", &[wav], "no file of the source matches the pattern"),
        (
            "emozionalmente",
            &[("metadata/samples.csv", "file_name,actor\nx.wav,a\n"), wav],
            "no column \"emotion_expressed\", which `emotion` needs",
        ),
        (
            "emozionalmente",
            &[("metadata/samples.csv", SAMPLES), wav, again],
            "row 1: both \"audio/1614174909788.wav\" and \"copy/",
        ),
        ("emozionalmente", &[("metadata/samples.csv", SAMPLES), (users, "name\nb\n"), wav], "no column \"username\""),
        (
            "emozionalmente",
            &[("metadata/samples.csv", SAMPLES), (users, "username,x\nb,1\nb,2\n"), wav],
            "\"b\" is in column \"username\" twice",
        ),
        (
            "emozionalmente",
            &[("metadata/samples.csv", SAMPLES), ("audio/other.wav", "")],
            "no row of the manifest can be used",
        ),
        ("iemocap", &[(EVALUATION, TURNS), ("Ses01F_impro01_F000.wav", "")], "2 of 3 rows have no recording"),
        ("iemocap", &[("Session1/dialog/EmoEvaluation/Ses01F_impro01.txt", "% nothing\n"), wav], "no line matches"),
        ("m3ed", &[("annotation.json", "{}"), wav], "there is nothing at {show}"),
        ("m3ed", &[("annotation.json", "{"), wav], "not JSON"),
    ];
    for (preset, files, want) in cases {
        let error = read(preset, files).expect_err(want).to_string();
        assert!(error.contains(want), "{error}\nshould say {want}");
    }
    let odd = SAMPLES.replace("joy", "rage");
    let error = read("emozionalmente", &[("metadata/samples.csv", &odd), wav, ("audio/1614343223166.wav", "")]);
    assert!(error.expect_err("an unknown label").to_string().contains("\"rage\""));
}
