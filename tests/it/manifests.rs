//! Manifests as tools and people write them, through the program: no row is lost, doubled or misread without a word.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use ser_etl::schema::{Reject, Utterance};
use tempfile::TempDir;

use crate::misuse::manifest;
use crate::predict::read;
use crate::util::job::{PIPELINE, results, workplace};
use crate::util::s3_server::Server;
use crate::util::{failure, ser, stdout};

/// Path, label and speaker of each of the 27 recordings of a workplace.
fn rows(folder: &Path) -> Vec<[String; 3]> {
    let files = results(&folder.join("corpus")).into_keys().filter(|path| path.ends_with(".wav"));
    let row = |path: String| {
        let (speaker, file) = path.split_once('/').expect("a folder a speaker");
        let label = file.split('_').next().expect("an emotion").to_owned();
        [path.clone(), label, speaker.to_owned()]
    };
    files.map(row).collect()
}

/// A workplace with a manifest of this name and content, and a pipeline file that reads it; `rest` are keys of the corpus.
fn described(name: &str, text: impl Fn(&Path, &[[String; 3]]) -> String, rest: &str) -> TempDir {
    let folder = workplace();
    let text = text(folder.path(), &rows(folder.path()));
    fs::write(folder.path().join(name), text).expect("written");
    point_at(folder.path(), name, rest);
    folder
}

fn point_at(folder: &Path, name: &str, rest: &str) {
    let (start, end) = (PIPELINE.find("pattern").expect("there"), PIPELINE.find("[features]").expect("there"));
    let text = format!("{}manifest = \"{name}\"\n{rest}\n{}", &PIPELINE[..start], &PIPELINE[end..]);
    fs::write(folder.join("pipeline.toml"), text).expect("written");
}

fn csv(rows: &[[String; 3]], prefix: &str) -> String {
    let lines = rows.iter().map(|[path, label, speaker]| format!("{prefix}{path},{label},{speaker}\n"));
    format!("path,emotion,speaker\n{}", lines.collect::<String>())
}

fn ingested(folder: &Path, flags: &[&str]) -> Vec<Utterance> {
    stdout(&ser(folder, &[&["ingest", "pipeline.toml", "--force"], flags].concat()));
    read::<Utterance>(&folder.join("out/utterances.parquet")).rows
}

fn refused(folder: &Path, flags: &[&str]) -> String {
    let (code, error) = failure(&ser(folder, &[&["ingest", "pipeline.toml"], flags].concat()));
    assert_eq!(code, 3, "{error}");
    error
}

#[test]
fn quotation_marks_swallow_no_row() {
    let sentences = ["\"Well", "so", "\"he said\" and", "left\"", "\"quoted\""];
    let text = |separator: &str, rows: &[[String; 3]]| {
        let line = |(number, [path, label, speaker]): (usize, &[String; 3])| {
            [path, sentences[number % 5], label, speaker].join(separator) + "\n"
        };
        let header = ["path", "sentence", "emotion", "speaker"].join(separator) + "\n";
        header + &rows.iter().enumerate().map(line).collect::<String>()
    };
    let folder = described("labels.tsv", |_, rows| text("\t", rows), "");
    let utterances = ingested(folder.path(), &[]);
    assert_eq!(utterances.len(), 27);
    let wrong = utterances.iter().find(|row| !row.path.contains(&format!("/{}_", row.emotion)));
    assert_eq!(wrong, None, "each row has its own label");
    let folder = described("labels.csv", |_, rows| text(",", rows), "");
    let error = refused(folder.path(), &[]);
    assert!(
        error.contains("labels.csv\": line 4: text follows the closing quotation mark")
            && error.contains("opens in line 2"),
        "{error}"
    );
}

#[test]
fn what_spreadsheets_write_is_read() {
    let excel = |_: &Path, rows: &[[String; 3]]| {
        let lines = rows.iter().map(|[path, label, speaker]| format!("{path};{label};{speaker};0,10;0,35\r\n"));
        format!("\u{feff}path;emotion;speaker;start;end\r\n{}", lines.collect::<String>())
    };
    let folder = described("labels.csv", excel, "");
    let utterances = ingested(folder.path(), &[]);
    assert_eq!((utterances.len(), utterances[0].start_s, utterances[0].end_s), (27, Some(0.1), Some(0.35)));
    let error = refused(folder.path(), &["--set", "corpus.0.separator=,"]);
    assert!(error.contains("line 2: 3 cells where the header has 1 columns, with `,` between cells"), "{error}");
    let tabs = described("labels.csv", |_, rows| csv(rows, "").replace(',', "\t"), "");
    assert_eq!(ingested(tabs.path(), &[]).len(), 27);
    let short = described("labels.csv", |_, rows| csv(rows, "").replace('\n', "\r\n") + "x,anger\r\n", "");
    let error = refused(short.path(), &[]);
    assert!(error.contains("line 29: 2 cells where the header has 3 columns"), "{error}");
}

