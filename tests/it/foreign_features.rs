//! Features that another program computed, through the program: a table takes the place of the audio, under the same checks.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use ser_etl::schema::{FeatureInfo, FeatureKeys, Metric, Reject, SplitRow, Table};
use ser_etl::table;
use tempfile::TempDir;

use crate::predict::read;
use crate::util::job::{PIPELINE, run, workplace};
use crate::util::s3_server::Server;
use crate::util::{failure, ser, stdout};

/// Kernel ridge regression weighs families of features, which a table does not tell.
const MODELS: [&str; 2] = ["--set", "train.models=['logistic','naive-bayes','majority']"];

/// A workplace with a run in `whole` that computed its features, and these.
fn computed() -> (TempDir, Table<FeatureKeys>) {
    let folder = workplace();
    run(folder.path(), &[&MODELS[..], &["--out", "whole"]].concat());
    let features = features(folder.path(), "whole");
    (folder, features)
}

/// The features table of a run, sorted.
fn features(folder: &Path, out: &str) -> Table<FeatureKeys> {
    let parts = fs::read_dir(folder.join(out).join("features")).expect("features").map(|part| part.expect("a part"));
    let mut parts = parts.map(|part| part.path()).collect::<Vec<_>>();
    parts.sort();
    let mut all = Table::default();
    for part in parts {
        table::append(&mut all, read(&part)).expect("the same columns");
    }
    all
}

/// Writes a pipeline file whose features are those of a table; `keys` stand in `[features]`.
fn point_at(folder: &Path, keys: &str) {
    let text = PIPELINE.replace("set = \"mfcc-energy\"", keys).replace(
        "models = [\"mlp\", \"logistic\", \"svm\", \"kernel-ridge\", \"naive-bayes\", \"tree\", \"forest\", \"majority\"]",
        "models = [\"logistic\", \"naive-bayes\", \"majority\"]",
    );
    assert!(text.contains(keys) && !text.contains("mfcc"), "{text}");
    fs::write(folder.join("pipeline.toml"), text).expect("written");
}

/// A table as CSV, the last row first; `id` names a row.
fn csv(features: &Table<FeatureKeys>, id: (&str, fn(&FeatureKeys) -> String)) -> String {
    let row = |at: usize| {
        let cells = features.float.row(at).iter();
        let cells = cells.map(|cell| if cell.is_nan() { String::new() } else { cell.to_string() });
        format!("{},0 days,{}\n", (id.1)(&features.rows[at]), cells.collect::<Vec<_>>().join(","))
    };
    let rows = (0..features.rows.len()).rev().map(row).collect::<String>();
    format!("{},start,{}\n{rows}", id.0, features.float.names.join(","))
}

/// The same as Parquet with double precision, a text column and small row groups.
fn parquet(features: &Table<FeatureKeys>, id: (&str, fn(&FeatureKeys) -> String)) -> Vec<u8> {
    let order = || (0..features.rows.len()).rev();
    let ids = order().map(|at| (id.1)(&features.rows[at])).collect::<Vec<_>>();
    let column = |column: usize| {
        let cell = |at: usize| Some(f64::from(features.float.row(at)[column])).filter(|cell| !cell.is_nan());
        Arc::new(order().map(cell).collect::<Float64Array>()) as ArrayRef
    };
    let numbers = features.float.names.iter().enumerate().map(|(at, name)| (name.clone(), column(at)));
    let ids = Arc::new(StringArray::from(ids)) as ArrayRef;
    let index = Arc::new(Int64Array::from_iter_values(0..features.rows.len() as i64)) as ArrayRef;
    let columns = [("note".to_owned(), Arc::clone(&ids)), (id.0.to_owned(), ids)];
    let batch =
        RecordBatch::try_from_iter(columns.into_iter().chain(numbers).chain([("__index_level_0__".to_owned(), index)]))
            .expect("columns of one length");
    let small = WriterProperties::builder().set_max_row_group_row_count(Some(5)).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(small)).expect("a writer");
    writer.write(&batch).expect("written");
    writer.into_inner().expect("finished")
}

fn by_id(row: &FeatureKeys) -> String {
    row.utterance_id.clone()
}

fn as_written(row: &FeatureKeys) -> String {
    format!("/data/corpus/{}", row.path)
}

