//! Files that arrive in practice, made with hound and by byte surgery.

use std::io::Cursor;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use hound::{SampleFormat, WavSpec, WavWriter};
use proptest::prelude::*;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::audio::AudioParams;

fn reader() -> AudioReader {
    AudioReader::new(&AudioParams::default())
}

fn read(bytes: &[u8]) -> Result<Audio, AudioError> {
    reader().read(bytes, Some("wav"), Segment::default())
}

fn code(bytes: &[u8]) -> &'static str {
    read(bytes).map_or_else(|error| error.code(), |_| "ok")
}

fn sine(rate_hz: u32, seconds: f64) -> Vec<f32> {
    let step = std::f64::consts::TAU * 440.0 / f64::from(rate_hz);
    (0..(seconds * f64::from(rate_hz)) as usize).map(|n| (0.5 * (step * n as f64).sin()) as f32).collect()
}

/// An integer WAV of `bits`, `channels` times the same samples.
fn int_wav(samples: &[f32], sample_rate: u32, channels: u16, bits_per_sample: u16) -> Vec<u8> {
    let spec = WavSpec { channels, sample_rate, bits_per_sample, sample_format: SampleFormat::Int };
    let mut bytes = Vec::new();
    let mut writer = WavWriter::new(Cursor::new(&mut bytes), spec).unwrap();
    let full_scale = (1_i64 << (bits_per_sample - 1)) as f32;
    for sample in samples {
        for _ in 0..channels {
            writer.write_sample((sample * full_scale) as i32).unwrap();
        }
    }
    writer.finalize().unwrap();
    bytes
}

fn float_wav(samples: &[f32], sample_rate: u32) -> Vec<u8> {
    let spec = WavSpec { channels: 1, sample_rate, bits_per_sample: 32, sample_format: SampleFormat::Float };
    let mut bytes = Vec::new();
    let mut writer = WavWriter::new(Cursor::new(&mut bytes), spec).unwrap();
    samples.iter().for_each(|sample| writer.write_sample(*sample).unwrap());
    writer.finalize().unwrap();
    bytes
}

/// Overwrites the sizes of the RIFF and the data chunk of a plain 44-byte header.
fn with_sizes(mut wav: Vec<u8>, riff: u32, data: u32) -> Vec<u8> {
    assert_eq!(&wav[36..40], b"data");
    wav[4..8].copy_from_slice(&riff.to_le_bytes());
    wav[40..44].copy_from_slice(&data.to_le_bytes());
    wav
}

#[test]
fn sample_formats_decode_to_the_same_sine() {
    let want = sine(16_000, 0.1);
    let cases = [
        ("8-bit", int_wav(&want, 16_000, 1, 8), "pcm_u8", 1, 0.01),
        ("16-bit", int_wav(&want, 16_000, 1, 16), "pcm_s16le", 1, 1e-4),
        ("24-bit", int_wav(&want, 16_000, 1, 24), "pcm_s24le", 1, 1e-6),
        ("32-bit", int_wav(&want, 16_000, 1, 32), "pcm_s32le", 1, 1e-6),
        ("stereo", int_wav(&want, 16_000, 2, 16), "pcm_s16le", 2, 1e-4),
        ("five channels", int_wav(&want, 16_000, 5, 16), "pcm_s16le", 5, 1e-4),
        ("float", float_wav(&want, 16_000), "pcm_f32le", 1, 0.0),
    ];
    for (name, bytes, codec, channels, tolerance) in cases {
        let audio = read(&bytes).unwrap();
        assert_eq!((audio.codec.as_str(), audio.channels, audio.sample_rate_hz), (codec, channels, 16_000), "{name}");
        assert_eq!((audio.samples.len(), audio.duration_s), (1_600, 0.1), "{name}");
        let worst = audio.samples.iter().zip(&want).map(|(got, want)| (got - want).abs()).fold(0.0, f32::max);
        assert!(worst <= tolerance, "{name}: {worst}");
    }
}

#[test]
fn stereo_is_averaged() {
    let spec = WavSpec { channels: 2, sample_rate: 16_000, bits_per_sample: 16, sample_format: SampleFormat::Int };
    let mut bytes = Vec::new();
    let mut writer = WavWriter::new(Cursor::new(&mut bytes), spec).unwrap();
    [16_384_i16, -8_192, 16_384, 0].iter().for_each(|sample| writer.write_sample(*sample).unwrap());
    writer.finalize().unwrap();
    assert_eq!(read(&bytes).unwrap().samples, [0.125, 0.25]);
}

