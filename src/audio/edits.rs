//! The edit lists of MP4: which part of a track is played, and when.
//!
//! An encoder of AAC puts 1024 to 2112 samples before the first one that is meant; the edit list takes them away again,
//! as it does what an editor cut off. Symphonia reads the list and ignores it.

use std::ops::Range;

use super::head::{Endian, read_at};
use super::timeline::Stretch;
use super::{AudioError, Source};

/// So many boxes of a level are looked at, but for the first, where long recordings in fragments have thousands.
const BOXES: usize = 256;
/// Boxes whose end must be there; behind the last one, other words may be those of tags.
const MEDIA: [&[u8; 4]; 4] = [b"ftyp", b"moov", b"moof", b"mdat"];
/// So many edits are believed.
const EDITS: usize = 4_096;
/// Most seconds of silence that are inserted.
const SILENCE_S: u64 = 600;
/// A rate of 1, in 16 and 16 bits.
const NORMAL_RATE: u32 = 0x0001_0000;

/// What a movie says about the time of its tracks.
#[derive(Debug, Default)]
pub struct Movie {
    /// Ticks a second of the durations of edits.
    scale: u64,
    tracks: Vec<Trak>,
    /// Samples before and among which the ones that are meant lie, as iTunes writes it.
    smpb: Option<Range<u64>>,
    /// Another movie begins here.
    pub second: Option<u64>,
    /// The file ends before the boxes do that hold samples or tell where they lie.
    pub is_cut: bool,
}

/// What one says about its own.
#[derive(Debug, Default)]
struct Trak {
    id: u32,
    /// Ticks a second of its media.
    scale: u64,
    /// Length of its media; 0: not known.
    ticks: u64,
    edits: Vec<Edit>,
}

/// A row of the list.
#[derive(Debug, Clone, Copy)]
struct Edit {
    /// In ticks of the movie; 0: to the end of the media.
    duration: u64,
    /// Where it begins, in ticks of the media; -1: nothing is played.
    start: i64,
    rate: u32,
}

/// A box: its word and its body, as much of it as is there.
struct Atom {
    word: [u8; 4],
    body: Range<u64>,
    /// It states an end beyond that of what it lies in.
    is_cut: bool,
}

/// Reads the boxes of a file; what cannot be read says nothing here, since symphonia refuses it.
///
/// # Errors
/// The source cannot be read.
pub fn find(source: &mut dyn Source, base: u64, end: u64) -> std::io::Result<Movie> {
    let mut movie = Movie::default();
    let (mut has_movie, mut has_type, mut place) = (false, false, base);
    while let Some(atom) = atom(source, place, end)? {
        place = atom.body.end;
        movie.is_cut |= atom.is_cut && MEDIA.contains(&&atom.word);
        match &atom.word {
            b"moov" if has_movie => movie.second = movie.second.or(Some(atom.body.start - 8)),
            b"moov" => {
                has_movie = true;
                movie.read(source, atom.body)?;
            }
            b"ftyp" if has_type || has_movie => movie.second = movie.second.or(Some(atom.body.start - 8)),
            b"ftyp" => has_type = true,
            _ => {}
        }
    }
    Ok(movie)
}

/// The boxes that lie one after the other in `within`.
fn atoms(source: &mut dyn Source, within: Range<u64>) -> std::io::Result<Vec<Atom>> {
    let (mut atoms, mut place) = (Vec::new(), within.start);
    while atoms.len() < BOXES
        && let Some(atom) = atom(source, place, within.end)?
    {
        place = atom.body.end;
        atoms.push(atom);
    }
    Ok(atoms)
}

/// The box at `place`, in a box or a file that ends at `end`; none where there is none.
fn atom(source: &mut dyn Source, place: u64, end: u64) -> std::io::Result<Option<Atom>> {
    if end.saturating_sub(place) < 8 {
        return Ok(None);
    }
    let head = read_at(source, place, 16)?;
    let Some(word) = head.get(4..8).and_then(|word| word.try_into().ok()) else { return Ok(None) };
    let (size, head_bytes) = match Endian::Big.u32(&head, 0) {
        Some(0) => (end - place, 8),
        Some(1) => (Endian::Big.u64(&head, 8).unwrap_or(0), 16),
        size => (u64::from(size.unwrap_or(0)), 8),
    };
    let (start, stated_end) = (place.saturating_add(head_bytes), place.saturating_add(size));
    let body = start.min(end)..stated_end.min(end);
    Ok((size >= head_bytes).then_some(Atom { word, body, is_cut: stated_end > end }))
}

