use super::*;
use crate::report::fixture::{SMALL, Shape, facts};
use crate::report::{FeatureOrigin, RejectCount, number, plots};
use crate::schema::{Comparison, Leakage, Metric};

pub(super) fn section<'a>(report: &'a str, heading: &str) -> &'a str {
    let start = report.find(heading).expect("the section is there");
    let rest = &report[start + heading.len()..];
    &rest[..rest.find("\n## ").unwrap_or(rest.len())]
}

/// Every row of a table has as many cells as its header.
pub(super) fn check_tables(report: &str) {
    let cells = |line: &str| line.replace("\\|", "").matches('|').count();
    let mut width = None;
    for line in report.lines() {
        width = line.starts_with('|').then(|| width.unwrap_or(cells(line)));
        assert!(width.is_none_or(|width| width == cells(line)), "{line}");
    }
}

/// Every file that the report links is one of its plots, and every other link leads to its terms.
fn check_links(facts: &Facts) {
    let files: Vec<String> = plots(facts).unwrap().into_iter().map(|(name, _)| format!("report/{name}")).collect();
    let report = markdown(facts);
    let links = report.split("](").skip(1).filter_map(|part| part.split(')').next());
    let (inner, links): (Vec<&str>, Vec<&str>) = links.partition(|link| link.starts_with('#'));
    let dead: Vec<_> = links.iter().filter(|link| !files.iter().any(|file| file == *link)).collect();
    let unlinked: Vec<_> = files.iter().filter(|file| !links.contains(&file.as_str())).collect();
    assert!(dead.is_empty() && unlinked.is_empty(), "dead: {dead:?}, unlinked: {unlinked:?}");
    assert!(inner.iter().all(|link| *link == "#terms") && report.contains("\n## Terms\n"), "{inner:?}");
}

