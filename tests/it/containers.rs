//! Headers as writers leave them: what the chunks say, where a recording ends, and formats by their names; MP4 and Matroska
//! have modules of their own.

use ser_etl::audio;
use std::path::Path;

use ser_etl::audio::{Audio, AudioError, AudioReader, Segment};

pub fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/audio").join(name)).unwrap()
}

pub fn read(bytes: &[u8]) -> Result<Audio, AudioError> {
    AudioReader::new(&audio::AudioParams::default()).read(bytes, Some("wav"), Segment::default())
}

pub fn samples(bytes: &[u8]) -> Vec<f32> {
    read(bytes).unwrap_or_else(|error| panic!("{}: {error}", error.code())).samples
}

pub fn code(bytes: &[u8]) -> &'static str {
    read(bytes).map_or_else(|error| error.code(), |_| "ok")
}

/// A tone and a murmur, so that no two stretches are alike.
pub fn tone(len: usize) -> Vec<i16> {
    let murmur = |n: usize| ((n as u32).wrapping_mul(2_654_435_761) >> 24) as f64;
    (0..len).map(|n| (8_000.0 * (0.17 * n as f64).sin() + murmur(n)) as i16).collect()
}

pub fn as_floats(samples: &[i16]) -> Vec<f32> {
    samples.iter().map(|sample| f32::from(*sample) / 32_768.0).collect()
}

pub fn le16(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

pub fn be16(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_be_bytes()).collect()
}

/// The first 16 bytes of a format chunk at 16 kHz.
pub fn fmt(tag: u16, channels: u16, bits: u16) -> Vec<u8> {
    let block = channels * bits / 8;
    let mut body = Vec::new();
    body.extend(tag.to_le_bytes());
    body.extend(channels.to_le_bytes());
    body.extend(16_000_u32.to_le_bytes());
    body.extend((16_000 * u32::from(block)).to_le_bytes());
    body.extend(block.to_le_bytes());
    body.extend(bits.to_le_bytes());
    body
}

pub fn chunk(word: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let filling = vec![0; body.len() % 2];
    [&word[..], &(body.len() as u32).to_le_bytes(), body, &filling].concat()
}

/// A chunk that states another size than it has.
fn stating(word: &[u8; 4], size: u32, body: &[u8]) -> Vec<u8> {
    [&word[..], &size.to_le_bytes(), body].concat()
}

pub fn riff(size: u32, chunks: &[Vec<u8>]) -> Vec<u8> {
    [&b"RIFF"[..], &size.to_le_bytes(), b"WAVE", &chunks.concat()].concat()
}

/// A plain 16-bit WAV.
pub fn wav(samples: &[i16]) -> Vec<u8> {
    riff(36 + 2 * samples.len() as u32, &[chunk(b"fmt ", &fmt(1, 1, 16)), chunk(b"data", &le16(samples))])
}

fn aiff(sound: &[u8]) -> Vec<u8> {
    let mut common = b"COMM\0\0\0\x12\0\x01".to_vec();
    common.extend(2_000_u32.to_be_bytes());
    common.extend([0, 16, 0x40, 0x0c, 0xfa, 0, 0, 0, 0, 0, 0, 0]);
    let form = [&b"AIFF"[..], &common, sound].concat();
    [&b"FORM"[..], &(form.len() as u32).to_be_bytes(), &form].concat()
}

fn sound(size: u32, samples: &[i16]) -> Vec<u8> {
    [&b"SSND"[..], &size.to_be_bytes(), &[0; 8], &be16(samples)].concat()
}

#[test]
fn outer_sizes_tell_nothing() {
    let want = as_floats(&tone(2_000));
    let chunks = [chunk(b"fmt ", &fmt(1, 1, 16)), chunk(b"data", &le16(&tone(2_000)))];
    for size in [0, 1, 3, 36, 4_000, 5_000, 0x7fff_ffff, u32::MAX] {
        assert_eq!(samples(&riff(size, &chunks)), want, "RIFF of {size}");
        let mut form = aiff(&sound(4_008, &tone(2_000)));
        form[4..8].copy_from_slice(&size.to_be_bytes());
        assert_eq!(samples(&form), want, "FORM of {size}");
    }
}

