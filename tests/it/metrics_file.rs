//! `--metrics-file`: what the node exporter of Prometheus collects, after success and after failure.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::util::job::{run, workplace};
use crate::util::s3_server::Server;
use crate::util::{failure, ser, stdout};

const QUICK: [&str; 2] = ["--set", "train.models=['logistic', 'majority']"];

/// A sample: metric, labels, value.
#[derive(Debug, Clone, PartialEq)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

fn is_name(word: &str) -> bool {
    let mut chars = word.chars();
    chars.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && chars.all(|char| char.is_ascii_alphanumeric() || char == '_')
}

/// Reads the text format, and refuses whatever its grammar does not allow.
fn parse(text: &str) -> Vec<Sample> {
    assert!(text.ends_with('\n'), "the last line ends with a line feed");
    let (mut samples, mut current, mut done) = (Vec::<Sample>::new(), String::new(), BTreeSet::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, words) = help.split_once(' ').expect("a name and words");
            assert!(is_name(name) && !words.is_empty() && done.insert(name.to_owned()), "{line}");
            assert_eq!(lines.next(), Some(&*format!("# TYPE {name} gauge")), "{line}");
            current = name.to_owned();
            continue;
        }
        let (name, rest) = line.split_once('{').unwrap_or_else(|| panic!("{line}"));
        assert_eq!(name, current, "a metric has all its samples below its head");
        let (mut labels, mut rest) = (BTreeMap::new(), rest);
        while !rest.starts_with('}') {
            let (label, value) = rest.split_once("=\"").unwrap_or_else(|| panic!("{line}"));
            assert!(is_name(label) && !label.starts_with("__"), "{line}");
            let (mut text, mut chars) = (String::new(), value.char_indices());
            let end = loop {
                match chars.next().unwrap_or_else(|| panic!("{line}")) {
                    (at, '"') => break at,
                    (_, '\\') => text.push(match chars.next() {
                        Some((_, 'n')) => '\n',
                        Some((_, char @ ('\\' | '"'))) => char,
                        other => panic!("{other:?} in {line}"),
                    }),
                    (_, char) => text.push(char),
                }
            };
            assert!(labels.insert(label.to_owned(), text).is_none(), "{line}");
            rest = &value[end + 1..];
            rest = rest.strip_prefix(',').unwrap_or(rest);
        }
        let value = rest.strip_prefix("} ").and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{line}"));
        let sample = Sample { name: name.to_owned(), labels, value };
        assert!(samples.iter().all(|other| (&other.name, &other.labels) != (&sample.name, &sample.labels)), "{line}");
        samples.push(sample);
    }
    samples
}

fn read(file: &Path) -> Vec<Sample> {
    parse(&fs::read_to_string(file).expect("a file"))
}

/// The values of a metric, by one of its labels.
fn by(samples: &[Sample], name: &str, label: &str) -> BTreeMap<String, f64> {
    let of_name = samples.iter().filter(|sample| sample.name == name);
    of_name.map(|sample| (sample.labels.get(label).cloned().unwrap_or_default(), sample.value)).collect()
}

fn value(samples: &[Sample], name: &str) -> Option<f64> {
    by(samples, name, "").get("").copied()
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64()
}

#[test]
fn success_and_failure_are_told_and_the_last_success_is_kept() {
    let folder = workplace();
    let file = folder.path().join("collect/ser.prom");
    fs::write(folder.path().join("corpus/spk01_male/anger_s01_r7.wav"), "junk").expect("written");
    let flags = [&QUICK[..], &["--metrics-file", "collect/ser.prom"]].concat();
    let before = now();
    run(folder.path(), &flags);
    let first = read(&file);
    for sample in &first {
        assert_eq!((&*sample.labels["pipeline"], &*sample.labels["command"]), ("contract", "run"), "{sample:?}");
    }
    assert_eq!(value(&first, "ser_run_exit_code"), Some(0.0));
    let succeeded = value(&first, "ser_last_success_timestamp_seconds").expect("a time");
    assert!(succeeded >= before - 0.01 && succeeded <= now(), "{succeeded}");
    let rows = by(&first, "ser_stage_rows", "stage");
    assert_eq!((rows["ingest"], rows["extract"], rows["split"]), (28.0, 27.0, 27.0));
    assert_eq!(by(&first, "ser_rejects", "code"), BTreeMap::from([("not_audio".to_owned(), 1.0)]));
    assert_eq!(by(&first, "ser_stage_up_to_date", "stage").values().sum::<f64>(), 0.0);
    assert!(by(&first, "ser_stage_seconds", "stage").values().all(|seconds| *seconds > 0.0));
    let metrics: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.path().join("out/metrics.json")).expect("figures")).expect("JSON");
    for model in ["logistic", "majority"] {
        assert_eq!(metrics[format!("{model}.uar")].as_f64(), by(&first, "ser_uar", "model").get(model).copied());
    }
    assert_eq!(metrics["uar"].as_f64(), by(&first, "ser_headline_uar", "track").get("inductive").copied());

    let second = {
        run(folder.path(), &flags);
        read(&file)
    };
    assert_eq!(by(&second, "ser_stage_up_to_date", "stage").values().sum::<f64>(), 6.0);
    assert_eq!(by(&second, "ser_rejects", "code"), by(&first, "ser_rejects", "code"));
    let succeeded = value(&second, "ser_last_success_timestamp_seconds").expect("a time");

    // A gate, a source that is gone, a pipeline file that is none: the time of the last success stays.
    let failures = [
        (["--set", "extract.max_reject_rate=0"], 3, Some(1.0)),
        (["--set", "corpus.0.source=nowhere"], 3, None),
        (["--set", "split.test=7"], 2, None),
        (["--set", "train.models=["], 2, None),
    ];
    for (change, want, rejects) in failures {
        let (code, error) = failure(&ser(folder.path(), &[&["run", "pipeline.toml"], &flags[..], &change].concat()));
        let samples = read(&file);
        assert_eq!((code, value(&samples, "ser_run_exit_code")), (want, Some(f64::from(want))), "{error}");
        assert_eq!(value(&samples, "ser_last_success_timestamp_seconds"), Some(succeeded), "{change:?}");
        assert!(value(&samples, "ser_last_run_timestamp_seconds") > Some(succeeded), "{change:?}");
        assert_eq!(by(&samples, "ser_rejects", "code").get("not_audio").copied(), rejects, "{change:?}");
        assert!(samples.iter().all(|sample| sample.labels["pipeline"] == "contract"), "{samples:?}");
    }
    run(folder.path(), &flags);
    assert!(value(&read(&file), "ser_last_success_timestamp_seconds") > Some(succeeded));
}

