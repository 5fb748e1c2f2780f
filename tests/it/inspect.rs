//! `ser inspect`: what a run or a table holds, as text and as JSON.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{BinaryArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use serde_json::Value as Json;

use crate::util::job::{all_files, run, workplace};
use crate::util::s3_server::Server;
use crate::util::{failure, ser, stdout};

const QUICK: [&str; 2] = ["--set", "train.models=['logistic', 'majority']"];

fn json(folder: &Path, place: &str) -> Json {
    serde_json::from_str(&stdout(&ser(folder, &["inspect", place, "--format", "json"]))).expect("JSON")
}

fn text(folder: &Path, arguments: &[&str]) -> String {
    stdout(&ser(folder, &[&["inspect"], arguments].concat()))
}

/// The line that begins with these words.
fn line<'a>(text: &'a str, words: &[&str]) -> &'a str {
    let found = text.lines().find(|line| line.split_whitespace().take(words.len()).eq(words.iter().copied()));
    found.unwrap_or_else(|| panic!("no line {words:?} in\n{text}"))
}

#[test]
fn a_run_shows_its_stages_tables_figures_rejects_and_models_in_both_forms() {
    let folder = workplace();
    fs::write(folder.path().join("corpus/spk01_male/anger_s01_r7.wav"), "junk").expect("written");
    run(folder.path(), &QUICK);
    let before = all_files(folder.path());
    let (text, json) = (text(folder.path(), &["out"]), json(folder.path(), "out"));
    assert_eq!(all_files(folder.path()), before, "looking changes nothing");

    assert_eq!(
        (json["kind"].as_str(), json["pipeline"].as_str(), json["seed"].as_u64()),
        (Some("run"), Some("contract"), Some(1))
    );
    assert!(text.contains("pipeline   contract, seed 1"), "{text}");
    let stages = json["stages"].as_array().expect("stages");
    let names: Vec<&str> = stages.iter().filter_map(|stage| stage["stage"].as_str()).collect();
    assert_eq!(names, ["ingest", "extract", "split", "normalize", "train", "evaluate"]);
    for stage in stages {
        let name = stage["stage"].as_str().expect("a name");
        let record: Json = serde_json::from_slice(&before[&format!("out/run/{name}.json")]).expect("a record");
        assert_eq!(stage["state"], "finished");
        for fact in ["summary", "seconds", "build", "config_hash", "inputs", "counts", "warnings"] {
            assert_eq!(stage[fact], record[fact], "{name} {fact}");
        }
        let line = line(&text, &[name]);
        for words in [&record["summary"], &record["build"], &record["config_hash"]] {
            let words = words.as_str().expect("a text");
            assert!(line.contains(words) || line.contains(&words[..8]), "{line} lacks {words}");
        }
    }
    assert_eq!((&stages[1]["rows"], &stages[1]["rejects"]), (&Json::from(27), &serde_json::json!({"not_audio": 1})));
    line(&text, &["extract", "not_audio", "1"]);

    let features: Json = serde_json::from_slice(&before["out/run/extract.json"]).expect("a record");
    let tables = json["tables"].as_array().expect("tables");
    let table = |name: &str| tables.iter().find(|table| table["table"] == name).unwrap_or_else(|| panic!("no {name}"));
    assert_eq!(table("features")["content_hash"], features["contents"]["features"]);
    assert_eq!((&table("features")["rows"], &table("utterances")["rows"]), (&Json::from(27), &Json::from(28)));
    line(&text, &["utterances", "ingest", "28", "1"]);
    assert!(tables.iter().all(|table| table["problem"].is_null()), "{tables:?}");

    let models = json["results"]["models"].as_array().expect("results");
    assert_eq!((&json["results"]["headline"], &models[0]["model"]), (&Json::from("logistic"), &Json::from("logistic")));
    let uar = models[0]["figures"]["uar"]["value"].as_f64().expect("a figure");
    assert!(line(&text, &["logistic", "*"]).contains(&format!("{uar:.3}")));
    assert_eq!(json["models"].as_array().map(Vec::len), Some(2));
    line(&text, &["models/logistic", "1", "-"]);
}

