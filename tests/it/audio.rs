//! Audio: one small file a container.

use ser_etl::audio;
use std::path::{Path, PathBuf};

use crate::util::{ser, stdout};
use hound::{SampleFormat, WavSpec, WavWriter};
use ser_etl::audio::{Audio, AudioError, AudioReader, Segment};
use ser_etl::schema::FeatureKeys;
use ser_etl::table;

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/audio").join(name)).unwrap()
}

fn read(name: &str) -> Result<Audio, AudioError> {
    let extension = Path::new(name).extension().and_then(|extension| extension.to_str());
    AudioReader::new(&audio::AudioParams::default()).read(&fixture(name), extension, Segment::default())
}

/// Amplitude of the component at `hz` over the middle of the samples.
fn amplitude(samples: &[f32], hz: f64) -> f64 {
    // 16 periods of 440 Hz at 16 kHz are near 582 samples, clear of padding at both ends.
    let middle = &samples[samples.len() / 2 - 291..samples.len() / 2 + 291];
    let (mut re, mut im) = (0.0, 0.0);
    for (n, sample) in middle.iter().enumerate() {
        let angle = std::f64::consts::TAU * hz * n as f64 / 16_000.0;
        re += f64::from(*sample) * angle.cos();
        im += f64::from(*sample) * angle.sin();
    }
    2.0 * re.hypot(im) / middle.len() as f64
}

#[test]
fn every_container_holds_the_tone() {
    // name, codec, samples that the codec may add or lack at the ends
    let cases = [
        ("tone.wav", "pcm_s16le", 0),
        ("tone-u8.wav", "pcm_u8", 0),
        ("tone-alaw.wav", "pcm_alaw", 0),
        ("tone-mulaw.wav", "pcm_mulaw", 0),
        ("tone-adpcm-ima.wav", "adpcm_ima_wav", 2_048),
        ("tone-adpcm-ms.wav", "adpcm_ms", 2_048),
        ("tone.flac", "flac", 0),
        ("tone-flac.ogg", "flac", 0),
        ("tone-flac.mkv", "flac", 0),
        ("tone.mp3", "mp3", 1_152),
        ("tone.ogg", "vorbis", 1_024),
        ("tone.mkv", "vorbis", 1_024),
        ("tone.webm", "vorbis", 1_024),
        ("tone.m4a", "aac", 2_048),
        ("tone.aac", "aac", 2_048),
        ("tone-alac.m4a", "alac", 0),
        ("tone-fragments.mp4", "aac", 2_048),
        ("tone-s24.mov", "pcm_s24be", 0),
        ("tone.aiff", "pcm_s16be", 0),
        ("tone.caf", "pcm_s16be", 0),
    ];
    for (name, codec, slack) in cases {
        let audio = read(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((audio.codec.as_str(), audio.channels, audio.sample_rate_hz), (codec, 1, 16_000), "{name}");
        assert!(audio.samples.len().abs_diff(3_200) <= slack, "{name}: {} samples", audio.samples.len());
        let (tone, other) = (amplitude(&audio.samples, 440.0), amplitude(&audio.samples, 1_000.0));
        assert!((tone - 0.5).abs() < 0.03, "{name}: {tone}");
        assert!(other < 0.02, "{name}: {other}");
    }
}

#[test]
fn codecs_without_a_decoder_have_their_codes() {
    let cases = [
        ("tone-opus.webm", "opus_unsupported"),
        ("tone-opus.ogg", "opus_unsupported"),
        ("tone.mp2", "unsupported_codec"),
    ];
    for (name, want) in cases {
        assert_eq!(read(name).map_err(|error| error.code()), Err(want), "{name}");
    }
}

#[test]
fn an_extension_never_decides() {
    let mut reader = AudioReader::new(&audio::AudioParams::default());
    let flac = fixture("tone.flac");
    let want = reader.read(&flac, Some("flac"), Segment::default());
    for extension in [None, Some("wav"), Some("FLAC"), Some("txt")] {
        assert_eq!(reader.read(&flac, extension, Segment::default()), want, "{extension:?}");
    }
}

#[test]
fn files_cut_short_are_refused() {
    let cases = [
        ("tone.wav", "truncated"),
        ("tone.flac", "truncated"),
        ("tone-flac.ogg", "truncated"),
        ("tone.ogg", "truncated"),
        ("tone.aiff", "truncated"),
        ("tone.caf", "truncated"),
        ("tone.m4a", "truncated"),
        ("tone-alac.m4a", "truncated"),
        ("tone-flac.mkv", "corrupt"),
    ];
    for (name, want) in cases {
        let bytes = fixture(name);
        for share in [0.5, 0.8, 0.95] {
            let cut = &bytes[..(share * bytes.len() as f64) as usize];
            let got = AudioReader::new(&audio::AudioParams::default()).read(cut, None, Segment::default());
            assert_eq!(got.map_err(|error| error.code()).map(|audio| audio.samples.len()), Err(want), "{name} {share}");
        }
    }
}

/// Every file below `folder`, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn a_file_that_is_read_in_pieces_is_the_file_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("corpus")).unwrap();
    // 40 MB, beyond what a worker holds at once.
    let spec = WavSpec { channels: 8, sample_rate: 96_000, bits_per_sample: 16, sample_format: SampleFormat::Int };
    let path = folder.path().join("corpus/anger.wav");
    let mut writer = WavWriter::create(&path, spec).unwrap();
    for sample in 0..96_000 * 26_u32 {
        let noise = (sample.wrapping_mul(2_654_435_761) >> 18) as i16;
        (0..8).for_each(|channel| writer.write_sample(noise >> channel).unwrap());
    }
    writer.finalize().unwrap();
    let pipeline = r#"
name = "long"
out = "out"
[[corpus]]
name = "c"
source = "corpus"
pattern = '(?P<emotion>anger)'
[features]
set = "mfcc-energy"
"#;
    std::fs::write(folder.path().join("pipeline.toml"), pipeline).unwrap();
    stdout(&ser(folder.path(), &["ingest", "pipeline.toml"]));
    stdout(&ser(folder.path(), &["extract", "pipeline.toml"]));
    let part = files(&folder.path().join("out/features")).remove(0);
    let (features, _) = table::read::<FeatureKeys>(std::fs::read(part).unwrap().into()).unwrap();
    let mut reader = AudioReader::new(&audio::AudioParams::default());
    let audio = reader.read(&std::fs::read(path).unwrap(), None, Segment::default()).unwrap();
    assert_eq!(audio.samples.len(), 26 * 16_000);
    assert_eq!(features.rows[0].audio_hash, audio.hash());
}