/// What a run on a table shares with the run that computed it.
fn assert_same_figures(folder: &Path, whole: &Table<FeatureKeys>) {
    let found = features(folder, "out");
    assert_eq!(found.float.names, whole.float.names);
    let bits = |table: &Table<FeatureKeys>| table.float.values.iter().map(|cell| cell.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&found), bits(whole));
    let table = |out: &str, name: &str| folder.join(out).join(name);
    let splits = |out| read::<SplitRow>(&table(out, "splits.parquet")).rows;
    assert_eq!(splits("out"), splits("whole"));
    let metrics = |out| read::<Metric>(&table(out, "metrics.parquet")).rows;
    assert_eq!(metrics("out"), metrics("whole"));
    assert!(found.rows.iter().all(|row| row.codec == "unknown" && row.duration_s == 0.0 && row.audio_hash.len() == 64));
}

#[test]
fn the_same_features_give_the_same_figures_from_csv_and_from_parquet() {
    let (folder, whole) = computed();
    let at = folder.path();
    fs::write(at.join("compare.csv"), csv(&whole, ("file", as_written))).expect("written");
    fs::write(at.join("compare.parquet"), parquet(&whole, ("utterance_id", by_id))).expect("written");
    for name in ["compare.csv", "compare.parquet"] {
        point_at(at, &format!("table = \"{name}\""));
        run(at, &[]);
        assert_same_figures(at, &whole);
        assert_eq!(run(at, &[]).matches("up to date").count(), 6, "{name}");
        let report = fs::read_to_string(at.join("out/report.md")).expect("a report");
        let hash = blake3::hash(&fs::read(at.join(name)).expect("there")).to_hex();
        let words =
            format!("Features of others: the table `{name}` (28 columns, BLAKE3 `{}`), not computed", &hash[..8]);
        assert!(report.contains(&words), "{report}");
        for nonsense in ["hours", "mfcc-energy", &at.display().to_string()] {
            assert!(!report.contains(nonsense), "{nonsense} in {report}");
        }
        let dictionary = read::<FeatureInfo>(&at.join("out/feature_dictionary.parquet")).rows;
        assert_eq!((dictionary.len(), dictionary[0].description.as_str()), (28, &*format!("column of {name}")));
    }
}

#[test]
fn another_table_is_read_again_and_another_place_is_not() {
    let (folder, whole) = computed();
    let at = folder.path();
    let text = csv(&whole, ("file", as_written));
    fs::write(at.join("a.csv"), &text).expect("written");
    point_at(at, "table = \"a.csv\"");
    run(at, &[]);
    fs::create_dir(at.join("moved")).expect("a folder");
    fs::write(at.join("moved/a.csv"), &text).expect("written");
    assert_eq!(run(at, &["--set", "features.table=moved/a.csv"]).matches("up to date").count(), 6);
    let (head, rest) = text.split_once('\n').expect("lines");
    let (row, rest) = rest.split_once('\n').expect("lines");
    let changed = row.rsplit_once(',').expect("cells").0;
    fs::write(at.join("a.csv"), format!("{head}\n{changed},123\n{rest}")).expect("written");
    let plan = stdout(&ser(at, &["plan", "pipeline.toml"]));
    assert!(plan.contains("input `features.table`"), "{plan}");
    let printed = run(at, &[]);
    let is_current = |stage: &str| printed.lines().any(|line| line.starts_with(stage) && line.contains("up to date"));
    assert!(is_current("ingest") && !is_current("extract") && !is_current("train"), "{printed}");
    let last = features(at, "out").float.values.last().copied();
    assert_eq!(last, Some(123.0), "the last utterance is in the first row");
    assert!(run(at, &["--set", "features.columns=['mfcc*','!*_std']"]).contains("of 13 features"));
}

#[test]
fn no_audio_need_be_there() {
    let (folder, whole) = computed();
    let at = folder.path();
    let label = |row: &FeatureKeys| {
        let speaker = row.speaker.as_deref().and_then(|speaker| speaker.split_once('/')).expect("a speaker").1;
        let text = row.text_id.as_deref().and_then(|text| text.split_once('/')).expect("a text").1;
        format!("{},{},{speaker},{},{text}\n", row.path, row.emotion, row.gender.as_deref().expect("a gender"))
    };
    let labels = whole.rows.iter().map(label).collect::<String>();
    fs::write(at.join("labels.csv"), format!("path,emotion,speaker,gender,text_id\n{labels}")).expect("written");
    fs::write(at.join("compare.csv"), csv(&whole, ("name", |row| format!("'{}'", row.path)))).expect("written");
    point_at(at, "table = \"compare.csv\"");
    let text = fs::read_to_string(at.join("pipeline.toml")).expect("there");
    let (start, end) = (text.find("source").expect("there"), text.find("[features]").expect("there"));
    let without = format!("{}manifest = \"labels.csv\"\n{}", &text[..start], &text[end..]);
    fs::write(at.join("pipeline.toml"), &without).expect("written");
    fs::remove_dir_all(at.join("corpus")).expect("removed");
    let dry = stdout(&ser(at, &["run", "pipeline.toml", "--dry-run"]));
    assert!(dry.contains("would run on 27 manifest rows"), "{dry}");
    run(at, &[]);
    assert_same_figures(at, &whole);
    assert_eq!(run(at, &[]).matches("up to date").count(), 6);
    fs::write(at.join("pipeline.toml"), without.replace("table = \"compare.csv\"", "")).expect("written");
    let (code, error) = failure(&ser(at, &["run", "pipeline.toml"]));
    assert!(
        code == 2 && error.contains("`corpus.0.source` is \"\": a folder or s3://bucket/prefix is needed"),
        "{error}"
    );
    fs::write(at.join("pipeline.toml"), without.replace("manifest =", "allow_outside = true\nmanifest ="))
        .expect("written");
    let (code, error) = failure(&ser(at, &["run", "pipeline.toml"]));
    assert!(code == 2 && error.contains("`corpus.0.allow_outside` is set: is used with `source` only"), "{error}");
}

