//! `task = "regression"`, through the program: a number for each utterance, from manifest to report.

use std::collections::BTreeMap;
use std::fs;

use ser_etl::schema::{Estimate, Metric, Reject, Tuning};
use tempfile::TempDir;

use crate::predict::read;
use crate::util::{failure, ser, stdout, with_manifest};

const PIPELINE: &str = r#"
name = "numbers"
out = "out"
task = "regression"
target = "arousal"

[[corpus]]
name = "mine"
source = "corpus"
manifest = "labels.csv"

[features]
set = "mfcc-energy"

[extract]
max_reject_rate = 0.2

[split]
scheme = "group-k-fold"
folds = 3
dev = 0.0

[regression]
inner_folds = 2
mlp = { hidden = [16], epochs = 60, learning_rate = 0.01, members = 1, dropout = [0.1] }

[evaluate]
bootstrap = 200
"#;

/// Synthetic speech with a manifest: anger is more aroused than sadness, and a little differs from take to take.
fn workplace(number: impl Fn(usize, f64) -> String) -> TempDir {
    let columns = "path,speaker,gender,emotion,arousal";
    with_manifest(9, (columns, PIPELINE), |at, (folder, file)| {
        let emotion = file.split('_').next().expect("a word");
        let base = match emotion {
            "anger" => 6.0,
            "neutral" => 3.5,
            _ => 1.5,
        };
        let arousal = number(at, base + 0.2 * ((at * 7 % 5) as f64 - 2.0));
        let (speaker, gender) = folder.split_once('_').expect("a gender");
        format!("{folder}/{file},{speaker},{gender},{emotion},{arousal}")
    })
}

fn run(folder: &TempDir, flags: &[&str]) -> std::process::Output {
    ser(folder.path(), &[&["run", "pipeline.toml", "--quiet"], flags].concat())
}

#[test]
fn numbers_are_predicted_and_the_report_leads_with_the_ccc() {
    let folder = workplace(|_, arousal| format!("{arousal:.3}"));
    stdout(&run(&folder, &[]));
    let out = folder.path().join("out");
    let rows = read::<Estimate>(&out.join("estimates.parquet")).rows;
    let mut models = BTreeMap::<&str, usize>::new();
    rows.iter().for_each(|row| *models.entry(&row.model).or_default() += 1);
    assert_eq!(models.keys().copied().collect::<Vec<_>>(), ["fusion", "mean", "mlp", "ridge", "selected"]);
    assert!(models.values().all(|count| *count == 54), "each utterance is tested once by each model: {models:?}");
    let metrics = read::<Metric>(&out.join("metrics.parquet")).rows;
    let figure = |model: &str, metric: &str| {
        let found = metrics.iter().find(|row| row.model == model && row.slice == "overall" && row.metric == metric);
        found.unwrap_or_else(|| panic!("{model} {metric}"))
    };
    for model in ["ridge", "mlp", "fusion", "selected"] {
        assert!(figure(model, "ccc").value > Some(0.7), "{model}: {:?}", figure(model, "ccc"));
    }
    assert!(figure("mean", "ccc").value < Some(0.1) && figure("selected", "ccc").low.is_some());
    // The table again, by the formula.
    let of_ridge = rows.iter().filter(|row| row.model == "ridge").collect::<Vec<_>>();
    let n = of_ridge.len() as f64;
    let mean = |of: &dyn Fn(&Estimate) -> f64| of_ridge.iter().map(|row| of(row)).sum::<f64>() / n;
    let (mt, mp) = (mean(&|row| row.truth), mean(&|row| row.predicted));
    let covariance = mean(&|row| (row.truth - mt) * (row.predicted - mp));
    let spread = mean(&|row| (row.truth - mt).powi(2) + (row.predicted - mp).powi(2)) + (mt - mp).powi(2);
    assert!((figure("ridge", "ccc").value.expect("defined") - 2.0 * covariance / spread).abs() < 1e-9);
    let rmse = mean(&|row| (row.truth - row.predicted).powi(2)).sqrt();
    assert!((figure("ridge", "rmse").value.expect("defined") - rmse).abs() < 1e-9);
    let tuning = read::<Tuning>(&out.join("tuning.parquet")).rows;
    assert_eq!(tuning.iter().filter(|row| row.chosen).count(), 3 * 3, "one of each model in each fold");
    let report = fs::read_to_string(out.join("report.md")).expect("a report");
    assert!(
        report.contains("reaches a CCC of") && report.contains("## Settings") && !report.contains("UAR"),
        "{report}"
    );
    assert!(report.contains("## Groups under `selected`") && report.contains("| fold | 2 |"), "{report}");
    assert!(fs::read_to_string(out.join("report.html")).expect("a page").contains("reaches a CCC of"));
    assert!(fs::read_to_string(out.join("metrics.json")).expect("figures").contains("\"ccc\""));
    // The same bytes with another number of threads, and nothing to do the second time.
    stdout(&run(&folder, &["--out", "again", "--threads", "1"]));
    for file in ["estimates.parquet", "metrics.parquet", "report.md", "report.html"] {
        let [a, b] = ["out", "again"].map(|out| fs::read(folder.path().join(out).join(file)).expect("written"));
        assert_eq!(a, b, "{file}");
    }
    let said = stdout(&ser(folder.path(), &["run", "pipeline.toml", "--dry-run"]));
    assert_eq!(said.matches("up to date").count(), 6, "{said}");
    stdout(&ser(folder.path(), &["verify", "out"]));
    assert!(stdout(&ser(folder.path(), &["inspect", "out"])).contains("CCC"));
    let (code, error) = failure(&ser(folder.path(), &["compare", "out", "again"]));
    assert!(code == 3 && error.contains("predicts numbers"), "{error}");
    let (code, error) = failure(&ser(folder.path(), &["leaderboard", "out"]));
    assert!(code == 3 && error.contains("predicts numbers"), "{error}");
}

#[test]
fn utterances_without_a_number_are_rejects_and_wrong_sections_are_refused() {
    let number = |at: usize, arousal: f64| match at {
        3 => String::new(),
        4 => "high".to_owned(),
        5 => "inf".to_owned(),
        _ => arousal.to_string(),
    };
    let folder = workplace(number);
    stdout(&run(&folder, &[]));
    let rejects = read::<Reject>(&folder.path().join("out/rejects.parquet")).rows;
    assert_eq!(rejects.iter().filter(|reject| reject.code == "bad_target").count(), 3, "{rejects:?}");
    assert!(
        rejects.iter().any(|reject| reject.message.contains("`arousal` is \"high\"; wanted a number")),
        "{rejects:?}"
    );
    let refused = |flags: &[&str], words: &str| {
        let (code, error) = failure(&run(&folder, flags));
        assert!(code == 2 && error.contains(words), "{flags:?}: {error}");
    };
    refused(&["--set", "target=valence"], "corpus `mine` has no such column; its own columns are: arousal");
    refused(&["--set", "target=''"], "needs the column that holds the number");
    refused(&["--set", "task=classification"], "`target` is set: it is of no use with task");
    refused(&["--set", "train.models=['svm']"], "`train` is set: it is of no use with task");
    refused(&["--set", "regression.mlp.dropout=[1.5]"], "regression.mlp.dropout");
    refused(&["--set", "regression.models=['svm']"], "svm");
    refused(&["--set", "evaluate.importance=2"], "`evaluate.importance` is set");
    refused(
        &["--set", "evaluate.compare=svm"],
        "must be one of the trained models: ridge, mlp, mean, fusion, selected",
    );
}
