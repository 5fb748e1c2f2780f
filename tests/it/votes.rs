//! `train.votes`, through the program: `mlp` learns what annotators said, and figures are of the emotion.

use std::fs;

use ser_etl::schema::{Prediction, Utterance};
use tempfile::TempDir;

use crate::predict::read;
use crate::util::{failure, ser, stdout, with_manifest};

const PIPELINE: &str = r#"
name = "votes"
out = "out"

[[corpus]]
name = "mine"
source = "corpus"
manifest = "labels.csv"

[features]
set = "mfcc-energy"

[split]
scheme = "group-k-fold"
folds = 2
dev = 0.0

[train]
models = ["mlp", "logistic", "majority"]
mlp = { hidden = [8], epochs = 10, members = 1 }

[evaluate]
bootstrap = 100
"#;

/// Synthetic speech with a manifest of votes for anger and sadness; nobody voted for neutral.
fn workplace(votes: impl Fn(usize, &str) -> [String; 2]) -> TempDir {
    let columns = "path,speaker,emotion,votes_anger,votes_neutral,votes_sadness";
    with_manifest(4, (columns, PIPELINE), |at, (speaker, file)| {
        let emotion = file.split('_').next().expect("a word");
        let [anger, sadness] = votes(at, emotion);
        format!("{speaker}/{file},{speaker},{emotion},{anger},,{sadness}")
    })
}

fn predictions(folder: &TempDir, out: &str, model: &str) -> Vec<String> {
    let table = read::<Prediction>(&folder.path().join(out).join("predictions.parquet"));
    let rows = table.rows.iter().zip(table.float.values.chunks(table.float.names.len()));
    rows.filter(|(row, _)| row.model == model).map(|(row, p)| format!("{} {p:?}", row.utterance_id)).collect()
}

#[test]
fn votes_change_what_mlp_learns_and_nothing_else() {
    let folder = workplace(|at, emotion| match emotion {
        "anger" => ["3".to_owned(), (at % 2).to_string()],
        "sadness" => [String::new(), "2.5".to_owned()],
        _ => [String::new(), String::new()],
    });
    let run = |flags: &[&str]| ser(folder.path(), &[&["run", "pipeline.toml", "--quiet"], flags].concat());
    stdout(&run(&["--out", "plain"]));
    stdout(&run(&["--out", "voted", "--set", "train.votes=votes_"]));
    assert_ne!(predictions(&folder, "plain", "mlp"), predictions(&folder, "voted", "mlp"));
    assert_eq!(predictions(&folder, "plain", "logistic"), predictions(&folder, "voted", "logistic"));
    let rows = |out: &str| read::<Utterance>(&folder.path().join(out).join("utterances.parquet")).rows.len();
    assert_eq!(rows("plain"), rows("voted"));
    let report = fs::read_to_string(folder.path().join("voted/report.md")).expect("a report");
    assert!(report.contains("`mlp` learns the votes of annotators (columns that begin with `votes_`)"), "{report}");
    // A run that has not the votes is made anew with them.
    stdout(&run(&["--out", "plain", "--set", "train.votes=votes_"]));
    assert_eq!(predictions(&folder, "plain", "mlp"), predictions(&folder, "voted", "mlp"));
    let (code, error) = failure(&run(&["--dry-run", "--out", "new", "--set", "train.votes=vote_"]));
    assert!(code == 3 && error.contains("`train.votes` names column `vote_anger`, which does not exist"), "{error}");
    let (code, error) = failure(&run(&["--set", "train.votes=votes_", "--set", "train.models=['logistic']"]));
    assert!(code == 2 && error.contains("train.votes"), "{error}");
}

#[test]
fn votes_of_one_emotion_each_are_the_emotion() {
    let folder = workplace(|_, emotion| ["anger", "sadness"].map(|of| u8::from(of == emotion).to_string()));
    let run = |flags: &[&str]| ser(folder.path(), &[&["run", "pipeline.toml", "--quiet"], flags].concat());
    stdout(&run(&["--out", "plain"]));
    stdout(&run(&["--out", "voted", "--set", "train.votes=votes_"]));
    let [plain, voted] = ["plain", "voted"]
        .map(|out| read::<Prediction>(&folder.path().join(out).join("predictions.parquet")).float.values);
    assert_eq!(plain.len(), voted.len());
    // The two losses add in other orders.
    assert!(plain.iter().zip(&voted).all(|(a, b)| (a - b).abs() < 1e-3), "{plain:?} {voted:?}");
}

#[test]
fn cells_that_are_no_votes_are_refused() {
    for wrong in ["many", "-1", "inf"] {
        let folder = workplace(|at, _| [if at == 5 { wrong } else { "1" }.to_owned(), "1".to_owned()]);
        let (code, error) = failure(&ser(folder.path(), &["run", "pipeline.toml", "--set", "train.votes=votes_"]));
        assert!(code == 3 && error.contains(&format!("`{wrong}` is no number of votes")), "{error}");
    }
}
