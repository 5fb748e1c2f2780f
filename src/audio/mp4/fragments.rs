//! The fragments of an MP4: what each holds of a track, and whether all of them are there.
//!
//! A recorder writes pairs of `moof` and `mdat`, each whole in itself: a file that ends between two of them looks whole.
//! The length of all fragments, an index before them or behind them, and the times of the fragments may tell.

use std::io::Result;
use std::ops::Range;

use super::super::error::corrupt;
use super::super::head::Endian;
use super::super::{AudioError, Source};
use super::boxes::{Atom, atoms, bytes, descend};
use super::track::Trak;

/// Fragments that lie farther apart than this in seconds have lost one between them; and so much may be missing at the
/// end, since durations are told with the encoder's delay or without.
const SLACK_S: f64 = 0.15;
/// So many bytes are read of a run, an index or a list of defaults.
const MOST_BYTES: u64 = 1 << 24;

/// What a movie says about fragments, and the fragments.
#[derive(Debug, Default)]
pub struct Fragments {
    /// Ticks of the movie that the longest track lasts, fragments included; 0: not stated.
    stated: u64,
    /// Ticks and bytes of a sample where a fragment states none: track, ticks, bytes.
    defaults: Vec<(u32, u64, u64)>,
    /// What fragments hold of tracks, in the order of the file.
    runs: Vec<Run>,
    fragments: usize,
    /// Fragments that an index behind them names.
    named: usize,
    /// An index before them names bytes behind the end of the file.
    ends_early: bool,
}

/// Samples of a track, one after the other.
#[derive(Debug)]
struct Run {
    track: u32,
    /// Ticks of the media before them, where the fragment states it.
    start: Option<u64>,
    ticks: u64,
    bytes: Range<u64>,
}

impl Fragments {
    /// Reads the box that announces fragments.
    ///
    /// # Errors
    /// The source cannot be read.
    pub fn announce(&mut self, source: &mut dyn Source, within: Range<u64>) -> Result<()> {
        for atom in atoms(source, within)? {
            let body = atom.bytes(source, 32)?;
            let number = |place| Endian::Big.u32(&body, place).unwrap_or(0);
            match &atom.word {
                b"mehd" => self.stated = version_time(&body, 4).unwrap_or(0),
                b"trex" => self.defaults.push((number(4), number(12).into(), number(16).into())),
                _ => {}
            }
        }
        Ok(())
    }

    /// Reads a fragment.
    ///
    /// # Errors
    /// The source cannot be read.
    pub fn add(&mut self, source: &mut dyn Source, fragment: &Atom) -> Result<()> {
        self.fragments += 1;
        let mut behind = fragment.start;
        for of_track in atoms(source, fragment.body.clone())?.into_iter().filter(|atom| atom.word == *b"traf") {
            let Some(head) = descend(source, of_track.body.clone(), &[b"tfhd"])? else { continue };
            let head = bytes(source, &head, 40)?;
            let flags = Endian::Big.u32(&head, 0).unwrap_or(0);
            let track = Endian::Big.u32(&head, 4).unwrap_or(0);
            let (mut place, mut optional) = (8, [None; 5]);
            for (bit, (field, len)) in
                [0x1, 0x2, 0x8, 0x10, 0x20].into_iter().zip(optional.iter_mut().zip([8, 4, 4, 4, 4]))
            {
                if flags & bit != 0 {
                    *field = if len == 8 {
                        Endian::Big.u64(&head, place)
                    } else {
                        Endian::Big.u32(&head, place).map(u64::from)
                    };
                    place += len;
                }
            }
            let [base, _, ticks, size, _] = optional;
            let defaults =
                self.defaults.iter().find(|(id, ..)| *id == track).map_or((0, 0), |(_, ticks, size)| (*ticks, *size));
            let defaults = (ticks.unwrap_or(defaults.0), size.unwrap_or(defaults.1));
            // Without a base of its own, the first track counts from the fragment.
            let base = base.unwrap_or(fragment.start);
            let mut start = match descend(source, of_track.body.clone(), &[b"tfdt"])? {
                Some(time) => version_time(&bytes(source, &time, 12)?, 4),
                None => None,
            };
            for run in atoms(source, of_track.body)?.into_iter().filter(|atom| atom.word == *b"trun") {
                let run = Run::read(&run.bytes(source, MOST_BYTES)?, track, start.take(), defaults, base, behind);
                behind = run.bytes.end;
                self.runs.push(run);
            }
        }
        Ok(())
    }

    /// Reads an index that stands before fragments, in a file that ends at `end`.
    ///
    /// # Errors
    /// The source cannot be read.
    pub fn index_before(&mut self, source: &mut dyn Source, index: &Atom, end: u64) -> Result<()> {
        let body = index.bytes(source, MOST_BYTES)?;
        let is_long = body.first() == Some(&1);
        let offset = if is_long { Endian::Big.u64(&body, 20) } else { Endian::Big.u32(&body, 16).map(u64::from) };
        let first = if is_long { 28 } else { 20 };
        let count = usize::from(Endian::Big.u16(&body, first + 2).unwrap_or(0));
        let size = |index| Endian::Big.u32(&body, first + 4 + 12 * index).map(|word| u64::from(word & 0x7fff_ffff));
        let named = (0..count).map_while(size).sum::<u64>();
        self.ends_early |=
            offset.is_some_and(|offset| index.body.end.saturating_add(offset).saturating_add(named) > end);
        Ok(())
    }