#[test]
fn a_stage_that_did_not_finish_is_said_and_so_is_what_is_outdated_or_damaged() {
    let folder = workplace();
    run(folder.path(), &QUICK);
    stdout(&ser(folder.path(), &[&["split", "pipeline.toml", "--set", "split.test=0.4"][..], &QUICK].concat()));
    fs::remove_file(folder.path().join("out/run/train.json")).expect("removed");
    fs::write(folder.path().join("out/run/normalize.json"), "{").expect("written");
    fs::write(folder.path().join("out/labels.parquet"), "no table").expect("written");
    fs::remove_file(folder.path().join("out/utterances.parquet")).expect("removed");
    let dictionary = folder.path().join("out/feature_dictionary.parquet");
    let bytes = fs::metadata(&dictionary).expect("a table").len();
    fs::write(&dictionary, vec![7; bytes as usize]).expect("written");
    let (text, json) = (text(folder.path(), &["out"]), json(folder.path(), "out"));
    let states: Vec<&str> =
        json["stages"].as_array().expect("stages").iter().filter_map(|stage| stage["state"].as_str()).collect();
    assert_eq!(states, ["finished", "finished", "finished", "unreadable", "not_finished", "outdated"]);
    assert!(line(&text, &["train"]).ends_with("not finished"), "{text}");
    assert!(line(&text, &["normalize"]).contains("cannot be read"), "{text}");
    assert!(line(&text, &["evaluate"]).contains("outdated: splits changed since"), "{text}");
    for (table, problem) in [
        ("labels", "has 8 bytes, not "),
        ("utterances", "is missing"),
        ("feature_dictionary", "cannot be read as Parquet"),
    ] {
        assert!(line(&text, &[table]).contains(problem), "{table}\n{text}");
    }
    assert!(json["stages"][4].get("summary").is_none(), "{json}");
}

#[test]
fn a_table_shows_its_footer_columns_and_first_rows() {
    let folder = workplace();
    run(folder.path(), &QUICK);
    let (text, json) = (text(folder.path(), &["out/features", "--rows", "3"]), json(folder.path(), "out/features"));
    let record: Json =
        serde_json::from_slice(&fs::read(folder.path().join("out/run/extract.json")).expect("a record")).expect("JSON");
    assert_eq!((&json["kind"], &json["schema"]), (&Json::from("table"), &Json::from("features/3")));
    assert_eq!(json["content_hash"], record["contents"]["features"], "made of the parts alone");
    assert_eq!(json["config_hash"], record["config_hash"]);
    assert_eq!((json["rows"].as_u64(), json["first_rows"].as_array().map(Vec::len)), (Some(27), Some(5)));
    assert_eq!(
        (&json["columns"][0]["name"], &json["columns"][0]["type"]),
        (&Json::from("utterance_id"), &Json::from("utf8"))
    );
    assert_eq!((&json["columns"][0]["nulls"], &json["columns"][3]["nulls"]), (&Json::from(0), &Json::from(27)));
    assert!(text.contains("27 rows") && text.contains("table      features/3"), "{text}");
    assert_eq!(text.matches(" synthetic/spk01").count(), 3, "rows of several parts\n{text}");
    assert!(
        text.lines().skip_while(|line| !line.starts_with("utterance_id  ")).all(|line| line.chars().count() <= 110),
        "{text}"
    );

    let one = self::json(folder.path(), "out/predictions.parquet");
    assert_eq!((&one["schema"], &one["files"]), (&Json::from("predictions/2"), &Json::from(1)));
    assert_eq!(one["inputs"]["features"], record["contents"]["features"]);
    let none = self::text(folder.path(), &["out/tuning.parquet", "--rows", "0"]);
    assert!(none.contains("0 rows"), "{none}");
}

