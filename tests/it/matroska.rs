//! Matroska and WebM: where a recording ends, which track is heard, and the times of blocks.

use ser_etl::audio::{self, AudioReader, Segment};
use ser_etl::schema::Signal;

use crate::containers::{as_floats, code, fixture, le16, read, samples, tone, wav};

#[test]
fn live_webm_is_whole_or_truncated() {
    let live = fixture("tone-live.webm");
    let want = samples(&fixture("tone.webm")).len();
    assert_eq!(samples(&live).len(), want);
    for share in [0.9, 0.95, 0.99] {
        assert_eq!(code(&live[..(share * live.len() as f64) as usize]), "truncated", "{share}");
    }
}

/// An element with a size of four bytes.
fn element(word: &[u8], body: &[u8]) -> Vec<u8> {
    [word, &(0x1000_0000 | body.len() as u32).to_be_bytes(), body].concat()
}

/// A track of PCM at 16 kHz; `flags`: more fields.
fn track(number: u8, codec: &str, flags: &[u8]) -> Vec<u8> {
    let sound = [element(b"\xb5", &16_000_f64.to_be_bytes()), element(b"\x9f", &[1]), element(b"\x62\x64", &[16])];
    let fields = [
        element(b"\xd7", &[number]),
        element(b"\x73\xc5", &[number]),
        element(b"\x83", &[2]),
        element(b"\x86", codec.as_bytes()),
        flags.to_vec(),
        element(b"\xe1", &sound.concat()),
    ];
    element(b"\xae", &fields.concat())
}

/// A cluster of a block of a track, at so many milliseconds.
fn cluster(track: u8, at_ms: u16, samples: &[i16]) -> Vec<u8> {
    let block = [&[0x80 | track, 0, 0, 0x80][..], &le16(samples)].concat();
    element(b"\x1f\x43\xb6\x75", &[element(b"\xe7", &at_ms.to_be_bytes()), element(b"\xa3", &block)].concat())
}

fn file(tracks: &[Vec<u8>], clusters: &[Vec<u8>]) -> Vec<u8> {
    let head = element(b"\x1a\x45\xdf\xa3", &element(b"\x42\x82", b"matroska"));
    let programs = [element(b"\x4d\x80", b"test"), element(b"\x57\x41", b"test")].concat();
    let scale = element(b"\x2a\xd7\xb1", &1_000_000_u32.to_be_bytes());
    let information = element(b"\x15\x49\xa9\x66", &[scale, programs].concat());
    let tracks = element(b"\x16\x54\xae\x6b", &tracks.concat());
    [head, element(b"\x18\x53\x80\x67", &[information, tracks, clusters.concat()].concat())].concat()
}

const PCM: &str = "A_PCM/INT/LIT";

/// Packets of 0.1 s of a tone, the first of which begins at `start_ms`.
fn recording(start_ms: u16, packets: usize) -> Vec<u8> {
    let tone = tone(1_600 * packets);
    let clusters = tone.chunks(1_600).zip(0..).map(|(packet, n)| cluster(1, start_ms + 100 * n, packet));
    file(&[track(1, PCM, &[])], &clusters.collect::<Vec<_>>())
}

#[test]
fn what_stands_behind_a_segment_is_refused() {
    let others = [
        ("a WAV", wav(&tone(2_000))),
        ("AAC", fixture("tone.aac")),
        ("MP3", fixture("tone.mp3")),
        ("Ogg", fixture("tone.ogg")),
        ("MP4", fixture("tone.m4a")),
        ("FLAC", fixture("tone.flac")),
        ("WebM", fixture("tone.webm")),
        ("live WebM", fixture("tone-live.webm")),
    ];
    for name in ["tone.mkv", "tone.webm", "tone-flac.mkv", "tone-live.webm"] {
        let (file, want) = (fixture(name), samples(&fixture(name)));
        for (other, behind) in &others {
            assert_eq!(code(&[&file[..], behind].concat()), "audio_after_end", "{other} behind {name}");
            let filled = [&file[..], &element(b"\xec", &[0; 99]), behind].concat();
            assert_eq!(code(&filled), "audio_after_end", "{other} behind filling behind {name}");
        }
        let fine = [
            ("filling", element(b"\xec", &[7; 5_000])),
            ("zeros", vec![0; 5_000]),
            ("ID3v1", [b"TAG".to_vec(), vec![b' '; 125]].concat()),
            ("ID3v2", [b"ID3\x04\0\0\0\0\x08\0".to_vec(), vec![7; 1_024]].concat()),
        ];
        for (what, behind) in fine {
            assert_eq!(samples(&[&file[..], &behind].concat()), want, "{what} behind {name}");
        }
    }
}

