//! The edit lists of MP4: what is played of a recording, and when.

use ser_etl::audio::{self, AudioReader, Segment};

use crate::containers::{code, fixture, read, samples};

/// Puts an edit list into a movie whose boxes stand behind its samples; durations in milliseconds, starts in samples.
fn with_edits(file: &[u8], version: u8, edits: &[(u64, i64, u32)]) -> Vec<u8> {
    let place = |word: &[u8; 4]| file.windows(4).position(|other| other == word).expect("the box") - 4;
    let mut list = vec![version, 0, 0, 0];
    list.extend((edits.len() as u32).to_be_bytes());
    for (duration, start, rate) in edits {
        match version {
            0 => list.extend([(*duration as u32).to_be_bytes(), (*start as i32).to_be_bytes()].concat()),
            _ => list.extend([duration.to_be_bytes(), start.to_be_bytes()].concat()),
        }
        list.extend(rate.to_be_bytes());
    }
    let boxed = |word: &[u8; 4], body: &[u8]| [&(8 + body.len() as u32).to_be_bytes()[..], word, body].concat();
    let edts = boxed(b"edts", &boxed(b"elst", &list));
    let start = place(b"edts");
    let old = u32::from_be_bytes(file[start..start + 4].try_into().unwrap()) as usize;
    let mut edited = [&file[..start], &edts, &file[start + old..]].concat();
    for word in [b"moov", b"trak"] {
        let size = u32::from_be_bytes(file[place(word)..place(word) + 4].try_into().unwrap());
        let size = size + edts.len() as u32 - old as u32;
        edited[place(word)..place(word) + 4].copy_from_slice(&size.to_be_bytes());
    }
    edited
}

const NORMAL: u32 = 0x0001_0000;

#[test]
fn edit_lists_are_followed() {
    let file = fixture("tone-alac.m4a");
    let all = samples(&file);
    assert_eq!(all.len(), 3_200);
    let silence = |len| vec![0.0; len];
    for version in [0, 1] {
        let edited = |edits: &[(u64, i64, u32)]| samples(&with_edits(&file, version, edits));
        assert_eq!(edited(&[(200, 0, NORMAL)]), all);
        assert_eq!(edited(&[(0, 0, NORMAL)]), all, "no duration: to the end");
        assert_eq!(edited(&[(199, 0, NORMAL)]), all, "an end within a tick of the movie");
        assert_eq!(edited(&[(100, 800, NORMAL)]), all[800..2_400]);
        assert_eq!(edited(&[(0, 1_024, NORMAL)]), all[1_024..]);
        let delayed = [silence(800), all[..1_600].to_vec()].concat();
        assert_eq!(edited(&[(50, -1, NORMAL), (100, 0, NORMAL)]), delayed);
        let joined = [&all[..480], &silence(160)[..], &all[1_600..2_400]].concat();
        assert_eq!(edited(&[(30, 0, NORMAL), (10, -1, NORMAL), (50, 1_600, NORMAL)]), joined);
    }
    let refused: [&[(u64, i64, u32)]; 4] = [
        &[(100, 0, 2 * NORMAL)],
        &[(100, 1_600, NORMAL), (100, 0, NORMAL)],
        &[(100, 0, 0)],
        &[(4_000_000_000, -1, NORMAL), (100, 0, NORMAL)],
    ];
    for edits in refused {
        assert_eq!(code(&with_edits(&file, 0, edits)), "edit_list_unsupported", "{edits:?}");
    }
}

#[test]
fn a_segment_of_an_edited_file_is_the_time_that_a_player_shows() {
    let file = with_edits(&fixture("tone-alac.m4a"), 0, &[(50, -1, NORMAL), (150, 0, NORMAL)]);
    let (all, segment) = (samples(&file), Segment { start_s: Some(0.05), end_s: Some(0.1) });
    let cut = AudioReader::new(&audio::AudioParams::default()).read(&file, None, segment).unwrap().samples;
    assert_eq!(cut, all[800..1_600]);
    assert!(all[..800].iter().all(|sample| *sample == 0.0) && cut.iter().any(|sample| *sample > 0.4));
}

#[test]
fn aac_begins_where_its_edit_list_says() {
    let (wav, aac) = (samples(&fixture("tone.wav")), samples(&fixture("tone.m4a")));
    assert_eq!(aac.len(), wav.len());
    let product = |shift: usize| wav[..2_400].iter().zip(&aac[shift..]).map(|(a, b)| a * b).sum::<f32>();
    // A period of 440 Hz is 36 samples.
    let best = (0..18).max_by(|a, b| product(*a).total_cmp(&product(*b)));
    assert_eq!(best, Some(0));
}

#[test]
fn edits_that_follow_each_other_are_one_part() {
    let file = fixture("tone-alac.m4a");
    // 490 samples last 30.6 ms, which are written as 31.
    assert_eq!(samples(&with_edits(&file, 0, &[(31, 0, NORMAL), (169, 490, NORMAL)])), samples(&file));
    assert_eq!(code(&with_edits(&file, 0, &[(31, 0, NORMAL), (169, 470, NORMAL)])), "edit_list_unsupported");
}

#[test]
fn inserted_silence_cancels_nothing() {
    let audio = read(&with_edits(&fixture("four-alac.m4a"), 0, &[(20_000, -1, NORMAL), (50, 0, NORMAL)])).unwrap();
    assert!(audio.samples.len() > 300_000 && audio.signals.is_empty(), "{:?}", audio.signals);
}
