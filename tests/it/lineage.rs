//! OpenLineage events in a file, and receivers that are not there. tests/lineage checks the events by the published client.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::util::job::{assert_same, run, workplace};
use crate::util::{command, failure, ser, stdout};

const QUICK: [&str; 2] = ["--set", "train.models=['logistic', 'majority']"];

fn events(file: &Path) -> Vec<Json> {
    let text = fs::read_to_string(file).expect("a file of events");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// What happened, to which job.
fn story(events: &[Json]) -> Vec<(String, String)> {
    let word = |event: &Json, path: &str| event.pointer(path).and_then(Json::as_str).unwrap_or_default().to_owned();
    events.iter().map(|event| (word(event, "/eventType"), word(event, "/job/name"))).collect()
}

fn dataset<'a>(event: &'a Json, side: &str, end: &str) -> &'a Json {
    let found = event[side].as_array().into_iter().flatten();
    let found = found.into_iter().find(|one| one["name"].as_str().is_some_and(|name| name.ends_with(end)));
    found.unwrap_or_else(|| panic!("no {side} {end} in {event:#}"))
}

#[test]
fn a_run_and_its_stages_start_and_complete_with_what_they_read_and_wrote() {
    let folder = workplace();
    run(folder.path(), &[&QUICK[..], &["--lineage-file", "events/run.jsonl"]].concat());
    let events = events(&folder.path().join("events/run.jsonl"));
    let stages = ["ingest", "extract", "split", "normalize", "train", "evaluate"];
    let mut want = vec![("START".to_owned(), "contract".to_owned())];
    for stage in stages {
        want.extend(["START", "COMPLETE"].map(|kind| (kind.to_owned(), format!("contract.{stage}"))));
    }
    want.push(("COMPLETE".to_owned(), "contract".to_owned()));
    assert_eq!(story(&events), want);
    let id = &events[0]["run"]["runId"];
    for pair in events[1..13].chunks(2) {
        assert_eq!(pair[0]["run"]["runId"], pair[1]["run"]["runId"]);
        assert!(pair.iter().all(|event| event["run"]["facets"]["parent"]["run"]["runId"] == *id));
    }
    let record: Json =
        serde_json::from_slice(&fs::read(folder.path().join("out/run/extract.json")).expect("a record")).expect("JSON");
    let features = dataset(&events[4], "outputs", "/out/features");
    assert_eq!(features["facets"]["version"]["datasetVersion"], record["contents"]["features"]);
    assert_eq!(features["outputFacets"]["outputStatistics"]["rowCount"], 27);
    let fields = features["facets"]["schema"]["fields"].as_array().expect("fields");
    assert!(fields.len() == 49 && fields.iter().any(|field| field["name"] == "rms_mean"), "{fields:?}");
    dataset(&events[4], "inputs", "/corpus");
    let read = dataset(&events[10], "inputs", "/out/features");
    assert_eq!(read["facets"]["version"], features["facets"]["version"], "train reads what extract wrote");
    let utterances = dataset(&events[2], "outputs", "/out/utterances.parquet");
    assert_eq!(utterances["facets"]["dataQualityMetrics"]["columnMetrics"]["start_s"]["nullCount"], 27);
    assert_eq!(events[4]["run"]["facets"]["ser_etl_stage"]["configHash"], record["config_hash"]);
    dataset(&events[10], "outputs", "/out/models");

    // The same again, with nothing to do: a file of the run alone.
    run(folder.path(), &[&QUICK[..], &["--lineage-file", "events/run.jsonl"]].concat());
    let again = self::events(&folder.path().join("events/run.jsonl"));
    assert_eq!(story(&again), want);
    assert_eq!(again[4]["run"]["facets"]["ser_etl_stage"]["upToDate"], true);
    assert_ne!(again[0]["run"]["runId"], *id);
}

#[test]
fn failures_name_the_error_and_a_stage_alone_its_parent() {
    let folder = workplace();
    let flags = ["--set", "corpus.0.source=nowhere", "--lineage-file", "events.jsonl"];
    let (_, error) = failure(&ser(folder.path(), &[&["run", "pipeline.toml"], &flags[..]].concat()));
    let events = events(&folder.path().join("events.jsonl"));
    let want = [("START", "contract"), ("START", "contract.ingest"), ("FAIL", "contract.ingest"), ("FAIL", "contract")];
    assert_eq!(story(&events), want.map(|(kind, job)| (kind.to_owned(), job.to_owned())));
    for event in &events[2..] {
        let message = event["run"]["facets"]["errorMessage"]["message"].as_str().expect("a message");
        assert!(error.contains(message) && message.contains("nowhere"), "{message}");
    }

    let parent = "01900000-0000-7000-8000-000000000000";
    let mut alone = command(folder.path(), &["ingest", "pipeline.toml", "--lineage-file", "events.jsonl"]);
    let alone = alone
        .env("OPENLINEAGE_PARENT_ID", format!("airflow/night.ingest/{parent}"))
        .env("OPENLINEAGE_NAMESPACE", "ser");
    stdout(&alone.output().expect("ser starts"));
    let events = self::events(&folder.path().join("events.jsonl"));
    let want = [("START", "contract.ingest"), ("COMPLETE", "contract.ingest")];
    assert_eq!(story(&events), want.map(|(kind, job)| (kind.to_owned(), job.to_owned())));
    for event in &events {
        let facet = &event["run"]["facets"]["parent"];
        assert_eq!(
            (&facet["run"]["runId"], &facet["job"]["namespace"], &facet["job"]["name"]),
            (&parent.into(), &"airflow".into(), &"night.ingest".into())
        );
        assert_eq!(event["job"]["namespace"], "ser");
    }
    let mut wrong = command(folder.path(), &["ingest", "pipeline.toml"]);
    let output = wrong.env("OPENLINEAGE_PARENT_ID", "what").output().expect("ser starts");
    stdout(&output);
    assert!(String::from_utf8_lossy(&output.stderr).contains("OPENLINEAGE_PARENT_ID is `what`: wanted"));
}

