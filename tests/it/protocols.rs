//! Published folds, disjoint columns, several corpora and the leaderboard, through the program.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use ser_etl::schema::{Leader, Leakage, Metric, Prediction, SplitRow, Utterance};
use tempfile::TempDir;

use crate::predict::read;
use crate::util::{failure, ser, stdout};

const PATTERN: &str = r"(?P<speaker>spk\d+)_(?P<gender>female|male)/(?P<emotion>[a-z]+)_(?P<text_id>s\d+)_r\d+\.wav$";

/// A pipeline over corpora that the synthesizer writes, each with other emotions.
fn synthetic(corpora: &[(&str, &str)], rest: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut pipeline = "name = \"synthetic\"\nout = \"out\"\nBEFORE".to_owned();
    for (at, (name, emotions)) in corpora.iter().enumerate() {
        let seed = at.to_string();
        let flags =
            ["--speakers", "4", "--sentences", "3", "--repetitions", "1", "--emotions", emotions, "--seed", &seed];
        stdout(&ser(folder.path(), &[&["synth", name], &flags[..]].concat()));
        pipeline += &format!("[[corpus]]\nname = \"{name}\"\nsource = \"{name}\"\npattern = '{PATTERN}'\n");
    }
    let (before, after) = rest.split_once("---\n").unwrap_or(("", rest));
    pipeline += "[features]\nset = \"mfcc-energy\"\n[train]\nmodels = [\"logistic\", \"majority\"]\n";
    pipeline += "[evaluate]\nbootstrap = 200\n";
    fs::write(folder.path().join("pipeline.toml"), pipeline.replace("BEFORE", before) + after).expect("written");
    folder
}

fn run(folder: &TempDir, flags: &[&str]) -> std::process::Output {
    ser(folder.path(), &[&["run", "pipeline.toml", "--quiet"], flags].concat())
}

fn splits(out: &Path) -> Vec<SplitRow> {
    read::<SplitRow>(&out.join("splits.parquet")).rows
}

const TWO: &str = "anger,sadness";

#[test]
fn a_published_protocol_makes_its_folds_and_the_report_says_whose_they_are() {
    let folder = synthetic(&[("mine", TWO)], "[split]\nscheme = \"published\"\nprotocol = \"speaker\"\ndev = 0.0\n");
    stdout(&run(&folder, &[]));
    let rows = splits(&folder.path().join("out"));
    assert_eq!(rows.iter().map(|row| row.fold).max(), Some(3));
    assert!(rows.iter().all(|row| row.scheme == "published"));
    for fold in 0..4 {
        let tested = rows.iter().filter(|row| row.fold == fold && row.split == "test");
        let speakers = tested.map(|row| row.utterance_id.split('_').next()).collect::<BTreeSet<_>>();
        assert_eq!(speakers.len(), 1);
    }
    let report = fs::read_to_string(folder.path().join("out/report.md")).expect("a report");
    assert!(report.contains("Protocol speaker: Leave one speaker out (LOSO) ("), "{report}");
    assert!(report.contains("The mean over the 4 folds, which most papers give"), "{report}");
}

#[test]
fn protocols_that_do_not_fit_are_refused_by_name() {
    let folder =
        synthetic(&[("mine", TWO), ("other", TWO)], "[split]\nscheme = \"published\"\nprotocol = \"speaker\"\n");
    let refused = |flags: &[&str]| {
        let (code, error) = failure(&run(&folder, flags));
        assert_eq!(code, 2, "{error}");
        error
    };
    assert!(refused(&[]).contains("a protocol is for one corpus, and there are 2"));
    let error = refused(&["--set", "split.protocol=emobx"]);
    assert!(error.contains("legal are emobox, reslstm, session, speaker") && error.contains("did you mean"), "{error}");
    let one = synthetic(&[("mine", TWO)], "[split]\nscheme = \"published\"\nprotocol = \"emobox\"\n");
    let (code, error) = failure(&run(&one, &[]));
    assert!(code == 2 && error.contains("no folds of corpus `mine`") && error.contains("presets aesdd"), "{error}");
    let (code, error) = failure(&run(&one, &["--set", "split.protocol=session"]));
    assert!(code == 3 && error.contains("names column `session`, which does not exist"), "{error}");
    // Names that are none of the corpus.
    let emodb = "[split]\nscheme = \"published\"\nprotocol = \"emobox\"\ndev = 0.0\n";
    let foreign = synthetic(&[("mine", TWO)], emodb);
    let path = foreign.path().join("pipeline.toml");
    let text = fs::read_to_string(&path).expect("written");
    let preset = "preset = \"preset.toml\"\n";
    fs::write(&path, text.replace(&format!("pattern = '{PATTERN}'\n"), preset)).expect("written");
    fs::write(foreign.path().join("preset.toml"), format!("pattern = '{}'", PATTERN.replace(r"\.wav$", "$")))
        .expect("written");
    let (code, error) = failure(&run(&foreign, &[]));
    assert!(code == 2 && error.contains("no folds of corpus `mine`"), "{error}");
}

