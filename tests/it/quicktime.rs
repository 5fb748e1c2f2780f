//! PCM and ADPCM in QuickTime and MP4: every coding, order of bytes and shape of the tables.

use crate::containers::{as_floats, be16, code, fixture, le16, read, samples, tone};
use crate::movies::{Track, boxed, entry_fields, ftyp, moov, movie, sound_entry};

/// A track of a coding whose samples take `bytes` each.
fn track(entry: Vec<u8>, bytes: u32, samples: u32) -> Track {
    Track { entry, size: bytes, ..Track::twos(1, &[(0, samples)]) }
}

/// A description of version 1, and the order of bytes in a box of its own.
fn ordered(word: &[u8; 4], bytes: u32, little: Option<bool>) -> Vec<u8> {
    let order = little.map(|little| boxed(b"enda", &u16::from(little).to_be_bytes())).unwrap_or_default();
    let wave = boxed(b"wave", &[boxed(b"frma", word), order, vec![0, 0, 0, 8, 0, 0, 0, 0]].concat());
    let numbers = [1, bytes, bytes, 2].map(u32::to_be_bytes).concat();
    boxed(word, &[&entry_fields(1, 1, 16)[..], &16_000_u32.rotate_left(16).to_be_bytes(), &numbers, &wave].concat())
}

/// A description of version 2 of linear PCM.
fn linear(bits: u32, flags: u32) -> Vec<u8> {
    let numbers = [1, 0x7f00_0000, bits, flags, bits / 8, 1].map(u32::to_be_bytes).concat();
    let fields = [&entry_fields(2, 3, 16)[..], &0x0001_0000_u32.to_be_bytes(), &72_u32.to_be_bytes()].concat();
    boxed(b"lpcm", &[&fields[..], &16_000_f64.to_be_bytes(), &numbers].concat())
}

/// A description with the configuration of ISO/IEC 23003-5.
fn of_mpeg(word: &[u8; 4], is_little: bool, bits: u8) -> Vec<u8> {
    let entry = sound_entry(word, 1, 16);
    boxed(word, &[&entry[8..], &boxed(b"pcmC", &[0, 0, 0, 0, is_little.into(), bits])].concat())
}

#[test]
fn linear_samples_of_every_kind_are_those_of_a_wav() {
    let tone = tone(2_000);
    let want = as_floats(&tone);
    // The bytes of a sample with the greatest first, with zeros behind or as a number with a point.
    let wide = |bytes: usize| {
        let wide = move |sample: &i16| sample.to_be_bytes().into_iter().chain([0; 2]).take(bytes).collect::<Vec<_>>();
        tone.iter().map(wide).collect::<Vec<_>>()
    };
    let single = want.iter().map(|sample| sample.to_be_bytes().to_vec()).collect::<Vec<_>>();
    let double = want.iter().map(|sample| f64::from(*sample).to_be_bytes().to_vec()).collect::<Vec<_>>();
    let big = |samples: &[Vec<u8>]| samples.concat();
    let little =
        |samples: &[Vec<u8>]| samples.iter().flat_map(|sample| sample.iter().rev().copied()).collect::<Vec<_>>();
    let (two, three, four) = (wide(2), wide(3), wide(4));
    let cases = [
        ("twos", sound_entry(b"twos", 1, 16), 2, big(&two)),
        ("sowt", sound_entry(b"sowt", 1, 16), 2, little(&two)),
        ("in24", ordered(b"in24", 3, None), 3, big(&three)),
        ("in24 of its order", ordered(b"in24", 3, Some(false)), 3, big(&three)),
        ("in24 of the other order", ordered(b"in24", 3, Some(true)), 3, little(&three)),
        ("in32", ordered(b"in32", 4, Some(false)), 4, big(&four)),
        ("in32 of the other order", ordered(b"in32", 4, Some(true)), 4, little(&four)),
        ("fl32", ordered(b"fl32", 4, Some(false)), 4, big(&single)),
        ("fl32 of the other order", ordered(b"fl32", 4, Some(true)), 4, little(&single)),
        ("fl64", ordered(b"fl64", 8, Some(false)), 8, big(&double)),
        ("fl64 of the other order", ordered(b"fl64", 8, Some(true)), 8, little(&double)),
        ("lpcm, signed and little", linear(16, 4), 2, little(&two)),
        ("lpcm, signed and big", linear(24, 4 | 2), 3, big(&three)),
        ("lpcm, floating and little", linear(32, 1), 4, little(&single)),
        ("lpcm, floating and big", linear(64, 1 | 2), 8, big(&double)),
        ("ipcm, big", of_mpeg(b"ipcm", false, 16), 2, big(&two)),
        ("ipcm, little", of_mpeg(b"ipcm", true, 24), 3, little(&three)),
        ("fpcm, little", of_mpeg(b"fpcm", true, 32), 4, little(&single)),
    ];
    for (name, entry, bytes, data) in cases {
        assert_eq!(samples(&movie(&[track(entry, bytes, 2_000)], &data)), want, "{name}");
    }
}