#[test]
fn of_several_tracks_the_default_is_heard() {
    let (one, two) = (tone(1_600), tone(3_200).split_off(1_600));
    let heard = |first: &[u8], second: &[u8]| {
        let tracks = [track(1, PCM, first), track(2, PCM, second)];
        let audio = read(&file(&tracks, &[cluster(1, 0, &one), cluster(2, 0, &two)])).expect("heard");
        assert_eq!(audio.signals, [Signal::SeveralTracks]);
        if audio.samples == as_floats(&one) { 1 } else { 2 }
    };
    let [yes, no] = [1, 0].map(|is_default| element(b"\x88", &[is_default]));
    let unusable = element(b"\xb9", &[0]);
    // A flag that is left out is set.
    for (first, second, want) in [
        (&[][..], &[][..], 1),
        (&yes, &no, 1),
        (&no, &yes, 2),
        (&no, &[], 2),
        (&[], &no, 1),
        (&[], &yes, 1),
        (&no, &no, 1),
        (&unusable, &no, 2),
    ] {
        assert_eq!(heard(first, second), want, "{first:?} {second:?}");
    }
    let audio = read(&file(&[track(1, PCM, &[])], &[cluster(1, 0, &one)])).expect("heard");
    assert_eq!((audio.samples, audio.signals), (as_floats(&one), vec![]));
    // A track that nobody decodes hides none that is.
    let tracks = [track(1, "A_MS/ACM", &[]), track(2, PCM, &[])];
    assert_eq!(samples(&file(&tracks, &[cluster(2, 0, &two)])), as_floats(&two));
}

#[test]
fn a_codec_that_is_not_known_is_named() {
    let error = read(&file(&[track(1, "A_MS/ACM", &[])], &[cluster(1, 0, &tone(100))])).expect_err("refused");
    assert_eq!(error.code(), "unsupported_codec");
    assert!(error.to_string().contains("A_MS/ACM"), "{error}");
}

#[test]
fn segments_count_from_the_beginning_of_the_film() {
    let (file, all) = (recording(2_000, 10), as_floats(&tone(16_000)));
    assert_eq!(samples(&file), all, "a whole file begins with its sound");
    let cut = |start_s: Option<f64>, end_s: Option<f64>| {
        AudioReader::new(&audio::AudioParams::default()).read(&file, None, Segment { start_s, end_s })
    };
    let samples = |start_s, end_s| cut(start_s, end_s).expect("a stretch").samples;
    assert_eq!(samples(Some(2.1), Some(2.7)), all[1_600..11_200]);
    assert_eq!(samples(Some(2.5), None), all[8_000..]);
    assert_eq!(samples(None, Some(2.5)), all[..8_000]);
    assert_eq!(samples(Some(1.9), Some(2.1)), [&[0.0; 1_600], &all[..1_600]].concat());
    for (start_s, end_s) in [(0.1, 0.7), (1.0, 2.0), (2.9, 3.2)] {
        let error = cut(Some(start_s), Some(end_s)).expect_err("refused");
        assert_eq!(error.code(), "segment_out_of_range", "{start_s} s");
    }
}

#[test]
fn a_gap_between_blocks_is_refused() {
    let tone = tone(4_800);
    let of = |times: [u16; 3]| {
        let clusters = tone.chunks(1_600).zip(times).map(|(packet, at_ms)| cluster(1, at_ms, packet));
        code(&file(&[track(1, PCM, &[])], &clusters.collect::<Vec<_>>()))
    };
    for times in [[0, 100, 200], [0, 101, 199], [500, 600, 700], [0, 0, 200], [0, 200, 350]] {
        assert_eq!(of(times), "ok", "{times:?}");
    }
    for times in [[0, 100, 400], [0, 500, 600], [0, 0, 9_000]] {
        assert_eq!(of(times), "corrupt", "{times:?}");
    }
}