#[test]
fn full_paths_below_the_source_are_the_files_of_relative_ones() {
    let folder = described("labels.csv", |_, rows| csv(rows, ""), "");
    let want = ingested(folder.path(), &[]);
    let write =
        |prefix: &str| fs::write(folder.path().join("labels.csv"), csv(&rows(folder.path()), prefix)).expect("written");
    let root = folder.path().canonicalize().expect("there").join("corpus");
    let root = root.to_str().expect("UTF-8");
    for prefix in [format!("{root}/"), format!("file://{root}/"), format!("{root}/../corpus//./"), "./".to_owned()] {
        write(&prefix);
        assert_eq!(ingested(folder.path(), &[]), want, "{prefix}");
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("corpus", folder.path().join("link")).expect("linked");
        write(&format!("{root}/"));
        assert_eq!(ingested(folder.path(), &["--set", "corpus.0.source=link"]), want);
    }
    // Another machine's paths: the remedy works.
    write("D:/speech/corpus/");
    let error = refused(folder.path(), &[]);
    assert!(error.contains("set `path_prefix = \"d:/speech/corpus\"`"), "{error}");
    assert_eq!(ingested(folder.path(), &["--set", "corpus.0.path_prefix='d:/speech/corpus'"]), want);
}

#[test]
fn no_absolute_path_enters_a_table() {
    let folder = described("labels.csv", |_, rows| csv(rows, ""), "allow_outside = true");
    let root = folder.path().canonicalize().expect("there");
    let root = root.to_str().expect("UTF-8");
    fs::create_dir(folder.path().join("elsewhere")).expect("made");
    let [path, ..] = &rows(folder.path())[0];
    fs::copy(folder.path().join("corpus").join(path), folder.path().join("elsewhere/x.wav")).expect("copied");
    let mut text = fs::read_to_string(folder.path().join("labels.csv")).expect("readable");
    text +=
        &format!("{root}/elsewhere/x.wav,anger,x\n{root}/elsewhere/gone.wav,anger,x\n{root}/corpus/gone.wav,anger,x\n");
    fs::write(folder.path().join("labels.csv"), text).expect("written");
    stdout(&ser(folder.path(), &["ingest", "pipeline.toml"]));
    stdout(&ser(folder.path(), &["extract", "pipeline.toml"]));
    let utterances = read::<Utterance>(&folder.path().join("out/utterances.parquet")).rows;
    assert!(utterances.iter().any(|row| row.path == "../elsewhere/x.wav"));
    let rejects = read::<Reject>(&folder.path().join("out/rejects.parquet")).rows;
    let paths: Vec<&str> = rejects.iter().map(|row| row.path.as_str()).collect();
    assert_eq!(paths, ["../elsewhere/gone.wav", "gone.wav"]);
    for (path, content) in results(&folder.path().join("out")) {
        let name = root.as_bytes();
        assert!(!content.windows(name.len()).any(|window| window == name), "{path}");
    }
}

#[test]
fn times_of_the_film_are_named_and_can_be_switched_off() {
    let folder =
        manifest(",start,end", |number, path, label, who| format!("{path},{label},{who},{number}01,{number}02\n"));
    stdout(&ser(folder.path(), &["ingest", "pipeline.toml"]));
    let (code, error) = failure(&ser(folder.path(), &["extract", "pipeline.toml"]));
    assert_eq!(code, 3, "{error}");
    for part in [
        "segment_out_of_range 2",
        "\"start\" and \"end\" of corpus `synthetic` were used as times",
        "start = \"\" and end = \"\"",
    ] {
        assert!(error.contains(part), "{error}\nshould say {part}");
    }
    let off = ["--set", "corpus.0.columns.start=''", "--set", "corpus.0.columns.end=''"];
    assert!(ingested(folder.path(), &off).iter().all(|row| row.start_s.is_none() && row.end_s.is_none()));
    stdout(&ser(folder.path(), &[&["extract", "pipeline.toml"], &off[..]].concat()));
}

