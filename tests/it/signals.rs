//! Suspicious signals, through the program: a word in the table, a warning with counts, a line in the report.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use hound::{SampleFormat, WavSpec, WavWriter};
use ser_etl::schema::FeatureKeys;
use tempfile::TempDir;

use crate::containers::be16;
use crate::movies::{Track, movie};
use crate::predict::{inferences, read, workplace};
use crate::util::job::PIPELINE;
use crate::util::{failure, ser, stdout};

fn write(path: &Path, spec: WavSpec, frames: impl Iterator<Item = Vec<f32>>) {
    let mut writer = WavWriter::create(path, spec).expect("created");
    for sample in frames.flatten() {
        match spec.sample_format {
            SampleFormat::Float => writer.write_sample(sample).expect("written"),
            SampleFormat::Int => writer.write_sample((sample * 32_767.0) as i16).expect("written"),
        }
    }
    writer.finalize().expect("finished");
}

fn voice(n: usize) -> f32 {
    0.4 * (0.08 * n as f32).sin() * (0.001 * n as f32).sin()
}

/// Files of each kind, a second long, below `folder`.
fn suspicious(folder: &Path) {
    let spec = |channels, sample_rate, sample_format| {
        let bits_per_sample = if sample_format == SampleFormat::Float { 32 } else { 16 };
        WavSpec { channels, sample_rate, bits_per_sample, sample_format }
    };
    let (int, float) = (SampleFormat::Int, SampleFormat::Float);
    let path = |name: &str| folder.join(name);
    write(&path("neutral_s90_r1.wav"), spec(1, 16_000, int), (0..16_000).map(|n| vec![voice(n)]));
    write(&path("neutral_s91_r1.wav"), spec(1, 16_000, int), (0..16_000).map(|_| vec![0.0]));
    write(&path("neutral_s92_r1.wav"), spec(2, 16_000, int), (0..16_000).map(|n| vec![voice(n), -voice(n)]));
    write(&path("neutral_s93_r1.wav"), spec(2, 16_000, int), (0..16_000).map(|n| vec![voice(n), -0.95 * voice(n)]));
    write(&path("neutral_s94_r1.wav"), spec(1, 16_000, float), (0..16_000).map(|n| vec![32_768.0 * voice(n)]));
    write(&path("neutral_s95_r1.wav"), spec(1, 8_000, int), (0..8_000).map(|n| vec![voice(n)]));
    write(&path("neutral_s96_r1.wav"), spec(2, 48_000, int), (0..48_000).map(|n| vec![voice(n), 0.0]));
    write(&path("neutral_s97_r1.wav"), spec(1, 8_000, int), (0..8_000).map(|_| vec![0.0]));
    let languages = [0.5, 1.0].map(|gain| (0..16_000).map(|n| (gain * 32_767.0 * voice(n)) as i16).collect::<Vec<_>>());
    let tracks = [Track::twos(1, &[(0, 16_000)]), Track::twos(2, &[(32_000, 16_000)])];
    let loud = |gain: f32| (0..16_000).map(move |n| vec![(gain * voice(n)).clamp(-1.0, 1.0)]);
    write(&path("neutral_s89_r1.wav"), spec(1, 16_000, int), loud(8.0));
    write(&path("neutral_s88_r1.wav"), spec(1, 16_000, int), loud(2.5));
    fs::write(path("neutral_s98_r1.wav"), movie(&tracks, &be16(&languages.concat()))).expect("written");
}

/// The word of each file of [`suspicious`].
const WORDS: [Option<&str>; 9] = [
    None,
    Some("silent"),
    Some("silent cancels"),
    Some("cancels"),
    Some("beyond_full_scale"),
    Some("narrow_band"),
    None,
    Some("silent narrow_band"),
    Some("several_tracks"),
];
/// A recording that touches full scale, and one that was far too loud.
const LOUD: [(&str, Option<&str>); 2] = [("neutral_s88_r1.wav", None), ("neutral_s89_r1.wav", Some("clipped"))];
const COUNTS: [&str; 6] = [
    "3 utterances `silent`",
    "2 utterances `cancels`",
    "1 utterance `beyond_full_scale`",
    "1 utterance `clipped`",
    "2 utterances `narrow_band`",
    "1 utterance `several_tracks`",
];

/// The synthetic corpus, in which two speakers have the same silent file, and the suspicious ones.
fn with_suspicious() -> TempDir {
    let folder = workplace();
    suspicious(&folder.path().join("corpus/spk01_male"));
    folder
}

