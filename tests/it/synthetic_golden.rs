//! Descriptors on the project's own synthetic speech, against the values of other toolkits in tests/fixtures/golden.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use ser_etl::audio::AudioParams;
use ser_etl::audio::{self, AudioReader, Segment};
use ser_etl::synth::{CorpusPlan, SYNTHETIC_FILE, render};

use crate::golden::frames::{TOLERANCE, compare, numbered, relative, set};
use crate::golden::{self, Golden, RATE_HZ};

/// Samples of every utterance, as its file holds them, by id: the path without `.wav`.
static SPEECH: LazyLock<BTreeMap<String, Vec<f32>>> = LazyLock::new(speech);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/golden")
}

/// What `ser synth` makes of the plan whose marker lies with the values.
fn speech() -> BTreeMap<String, Vec<f32>> {
    let plan = plan();
    let file = |samples: &[f32]| audio::encode_wav(samples, RATE_HZ).expect("an encoded utterance");
    let id = |path: String| path.trim_end_matches(".wav").to_owned();
    let files: BTreeMap<String, Vec<u8>> =
        plan.utterances().map(|utterance| (id(utterance.path()), file(&render(&utterance, &plan)))).collect();
    assert_hash(&files);
    let mut reader = AudioReader::new(&AudioParams { sample_rate_hz: RATE_HZ, ..AudioParams::default() });
    let mut samples = |file: &[u8]| reader.read(file, Some("wav"), Segment::default()).expect("sound").samples.to_vec();
    files.iter().map(|(id, file)| (id.clone(), samples(file))).collect()
}

fn plan() -> CorpusPlan {
    let text = fs::read_to_string(folder().join(SYNTHETIC_FILE)).expect("the marker is there");
    let marker: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let number = |name: &str| marker[name].as_u64().expect("a number");
    let count = |name: &str| u32::try_from(number(name)).expect("a small number");
    let emotions = marker["emotions"].as_array().expect("emotions").iter();
    CorpusPlan {
        speakers: count("speakers"),
        sentences: count("sentences"),
        repetitions: count("repetitions"),
        emotions: emotions.map(|emotion| emotion.as_str().expect("a word").to_owned()).collect(),
        seed: number("seed"),
        sample_rate_hz: count("sample_rate_hz"),
    }
}

/// The hash is that of all files, one behind the other, by id.
fn assert_hash(files: &BTreeMap<String, Vec<u8>>) {
    let mut hasher = blake3::Hasher::new();
    files.values().for_each(|file| _ = hasher.update(file));
    let want = fs::read_to_string(folder().join("audio.blake3")).expect("the hash is there");
    let made_anew = "the synthesizer makes other speech than the values were computed from: run \
                     tests/fixtures/golden/make.py";
    assert_eq!(hasher.finalize().to_hex().as_str(), want.trim(), "{made_anew}");
}

fn synthetic() -> Golden {
    Golden { folder: folder(), samples: Box::new(|id| SPEECH[id].clone()) }
}

macro_rules! comparisons {
    ($($name:ident,)*) => {$(
        #[test]
        fn $name() {
            golden::$name(&synthetic());
        }
    )*};
}

comparisons![
    energy_and_spectral_shape_match_librosa,
    log_mel_bands_match_librosa,
    mel_energies_are_the_powers_that_librosa_takes_the_logarithm_of,
    mfcc_and_bands_match_kaldi,
    mfcc_and_deltas_match_librosa,
    mfcc_match_python_speech_features,
    pitch_agrees_with_praat,
    voice_quality_ranks_recordings_as_praat_does,
];

#[test]
fn every_rolloff_matches_librosa() {
    let shares = [25, 50, 75, 95].map(|share| (format!("spectral_rolloff{share}_hz"), format!("rolloff{share}_hz")));
    let descriptors: Vec<&str> = shares.iter().map(|(ours, _)| ours.as_str()).collect();
    compare(&synthetic(), "rolloff_librosa", &set("", &descriptors), &shares, |contour| contour, relative);
}

/// HTK itself is not to be had as a package: Kaldi computes its bands.
#[test]
fn mfcc_and_bands_match_kaldi_with_the_options_of_htk() {
    let close = |got: f64, want: f64| (got - want).abs() < TOLERANCE * want.abs().max(1.0);
    for (table, descriptor, channels) in [("fbank_htk_26", "log_mel", 26), ("mfcc_htk_13", "mfcc", 13)] {
        let set = set(&format!("{descriptor}.preset = \"htk\""), &[descriptor]);
        compare(&synthetic(), table, &set, &numbered(descriptor, channels), |contour| contour, close);
    }
}
