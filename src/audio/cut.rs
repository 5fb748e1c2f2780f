use std::ops::Range;

use super::AudioError;
use super::decode::Decoding;
use super::mono::MonoMix;
use super::resample::{Resamplers, Resampling};
use super::signal::Meter;
use crate::schema::Signal;

/// Samples beyond this are no sound but numbers misread, and overflow in a transform.
const LOUDEST: f32 = 1e9;
/// An end of a segment may lie this far behind the end of the file: labels are rounded.
const END_SLACK_S: f64 = 0.010;

/// Most seconds of silence that are heard where a segment begins before the first sample.
const SILENCE_S: u32 = 600;

/// A stretch of a recording in seconds; `None` is the first or the last sample of the file. Seconds are those that a
/// player shows: a film may begin before its sound does.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Segment {
    /// Start, from 0.
    pub start_s: Option<f64>,
    /// End, after the start; up to 10 ms beyond the file is taken for its end.
    pub end_s: Option<f64>,
}

impl Segment {
    /// Samples of the segment, counted from the time 0, in a file whose first sample is number `lead`: both ends rounded
    /// to the nearest sample; an open end is far away.
    fn samples(&self, lead: usize, rate_hz: u32) -> Range<usize> {
        let sample = |seconds: f64| (seconds * f64::from(rate_hz)).round() as usize;
        self.start_s.map_or(lead, sample)..self.end_s.map_or(usize::MAX, sample)
    }

    /// # Errors
    /// The segment is no stretch of a recording of the samples from `lead` to `end`, or rounds to none of them.
    fn check(&self, lead: usize, end: usize, rate_hz: u32) -> Result<(), AudioError> {
        let seconds = |samples: usize| samples as f64 / f64::from(rate_hz);
        let duration_s = seconds(end);
        let (start_s, end_s) = (self.start_s.unwrap_or(seconds(lead)), self.end_s.unwrap_or(duration_s));
        let samples = self.samples(lead, rate_hz);
        // Written so that a NaN fails.
        let is_stretch = start_s >= 0.0 && end_s > start_s && end_s <= duration_s + END_SLACK_S;
        let is_heard = samples.start.max(lead) < samples.end.min(end) && silence(&samples, lead, rate_hz).is_some();
        if is_stretch && is_heard {
            return Ok(());
        }
        Err(AudioError::SegmentOutOfRange { start_s, end_s, duration_s })
    }
}

/// Samples of silence before the first one of the file, as far as a segment takes them in; none: too many.
fn silence(wanted: &Range<usize>, lead: usize, rate_hz: u32) -> Option<usize> {
    let silence = lead.saturating_sub(wanted.start);
    (silence as u64 <= u64::from(SILENCE_S) * u64::from(rate_hz)).then_some(silence)
}

/// Mono samples at the configured rate, with facts about the file they come from.
#[derive(Debug, Clone, PartialEq)]
pub struct Audio {
    /// Samples at the configured rate, full scale at 1; at least one, all finite and within 1e9.
    pub samples: Vec<f32>,
    /// Codec of the file as the decoder names it.
    pub codec: String,
    /// Rate of the file in Hz, before resampling.
    pub sample_rate_hz: u32,
    /// Channels of the file, before mixing.
    pub channels: u32,
    /// Length in seconds of what was kept of the file, by its own rate.
    pub duration_s: f64,
    /// Why its signal is suspicious; empty: nothing is.
    pub signals: Vec<Signal>,
}

impl Audio {
    /// BLAKE3 over the samples' little-endian bytes, hexadecimal. Equal hashes: identical audio to every feature.
    pub fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let mut bytes = [0_u8; 4 * 1_024];
        for samples in self.samples.chunks(1_024) {
            for (slot, sample) in bytes.chunks_exact_mut(4).zip(samples) {
                slot.copy_from_slice(&sample.to_le_bytes());
            }
            hasher.update(&bytes[..4 * samples.len()]);
        }
        hasher.finalize().to_hex().to_string()
    }
}

/// A segment of a file that is being decoded.
pub struct Cut {
    segment: Segment,
    /// Samples of the file heard so far.
    len: usize,
    /// The first of them that is no sound.
    broken: Option<usize>,
    meter: Meter,
    signal: Option<Resampling>,
}

impl Cut {
    /// Nothing heard yet.
    pub fn new(segment: Segment) -> Self {
        Self { segment, len: 0, broken: None, meter: Meter::new(), signal: None }
    }

