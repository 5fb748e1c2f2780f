//! Parts of the features table that workers compute: any of them, from anywhere, any number of times; and what `ser plan`
//! says of them and of every stage.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use ser_etl::storage::{LOCK, LocalStore, Store};
use serde_json::Value as Json;
use tempfile::TempDir;

use crate::util::job::{PIPELINE, all_files, assert_same, run, workplace};
use crate::util::s3_server::Server;
use crate::util::{command, failure, ser, stdout};

/// A workplace after ingest, and what an undisturbed run makes of it in `whole`.
fn ingested() -> TempDir {
    let folder = workplace();
    run(folder.path(), &["--out", "whole"]);
    stdout(&ser(folder.path(), &["ingest", "pipeline.toml"]));
    folder
}

fn plan(folder: &Path, flags: &[&str]) -> Json {
    let text = stdout(&ser(folder, &[&["plan", "pipeline.toml", "--format", "json"], flags].concat()));
    serde_json::from_str(&text).expect("JSON")
}

/// Names of the pending parts.
fn pending(folder: &Path, flags: &[&str]) -> Vec<String> {
    let plan = plan(folder, flags);
    let parts = plan["parts"]["pending"].as_array().expect("parts").iter();
    parts.map(|part| part["name"].as_str().expect("a name").to_owned()).collect()
}