/// The first box of a path of words.
fn descend(source: &mut dyn Source, within: Range<u64>, path: &[&[u8; 4]]) -> std::io::Result<Option<Range<u64>>> {
    let mut within = within;
    for word in path {
        let Some(atom) = atoms(source, within)?.into_iter().find(|atom| atom.word == **word) else { return Ok(None) };
        within = atom.body;
    }
    Ok(Some(within))
}

/// The first bytes of a box.
fn body(source: &mut dyn Source, within: &Range<u64>, most: u64) -> std::io::Result<Vec<u8>> {
    read_at(source, within.start, (within.end - within.start).min(most) as usize)
}

impl Movie {
    fn read(&mut self, source: &mut dyn Source, within: Range<u64>) -> std::io::Result<()> {
        for atom in atoms(source, within.clone())? {
            match &atom.word {
                b"mvhd" => self.scale = times(&body(source, &atom.body, 32)?).map_or(0, |(scale, _)| scale),
                b"trak" => self.tracks.push(Trak::read(source, atom.body)?),
                _ => {}
            }
        }
        self.smpb = itunes(source, within)?;
        Ok(())
    }

    /// What is played of a track that is decoded at `rate_hz`; none: everything.
    ///
    /// # Errors
    /// `edit_list_unsupported`: a list that plays backwards, faster, or the same part twice.
    pub fn stretches(&self, id: u32, rate_hz: u32) -> Result<Option<Vec<Stretch>>, AudioError> {
        let track = self.tracks.iter().find(|track| track.id == id);
        match track.filter(|track| !track.edits.is_empty() && track.scale > 0) {
            Some(track) => track.stretches(self.scale.max(1), u64::from(rate_hz)).map(Some),
            None => Ok(self.smpb.clone().map(|samples| vec![Stretch::Samples(samples)])),
        }
    }
}

impl Trak {
    fn read(source: &mut dyn Source, within: Range<u64>) -> std::io::Result<Self> {
        let mut track = Self::default();
        if let Some(head) = descend(source, within.clone(), &[b"tkhd"])? {
            let head = body(source, &head, 24)?;
            let place = if head.first() == Some(&1) { 20 } else { 12 };
            track.id = Endian::Big.u32(&head, place).unwrap_or(0);
        }
        if let Some(head) = descend(source, within.clone(), &[b"mdia", b"mdhd"])? {
            (track.scale, track.ticks) = times(&body(source, &head, 32)?).unwrap_or((0, 0));
        }
        if let Some(list) = descend(source, within, &[b"edts", b"elst"])? {
            track.edits = edits(&body(source, &list, 8 + 20 * EDITS as u64)?);
        }
        Ok(track)
    }

    fn stretches(&self, movie_scale: u64, rate_hz: u64) -> Result<Vec<Stretch>, AudioError> {
        let refused = |detail: String| AudioError::EditListUnsupported { detail };
        let scaled = |ticks: u64, from: u64, to: u64| {
            let scaled = (u128::from(ticks) * u128::from(to) + u128::from(from) / 2) / u128::from(from);
            u64::try_from(scaled).unwrap_or(u64::MAX)
        };
        let (mut stretches, mut before, mut silence) = (Vec::new(), 0, 0);
        for (index, edit) in self.edits.iter().enumerate() {
            if edit.start < 0 {
                silence = edit.duration.saturating_add(silence);
                if silence / movie_scale > SILENCE_S {
                    return Err(refused(format!("{} s of silence are inserted", silence / movie_scale)));
                }
                stretches.push(Stretch::Silence(scaled(edit.duration, movie_scale, rate_hz)));
                continue;
            }
            if edit.rate != NORMAL_RATE {
                let speed = f64::from(edit.rate) / f64::from(NORMAL_RATE);
                return Err(refused(format!("a part is played at {speed} times its speed")));
            }
            let start = edit.start.unsigned_abs();
            if start < before {
                return Err(refused("a part of the recording is played out of order, or twice".to_owned()));
            }
            before = self.end(start, edit.duration, scaled(edit.duration, movie_scale, self.scale), movie_scale);
            let next = self.edits[index + 1..].iter().find_map(|next| u64::try_from(next.start).ok());
            let rounded = start.max(before.saturating_sub(self.tick(movie_scale)))..before;
            // Where the next part begins within the rounding, it follows without a gap.
            before = next.filter(|next| edit.duration > 0 && rounded.contains(next)).unwrap_or(before);
            let sample = |ticks: u64| if ticks == u64::MAX { ticks } else { scaled(ticks, self.scale, rate_hz) };
            stretches.push(Stretch::Samples(sample(start)..sample(before)));
        }
        Ok(stretches)
    }