#[test]
fn the_protocol_is_a_list_that_says_it_all() {
    let report = markdown(&facts(SMALL));
    insta::assert_snapshot!(section(&report, "## How it was tested\n").trim(), @r"
    - 3 models, 3 emotions, 240 utterances of 10 speakers, 312 features (`standard`).
    - Split `group-k-fold`, seed 1: 2 folds of whole speakers; 96 train, 24 dev and 120 test utterances of 5 speakers per fold; figures pool the folds.
    - Not shared between sides: identical recordings and speakers.
    - Shared between train or dev and test: spoken texts, 2 per fold, allowed (ravdess/01, ravdess/02).
    - Normalization: z-score, scope corpus, inductive: statistics of the training side alone.
    - Dev stops the training of `mlp`; the others learn from it. All settings are those of the pipeline file.
    ");
}

#[test]
fn a_dev_side_that_nothing_needs_is_said_once() {
    let mut facts = facts(SMALL);
    facts.models.iter_mut().for_each(|model| model.dev_use = crate::report::DevUse::Fitting);
    let report = markdown(&facts);
    let protocol = section(&report, "## How it was tested\n");
    assert!(protocol.contains("All models learn from train and dev."), "{protocol}");
    assert!(!protocol.contains("Dev stops"), "{protocol}");
    facts.models.iter_mut().for_each(|model| model.dev_use = crate::report::DevUse::Calibration);
    facts.models[0].dev_use = crate::report::DevUse::EarlyStopping;
    let report = markdown(&facts);
    let protocol = section(&report, "## How it was tested\n");
    assert!(protocol.contains("Dev stops the training of `mlp` and calibrates `svm` and `majority`"), "{protocol}");
    assert!(!protocol.contains("learn from it"), "{protocol}");
}

#[test]
fn utterances_that_no_fold_uses_are_counted_apart() {
    let mut facts = facts(SMALL);
    (facts.split.utterances, facts.split.speakers) = (200, Some(9));
    let report = markdown(&facts);
    assert!(section(&report, "## How it was tested\n").contains("200 utterances of 9 speakers"), "{report}");
    assert!(report.contains("40 of 240 utterances stand in no fold."), "{report}");
}

#[test]
fn the_first_line_says_synthetic() {
    let mut facts = facts(SMALL);
    assert_eq!(markdown(&facts).lines().next(), Some("# tiny: speech emotion recognition"));
    facts.synthetic = true;
    let report = markdown(&facts);
    assert_eq!(report.lines().next(), Some("# tiny: speech emotion recognition on SYNTHETIC speech, not on people"));
    assert!(report.contains("240 synthetic utterances"));
}

#[test]
fn a_clean_protocol_warns_of_nothing() {
    assert!(!markdown(&facts(SMALL)).contains("> ⚠"));
}

#[test]
fn what_flatters_is_said_before_the_figures() {
    let cases: [(fn(&mut Facts), &str); 5] = [
        (
            |facts| share(facts, "speaker", Some(4)),
            "**The split is not speaker-disjoint.** Training and test share 4 speakers, so these figures flatter",
        ),
        (|facts| share(facts, "speaker", None), "**The split cannot be checked for shared speakers.**"),
        (|facts| share(facts, "audio", Some(1)), "**Identical recordings are in training and test** (1 recording)"),
        (|facts| facts.normalization.transductive = true, "**Normalization is transductive.**"),
        (|facts| facts.split.warnings.push("fold 1 has no | calm".to_owned()), "Split: fold 1 has no \\| calm."),
    ];
    for (spoil, want) in cases {
        let mut facts = facts(SMALL);
        spoil(&mut facts);
        let report = markdown(&facts);
        let before = &report[..report.find("## Results").unwrap()];
        assert!(before.contains(&format!("> ⚠ {want}")), "{before}");
        assert_eq!(before.matches("> ⚠").count(), 1, "{before}");
    }
}

fn share(facts: &mut Facts, check: &str, shared: Option<i64>) {
    facts.leakage.iter_mut().filter(|row| row.check == check).for_each(|row| row.shared = shared);
}

#[test]
fn dev_counts_as_what_models_learn_from() {
    let mut facts = facts(SMALL);
    let mut row = facts.leakage[1].clone();
    (row.between, row.shared) = ("train-dev".to_owned(), Some(3));
    facts.leakage.push(row.clone());
    assert!(!markdown(&facts).contains("not speaker-disjoint"));
    row.between = "train+dev-test".to_owned();
    facts.leakage.push(row);
    assert!(markdown(&facts).contains("not speaker-disjoint"));
}

#[test]
fn figures_are_those_of_the_metrics_table() {
    let facts = facts(SMALL);
    let report = markdown(&facts);
    let results = section(&report, "## Results\n");
    assert!(report.find("## Results") < report.find("## How it was tested"), "figures come first");
    for model in &facts.models {
        let figure = |metric| number::metric(facts.metric(&model.name, "overall", "all", metric));
        let row = ["uar", "accuracy", "macro_f1", "weighted_f1"].map(figure).join(" | ");
        assert!(results.contains(&row) && row.contains('['), "{row}");
    }
    let row = |test: &str| {
        let wanted = |row: &&Comparison| row.model_b == "svm" && row.metric == "uar" && row.test == test;
        facts.comparisons.iter().find(wanted).unwrap()
    };
    let (permutation, wilcoxon) = (row("permutation"), row("wilcoxon"));
    let cells = [
        number::difference(permutation.delta, permutation.low, permutation.high),
        number::p_value(permutation.p_adjusted),
        number::p_value(wilcoxon.p_adjusted),
        number::figure(permutation.detectable),
    ];
    assert!(report.contains(&format!("| `svm` | {} |", cells.join(" | "))));
}

#[test]
fn models_are_ranked_and_the_headline_is_bold() {
    let report = markdown(&Facts { headline: "svm".to_owned(), ..facts(SMALL) });
    let results = section(&report, "## Results\n");
    let names: Vec<&str> = results.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next()).collect();
    assert_eq!(names, ["Model", "---", "`mlp`", "**`svm`** (headline)", "`majority`"]);
    assert!(results.contains("Quote `svm`: it was chosen before testing (by the pipeline file or its default)."));
}

#[test]
fn hostile_names_stay_text() {
    let hostile = "a|b\n<script>`*_";
    let shape = Shape { models: &[hostile, "svm"], classes: &[hostile, "neutral"], ..SMALL };
    let mut facts = facts(shape);
    for name in [&mut facts.pipeline, &mut facts.corpora[0].name, &mut facts.labels[0].source_label] {
        *name = hostile.to_owned();
    }
    let (stage, code) = ("ingest".to_owned(), "decode".to_owned());
    facts.rejects.push(RejectCount { stage, code, count: 1, example: hostile.to_owned() });
    let report = markdown(&facts);
    check_tables(&report);
    assert!(!report.contains("<script"));
    assert!(report.contains("a\\|b &lt;script&gt;\\`\\*\\_"));
}