#[test]
fn a_placeholder_is_a_stream_and_a_short_file_is_truncated() {
    let want = as_floats(&tone(2_000));
    let of_size = |size| riff(size, &[chunk(b"fmt ", &fmt(1, 1, 16)), stating(b"data", size, &le16(&tone(2_000)))]);
    for size in [0x7fff_f000, 0x7fff_ffdb, 0x7fff_ffff, 0x8000_0000, 0xffff_f000, 0xffff_fff0, u32::MAX] {
        assert_eq!(samples(&of_size(size)), want, "{size:#x}");
        assert_eq!(samples(&aiff(&sound(size, &tone(2_000)))), want, "AIFF of {size:#x}");
    }
    for size in [4_002, 8_000, 1_000_000, 0x4000_0000, 0xf000_0000] {
        assert_eq!(code(&of_size(size)), "truncated", "{size:#x}");
        assert_eq!(code(&aiff(&sound(size + 8, &tone(2_000)))), "truncated", "AIFF of {size:#x}");
    }
}

#[test]
fn a_size_of_zero_is_a_stream_or_an_empty_file() {
    let want = as_floats(&tone(2_000));
    let with = |behind: &[u8]| riff(0, &[chunk(b"fmt ", &fmt(1, 1, 16)), stating(b"data", 0, behind)]);
    assert_eq!(samples(&with(&le16(&tone(2_000)))), want);
    assert_eq!(samples(&aiff(&sound(0, &tone(2_000)))), want);
    assert_eq!(code(&with(&[])), "no_samples");
    assert_eq!(code(&with(&chunk(b"LIST", b"INFOISFT\x04\0\0\0abcd"))), "no_samples");
}

#[test]
fn format_chunks_of_any_length_say_the_same() {
    let want = as_floats(&tone(2_000));
    let floats = want.iter().flat_map(|sample| sample.to_le_bytes()).collect::<Vec<_>>();
    for extra in [0, 2, 4, 8, 12, 24, 100] {
        let long = |tag, bits| [fmt(tag, 1, bits), vec![0; extra]].concat();
        let of = |format: Vec<u8>, data: &[u8]| riff(0, &[chunk(b"fmt ", &format), chunk(b"data", data)]);
        assert_eq!(samples(&of(long(1, 16), &le16(&tone(2_000)))), want, "{extra} bytes more");
        assert_eq!(samples(&of(long(3, 32), &floats)), want, "{extra} bytes more of floating point");
        let mut nonsense = long(1, 16);
        nonsense[8..14].copy_from_slice(&[1, 2, 3, 4, 0, 0]);
        assert_eq!(samples(&of(nonsense, &le16(&tone(2_000)))), want, "byte rate and block size");
    }
}

#[test]
fn extensible_tags_are_those_they_stand_for() {
    let extensible = |tag: u8, bits| [fmt(0xfffe, 1, bits), vec![22, 0, bits as u8, 0, 4, 0, 0, 0, tag, 0]].concat();
    let with_guid = |tag, bits| [extensible(tag, bits), b"\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71".to_vec()].concat();
    let of = |format: Vec<u8>, data: &[u8]| riff(0, &[chunk(b"fmt ", &format), chunk(b"data", data)]);
    let laws = (0..=255).collect::<Vec<u8>>();
    for tag in [6, 7] {
        let plain = samples(&of(fmt(u16::from(tag), 1, 8), &laws));
        assert_eq!(plain.len(), 256);
        assert_eq!(samples(&of(with_guid(tag, 8), &laws)), plain, "tag {tag}");
    }
    assert_eq!(samples(&of(with_guid(1, 16), &le16(&tone(500)))), as_floats(&tone(500)));
}