#[test]
fn samples_of_eight_bits_are_signed_or_not_by_their_word() {
    let unsigned = data_of(&fixture("tone-u8.wav"));
    let want = samples(&fixture("tone-u8.wav"));
    let signed = unsigned.iter().map(|byte| byte ^ 0x80).collect::<Vec<_>>();
    for (word, data) in [(b"raw ", &unsigned), (b"NONE", &unsigned), (b"twos", &signed), (b"sowt", &signed)] {
        assert_eq!(samples(&movie(&[track(sound_entry(word, 1, 8), 1, 3_200)], data)), want, "{word:?}");
    }
    let wrong = movie(&[track(sound_entry(b"raw ", 1, 16), 2, 1_000)], &[0; 2_000]);
    let error = read(&wrong).expect_err("nobody says which numbers these are");
    assert!(error.code() == "unsupported_codec" && error.to_string().contains("`raw `"), "{error}");
}

/// What stands in the chunk of samples of a WAV.
fn data_of(wav: &[u8]) -> Vec<u8> {
    let place = wav.windows(4).position(|word| word == b"data").expect("samples");
    let size = u32::from_le_bytes(wav[place + 4..place + 8].try_into().unwrap()) as usize;
    wav[place + 8..place + 8 + size].to_vec()
}

#[test]
fn compressed_samples_are_those_of_a_wav() {
    for (word, name) in [(b"ulaw", "tone-mulaw.wav"), (b"alaw", "tone-alaw.wav")] {
        let (file, data) = (fixture(name), data_of(&fixture(name)));
        let movie = movie(&[track(sound_entry(word, 1, 16), 1, data.len() as u32)], &data);
        assert_eq!(samples(&movie), samples(&file), "{name}");
    }
    for (word, name) in [(b"ms\0\x02", "tone-adpcm-ms.wav"), (b"ms\0\x11", "tone-adpcm-ima.wav")] {
        let (file, data) = (fixture(name), data_of(&fixture(name)));
        let place = file.windows(4).position(|word| word == b"fmt ").expect("a format");
        let format = &file[place + 8..place + 8 + usize::from(file[place + 4])];
        let frames = u32::from(u16::from_le_bytes(format[18..20].try_into().unwrap()));
        let block = u32::from(u16::from_le_bytes(format[12..14].try_into().unwrap()));
        let blocks = (data.len() as u32).div_ceil(block);
        let padded = [&data[..], &vec![0; (blocks * block) as usize - data.len()]].concat();
        let wave = boxed(b"wave", &boxed(word, format));
        let numbers = [frames, block, block, 2].map(u32::to_be_bytes).concat();
        let entry = [&entry_fields(1, 1, 16)[..], &16_000_u32.rotate_left(16).to_be_bytes(), &numbers, &wave].concat();
        // Frames are counted, and a size of 1 stands for what a block takes.
        let heard = samples(&movie(&[track(boxed(word, &entry), 1, blocks * frames)], &padded));
        let want = samples(&file);
        assert_eq!(heard[..want.len()], want, "{name}");
        assert_eq!(heard.len(), (blocks * frames) as usize, "{name}");
    }
}