/// What a worker said of each of its parts.
fn extract(folder: &Path, flags: &[&str]) -> Vec<Json> {
    let text = stdout(&ser(folder, &[&["extract", "pipeline.toml", "--format", "json"], flags].concat()));
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

fn refused(folder: &Path, flags: &[&str]) -> (i32, String) {
    failure(&ser(folder, &[&["extract", "pipeline.toml"], flags].concat()))
}

/// Publishes what is staged, runs the rest, and compares all with the undisturbed run.
fn finish(folder: &Path) {
    stdout(&ser(folder, &["extract", "pipeline.toml", "--require-parts"]));
    run(folder, &[]);
    assert_same(&folder.join("out"), &folder.join("whole"));
}

/// Files of staged parts and their seals.
fn staged(folder: &Path) -> Vec<String> {
    all_files(&folder.join("out/run/extract")).into_keys().collect()
}

#[test]
fn parts_computed_one_by_one_make_the_same_bytes() {
    let folder = ingested();
    let at = folder.path();
    let all = plan(at, &[]);
    let names = pending(at, &[]);
    assert!(names.len() > 2, "{names:?}");
    let parts = all["parts"]["pending"].as_array().expect("parts");
    let sum = |key: &str| parts.iter().map(|part| part[key].as_u64().expect("a number")).sum::<u64>();
    let audio = all_files(&at.join("corpus")).into_iter().filter(|(path, _)| path.ends_with(".wav"));
    assert_eq!((sum("rows"), sum("bytes")), (27, audio.map(|(_, file)| file.len() as u64).sum()));
    for (done, name) in names.iter().rev().enumerate() {
        let said = extract(at, &["--part", name, "--threads", "1"]);
        assert_eq!((said.len(), &said[0]["up_to_date"]), (1, &Json::from(false)), "{said:?}");
        assert_eq!(said[0]["name"], name.as_str());
        assert_eq!(pending(at, &[]).len(), names.len() - done - 1);
    }
    let before = staged(at);
    let again = extract(at, &[&["--part"], &names.iter().map(String::as_str).collect::<Vec<_>>()[..]].concat());
    assert!(again.iter().all(|part| part["up_to_date"] == true), "{again:?}");
    assert_eq!(staged(at), before, "what is finished is left alone");
    assert!(!at.join("out/features").exists(), "workers publish nothing");
    finish(at);
    let late = extract(at, &["--part", &names[0]]);
    assert_eq!(late[0]["up_to_date"], true, "a late worker finds the part published");
    assert_eq!(run(at, &[]).matches("up to date").count(), 6);
}

#[test]
fn shards_share_all_parts_between_them() {
    let folder = ingested();
    let at = folder.path();
    let names = pending(at, &[]);
    let children = ["1/3", "2/3", "3/3"].map(|shard| worker(at, &["--shard", shard, "--format", "json"]));
    let mut said =
        children.map(|child| child.wait_with_output().expect("ended")).iter().map(stdout).collect::<String>();
    said = said.lines().map(|line| line.to_owned() + "\n").collect();
    assert!(names.iter().all(|name| said.matches(name.as_str()).count() == 1), "{names:?}\n{said}");
    finish(at);
}

fn worker(folder: &Path, flags: &[&str]) -> Child {
    let arguments = [&["extract", "pipeline.toml"], flags].concat();
    command(folder, &arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("ser starts")
}

#[test]
fn missing_parts_are_named_and_nothing_is_touched() {
    let folder = ingested();
    let at = folder.path();
    let names = pending(at, &[]);
    extract(at, &["--part", &names[0]]);
    let files = || {
        let mut files = all_files(&at.join("out"));
        files.remove(LOCK).expect("it names its last holder");
        files
    };
    let before = files();
    let (code, error) = refused(at, &["--require-parts"]);
    assert_eq!(code, 3, "{error}");
    assert!(error.contains(&format!("{} of {} parts are missing", names.len() - 1, names.len())), "{error}");
    assert!(error.contains(&names[1]) && !error.contains(&names[0]), "{error}");
    assert!(before == files());
    // Without the flag, what is missing is computed.
    run(at, &[]);
    assert_same(&at.join("out"), &at.join("whole"));
    stdout(&ser(at, &["extract", "pipeline.toml", "--require-parts"]));
}

#[test]
fn attempts_at_one_part_do_not_disturb_each_other() {
    let folder = ingested();
    let at = folder.path();
    let names = pending(at, &[]);
    let flags = [&["--part"], &names.iter().map(String::as_str).collect::<Vec<_>>()[..]].concat();
    let children = [0; 4].map(|_| worker(at, &flags));
    let [mut killed, others @ ..] = children;
    std::thread::sleep(Duration::from_millis(60));
    killed.kill().expect("killed, or already ended");
    killed.wait().expect("waited for");
    others.map(|child| child.wait_with_output().expect("ended")).iter().for_each(|output| drop(stdout(output)));
    let seals = staged(at).into_iter().filter(|path| path.ends_with(".json")).count();
    assert_eq!(seals, names.len());
    // What a worker left that died before its seal.
    fs::write(at.join("out/run/extract").join(format!("{}.0123456789abcdef.parquet", names[0])), b"half")
        .expect("written");
    finish(at);
    let left = staged(at);
    assert_eq!(left.len(), 2 * names.len(), "a seal and the rejects of each part, and no other attempt: {left:?}");
}

#[test]
fn a_worker_refuses_what_is_not_of_this_plan() {
    let folder = ingested();
    let at = folder.path();
    let names = pending(at, &[]);
    for flags in [["--part", "nonsense"], ["--part", names[0].rsplit_once('.').expect("a key").0]] {
        let (code, error) = refused(at, &flags);
        assert_eq!(code, 2, "{error}");
        assert!(error.contains("is none of the") && error.contains("ser plan"), "{error}");
    }
    let (code, error) = refused(at, &["--part", &names[0], "--set", "audio.sample_rate_hz=8000"]);
    assert_eq!(code, 2, "a part under other parameters is another one: {error}");
    for flags in [&["--shard", "4/3"][..], &["--shard", "0/3"], &["--shard", "x"], &["--part", &names[0], "--force"]] {
        assert_eq!(refused(at, flags).0, 2, "{flags:?}");
    }
    assert_eq!(refused(at, &["--part", &names[0], "--shard", "1/2"]).0, 2);
    assert_eq!(staged(at), Vec::<String>::new());
    fs::write(at.join("pipeline.toml"), PIPELINE.replace("name = \"synthetic\"", "name = \"other\"")).expect("written");
    let (code, error) = refused(at, &["--part", &names[0]]);
    assert_eq!(code, 3, "ingest has to run first: {error}");
    assert!(error.contains("corpus.0.name \"synthetic\" -> \"other\""), "{error}");
}

#[test]
fn another_build_is_refused_and_a_changed_audio_file_ends_a_worker() {
    let folder = ingested();
    let at = folder.path();
    let names = pending(at, &[]);
    let kept = at.join("out/run/parts.json");
    let text = fs::read_to_string(&kept).expect("the plan is kept");
    let plan: Json = serde_json::from_str(&text).expect("JSON");
    let build = plan["made_of"]["build"].as_str().expect("a build");
    fs::write(&kept, text.replace(build, "00000000000000000000000000000000")).expect("written");
    for flags in [["--part", names[0].as_str()], ["--shard", "1/2"]] {
        let (code, error) = refused(at, &flags);
        assert_eq!(code, 2, "{error}");
        assert!(error.contains("were planned by build 0000"), "{error}");
    }
    // Whoever plans anew decides; a plan that cannot be read is made again.
    for content in [text.replace(build, "00000000000000000000000000000000"), "{".to_owned()] {
        fs::write(&kept, content).expect("written");
        assert_eq!(pending(at, &[]), names);
    }
    let wav = all_files(&at.join("corpus")).into_keys().find(|path| path.ends_with(".wav")).expect("a file");
    fs::write(at.join("corpus").join(wav), b"other").expect("written");
    let (code, error) = refused(at, &["--shard", "1/1"]);
    assert_eq!(code, 4, "{error}");
    assert!(error.contains("has changed since ingest"), "{error}");
}

/// The seals of a run that is staged, with another vector level in the first.
fn of_two_levels(folder: &Path) -> &'static str {
    extract(folder, &["--shard", "1/1"]);
    let staging = folder.join("out/run/extract");
    let seal = staged(folder).into_iter().find(|path| path.ends_with(".json")).expect("a seal");
    let text = fs::read_to_string(staging.join(&seal)).expect("readable");
    let ours = ["avx-fma", "sse4.1", "scalar", "neon"].into_iter().find(|level| text.contains(&format!("\"{level}\"")));
    let ours = ours.expect("a level");
    let other = if ours == "neon" { "avx-fma" } else { "neon" };
    fs::write(staging.join(&seal), text.replace(ours, other)).expect("written");
    ours
}

#[test]
fn parts_of_several_vector_levels_are_a_warning_or_refused() {
    let folder = ingested();
    let at = folder.path();
    let ours = of_two_levels(at);
    let key = format!("extract.vector_level='{ours}'");
    let (code, error) = refused(at, &["--require-parts", "--set", &key]);
    assert_eq!(code, 2, "{error}");
    assert!(error.contains("1 part with") && error.contains("--force"), "{error}");
    assert!(!at.join("out/features").exists());
    let output = ser(at, &["extract", "pipeline.toml"]);
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success() && log.contains("different vector instructions (") && log.contains("1 part with"),
        "{log}"
    );
    assert_eq!(refused(at, &["--set", &key]).0, 2, "what is published is judged by the key too");
    stdout(&ser(at, &["extract", "pipeline.toml", "--force", "--set", &key]));
    let other = if ours == "neon" { "avx-fma" } else { "neon" };
    let elsewhere = format!("extract.vector_level='{other}'");
    let flags = ["--shard", "1/1", "--set", &elsewhere, "--set", "audio.sample_rate_hz=8000"];
    let (code, error) = refused(at, &flags);
    assert_eq!(code, 2, "{error}");
    assert!(error.contains(&format!("this machine computes with {ours}")), "{error}");
}