/// A Parquet file of text columns.
fn parquet(rows: &[[String; 3]], columns: [&str; 3]) -> Vec<u8> {
    let array = |at: usize| -> ArrayRef { Arc::new(StringArray::from_iter_values(rows.iter().map(|row| &row[at]))) };
    let columns = columns.into_iter().enumerate().map(|(at, name)| (name, array(at)));
    let columns = columns.filter(|(name, _)| !name.is_empty());
    let batch = RecordBatch::try_from_iter(columns).expect("equal columns");
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("written");
    writer.close().expect("closed");
    file
}

/// Writes the folder that Spark writes: parts, some of them below `speaker=...`, and notes about them.
fn parts(folder: &Path, rows: &[[String; 3]]) {
    let columns = ["path", "emotion", "speaker"];
    for (name, content) in
        [("part-0.snappy.parquet", parquet(&rows[..9], columns)), ("part-1.parquet", parquet(&rows[9..9], columns))]
    {
        fs::create_dir_all(folder).expect("made");
        fs::write(folder.join(name), content).expect("written");
    }
    for of_speaker in rows[9..].chunk_by(|a, b| a[2] == b[2]) {
        let place = folder.join(format!("speaker={}", of_speaker[0][2]));
        fs::create_dir_all(&place).expect("made");
        fs::write(place.join("part-0.parquet"), parquet(of_speaker, ["path", "emotion", ""])).expect("written");
    }
    fs::write(folder.join("_SUCCESS"), b"").expect("written");
    fs::write(folder.join(".part-0.snappy.parquet.crc"), b"crc").expect("written");
}

#[test]
fn a_folder_of_parquet_parts_is_a_manifest_on_disk_and_in_a_bucket() {
    let folder = described("labels.csv", |_, rows| csv(rows, ""), "");
    let want = ingested(folder.path(), &[]);
    let place = folder.path().join("labels.parquet");
    parts(&place, &rows(folder.path()));
    assert_eq!(ingested(folder.path(), &["--set", "corpus.0.manifest=labels.parquet"]), want);
    let server = Server::start();
    server.upload(&folder.path().join("corpus"), "corpus");
    server.upload(&place, "labels.parquet");
    let set = ["--set", "corpus.0.manifest=s3://bucket/labels.parquet/", "--set", "corpus.0.source=s3://bucket/corpus"];
    stdout(&server.ser(folder.path(), &[&["ingest", "pipeline.toml", "--out", "s3"], &set[..]].concat()));
    assert_eq!(read::<Utterance>(&folder.path().join("s3/utterances.parquet")).rows, want);
    fs::create_dir(place.join("_delta_log")).expect("made");
    fs::write(place.join("_delta_log/0.json"), b"{}").expect("written");
    let error = refused(folder.path(), &["--set", "corpus.0.manifest=labels.parquet"]);
    assert!(error.contains("a Delta table"), "{error}");
    let error = refused(folder.path(), &["--set", "corpus.0.manifest=corpus"]);
    assert!(error.contains("a folder without Parquet files"), "{error}");
}

/// Writes one part for each row, below the folder of its speaker, as `columns` name what it holds.
fn part_each(folder: &Path, rows: &[[String; 3]], columns: [&str; 3]) {
    for (number, row) in rows.iter().enumerate() {
        let place = folder.join(format!("speaker={}", row[2]));
        fs::create_dir_all(&place).expect("made");
        let content = parquet(std::slice::from_ref(row), columns);
        fs::write(place.join(format!("part-{number:02}.parquet")), content).expect("written");
    }
}

#[test]
fn a_folder_and_a_column_of_one_name_must_say_the_same() {
    let folder = described("labels.csv", |_, rows| csv(rows, ""), "");
    let want = ingested(folder.path(), &[]);
    let flags = ["--set", "corpus.0.manifest=labels.parquet"];
    let (place, mut rows) = (folder.path().join("labels.parquet"), rows(folder.path()));
    part_each(&place, &rows, ["path", "emotion", "speaker"]);
    assert_eq!(ingested(folder.path(), &flags), want, "both say the same");
    let name = rows[0][2].clone();
    let part = place.join(format!("speaker={name}/part-00.parquet"));
    for (value, said) in [("s2", "\"s2\""), ("", "\"\"")] {
        rows[0][2] = value.to_owned();
        fs::write(&part, parquet(&rows[..1], ["path", "emotion", "speaker"])).expect("written");
        let error = refused(folder.path(), &flags);
        let words = format!(
            "labels.parquet/speaker={name}/part-00.parquet\": row 1: column \"speaker\" says {said}, and the folder \
             `speaker=...` says \"{name}\"; move the row"
        );
        assert!(error.contains(&words), "{error}\nshould say {words}");
    }
    // What means nothing is the same in both.
    let nowhere = place.join("speaker=__HIVE_DEFAULT_PARTITION__");
    fs::create_dir(&nowhere).expect("made");
    rows[0][2] = "nan".to_owned();
    fs::write(nowhere.join("part.parquet"), parquet(&rows[..1], ["path", "emotion", "speaker"])).expect("written");
    fs::remove_file(&part).expect("removed");
    assert_eq!(ingested(folder.path(), &flags).iter().filter(|row| row.speaker.is_none()).count(), 1);
    fs::create_dir(place.join("room=%FF")).expect("made");
    fs::write(place.join("room=%FF/x.parquet"), parquet(&rows[..1], ["path", "emotion", ""])).expect("written");
    let error = refused(folder.path(), &flags);
    assert!(error.contains("the folder `room=%FF` is not UTF-8"), "{error}");
}