#[test]
fn new_speakers_say_new_sentences_where_both_are_disjoint() {
    let split = "[split]\nscheme = \"group-k-fold\"\nfolds = 2\ndev = 0.0\ndisjoint = [\"speaker\", \"text_id\"]\n";
    let folder = synthetic(&[("mine", TWO)], split);
    let models = ["--set", "train.models=['logistic', 'naive-bayes', 'majority']", "--set", "fusion={}"];
    stdout(&run(&folder, &[&["--set", "split.folds=3"], &models[..]].concat()));
    let out = folder.path().join("out");
    let rows = splits(&out);
    assert_eq!(rows.iter().map(|row| row.fold).max(), Some(8), "three parts of the speakers, three sentences");
    let word = |id: &str, at: usize| id.split(['/', '_']).nth(at).unwrap_or_default().to_owned();
    for fold in 0..9 {
        let of = |side: &str, at: usize| -> BTreeSet<String> {
            let rows = rows.iter().filter(|row| row.fold == fold && row.split == side);
            rows.map(|row| word(&row.utterance_id, at)).collect()
        };
        // corpus/spk01_male/anger_s01_r1
        assert!(
            of("train", 1).is_disjoint(&of("test", 1)) && of("train", 4).is_disjoint(&of("test", 4)),
            "fold {fold}"
        );
    }
    let leakage = read::<Leakage>(&out.join("leakage.parquet")).rows;
    let texts = leakage.iter().filter(|row| row.check == "text" && row.between == "train-test");
    assert!(texts.clone().count() == 9 && texts.clone().all(|row| !row.allowed && row.shared == Some(0)));
    let report = fs::read_to_string(out.join("report.md")).expect("a report");
    assert!(report.contains("are left out of training, since they share a"), "{report}");
    // New speakers with sentences that training has seen stand beside, and count in no other figure.
    for fold in 0..9 {
        let of = |side: &str, at: usize| -> BTreeSet<String> {
            let rows = rows.iter().filter(|row| row.fold == fold && row.split == side);
            rows.map(|row| word(&row.utterance_id, at)).collect()
        };
        assert!(of("seen", 1) == of("test", 1) && of("seen", 4) == of("train", 4), "fold {fold}");
    }
    let predictions = read::<Prediction>(&out.join("predictions.parquet")).rows;
    let count = |side: &str| predictions.iter().filter(|row| row.model == "logistic" && row.split == side).count();
    assert_eq!((count("test"), count("seen")), (24, 48), "each of 24, and each beside both other sentences");
    assert_eq!(predictions.iter().filter(|row| row.model == "fusion").count(), 72);
    let right = predictions.iter().filter(|row| row.model == "logistic" && row.split == "seen");
    let right = right.filter(|row| row.truth == row.predicted).count();
    let metrics = read::<Metric>(&out.join("metrics.parquet")).rows;
    let of_seen = |metric: &str| {
        let found = metrics.iter().find(|row| row.model == "logistic" && row.slice == "seen" && row.metric == metric);
        found.expect("a figure")
    };
    assert_eq!((of_seen("accuracy").value, of_seen("accuracy").n), (Some(right as f64 / 48.0), 48));
    assert!(
        report.contains("## Seen and unseen `text_id`") && report.contains("| UAR, seen in training |"),
        "{report}"
    );
    let seen = leakage.iter().filter(|row| row.between == "train-seen").collect::<Vec<_>>();
    assert!(seen.iter().any(|row| row.check == "text" && row.allowed && row.shared > Some(0)));
    let new = seen.iter().filter(|row| row.check != "text");
    assert!(new.clone().count() == 18 && new.clone().all(|row| !row.allowed && row.shared == Some(0)));
    let again = ["--out", "again", "--set", "split={scheme='group-k-fold', folds=3, dev=0.0, frozen='out'}"];
    let (code, error) = failure(&run(&folder, &again));
    assert!(code == 2 && error.contains("made with split.disjoint, which cannot be frozen"), "{error}");
    let (code, error) = failure(&run(&folder, &["--set", "split.disjoint=['speaker','sentence']"]));
    assert!(code == 3 && error.contains("`split.disjoint` names column `sentence`"), "{error}");
}

