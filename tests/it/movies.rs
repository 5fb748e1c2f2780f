//! MP4 and QuickTime: where a movie ends, and which of its tracks is heard. Movies of any tracks are made here.

use ser_etl::schema::Signal;

use crate::containers::{as_floats, be16, code, fixture, read, samples, tone, wav};

pub fn boxed(word: &[u8; 4], body: &[u8]) -> Vec<u8> {
    [&(8 + body.len() as u32).to_be_bytes()[..], word, body].concat()
}

/// A box of numbers behind its version and flags.
pub fn full(word: &[u8; 4], version_and_flags: u32, numbers: &[u32]) -> Vec<u8> {
    boxed(
        word,
        &[&[version_and_flags], numbers].concat().iter().flat_map(|number| number.to_be_bytes()).collect::<Vec<_>>(),
    )
}

/// A track at 16,000 ticks a second.
pub struct Track {
    pub id: u32,
    pub is_enabled: bool,
    /// The box that describes its samples.
    pub entry: Vec<u8>,
    /// Bytes of a sample, and its ticks.
    pub size: u32,
    pub ticks: u32,
    /// Chunks: where they begin in the media data, and samples.
    pub chunks: Vec<(u32, u32)>,
}

impl Track {
    /// Of big-endian integers of 16 bits.
    pub fn twos(id: u32, chunks: &[(u32, u32)]) -> Self {
        let entry = sound_entry(b"twos", 1, 16);
        Self { id, is_enabled: true, entry, size: 2, ticks: 1, chunks: chunks.to_vec() }
    }

    fn boxes(&self, data: u32) -> Vec<u8> {
        let count = self.chunks.iter().map(|(_, samples)| samples).sum::<u32>();
        let rows = (1..).zip(&self.chunks).flat_map(|(number, (_, samples))| [number, *samples, 1]);
        let places = self.chunks.iter().map(|(place, _)| data + place);
        let table = |numbers: Vec<u32>| [vec![self.chunks.len() as u32], numbers].concat();
        let tables = [
            boxed(b"stsd", &[&[0, 0, 0, 0, 0, 0, 0, 1], &self.entry[..]].concat()),
            full(b"stts", 0, &if count > 0 { vec![1, count, self.ticks] } else { vec![0] }),
            full(b"stsc", 0, &table(rows.collect())),
            full(b"stsz", 0, &[self.size, count]),
            full(b"stco", 0, &table(places.collect())),
        ];
        let media = [
            full(b"mdhd", 0, &[0, 0, 16_000, count * self.ticks, 0]),
            boxed(b"hdlr", b"\0\0\0\0mhlrsoun\0\0\0\0\0\0\0\0\0\0\0\0\0"),
            boxed(b"minf", &boxed(b"stbl", &tables.concat())),
        ];
        let head = full(b"tkhd", self.is_enabled.into(), &[&[0, 0, self.id, 0, 0], &[0; 15][..]].concat());
        boxed(b"trak", &[head, boxed(b"mdia", &media.concat())].concat())
    }
}

/// A description of version 0 at 16 kHz.
pub fn sound_entry(word: &[u8; 4], channels: u16, bits: u16) -> Vec<u8> {
    boxed(word, &[&entry_fields(0, channels, bits)[..], &16_000_u16.to_be_bytes(), &[0, 0]].concat())
}

/// The fields of a description before its rate.
pub fn entry_fields(version: u16, channels: u16, bits: u16) -> Vec<u8> {
    let numbers = [0, 0, 0, 1, version, 0, 0, 0, channels, bits, 0, 0];
    numbers.iter().flat_map(|number: &u16| number.to_be_bytes()).collect()
}

/// The header of a movie with a thousand ticks a second.
pub fn moov(tracks: &[Track], data: u32, more: &[u8]) -> Vec<u8> {
    let head = full(b"mvhd", 0, &[&[0, 0, 1_000, 0], &[0; 20][..]].concat());
    let tracks = tracks.iter().flat_map(|track| track.boxes(data)).collect::<Vec<_>>();
    boxed(b"moov", &[&head, &tracks, more].concat())
}

/// What stands before everything.
pub fn ftyp() -> Vec<u8> {
    boxed(b"ftyp", b"qt  \0\0\0\0qt  ")
}

/// A movie whose header stands behind its samples.
pub fn movie(tracks: &[Track], data: &[u8]) -> Vec<u8> {
    [ftyp(), boxed(b"mdat", data), moov(tracks, ftyp().len() as u32 + 8, &[])].concat()
}