#[test]
fn chunks_stand_in_any_order_among_others() {
    let want = as_floats(&tone(2_001));
    let (format, data) = (chunk(b"fmt ", &fmt(1, 1, 16)), chunk(b"data", &le16(&tone(2_001))));
    let list = chunk(b"LIST", b"INFOISFT\x05\0\0\0abcde\0");
    let unfilled = stating(b"JUNK", 5, b"abcde");
    let tag = [b"TAG".to_vec(), vec![b' '; 125]].concat();
    let cases = [
        ("junk before", vec![chunk(b"JUNK", &[0; 28]), list.clone(), format.clone(), data.clone()]),
        ("the format last", vec![data.clone(), list.clone(), format.clone()]),
        ("an odd chunk without its filling", vec![unfilled, format.clone(), data.clone()]),
        ("chunks behind", vec![format.clone(), data.clone(), list.clone(), chunk(b"id3 ", &[1; 301])]),
        ("a tag behind", vec![format.clone(), data.clone(), tag]),
        ("zeros behind", vec![format.clone(), data.clone(), vec![0; 9_000]]),
        ("crumbs behind", vec![format.clone(), data.clone(), vec![7, 99, 3]]),
    ];
    for (name, chunks) in cases {
        assert_eq!(samples(&riff(0, &chunks)), want, "{name}");
    }
    let id3 = b"ID3\x04\0\0\0\0\x02\x01".iter().copied().chain([0; 257]).chain(wav(&tone(2_001))).collect::<Vec<_>>();
    assert_eq!(samples(&id3), want, "an ID3 tag before");
}

#[test]
fn relatives_of_wav_hold_the_same_samples() {
    let (want, data) = (as_floats(&tone(2_000)), le16(&tone(2_000)));
    for word in [b"RF64", b"BW64"] {
        let mut sizes = 5_000_u64.to_le_bytes().to_vec();
        sizes.extend(4_000_u64.to_le_bytes());
        sizes.extend([0; 12]);
        let chunks = [chunk(b"ds64", &sizes), chunk(b"fmt ", &fmt(1, 1, 16)), stating(b"data", u32::MAX, &data)];
        let mut file = riff(u32::MAX, &chunks);
        file[..4].copy_from_slice(word);
        assert_eq!(samples(&file), want);
        assert_eq!(samples(&[&file[..], &chunk(b"LIST", b"INFO")].concat()), want, "the long size ends the samples");
        assert_eq!(code(&file[..file.len() - 100]), "truncated");
    }
    let big = |number: u16| number.to_be_bytes();
    let mut format = [big(1), big(1)].concat();
    format.extend(16_000_u32.to_be_bytes());
    format.extend(32_000_u32.to_be_bytes());
    format.extend([big(2), big(16)].concat());
    let rifx = [&b"RIFX\0\0\0\0WAVEfmt \0\0\0\x10"[..], &format, b"data\0\0\x0f\xa0", &be16(&tone(2_000))].concat();
    assert_eq!(samples(&rifx), want);
}

fn au(encoding: u32, channels: u32, data: &[u8]) -> Vec<u8> {
    let numbers = [28, data.len() as u32, encoding, 16_000, channels, 0];
    [&b".snd"[..], &numbers.map(u32::to_be_bytes).concat(), data].concat()
}

#[test]
fn au_is_decoded() {
    let tone = tone(1_000);
    let floats = as_floats(&tone);
    let wide = |bytes: usize| tone.iter().flat_map(|s| [&s.to_be_bytes()[..], &[0, 0][..bytes - 2]].concat()).collect();
    let cases: [(u32, Vec<u8>); 5] = [
        (3, be16(&tone)),
        (4, wide(3)),
        (5, wide(4)),
        (6, floats.iter().flat_map(|s| s.to_be_bytes()).collect()),
        (7, floats.iter().flat_map(|s| f64::from(*s).to_be_bytes()).collect()),
    ];
    for (encoding, data) in cases {
        assert_eq!(samples(&au(encoding, 1, &data)), floats, "encoding {encoding}");
        let mut stream = au(encoding, 1, &data);
        stream[8..12].copy_from_slice(&u32::MAX.to_be_bytes());
        assert_eq!(samples(&stream), floats, "a stream of encoding {encoding}");
        assert_eq!(code(&au(encoding, 1, &data)[..1_500]), "truncated", "encoding {encoding}");
    }
    assert_eq!(samples(&au(2, 1, &[0x40, 0xc0])), [0.5, -0.5]);
    let law = samples(&riff(0, &[chunk(b"fmt ", &fmt(7, 1, 8)), chunk(b"data", &[0, 77, 200, 255])]));
    assert_eq!(samples(&au(1, 1, &[0, 77, 200, 255])), law);
    assert_eq!(code(&au(23, 1, &[0; 100])), "unsupported_codec");
}

