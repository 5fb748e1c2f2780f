//! The edit lists of MP4: which part of a track is played, and when.
//!
//! An encoder of AAC puts 1024 to 2112 samples before the first one that is meant; the edit list takes them away again,
//! as it does what an editor cut off. Symphonia reads the list and ignores it.

use super::super::AudioError;
use super::super::timeline::Stretch;
use super::track::{Trak, scaled};

/// Most seconds of silence that are inserted.
const SILENCE_S: u64 = 600;
/// A rate of 1, in 16 and 16 bits.
const NORMAL_RATE: u32 = 0x0001_0000;

impl Trak {
    /// Ticks of the movie in which nothing is played.
    pub fn silence(&self) -> u64 {
        self.edits.iter().filter(|edit| edit.start < 0).map(|edit| edit.duration).fold(0, u64::saturating_add)
    }

    /// What is played of a track that is decoded at `rate_hz`.
    ///
    /// # Errors
    /// `edit_list_unsupported`: a list that plays backwards, faster, or the same part twice.
    pub fn stretches(&self, movie_scale: u64, rate_hz: u64) -> Result<Vec<Stretch>, AudioError> {
        let refused = |detail: String| AudioError::EditListUnsupported { detail };
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