#[test]
fn rows_and_utterances_without_each_other_are_counted() {
    let (folder, whole) = computed();
    let at = folder.path();
    let mut text = csv(&whole, ("file", as_written));
    let last = text.trim_end().rfind('\n').expect("lines");
    let row = text.split_off(last + 1);
    let cells = row.split_once(',').expect("cells").1;
    (0..6).for_each(|number| text += &format!("elsewhere/{number}.wav,{cells}"));
    let holes = "\n/data/corpus/".to_owned() + &whole.rows[1].path + ",0 days" + &",".repeat(28) + "\n";
    let line = text.find(&format!("\n/data/corpus/{},", whole.rows[1].path)).expect("a row");
    let end = line + 1 + text[line + 1..].find('\n').expect("its end");
    text.replace_range(line..=end, &holes);
    fs::write(at.join("compare.csv"), text).expect("written");
    point_at(at, "table = \"compare.csv\"");
    let output = ser(at, &["run", "pipeline.toml"]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stdout(&output).contains("25 rows of 28 features, 2 rejects"), "{error}");
    let words = "6 rows of the table `compare.csv` belong to no utterance: \"elsewhere/0.wav\", \"elsewhere/1.wav\"";
    assert!(error.contains(words) && error.contains("\"elsewhere/4.wav\", ..."), "{error}");
    let rejects = read::<Reject>(&at.join("out/rejects.parquet")).rows;
    let told =
        rejects.iter().map(|row| (row.code.as_str(), row.stage.as_str(), row.message.as_str())).collect::<Vec<_>>();
    assert_eq!(
        told,
        [
            ("no_features", "extract", "the table `compare.csv` has no row for it"),
            ("no_features", "extract", "the table `compare.csv` has no value in its row")
        ]
    );
    let (code, error) = failure(&ser(at, &["run", "pipeline.toml", "--set", "extract.max_reject_rate=0.01"]));
    assert!(
        code == 3 && error.contains("2 of 27 utterances were refused") && error.contains("no_features 2"),
        "{error}"
    );
}