#[test]
fn edges_read_well() {
    let alone = Shape { models: &["majority"], classes: &["anger", "fear"], speakers: 2, folds: 1, named: false };
    let mut facts = facts(alone);
    facts.curves.clear();
    facts.models[0].dev_use = crate::report::DevUse::NoDev;
    let report = markdown(&facts);
    check_tables(&report);
    check_links(&facts);
    assert!(report.contains("Note: no interval: ") && !report.contains("Brackets"), "{report}");
    assert!(report.contains("rows have no speaker"));
    assert!(!report.contains("against the other models") && !report.contains("learning_curves"));
    assert!(report.contains("`majority` reaches a UAR of"));
}

#[test]
fn few_speakers_are_said_and_not_tested() {
    let report = markdown(&facts(Shape { speakers: 4, ..SMALL }));
    assert!(report.contains("No interval and no p value: 4 speakers, at least 8 needed."));
    assert!(report.contains("Note: no interval: 4 speakers, at least 8 needed."));
}

#[test]
fn sides_of_folds_are_told_by_their_range() {
    let mut facts = facts(Shape { folds: 14, speakers: 14, ..SMALL });
    let said = |facts: &Facts, words: &str| {
        let report = markdown(facts);
        assert!(section(&report, "## How it was tested\n").contains(words), "{words}: {report}");
    };
    said(&facts, "; 288 train, 24 dev and 24 test utterances of 1 speaker per fold; figures pool the folds.");
    facts.split.folds.iter_mut().for_each(|fold| (fold.dev, fold.test) = (0, 20 + fold.fold));
    said(&facts, "; 288 train and 20 to 33 test utterances of 1 speaker per fold;");
    facts.split.folds.truncate(1);
    said(&facts, "; 288 train and 20 test utterances of 1 speaker.\n");
}

#[test]
fn folds_of_one_speaker_are_told_by_the_plot_of_speakers() {
    let rows = |folds| markdown(&facts(Shape { folds, ..SMALL })).matches("| Fold | ").count();
    assert_eq!((rows(5), rows(10)), (5, 0));
}

#[test]
fn what_sides_share_is_told_pair_by_pair_where_they_differ() {
    let lines = |facts: &Facts| {
        let report = markdown(facts);
        let lines = section(&report, "## How it was tested\n").lines();
        lines.filter(|line| line.contains("hared between")).map(str::to_owned).collect::<Vec<_>>()
    };
    let mut facts = facts(SMALL);
    let shared = "2 per fold, allowed (ravdess/01, ravdess/02).";
    let nowhere = "- Not shared between sides: identical recordings and speakers.";
    assert_eq!(
        lines(&facts),
        [nowhere.to_owned(), format!("- Shared between train or dev and test: spoken texts, {shared}")]
    );
    let twins: Vec<_> = facts.leakage.iter().filter(|row| row.check == "text").cloned().collect();
    facts.leakage.extend(twins.into_iter().map(|row| Leakage { between: "train-dev".to_owned(), ..row }));
    assert_eq!(lines(&facts)[1..], [format!("- Shared between any two sides: spoken texts, {shared}")]);
    facts.leakage.iter_mut().filter(|row| row.between == "train-dev").for_each(|row| row.shared = None);
    let unknown = "- Shared between train and dev: spoken texts, number unknown, allowed (ravdess/01, ravdess/02).";
    assert_eq!(lines(&facts)[2], unknown);
    facts.leakage.iter_mut().filter(|row| row.between == "train-dev").for_each(|row| row.shared = Some(0));
    assert_eq!(lines(&facts)[1..], [format!("- Shared between train or dev and test: spoken texts, {shared}")]);
    facts.split.speakers = None;
    assert_eq!(lines(&facts)[0], "- Not shared between sides: identical recordings and known speakers.");
}

#[test]
fn labels_are_told_by_what_became_of_them() {
    let report = markdown(&facts(SMALL));
    let data = section(&report, "## Data\n");
    assert!(data.contains("- Labels of `ravdess` kept: angry as anger (80).\n"), "{data}");
    assert!(data.contains("- Labels of `ravdess` dropped by the label map: calm (80).\n"), "{data}");
    let mut facts = facts(SMALL);
    facts.labels[0].source_label = "anger".to_owned();
    assert!(!markdown(&facts).contains("kept"), "the plot of emotions has those that keep their name");
}