#[test]
fn each_corpus_is_left_out_in_turn_with_the_emotions_that_are_shared() {
    let corpora = [("a", "anger,sadness,fear"), ("b", "anger,sadness"), ("c", "anger,sadness,neutral")];
    let rest = "emotions = [\"anger\", \"sadness\", \"fear\"]\n---\n[split]\nscheme = \"loco\"\ndev = 0.0\n\
                [normalize]\nscope = \"each-corpus\"\n";
    let folder = synthetic(&corpora, rest);
    stdout(&run(&folder, &["--set", "train.balance=['corpus','emotion']"]));
    let out = folder.path().join("out");
    let utterances = read::<Utterance>(&out.join("utterances.parquet")).rows;
    assert!(utterances.iter().all(|row| row.emotion != "neutral"), "not of the common set");
    let rows = splits(&out);
    let mut tested = BTreeMap::<i64, BTreeSet<String>>::new();
    for row in rows.iter().filter(|row| row.split == "test") {
        let corpus = row.utterance_id.split('/').next().unwrap_or_default().to_owned();
        tested.entry(row.fold).or_default().insert(corpus);
        assert!(!row.utterance_id.contains("fear"), "one corpus alone has fear");
    }
    let want = ["a", "b", "c"].map(|corpus| BTreeSet::from([corpus.to_owned()]));
    assert_eq!(tested.into_values().collect::<Vec<_>>(), want);
    let report = fs::read_to_string(out.join("report.md")).expect("a report");
    assert!(
        report.contains("## From corpus to corpus") && report.contains("**Normalization is transductive.**"),
        "{report}"
    );
    let (code, error) = failure(&run(&folder, &["--set", "emotions=['anger']"]));
    assert!(code == 2 && error.contains("two emotions or more"), "{error}");
    let (code, error) = failure(&run(&folder, &["--set", "train.balance=['nothing']"]));
    assert!(code == 3 && error.contains("`train.balance` names column `nothing`"), "{error}");
}

#[test]
fn runs_of_one_protocol_stand_in_one_table_and_others_are_refused() {
    let folder = synthetic(&[("mine", TWO)], "[split]\nscheme = \"published\"\nprotocol = \"speaker\"\ndev = 0.0\n");
    stdout(&run(&folder, &["--out", "first"]));
    stdout(&run(&folder, &["--out", "second", "--set", "train.models=['naive-bayes', 'majority']"]));
    stdout(&run(&folder, &["--out", "third", "--set", "split={scheme='k-fold', folds=4, dev=0.0}"]));
    let board = |flags: &[&str]| ser(folder.path(), &[&["leaderboard"], flags].concat());
    let printed = stdout(&board(&["first", "second", "--out", "board"]));
    assert!(printed.starts_with("# mine, protocol speaker\n"), "{printed}");
    assert!(printed.contains("| first | logistic |") && printed.contains("| second | naive-bayes |"), "{printed}");
    assert!(printed.contains("## Trained on the corpus alone") && !printed.contains("Pretrained"), "{printed}");
    assert_eq!(fs::read_to_string(folder.path().join("board/leaderboard.md")).expect("written"), printed);
    let rows = read::<Leader>(&folder.path().join("board/leaderboard.parquet")).rows;
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row.uar.is_some() && row.uar_folds.is_some() && !row.published));
    assert_eq!(stdout(&board(&["first", "second", "--every-model"])).matches("majority").count(), 2);
    let (code, error) = failure(&board(&["first", "third"]));
    assert!(code == 3 && error.contains("cannot stand in one table: protocol: speaker against k-fold"), "{error}");
    let (code, error) = failure(&board(&["first", "nowhere"]));
    assert!(code != 0 && error.contains("nowhere"), "{error}");
    fs::write(folder.path().join("bad.toml"), "[[figure]]\nsystem = 1\n").expect("written");
    let (code, error) = failure(&board(&["first", "--figures", "bad.toml"]));
    assert!(code == 2 && error.contains("bad.toml"), "{error}");
}