#[test]
fn tables_and_keys_that_do_not_fit_are_refused() {
    let (folder, whole) = computed();
    let at = folder.path();
    let good = csv(&whole, ("file", as_written));
    let (head, rest) = good.split_once('\n').expect("lines");
    let first = rest.split_once('\n').expect("lines").0;
    let write = |name: &str, content: &[u8]| fs::write(at.join(name), content).expect("written");
    let whole_parquet = parquet(&whole, ("file", as_written));
    write("good.csv", good.as_bytes());
    write("good.parquet", &whole_parquet);
    write("broken.parquet", &whole_parquet[..whole_parquet.len() - 9]);
    let mut damaged = whole_parquet.clone();
    damaged[100..400].fill(0xff);
    write("damaged.parquet", &damaged);
    write("empty.csv", b"");
    write("head.csv", format!("{head}\n").as_bytes());
    write("twice.csv", format!("{good}{first}\n").as_bytes());
    let again = first.replacen("/data/corpus/", "", 1);
    write("both.csv", format!("{good}{again}\n").as_bytes());
    write("names.csv", good.replacen("mfcc01_mean", "mfcc00_mean", 1).as_bytes());
    write("key.csv", good.replacen("mfcc01_mean", "channels", 1).as_bytes());
    write("word.csv", format!("{good}x,0 days,high{}\n", ",".repeat(27)).as_bytes());
    let short = first.split_once(',').expect("cells").1;
    write("short.csv", format!("{head}\nanger_s01_r1.wav,{short}\n").as_bytes());
    let cases = [
        ("table = \"missing.csv\"", 3, "features.table:"),
        ("table = \"corpus\"", 3, "features.table:"),
        ("table = \"broken.parquet\"", 3, "not readable as Parquet"),
        ("table = \"damaged.parquet\"", 3, "not readable as Parquet"),
        ("table = \"empty.csv\"", 3, "line 1: the header is missing"),
        ("table = \"head.csv\"", 3, "it has no rows"),
        ("table = \"twice.csv\"", 3, "occurs twice, in rows 1 and 28"),
        ("table = \"both.csv\"", 3, "both belong to `synthetic/"),
        ("table = \"names.csv\"", 2, "two columns of the table have this name"),
        ("table = \"key.csv\"", 2, "the features table has a column of this name already"),
        ("table = \"word.csv\"", 3, "line 29, column \"mfcc00_mean\": \"high\" is not a number"),
        ("table = \"short.csv\"", 3, "could belong to `synthetic/"),
        ("table = \"good.csv\"\nid = \"fil\"", 2, "did you mean `file`?"),
        ("table = \"good.parquet\"\nid = \"path\"", 2, "the table has no such column"),
        ("table = \"good.csv\"\ncolumns = [\"start\"]", 2, "the column holds no numbers"),
        ("table = \"good.parquet\"\ncolumns = [\"note\"]", 2, "the column holds no numbers"),
        ("table = \"good.csv\"\ncolumns = [\"jitter*\"]", 2, "matches no column of the table"),
        ("table = \"good.csv\"\nset = \"standard\"", 2, "features.table takes the place of a set"),
        ("table = \"good.csv\"\n[augment]\nspeed = [0.9]", 2, "`augment` is set: features.table holds no audio"),
        ("id = \"file\"", 2, "`features.id` is set: is used with `features.table` only"),
    ];
    for (keys, want, words) in cases {
        point_at(at, keys);
        let (code, error) = failure(&ser(at, &["run", "pipeline.toml"]));
        assert!(code == want && error.contains(words), "{keys}\nexit {code}: {error}\nshould say {words}");
        assert!(!at.join("out/features").exists(), "{keys}");
    }
    point_at(at, "table = \"good.csv\"");
    let (code, error) = failure(&ser(at, &["run", "pipeline.toml", "--set", "extract.frames=true"]));
    assert!(code == 2 && error.contains("`extract.frames` is set: features.table holds no audio"), "{error}");
}

#[test]
fn workers_share_a_table_and_its_models_predict_no_recordings() {
    let (folder, whole) = computed();
    let at = folder.path();
    fs::write(at.join("compare.parquet"), parquet(&whole, ("file", as_written))).expect("written");
    point_at(at, "table = \"compare.parquet\"");
    stdout(&ser(at, &["ingest", "pipeline.toml"]));
    let plan = stdout(&ser(at, &["plan", "pipeline.toml"]));
    assert!(!plan.contains("parts      0 of") && plan.contains(" pending"), "{plan}");
    for shard in ["2/2", "1/2"] {
        stdout(&ser(at, &["extract", "pipeline.toml", "--shard", shard]));
    }
    stdout(&ser(at, &["extract", "pipeline.toml", "--require-parts"]));
    run(at, &[]);
    assert_same_figures(at, &whole);
    let (code, error) = failure(&ser(at, &["predict", "out/models/logistic/fold-0", "corpus", "--out", "predicted"]));
    let words = "it was trained on the table `compare.parquet`, whose features ser-etl cannot compute";
    assert!(code == 3 && error.contains(words), "{error}");
}

#[test]
fn a_table_may_lie_in_a_bucket() {
    let (folder, whole) = computed();
    let at = folder.path();
    let server = Server::start();
    server.upload(&at.join("corpus"), "corpus");
    fs::create_dir(server.objects().join("pipelines")).expect("a folder");
    fs::write(server.objects().join("pipelines/compare.parquet"), parquet(&whole, ("file", as_written)))
        .expect("written");
    point_at(at, "table = \"compare.parquet\"");
    let text = fs::read_to_string(at.join("pipeline.toml")).expect("there").replace("\"corpus\"", "\"../corpus\"");
    fs::write(server.objects().join("pipelines/pipeline.toml"), text).expect("written");
    let arguments = ["run", "s3://bucket/pipelines/pipeline.toml", "--out", "out"];
    stdout(&server.ser(at, &arguments));
    assert_same_figures(at, &whole);
    server.forget();
    let printed = stdout(&server.ser(at, &arguments));
    assert_eq!(printed.matches("up to date").count(), 6, "{printed}");
    assert_eq!(server.count("get", "corpus/"), 0);
}
