//! What lies behind the sound of a file, and files whose end is told in an odd way: nothing is lost in silence.

use crate::containers::{chunk, code, fixture, fmt, noise, read, riff, samples};

/// Whole files of other formats.
fn others() -> Vec<(&'static str, Vec<u8>)> {
    let names = ["tone.wav", "tone.aiff", "tone.flac", "tone.ogg", "tone.m4a", "tone.webm", "tone.caf", "tone.mp2"];
    names.into_iter().map(|name| (name, fixture(name))).collect()
}

fn id3v1() -> Vec<u8> {
    [b"TAG".to_vec(), vec![b'x'; 125]].concat()
}

/// A tag of ID3v2 with a picture in it, of 4,096 bytes behind its header.
fn id3v2() -> Vec<u8> {
    [&b"ID3\x04\0\0\0\0\x20\0"[..], &noise(4_096)].concat()
}

fn ape() -> Vec<u8> {
    let footer =
        |flags: u32| [&b"APETAGEX"[..], &[2_000, 532, 1, flags].map(u32::to_le_bytes).concat(), &[0; 8]].concat();
    [footer(0xa000_0000), noise(500), footer(0x8000_0000)].concat()
}

#[test]
fn other_formats_behind_the_last_frame_or_page_are_refused() {
    for name in ["tone.ogg", "tone-flac.ogg", "tone-opus.ogg", "tone.mp3", "tone.aac", "tone.caf", "tone-alac.caf"] {
        let file = fixture(name);
        for (other, bytes) in
            others().into_iter().filter(|(other, _)| !(name.ends_with(".ogg") && other.ends_with(".ogg")))
        {
            assert_eq!(code(&[&file[..], &bytes].concat()), "audio_after_end", "{other} behind {name}");
        }
    }
    let (mp3, aac) = (fixture("tone.mp3"), fixture("tone.aac"));
    for file in [[&mp3[..], &aac].concat(), [&aac[..], &mp3].concat()] {
        assert_eq!(code(&file), "audio_after_end");
    }
    for (other, bytes) in others() {
        assert_eq!(code(&[&mp3[..], &bytes, &mp3].concat()), "audio_after_end", "{other} between MP3s");
    }
}

#[test]
fn tags_and_filling_behind_the_last_frame_or_page_change_nothing() {
    let behind: [(&str, Vec<u8>); 8] = [
        ("ID3v1", id3v1()),
        ("ID3v2", id3v2()),
        ("APE", ape()),
        ("APE and ID3v1", [ape(), id3v1()].concat()),
        ("ID3v2 and ID3v1", [id3v2(), id3v1()].concat()),
        ("zeros", vec![0; 100_000]),
        ("zeros and ID3v1", [vec![0; 100_000], id3v1()].concat()),
        ("crumbs", noise(200)),
    ];
    for name in
        ["tone.ogg", "tone-flac.ogg", "tone.mp3", "tone.aac", "tone.flac", "tone.wav", "tone.caf", "tone-alac.caf"]
    {
        let file = fixture(name);
        let want = samples(&file);
        for (kind, bytes) in behind.iter().filter(|(kind, _)| !(*kind == "crumbs" && name == "tone.flac")) {
            assert_eq!(samples(&[&file[..], bytes].concat()), want, "{kind} behind {name}");
        }
    }
}

#[test]
fn much_that_is_no_tag_behind_the_last_frame_is_refused() {
    for name in ["tone.mp3", "tone.aac"] {
        let file = fixture(name);
        // Without the bytes that every frame begins with.
        let junk = |len| noise(len).into_iter().map(|byte| byte & 0x7f).collect::<Vec<_>>();
        assert_eq!(samples(&[&file[..], &junk(8_000)].concat()), samples(&file), "{name}");
        for rest in [junk(40_000), [junk(40_000), id3v1()].concat()] {
            assert_eq!(code(&[&file[..], &rest].concat()), "audio_after_end", "{name}");
        }
        let cut = &file[..file.len() - 20];
        assert_eq!(code(cut), code(&file), "the last frame of {name} is cut");
    }
}