#[test]
fn frames_may_be_switched_on_and_off_between_workers() {
    let folder = ingested();
    let at = folder.path();
    let frames = ["--set", "extract.frames=true"];
    run(at, &[&frames[..], &["--out", "framed"]].concat());
    extract(at, &["--shard", "1/1"]);
    let names = pending(at, &frames);
    assert!(!names.is_empty(), "the parts have no frames yet");
    extract(at, &[&["--shard", "1/1"], &frames[..]].concat());
    assert_eq!(pending(at, &frames), Vec::<String>::new());
    run(at, &frames);
    assert_same(&at.join("out"), &at.join("framed"));
    run(at, &[]);
    assert_same(&at.join("out"), &at.join("whole"));
    assert_eq!(pending(at, &frames), names, "the frames are gone");
    extract(at, &[&["--shard", "1/1"], &frames[..]].concat());
    run(at, &frames);
    assert_same(&at.join("out"), &at.join("framed"));
}

#[test]
fn workers_share_the_output_and_a_run_takes_it_alone() {
    let folder = ingested();
    let at = folder.path();
    let name = &pending(at, &[])[0];
    let store = LocalStore::new(at.join("out"));
    let shared = store.share(LOCK).expect("free");
    extract(at, &["--part", name]);
    let (code, error) = failure(&ser(at, &["run", "pipeline.toml"]));
    assert_eq!(code, 4, "{error}");
    assert!(error.contains("is held by another run"), "{error}");
    drop(shared);
    // A process that another test is starting holds a copy of the lock until its program begins.
    let patiently = |_| {
        std::thread::sleep(Duration::from_millis(20));
        store.lock(LOCK).ok()
    };
    let alone = (0..100).find_map(patiently).expect("free");
    assert_eq!(refused(at, &["--part", name]).0, 4);
    drop(alone);
    finish_after(at);
}

