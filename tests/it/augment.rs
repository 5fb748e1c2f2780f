//! Augmented rows, through the program: where they stand, what they move, and what they do not.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ser_etl::schema::{FeatureKeys, Leakage, Prediction, Row, SplitRow, Table};
use ser_etl::table;

use crate::util::job::{assert_same, results, run, workplace};
use crate::util::{failure, ser};

const AUGMENT: [&str; 6] =
    ["--set", "augment.speed=[0.9,1.1]", "--set", "augment.gain_db=[-6]", "--set", "augment.noise_snr_db=[20]"];
const MAJORITY: [&str; 2] = ["--set", "train.models=['majority']"];
const TRANSFORMS: [&str; 4] = ["gain-6dB", "noise20dB", "speed0.9", "speed1.1"];

fn read<R: Row>(path: &Path) -> Table<R> {
    table::read(fs::read(path).expect("the table is there").into()).expect("a table").0
}

/// The features of all parts by utterance id.
fn features(out: &Path) -> BTreeMap<String, (FeatureKeys, Vec<f32>)> {
    let parts = results(out).into_keys().filter(|path| path.starts_with("features/"));
    let parts = parts.map(|path| read::<FeatureKeys>(&out.join(path)));
    parts
        .flat_map(|part| {
            let row = |(at, row): (usize, &FeatureKeys)| {
                (row.utterance_id.clone(), (row.clone(), part.float.row(at).to_vec()))
            };
            part.rows.iter().enumerate().map(row).collect::<Vec<_>>()
        })
        .collect()
}

fn is_copy(id: &str) -> bool {
    id.contains('~')
}

fn up_to_date(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.contains("up to date")).map(|line| line[..10].trim()).collect()
}

#[test]
fn copies_are_train_rows_and_move_no_utterance() {
    let folder = workplace();
    run(folder.path(), &["--out", "plain"]);
    let text = run(folder.path(), &[&["--out", "more"][..], &AUGMENT].concat());
    assert!(text.contains("27 rows and 108 augmented ones of 28 features, 0 rejects"), "{text}");
    let (plain, more) = (folder.path().join("plain"), folder.path().join("more"));

    let (before, after) = (features(&plain), features(&more));
    assert_eq!((before.len(), after.len()), (27, 27 + 108));
    for (id, (keys, values)) in &before {
        assert_eq!((&after[id].0, &after[id].1), (keys, values), "the utterance itself is as it was");
        for transform in TRANSFORMS {
            let (copy, altered) = &after[&format!("{id}~{transform}")];
            assert_eq!((copy.augmented_from.as_deref(), copy.transform.as_deref()), (Some(&**id), Some(transform)));
            assert_eq!((&copy.emotion, &copy.speaker, &copy.path), (&keys.emotion, &keys.speaker, &keys.path));
            assert_ne!((&copy.audio_hash, altered), (&keys.audio_hash, values), "{transform} alters {id}");
        }
    }

    let splits = |out: &Path| read::<SplitRow>(&out.join("splits.parquet")).rows;
    let (copies, originals) = splits(&more).into_iter().partition::<Vec<_>, _>(|row| is_copy(&row.utterance_id));
    assert_eq!(originals, splits(&plain));
    let train = originals.iter().filter(|row| row.split == "train").map(|row| row.utterance_id.as_str());
    let train = train.collect::<Vec<_>>();
    assert_eq!(copies.len(), 4 * train.len());
    for copy in copies {
        assert_eq!(copy.split, "train");
        assert!(train.contains(&copy.utterance_id.split('~').next().expect("an original")), "{}", copy.utterance_id);
    }

    let checks = read::<Leakage>(&more.join("leakage.parquet")).rows;
    let check = checks.iter().find(|row| row.check == "augmented").expect("a row");
    assert_eq!((check.shared, check.allowed), (Some(0), false));
    let predictions = read::<Prediction>(&more.join("predictions.parquet")).rows;
    assert!(!predictions.is_empty() && !predictions.iter().any(|row| is_copy(&row.utterance_id)));
    for side in ["train", "dev", "test"] {
        let export = read::<FeatureKeys>(&more.join(format!("normalized/fold-0/{side}.parquet")));
        assert_eq!(export.rows.iter().any(|row| row.augmented_from.is_some()), side == "train", "{side}");
    }
    let report = fs::read_to_string(more.join("report.md")).expect("a report");
    for words in [
        "27 synthetic utterances of 9 speakers",
        "altered copies (`speed0.9`, `speed1.1`, `gain-6dB` and `noise20dB`)",
        &format!("{} + {} augmented train, ", train.len(), 4 * train.len()),
    ] {
        assert!(report.contains(words), "{words}: {report}");
    }
}

#[test]
fn threads_and_a_lost_part_move_no_byte() {
    let folder = workplace();
    let start =
        |out: &str, threads: &str| run(folder.path(), &[&["--out", out, "--threads", threads][..], &AUGMENT].concat());
    start("one", "1");
    start("two", "2");
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    assert_same(&one, &two);
    let part = results(&two).into_keys().find(|path| path.starts_with("features/")).expect("a part");
    fs::remove_file(two.join(part)).expect("removed");
    fs::remove_file(two.join("run/extract.json")).expect("removed");
    let text = start("two", "2");
    assert!(text.contains("27 rows and 108 augmented ones"), "{text}");
    assert_same(&one, &two);
}