#[test]
fn a_stage_alone_has_a_file_of_its_own_series() {
    let folder = workplace();
    run(folder.path(), &QUICK);
    let flags = [&["train", "pipeline.toml", "--metrics-file", "train.prom"], &QUICK[..]].concat();
    stdout(&ser(folder.path(), &flags));
    let samples = read(&folder.path().join("train.prom"));
    assert!(samples.iter().all(|sample| sample.labels["command"] == "train"), "{samples:?}");
    assert_eq!(by(&samples, "ser_stage_rows", "stage").keys().collect::<Vec<_>>(), ["train"]);
    assert!(by(&samples, "ser_uar", "model").is_empty());
}

#[test]
fn names_are_escaped_and_intervals_told() {
    let folder = workplace();
    let name = r#"--set=name="night \\ \"calls\"""#;
    let folds = ["--set", "split.scheme=group-k-fold", "--set", "split.folds=3"];
    run(folder.path(), &[&QUICK[..], &folds, &[name, "--metrics-file", "ser.prom"]].concat());
    let samples = read(&folder.path().join("ser.prom"));
    assert!(samples.iter().all(|sample| sample.labels["pipeline"] == "night \\ \"calls\""), "{samples:?}");
    let json: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.path().join("out/metrics.json")).expect("figures")).expect("JSON");
    for end in ["low", "high"] {
        let told = by(&samples, &format!("ser_uar_{end}"), "model").get("logistic").copied();
        assert_eq!(told, json[format!("logistic.uar.{end}")].as_f64());
        assert!(told.is_some(), "an interval over nine speakers");
    }
}

#[test]
fn a_metrics_file_that_cannot_be_written_is_a_warning() {
    let folder = workplace();
    fs::create_dir(folder.path().join("a-folder")).expect("created");
    for file in ["/proc/ser.prom", "a-folder", "pipeline.toml/ser.prom"] {
        let output = ser(folder.path(), &[&["run", "pipeline.toml", "--metrics-file", file], &QUICK[..]].concat());
        stdout(&output);
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(log.contains("WARN") && log.contains("the metrics file was not written"), "{file}: {log}");
    }
    for (flags, words) in [
        (["--metrics-file", "here/"], "wanted the name of a file"),
        (["--lineage-file", ""], "wanted the name of a file"),
    ] {
        let (code, error) = failure(&ser(folder.path(), &[&["run", "pipeline.toml"], &flags[..]].concat()));
        assert!(code == 2 && error.contains(words) && error.contains(flags[0]), "{code} {error}");
    }
    for flags in [["run", "--dry-run"], ["extract", "--shard=1/2"]] {
        let flags = [flags[0], "pipeline.toml", flags[1], "--metrics-file", "ser.prom"];
        assert_eq!(failure(&ser(folder.path(), &flags)).0, 2, "a flag that would do nothing is refused");
    }
    assert!(!folder.path().join("ser.prom").exists());
}

#[test]
fn a_metrics_file_may_lie_in_a_bucket() {
    let folder = workplace();
    let server = Server::start();
    let flags = ["run", "pipeline.toml", "--metrics-file", "s3://bucket/watch/ser.prom"];
    stdout(&server.ser(folder.path(), &[&flags, &QUICK[..]].concat()));
    assert_eq!(value(&read(&server.objects().join("watch/ser.prom")), "ser_run_exit_code"), Some(0.0));
}
