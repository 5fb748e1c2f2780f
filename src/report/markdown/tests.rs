use super::*;
use crate::report::fixture::{SMALL, Shape, facts};
use crate::report::{RejectCount, number, plots};
use crate::schema::Comparison;

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

/// Every file that the report links is one of its plots.
fn check_links(facts: &Facts) {
    let files: Vec<String> = plots(facts).unwrap().into_iter().map(|(name, _)| format!("report/{name}")).collect();
    let report = markdown(facts);
    let links: Vec<&str> = report.split("](").skip(1).filter_map(|part| part.split(')').next()).collect();
    let dead: Vec<_> = links.iter().filter(|link| !files.iter().any(|file| file == *link)).collect();
    let unlinked: Vec<_> = files.iter().filter(|file| !links.contains(&file.as_str())).collect();
    assert!(dead.is_empty() && unlinked.is_empty(), "dead: {dead:?}, unlinked: {unlinked:?}");
}

#[test]
fn the_protocol_is_a_paragraph_that_says_it_all() {
    let report = markdown(&facts(SMALL));
    let sentences = section(&report, "## Protocol\n").trim().replace(". ", ".\n");
    insta::assert_snapshot!(sentences, @r"
    3 models were trained to tell 3 emotions apart (anger, happiness and neutral) in 240 utterances of 10 speakers (`ravdess`), each described by 312 features (set `standard`).
    The split is 2 folds of whole speakers (scheme `group-k-fold`, seed 1).
    The test utterances of all 2 folds are put together before a figure is computed; each was judged by a model that had not learned from it.
    What models learn from and what they are tested on share no speaker, up to 2 spoken texts and no identical recording.
    Features are normalized (z-score, scope corpus) with statistics of the training side alone.
    The dev side decided when the training of `mlp` stopped.
    Models without early stopping (`svm` and `majority`) learned from train and dev together.
    All other settings are those of the pipeline file; this run chose none of them.
    ");
}

#[test]
fn a_dev_side_that_nothing_needs_is_said_once() {
    let mut facts = facts(SMALL);
    facts.models.iter_mut().for_each(|model| model.dev_use = crate::report::DevUse::Fitting);
    let report = markdown(&facts);
    let protocol = section(&report, "## Protocol\n");
    assert!(protocol.contains("Nothing here needed the dev side: every model learned from train and dev together."));
    assert!(!protocol.contains("early stopping"), "{protocol}");
}

#[test]
fn utterances_that_no_fold_uses_are_counted_apart() {
    let mut facts = facts(SMALL);
    (facts.split.utterances, facts.split.speakers) = (200, Some(9));
    let report = markdown(&facts);
    assert!(section(&report, "## Protocol\n").contains("in 200 utterances of 9 speakers"), "{report}");
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
            "**The split is not speaker-disjoint.** Models learn from and are tested on utterances of the same 4 speakers",
        ),
        (|facts| share(facts, "speaker", None), "**The split cannot be checked for shared speakers.**"),
        (
            |facts| share(facts, "audio", Some(1)),
            "**Identical recordings are on both sides of the split** (1 recording)",
        ),
        (|facts| facts.normalization.transductive = true, "**Normalization is transductive.**"),
        (|facts| facts.split.warnings.push("fold 1 has no | calm".to_owned()), "Split: fold 1 has no \\| calm."),
    ];
    for (spoil, want) in cases {
        let mut facts = facts(SMALL);
        spoil(&mut facts);
        let report = markdown(&facts);
        let before = &report[..report.find("## Protocol").unwrap()];
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
    assert!(results.contains("`svm` leads this report") && results.contains("`evaluate.compare` or its default"));
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
    assert!(report.contains("There are no intervals: they need at least 8 known test speakers."));
    assert!(report.contains("rows have no speaker"));
    assert!(!report.contains("against the other models") && !report.contains("learning_curves"));
    assert!(report.contains("`majority` reaches a UAR of"));
}

#[test]
fn few_speakers_are_said_and_not_tested() {
    let report = markdown(&facts(Shape { speakers: 4, ..SMALL }));
    assert!(report.contains("There is neither interval nor p value: 4 speakers, at least 8 needed."));
    assert!(report.contains("Note: no interval: 4 speakers, at least 8 needed."));
}

#[test]
fn many_folds_are_summed_up() {
    let facts = facts(Shape { folds: 14, speakers: 14, ..SMALL });
    let report = markdown(&facts);
    let split = section(&report, "## Split\n");
    assert!(split.contains("| 9 |") && !split.contains("| 10 |") && split.contains("| 4 more |"), "{split}");
    check_tables(&report);
}

#[test]
fn augmented_rows_are_told_apart_from_utterances() {
    let mut facts = facts(Shape { folds: 12, speakers: 12, ..SMALL });
    assert!(!section(&markdown(&facts), "## Protocol\n").contains("altered"));
    facts.features.transforms = vec!["speed0.9".to_owned(), "gain-6dB".to_owned()];
    facts.features.augmented = 1920;
    facts.split.folds.iter_mut().for_each(|fold| fold.augmented = 2 * fold.train);
    let (train, report) = (facts.split.folds[0].train, markdown(&facts));
    for words in [
        "learn from altered copies of the train utterances too (`speed0.9` and `gain-6dB`); dev and test have none.",
        &format!("| 0 | {train} + {} augmented |", 2 * train),
        &format!("| 2 more | {train} + {} augmented |", 2 * train),
        "rows and 1,920 augmented ones of 312 features",
    ] {
        assert!(report.contains(words), "{words}: {report}");
    }
    check_tables(&report);
}

#[test]
fn links_lead_to_plots_and_bytes_repeat() {
    check_links(&facts(SMALL));
    assert_eq!(markdown(&facts(SMALL)), markdown(&facts(SMALL)));
    assert!(markdown(&facts(SMALL)).ends_with("|\n"));
}