#[test]
fn a_run_that_is_stopped_says_abort() {
    for stubborn in [false, true] {
        let folder = workplace();
        // One long fit reaches no clean boundary in time; of many short ones, the next is one.
        let long = if stubborn { "train.mlp.epochs=100000" } else { "train.seeds=100" };
        let long = ["--set", "train.models=['mlp']", "--set", "train.mlp.patience=0", "--set", long];
        let flags = ["run", "pipeline.toml", "--lineage-file", "events.jsonl", "--metrics-file", "ser.prom"];
        let mut child = command(folder.path(), &[&flags[..], &long].concat())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("ser starts");
        let file = folder.path().join("events.jsonl");
        let deadline = Instant::now() + Duration::from_secs(60);
        while !fs::read_to_string(&file).is_ok_and(|text| text.contains("contract.train")) {
            assert!(Instant::now() < deadline, "train starts");
            thread::sleep(Duration::from_millis(20));
        }
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("signalled");
        assert_eq!(child.wait().expect("ended").code(), Some(143));
        let found = story(&events(&file));
        let want = [("ABORT", "contract.train"), ("ABORT", "contract")];
        assert_eq!(found[found.len() - 2..], want.map(|(kind, job)| (kind.to_owned(), job.to_owned())), "{stubborn}");
        let metrics = fs::read_to_string(folder.path().join("ser.prom")).expect("figures");
        assert!(metrics.contains("ser_run_exit_code{pipeline=\"contract\",command=\"run\"} 143"), "{metrics}");
    }
}

/// `ser run` with events for an address; how long it took.
fn run_for(folder: &Path, url: &str, out: &str) -> (Output, Duration) {
    let start = Instant::now();
    let mut run = command(folder, &[&["run", "pipeline.toml", "--out", out], &QUICK[..]].concat());
    let output = run.env("OPENLINEAGE_URL", url).env("OPENLINEAGE_API_KEY", "a-secret").output().expect("ser starts");
    (output, start.elapsed())
}

#[test]
fn a_receiver_that_is_absent_stalls_or_refuses_neither_fails_nor_slows_a_run() {
    let folder = workplace();
    run(folder.path(), &QUICK);
    let free = |listener: &TcpListener| format!("http://{}", listener.local_addr().expect("an address"));
    let listen = || TcpListener::bind("127.0.0.1:0").expect("a port");
    // Nobody listens; connections that nobody accepts; answers of 500, and of something that is no HTTP.
    let gone = free(&listen());
    let silent = listen();
    let [broken, babbling] = [&b"HTTP/1.1 500 x\r\ncontent-length: 0\r\n\r\n"[..], b"hello\r\n\r\n"].map(|answer| {
        let listener = listen();
        let url = free(&listener);
        thread::spawn(move || {
            for mut socket in listener.incoming().flatten() {
                let _ = socket.read(&mut [0; 1 << 16]);
                let _ = socket.write_all(answer);
            }
        });
        url
    });
    for (number, url) in [gone, free(&silent), broken, babbling, "no address".to_owned()].iter().enumerate() {
        let out = format!("out-{number}");
        let (output, took) = run_for(folder.path(), url, &out);
        stdout(&output);
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        let warnings = log.lines().filter(|line| line.contains("lineage events")).count();
        assert_eq!(warnings, 1, "{url}: {log}");
        assert!(!log.contains("a-secret"), "{log}");
        let undisturbed = {
            let start = Instant::now();
            run(folder.path(), &[&QUICK[..], &["--out", "again", "--force"]].concat());
            start.elapsed()
        };
        // Twice, since other tests share the processors.
        assert!(took < 2 * undisturbed + Duration::from_millis(2500), "{url}: {took:?} against {undisturbed:?}");
        assert_same(&folder.path().join("out"), &folder.path().join(&out));
    }
}

#[test]
fn events_are_posted_with_the_key_where_the_variables_say() {
    let folder = workplace();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let server = thread::spawn(move || {
        let mut heads = Vec::new();
        for socket in listener.incoming() {
            let mut socket = socket.expect("a connection");
            let mut text = Vec::new();
            while !text.windows(4).any(|four| four == b"\r\n\r\n") {
                let mut piece = [0; 4096];
                let read = socket.read(&mut piece).expect("readable");
                text.extend_from_slice(&piece[..read]);
            }
            socket
                .write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                .expect("written");
            let head = String::from_utf8_lossy(&text).split("\r\n\r\n").next().unwrap_or_default().to_lowercase();
            heads.push(head);
            if heads.len() == 2 {
                return heads;
            }
        }
        heads
    });
    let mut ingest = command(folder.path(), &["ingest", "pipeline.toml"]);
    let ingest =
        ingest.env("OPENLINEAGE_URL", &url).env("OPENLINEAGE_API_KEY", "a-key").env("OPENLINEAGE_ENDPOINT", "/events");
    let output = ingest.output().expect("ser starts");
    stdout(&output);
    for head in server.join().expect("a server") {
        assert!(head.starts_with("post /events http/1.1"), "{head}");
        assert!(
            head.contains("authorization: bearer a-key") && head.contains("content-type: application/json"),
            "{head}"
        );
    }
    // Switched off: nobody is asked, and nothing is said.
    let mut off = command(folder.path(), &["ingest", "pipeline.toml", "--force"]);
    let off = off.env("OPENLINEAGE_URL", "http://127.0.0.1:9").env("OPENLINEAGE_DISABLED", "true");
    let output = off.output().expect("ser starts");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("lineage"));
}