#[test]
fn suspicious_signals_are_marked_counted_and_reported() {
    let folder = with_suspicious();
    // The zeros of another speaker are no recording that both share.
    let zeros = folder.path().join("corpus/spk01_male/neutral_s91_r1.wav");
    fs::copy(&zeros, folder.path().join("corpus/spk02_female/neutral_s91_r1.wav")).expect("copied");
    let pipeline = PIPELINE.replace("[train]", "[split]\nscheme = \"loso\"\ndev = 0\n\n[train]");
    fs::write(folder.path().join("pipeline.toml"), pipeline).expect("written");
    let output = ser(folder.path(), &["run", "pipeline.toml", "--set", "train.models=['naive-bayes']"]);
    let warned = String::from_utf8_lossy(&output.stderr).into_owned();
    stdout(&output);
    let counts = COUNTS.map(|count| count.replace("3 utterances", "4 utterances"));
    assert_eq!(warned.matches("suspicious signals").count(), 1, "{warned}");
    for count in &counts {
        assert!(warned.contains(count.as_str()), "{count}: {warned}");
    }
    assert!(warned.contains("4 utterances of digital silence"), "{warned}");
    let mut words = Vec::new();
    for part in fs::read_dir(folder.path().join("out/features")).expect("parts") {
        let rows = read::<FeatureKeys>(&part.expect("a part").path()).rows;
        words.extend(rows.into_iter().map(|row| (row.path, row.signal)));
    }
    words.sort();
    let of = |path: String| words.iter().find(|(other, _)| *other == path).expect("a row").1.clone();
    for (number, want) in WORDS.iter().enumerate() {
        assert_eq!(of(format!("spk01_male/neutral_s9{number}_r1.wav")).as_deref(), *want, "file {number}");
    }
    for (name, want) in LOUD {
        assert_eq!(of(format!("spk01_male/{name}")).as_deref(), want, "{name}");
    }
    assert_eq!(words.iter().filter(|(_, word)| word.is_some()).count(), 9, "{words:?}");
    let report = fs::read_to_string(folder.path().join("out/report.md")).expect("a report");
    let line = report.lines().find(|line| line.contains("suspicious signals")).expect("a line");
    assert!(line.contains("4 of `synthetic` `silent` (digital silence)"), "{line}");
    // Six speakers, none tied to another.
    assert!(!warned.contains("share identical audio"), "{warned}");
    assert!(report.contains("6 folds") || report.contains("6 speakers"), "{report}");
}

#[test]
fn predictions_of_suspicious_signals_are_marked() {
    let folder = workplace();
    stdout(&ser(folder.path(), &["run", "pipeline.toml", "--set", "train.models=['naive-bayes']"]));
    fs::create_dir(folder.path().join("calls")).expect("made");
    suspicious(&folder.path().join("calls"));
    let output = ser(folder.path(), &["predict", "out/models/naive-bayes/fold-0", "calls"]);
    let warned = String::from_utf8_lossy(&output.stderr).into_owned();
    stdout(&output);
    for count in COUNTS {
        assert!(warned.contains(count), "{count}: {warned}");
    }
    let words = inferences(folder.path(), "predictions").rows.into_iter().map(|row| row.signal);
    let want = LOUD.map(|(_, word)| word).into_iter().chain(WORDS);
    assert_eq!(words.collect::<Vec<_>>(), want.map(|word| word.map(str::to_owned)).collect::<Vec<_>>());
}

#[test]
fn pointers_are_named_once_at_the_end() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("corpus")).expect("made");
    let lfs = "version https://git-lfs.github.com/spec/v1\noid sha256:0123456789abcdef\nsize 12345\n";
    let annex = ".git/annex/objects/Q8/xk/SHA256E-s31390--0a1b.wav/SHA256E-s31390--0a1b.wav";
    let dvc = "outs:\n- md5: a304afb96060aad90176268345e10355\n  size: 31390\n  path: fear_3.wav\n";
    let place = |name: &str| folder.path().join("corpus").join(name).with_extension("wav");
    for (names, text) in
        [(&["anger_1", "anger_2", "anger_3"][..], lfs), (&["fear_1"], annex), (&["fear_2", "fear_3"], dvc)]
    {
        names.iter().for_each(|name| fs::write(place(name), text).expect("written"));
    }
    ["anger_4", "fear_4"]
        .into_iter()
        .for_each(|name| symlink(Path::new("..").join(annex), place(name)).expect("linked"));
    let pipeline = "name = 'p'\nout = 'out'\n[[corpus]]\nname = 'c'\nsource = 'corpus'\n\
                    pattern = '(?P<emotion>[a-z]+)_(?P<speaker>\\d)'\n[features]\nset = 'mfcc-energy'\n";
    fs::write(folder.path().join("pipeline.toml"), pipeline).expect("written");
    let (code, error) = failure(&ser(folder.path(), &["run", "pipeline.toml"]));
    assert_eq!(code, 3, "{error}");
    for hint in [
        "hint: 3 of them are Git LFS pointers, not recordings: run `git lfs pull`",
        "hint: 3 of them are git-annex pointers, not recordings: run `git annex get .`",
        "hint: 2 of them are DVC pointers, not recordings: run `dvc pull`",
    ] {
        assert_eq!(error.matches(hint).count(), 1, "{error}\nshould say once {hint}");
    }
}