#[test]
fn a_page_that_stands_there_twice_is_refused() {
    for (name, pages) in [("tone.ogg", [58, 3_420]), ("tone-flac.ogg", [79, 162])] {
        let file = fixture(name);
        for from in pages {
            let to =
                file[from + 1..].windows(4).position(|word| word == b"OggS").map_or(file.len(), |at| from + 1 + at);
            let twice = [&file[..to], &file[from..to], &file[to..]].concat();
            assert_eq!(code(&twice), "corrupt", "{name}, the page at {from}");
        }
    }
}

/// A CAF: its description, then chunks.
fn caf(codec: &[u8; 4], flags: u32, packet_bytes: u32, channels: u32, bits: u32, chunks: &[Vec<u8>]) -> Vec<u8> {
    let numbers = [flags, packet_bytes, 1, channels, bits].map(u32::to_be_bytes).concat();
    let description = [&16_000_f64.to_be_bytes()[..], codec, &numbers].concat();
    [&b"caff\0\x01\0\0"[..], &long(b"desc", 32, &description), &chunks.concat()].concat()
}

/// A chunk of a CAF that states a size.
fn long(word: &[u8; 4], size: i64, body: &[u8]) -> Vec<u8> {
    [&word[..], &size.to_be_bytes(), body].concat()
}

fn sound(samples: &[u8]) -> Vec<u8> {
    long(b"data", samples.len() as i64 + 4, &[&[0; 4], samples].concat())
}

#[test]
fn samples_in_a_caf_are_those_of_a_wav() {
    let bytes = (0..=255).chain(0..=255).collect::<Vec<u8>>();
    let wav = |tag, bits, data: &[u8]| samples(&riff(0, &[chunk(b"fmt ", &fmt(tag, 1, bits)), chunk(b"data", data)]));
    let swapped = |size: usize| bytes.chunks(size).flat_map(|sample| sample.iter().rev().copied()).collect::<Vec<_>>();
    let unsigned = bytes.iter().map(|byte| byte ^ 0x80).collect::<Vec<_>>();
    let cases = [
        ("8 bits", caf(b"lpcm", 0, 1, 1, 8, &[sound(&bytes)]), wav(1, 8, &unsigned)),
        ("16 bits", caf(b"lpcm", 0, 2, 1, 16, &[sound(&bytes)]), wav(1, 16, &swapped(2))),
        ("16 bits, least first", caf(b"lpcm", 2, 2, 1, 16, &[sound(&bytes)]), wav(1, 16, &bytes)),
        ("32 bits, least first", caf(b"lpcm", 2, 4, 1, 32, &[sound(&bytes)]), wav(1, 32, &bytes)),
        ("A-law", caf(b"alaw", 0, 1, 1, 8, &[sound(&bytes)]), wav(6, 8, &bytes)),
        ("mu-law", caf(b"ulaw", 0, 1, 1, 8, &[sound(&bytes)]), wav(7, 8, &bytes)),
        (
            "chunks around",
            {
                let (free, info) = (long(b"free", 999, &noise(999)), long(b"info", 400, &noise(400)));
                caf(b"ulaw", 0, 1, 1, 8, &[free, sound(&bytes), info])
            },
            wav(7, 8, &bytes),
        ),
        (
            "size unknown",
            caf(b"ulaw", 0, 1, 1, 8, &[long(b"data", -1, &[&[0; 4], &bytes[..]].concat())]),
            wav(7, 8, &bytes),
        ),
    ];
    for (name, file, want) in cases {
        assert_eq!(samples(&file), want, "{name}");
    }
    let float = [0.5_f32, -0.25].map(f32::to_be_bytes).concat();
    assert_eq!(samples(&caf(b"lpcm", 1, 4, 1, 32, &[sound(&float)])), [0.5, -0.25]);
    assert_eq!(samples(&caf(b"lpcm", 1, 8, 2, 32, &[sound(&float)])), [0.125]);
}

