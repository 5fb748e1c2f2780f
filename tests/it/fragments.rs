//! MP4 in fragments, as recorders and streams write it: a file that lacks some is refused where it tells of them.

use ser_etl::audio::{self, AudioReader, Segment};

use crate::containers::{as_floats, be16, code, fixture, read, samples, tone};
use crate::movies::{Track, boxed, ftyp, full, moov};

/// Samples of a packet.
const PACKET: usize = 3_200;

/// A packet of ALAC of 0.2 s, and the box that describes it.
fn alac() -> (Vec<u8>, Vec<u8>) {
    let file = fixture("tone-alac.m4a");
    let number = |place: usize| u32::from_be_bytes(file[place..place + 4].try_into().unwrap()) as usize;
    let place = |word: &[u8; 4]| file.windows(4).position(|other| other == word).expect("the box") - 4;
    let (data, entries) = (place(b"mdat"), place(b"stsd"));
    (file[data + 8..data + number(data)].to_vec(), file[entries + 16..entries + number(entries)].to_vec())
}

/// A track without samples of its own.
fn track() -> Track {
    Track { entry: alac().1, size: 0, ticks: PACKET as u32, ..Track::twos(1, &[]) }
}

/// What announces fragments; `length`: milliseconds of all.
fn head(length: Option<u32>) -> Vec<u8> {
    let length = length.map(|length| full(b"mehd", 0, &[length])).unwrap_or_default();
    let extends = boxed(b"mvex", &[length, full(b"trex", 0, &[1, 1, PACKET as u32, 0, 0])].concat());
    [ftyp(), moov(&[track()], 0, &extends)].concat()
}

/// A fragment that begins with the sample `start`, where it says so; `run` describes it, given the place of its data.
fn fragment_of(start: Option<u32>, data: &[u8], run: impl Fn(u32) -> Vec<u8>) -> Vec<u8> {
    let time = start.map(|start| full(b"tfdt", 0, &[start])).unwrap_or_default();
    let of_offset = |offset| {
        let of_track = boxed(b"traf", &[full(b"tfhd", 0x2_0000, &[1]), time.clone(), run(offset)].concat());
        boxed(b"moof", &[full(b"mfhd", 0, &[1]), of_track].concat())
    };
    [of_offset(of_offset(0).len() as u32 + 8), boxed(b"mdat", data)].concat()
}

/// A fragment of a packet.
fn fragment(start: Option<u32>) -> Vec<u8> {
    let (packet, _) = alac();
    fragment_of(start, &packet, |offset| full(b"trun", 0x201, &[1, offset, packet.len() as u32]))
}

/// Five of them, from the sample `start` on.
fn fragments(start: u32) -> Vec<Vec<u8>> {
    (0..5).map(|n| fragment(Some(start + n * PACKET as u32))).collect()
}

/// An index before fragments of these lengths.
fn sidx(fragments: &[Vec<u8>]) -> Vec<u8> {
    let rows = fragments.iter().flat_map(|fragment| [fragment.len() as u32, PACKET as u32, 0]);
    full(b"sidx", 0, &[vec![1, 16_000, 0, 0, fragments.len() as u32], rows.collect()].concat())
}

/// An index behind fragments of these lengths.
fn mfra(fragments: &[Vec<u8>]) -> Vec<u8> {
    let (mut place, mut rows) = (head(None).len(), Vec::new());
    for fragment in fragments {
        // A time, a place, and three numbers of a byte each.
        rows.extend([[0; 4], (place as u32).to_be_bytes()].concat());
        rows.extend([1, 1, 1]);
        place += fragment.len();
    }
    let numbers = [0, 1, 0, fragments.len() as u32].map(u32::to_be_bytes).concat();
    boxed(b"mfra", &boxed(b"tfra", &[numbers, rows].concat()))
}

#[test]
fn fragments_that_a_file_tells_of_and_lacks_make_it_truncated() {
    let all = fragments(0);
    let want = samples(&fixture("tone-alac.m4a")).repeat(5);
    let with = |head: &[u8], index: &[u8], fragments: &[Vec<u8>]| [head, index, &fragments.concat()].concat();
    let (plain, stating) = (head(None), head(Some(1_000)));
    for (name, whole) in [
        ("nothing", with(&plain, &[], &all)),
        ("a length", with(&stating, &[], &all)),
        ("an index", with(&plain, &sidx(&all), &all)),
        ("an index behind", [with(&plain, &[], &all), mfra(&all)].concat()),
    ] {
        assert_eq!(samples(&whole), want, "{name}");
    }
    for left in 1..5 {
        assert_eq!(code(&with(&stating, &[], &all[..left])), "truncated", "{left} of a stated length");
        assert_eq!(code(&with(&plain, &sidx(&all), &all[..left])), "truncated", "{left} of an index");
        assert_eq!(
            code(&[with(&plain, &[], &all[..left]), mfra(&all)].concat()),
            "truncated",
            "{left} of an index behind"
        );
        // Nothing tells of the others.
        assert_eq!(samples(&with(&plain, &[], &all[..left])), want[..left * PACKET]);
    }
    assert_eq!(code(&with(&plain, &[], &[&all[..2], &all[3..]].concat())), "corrupt", "a gap");
    // Without times a gap cannot be seen.
    assert_eq!(samples(&with(&plain, &[], &vec![fragment(None); 3])), want[..3 * PACKET]);
    assert_eq!(code(&[with(&plain, &[], &all), fixture("tone.mp3")].concat()), "audio_after_end");
    assert_eq!(code(&[with(&plain, &[], &all), with(&plain, &[], &all)].concat()), "audio_after_end");
}

#[test]
fn segments_of_a_stream_that_was_joined_late_count_from_its_beginning() {
    let file = [head(None), fragments(10 * PACKET as u32).concat()].concat();
    let all = samples(&file);
    assert_eq!(all, samples(&fixture("tone-alac.m4a")).repeat(5));
    let cut = |start_s, end_s| {
        let segment = Segment { start_s: Some(start_s), end_s: Some(end_s) };
        AudioReader::new(&audio::AudioParams::default()).read(&file, None, segment)
    };
    assert_eq!(cut(2.1, 2.7).expect("a stretch").samples, all[1_600..11_200]);
    let early = cut(1.9, 2.1).expect("a stretch that begins in silence").samples;
    assert_eq!(early, [&[0.0; 1_600], &all[..1_600]].concat());
    for (start_s, end_s) in [(0.1, 0.3), (1.0, 2.0), (3.0, 3.1)] {
        assert_eq!(cut(start_s, end_s).expect_err("refused").code(), "segment_out_of_range", "{start_s} s");
    }
}

#[test]
fn fragments_of_pcm_are_read_by_their_tables() {
    let want = tone(4_000);
    let extends = boxed(b"mvex", &full(b"trex", 0, &[1, 1, 1, 2, 0]));
    let fragment = |start: usize| {
        let data = be16(&want[start..start + 2_000]);
        fragment_of(Some(start as u32), &data, |offset| full(b"trun", 0x1, &[2_000, offset]))
    };
    let file = [ftyp(), moov(&[Track::twos(1, &[])], 0, &extends), fragment(0), fragment(2_000)].concat();
    let audio = read(&file).expect("heard");
    assert_eq!((audio.samples, audio.codec.as_str()), (as_floats(&want), "pcm_s16be"));
}