#[test]
fn chunks_of_two_tracks_may_alternate() {
    let (one, two) = (tone(3_000), tone(6_000).split_off(3_000));
    let pieces = (0..3).flat_map(|n| [&one[1_000 * n..1_000 * (n + 1)], &two[1_000 * n..1_000 * (n + 1)]]);
    let data = pieces.flat_map(be16).collect::<Vec<_>>();
    let chunks = |first: u32| (0..3).map(|n| (4_000 * n + first, 1_000)).collect::<Vec<_>>();
    for (first, want) in [(0, &one), (2_000, &two)] {
        let other = Track { is_enabled: false, ..Track::twos(2, &chunks(2_000 - first)) };
        assert_eq!(samples(&movie(&[Track::twos(1, &chunks(first)), other], &data)), as_floats(want));
    }
}

#[test]
fn a_long_recording_of_one_sample_a_packet_is_heard() {
    let tone = tone(200_000);
    assert_eq!(samples(&movie(&[track(sound_entry(b"sowt", 1, 16), 2, 200_000)], &le16(&tone))), as_floats(&tone));
}

#[test]
fn tables_that_lead_astray_are_refused() {
    let data = be16(&tone(2_000));
    let of = |chunks: &[(u32, u32)]| code(&movie(&[Track::twos(1, chunks)], &data));
    assert_eq!(of(&[(0, 1_000), (2_000, 1_000)]), "ok");
    assert_eq!(of(&[(0, 2_000); 40]), "corrupt", "the same samples again and again");
    assert_eq!(of(&[(0, u32::MAX)]), "corrupt");
    assert_eq!(of(&[(2_000_000, 1_000)]), "truncated");
    assert_eq!(of(&[(u32::MAX - 100, 1_000)]), "truncated");
    assert_eq!(of(&[]), "no_samples");
    let whole = movie(&[Track::twos(1, &[(0, 2_000)])], &data);
    let place = |word: &[u8; 4]| whole.windows(4).position(|other| other == word).expect("the box");
    for (word, what) in [(b"stsc", "chunks"), (b"stco", "places"), (b"stsz", "sizes")] {
        let mut wrong = whole.clone();
        wrong[place(word)..place(word) + 4].copy_from_slice(b"none");
        assert_ne!(code(&wrong), "ok", "without the table of {what}");
    }
    // A film that was cut before its header stands there.
    let early = [ftyp(), moov(&[Track::twos(1, &[(0, 2_000)])], 0, &[])].concat();
    let early =
        [ftyp(), moov(&[Track::twos(1, &[(0, 2_000)])], early.len() as u32 + 8, &[]), boxed(b"mdat", &data)].concat();
    assert_eq!(code(&early), "ok");
    assert_eq!(code(&early[..early.len() - 1]), "truncated");
}

#[test]
fn quicktime_without_a_type_box_is_read_where_it_is_pcm() {
    let data = be16(&tone(2_000));
    let file = [boxed(b"mdat", &data), moov(&[Track::twos(1, &[(0, 2_000)])], 8, &[])].concat();
    assert_eq!(samples(&file), as_floats(&tone(2_000)));
    let packets = Track { entry: sound_entry(b"mp4a", 1, 16), ..Track::twos(1, &[(0, 2_000)]) };
    let error = read(&[boxed(b"mdat", &data), moov(&[packets], 8, &[])].concat()).expect_err("refused");
    assert!(error.code() == "unsupported_format" && error.to_string().contains("ftyp"), "{error}");
}