#[test]
fn rows_and_columns_of_parts_are_named_and_none_is_lost() {
    let folder = described("labels.csv", |_, rows| csv(rows, ""), "");
    let flags = ["--set", "corpus.0.manifest=labels.parquet", "--set", "extract.max_reject_rate=0.5"];
    let (place, rows) = (folder.path().join("labels.parquet"), rows(folder.path()));
    part_each(&place, &rows, ["path", "emotion", ""]);
    let gone = [&rows[..1], &[["gone.wav", "anger", "x"].map(str::to_owned)]].concat();
    fs::create_dir(place.join("speaker=x")).expect("made");
    fs::write(place.join("speaker=x/part.parquet"), parquet(&gone[1..], ["path", "emotion", ""])).expect("written");
    assert_eq!(ingested(folder.path(), &flags).len(), 27);
    let rejects = read::<Reject>(&folder.path().join("out/rejects.parquet")).rows;
    let want = "manifest row 1 of \"speaker=x/part.parquet\": \"gone.wav\" is not under the source";
    assert_eq!(rejects.iter().map(|row| row.message.as_str()).collect::<Vec<_>>(), [want]);
    fs::write(place.join("speaker=x/part.parquet"), parquet(&gone, ["path", "emotion", "emotion"])).expect("written");
    let error = refused(folder.path(), &flags);
    let words = "labels.parquet/speaker=x/part.parquet\": the column \"emotion\" occurs twice; rename one";
    assert!(error.contains(words), "{error}");
    fs::write(place.join("speaker=x/part.parquet"), parquet(&gone[..1], ["path", "emotion", ""])).expect("written");
    let error = refused(folder.path(), &flags);
    assert!(error.contains("1 utterance id occurs more than once") && error.contains("part.parquet\""), "{error}");
}

#[test]
fn what_is_no_text_or_no_json_is_named_with_its_place() {
    let json = |last: &str| {
        let last = last.to_owned();
        move |_: &Path, rows: &[[String; 3]]| {
            let lines = rows.iter().map(|[path, label, speaker]| {
                format!("{{\"path\": \"{path}\", \"emotion\": \"{label}\", \"speaker\": \"{speaker}\", \"age\": 30}}\r")
            });
            lines.collect::<String>() + &last
        }
    };
    let folder = described("labels.jsonl", json(""), "");
    assert_eq!(ingested(folder.path(), &[]).len(), 27, "CR alone ends a line");
    for (last, want) in [
        (
            "{\"path\": \"x\", \"age\": NaN}",
            "line 28: not a JSON object on one line: NaN is not a JSON value; write null",
        ),
        (
            "{\"path\": \"x\", \"age\": -Infinity}",
            "line 28: not a JSON object on one line: -Infinity is not a JSON value",
        ),
        (
            "{\"path\": \"x\", \"speaker\": 12345678901234567890123}",
            "line 28: not a JSON object on one line: the number of",
        ),
        ("{\"path\": \"x\", \"speaker\": \"s\\u0000\"}", "line 28, column \"speaker\": a NUL character"),
    ] {
        let error = refused(described("labels.jsonl", json(last), "").path(), &[]);
        assert!(error.contains(want), "{error}\nshould say {want}");
    }
    let utf16 = |_: &Path, rows: &[[String; 3]]| csv(rows, "").chars().flat_map(|c| [c, '\0']).collect();
    let error = refused(described("labels.csv", utf16, "").path(), &[]);
    assert!(error.contains("line 1: a NUL character: the text is UTF-16, or damaged; save it as UTF-8"), "{error}");
}

