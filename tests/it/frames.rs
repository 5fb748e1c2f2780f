//! The frames table, through the program: what it holds, when it is written, and that it moves nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use ser_etl::schema::{FeatureKeys, FrameKeys, Row, Table};
use ser_etl::table;

use crate::util::job::{kill_after, results, run, workplace};

const FRAMES: [&str; 2] = ["--set", "extract.frames=true"];

/// All files of a table in parts, in order.
fn read<R: Row>(folder: &Path) -> Table<R> {
    let mut paths =
        fs::read_dir(folder).expect("readable").map(|file| file.expect("a file").path()).collect::<Vec<_>>();
    paths.sort();
    let mut all = Table::default();
    for path in paths {
        let file = fs::read(path).expect("readable");
        table::append(&mut all, table::read(file.into()).expect("a table").0).expect("the same columns");
    }
    all
}

/// The values of each column of an utterance's frames.
fn by_utterance(frames: &Table<FrameKeys>) -> BTreeMap<&str, Vec<Vec<f32>>> {
    let mut found = BTreeMap::<_, Vec<Vec<f32>>>::new();
    for (index, keys) in frames.rows.iter().enumerate() {
        let columns = found.entry(keys.utterance_id.as_str()).or_insert(vec![Vec::new(); frames.float.names.len()]);
        assert_eq!(columns[0].len() as i64, keys.frame, "frames of {} in order", keys.utterance_id);
        assert!((keys.time_s - 0.01 * keys.frame as f64).abs() < 1e-12);
        columns.iter_mut().zip(frames.float.row(index)).for_each(|(column, value)| column.push(*value));
    }
    found
}

#[test]
fn frames_are_what_the_features_were_computed_from() {
    let folder = workplace();
    let flags = ["--set", "features.set=standard", "--set", "augment.gain_db=[6]"];
    run(folder.path(), &[&FRAMES[..], &flags].concat());
    let features = read::<FeatureKeys>(&folder.path().join("out/features"));
    let frames = read::<FrameKeys>(&folder.path().join("out/frames"));
    let of_utterance = by_utterance(&frames);
    assert_eq!((of_utterance.len(), features.rows.len()), (54, 54), "of utterances and of their augmented copies");
    let mut compared = 0;
    for (index, keys) in features.rows.iter().enumerate() {
        let columns = &of_utterance[keys.utterance_id.as_str()];
        let samples = (keys.duration_s * 16_000.0).round() as usize;
        assert_eq!(columns[0].len(), 1 + samples / 160, "{}", keys.utterance_id);
        for (name, column) in frames.float.names.iter().zip(columns) {
            let feature = features.float.names.iter().position(|feature| *feature == format!("{name}_mean"));
            let Some(mean) = feature.map(|feature| f64::from(features.float.row(index)[feature])) else { continue };
            let present = column.iter().filter(|value| !value.is_nan()).map(|value| f64::from(*value));
            let want = present.clone().sum::<f64>() / present.count() as f64;
            // The sum cancels where values lie on both sides of 0.
            let size =
                column.iter().filter(|value| !value.is_nan()).fold(0.0_f64, |size, v| size.max(f64::from(v.abs())));
            assert!((mean - want).abs() <= 1e-5 * size || mean.is_nan() && want.is_nan(), "{name}: {mean} {want}");
            compared += 1;
        }
    }
    assert!(compared > 20 * features.rows.len(), "{compared} means");
}

#[test]
fn frames_come_and_go_and_move_nothing_else() {
    let folder = workplace();
    let out = folder.path().join("out");
    run(folder.path(), &[]);
    let without = results(&out);
    assert!(!out.join("frames").exists());
    let redone = |text: &str| {
        let redone = text.lines().filter(|line| line.contains(" s ")).map(|line| line[..10].trim().to_owned());
        redone.collect::<Vec<_>>()
    };
    assert_eq!(redone(&run(folder.path(), &FRAMES)), ["extract"]);
    let mut with = results(&out);
    assert!(with.keys().filter(|path| path.starts_with("frames/")).count() > 1);
    assert_eq!(redone(&run(folder.path(), &FRAMES)), [""; 0]);
    run(folder.path(), &[&FRAMES[..], &["--out", "one", "--threads", "1"]].concat());
    assert!(results(&folder.path().join("one")) == with, "threads move no byte");
    fs::remove_dir_all(out.join("frames")).expect("removed");
    assert_eq!(redone(&run(folder.path(), &FRAMES)), ["extract"]);
    assert!(results(&out) == with, "frames that are gone are made again");
    assert_eq!(redone(&run(folder.path(), &[])), ["extract"]);
    with.retain(|path, _| !path.starts_with("frames/"));
    assert!(results(&out) == with && with == without, "all else is as it was");
}

#[test]
fn a_killed_run_resumes_to_the_same_frames() {
    let folder = workplace();
    fn flags(out: &str) -> Vec<&str> {
        [&FRAMES[..], &["--set", "train.models=['majority']", "--out", out]].concat()
    }
    run(folder.path(), &flags("undisturbed"));
    for moment in 1..8 {
        let out = format!("killed-{moment}");
        kill_after(folder.path(), &flags(&out), Duration::from_millis(10 * moment));
        run(folder.path(), &flags(&out));
        assert!(results(&folder.path().join(&out)) == results(&folder.path().join("undisturbed")), "{moment}");
    }
}