fn sphere(fields: &str, data: &[u8]) -> Vec<u8> {
    let mut file =
        format!("NIST_1A\n   1024\n{fields}channel_count -i 1\nsample_rate -i 16000\nend_head\n").into_bytes();
    file.resize(1_024, b' ');
    file.extend_from_slice(data);
    file
}

#[test]
fn sphere_is_decoded() {
    let (tone, want) = (tone(1_000), as_floats(&tone(1_000)));
    let fields = |order: &str| format!("sample_count -i 1000\nsample_n_bytes -i 2\nsample_byte_format -s2 {order}\n");
    assert_eq!(samples(&sphere(&(fields("01") + "sample_coding -s3 pcm\n"), &le16(&tone))), want);
    assert_eq!(samples(&sphere(&fields("10"), &be16(&tone))), want);
    assert_eq!(code(&sphere(&fields("10"), &be16(&tone)[..1_998])), "truncated");
    let bytes = (0..=255).collect::<Vec<u8>>();
    let law = |tag| samples(&riff(0, &[chunk(b"fmt ", &fmt(tag, 1, 8)), chunk(b"data", &bytes)]));
    let one = |coding: &str| format!("sample_count -i 256\nsample_n_bytes -i 1\n{coding}");
    assert_eq!(samples(&sphere(&one("sample_coding -s4 ulaw\n"), &bytes)), law(7));
    assert_eq!(samples(&sphere(&one("sample_coding -s4 alaw\n"), &bytes)), law(6));
    let shorten = read(&sphere(&one("sample_coding -s26 pcm,embedded-shorten-v2.00\n"), &bytes));
    assert!(shorten.is_err_and(|error| error.code() == "unsupported_codec" && error.to_string().contains("Shorten")));
}

#[test]
fn channels_of_different_level_are_averaged() {
    let wide = tone(1_000).iter().flat_map(|sample| [*sample, sample / 2, sample / 4, 0]).collect::<Vec<_>>();
    let file = riff(0, &[chunk(b"fmt ", &fmt(1, 4, 16)), chunk(b"data", &le16(&wide))]);
    let mean = wide.chunks(4).map(|frame| as_floats(frame).iter().sum::<f32>() / 4.0).collect::<Vec<_>>();
    assert_eq!(samples(&file), mean);
    for name in ["four.flac", "four-alac.m4a"] {
        let audio = read(&fixture(name)).unwrap();
        assert_eq!((audio.channels, audio.samples.len()), (4, 800), "{name}");
        let rms = (audio.samples.iter().map(|s| f64::from(s * s)).sum::<f64>() / 800.0).sqrt();
        assert!((rms - 0.25 / 2_f64.sqrt()).abs() < 1e-4, "{name}: {rms}");
    }
}

#[test]
fn channels_that_a_decoder_gets_wrong_are_refused() {
    assert_eq!(code(&fixture("four.ogg")), "vorbis_channels_unsupported");
    assert_eq!(code(&fixture("pair-apart.ogg")), "vorbis_channels_unsupported");
    assert_eq!(code(&fixture("pair-coupled.ogg")), "ok");
    let aac = read(&fixture("four.m4a")).unwrap_err();
    assert_eq!((aac.code(), aac.to_string().contains("AAC of 4 channels")), ("unsupported_codec", true), "{aac}");
}