#[test]
fn hostile_files_have_their_codes() {
    let tone = int_wav(&sine(16_000, 0.5), 16_000, 1, 16);
    let ten_hours = 10 * 3_600 * 2 * 16_000;
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("no bytes", Vec::new(), "empty_file"),
        ("one byte", vec![b'R'], "not_audio"),
        ("text", b"speaker,emotion\n01,anger\n".repeat(200), "not_audio"),
        ("html", b"<!DOCTYPE html><html><body>404</body></html>".to_vec(), "not_audio"),
        ("no header left", tone[..20].to_vec(), "truncated"),
        ("header only", tone[..44].to_vec(), "truncated"),
        ("cut in the data", tone[..tone.len() / 2].to_vec(), "truncated"),
        ("cut by one byte", tone[..tone.len() - 1].to_vec(), "truncated"),
        ("cut within a frame", tone[..tone.len() / 2 + 1].to_vec(), "truncated"),
        ("claims ten hours", with_sizes(tone.clone(), ten_hours + 36, ten_hours), "truncated"),
        ("length unknown", with_sizes(tone.clone(), u32::MAX, u32::MAX), "ok"),
        ("no samples", int_wav(&[], 16_000, 1, 16), "no_samples"),
        ("one sample", int_wav(&[0.5], 16_000, 1, 16), "ok"),
        ("silent", int_wav(&[0.0; 1_600], 16_000, 1, 16), "ok"),
        ("96 kHz", int_wav(&sine(96_000, 0.1), 96_000, 1, 24), "ok"),
        ("NaN", float_wav(&[0.0, f32::NAN, 0.0], 16_000), "non_finite"),
        ("infinite", float_wav(&[0.0, f32::INFINITY], 44_100), "non_finite"),
        ("overflows in the resampler", float_wav(&[f32::MAX; 4_000], 48_000), "non_finite"),
        ("nine channels", int_wav(&[0.0; 100], 16_000, 9, 16), "too_many_channels"),
        ("1 kHz", int_wav(&[0.0; 100], 1_000, 1, 16), "rate_out_of_range"),
        ("1 MHz", int_wav(&[0.0; 100], 1_000_000, 1, 16), "rate_out_of_range"),
    ];
    for (name, bytes, want) in cases {
        assert_eq!(code(&bytes), want, "{name}");
    }
}

#[test]
fn an_unknown_length_keeps_every_sample() {
    let want = sine(16_000, 0.5);
    let streamed = with_sizes(int_wav(&want, 16_000, 1, 16), u32::MAX, u32::MAX);
    assert_eq!(read(&streamed).unwrap().samples.len(), want.len());
}