#[test]
fn a_class_without_test_utterances_and_a_column_of_dashes_become_sentences() {
    let mut facts = facts(Shape { speakers: 4, ..SMALL });
    let report = markdown(&facts);
    let comparison = section(&report, "## `mlp` against the other models");
    assert!(comparison.contains("| Against | UAR difference |\n"), "{comparison}");
    assert!(!comparison.contains("chance"), "nothing was tested: {comparison}");
    let of_anger = |row: &&mut Metric| row.slice == "class" && row.group == "anger" && row.model == "mlp";
    facts.metrics.iter_mut().filter(of_anger).for_each(|row| row.value = None);
    let report = markdown(&facts);
    let emotions = section(&report, "## Emotions under `mlp`");
    assert!(emotions.contains("Not in the test data: anger.") && !emotions.contains("| anger |"), "{emotions}");
}

#[test]
fn test_utterances_have_a_column_where_models_differ() {
    let mut facts = facts(SMALL);
    assert!(!section(&markdown(&facts), "## Results\n").contains("| Test utterances |"));
    let of_svm = |row: &&mut Metric| row.slice == "overall" && row.model == "svm";
    facts.metrics.iter_mut().filter(of_svm).for_each(|row| row.n = 239);
    let report = markdown(&facts);
    let results = section(&report, "## Results\n");
    assert!(results.contains("| Test utterances |") && results.contains("| 239 |") && results.contains("| 240 |"));
}

#[test]
fn augmented_rows_are_told_apart_from_utterances() {
    let mut facts = facts(Shape { folds: 12, speakers: 12, ..SMALL });
    assert!(!section(&markdown(&facts), "## How it was tested\n").contains("altered"));
    facts.features.transforms = vec!["speed0.9".to_owned(), "gain-6dB".to_owned()];
    facts.split.folds.iter_mut().for_each(|fold| fold.augmented = 2 * fold.train);
    let (train, report) = (facts.split.folds[0].train, markdown(&facts));
    for words in [
        "Training adds altered copies (`speed0.9` and `gain-6dB`); dev and test have none.",
        &format!("{train} + {} augmented train, ", 2 * train),
    ] {
        assert!(report.contains(words), "{words}: {report}");
    }
    check_tables(&report);
}

#[test]
fn what_becomes_of_train_rows_is_said() {
    let mut facts = facts(SMALL);
    assert!(!markdown(&facts).contains("balanced by") && !markdown(&facts).contains("votes"));
    (facts.balance, facts.votes) = (vec!["corpus".to_owned(), "emotion".to_owned()], Some("v_".to_owned()));
    let report = markdown(&facts);
    for words in [
        "are balanced by `corpus` and `emotion`",
        "`mlp` learns the votes of annotators (columns that begin with `v_`)",
    ] {
        assert!(report.contains(words), "{words}: {report}");
    }
}

#[test]
fn features_of_others_are_said_to_be_theirs() {
    let mut facts = facts(SMALL);
    assert!(!markdown(&facts).contains("Features of others"));
    let blake3 = "0a1b2c3d4e5f".to_owned();
    facts.features.origin = FeatureOrigin::Table { file: "compare.csv".to_owned(), blake3 };
    facts.corpora[0].hours = None;
    let report = markdown(&facts);
    let method = section(&report, "## How it was tested\n");
    for words in ["312 features (of the table `compare.csv`)", "- Features of others: the table", "BLAKE3 `0a1b2c3d`)"]
    {
        assert!(method.contains(words), "{words}: {method}");
    }
    assert!(section(&report, "## Data\n").contains("10 speakers, 2 texts.") && !report.contains("hours"), "{report}");
}

#[test]
fn a_table_without_any_figure_is_a_sentence() {
    let mut facts = facts(SMALL);
    let measures = ["log_loss", "brier", "ece"];
    facts.metrics.iter_mut().filter(|row| measures.contains(&row.metric.as_str())).for_each(|row| row.value = None);
    facts.metrics.iter_mut().for_each(|row| (row.low, row.high) = (None, None));
    let report = markdown(&facts);
    let calibration = section(&report, "## Calibration\n");
    assert!(calibration.contains("There are no figures of **`mlp`**, `svm` and `majority`."), "{calibration}");
    assert!(!calibration.contains('|'), "{calibration}");
}

#[test]
fn links_lead_to_plots_and_bytes_repeat() {
    check_links(&facts(SMALL));
    assert_eq!(markdown(&facts(SMALL)), markdown(&facts(SMALL)));
    assert!(markdown(&facts(SMALL)).ends_with(".\n"));
}