    /// Reads the index that stands behind all fragments.
    ///
    /// # Errors
    /// The source cannot be read.
    pub fn index_behind(&mut self, source: &mut dyn Source, within: Range<u64>) -> Result<()> {
        for atom in atoms(source, within)?.into_iter().filter(|atom| atom.word == *b"tfra") {
            let body = atom.bytes(source, MOST_BYTES)?;
            let lens = Endian::Big.u32(&body, 8).unwrap_or(0);
            let numbers = (0..3).map(|n| (lens >> (2 * n) & 3) as usize + 1).sum::<usize>();
            let (place, times) = if body.first() == Some(&1) { (8, 16) } else { (4, 8) };
            let offset = |entry: usize| {
                let place = 16 + entry * (times + numbers) + place;
                if times == 16 { Endian::Big.u64(&body, place) } else { Endian::Big.u32(&body, place).map(u64::from) }
            };
            let count = Endian::Big.u32(&body, 12).unwrap_or(0) as usize;
            let mut places = (0..count).map_while(offset).collect::<Vec<_>>();
            places.sort_unstable();
            places.dedup();
            self.named = self.named.max(places.len());
        }
        Ok(())
    }

    /// Where the samples of a track lie that fragments hold.
    pub fn pieces(&self, track: u32) -> impl Iterator<Item = Range<u64>> {
        self.runs.iter().filter(move |run| run.track == track).map(|run| run.bytes.clone())
    }

    /// Ticks of the media before the first fragment of a track.
    pub fn first_time(&self, track: u32) -> u64 {
        self.runs.iter().find(|run| run.track == track).and_then(|run| run.start).unwrap_or(0)
    }

    /// Whether the file holds fragments, or announces them.
    pub fn is_fragmented(&self) -> bool {
        self.fragments > 0 || !self.defaults.is_empty()
    }

    /// Refuses a file that lacks fragments, as far as it tells. `heard`: the track in which a gap matters; `scale`: ticks
    /// a second of the movie.
    ///
    /// # Errors
    /// `truncated`; `corrupt` where there is a gap.
    pub fn check(&self, tracks: &[Trak], heard: Option<u32>, scale: u64) -> std::result::Result<(), AudioError> {
        let of_movie = |ticks: u64| ticks as f64 / scale.max(1) as f64;
        let stated_s = (self.stated > 0).then(|| of_movie(self.stated));
        let mut longest_s = 0.0_f64;
        for track in tracks.iter().filter(|track| track.scale > 0) {
            let seconds = |ticks: u64| ticks as f64 / track.scale as f64;
            let (mut end, mut is_first) = (track.table_ticks, track.table_ticks == 0);
            for run in self.runs.iter().filter(|run| run.track == track.id) {
                let start = run.start.unwrap_or(end);
                let has_gap = !is_first && seconds(start.saturating_sub(end)) > SLACK_S;
                if has_gap && heard == Some(track.id) {
                    let (end_s, start_s) = (seconds(end), seconds(start));
                    let detail = format!("the fragments from {end_s:.3} s to {start_s:.3} s are missing");
                    return Err(corrupt(detail));
                }
                (end, is_first) = (start.saturating_add(run.ticks), false);
            }
            // The length of a movie counts the silence before a track.
            longest_s = longest_s.max(seconds(end) + of_movie(track.silence()));
        }
        let is_short = stated_s.is_some_and(|stated_s| longest_s + SLACK_S < stated_s);
        if self.is_fragmented() && (is_short || self.ends_early || self.named > self.fragments) {
            return Err(AudioError::Truncated { decoded_s: longest_s, stated_s: stated_s.filter(|_| is_short) });
        }
        Ok(())
    }
}

impl Run {
    /// Of the body of a `trun`. `defaults`: ticks and bytes of a sample; `base`: what its offset counts from; `behind`:
    /// where the run before it ends, for one that has no offset.
    fn read(body: &[u8], track: u32, start: Option<u64>, defaults: (u64, u64), base: u64, behind: u64) -> Self {
        let flags = Endian::Big.u32(body, 0).unwrap_or(0);
        let count = Endian::Big.u32(body, 4).unwrap_or(0);
        let offset = Endian::Big.u32(body, 8).filter(|_| flags & 0x1 != 0).map(u32::cast_signed);
        let first = 8 + [0x1, 0x4].iter().filter(|bit| flags & **bit != 0).count() * 4;
        let fields = [0x100, 0x200, 0x400, 0x800].map(|bit| usize::from(flags & bit != 0));
        let row = 4 * fields.iter().sum::<usize>();
        // The sum of a column, which each sample has or none.
        let sum = |column: usize, default: u64| {
            if fields[column] == 0 {
                return default.saturating_mul(u64::from(count));
            }
            let place = |sample: usize| first + sample * row + 4 * fields[..column].iter().sum::<usize>();
            (0..count as usize).map_while(|sample| Endian::Big.u32(body, place(sample))).map(u64::from).sum()
        };
        let begin = offset.map_or(behind, |offset| base.saturating_add_signed(offset.into()));
        Self { track, start, ticks: sum(0, defaults.0), bytes: begin..begin.saturating_add(sum(1, defaults.1)) }
    }
}

/// A number whose width the version of its box tells.
fn version_time(body: &[u8], place: usize) -> Option<u64> {
    if body.first() == Some(&1) { Endian::Big.u64(body, place) } else { Endian::Big.u32(body, place).map(u64::from) }
}