#[test]
fn limits_are_the_configured_ones() {
    let tone = int_wav(&sine(16_000, 0.5), 16_000, 1, 16);
    let cases = [
        (AudioParams { max_bytes: 1_024, ..AudioParams::default() }, "too_large"),
        (AudioParams { max_duration_s: 0.4, ..AudioParams::default() }, "too_long"),
        (AudioParams { max_duration_s: 0.5, ..AudioParams::default() }, "ok"),
    ];
    for (params, want) in cases {
        let got = AudioReader::new(&params).read(&tone, None, Segment::default());
        assert_eq!(got.map_or_else(|error| error.code(), |_| "ok"), want, "{params:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..4_096)) {
        prop_assert_ne!(code(&bytes), "decoder_panic");
    }

    #[test]
    fn mutated_files_are_samples_or_rejects(
        file in 0..MUTATED.len(),
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..12),
        cut in any::<proptest::sample::Index>(),
        cuts in any::<bool>(),
    ) {
        let mut bytes = MUTATED[file].clone();
        for (place, value) in edits {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if cuts {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(audio) = read(&bytes) {
            prop_assert!(!audio.samples.is_empty());
            prop_assert!(audio.samples.iter().all(|sample| sample.is_finite()));
        }
    }
}

/// A predictor that overflows the decoder's arithmetic.
#[test]
fn what_fuzzing_found_ends_as_samples_or_as_a_reject() {
    let file = include_bytes!("../../tests/fixtures/audio/fuzz-adpcm-ms-overflow.wav");
    if let Ok(audio) = read(file) {
        assert!(!audio.samples.is_empty() && audio.samples.iter().all(|sample| sample.is_finite()));
    }
}

/// Every file ends as samples or as a reject, soon, whatever bytes in it are wrong.
#[test]
fn a_thousand_mutated_files_of_all_formats_end_in_time() {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let (mut kept, mut refused) = (0, 0);
    for file in MUTATED.iter().flat_map(|file| std::iter::repeat_n(file, 100)) {
        let mut bytes = file.clone();
        for _ in 0..random.gen_range(1..20) {
            let place = random.gen_range(0..bytes.len());
            bytes[place] = random.r#gen();
        }
        let start = Instant::now();
        match read(&bytes) {
            Ok(audio) => kept += usize::from(!audio.samples.is_empty()),
            Err(error) => refused += usize::from(error.code() != "decoder_panic"),
        }
        assert!(start.elapsed() < Duration::from_secs(2), "a file of {} bytes hangs", bytes.len());
    }
    assert_eq!(kept + refused, MUTATED.len() * 100);
    assert!(kept > 100 && refused > 100, "{kept} kept, {refused} refused");
}

/// A header is a small part of a file: here nothing else is wrong.
#[test]
fn mutated_headers_end_in_time() {
    let mut random = ChaCha8Rng::seed_from_u64(11);
    for file in MUTATED.iter() {
        let list = file.windows(4).position(|word| word == b"edts");
        let header = list.map_or(0..file.len().min(120), |place| place..place + 36);
        for _ in 0..200 {
            let mut bytes = file.clone();
            for _ in 0..random.gen_range(1..6) {
                bytes[random.gen_range(header.clone())] =
                    *[0, 1, 0x7f, 0x80, 0xff, random.r#gen()].choose(&mut random).unwrap();
            }
            let start = Instant::now();
            assert_ne!(code(&bytes), "decoder_panic");
            assert!(start.elapsed() < Duration::from_secs(2), "a file of {} bytes hangs", bytes.len());
        }
    }
}

/// One file a container and codec.
static MUTATED: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let (format, samples) = (&FIXTURES[0][12..36], &FIXTURES[0][78..]);
    let numbers = |numbers: [u32; 5]| numbers.map(u32::to_be_bytes).concat();
    let au = [b".snd", &numbers([24, samples.len() as u32, 3, 16_000, 1])[..], samples].concat();
    let fields = "sample_count -i 3200\nsample_n_bytes -i 2\nsample_rate -i 16000\nchannel_count -i 1\nend_head\n";
    let sphere = [format!("NIST_1A\n   1024\n{fields:<1008}").as_bytes(), samples].concat();
    let mut long = [&b"RF64\xff\xff\xff\xffWAVEds64\x1c\0\0\0"[..], &[0; 8]].concat();
    long.extend((samples.len() as u64).to_le_bytes());
    long.extend([0; 12]);
    let rf64 = [&long, format, b"data\xff\xff\xff\xff", samples].concat();
    for file in [&au, &sphere, &rf64] {
        assert_eq!(code(file), "ok");
    }
    FIXTURES.iter().map(|file| file.to_vec()).chain([au, sphere, rf64]).collect()
});

const FIXTURES: [&[u8]; 17] = [
    include_bytes!("../../tests/fixtures/audio/tone.wav"),
    include_bytes!("../../tests/fixtures/audio/tone-u8.wav"),
    include_bytes!("../../tests/fixtures/audio/tone-adpcm-ima.wav"),
    include_bytes!("../../tests/fixtures/audio/tone-adpcm-ms.wav"),
    include_bytes!("../../tests/fixtures/audio/tone.flac"),
    include_bytes!("../../tests/fixtures/audio/tone.mp3"),
    include_bytes!("../../tests/fixtures/audio/tone.ogg"),
    include_bytes!("../../tests/fixtures/audio/tone.m4a"),
    include_bytes!("../../tests/fixtures/audio/tone.aac"),
    include_bytes!("../../tests/fixtures/audio/tone-alac.m4a"),
    include_bytes!("../../tests/fixtures/audio/tone.aiff"),
    include_bytes!("../../tests/fixtures/audio/tone.caf"),
    include_bytes!("../../tests/fixtures/audio/tone.mkv"),
    include_bytes!("../../tests/fixtures/audio/tone-flac.ogg"),
    include_bytes!("../../tests/fixtures/audio/tone-live.webm"),
    include_bytes!("../../tests/fixtures/audio/tone-fragments.mp4"),
    include_bytes!("../../tests/fixtures/audio/tone-s24.mov"),
];