fn finish_after(folder: &Path) {
    run(folder, &[]);
    assert_same(&folder.join("out"), &folder.join("whole"));
}

#[test]
fn workers_in_a_bucket_make_the_bytes_of_a_disk() {
    let folder = workplace();
    let at = folder.path();
    run(at, &["--out", "disk"]);
    let server = Server::start();
    server.upload(&at.join("corpus"), "corpus");
    let place = ["--out", "s3://bucket/out", "--set", "corpus.0.source=s3://bucket/corpus"];
    let ser = |command: &[&str]| server.ser(at, &[command, &place[..]].concat());
    stdout(&ser(&["ingest", "pipeline.toml"]));
    let text = stdout(&ser(&["plan", "pipeline.toml"]));
    assert!(text.contains("parts      ") && text.contains(" pending"), "{text}");
    server.forget();
    stdout(&ser(&["extract", "pipeline.toml", "--shard", "2/2"]));
    assert!(server.count("put", "run/workers/") > 0 && server.count("put", "run/lock") == 0);
    assert_eq!(all_files(&server.objects().join("out/run/workers")).len(), 0, "its lock is released");
    stdout(&ser(&["extract", "pipeline.toml", "--shard", "1/2"]));
    stdout(&ser(&["extract", "pipeline.toml", "--require-parts"]));
    stdout(&ser(&["run", "pipeline.toml"]));
    assert_same(&at.join("disk"), &server.objects().join("out"));
}

/// The reasons of a stage, as text lines of `ser plan`.
fn reasons(folder: &Path, stage: &str, flags: &[&str]) -> Vec<Json> {
    let plan = plan(folder, flags);
    let stages = plan["stages"].as_array().expect("stages");
    let found = stages.iter().find(|plan| plan["stage"] == stage).expect("the stage");
    found["reasons"].as_array().expect("reasons").clone()
}

#[test]
fn a_plan_says_what_has_changed_and_from_what_to_what() {
    let folder = workplace();
    let at = folder.path();
    assert!(plan(at, &[])["parts"].is_null(), "before ingest there are no parts");
    assert_eq!(reasons(at, "ingest", &[])[0]["kind"], "unfinished");
    run(at, &[]);
    let now = plan(at, &[]);
    assert!(now["stages"].as_array().expect("stages").iter().all(|stage| stage["state"] == "up_to_date"), "{now}");
    assert_eq!(now["parts"]["pending"], Json::Array(Vec::new()));
    let told = reasons(at, "split", &["--set", "split.test=0.3"]);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((&told[0]["kind"], &told[0]["key"], &told[0]["to"]), (&"key".into(), &"split.test".into(), &0.3.into()));
    let told = reasons(at, "extract", &["--set", "extract.part_rows=9"]);
    assert_eq!((&told[0]["name"], &told[0]["from"], &told[0]["to"]), (&"part_rows".into(), &"7".into(), &"9".into()));
    let text = stdout(&ser(at, &["plan", "pipeline.toml", "--set", "audio.sample_rate_hz=8000"]));
    assert!(text.contains("audio.sample_rate_hz 16000 -> 8000"), "{text}");
    assert!(text.contains("split      would run after extract"), "{text}");
    let line = stdout(&ser(at, &["run", "pipeline.toml", "--dry-run", "--set", "audio.sample_rate_hz=8000"]));
    assert!(line.contains("would run on 27 of 27 utterances (audio.sample_rate_hz 16000 -> 8000)"), "{line}");
    fs::remove_file(at.join("out/metrics.parquet")).expect("removed");
    assert_eq!(reasons(at, "evaluate", &[])[0]["path"], "metrics.parquet");
    let wav = all_files(&at.join("corpus")).into_keys().find(|path| path.ends_with(".wav")).expect("a file");
    fs::remove_file(at.join("corpus").join(wav)).expect("removed");
    let told = reasons(at, "ingest", &[]);
    assert_eq!((&told[0]["kind"], &told[0]["name"]), (&"input".into(), &"corpus synthetic".into()));
}
