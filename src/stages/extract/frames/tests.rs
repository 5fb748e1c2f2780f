use std::thread;

use super::super::super::workers::Extraction;
use super::super::plan::Part;
use super::*;
use crate::features::{FeatureSet, FeaturesSection};
use crate::schema::FeatureKeys;
use crate::storage::MemoryStore;
use crate::table;

const SMALL: Limits = Limits { group_rows: 10, file_bytes: 4000, waiting_bytes: 3000 };

fn set() -> FeatureSet {
    let features = FeaturesSection::of_set("mfcc-energy");
    FeatureSet::new(&features.check(16_000).expect("legal"), 16_000)
}

fn part() -> Part {
    let (name, key, utterances) = ("c~a.01234567".to_owned(), "key".to_owned(), "abc".to_owned());
    Part { name, key, date: None, at: std::iter::once(0..40).collect(), rows: 40, bytes: 0, utterances }
}

/// An utterance of a few to 27 frames, and what it was said to be in file `number`.
fn rows(set: &FeatureSet, number: usize) -> Vec<Extracted> {
    let utterance = |index: usize| {
        let mut contours = Contours::new();
        contours.reset(set.contour_names().len(), (7 * number + 5 * index) % 28);
        for row in 0..contours.rows() {
            let values = contours.row_mut(row).iter_mut().enumerate();
            values.for_each(|(frame, value)| *value = (100 * number + 10 * row + frame) as f32);
        }
        let keys = FeatureKeys {
            utterance_id: format!("c/{number:03}-{index}"),
            corpus: "c".to_owned(),
            path: String::new(),
            start_s: None,
            end_s: None,
            speaker: None,
            gender: None,
            text_id: None,
            intensity: None,
            language: None,
            source_label: String::new(),
            emotion: String::new(),
            codec: String::new(),
            sample_rate_hz: 16_000,
            channels: 1,
            duration_s: 1.0,
            audio_hash: String::new(),
            signal: None,
            augmented_from: None,
            transform: None,
        };
        Extraction { keys, values: Vec::new(), contours: Some(contours) }
    };
    (0..1 + number % 3).map(|index| Ok(vec![utterance(index)])).collect()
}

/// The files that a part of 40 audio files makes, when `threads` work on them.
fn files(set: &FeatureSet, threads: usize) -> Vec<Vec<u8>> {
    let (out, part) = (MemoryStore::new(), part());
    let attempt = Attempt::new(&part);
    let writer = FramesWriter { limits: SMALL, ..FramesWriter::new(&out, set, &attempt, "config") };
    let next = Mutex::new(0..40);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let Some(number) = next.lock().expect("alive").next() else { break };
                    let place = writer.place(number);
                    thread::sleep(std::time::Duration::from_micros(number as u64 * 7919 % 1000));
                    place.write(&mut rows(set, number)).expect("written");
                }
            });
        }
    });
    let written = writer.finish().expect("finished");
    let file = |(number, written)| {
        let file = out.get(&attempt.frames(number)).expect("there");
        assert_eq!(OutputFile::of(&file), written);
        file.to_vec()
    };
    written.into_iter().enumerate().map(file).collect()
}

#[test]
fn files_hold_every_frame_in_order_whoever_is_first() {
    let set = set();
    let alone = files(&set, 1);
    assert!(alone.len() > 3, "{} files", alone.len());
    for _ in 0..5 {
        assert!(files(&set, 8) == alone);
    }
    let mut found = Vec::new();
    for file in alone {
        let (table, footer) = table::read::<FrameKeys>(file.into()).expect("a table");
        assert_eq!((footer.config_hash.as_str(), &table.float.names[..]), ("config", set.contour_names()));
        let row = |(index, keys): (usize, &FrameKeys)| (keys.clone(), table.float.row(index).to_vec());
        found.extend(table.rows.iter().enumerate().map(row));
    }
    let mut wanted = Vec::new();
    for row in (0..40).flat_map(|number| rows(&set, number)).flatten().flatten() {
        let contours = row.contours.expect("frames");
        wanted.extend((0..contours.frames()).map(|frame| {
            let id = row.keys.utterance_id.clone();
            let keys = FrameKeys { utterance_id: id, frame: frame as i64, time_s: frame as f64 * 0.01 };
            (keys, (0..contours.rows()).map(|descriptor| contours.row(descriptor)[frame]).collect())
        }));
    }
    assert_eq!(found, wanted);
}

#[test]
fn nobody_waits_for_one_who_left_the_line() {
    let (set, out, part) = (set(), MemoryStore::new(), part());
    let attempt = Attempt::new(&part);
    let limits = Limits { waiting_bytes: 0, ..SMALL };
    let writer = FramesWriter { limits, ..FramesWriter::new(&out, &set, &attempt, "config") };
    thread::scope(|scope| {
        let first = writer.place(0);
        let second = scope.spawn(|| writer.place(1).write(&mut rows(&set, 1)));
        drop(first);
        assert!(second.join().expect("no panic").is_ok());
    });
    assert_eq!(out.list("").expect("listed"), []);
}