#[test]
fn cafs_that_cannot_be_read_have_their_codes() {
    let bytes = noise(512);
    let law = caf(b"alaw", 0, 1, 1, 8, &[sound(&bytes)]);
    let unknown = caf(b"alaw", 0, 1, 1, 8, &[long(b"data", -1, &[&[0; 4], &bytes[..]].concat())]);
    let cases = [
        ("cut", law[..law.len() - 1].to_vec(), "truncated"),
        ("cut in its header", law[..30].to_vec(), "truncated"),
        ("a WAV behind a size of -1", [&unknown[..], &fixture("tone.wav")].concat(), "audio_after_end"),
        ("no samples", caf(b"alaw", 0, 1, 1, 8, &[sound(&[])]), "no_samples"),
        ("24 bits in 4 bytes", caf(b"lpcm", 0, 4, 1, 24, &[sound(&bytes)]), "unsupported_codec"),
        ("iLBC", caf(b"ilbc", 0, 50, 1, 0, &[sound(&bytes)]), "unsupported_codec"),
        ("no channels", caf(b"lpcm", 0, 2, 0, 16, &[sound(&bytes)]), "corrupt"),
        ("version 2", [&b"caff\0\x02"[..], &law[6..]].concat(), "unsupported_format"),
    ];
    for (name, file, want) in cases {
        assert_eq!(code(&file), want, "{name}");
    }
    assert!(read(&caf(b"ilbc", 0, 50, 1, 0, &[sound(&bytes)])).unwrap_err().to_string().contains("`ilbc` in CAF"));
}

/// Its writer counts whole packets, and the last one holds fewer samples.
#[test]
fn alac_in_a_caf_is_heard_to_its_end() {
    let file = fixture("tone-alac.caf");
    let (want, all) = (samples(&fixture("tone.wav")), samples(&file));
    assert_eq!(all.len(), 3_200);
    assert!(all.iter().zip(&want).all(|(a, b)| (a - b).abs() < 1e-4));
    // The size may be unknown where the samples come last.
    let place = |word: &[u8; 4]| file.windows(4).position(|other| other == word).expect("a chunk");
    let (data, table) = (place(b"data"), place(b"pakt"));
    let last = long(b"data", -1, &file[data + 12..table]);
    let streamed = [&file[..data], &file[table..], &last].concat();
    assert_eq!(samples(&streamed), all);
    assert_eq!(samples(&[&streamed[..], &id3v1()].concat()), all);
    assert_eq!(code(&[streamed, fixture("tone.wav")].concat()), "audio_after_end");
    for cut in [1, 40, file.len() - table, file.len() - table + 1] {
        assert_eq!(code(&file[..file.len() - cut]), "truncated", "{cut} bytes less");
    }
}

#[test]
fn a_flac_is_counted_in_the_blocks_of_its_frames() {
    let file = fixture("tone.flac");
    let want = samples(&file);
    for stated in [[0x00, 0x10, 0xff, 0xff], [0xff, 0xff, 0xff, 0xff]] {
        let mut other = file.clone();
        other[8..12].copy_from_slice(&stated);
        assert_eq!(samples(&other), want, "{stated:?}");
    }
}

#[test]
fn mpeg_audio_of_other_layers_is_named() {
    let layer_2 = fixture("tone.mp2");
    // Frames of 384 bytes at 48 kHz.
    let layer_1 = [vec![0xff, 0xff, 0xc4, 0xc0], vec![0; 380]].concat().repeat(20);
    let tagged = [id3v2(), layer_2.clone()].concat();
    for (file, name) in
        [(&layer_2, "layer 2"), (&tagged, "layer 2"), (&layer_2[100..].to_vec(), "layer 2"), (&layer_1, "layer 1")]
    {
        let error = read(file).expect_err(name);
        assert_eq!(error.code(), "unsupported_codec");
        assert!(error.to_string().contains(name) && error.to_string().contains("ffmpeg"), "{error}");
    }
}

#[test]
fn pointers_are_named_with_what_to_do() {
    let cases = [
        ("version https://git-lfs.github.com/spec/v1\noid", "git lfs pull"),
        ("/annex/objects/SHA256E-s31390--0a1b.wav\n", "git annex get"),
        ("../.git/annex/objects/Q8/xk/SHA256E-s9--0a.wav/SHA256E-s9--0a.wav", "git annex get"),
        ("outs:\n- md5: a304afb96060aad90176268345e10355\n  size: 4\n  path: a.wav\n", "dvc pull"),
    ];
    for (text, remedy) in cases {
        let error = read(text.as_bytes()).expect_err(remedy);
        assert_eq!(error.code(), "not_audio");
        assert!(error.to_string().contains(remedy), "{error}");
    }
}