#[test]
fn known_corpora_are_listed_and_described() {
    let here = tempfile::tempdir().expect("a temporary folder");
    let list = stdout(&ser(here.path(), &["corpora"]));
    assert!(list.lines().count() > 35 && list.contains("iemocap") && list.contains("reslstm"), "{list}");
    let told = stdout(&ser(here.path(), &["corpora", "describe", "emodb"]));
    for words in
        ["free for research", "Every speaker and every text is on all sides", "preset = \"emodb\"", "W = anger"]
    {
        assert!(told.contains(words), "{words}: {told}");
    }
    let (code, error) = failure(&ser(here.path(), &["corpora", "describe", "emodbb"]));
    assert!(code == 2 && error.contains("did you mean `emodb`?"), "{error}");
}

/// A small corpus in the layout of IEMOCAP, of synthetic speech.
fn iemocap(folder: &Path) {
    let flags = ["--speakers", "4", "--sentences", "2", "--repetitions", "1", "--emotions", "anger,neutral,sadness"];
    stdout(&ser(folder, &[&["synth", "speech"], &flags[..]].concat()));
    let mut texts = BTreeMap::<String, String>::new();
    for (number, speaker) in ["spk01_male", "spk02_female", "spk03_male", "spk04_female"].into_iter().enumerate() {
        let (session, side) = (number / 2 + 1, if number % 2 == 0 { "M" } else { "F" });
        let dialog = format!("Ses0{session}F_impro01");
        let wav = folder.join(format!("IEMOCAP/Session{session}/sentences/wav/{dialog}"));
        fs::create_dir_all(&wav).expect("made");
        let mut turn = 0;
        for (emotion, code) in [("anger", "ang"), ("neutral", "neu"), ("sadness", "sad")] {
            for sentence in ["s01", "s02"] {
                let name = format!("{dialog}_{side}{turn:03}");
                let from = folder.join(format!("speech/{speaker}/{emotion}_{sentence}_r1.wav"));
                fs::copy(from, wav.join(format!("{name}.wav"))).expect("copied");
                let line = format!("[1.0 - 2.0]\t{name}\t{code}\t[2.5000, {turn}.5000, 2.0000]\nC-E2:\tx;\t()\n\n");
                *texts.entry(format!("Session{session}/dialog/EmoEvaluation/{dialog}.txt")).or_default() += &line;
                turn += 1;
            }
        }
    }
    for (path, text) in texts {
        let path = folder.join("IEMOCAP").join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }
}

#[test]
fn a_corpus_with_label_files_runs_from_init_to_a_report() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    iemocap(folder.path());
    let said = stdout(&ser(folder.path(), &["init", "IEMOCAP"]));
    assert!(said.contains("preset `iemocap`") && said.contains("speakers   4:"), "{said}");
    let session = "split={scheme='published', protocol='session', dev=0.0}";
    let flags = ["--set", session, "--set", "train.models=['logistic', 'majority']", "--quiet", "--out", "out"];
    stdout(&ser(folder.path(), &[&["run", "iemocap.toml"], &flags[..]].concat()));
    let rows = read::<Utterance>(&folder.path().join("out/utterances.parquet"));
    assert_eq!((rows.rows.len(), splits(&folder.path().join("out")).iter().map(|row| row.fold).max()), (24, Some(1)));
    assert!(rows.text.names.contains(&"arousal".to_owned()), "{:?}", rows.text.names);
    // A label that changes is seen, although no recording has.
    let path = folder.path().join("IEMOCAP/Session1/dialog/EmoEvaluation/Ses01F_impro01.txt");
    let text = fs::read_to_string(&path).expect("there");
    fs::write(&path, text.replacen("\tang\t", "\tneu\t", 1)).expect("written");
    stdout(&ser(folder.path(), &["ingest", "iemocap.toml", "--out", "out", "--quiet"]));
    let after = read::<Utterance>(&folder.path().join("out/utterances.parquet")).rows;
    let anger = |rows: &[Utterance]| rows.iter().filter(|row| row.emotion == "anger").count();
    assert_eq!(anger(&rows.rows), anger(&after) + 1);
}