#[test]
fn a_table_of_others_is_said_to_be_one_and_nothing_in_it_reaches_the_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    let schema = Schema::new(vec![
        Field::new("what\u{1b}[2J", DataType::Utf8, true),
        Field::new("n", DataType::Int64, false),
        Field::new("raw", DataType::Binary, false),
    ]);
    let batch = RecordBatch::try_new(
        Arc::new(schema),
        vec![
            Arc::new(StringArray::from(vec![Some("\u{1b}[31mred\nnext"), None])),
            Arc::new(Int64Array::from(vec![1, 2])),
            Arc::new(BinaryArray::from(vec![&b"\xff\xfe"[..], b"\x00"])),
        ],
    );
    let batch = batch.expect("a batch");
    let file = fs::File::create(folder.path().join("others.parquet")).expect("created");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("written");
    writer.close().expect("closed");
    let (text, json) = (text(folder.path(), &["others.parquet"]), json(folder.path(), "others.parquet"));
    assert!(text.contains("not written by ser-etl") && text.contains("2 rows, 3 columns"), "{text}");
    assert!(!text.contains('\u{1b}') && text.contains("\\u{1b}[31mred\\nnext"), "{text}");
    assert!(text.contains("(it holds binary data)"), "{text}");
    assert_eq!((&json["schema"], &json["content_hash"], &json["rows"]), (&Json::Null, &Json::Null, &Json::from(2)));
    assert_eq!(json["first_rows"][1][0], Json::Null);
    assert_eq!(json["columns"][0]["nulls"], 1);
}

#[test]
fn what_is_neither_a_run_nor_a_table_is_refused_by_name() {
    let folder = workplace();
    fs::write(folder.path().join("empty.parquet"), "").expect("written");
    fs::write(folder.path().join("long.parquet"), vec![7; 100_000]).expect("written");
    fs::create_dir_all(folder.path().join("killed/run/extract")).expect("created");
    fs::write(folder.path().join("killed/run/lock"), "").expect("written");
    fs::create_dir(folder.path().join("nothing")).expect("created");
    let cases = [
        ("nowhere", 3, "does not exist"),
        ("nothing", 3, "holds neither the records of a run nor Parquet files"),
        ("corpus", 3, "holds neither the records of a run nor Parquet files"),
        ("killed", 3, "no stage has finished"),
        ("empty.parquet", 3, "cannot be read as Parquet: 0 bytes are too few"),
        ("long.parquet", 3, "cannot be read as Parquet"),
        ("pipeline.toml", 3, "cannot be read as Parquet"),
        ("pipeline.toml/below", 3, "does not exist"),
        ("gs://bucket/run", 2, "unknown scheme"),
        ("", 2, "wanted a path or s3://BUCKET/PREFIX"),
    ];
    for (place, code, words) in cases {
        let (found, error) = failure(&ser(folder.path(), &["inspect", place]));
        assert!(found == code && error.contains(words) && error.contains(place), "{place}: {found} {error}");
    }
    run(folder.path(), &QUICK);
    let (code, error) = failure(&ser(folder.path(), &["inspect", "out/run"]));
    assert!(code == 3 && error.contains("holds files of different tables"), "{code} {error}");
    for place in ["out/", "./out", "out/features/"] {
        stdout(&ser(folder.path(), &["inspect", place]));
    }
}

#[test]
fn predictions_and_what_lies_in_a_bucket_are_shown_too() {
    let folder = workplace();
    run(folder.path(), &QUICK);
    stdout(&ser(folder.path(), &["predict", "out/models/logistic/fold-0", "corpus", "--out", "said"]));
    let said = json(folder.path(), "said");
    assert_eq!(said["stages"].as_array().map(Vec::len), Some(1));
    assert_eq!((&said["stages"][0]["stage"], &said["stages"][0]["rows"]), (&Json::from("predict"), &Json::from(27)));
    assert_eq!((&said["tables"][0]["table"], &said["results"]), (&Json::from("inferences"), &Json::Null));

    let server = Server::start();
    server.upload(&folder.path().join("out"), "deep/out");
    let here = json(folder.path(), "out");
    let there: Json = serde_json::from_str(&stdout(
        &server.ser(folder.path(), &["inspect", "s3://bucket/deep/out", "--format", "json"]),
    ))
    .expect("JSON");
    for fact in ["stages", "tables", "results", "models", "pipeline"] {
        assert_eq!(here[fact], there[fact], "{fact}");
    }
    for (place, words) in
        [("s3://bucket/deep/out/features", "27 rows"), ("s3://bucket/deep/out/fits.parquet", "table      fits/")]
    {
        assert!(stdout(&server.ser(folder.path(), &["inspect", place])).contains(words));
    }
    for place in ["s3://bucket/nothing", "s3://bucket"] {
        let (code, error) = failure(&server.ser(folder.path(), &["inspect", place]));
        assert!(code == 3 && error.contains("holds neither"), "{code} {error}");
    }
}