#[test]
fn copies_sort_among_other_ids_and_parts_may_begin_anywhere() {
    let folder = workplace();
    let speaker = folder.path().join("corpus/spk01_male");
    for name in ["anger_s01_r10", "anger_s01_r12"] {
        // Ids that begin like another one stand between that and its copies.
        fs::copy(speaker.join("anger_s01_r1.wav"), speaker.join(format!("{name}.wav"))).expect("copied");
    }
    let flags = [&AUGMENT[..], &MAJORITY].concat();
    run(folder.path(), &flags);
    let other_parts = run(folder.path(), &[&flags[..], &["--set", "extract.part_rows=200"]].concat());
    assert_eq!(up_to_date(&other_parts), ["ingest", "split", "normalize", "train", "evaluate"]);
    let parts = results(&folder.path().join("out")).into_keys().filter(|path| path.starts_with("features/"));
    let parts = parts.map(|path| read::<FeatureKeys>(&folder.path().join("out").join(path)).rows).collect::<Vec<_>>();
    let is_parted = |pair: &[FeatureKeys]| pair.iter().all(|row| row.augmented_from.is_none());
    assert!(parts.iter().any(|rows| rows.windows(2).any(is_parted)), "an utterance and its copies are parted");
}

#[test]
fn taking_the_section_away_ends_where_a_run_without_it_ends() {
    let folder = workplace();
    let run = |flags: &[&str]| run(folder.path(), &[flags, &MAJORITY].concat());
    run(&["--out", "plain"]);
    run(&[&["--out", "back"][..], &AUGMENT].concat());
    assert_eq!(up_to_date(&run(&["--out", "back"])), ["ingest"]);
    assert_same(&folder.path().join("plain"), &folder.path().join("back"));
}

#[test]
fn of_the_transforms_noise_alone_depends_on_the_seed() {
    let folder = workplace();
    for (set, depends) in [("augment.speed=[1.1]", false), ("augment.noise_snr_db=[10]", true)] {
        let extract = |seed: &str| {
            let text = run(folder.path(), &[&["--set", set, "--set", seed][..], &MAJORITY].concat());
            !up_to_date(&text).contains(&"extract")
        };
        assert!(extract("seed=1"), "{set} is new");
        assert_eq!(extract("seed=2"), depends, "{set}");
    }
}

#[test]
fn a_refused_file_and_a_silent_one_have_no_copies() {
    let folder = workplace();
    let speaker = folder.path().join("corpus/spk99_female");
    fs::create_dir(&speaker).expect("made");
    fs::write(speaker.join("anger_s01_r1.wav"), b"no audio").expect("written");
    // Zeros, and the murmur of the last of 16 bits.
    let murmur = (0..8000).map(|n| (n % 2) as f32 / 32_768.0).collect::<Vec<_>>();
    for (name, samples) in [("neutral_s01_r1.wav", vec![0.0; 8000]), ("neutral_s02_r1.wav", murmur)] {
        let silence = ser_etl::audio::encode_wav(&samples, 16_000).expect("encoded");
        fs::write(speaker.join(name), silence).expect("written");
    }
    let text = run(folder.path(), &[&AUGMENT[..], &MAJORITY].concat());
    assert!(text.contains("29 rows and 108 augmented ones of 28 features, 1 reject"), "{text}");
}

#[test]
fn wrong_values_are_refused_before_any_work() {
    let folder = workplace();
    let cases = [
        ("augment.speed=[1]", "augment.speed.0", "0.5 to 2"),
        ("augment.speed=0.9", "augment.speed", "expected a list"),
        ("augment.gain_db=[6, 60]", "augment.gain_db.1", "-40 to 40"),
        ("augment.noise_snr_db=[20, 20]", "augment.noise_snr_db.1", "twice"),
        ("augment.snr=[20]", "augment.snr", "noise_snr_db"),
        ("augment.gain_db=['loud']", "augment.gain_db.0", "expected a number"),
    ];
    for (set, key, legal) in cases {
        let (code, error) = failure(&ser(folder.path(), &["run", "pipeline.toml", "--set", set]));
        assert_eq!(code, 2, "{set}: {error}");
        assert!(error.contains(&format!("`{key}`")) && error.contains(legal), "{set}: {error}");
    }
    assert!(!folder.path().join("out").exists(), "nothing was written");
}

#[test]
fn an_utterance_that_has_the_id_of_a_copy_is_refused() {
    let folder = workplace();
    let speaker = folder.path().join("corpus/spk01_male");
    let file = |name: &str| speaker.join(format!("{name}.wav"));
    fs::copy(file("anger_s01_r1"), file("anger_s01_r1~gain-6dB")).expect("copied");
    let pattern = r"corpus.0.pattern='(?P<speaker>spk\d+)_(?P<gender>female|male)/(?P<emotion>[a-z]+)_(?P<text_id>s\d+)_r.*\.wav$'";
    let flags = [&["run", "pipeline.toml", "--set", pattern][..], &AUGMENT].concat();
    let (code, error) = failure(&ser(folder.path(), &flags));
    assert_eq!(code, 2, "{error}");
    assert!(error.contains("gain-6dB") && error.contains("spk01_male/anger_s01_r1"), "{error}");
}