/// Recordings that are no MP4.
fn others() -> [(&'static str, Vec<u8>); 6] {
    let named = |name| (name, fixture(name));
    [
        ("a WAV", wav(&tone(2_000))),
        named("tone.aac"),
        named("tone.mp3"),
        named("tone.ogg"),
        named("tone.flac"),
        named("tone.webm"),
    ]
}

#[test]
fn what_stands_behind_a_movie_is_refused() {
    let pcm = movie(&[Track::twos(1, &[(0, 2_000)])], &be16(&tone(2_000)));
    for (name, file) in [("AAC", fixture("tone.m4a")), ("ALAC", fixture("tone-alac.m4a")), ("PCM", pcm)] {
        let want = samples(&file);
        for (other, behind) in others() {
            assert_eq!(code(&[&file[..], &behind].concat()), "audio_after_end", "{other} behind {name}");
            let tagged = [b"ID3\x04\0\0\0\0\0\x10".to_vec(), vec![0; 16], behind].concat();
            assert_eq!(code(&[&file[..], &tagged].concat()), "audio_after_end", "{other} with a tag behind {name}");
        }
        assert_eq!(code(&[&file[..], &file].concat()), "audio_after_end", "a second one behind {name}");
        assert_eq!(
            code(&[&file[..], &boxed(b"free", &[0; 99]), &file].concat()),
            "audio_after_end",
            "with filling between"
        );
        let ape = [&b"APETAGEX"[..], &2_000_u32.to_le_bytes(), &40_u32.to_le_bytes(), &[0; 16]].concat();
        let fine = [
            ("filling", boxed(b"free", &[7; 5_000])),
            ("more filling", boxed(b"skip", &[7; 5_000])),
            ("filling that is cut", boxed(b"free", &[7; 5_000])[..3_000].to_vec()),
            ("an unused box of samples", boxed(b"mdat", &[7; 5_000])),
            ("a box of a program's own", boxed(b"uuid", &[7; 5_000])),
            ("a box that nobody knows", boxed(b"Xtra", &[7; 5_000])),
            ("zeros", vec![0; 5_000]),
            ("few bytes", vec![7; 100]),
            ("ID3v1", [b"TAG".to_vec(), vec![b' '; 125]].concat()),
            ("ID3v2", [b"ID3\x04\0\0\0\0\x08\0".to_vec(), vec![7; 1_024]].concat()),
            ("APE", [&[9; 8][..], &ape].concat()),
        ];
        for (what, behind) in fine {
            assert_eq!(samples(&[&file[..], &behind].concat()), want, "{what} behind {name}");
        }
    }
}

#[test]
fn boxes_of_a_movie_are_counted_to_its_end() {
    let file = fixture("tone-alac.m4a");
    let cut = |word| boxed(word, &[0; 1_000])[..500].to_vec();
    for word in [b"mdat", b"moof"] {
        assert_eq!(code(&[&file[..], &cut(word)].concat()), "truncated", "{word:?}");
    }
    let tag = [b"TAG".to_vec(), vec![b' '; 125]].concat();
    assert_eq!(samples(&[&file[..], &tag].concat()), samples(&file));
    let fragments = [boxed(b"moof", &[0; 8]), boxed(b"mdat", &[0; 8])].concat().repeat(200);
    assert_eq!(code(&[&file[..], &fragments, &file].concat()), "audio_after_end");
}

#[test]
fn a_box_before_the_type_of_an_mp4_changes_nothing() {
    let file = fixture("tone.m4a");
    let place = file.windows(4).position(|word| word == b"stco").expect("places of samples") + 8;
    let mut shifted = file.clone();
    let number = |place: usize| u32::from_be_bytes(file[place..place + 4].try_into().unwrap());
    for index in 1..=number(place) as usize {
        let place = place + 4 * index;
        shifted[place..place + 4].copy_from_slice(&(number(place) + 24).to_be_bytes());
    }
    for word in [b"free", b"skip", b"wide"] {
        assert_eq!(samples(&[boxed(word, &[0; 16]), shifted.clone()].concat()), samples(&file), "{word:?}");
    }
}

#[test]
fn of_several_tracks_the_first_that_is_enabled_is_heard() {
    let (one, two) = (tone(2_000), tone(3_000).split_off(1_000));
    let data = [be16(&one), be16(&two)].concat();
    let heard = |enabled: &[bool]| {
        let tracks = (0..).zip(enabled).map(|(n, is_enabled)| {
            let track = Track::twos(n + 1, &[(4_000 * n, 2_000)]);
            Track { is_enabled: *is_enabled, ..track }
        });
        let audio = read(&movie(&tracks.collect::<Vec<_>>(), &data)).expect("heard");
        (audio.samples, audio.signals)
    };
    assert_eq!(heard(&[true]), (as_floats(&one), vec![]));
    assert_eq!(heard(&[true, true]), (as_floats(&one), vec![Signal::SeveralTracks]));
    assert_eq!(heard(&[true, false]), (as_floats(&one), vec![Signal::SeveralTracks]));
    assert_eq!(heard(&[false, true]), (as_floats(&two), vec![Signal::SeveralTracks]));
    assert_eq!(heard(&[false, false]), (as_floats(&one), vec![Signal::SeveralTracks]));
}

#[test]
fn a_codec_that_nobody_decodes_is_named() {
    let of = |word: &[u8; 4]| {
        let track = Track { entry: sound_entry(word, 1, 16), ..Track::twos(1, &[(0, 100)]) };
        read(&movie(&[track], &[0; 200])).expect_err("refused")
    };
    for (word, name) in [
        (b"samr", "AMR narrow-band"),
        (b"drms", "copy protection"),
        (b"ima4", "IMA ADPCM"),
        (b"QDM2", "QDesign"),
        (b"wxyz", "`wxyz`"),
    ] {
        let error = of(word);
        assert_eq!(error.code(), "unsupported_codec");
        assert!(error.to_string().contains(name) && error.to_string().contains("ffmpeg -i"), "{error}");
    }
}