    /// A tick of the movie, in ticks of the media.
    fn tick(&self, movie_scale: u64) -> u64 {
        self.scale.div_ceil(movie_scale)
    }

    /// Where an edit ends, in ticks of the media. Its duration is rounded to ticks of the movie: an end so near to the
    /// end of the media is that end.
    fn end(&self, start: u64, duration: u64, ticks: u64, movie_scale: u64) -> u64 {
        let end = start.saturating_add(ticks);
        let near = self.tick(movie_scale);
        match self.ticks {
            _ if duration == 0 => u64::MAX,
            media if media > 0 && media.abs_diff(end) <= near => media,
            _ => end,
        }
    }
}

/// Time scale and duration of a movie's or a medium's header.
fn times(head: &[u8]) -> Option<(u64, u64)> {
    let (scale, duration) = match head.first()? {
        1 => (Endian::Big.u32(head, 20)?, Endian::Big.u64(head, 24)?),
        _ => (Endian::Big.u32(head, 12)?, u64::from(Endian::Big.u32(head, 16)?)),
    };
    // All ones: not known.
    let is_known = duration != u64::MAX && duration != u64::from(u32::MAX);
    Some((u64::from(scale), if is_known { duration } else { 0 }))
}

fn edits(list: &[u8]) -> Vec<Edit> {
    let is_long = list.first() == Some(&1);
    let count = Endian::Big.u32(list, 4).unwrap_or(0) as usize;
    let edit = |index: usize| {
        let place = 8 + index * if is_long { 20 } else { 12 };
        let (duration, start, rate) = if is_long {
            (Endian::Big.u64(list, place)?, Endian::Big.u64(list, place + 8)?.cast_signed(), place + 16)
        } else {
            let start = Endian::Big.u32(list, place + 4)?.cast_signed();
            (u64::from(Endian::Big.u32(list, place)?), i64::from(start), place + 8)
        };
        Some(Edit { duration, start, rate: Endian::Big.u32(list, rate)? })
    };
    (0..count.min(EDITS)).map_while(edit).collect()
}

/// The samples that are meant, from the tag `iTunSMPB`: ` 00000000 00000840 000001CA 00000000003F31F6 ...` has the
/// delay, the padding and the length in samples.
fn itunes(source: &mut dyn Source, within: Range<u64>) -> std::io::Result<Option<Range<u64>>> {
    let Some(meta) = descend(source, within, &[b"udta", b"meta"])? else { return Ok(None) };
    // The box has a version of four bytes before its children.
    let Some(list) = descend(source, (meta.start + 4).min(meta.end)..meta.end, &[b"ilst"])? else { return Ok(None) };
    for item in atoms(source, list)?.into_iter().filter(|atom| atom.word == *b"----") {
        let text = body(source, &item.body, 512)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn a_long_header_that_reaches_beyond_its_parent_has_no_body() {
        let bytes = [&[0, 0, 0, 1][..], b"elst", &100_u64.to_be_bytes()].concat();
        let atom = atom(&mut Cursor::new(bytes), 0, 12).expect("read").expect("a box");
        assert_eq!((atom.body, atom.is_cut), (12..12, true));
    }
}
