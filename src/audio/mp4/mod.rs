//! MP4 and QuickTime: what symphonia does not tell of them.
//!
//! Which of several tracks is meant, what is played of it and when, whether everything is there, and what stands behind
//! the end; tracks of PCM and ADPCM are read by their tables.

mod boxes;
mod edits;
mod fragments;
mod pcm;
mod track;

use std::ops::Range;

use super::plain::{self, Layout};
use super::timeline::Stretch;
use super::{AudioError, Source, tags};
use boxes::{Atom, atom, atoms, bytes, descend};
use fragments::Fragments;
use pcm::Entry;
use track::{Trak, scaled, times};

/// Boxes whose end must be there; behind the last one, other words may be those of tags.
const MEDIA: [&[u8; 4]; 4] = [b"ftyp", b"moov", b"moof", b"mdat"];

/// What a movie says about itself and its tracks.
#[derive(Debug, Default)]
pub struct Movie {
    /// Ticks a second of the durations of edits.
    scale: u64,
    tracks: Vec<Trak>,
    /// Samples before and among which the ones that are meant lie, as iTunes writes it.
    smpb: Option<Range<u64>>,
    fragments: Fragments,
    has_type: bool,
    has_movie: bool,
    /// Where the last box ends.
    pub end: u64,
    /// Something that is no part of the movie begins here.
    second: Option<u64>,
    /// The file ends before the boxes do that hold samples or tell where they lie.
    is_cut: bool,
}

/// How the sound of a movie is read.
pub enum Sound {
    /// Samples in these stretches of the file, one after the other.
    Samples(Layout, Vec<Range<u64>>),
    /// Packets of the first of these tracks that has a known codec.
    Packets,
    /// Not at all: a codec of this name.
    Unknown(String),
}

/// Reads the boxes of a file from `base` to `end`; what cannot be read says nothing here, since symphonia refuses it.
///
/// # Errors
/// The source cannot be read.
pub fn find(source: &mut dyn Source, base: u64, end: u64) -> std::io::Result<Movie> {
    let mut movie = Movie { end: base, ..Movie::default() };
    while let Some(atom) = atom(source, movie.end, end)?.filter(Atom::is_box) {
        movie.end = atom.body.end;
        movie.is_cut |= atom.is_cut && MEDIA.contains(&&atom.word);
        let is_second = match &atom.word {
            b"moov" => movie.has_movie,
            b"ftyp" => movie.has_type || movie.has_movie,
            _ => false,
        };
        if is_second {
            movie.second = movie.second.or(Some(atom.start));
        }
        match &atom.word {
            b"moov" if !is_second => {
                movie.has_movie = true;
                movie.read(source, atom.body)?;
            }
            b"ftyp" => movie.has_type = true,
            b"moof" => movie.fragments.add(source, &atom)?,
            b"sidx" => movie.fragments.index_before(source, &atom, end)?,
            b"mfra" => movie.fragments.index_behind(source, atom.body)?,
            _ => {}
        }
    }
    let tail = tags::audio_end(source, movie.end, end)?;
    if movie.second.is_none() && plain::unexplained(source, movie.end, tail, None)? > 0 {
        movie.second = Some(movie.end);
    }
    Ok(movie)
}

impl Movie {
    fn read(&mut self, source: &mut dyn Source, within: Range<u64>) -> std::io::Result<()> {
        for atom in atoms(source, within.clone())? {
            match &atom.word {
                b"mvhd" => self.scale = times(&atom.bytes(source, 32)?).map_or(0, |(scale, _)| scale),
                b"trak" => self.tracks.push(Trak::read(source, atom.body)?),
                b"mvex" => self.fragments.announce(source, atom.body)?,
                _ => {}
            }
        }
        self.smpb = itunes(source, within)?;
        Ok(())
    }

    /// Refuses a file that ends at `end` and is more than a movie, or less than one.
    ///
    /// # Errors
    /// `audio_after_end`, `truncated`, `corrupt`.
    pub fn check(&self, end: u64) -> Result<(), AudioError> {
        if let Some(second) = self.second {
            return Err(AudioError::AudioAfterEnd { bytes: end - second });
        }
        if self.is_cut {
            return Err(AudioError::Truncated { decoded_s: 0.0, stated_s: None });
        }
        self.fragments.check(&self.tracks, self.tracks_of_sound().first().copied(), self.scale)
    }

    /// The tracks of sound, those before the others that players play unless told otherwise.
    pub fn tracks_of_sound(&self) -> Vec<u32> {
        let mut tracks = self.tracks.iter().filter(|track| track.is_sound).collect::<Vec<_>>();
        tracks.sort_by_key(|track| !track.is_enabled);
        tracks.into_iter().map(|track| track.id).collect()
    }