    /// Takes its share of a packet; true where the last sample of the segment has been heard.
    pub fn hear(&mut self, mono: &MonoMix, resamplers: &mut Resamplers) -> bool {
        let lead = lead(mono);
        let wanted = self.segment.samples(lead, mono.rate_hz);
        let heard = lead.saturating_add(mono.len);
        let before = heard - mono.packet.len();
        let (start, end) = (wanted.start.max(before), wanted.end.min(heard));
        if start < end {
            if self.len == 0
                && let Some(silence @ 1..) = silence(&wanted, lead, mono.rate_hz)
            {
                self.len = silence;
                self.signal.get_or_insert_with(|| resamplers.begin(mono.rate_hz)).push(&vec![0.0; silence]);
            }
            let samples = &mono.packet[start - before..end - before];
            self.broken = self.broken.or_else(|| first_broken(samples).map(|place| self.len + place));
            self.len += samples.len();
            // A transform breaks down over what is no number.
            if self.broken.is_none() {
                self.meter.hear(samples, mono);
                self.signal.get_or_insert_with(|| resamplers.begin(mono.rate_hz)).push(samples);
            }
        }
        self.len > 0 && wanted.end <= heard
    }

    /// The segment at the new rate.
    ///
    /// # Errors
    /// `segment_out_of_range`, and `non_finite` for a NaN, an infinity or an absurd value within the segment.
    pub fn finish(&mut self, decoding: &Decoding, resamplers: &mut Resamplers) -> Result<Audio, AudioError> {
        let MonoMix { rate_hz, channels, .. } = decoding.mono;
        let lead = lead(&decoding.mono);
        let samples = self.signal.take().map(|signal| resamplers.finish(signal)).unwrap_or_default();
        self.segment.check(lead, lead.saturating_add(decoding.mono.len), rate_hz)?;
        if let Some(place) = self.broken {
            return Err(AudioError::NonFinite { at_s: place as f64 / f64::from(rate_hz) });
        }
        let duration_s = self.len as f64 / f64::from(rate_hz);
        let signals = self.meter.signals(rate_hz, resamplers.rate_hz(), decoding.has_several_tracks);
        Ok(Audio { samples, codec: decoding.codec.clone(), sample_rate_hz: rate_hz, channels, duration_s, signals })
    }
}

/// Samples of time before the first one that is there.
fn lead(mono: &MonoMix) -> usize {
    usize::try_from(mono.lead).unwrap_or(usize::MAX)
}

/// The first NaN, infinity or absurd value.
fn first_broken(samples: &[f32]) -> Option<usize> {
    // Written so that a NaN fails; without an early exit it runs in vector lanes.
    let is_bounded = |sample: &f32| sample.abs() <= LOUDEST;
    let all = samples.iter().fold(true, |all, sample| all & is_bounded(sample));
    if all { None } else { samples.iter().position(|sample| !is_bounded(sample)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(start_s: impl Into<Option<f64>>, end_s: impl Into<Option<f64>>) -> Segment {
        Segment { start_s: start_s.into(), end_s: end_s.into() }
    }

    #[test]
    fn segments_round_to_the_nearest_sample() {
        let cases = [
            (segment(None, None), 0..1_000),
            (segment(0.25, None), 250..1_000),
            (segment(None, 0.25), 0..250),
            (segment(0.1004, 0.1996), 100..200),
            (segment(0.5, 1.01), 500..1_000),
            (segment(0.999, 1.0), 999..1_000),
        ];
        for (wanted, range) in cases {
            assert_eq!(wanted.check(0, 1_000, 1_000), Ok(()), "{wanted:?}");
            let samples = wanted.samples(0, 1_000);
            assert_eq!(samples.start..samples.end.min(1_000), range, "{wanted:?}");
        }
    }

    #[test]
    fn segments_outside_are_refused() {
        let cases = [
            segment(-0.1, None),
            segment(1.0, None),
            segment(2.0, 3.0),
            segment(0.5, 0.5),
            segment(0.5, 0.4),
            segment(0.5, 1.0111),
            segment(0.5001, 0.5002),
            segment(f64::NAN, None),
            segment(None, f64::INFINITY),
        ];
        for wanted in cases {
            let code = wanted.check(0, 1_000, 1_000).map_err(|error| error.code());
            assert_eq!(code, Err("segment_out_of_range"), "{wanted:?}");
        }
    }

    #[test]
    fn segments_count_from_the_time_0_of_a_file_whose_sound_begins_later() {
        let heard = |wanted: Segment| wanted.check(2_000, 3_000, 1_000).is_ok();
        assert_eq!(segment(None, None).samples(2_000, 1_000).start, 2_000);
        assert!(heard(segment(None, None)) && heard(segment(2.1, 2.2)) && heard(segment(1.0, None)));
        assert!(heard(segment(0.0, 2.5)) && heard(segment(None, 3.0)));
        assert!(!heard(segment(0.0, 1.0)) && !heard(segment(0.0, 2.0)) && !heard(segment(3.0, 4.0)));
        // Nobody wants an hour of silence.
        assert!(segment(0.0, None).check(3_600_000, 3_601_000, 1_000).is_err());
        assert!(segment(None, None).check(3_600_000, 3_601_000, 1_000).is_ok());
    }
}