#[test]
fn a_column_called_origin_and_speakers_who_are_alike_are_kept_apart() {
    let text = |_: &Path, rows: &[[String; 3]]| {
        let lines = rows.iter().enumerate().map(|(number, [path, label, speaker])| {
            let speaker = if number == 0 { speaker.to_uppercase() } else { speaker.clone() };
            format!("{path},{label},{speaker},studio\n")
        });
        format!("path,emotion,speaker,origin\n{}", lines.collect::<String>())
    };
    let folder = described("labels.csv", text, "");
    let output = ser(folder.path(), &["ingest", "pipeline.toml"]);
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    stdout(&output);
    assert!(log.contains("differ only in case, blanks or leading zeros"), "{log}");
    let table = read::<Utterance>(&folder.path().join("out/utterances.parquet"));
    assert_eq!(table.text.names, ["extra_origin", "origin"]);
    assert_eq!(table.text.row(0).to_vec(), [Some("studio".to_owned()), Some("synthetic".to_owned())]);
}

#[test]
fn full_paths_in_a_bucket_are_below_the_source_too() {
    let folder = described("labels.csv", |_, rows| csv(rows, ""), "");
    let want = ingested(folder.path(), &[]);
    let server = Server::start();
    server.upload(&folder.path().join("corpus"), "speech/corpus");
    let flags = ["ingest", "pipeline.toml", "--force", "--set", "corpus.0.source=s3://bucket/speech/corpus"];
    for prefix in ["", "s3://bucket/speech/corpus/", "s3a://bucket/speech//corpus/", "../corpus/"] {
        fs::write(folder.path().join("labels.csv"), csv(&rows(folder.path()), prefix)).expect("written");
        stdout(&server.ser(folder.path(), &flags));
        assert_eq!(read::<Utterance>(&folder.path().join("out/utterances.parquet")).rows, want, "{prefix}");
    }
    fs::write(folder.path().join("labels.csv"), csv(&rows(folder.path()), "s3://bucket/speech/other/"))
        .expect("written");
    let (code, error) =
        failure(&server.ser(folder.path(), &[&flags[..], &["--set", "corpus.0.allow_outside=true"]].concat()));
    assert!(code == 3 && error.contains("`path_prefix = \"s3://bucket/speech/other\"`"), "{code} {error}");
}

#[test]
fn files_that_were_not_looked_at_are_counted_said_and_listed() {
    let folder = workplace();
    let speaker = folder.path().join("corpus/spk01_male");
    for name in ["call.amr", "call.WMA", "notes.txt", "._anger_s01_r1.wav"] {
        fs::write(speaker.join(name), b"x").expect("written");
    }
    fs::rename(speaker.join("anger_s01_r1.wav"), speaker.join("anger_s01_r1.WAVE")).expect("renamed");
    let pattern = PIPELINE.replace(r"\.wav$", r"\.\w+$");
    fs::write(folder.path().join("pipeline.toml"), pattern).expect("written");
    let output = ser(
        folder.path(),
        &["run", "pipeline.toml", "--set", "extract.max_reject_rate=0", "--set", "train.models=['naive-bayes']"],
    );
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    let printed = stdout(&output);
    assert!(printed.contains("27 utterances, 9 speakers, 3 emotions, 0 rejects, 2 files not looked at"), "{printed}");
    assert!(log.contains("2 files were not looked at, by extension: amr 1, wma 1"), "{log}");
    let record = fs::read_to_string(folder.path().join("out/run/ingest.json")).expect("readable");
    assert!(
        ["\"passed_over.amr\": 1", "\"passed_over.txt\": 1", "\"rejects\": 0"].iter().all(|part| record.contains(part)),
        "{record}"
    );
    let listed = |out: &str| -> Vec<String> {
        let rejects = read::<Reject>(&folder.path().join(out).join("rejects.parquet")).rows;
        rejects.into_iter().map(|row| format!("{} {} {}", row.stage, row.code, row.path)).collect()
    };
    let want = |stage: &str, names: [&str; 2]| names.map(|name| format!("{stage} passed_over {name}"));
    assert_eq!(listed("out"), want("ingest", ["spk01_male/call.WMA", "spk01_male/call.amr"]));
    let flags = ["predict", "out/models/naive-bayes/fold-0", "corpus/spk01_male", "--max-reject-rate", "0"];
    let output = ser(folder.path(), &flags);
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    let printed = stdout(&output);
    assert!(printed.contains("3 utterances by naive-bayes") && printed.contains("0 rejects"), "{printed}");
    assert!(log.contains("2 files were not looked at, by extension: amr 1, wma 1"), "{log}");
    assert!(log.contains("1 hidden audio file ignored"), "{log}");
    assert_eq!(listed("predictions"), want("predict", ["call.WMA", "call.amr"]));
}