    /// How its sound is read, in a file that begins at `base`.
    ///
    /// # Errors
    /// `corrupt`, `truncated`, `unsupported_codec`; `unsupported_format` of a QuickTime film without a type box.
    pub fn sound(&self, source: &mut dyn Source, base: u64) -> Result<Sound, AudioError> {
        let first = self.tracks_of_sound().first().copied();
        let track = self.tracks.iter().find(|track| Some(track.id) == first);
        let mut sound = Sound::Packets;
        if let Some(track) = track {
            match pcm::entry(source, track)? {
                Entry::Samples(format) => {
                    let more = self.fragments.pieces(track.id);
                    let pieces = pcm::pieces(source, track, &format, more, base..self.end)?;
                    let bytes = pieces.iter().map(|piece| piece.end - piece.start).sum();
                    return Ok(Sound::Samples(Layout::whole(format, bytes), pieces));
                }
                Entry::Unknown(name) => sound = Sound::Unknown(name),
                Entry::Packets => {}
            }
        }
        if self.has_movie && !self.has_type {
            let detail = "QuickTime of the time before its type box (ftyp)".to_owned();
            return Err(AudioError::UnsupportedFormat { detail });
        }
        Ok(sound)
    }

    /// What is played of a track that is decoded at `rate_hz`, none: everything; and how many samples of the movie's
    /// time lie before the first of them.
    ///
    /// # Errors
    /// `edit_list_unsupported`: a list that plays backwards, faster, or the same part twice.
    pub fn played(&self, id: u32, rate_hz: u32) -> Result<(Option<Vec<Stretch>>, u64), AudioError> {
        let Some(track) = self.tracks.iter().find(|track| track.id == id && track.scale > 0) else {
            return Ok((self.smpb.clone().map(|samples| vec![Stretch::Samples(samples)]), 0));
        };
        let rate_hz = u64::from(rate_hz);
        let stretches = match &self.smpb {
            _ if !track.edits.is_empty() => Some(track.stretches(self.scale.max(1), rate_hz)?),
            samples => samples.clone().map(|samples| vec![Stretch::Samples(samples)]),
        };
        // A recording may begin with a later fragment than the first, whose time the fragment tells.
        let ticks = if track.table_ticks == 0 { self.fragments.first_time(id) } else { 0 };
        let start = scaled(ticks, track.scale, rate_hz);
        Ok(from(stretches, start))
    }
}

/// What is played where decoding begins with the sample `start` of the media, and the samples of time before it.
fn from(stretches: Option<Vec<Stretch>>, start: u64) -> (Option<Vec<Stretch>>, u64) {
    let Some(stretches) = stretches else { return (None, start) };
    let played = stretches.iter().find_map(|stretch| match stretch {
        Stretch::Samples(samples) => Some(samples.start),
        Stretch::Silence(_) => None,
    });
    let earlier = |stretch: Stretch| match stretch {
        Stretch::Samples(samples) if samples.end == u64::MAX => {
            Stretch::Samples(samples.start.saturating_sub(start)..u64::MAX)
        }
        Stretch::Samples(samples) => {
            Stretch::Samples(samples.start.saturating_sub(start)..samples.end.saturating_sub(start))
        }
        silence => silence,
    };
    let before = start.saturating_sub(played.unwrap_or(start));
    (Some(stretches.into_iter().map(earlier).collect()), before)
}

/// The samples that are meant, from the tag `iTunSMPB`: ` 00000000 00000840 000001CA 00000000003F31F6 ...` has the
/// delay, the padding and the length in samples.
fn itunes(source: &mut dyn Source, within: Range<u64>) -> std::io::Result<Option<Range<u64>>> {
    let Some(meta) = descend(source, within, &[b"udta", b"meta"])? else { return Ok(None) };
    // The box has a version of four bytes before its children.
    let Some(list) = descend(source, (meta.start + 4).min(meta.end)..meta.end, &[b"ilst"])? else { return Ok(None) };
    for item in atoms(source, list)?.into_iter().filter(|atom| atom.word == *b"----") {
        let text = bytes(source, &item.body, 512)?;
        let text = String::from_utf8_lossy(&text);
        if let Some((_, words)) = text.split_once("iTunSMPB") {
            let numbers = words.split_ascii_whitespace().filter_map(|word| u64::from_str_radix(word, 16).ok());
            let numbers = numbers.collect::<Vec<_>>();
            if let [_, delay, _, len, ..] = numbers[..] {
                return Ok((len > 0).then(|| delay..delay.saturating_add(len)));
            }
        }
    }
    Ok(None)
}