#[test]
fn audio_behind_the_stated_end_is_heard_or_refused() {
    let mp3 = fixture("tone.mp3");
    let one = samples(&mp3);
    assert_eq!(samples(&mp3.repeat(2)), [&one[..], &one[..]].concat());
    assert_eq!(samples(&mp3.repeat(3)).len(), 3 * one.len());
    let cover = (0..100_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8 & 0x7f).collect();
    for between in [vec![0; 70_000], cover] {
        assert_eq!(samples(&[&mp3[..], &between, &mp3].concat()).len(), 2 * one.len());
    }
    let tagged = [&mp3[..], b"TAG", &[b' '; 125], &mp3].concat();
    assert_eq!(samples(&tagged).len(), 2 * one.len());
    for name in ["tone.wav", "tone.aiff", "tone.flac", "tone.m4a", "tone-alac.m4a", "tone.webm", "tone-flac.mkv"] {
        assert_eq!(code(&fixture(name).repeat(2)), "audio_after_end", "{name}");
    }
    assert_eq!(code(&fixture("tone.ogg").repeat(2)), "chained_streams");
    let short = riff(0, &[chunk(b"fmt ", &fmt(1, 1, 16)), stating(b"data", 2_000, &le16(&tone(2_000)))]);
    assert_eq!(code(&short), "audio_after_end");
    assert_eq!(
        code(&au(3, 1, &be16(&tone(400))).into_iter().chain(be16(&tone(400))).collect::<Vec<_>>()),
        "audio_after_end"
    );
}

#[test]
fn an_mp3_tag_that_counts_too_few_frames_ends_nothing() {
    let mp3 = fixture("tone.mp3");
    let place = mp3.windows(4).position(|word| word == b"Info" || word == b"Xing").expect("a tag");
    for count in [0_u32, 1, 3] {
        let mut file = mp3.clone();
        file[place + 8..place + 12].copy_from_slice(&count.to_be_bytes());
        assert!(samples(&file).len() >= samples(&mp3).len(), "{count} frames");
    }
}

/// The stream information of a FLAC begins behind `fLaC` and a block header.
const STREAM_INFO: usize = 8;

#[test]
fn flac_headers_are_read_as_the_reference_decoder_does() {
    let flac = fixture("tone.flac");
    let want = samples(&flac);
    let with = |place: usize, bytes: &[u8]| {
        let mut file = flac.clone();
        file[STREAM_INFO + place..STREAM_INFO + place + bytes.len()].copy_from_slice(bytes);
        file
    };
    let ape = [&b"APETAGEX"[..], &2_000_u32.to_le_bytes(), &40_u32.to_le_bytes(), &[0; 16]].concat();
    let cases = [
        ("a least block of 0", with(0, &[0, 0])),
        ("a least block of 16", with(0, &[0, 16])),
        ("no count of samples", with(13, &[flac[STREAM_INFO + 13] & 0xf0, 0, 0, 0, 0])),
        ("too small a count", with(17, &[1])),
        ("ID3v1 behind", [&flac[..], b"TAG", &[7; 125]].concat()),
        ("APE and ID3v1 behind", [&flac[..], &[9; 8], &ape, b"TAG", &[7; 125]].concat()),
        ("ID3v2 before", [&b"ID3\x03\0\0\0\0\0\x7f"[..], &[1; 127], &flac].concat()),
        ("zeros behind", [&flac[..], &[0; 5_000]].concat()),
    ];
    for (name, file) in cases {
        assert_eq!(samples(&file), want, "{name}");
    }
}

#[test]
fn a_flac_without_a_count_is_refused_where_a_frame_is_damaged() {
    let mut flac = fixture("four.flac");
    flac[STREAM_INFO + 13] &= 0xf0;
    flac[STREAM_INFO + 14..STREAM_INFO + 18].fill(0);
    assert_eq!(code(&flac), "ok");
    let last = flac.len() - 100;
    flac[last] ^= 0xff;
    assert_ne!(code(&flac), "ok");
}

#[test]
fn what_is_known_and_not_read_is_named() {
    let behind = |word: &[u8], place: usize| [vec![0; place], word.to_vec(), vec![1; 2_000]].concat();
    let cases: [(&str, Vec<u8>, &str, &str); 13] = [
        ("AMR", behind(b"#!AMR\n", 0), "unsupported_format", "AMR"),
        ("WMA", behind(b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", 0), "unsupported_format", "WMA"),
        ("AVI", [b"RIFF\0\0\0\0AVI LIST".to_vec(), vec![1; 2_000]].concat(), "unsupported_format", "AVI"),
        ("FLV", behind(b"FLV\x01\x05", 0), "unsupported_format", "Flash"),
        ("WavPack", behind(b"wvpk", 0), "unsupported_format", "WavPack"),
        ("Monkey", behind(b"MAC ", 0), "unsupported_format", "Monkey"),
        ("MIDI", behind(b"MThd", 0), "unsupported_format", "MIDI"),
        ("DSD", behind(b"DSD ", 0), "unsupported_format", "DSD"),
        ("ZIP", behind(b"PK\x03\x04", 0), "not_audio", "ZIP"),
        ("a WAV in a ZIP", [b"PK\x03\x04".to_vec(), vec![0; 26], wav(&tone(2_000))].concat(), "not_audio", "ZIP"),
        ("gzip", behind(b"\x1f\x8b\x08", 0), "not_audio", "gzip"),
        ("a page", b"<!DOCTYPE html><html></html>".to_vec(), "not_audio", "web page"),
        ("JSON", b"{\"error\": 404}".to_vec(), "not_audio", "JSON"),
    ];
    for (name, bytes, code, word) in cases {
        let error = read(&bytes).expect_err(name);
        assert_eq!(error.code(), code, "{name}: {error}");
        assert!(error.to_string().contains(word), "{name}: {error}");
    }
    for (tag, name) in
        [(0x31, "GSM 6.10"), (0x45, "G.726"), (0x20, "Yamaha"), (0x160, "Windows Media"), (0x2000, "AC-3")]
    {
        let file = riff(0, &[chunk(b"fmt ", &fmt(tag, 1, 4)), chunk(b"data", &[1; 500])]);
        let error = read(&file).expect_err(name);
        assert_eq!(error.code(), "unsupported_codec", "{error}");
        assert!(error.to_string().contains(name) && error.to_string().contains(&format!("{tag:#06x}")), "{error}");
    }
}

#[test]
fn an_mp3_in_a_wav_is_decoded() {
    let mp3 = fixture("tone.mp3");
    let file = riff(0, &[chunk(b"fmt ", &fmt(0x55, 1, 0)), chunk(b"data", &mp3), chunk(b"LIST", b"INFO")]);
    assert_eq!(samples(&file), samples(&mp3));
}

#[test]
fn what_stands_before_a_header_hides_no_second_recording() {
    let files = [wav(&tone(2_000)), fixture("tone.webm"), fixture("tone.flac"), fixture("tone.m4a"), aiff(&[])];
    for file in &files {
        for before in [&[0; 16][..], &[0; 1], b"abcdefgh", b"\xff\xfb\0\0"] {
            let error = read(&[before, file, file].concat()).expect_err("refused");
            assert_eq!(error.code(), "not_audio", "{:?} before {:?}", before, &file[..4]);
            assert!(error.to_string().contains("no known header stands at the beginning"), "{error}");
        }
    }
    let mp3 = fixture("tone.mp3");
    assert_eq!(samples(&[&[0; 16], &mp3[..]].concat()), samples(&mp3));
    for name in ["tone.ogg", "tone.caf", "tone.aac", "tone.mp3", "tone.m4a", "tone.webm"] {
        let tagged = [b"ID3\x04\0\0\0\0\0\x10".to_vec(), vec![0; 16], fixture(name)].concat();
        assert_eq!(samples(&tagged), samples(&fixture(name)), "{name}");
    }
}

#[test]
fn sizes_beyond_all_measure_end_with_a_code() {
    let guid =
        |word: &[u8; 4]| [&word[..], &[0xf3, 0xac, 0xd3, 0x11, 0x8c, 0xd1, 0, 0xc0, 0x4f, 0x8e, 0xdb, 0x8a]].concat();
    let riff = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0";
    let outer = [&riff[..], &40_u64.to_le_bytes(), &guid(b"wave")].concat();
    for size in [u64::MAX, u64::MAX - 7, 1 << 63] {
        let file = [&outer[..], &guid(b"junk"), &size.to_le_bytes(), &[0; 500]].concat();
        assert_eq!(code(&file), "truncated", "{size:#x}");
    }
    let mut short = au(3, 1, &be16(&tone(500)));
    short[4..8].copy_from_slice(&8_u32.to_be_bytes());
    assert_eq!(code(&short), "corrupt");
    let mut short = sphere("sample_count -i 500\n", &le16(&tone(500)));
    short[8..16].copy_from_slice(b"      8\n");
    assert_eq!(code(&short), "corrupt");
}

#[test]
fn adpcm_that_is_cut_within_its_last_block_is_truncated() {
    for name in ["tone-adpcm-ima.wav", "tone-adpcm-ms.wav"] {
        let file = fixture(name);
        let place = file.windows(4).position(|word| word == b"data").expect("samples");
        let size = u32::from_le_bytes(file[place + 4..place + 8].try_into().unwrap()) as usize;
        let end = place + 8 + size;
        assert_eq!(code(&file[..end]), "ok", "{name}");
        for cut in [1, 2, 50, 200] {
            assert_eq!(code(&file[..end - cut]), "truncated", "{name} without {cut} bytes");
        }
    }
}

#[test]
fn what_stands_behind_the_samples_of_a_stream_is_no_sound() {
    let want = as_floats(&tone(2_000));
    let of = |size, behind: &[u8]| {
        let data = stating(b"data", size, &[&le16(&tone(2_000)), behind].concat());
        riff(size, &[chunk(b"fmt ", &fmt(1, 1, 16)), data])
    };
    let list = chunk(b"LIST", &[b"INFOISFT".to_vec(), noise(800)].concat());
    let tag = [&b"ID3\x04\0\0\0\0\x06\x10"[..], &noise(784)].concat();
    let last = [b"TAG".to_vec(), vec![b'x'; 125]].concat();
    for size in [0, 0x7fff_f000, u32::MAX] {
        let chunks = [&list[..], &chunk(b"fact", &[7; 4]), &chunk(b"id3 ", &tag)].concat();
        for (name, behind) in [("a list", &list), ("chunks", &chunks), ("a tag", &tag), ("an old tag", &last)] {
            assert_eq!(samples(&of(size, behind)), want, "{name} behind {size:#x}");
        }
        for other in [wav(&tone(500)), of(size, &[]), aiff(&sound(size, &tone(500))), fixture("tone.flac")] {
            assert_eq!(code(&of(size, &other)), "audio_after_end", "{size:#x}");
        }
        let id3 = [&b"ID3 \0\0\x03\x1a"[..], &tag].concat();
        let mut stream = aiff(&sound(size, &tone(2_000)));
        stream.extend(&id3);
        assert_eq!(samples(&stream), want, "an AIFF of {size:#x}");
    }
    // A word among the samples is no chunk.
    let among = [b"LIST\x10\0\0\0".to_vec(), le16(&tone(300))].concat();
    assert_eq!(samples(&of(0, &among)).len(), 2_304);
}

pub fn noise(len: usize) -> Vec<u8> {
    (0..len as u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

/// An MP3 of another kind glued behind counts for a packet here and there no longer.
#[test]
fn mp3s_of_different_channels_are_no_single_recording() {
    let mono = fixture("tone.mp3");
    // The same frames as ones of two channels: the side information differs, so that none decodes as mono.
    let mut stereo = mono.clone();
    for place in 0..stereo.len() - 4 {
        if stereo[place] == 0xff && stereo[place + 1] >> 4 == 0xf && stereo[place + 3] >> 6 == 3 {
            stereo[place + 3] &= 0x3f;
        }
    }
    let long = mono.repeat(100);
    assert_eq!(code(&long), "ok");
    assert_eq!(code(&[long, stereo].concat()), "chained_streams");
}

#[test]
fn dither_of_one_step_is_silence() {
    let silent = |samples: &[i16]| read(&wav(samples)).unwrap().signals.contains(&ser_etl::schema::Signal::Silent);
    let steps = |most: i16| (0..4_000_u32).map(move |n| (n.wrapping_mul(2_654_435_761) >> 20) as i16 % (most + 1));
    let dither = steps(2).map(|step| step - 1).collect::<Vec<_>>();
    assert_eq!(dither.iter().fold((0, 0), |(a, b), s| (a.min(*s), b.max(*s))), (-1, 1));
    assert!(silent(&dither) && silent(&[0; 4_000]));
    assert!(!silent(&steps(3).map(|step| step - 1).collect::<Vec<_>>()), "a range of three steps");
}
